// Shows what is pushed, leads where it says, and tells the shop what became of it. Nothing of it comes from elsewhere.
'use strict';

const at = (name) => new URL(name, self.registration.scope).href;
const KEPT = 'push';

self.addEventListener('install', () => self.skipWaiting());
self.addEventListener('activate', (event) => event.waitUntil(self.clients.claim()));

function post(name, said) {
  return fetch(at(name), {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(said), keepalive: true, credentials: 'omit',
    cache: 'no-store',
  }).catch(() => undefined);
}

function tell(key, what, more) {
  return key ? post('told', { key, what, ...more }) : Promise.resolve();
}

self.addEventListener('push', (event) => event.waitUntil(show(event.data)));

async function show(data) {
  let told = {};
  try {
    told = data.json();
  } catch {
    // Browsers take away the right of whoever shows nothing: an empty notification is shown below.
  }
  const buttons = told.buttons || [];
  await self.registration.showNotification(told.title || self.location.hostname, {
    body: told.body || '', icon: told.icon || undefined, lang: told.language || '', dir: told.dir || 'auto',
    tag: told.tag || '', renotify: Boolean(told.tag), data: { key: told.key, url: told.url, buttons },
    actions: buttons.map((button, number) => ({ action: String(number), title: button.label })),
  });
  await tell(told.key, 'shown');
}

// Which of our own links it is: the visit to it is then the same click.
function link(url) {
  const found = /\/c\/[\w-]+\/(\d+)$/.exec(url || '');
  return found ? { n: Number(found[1]) } : {};
}

self.addEventListener('notificationclick', (event) => {
  const { key, url, buttons } = event.notification.data || {};
  const button = event.action ? (buttons || [])[Number(event.action)] : undefined;
  event.notification.close();
  if (button && button.reply && !button.url) {
    event.waitUntil(tell(key, 'replied', { choice: button.reply }));
    return;
  }
  const target = button && button.url ? button.url : url;
  const told = tell(key, 'clicked', link(target));
  // Only at once may a window be opened: whoever waits for an answer first has lost the right.
  event.waitUntil(Promise.all([told, target ? self.clients.openWindow(target).catch(() => undefined) : undefined]));
});

self.addEventListener('notificationclose', (event) => event.waitUntil(tell((event.notification.data || {}).key, 'closed')));

self.addEventListener('pushsubscriptionchange', (event) => event.waitUntil(renew(event)));

async function renew(event) {
  const cache = await caches.open(KEPT);
  const kept = await cache.match(at('kept')).then((found) => (found ? found.json() : {}));
  const before = event.oldSubscription ? event.oldSubscription.endpoint : kept.endpoint;
  const key = event.oldSubscription ? event.oldSubscription.options.applicationServerKey : bytes(kept.key || '');
  const fresh = event.newSubscription
    || (await self.registration.pushManager.subscribe({ userVisibleOnly: true, applicationServerKey: key }));
  await post('here', { subscription: fresh.toJSON(), before });
  await cache.put(at('kept'), new Response(JSON.stringify({ ...kept, endpoint: fresh.endpoint })));
}

function bytes(base64url) {
  return Uint8Array.from(atob(base64url.replace(/-/g, '+').replace(/_/g, '/')), (letter) => letter.charCodeAt(0));
}
