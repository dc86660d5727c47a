"""Web push from the outbox: browsers that are gone are pruned, and staff write titles and try the channel out."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from channels import accounts
from channels.admin import trying
from channels.admin.message import VariantForm
from channels.admin.wording import said
from channels.models import Channel, Delivery
from contacts import consent
from contacts.models import Address, Contact, Suppression, SuppressionReason, Validity
from tests.channels.outbox import frozen, queue, reread, send
from tests.channels.test_webpush_addresses import CHROME
from tests.factories import NOW, make_business, make_channel, make_contact, make_message
from tests.peers.push import PushPeer

pytestmark = pytest.mark.django_db


@pytest.fixture
def peer(settings: Any) -> Iterator[PushPeer]:
    settings.PUSH_TO_PRIVATE_ADDRESSES = True
    with PushPeer() as opened:
        yield opened
    accounts.let_go()


@pytest.fixture
def channel(peer: PushPeer) -> Channel:
    make_business()
    return make_channel("webpush", "webpush", sender_address="")


def joined(person: Contact, peer: PushPeer, *names: str) -> None:
    """By the page, the last one first in use."""
    from channels.transports.webpush.subscription import given

    for position, name in enumerate(reversed(names)):
        normal = given(peer.browser(name).told, CHROME).normal
        Address.objects.create(contact=person, kind="webpush", value=normal, normal=normal, position=position)


def test_a_browser_that_is_gone_is_pruned_and_the_next_one_is_written_to(channel: Channel, peer: PushPeer) -> None:
    ana = make_contact("Ana Ruiz", consent=("webpush",))
    joined(ana, peer, "laptop")
    peer.acts["/s/laptop"] = 410
    version = frozen(make_message(texts={("webpush", "en"): "Come"}))
    first = queue(ana, channel, version)
    send()
    assert (reread(first).status, reread(first).reason) == ("bounced", "address_dead")
    assert [a.validity for a in ana.addresses.all()] == [Validity.INVALID]
    assert Suppression.objects.get().hint == "Chrome on Windows"
    joined(ana, peer, "phone")
    second = queue(ana, channel, version)
    send()
    assert reread(second).status == "sent"
    assert [one.path for one in peer.taken] == ["/s/phone"]
    assert ana.consents.count() == 1  # the browser is gone, the person said nothing


def test_a_title_is_kept_where_the_channel_shows_one(channel: Channel) -> None:
    fields = {"language": "en", "subject": " New\n season ", "preheader": "x", "body": "Come"}
    kept = {kind: VariantForm({"kind": kind, **fields}) for kind in ("webpush", "sms")}
    assert all(form.is_valid() for form in kept.values()), [form.errors for form in kept.values()]
    assert kept["webpush"].cleaned_data["subject"] == "New season"
    assert kept["sms"].cleaned_data["subject"] == ""


def test_a_test_goes_to_a_person_who_joined_for_nobody_can_type_the_address(channel: Channel, peer: PushPeer) -> None:
    ana, eva = make_contact("Ana Ruiz"), make_contact("Eva Ruiz")
    joined(ana, peer, "ana")
    assert trying.send_test(channel, "ana ruiz")[0]
    assert peer.browser("ana").opens(peer.taken[0].body)["title"]
    assert not trying.send_test(channel, "eva")[0]
    joined(eva, peer, "eva")
    assert not trying.send_test(channel, "ruiz")[0]
    assert not trying.send_test(channel, "")[0]
    assert [one.path for one in peer.taken] == ["/s/ana"]


def test_the_channels_page_names_no_address_for_calls_that_nobody_makes(channel: Channel, admin_client: Client) -> None:
    page = admin_client.get(reverse("admin:channels_channel_change", args=[channel.pk])).content.decode()
    assert channel.hook not in page
    assert json.dumps("endpoint") not in page


def tell(channel: Channel, *people: Contact, **fields: Any) -> list[Delivery]:
    """The same words to these people, sent."""
    version = frozen(make_message(texts={("webpush", "en"): "Come"}, purpose="transactional"))
    queued = [queue(one, channel, version, **fields) for one in people]
    send()
    return [reread(one) for one in queued]


def close(browser: Address) -> None:
    why: dict[str, Any] = {"scope": "all", "reason": SuppressionReason.STAFF, "source": "desk"}
    consent.suppress(kind="webpush", normal=browser.normal, channel="webpush", now=NOW, **why)


def paths(peer: PushPeer) -> list[str]:
    return sorted(one.path for one in peer.taken)


def test_one_message_reaches_all_browsers_of_a_person_and_any_of_them_tells_what_became_of_it(
    channel: Channel, peer: PushPeer, client: Client
) -> None:
    ana = make_contact("Ana Ruiz")
    joined(ana, peer, "phone", "laptop", "tablet")
    (sent,) = tell(channel, ana)
    assert paths(peer) == ["/s/laptop", "/s/phone", "/s/tablet"]
    assert {peer.browser(one.path.removeprefix("/s/")).opens(one.body)["key"] for one in peer.taken} == {sent.token}
    assert sent.status == "sent"
    told = sent.events.get(fact="sent")
    assert said(told).detail.endswith("To 3 addresses.")
    for what in ("shown", "shown", "clicked"):  # by two of them, and the third
        answer = client.post(
            "/push/told", {"key": sent.token, "what": what}, "application/json", headers={"Sec-Fetch-Site": "same-origin"}
        )  # fmt: skip
        assert answer.status_code == 204
    assert (reread(sent).status, reread(sent).clicked_grade) == ("delivered", "human")
    send()
    assert len(peer.taken) == 3


def test_browsers_that_are_gone_are_pruned_and_only_all_of_them_gone_is_a_bounce(
    channel: Channel, peer: PushPeer
) -> None:
    ana, eva = make_contact("Ana Ruiz"), make_contact("Eva Mora")
    joined(ana, peer, "a1", "a2", "a3")
    joined(eva, peer, "e1", "e2")
    peer.acts |= {"/s/a3": 410, "/s/a1": 404, "/s/e1": 410, "/s/e2": 410}
    first, second = tell(channel, ana, eva)
    assert (first.status, second.status, second.reason) == ("sent", "bounced", "address_dead")
    works = {json.loads(one.normal)["endpoint"].rpartition("/")[2]: one.validity for one in Address.objects.all()}
    assert works == {"a1": "invalid", "a2": "ok", "a3": "invalid", "e1": "invalid", "e2": "invalid"}
    peer.taken.clear()
    assert tell(channel, ana)[0].status == "sent"
    assert paths(peer) == ["/s/a2"]


def test_one_that_is_closed_gets_nothing_and_the_others_do(channel: Channel, peer: PushPeer) -> None:
    ana = make_contact("Ana Ruiz")
    joined(ana, peer, "a1", "a2", "a3")
    close(ana.addresses.order_by("position")[0])
    assert tell(channel, ana)[0].status == "sent"
    assert paths(peer) == ["/s/a1", "/s/a2"]
    for other in ana.addresses.order_by("position")[1:]:
        close(other)
    closed = tell(channel, ana)[0]
    assert (closed.status, closed.reason) == ("cancelled", "suppressed")


def test_a_browser_that_two_people_share_shows_the_same_text_once(channel: Channel, peer: PushPeer) -> None:
    ana, eva = make_contact("Ana Ruiz"), make_contact("Eva Mora")
    joined(ana, peer, "hers", "shared")
    joined(eva, peer, "shared", "only")
    assert {one.status for one in tell(channel, ana, eva, scope="launch:1")} == {"sent"}
    assert paths(peer) == ["/s/hers", "/s/only", "/s/shared"]


def test_what_waits_is_tried_again_where_no_browser_took_it_and_never_where_one_did(
    channel: Channel, peer: PushPeer
) -> None:
    ana, eva = make_contact("Ana Ruiz"), make_contact("Eva Mora")
    joined(ana, peer, "a1", "a2")
    joined(eva, peer, "e1", "e2")
    peer.acts |= {"/s/a1": 503, "/s/e1": 503, "/s/e2": 410}
    first, second = tell(channel, ana, eva)
    assert (first.status, second.status) == ("sent", "queued")
    peer.acts.clear()
    send(second.not_before)
    assert (reread(second).status, paths(peer)) == ("sent", ["/s/a2", "/s/e1"])
