"""What a crash, a lost claim or an unclear answer leaves, and who cleans up."""

from __future__ import annotations

import uuid
from datetime import timedelta

import pytest
from django.db import connection

from channels import sending
from channels.models import Channel, Delivery
from channels.transport import Outgoing, Receipt, Unclear
from tests.channels.outbox import (
    RepeatableTransport,
    ScriptedTransport,
    frozen,
    queue,
    reread,
    send,
    to_ana,
)
from tests.factories import NOW, make_contact, make_message

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("scripted")]

Scripted = type[ScriptedTransport]
LATER = NOW + timedelta(hours=3)


class Killed(BaseException):
    """The worker is gone in the middle of a wave."""


def killed(channel: Channel, scripted: Scripted) -> Delivery:
    delivery = to_ana(channel)

    def die(_: Outgoing) -> Receipt:
        raise Killed

    scripted.answer = die
    with pytest.raises(Killed):
        send()
    scripted.answer = lambda _: Receipt("x")
    assert reread(delivery).status == "sending"
    return delivery


def test_what_a_killed_worker_had_in_the_air_becomes_unclear_when_its_lease_ends(
    scripted: Scripted, sms: Channel
) -> None:
    delivery = killed(sms, scripted)
    assert sending.sweep(NOW + timedelta(minutes=1)) == 0
    assert sending.sweep(NOW + timedelta(minutes=3)) == 1
    assert (reread(delivery).status, reread(delivery).reason) == ("unknown", "interrupted")
    assert [event.fact for event in delivery.events.all()] == ["unknown"]
    assert send(NOW + timedelta(hours=1)) == 0


def test_what_the_provider_knows_of_a_lost_wave_is_taken(scripted: Scripted, sms: Channel) -> None:
    from channels.transport import Fact, Inbound

    delivery = killed(sms, scripted)
    scripted.known = {delivery.token: Inbound(Fact.DELIVERED, "sid:delivered", provider_id="sid")}
    sending.sweep(NOW + timedelta(minutes=3))
    assert (reread(delivery).status, reread(delivery).provider_id) == ("delivered", "sid")


def test_an_unclear_message_is_asked_about_again_for_a_day(scripted: Scripted, sms: Channel) -> None:
    from channels.transport import Fact, Inbound

    scripted.answer = lambda _: Unclear("timeout")
    delivery = to_ana(sms)
    send()
    assert sending.sweep(NOW + timedelta(minutes=2)) == 0
    assert reread(delivery).status == "unknown"
    scripted.known = {delivery.token: Inbound(Fact.SENT, "sid:sent", provider_id="sid")}
    assert sending.sweep(NOW + timedelta(minutes=3)) == 0  # not yet time to ask again
    assert sending.sweep(NOW + timedelta(minutes=5)) == 1
    assert reread(delivery).status == "sent"


def test_only_a_provider_that_knows_its_keys_is_given_the_same_again(scripted: Scripted, sms: Channel) -> None:
    Channel.objects.update(transport="repeatable")
    delivery = killed(Channel.objects.get(), scripted)
    sending.sweep(NOW + timedelta(minutes=3))
    assert send(NOW + timedelta(minutes=3)) == 1
    assert reread(delivery).status == "sent"
    assert [message.key for message in RepeatableTransport.handed] == [delivery.token] * 2


def test_a_claim_that_was_lost_is_taken_by_the_next(sms: Channel) -> None:
    delivery = to_ana(sms)
    Delivery.objects.update(claim_token="0" * 32, lease_until=NOW + timedelta(minutes=1))
    assert send() == 0
    assert send(NOW + timedelta(minutes=2)) == 1
    assert reread(delivery).status == "sent"


def test_what_waits_beyond_its_validity_is_swept_even_where_the_channel_is_off(sms: Channel) -> None:
    delivery = to_ana(sms, valid_until=NOW + timedelta(hours=1))
    Channel.objects.update(active=False)
    assert sending.sweep(NOW + timedelta(minutes=59)) == 0
    assert sending.sweep(NOW + timedelta(hours=1)) == 1
    assert reread(delivery).status == "expired"
    assert [event.fact for event in delivery.events.all()] == ["expired"]


@pytest.mark.parametrize(("resend", "status"), [(True, "sent"), (False, "delivered")])
def test_staff_decide_about_what_is_unclear(scripted: Scripted, sms: Channel, resend: bool, status: str) -> None:
    scripted.answer = lambda _: Unclear("timeout")
    delivery = to_ana(sms, valid_until=NOW + timedelta(minutes=1))
    send()
    scripted.answer = lambda _: Receipt("x")
    assert sending.resolve(delivery.pk, resend=resend, now=LATER)
    assert not sending.resolve(delivery.pk, resend=resend, now=LATER)
    assert send(LATER) == int(resend)
    assert reread(delivery).status == status


def test_what_was_cancelled_after_it_was_claimed_does_not_go(scripted: Scripted, sms: Channel) -> None:
    """The claim is a promise to look, not to send: the mark is set only on what is still queued and still ours."""
    Channel.objects.update(rate=1.0)  # waves of two, a claim of three
    version = frozen(make_message())
    deliveries = [queue(make_contact(phone=f"+3460000000{n}"), sms, version) for n in range(3)]
    seconds = iter(range(1000))

    def cancelled_meanwhile() -> None:
        if not scripted.handed:
            assert reread(deliveries[2]).claim_token is not None
            assert sending.cancel([deliveries[2].pk], reason="stopped_by_staff", now=NOW) == [deliveries[2].pk]

    scripted.before = staticmethod(cancelled_meanwhile)
    assert sending.send_due(clock=lambda: NOW + timedelta(seconds=next(seconds)), budget_seconds=500) == 2
    assert [reread(one).status for one in deliveries] == ["sent", "sent", "cancelled"]
    assert reread(deliveries[2]).reason == "stopped_by_staff"


def test_what_another_worker_has_taken_over_is_left_to_it(scripted: Scripted, sms: Channel) -> None:
    Channel.objects.update(rate=1.0)
    version = frozen(make_message())
    deliveries = [queue(make_contact(phone=f"+3460000000{n}"), sms, version) for n in range(3)]
    seconds = iter(range(1000))
    other = uuid.uuid4()

    def taken_over() -> None:
        Delivery.objects.filter(pk=deliveries[2].pk).update(claim_token=other, lease_until=NOW + timedelta(hours=1))

    scripted.before = staticmethod(taken_over)
    assert sending.send_due(clock=lambda: NOW + timedelta(seconds=next(seconds)), budget_seconds=500) == 2
    assert (reread(deliveries[2]).status, reread(deliveries[2]).claim_token) == ("queued", other)


@pytest.mark.django_db(transaction=True)
def test_a_database_that_hangs_up_in_the_middle_of_a_wave_costs_no_answer(scripted: Scripted, sms: Channel) -> None:
    """The lease is renewed between two answers; what the provider said of the others is recorded all the same."""
    if connection.vendor != "postgresql":
        pytest.skip("SQLite is a file: there is no line that could be cut")
    version = frozen(make_message())
    deliveries = [queue(make_contact(phone=f"+3460000000{n}"), sms, version) for n in range(3)]
    now = [NOW]

    def hangs_up(message: Outgoing) -> Receipt:
        now[0] += timedelta(seconds=21)
        connection.connection.close()
        return Receipt(f"id-{message.key}")

    scripted.answer = hangs_up
    assert sending.send_due(clock=lambda: now[0], budget_seconds=500) == 3
    assert [reread(one).status for one in deliveries] == ["sent"] * 3
