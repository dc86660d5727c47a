"""Joining: whoever opens the conversation is known from then on, once, with the consent that their invitation brings."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection, connections

from channels import joining, receipts
from channels.contention import insist
from channels.models import Channel, DeliveryEvent, Invitation
from channels.transport import Fact, Inbound
from contacts import consent, timeline
from contacts.models import Address, Consent, Contact, Suppression
from tests.factories import NOW, make_business, make_channel, make_contact, make_group

LATER = NOW + timedelta(minutes=5)
PHONE, OTHER = "+34600000001", "+34600000002"


@pytest.fixture
def channel(db: None) -> Channel:
    make_business()
    return make_channel("sms")


def counter(**fields: Any) -> Invitation:
    return Invitation.objects.create(**{"source": "counter", **fields})


def personal(contact: Contact, **fields: Any) -> Invitation:
    return counter(contact=contact, single_use=True, **fields)


def joins(channel: Channel, address: str, invitation: Invitation | str = "", key: str = "", **fields: Any) -> int:
    """Somebody opens the conversation; the number of facts that were new."""
    token = invitation if isinstance(invitation, str) else invitation.token
    told = Inbound(Fact.JOINED, key or f"joined:{address}", address=address, invitation=token, **fields)
    return receipts.apply(channel, [told], now=NOW)


def holder(address: str) -> Contact:
    return Contact.objects.get(addresses__normal=address)


def agreed(contact: Contact) -> Consent | None:
    line = consent.newest([contact.pk]).get((contact.pk, "sms", "marketing"))
    return line if line and line.given else None


def test_a_stranger_at_the_counter_becomes_a_contact_with_consent_and_group(channel: Channel) -> None:
    group = make_group("Joined at the counter")
    joins(channel, PHONE, counter(group=group, language="es"), name="Ana María Ruiz", text="/start x")
    ana = holder(PHONE)
    assert (ana.first_name, ana.last_name, ana.language) == ("Ana", "María Ruiz", "es")
    assert list(ana.groups.all()) == [group]
    line = agreed(ana)
    assert line is not None
    assert (line.basis, line.source, line.address, line.language) == ("express", "counter", PHONE, "es")
    assert "Salon Aurora" in line.wording
    told = [entry for entry in timeline.story(ana, limit=10) if entry.title == "Joined by sms sandbox"]
    assert [entry.detail for entry in told] == ["counter"]


def test_whoever_is_known_by_the_address_stays_who_they_are(channel: Channel) -> None:
    ana = make_contact(phone=PHONE, consent=())
    joins(channel, PHONE, counter(), name="Somebody Else")
    assert Contact.objects.get() == ana
    assert holder(PHONE).first_name == "Ana"
    assert agreed(ana)


def test_a_personal_invitation_adds_the_address_in_front_and_is_spent(channel: Channel) -> None:
    ana = make_contact(phone=PHONE, consent=())
    invitation = personal(ana)
    joins(channel, OTHER, invitation)
    assert list(ana.addresses.values_list("normal", flat=True)) == [OTHER, PHONE]
    assert Contact.objects.get(search__contains=OTHER) == ana
    invitation.refresh_from_db()
    assert invitation.used_at == NOW
    joins(channel, "+34600000003", invitation)
    assert holder("+34600000003") != ana
    assert not agreed(holder("+34600000003"))
    joins(channel, OTHER, invitation, key="again")
    assert holder(OTHER) == ana


def test_of_two_people_in_one_batch_one_has_the_personal_invitation(channel: Channel) -> None:
    invitation = personal(make_contact(consent=()))
    told = [Inbound(Fact.JOINED, a, address=a, invitation=invitation.token) for a in (PHONE, OTHER)]
    receipts.apply(channel, told, now=NOW)
    assert (holder(PHONE).pk, Contact.objects.count()) == (invitation.contact_id, 2)
    assert not agreed(holder(OTHER))


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("one_address", [True, False])
def test_people_who_race_for_one_invitation_are_one_winner_and_nobody_twice(*, one_address: bool) -> None:
    make_business()
    channel = make_channel("sms")
    invitation = personal(make_contact(consent=()))
    together = Barrier(2)

    def run(address: str, key: str) -> None:
        together.wait()
        told = Inbound(Fact.JOINED, key, address=address, invitation="" if one_address else invitation.token)
        receipts.apply(channel, [told], now=NOW)
        connections.close_all()

    threads = [Thread(target=run, args=(PHONE, "a")), Thread(target=run, args=(PHONE if one_address else OTHER, "b"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Contact.objects.count() == 2
    assert Contact.objects.filter(invitations=invitation, addresses__isnull=False).exists() is not one_address


@pytest.mark.parametrize("token", ["unknown", "expired", "switched off", "other channel", ""])
def test_a_link_that_no_longer_holds_loses_nobody_and_brings_no_consent(channel: Channel, token: str) -> None:
    made = {
        "expired": lambda: counter(expires_at=NOW), "switched off": lambda: counter(active=False),
        "other channel": lambda: counter(channel=make_channel("email")),
    }.get(token)  # fmt: skip
    joins(channel, PHONE, made() if made else token, name="Ana")
    assert holder(PHONE).first_name == "Ana"
    assert not agreed(holder(PHONE))


def test_who_said_stop_is_reached_again_only_by_an_own_joining(channel: Channel) -> None:
    ana = make_contact(phone=PHONE)
    receipts.apply(channel, [Inbound(Fact.STOPPED, "s", address=PHONE)], now=NOW)
    assert Suppression.objects.filter(lifted_at=None).exists()
    joins(channel, PHONE, counter())
    assert not Suppression.objects.filter(lifted_at=None).exists()
    assert agreed(ana)


def test_the_order_of_joining_and_leaving_within_one_call_counts(channel: Channel) -> None:
    token = counter().token
    join = Inbound(Fact.JOINED, "j", address=PHONE, invitation=token)
    stop, hello = Inbound(Fact.STOPPED, "s", address=PHONE), Inbound(Fact.REPLIED, "r", address=PHONE, text="Hello")
    receipts.apply(channel, [join, hello, stop], now=NOW)
    ana = holder(PHONE)
    assert not agreed(ana)
    assert Suppression.objects.filter(lifted_at=None).count() == 1
    assert DeliveryEvent.objects.get(fact="replied").contact == ana


def test_a_replayed_call_changes_nothing(channel: Channel) -> None:
    invitation = counter(group=make_group())
    assert [joins(channel, PHONE, invitation, name="Ana") for _ in range(3)] == [1, 0, 0]
    assert (Contact.objects.count(), Address.objects.count(), Consent.objects.count()) == (1, 1, 1)


def test_a_dead_address_that_joins_works_again(channel: Channel) -> None:
    make_contact(phone=PHONE)
    receipts.apply(channel, [Inbound(Fact.BOUNCED, "b", address=PHONE, address_dead=True)], now=NOW)
    Address.objects.update(validity="invalid")
    joins(channel, PHONE)
    assert Address.objects.get().validity == "ok"


def test_a_crowd_takes_no_more_statements_than_a_few(channel: Channel, django_assert_max_num_queries: Any) -> None:
    invitation = counter(group=make_group())
    told = [
        Inbound(Fact.JOINED, f"j{n}", address=f"+3460000{n:04}", invitation=invitation.token, name=f"Ana {n}")
        for n in range(60)
    ]
    with django_assert_max_num_queries(32):
        insist(lambda: joining.join_many(channel, told, now=NOW))
    assert Contact.objects.count() == 60
    assert connection.vendor in ("sqlite", "postgresql")
