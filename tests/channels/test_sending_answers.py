"""What each answer of a provider means: for the message, the address, the account and the text."""

from __future__ import annotations

from datetime import timedelta

import pytest

from channels import sending
from channels.models import Channel, MessageVersion
from channels.sending import pace
from channels.transport import Fault, Outgoing, Receipt, Refused, Unclear
from contacts import consent
from contacts.models import Address, Suppression
from tests.channels.outbox import (
    ScriptedTransport,
    frozen,
    queue,
    reread,
    send,
    to_ana,
)
from tests.factories import NOW, make_business, make_channel, make_contact, make_message

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("scripted")]

Scripted = type[ScriptedTransport]
LATER = NOW + timedelta(hours=3)


def test_a_temporary_refusal_is_tried_again_later_and_not_for_ever(scripted: Scripted, sms: Channel) -> None:
    scripted.answer = lambda _: Refused(Fault.TEMPORARY, "451", "try later")
    delivery = to_ana(sms)
    now = NOW
    waits = []
    for _ in range(5):
        assert send(now) == 1
        assert send(now) == 0
        waits.append(reread(delivery).not_before - now)
        now = max(reread(delivery).not_before, now + timedelta(seconds=1))
    ended = reread(delivery)
    assert (ended.status, ended.reason, ended.attempts) == ("failed", "gave_up", 5)
    assert ended.reason_params["why"] == "451 try later"
    assert waits[:4] == sorted(waits[:4])
    assert timedelta(minutes=1) <= waits[0] <= timedelta(minutes=1.25)
    assert [event.fact for event in delivery.events.order_by("id")] == ["deferred"] * 4 + ["failed"]
    assert send(now + timedelta(days=1)) == 0


def test_a_provider_that_asks_to_wait_makes_the_whole_account_wait(scripted: Scripted, sms: Channel) -> None:
    scripted.answer = lambda _: Refused(Fault.TEMPORARY, "429", retry_after=30)
    first = to_ana(sms)
    send()
    assert reread(first).not_before >= NOW + timedelta(seconds=30)
    other = queue(make_contact("Eva", phone="+34600000002"), sms, frozen(make_message()))
    scripted.answer = lambda _: Receipt("x")
    assert send(NOW + timedelta(seconds=29)) == 0
    assert send(NOW + timedelta(seconds=40)) == 2
    assert {reread(first).status, reread(other).status} == {"sent"}


def test_a_dead_address_bounces_and_is_not_used_again(scripted: Scripted, sms: Channel) -> None:
    scripted.answer = lambda _: Refused(Fault.PERSON, "21211", "not a number", address_dead=True)
    delivery = to_ana(sms)
    send()
    assert (reread(delivery).status, reread(delivery).reason) == ("bounced", "address_dead")
    assert (Suppression.objects.get().reason, Suppression.objects.get().channel) == ("bounce", "sms")
    assert Address.objects.get().validity == "ok"  # WhatsApp may still reach the number


def test_an_address_that_only_one_kind_of_channel_uses_is_marked_as_not_working(scripted: Scripted) -> None:
    scripted.answer = lambda _: Refused(Fault.PERSON, "5.1.1", "no such mailbox", address_dead=True)
    make_business()
    letters = make_channel("email", "scripted")
    queue(make_contact("Ana", email="ana@example.org", phone="+34600000001"), letters, frozen(make_message()))
    assert send() == 1
    assert set(Address.objects.values_list("kind", "validity")) == {("email", "invalid"), ("phone", "ok")}


def test_who_opted_out_at_the_provider_is_believed(scripted: Scripted, sms: Channel) -> None:
    scripted.answer = lambda _: Refused(Fault.PERSON, "21610", opted_out=True)
    delivery = to_ana(sms)
    send()
    assert (reread(delivery).status, reread(delivery).reason) == ("failed", "opted_out")
    assert Suppression.objects.get().reason == "provider"
    assert not consent.newest([delivery.contact_id])[delivery.contact_id, "sms", "marketing"].given
    assert Address.objects.get().validity == "ok"


def test_a_refused_person_keeps_the_address(scripted: Scripted, sms: Channel) -> None:
    scripted.answer = lambda _: Refused(Fault.PERSON, "30007")
    delivery = to_ana(sms)
    send()
    assert (reread(delivery).status, reread(delivery).reason_params["code"]) == ("failed", "30007")
    assert not Suppression.objects.exists()


def test_a_refused_account_opens_the_breaker_and_burns_no_attempts(scripted: Scripted, sms: Channel) -> None:
    Channel.objects.update(rate=2.0)  # waves of four
    scripted.answer = lambda _: Refused(Fault.ACCOUNT, "20003", "wrong password")
    version = frozen(make_message())
    deliveries = [queue(make_contact(phone=f"+346000000{n:02}"), sms, version) for n in range(12)]

    assert send() == 4

    broken = Channel.objects.get()
    assert broken.breaker_until is not None
    assert (broken.breaker_reason, broken.breaker_until - NOW) == ("20003 wrong password", pace.BREAKER_FIRST)
    assert {(reread(one).status, reread(one).attempts, reread(one).claim_token) for one in deliveries} == {
        ("queued", 0, None)
    }
    assert send(NOW + timedelta(seconds=29)) == 0
    assert send(NOW + timedelta(seconds=31)) > 0
    assert Channel.objects.get().breaker_until == NOW + timedelta(seconds=31 + 60)

    scripted.answer = lambda _: Receipt("x")
    now = NOW + timedelta(minutes=5)
    while send(now):
        now += timedelta(seconds=3)
    assert {reread(one).status for one in deliveries} == {"sent"}
    assert (Channel.objects.get().breaker_count, Channel.objects.get().breaker_reason) == (0, "")


def test_a_refused_text_waits_and_whoever_planned_it_is_told(
    scripted: Scripted, sms: Channel, registered: None
) -> None:
    told: list[dict[int, str]] = []
    sending.register_text_refused(lambda why, now: told.append(dict(why)))
    scripted.answer = lambda _: Refused(Fault.TEXT, "30007", "filtered")
    delivery = to_ana(sms)
    send()
    assert told == [{delivery.pk: "30007 filtered"}]
    assert (reread(delivery).status, reread(delivery).reason) == ("queued", "text_refused")
    assert send() == 0


def test_a_text_that_breaks_for_everyone_waits_and_is_told(sms: Channel, registered: None) -> None:
    told: list[dict[int, str]] = []
    sending.register_text_refused(lambda why, now: told.append(dict(why)))
    version = frozen(make_message())
    MessageVersion.objects.update(content=[{**version.content[1], "text": "{% if %}"}])
    delivery = queue(make_contact(phone="+34600000001"), sms, version)
    assert send() == 0
    assert [list(why) for why in told] == [[delivery.pk]]
    assert (reread(delivery).status, reread(delivery).reason) == ("queued", "text_broken")


@pytest.mark.parametrize("answer", [Unclear("timeout", "no answer in 20 s"), None])
def test_what_may_have_left_is_unclear_and_never_sent_again(
    scripted: Scripted, sms: Channel, answer: Unclear | None
) -> None:
    def broken(_: Outgoing) -> Unclear:
        if answer is None:
            raise ZeroDivisionError("a bug in the transport")
        return answer

    scripted.answer = broken
    delivery = to_ana(sms)
    send()
    assert (reread(delivery).status, reread(delivery).reason) == ("unknown", "unclear")
    assert [event.fact for event in delivery.events.all()] == ["unknown"]
    scripted.answer = lambda _: Receipt("x")
    assert send(NOW + timedelta(days=1)) == 0
    assert len(scripted.handed) == 1


def test_a_wave_is_at_most_two_seconds_of_the_rate_and_the_rate_is_kept(scripted: Scripted, sms: Channel) -> None:
    Channel.objects.update(rate=3.0)
    version = frozen(make_message())
    for n in range(20):
        queue(make_contact(phone=f"+346000000{n:02}"), sms, version)
    assert [send(NOW + timedelta(seconds=second)) for second in range(6)] == [6, 3, 3, 3, 3, 2]


def test_a_slow_account_still_sends(sms: Channel) -> None:
    Channel.objects.update(rate=0.1)
    version = frozen(make_message())
    for n in range(3):
        queue(make_contact(phone=f"+346000000{n:02}"), sms, version)
    assert [send(NOW + timedelta(seconds=second)) for second in (0, 5, 10, 20)] == [1, 0, 1, 1]
