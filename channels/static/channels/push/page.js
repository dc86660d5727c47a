// The page that asks for notifications: never by itself, only when its button is pressed. What can be told stands in the page, hidden.
'use strict';

const place = document.getElementById('push');
const shown = document.getElementById('push-shown');
const { key, worker, here, left, post, kept } = place.dataset;
const KEPT = 'push';

// What is shown after a press is read out from its head; what the page opens with needs no such help.
function say(state, pressed) {
  const part = place.querySelector(`template[data-state="${state}"]`);
  shown.replaceChildren(part.content.cloneNode(true));
  shown.dataset.state = state;
  if (pressed) shown.querySelector('h1').focus();
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
  const name = document.getElementById('push-name')?.value || '';
  const allowed = await Notification.requestPermission();
  if (allowed !== 'granted') return say(allowed === 'denied' ? 'denied' : 'ready', true);
  say('working', true);
  await navigator.serviceWorker.register(worker, { scope: new URL('.', new URL(worker, location.href)).pathname, updateViaCache: 'none' });
  const registration = await navigator.serviceWorker.ready;
  let subscription = await registration.pushManager.getSubscription();
  if (subscription && !sameKey(subscription)) {
    await subscription.unsubscribe();
    subscription = null;
  }
  subscription = subscription || (await registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: bytes(key) }));
  const answer = await send(post, { subscription: subscription.toJSON(), name });
  if (!answer.ok) return say(answer.status === 403 ? 'closed' : answer.status === 429 ? 'wait' : 'failed', true);
  await remember(subscription);
  return say('on', true);
}

async function turnOff() {
  const registration = await navigator.serviceWorker.getRegistration(worker);
  const subscription = registration && (await registration.pushManager.getSubscription());
  if (subscription) {
    const answer = await send(left, { endpoint: subscription.endpoint });
    if (!answer.ok) return say('failed', true);
    await subscription.unsubscribe();
  }
  return say('off', true);
}

const ACTS = { on: turnOn, off: turnOff };

shown.addEventListener('click', (event) => {
  const button = event.target.closest('[data-act]');
  if (button) ACTS[button.dataset.act]().catch(() => say('failed', true));
});
look().catch(() => say('failed'));
