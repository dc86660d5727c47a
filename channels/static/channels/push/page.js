// The page that asks for notifications: never by itself, only when its button is pressed. What can be told stands in the page, hidden.
'use strict';

const place = document.getElementById('push');
const { key, worker, here, left, post, kept } = place.dataset;
const KEPT = 'push';

function say(state) {
  for (const part of place.querySelectorAll('[data-state]')) part.hidden = part.dataset.state !== state;
  const shown = place.querySelector(`[data-state="${state}"]`);
  const head = shown && shown.querySelector('h1');
  if (head && state !== 'ready') head.focus();
}

function send(where, said) {
  return fetch(where, {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, credentials: 'same-origin',
    body: JSON.stringify({ ...said, language: document.documentElement.lang }),
  });
}

function bytes(base64url) {
  return Uint8Array.from(atob(base64url.replace(/-/g, '+').replace(/_/g, '/')), (letter) => letter.charCodeAt(0));
}

function sameKey(subscription) {
  const theirs = subscription.options && subscription.options.applicationServerKey;
  if (!theirs) return true;
  const mine = bytes(key);
  return new Uint8Array(theirs).every((one, number) => one === mine[number]);
}

async function remember(subscription) {
  const cache = await caches.open(KEPT);
  await cache.put(new URL(kept, location.href).href, new Response(JSON.stringify({ endpoint: subscription.endpoint, key })));
}

async function before() {
  const cache = await caches.open(KEPT);
  const found = await cache.match(new URL(kept, location.href).href);
  return found ? (await found.json()).endpoint : '';
}

function isApple() {
  return /iPhone|iPad|iPod/.test(navigator.userAgent) || (navigator.platform === 'MacIntel' && navigator.maxTouchPoints > 1);
}

async function look() {
  if (!('serviceWorker' in navigator && 'PushManager' in window && 'Notification' in window)) {
    return say(isApple() && !navigator.standalone ? 'apple' : 'unsupported');
  }
  if (Notification.permission === 'denied') return say('denied');
  const registration = await navigator.serviceWorker.getRegistration(worker);
  const subscription = registration && (await registration.pushManager.getSubscription());
  if (!subscription) return say(place.dataset.closed ? 'closed' : 'ready');
  const answer = await send(here, { subscription: subscription.toJSON(), before: await before() });
  if (answer.ok) await remember(subscription);
  return say(answer.ok && (await answer.json()).on ? 'on' : place.dataset.closed ? 'closed' : 'ready');
}

async function turnOn() {
  const allowed = await Notification.requestPermission();
  if (allowed !== 'granted') return say(allowed === 'denied' ? 'denied' : 'ready');
  say('working');
  await navigator.serviceWorker.register(worker, { scope: new URL('.', new URL(worker, location.href)).pathname, updateViaCache: 'none' });
  const registration = await navigator.serviceWorker.ready;
  let subscription = await registration.pushManager.getSubscription();
  if (subscription && !sameKey(subscription)) {
    await subscription.unsubscribe();
    subscription = null;
  }
  subscription = subscription || (await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(key) }));
  const name = document.getElementById('push-name');
  const answer = await send(post, { subscription: subscription.toJSON(), name: name ? name.value : '' });
  if (!answer.ok) return say(answer.status === 403 ? 'closed' : answer.status === 429 ? 'wait' : 'failed');
  await remember(subscription);
  return say('on');
}

async function turnOff() {
  const registration = await navigator.serviceWorker.getRegistration(worker);
  const subscription = registration && (await registration.pushManager.getSubscription());
  if (subscription) {
    const answer = await send(left, { endpoint: subscription.endpoint });
    if (!answer.ok) return say('failed');
    await subscription.unsubscribe();
  }
  return say('off');
}

function act(how) {
  return () => how().catch(() => say('failed'));
}

for (const button of place.querySelectorAll('[data-act=on]')) button.addEventListener('click', act(turnOn));
for (const button of place.querySelectorAll('[data-act=off]')) button.addEventListener('click', act(turnOff));
act(look)();
