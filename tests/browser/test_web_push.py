"""Web push in a real browser: somebody subscribes on the public page, a message arrives, is shown and touched, and staff see it.

No push service can be reached from here, so two things are done by the browser's own debugging protocol: `pushManager.subscribe` in the
page answers with a subscription of the loopback push service (with real keys), and what that service was posted, once decrypted with
those keys, is handed to the service worker by `ServiceWorker.deliverPushMessage`. Page, worker, notification and its events are real.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.contrib.auth import get_user_model
from playwright.sync_api import Browser, CDPSession, Worker, expect

from channels import accounts
from channels.models import Channel, Delivery
from channels.transports.webpush import vapid
from contacts.models import Address
from tests.browser.desk import LOOKS, PHONE, Desk
from tests.browser.house import wait_until
from tests.channels.outbox import frozen, queue, send
from tests.factories import make_business, make_channel, make_message
from tests.peers.push import Browser as Subscribed
from tests.peers.push import PushPeer, unb64

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

# In the page alone; the worker is left as it is.
STUB = """(told) => {
  const subscription = () => ({ endpoint: told.endpoint, options: {}, toJSON: () => told, unsubscribe: async () => {
    sessionStorage.removeItem('on'); return true; } });
  PushManager.prototype.subscribe = async function (options) {
    if (!options.userVisibleOnly) throw new Error('must be visible');
    sessionStorage.setItem('key', Array.from(options.applicationServerKey).join());
    sessionStorage.setItem('on', '1');
    return subscription();
  };
  PushManager.prototype.getSubscription = async () => (sessionStorage.getItem('on') ? subscription() : null);
}"""
OPENED = "() => { self.opened = []; self.clients.openWindow = async (url) => { self.opened.push(url); }; }"
CLICK = """async (action) => {
  const [notification] = await self.registration.getNotifications();
  self.dispatchEvent(new NotificationEvent('notificationclick', { notification, action }));
}"""
SHOWN = """async () => (await self.registration.getNotifications()).map((one) => ({
  title: one.title, body: one.body, lang: one.lang, tag: one.tag, data: one.data, icon: one.icon,
  actions: one.actions.map((action) => action.title) }))"""


RENEW = """(told) => {
  PushManager.prototype.subscribe = async () => ({ endpoint: told.endpoint, toJSON: () => told });
  self.dispatchEvent(new ExtendableEvent('pushsubscriptionchange'));
}"""


@pytest.fixture
def peer(settings: Any) -> Iterator[PushPeer]:
    settings.PUSH_TO_PRIVATE_ADDRESSES = True
    with PushPeer() as opened:
        yield opened


@pytest.fixture
def shop(live_server: Any, peer: PushPeer) -> Channel:
    make_business(public_address=live_server.url)
    get_user_model().objects.create_superuser("olga", "olga@aurora.example", "hair and nails")
    return make_channel("webpush", "webpush", sender_address="")


@pytest.fixture
def desk(browser: Browser, live_server: Any, shop: Channel) -> Iterator[Desk]:
    context = browser.new_context(locale="es-ES", **LOOKS[f"{PHONE}-light"])
    opened = Desk(context, live_server.url)
    yield opened
    context.close()
    assert opened.troubles == []


def test_somebody_subscribes_gets_a_message_touches_it_and_staff_see_it(
    desk: Desk, shop: Channel, peer: PushPeer
) -> None:
    browser = peer.browser("chromium")
    worker, cdp, registration = subscribe(desk, browser)
    delivery = sent(shop)
    (taken,) = peer.taken
    said = browser.opens(taken.body)
    worker.evaluate(OPENED)
    cdp.send(
        "ServiceWorker.deliverPushMessage",
        {"origin": desk.address, "registrationId": registration, "data": json.dumps(said)},
    )
    wait_until(lambda: worker.evaluate(SHOWN), "the notification", 20)
    (shown,) = worker.evaluate(SHOWN)
    link = f"{desk.address}/c/{delivery.token}/0"
    assert (shown["title"], shown["body"], shown["actions"]) == ("¡Hola!", "Ven hoy", ["Sí", "No"])
    assert (shown["lang"], shown["tag"]) == ("es", said["tag"])
    assert (shown["data"]["key"], shown["data"]["url"]) == (delivery.token, link)
    wait_until(lambda: Delivery.objects.get().status == "delivered", "the report that it was shown", 20)
    worker.evaluate(CLICK, "0")
    wait_until(lambda: Delivery.objects.get().replied_at, "the answer", 20)
    cdp.send(
        "ServiceWorker.deliverPushMessage",
        {"origin": desk.address, "registrationId": registration, "data": json.dumps({**said, "tag": "again"})},
    )
    wait_until(lambda: worker.evaluate(SHOWN), "the notification again", 20)
    worker.evaluate(CLICK, "")
    wait_until(lambda: Delivery.objects.get().clicked_at, "the click", 20)
    assert worker.evaluate("() => self.opened") == [link]
    staff_see_it(desk, delivery)
    renewed = peer.browser("renewed")
    worker.evaluate(RENEW, renewed.told)
    wait_until(lambda: renewed.endpoint in Address.objects.get().normal, "the browser's new address", 20)


def subscribe(desk: Desk, browser: Subscribed) -> tuple[Worker, CDPSession, str]:
    """By the page's own button, as a person does."""
    context = desk.page.context
    context.grant_permissions(["notifications"], origin=desk.address)
    context.add_init_script(f"({STUB})({json.dumps(browser.told)})")
    cdp = context.new_cdp_session(desk.page)
    registrations: list[str] = []
    cdp.on(
        "ServiceWorker.workerRegistrationUpdated",
        lambda event: registrations.extend(one["registrationId"] for one in event["registrations"]),
    )
    cdp.send("ServiceWorker.enable")
    page = desk.open("/push/")
    assert page.locator("html").get_attribute("lang") == "es"
    expect(page.locator('#push-shown[data-state="ready"]')).to_be_visible()
    assert Address.objects.count() == 0
    assert desk.is_wide() == []
    assert desk.nameless() == []
    page.locator("#push-shown button").click()
    expect(page.locator('#push-shown[data-state="on"]')).to_be_visible()
    key = bytes(int(one) for one in str(page.evaluate("() => sessionStorage.getItem('key')")).split(","))
    assert key == unb64(vapid.public_key())
    address = Address.objects.get()
    assert browser.endpoint in address.normal
    assert address.contact.consents.get().language == "es"
    page.reload()  # a second visit asks for nothing again
    expect(page.locator('#push-shown[data-state="on"]')).to_be_visible()
    assert Address.objects.get() == address
    (worker,) = context.service_workers
    wait_until(lambda: registrations, "the worker's registration", 20)
    return worker, cdp, registrations[-1]


def sent(shop: Channel) -> Delivery:
    """Through the whole way out, in a thread of its own: the browser's driver has a loop in this one."""
    message = make_message(texts={("webpush", "es"): "Ven hoy https://shop.example/"})
    message.variants.update(subject="¡Hola!", buttons=[{"label": "Sí", "reply": "yes"}, {"label": "No", "reply": "no"}])
    delivery = queue(Address.objects.get().contact, shop, frozen(message))

    def act() -> None:
        from django.db import connection

        send()
        accounts.let_go()
        connection.close()

    with ThreadPoolExecutor(1) as pool:
        pool.submit(act).result(60)
    delivery.refresh_from_db()
    assert delivery.status == "sent", delivery.reason
    return delivery


def staff_see_it(desk: Desk, delivery: Delivery) -> None:
    context = desk.page.context.browser.new_context(locale="en-GB")  # type: ignore[union-attr]
    staff = Desk(context, desk.address)
    staff.log_in("olga", "hair and nails")
    staff.open(f"/admin/channels/delivery/{delivery.pk}/change/")
    told = staff.said()
    assert "Chrome on Linux" in told
    assert "/s/chromium" not in staff.page.content()
    for fact in ("delivered", "clicked", "Sí"):
        assert fact.lower() in told.lower(), told
    context.close()
    assert staff.troubles == []


def test_whoever_says_no_or_has_no_such_browser_is_told_what_to_do(
    browser: Browser, live_server: Any, shop: Channel
) -> None:
    for script, state in (
        ("Object.defineProperty(Notification, 'permission', { get: () => 'denied' })", "denied"),
        ("delete window.PushManager", "unsupported"),
        ("delete window.PushManager; Object.defineProperty(navigator, 'userAgent', { get: () => 'iPhone' })", "apple"),
    ):
        context = browser.new_context(locale="ru", **LOOKS[f"{PHONE}-light"])
        context.add_init_script(script)
        opened = Desk(context, live_server.url)
        page = opened.open("/push/")
        expect(page.locator(f'#push-shown[data-state="{state}"]')).to_be_visible()
        assert page.locator("h1").count() == 1
        assert opened.is_wide() == []
        context.close()
        assert opened.troubles == []
    assert Address.objects.count() == 0
