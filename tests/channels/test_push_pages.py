"""The page that asks for notifications, and what its service worker tells: who joins, what they agreed to, and who is believed."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from channels.models import Channel, Delivery, DeliveryEvent, DeliveryStatus, Invitation
from channels.transport import Fact
from channels.transports.webpush import vapid
from contacts import consent
from contacts.models import Address, Business, Contact, Validity
from tests.channels.test_webpush_addresses import CHROME
from tests.factories import NOW, make_business, make_channel, make_contact, make_message
from tests.peers.push import Browser

pytestmark = pytest.mark.django_db
ENDPOINT = "http://127.0.0.1/s/"


@pytest.fixture
def channel(settings: Any) -> Channel:
    settings.PUSH_TO_PRIVATE_ADDRESSES = True
    make_business()
    return make_channel("webpush", "webpush", sender_address="")


def post(where: str, said: object, **headers: str) -> Any:
    sent = {"sec_fetch_site": "same-origin", "user_agent": CHROME, **headers}
    body = said if isinstance(said, bytes) else json.dumps(said)
    return Client().post(where, body, content_type="application/json", headers=sent)


def join(browser: Browser, token: str = "", **said: Any) -> Any:
    return post(f"/push/{token}", {"subscription": browser.told, "language": "es", **said})


def only() -> Contact:
    return Contact.objects.get()


def test_whoever_presses_the_button_is_a_contact_with_a_line_in_the_ledger(channel: Channel) -> None:
    assert join(Browser(ENDPOINT + "1"), name="Ana Ruiz").json() == {"on": True}
    person, line = only(), only().consents.get()
    assert (person.first_name, person.language) == ("Ana", "es")
    assert person.addresses.get().shown == "Chrome on Windows"
    assert "127.0.0.1" not in person.search
    assert (line.kind, line.given, line.basis, line.language, line.ip) == (
        "webpush",
        True,
        "express",
        "es",
        "127.0.0.1",
    )
    page = Client().get("/push/?language=es").content.decode()
    assert line.wording in page


def test_the_same_browser_again_is_the_same_person_and_says_it_once(channel: Channel) -> None:
    browser = Browser(ENDPOINT + "1")
    join(browser)
    join(browser)
    renewed = Browser(browser.endpoint)  # new keys
    join(renewed)
    assert Address.objects.count() == 1
    assert renewed.told["keys"]["p256dh"] in Address.objects.get().normal
    assert only().consents.count() == 1


def test_a_personal_link_adds_the_browser_to_its_person_once(channel: Channel) -> None:
    ana = make_contact("Ana Ruiz", consent=(), language="fr")
    own = Invitation.objects.create(source="receipt", contact=ana, single_use=True, channel=channel)
    assert 'lang="fr"' in Client().get(f"/push/{own.token}").content.decode()
    join(Browser(ENDPOINT + "1"), own.token)
    assert ana.addresses.get().kind == "webpush"
    assert ana.consents.get().source == "receipt"
    join(Browser(ENDPOINT + "2"), own.token)  # forwarded to somebody
    assert ana.addresses.count() == 1
    assert Contact.objects.count() == 2


def test_where_an_invitation_is_needed_nobody_else_gets_in(channel: Channel) -> None:
    channel.settings = {"who": "invited"}
    channel.save()
    counter = Invitation.objects.create(source="counter", channel=channel)
    browser = Browser(ENDPOINT + "1")
    assert 'data-closed="1"' in Client().get("/push/").content.decode()
    assert 'data-closed="1"' not in Client().get(f"/push/{counter.token}").content.decode()
    assert join(browser).status_code == 403
    assert not Contact.objects.exists()
    assert join(browser, counter.token).status_code == 200
    assert join(browser).status_code == 200  # who is in already may say it again


def test_leaving_ends_this_browser_and_the_last_one_is_a_withdrawal(channel: Channel) -> None:
    one, other = Browser(ENDPOINT + "1"), Browser(ENDPOINT + "2")
    join(one)
    Address.objects.create(contact=only(), kind="webpush", value="{}", normal=json.dumps(other.told))
    Address.objects.filter(value="{}").update(normal='{"endpoint":"http://127.0.0.1/s/2","keys":{}}')
    post("/push/left", {"endpoint": one.endpoint})
    assert [a.validity for a in only().addresses.order_by("id")] == [Validity.INVALID, Validity.OK]
    assert only().consents.count() == 1
    post("/push/left", {"endpoint": other.endpoint})
    assert [line.given for line in only().consents.order_by("id")] == [True, False]
    assert post("/push/left", {"endpoint": "http://127.0.0.1/nobody"}).json() == {"on": False}


def test_who_comes_back_is_written_to_again(channel: Channel) -> None:
    browser = Browser(ENDPOINT + "1")
    join(browser)
    post("/push/left", {"endpoint": browser.endpoint})
    assert post("/push/here", {"subscription": browser.told}).json() == {"on": False}
    join(browser)
    assert post("/push/here", {"subscription": browser.told}).json() == {"on": True}
    ask = consent.Ask("webpush")
    known = consent.gate([only().pk], [ask], now=NOW, business=Business.current())[only().pk]
    assert known.verdicts[ask].address == only().addresses.get().normal


def test_a_browser_with_a_new_address_stays_the_same_one(channel: Channel) -> None:
    old, new = Browser(ENDPOINT + "1"), Browser(ENDPOINT + "2")
    join(old)
    assert post("/push/here", {"subscription": new.told, "before": old.endpoint}).json() == {"on": True}
    address = only().addresses.get()
    assert new.endpoint in address.normal
    assert Address.objects.get(fingerprint=address.fingerprint) == address
    assert only().consents.count() == 1


def test_nobody_is_taken_in_by_saying_where_they_are(channel: Channel) -> None:
    said = {"subscription": Browser(ENDPOINT + "1").told, "before": ENDPOINT + "9"}
    assert post("/push/here", said).json() == {"on": False}
    assert not Address.objects.exists()


@pytest.mark.parametrize("where", ["/push/", "/push/here", "/push/left", "/push/told"])
@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({"sec_fetch_site": "cross-site"}, 403), ({"sec_fetch_site": "same-site"}, 403), ({"sec_fetch_site": "none"}, 403),
        ({"sec_fetch_site": "", "origin": "https://evil.example"}, 403), ({"sec_fetch_site": "", "origin": "null"}, 403),
        ({"sec_fetch_site": ""}, 403),
    ],
)  # fmt: skip
def test_only_our_own_pages_are_believed(channel: Channel, where: str, headers: dict[str, str], status: int) -> None:
    assert post(where, {"subscription": Browser(ENDPOINT + "1").told}, **headers).status_code == status
    assert not Contact.objects.exists()


def test_without_https_a_page_of_ours_is_known_by_its_origin(channel: Channel) -> None:
    said = {"subscription": Browser(ENDPOINT + "1").told}
    assert post("/push/", said, sec_fetch_site="", origin="http://127.0.0.1:8000").status_code == 200


@pytest.mark.parametrize("where", ["/push/", "/push/here", "/push/left", "/push/told"])
@pytest.mark.parametrize("body", [b"", b"[]", b"null", b"{", b"\xff\xfe", b'"x"', b"{" * 9000])
def test_what_cannot_be_read_is_refused_without_a_crash(channel: Channel, where: str, body: bytes) -> None:
    assert post(where, body).status_code in (400, 413)
    assert Client().get(where.replace("/push/", "/push/") or where).status_code in (200, 405)


@pytest.mark.parametrize(
    "told",
    [None, 1, "x", [], {}, {"endpoint": "http://127.0.0.1/"}, {"endpoint": 5, "keys": {"p256dh": [], "auth": 1}}],
)
def test_what_is_no_subscription_brings_nobody(channel: Channel, told: object) -> None:
    assert post("/push/", {"subscription": told}).status_code == 400
    assert not Contact.objects.exists()


def test_an_endpoint_inside_the_house_is_refused(channel: Channel, settings: Any) -> None:
    settings.PUSH_TO_PRIVATE_ADDRESSES = False
    for url in (
        "http://127.0.0.1/1",
        "https://localhost/1",
        "https://127.0.0.1/1",
        "https://10.0.0.1/",
        "https://2130706433/",
    ):
        assert post("/push/", {"subscription": Browser(url).told}).status_code == 400
    assert not Contact.objects.exists()


@pytest.mark.parametrize(("asked", "spoken"), [("fr-FR,fr;q=0.9", "fr"), ("ru", "ru"), ("es-MX", "es"), ("de", "en")])
def test_the_page_speaks_the_browsers_language_and_can_be_switched(channel: Channel, asked: str, spoken: str) -> None:
    assert f'<html lang="{spoken}"' in Client().get("/push/", headers={"accept-language": asked}).content.decode()
    assert '<html lang="es"' in Client().get("/push/?language=es", headers={"accept-language": asked}).content.decode()


def test_the_page_and_its_worker_run_nothing_but_our_own_scripts(channel: Channel) -> None:
    answer = Client().get("/push/")
    page, policy = answer.content.decode(), answer["Content-Security-Policy"]
    assert "unsafe" not in policy
    assert "script-src 'self'" in policy
    assert vapid.public_key() in page
    assert "<script>" not in page
    assert "onclick" not in page
    worker = Client().get(reverse("push_worker"))
    assert worker["Content-Type"].startswith("text/javascript")
    assert worker["Content-Security-Policy"] == "default-src 'none'; connect-src 'self'"
    assert b"notificationclick" in b"".join(worker)
    manifest = Client().get("/push/app.webmanifest?for=unknown").json()
    assert (manifest["start_url"], manifest["scope"], manifest["display"]) == ("/push/", "/push/", "standalone")
    assert Client().get("/push/icon").status_code == 302


def test_without_a_channel_or_with_a_link_that_nobody_made_there_is_no_page(channel: Channel) -> None:
    assert Client().get("/push/nothing").status_code == 404
    Channel.objects.update(active=False)
    assert Client().get("/push/").status_code == 404
    assert join(Browser(ENDPOINT + "1")).status_code == 400


@pytest.fixture
def sent(channel: Channel) -> Delivery:
    message = make_message(texts={("webpush", "en"): "Come! https://shop.example/"})
    variant = message.variants.get()
    variant.buttons = [{"label": "Yes, please", "reply": "yes"}]
    variant.save()
    version = freeze(message)
    return Delivery.objects.create(
        contact=make_contact(consent=()), channel=channel, message_version=version, kind="webpush", purpose="marketing", address="{}",
        status=DeliveryStatus.SENT, sending_at=NOW, sent_at=NOW, not_before=NOW, created_at=NOW, language="en",
        links=["https://shop.example/"],
    )  # fmt: skip


def freeze(message: Any) -> Any:
    from channels.freezing import freeze as act

    return act(message, now=NOW)


def test_the_worker_tells_what_became_of_a_message(sent: Delivery) -> None:
    for said in (
        {"what": "shown"},
        {"what": "clicked", "n": 0},
        {"what": "closed"},
        {"what": "replied", "choice": "yes"},
    ):
        for _twice in range(2):
            assert post("/push/told", {"key": sent.token, **said}).status_code == 204
    sent.refresh_from_db()
    assert sent.status == DeliveryStatus.DELIVERED
    assert (sent.clicked_grade, sent.opened_grade) == ("human", "human")
    assert sent.replied_at
    events = list(DeliveryEvent.objects.filter(delivery=sent).order_by("id").values_list("fact", flat=True))
    assert events == [Fact.DELIVERED, Fact.CLICKED, Fact.CLOSED, Fact.REPLIED]
    assert DeliveryEvent.objects.get(fact=Fact.CLICKED).data["url"] == "https://shop.example/"
    answer = DeliveryEvent.objects.get(fact=Fact.REPLIED)
    assert (answer.data["choice"], answer.text) == ("yes", "Yes, please")


@pytest.mark.parametrize(
    ("said", "status"),
    [
        ({"what": "shown", "key": "nobody"}, 404), ({"what": "shown", "key": "a" * 5000}, 404), ({"what": "bounced"}, 400), ({}, 400),
        ({"what": "replied", "choice": "maybe"}, 400), ({"what": "replied"}, 400), ({"what": "clicked", "n": 7}, 204),
        ({"what": "clicked", "n": "x"}, 204), ({"what": ["shown"]}, 400),
    ],
)  # fmt: skip
def test_what_the_message_does_not_bear_out_is_not_believed(sent: Delivery, said: dict[str, Any], status: int) -> None:
    assert post("/push/told", {"key": sent.token, **said}).status_code == status
    assert not DeliveryEvent.objects.exclude(fact=Fact.CLICKED).exists()


def test_the_token_of_a_mail_tells_nothing_here(sent: Delivery) -> None:
    Delivery.objects.update(kind="email")
    assert post("/push/told", {"key": sent.token, "what": "shown"}).status_code == 404
