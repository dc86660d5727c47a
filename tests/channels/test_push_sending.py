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
from channels.models import Channel
from contacts.models import Address, Contact, Suppression, Validity
from tests.channels.outbox import frozen, queue, reread, send
from tests.channels.test_webpush_addresses import CHROME
from tests.factories import make_business, make_channel, make_contact, make_message
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
    joined(ana, peer, "phone", "laptop")
    peer.acts["/s/laptop"] = 410
    version = frozen(make_message(texts={("webpush", "en"): "Come"}))
    first = queue(ana, channel, version)
    send()
    assert (reread(first).status, reread(first).reason) == ("bounced", "address_dead")
    assert [a.validity for a in ana.addresses.order_by("position")] == [Validity.INVALID, Validity.OK]
    assert Suppression.objects.get().hint == "Chrome on Windows"
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
