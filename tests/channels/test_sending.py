"""Out: what goes, what waits, what does not go, and why."""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from channels import sending
from channels.models import Channel, Delivery, MessageVersion
from channels.sending import checks, pace
from channels.transport import Fault, Outgoing, Receipt, Refused, Unclear
from contacts import consent
from contacts.models import Address, Suppression
from tests.channels.outbox import RepeatableTransport, ScriptedTransport, frozen, queue, reread, scripted, send  # noqa: F401
from tests.factories import NOW, make_business, make_channel, make_contact, make_message

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("scripted")]

Scripted = type[ScriptedTransport]
LATER = NOW + timedelta(hours=3)


@pytest.fixture
def sms(db: None) -> Channel:
    make_business()
    return make_channel("sms", "scripted", price="0.05", price_unit="segment")


@pytest.fixture
def registered() -> Iterator[None]:
    """What a test registers is forgotten after it."""
    before = list(checks._run_states), list(checks._text_refused)
    yield
    checks._run_states[:], checks._text_refused[:] = before


def to_ana(channel: Channel, **fields: Any) -> Delivery:
    return queue(make_contact(phone="+34600000001"), channel, frozen(make_message()), **fields)


def test_what_is_due_goes_once_and_is_recorded_with_its_price(scripted: Scripted, sms: Channel) -> None:  # noqa: F811
    delivery = to_ana(sms)

    assert (send(), send(LATER)) == (1, 0)

    sent = reread(delivery)
    assert (sent.status, sent.address, sent.segments, sent.cost) == ("sent", "+34600000001", 1, Decimal("0.05"))
    assert (sent.provider_id, sent.sent_at, sent.claim_token, sent.attempts) == (f"id-{sent.token}", NOW, None, 1)
    assert [message.to for message in scripted.handed] == ["+34600000001"]
    assert scripted.handed[0].text == f"Hello Ana, see http://127.0.0.1:8000/c/{sent.token}/0"
    assert sent.links[0].startswith("https://shop.example/offer?")
    assert [(event.fact, event.handled_at) for event in sent.events.all()] == [("sent", None)]


def test_what_the_provider_charges_is_believed(scripted: Scripted, sms: Channel) -> None:  # noqa: F811
    scripted.answer = lambda _: Receipt("x", segments=3, cost=Decimal("0.21"))
    delivery = to_ana(sms)
    send()
    assert (reread(delivery).segments, reread(delivery).cost) == (3, Decimal("0.21"))


def test_what_is_not_due_yet_stays(scripted: Scripted, sms: Channel) -> None:  # noqa: F811
    delivery = to_ana(sms, not_before=LATER)
    assert send() == 0
    assert reread(delivery).status == "queued"


@pytest.mark.parametrize("fields", [{"active": False}, {"breaker_until": LATER}])
def test_nothing_leaves_by_a_channel_that_is_off_or_broken(scripted: Scripted, sms: Channel, fields: dict[str, Any]) -> None:  # noqa: F811
    delivery = to_ana(sms)
    Channel.objects.update(**fields)
    assert send() == 0
    assert reread(delivery).claim_token is None


def test_a_live_channel_waits_until_the_public_address_is_proven(scripted: Scripted, sms: Channel, settings: Any) -> None:  # noqa: F811
    settings.CASCADA_REQUIRE_HTTPS = True
    scripted.live = True
    try:
        delivery = to_ana(sms)
        assert send() == 0
        make_business(public_address="https://a.example", public_checked_address="https://a.example", public_checked_at=NOW)
        assert send() == 1
    finally:
        scripted.live = False
    assert reread(delivery).status == "sent"


def test_without_consent_it_is_cancelled_and_says_so(scripted: Scripted, sms: Channel) -> None:  # noqa: F811
    ana = make_contact(phone="+34600000001")
    delivery = queue(ana, sms, frozen(make_message()))
    consent.withdraw(ana.pk, "sms", source="told us", now=NOW)

    assert send() == 0

    assert (reread(delivery).status, reread(delivery).reason) == ("cancelled", "consent_withdrawn")
    assert [(event.fact, event.reason) for event in delivery.events.all()] == [("cancelled", "consent_withdrawn")]
    assert not scripted.handed


def test_what_is_about_an_order_needs_no_consent_to_marketing(sms: Channel) -> None:
    ana = make_contact(phone="+34600000001", consent=())
    delivery = queue(ana, sms, frozen(make_message(purpose="transactional")))
    send()
    assert reread(delivery).status == "sent"


def test_in_quiet_hours_it_waits_with_its_reason_and_goes_afterwards(sms: Channel) -> None:
    make_business(quiet_from=time(10), quiet_until=time(15))  # it is one o'clock in Madrid
    delivery = to_ana(sms)

    assert send() == 0
    held = reread(delivery)
    assert (held.status, held.reason) == ("queued", "quiet_hours")
    assert held.not_before == NOW.replace(hour=14)

    assert send(held.not_before) == 1
    assert (reread(delivery).status, reread(delivery).reason) == ("sent", "")


def test_only_urgent_messages_pass_quiet_hours(sms: Channel) -> None:
    make_business(quiet_from=time(10), quiet_until=time(15))
    ordinary = to_ana(sms, purpose="transactional")
    urgent = queue(ordinary.contact, sms, frozen(make_message("Class moved", purpose="transactional", urgent=True)))
    assert send() == 1
    assert (reread(ordinary).status, reread(urgent).status) == ("queued", "sent")


def test_consent_withdrawn_while_held_by_quiet_hours_stops_it(sms: Channel) -> None:
    make_business(quiet_from=time(10), quiet_until=time(15))
    delivery = to_ana(sms)
    send()
    consent.withdraw(delivery.contact_id, "sms", source="told us", now=NOW)
    assert send(NOW + timedelta(hours=4)) == 0
    assert reread(delivery).reason == "consent_withdrawn"


def test_what_would_be_too_late_after_quiet_hours_expires_at_once(sms: Channel) -> None:
    make_business(quiet_from=time(10), quiet_until=time(15))
    delivery = to_ana(sms, valid_until=NOW + timedelta(hours=1))
    send()
    assert (reread(delivery).status, reread(delivery).reason) == ("expired", "too_late_after_quiet_hours")
    assert [event.fact for event in delivery.events.all()] == ["expired"]


def test_after_its_validity_it_does_not_go(scripted: Scripted, sms: Channel) -> None:  # noqa: F811
    delivery = to_ana(sms, valid_until=NOW)
    assert send() == 0
    assert reread(delivery).status == "expired"


def test_the_transport_learns_how_long_it_is_worth_delivering(scripted: Scripted, sms: Channel) -> None:  # noqa: F811
    to_ana(sms, valid_until=NOW + timedelta(hours=2))
    send()
    assert scripted.handed[0].valid_for == timedelta(hours=2)


def test_the_cap_counts_what_went_out_this_wave_included_and_no_orders(scripted: Scripted, sms: Channel) -> None:  # noqa: F811
    make_business(cap_messages=2, cap_days=7)
    ana = make_contact(phone="+34600000001")
    version = frozen(make_message())
    order = queue(ana, sms, frozen(make_message("Order", purpose="transactional")))
    three = [queue(ana, sms, version) for _ in range(3)]

    assert send() == 3

    assert reread(order).status == "sent"
    assert [reread(one).status for one in three] == ["sent", "sent", "cancelled"]
    assert (reread(three[2]).reason, reread(three[2]).reason_params) == ("capped", {"messages": 2, "days": 7})
    more = queue(ana, sms, version)
    assert send(LATER) == 0
    assert reread(more).reason == "capped"
    again = queue(ana, sms, version)
    assert send(NOW + timedelta(days=7, seconds=1)) == 1
    assert reread(again).status == "sent"


def test_what_failed_does_not_count_against_the_cap_but_what_is_unclear_does(scripted: Scripted, sms: Channel) -> None:  # noqa: F811
    make_business(cap_messages=1)
    ana, eva = make_contact(phone="+34600000001"), make_contact("Eva", phone="+34600000002")
    version = frozen(make_message())
    answers: dict[str, Refused | Unclear] = {"+34600000001": Refused(Fault.PERSON, "30006"), "+34600000002": Unclear("timeout")}
    scripted.answer = lambda message: answers[message.to]
    queue(ana, sms, version), queue(eva, sms, version)
    send()
    scripted.answer = lambda _: Receipt("x")
    second = [queue(ana, sms, version), queue(eva, sms, version)]
    send(LATER)
    assert [reread(one).status for one in second] == ["sent", "cancelled"]


def test_one_text_goes_to_a_family_s_phone_once_and_the_others_say_why(scripted: Scripted, sms: Channel) -> None:  # noqa: F811
    version = frozen(make_message(texts={("sms", "en"): "We are open on Sunday: https://shop.example/"}))
    family = [make_contact(name, phone="+34600000001") for name in ("Ana", "Eva", "Leo")]
    deliveries = [queue(one, sms, version, scope="launch:1:step") for one in family]

    assert send() == 1

    assert [reread(one).status for one in deliveries] == ["sent", "cancelled", "cancelled"]
    assert reread(deliveries[1]).reason == "same_text_same_address"
    later = queue(make_contact("Mia", phone="+34600000001"), sms, version, scope="launch:1:step")
    assert send(LATER) == 0
    assert reread(later).reason == "same_text_same_address"


def test_two_siblings_with_one_phone_and_two_birthdays_get_two_messages(sms: Channel) -> None:
    version = frozen(make_message(texts={("sms", "en"): "Happy birthday, {{ contact.first_name }}!"}))
    for name in ("Ana", "Eva"):
        queue(make_contact(name, phone="+34600000001"), sms, version, scope="launch:1:step")
    assert send() == 2


def test_the_same_text_on_another_occasion_goes_again(sms: Channel) -> None:
    version = frozen(make_message(texts={("sms", "en"): "We are open on Sunday"}))
    for scope in ("launch:1:step", "launch:2:step", "", ""):
        queue(make_contact(phone="+34600000001"), sms, version, scope=scope)
    assert send() == 4


def test_a_corrected_address_is_used_and_a_vanished_one_is_a_reason(scripted: Scripted, sms: Channel) -> None:  # noqa: F811
    ana, eva = make_contact(phone="+34600000001"), make_contact("Eva", phone="+34600000002")
    deliveries = [queue(one, sms, frozen(make_message())) for one in (ana, eva)]
    Address.objects.filter(contact=ana).update(normal="+34600000009")
    Address.objects.filter(contact=eva).delete()
    send()
    assert [message.to for message in scripted.handed] == ["+34600000009"]
    assert reread(deliveries[1]).reason == "no_address"


def test_a_missing_field_stops_that_person_and_not_the_others(sms: Channel) -> None:
    version = frozen(make_message(texts={("sms", "en"): "Hello {{ contact.first_name }}"}))
    nameless, ana = make_contact("", phone="+34600000001"), make_contact(phone="+34600000002")
    deliveries = [queue(nameless, sms, version), queue(ana, sms, version)]
    assert send() == 1
    assert (reread(deliveries[0]).status, reread(deliveries[0]).reason) == ("cancelled", "missing_field")
    assert reread(deliveries[1]).status == "sent"


def test_without_a_text_for_the_channel_the_person_moves_on(sms: Channel) -> None:
    delivery = queue(make_contact(phone="+34600000001"), sms, frozen(make_message(texts={("email", "en"): "<p>Hi</p>"})))
    send()
    assert (reread(delivery).status, reread(delivery).reason) == ("cancelled", "no_text")


def test_an_opening_is_not_tracked_where_consent_to_it_was_withdrawn_after_the_text_was_made(
    scripted: Scripted, registered: None  # noqa: F811
) -> None:
    """The pixel is in the text, so the text has to be made again."""
    make_business(country="FR")
    channel = make_channel("email", "scripted")
    ana = make_contact(email="ana@example.com", tracking=True)
    delivery = queue(ana, channel, frozen(make_message()))

    looked: list[bool] = []
    from channels.sending import prepare

    real = prepare.Texts.people

    def people(self: Any, jobs: Any, now: datetime, *, lock: bool = False) -> Any:
        if lock and not looked:
            looked.append(True)
            consent.withdraw(ana.pk, "email", source="told us", now=now, purpose="tracking")
        return real(self, jobs, now, lock=lock)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prepare.Texts, "people", people)
        assert send() == 1
    assert looked
    assert not reread(delivery).tracked
    assert "/o/" not in scripted.handed[0].html


def test_a_run_that_was_stopped_does_not_go_and_a_paused_one_waits(sms: Channel, registered: None) -> None:
    version = frozen(make_message())
    deliveries = [queue(make_contact(phone=f"+3460000000{n}"), sms, version) for n in range(3)]
    said: dict[int, tuple[str, dict[str, Any]]] = {deliveries[0].pk: ("cascade_stopped", {}), deliveries[1].pk: ("paused", {})}
    asked: list[tuple[list[int], list[int]]] = []

    def state(ids: Sequence[int], contacts: Sequence[int], now: datetime) -> Mapping[int, tuple[str, Mapping[str, Any]]]:
        asked.append((sorted(ids), sorted(contacts)))
        return said

    sending.register_run_state(state)
    assert send() == 1
    assert asked == [([one.pk for one in deliveries], [one.contact_id for one in deliveries])]
    assert [reread(one).status for one in deliveries] == ["cancelled", "queued", "sent"]
    assert [reread(one).reason for one in deliveries] == ["cascade_stopped", "paused", ""]
    assert reread(deliveries[1]).not_before > NOW
    said.clear()
    assert send() == 0
    assert sending.wake(Delivery.objects.all(), now=NOW) == 1
    assert send() == 1


def test_orders_and_bookings_leave_before_marketing(scripted: Scripted, sms: Channel) -> None:  # noqa: F811
    Channel.objects.update(rate=0.5)
    to_ana(sms)
    order = queue(make_contact("Eva", phone="+34600000002"), sms, frozen(make_message("Order", purpose="transactional")))
    assert send() == 1
    assert reread(order).status == "sent"


def test_cancelling_reaches_what_is_queued_and_nothing_else(sms: Channel) -> None:
    version = frozen(make_message())
    gone = to_ana(sms)
    send()
    waiting = [queue(make_contact(phone=f"+3460000001{n}"), sms, version) for n in range(2)]
    every = [gone.pk, *(one.pk for one in waiting)]
    assert sorted(sending.cancel(every, reason="stopped_by_staff", now=NOW)) == every[1:]
    assert [reread(one).status for one in (gone, *waiting)] == ["sent", "cancelled", "cancelled"]
    assert waiting[0].events.get().reason == "stopped_by_staff"
    assert send(LATER) == 0


# --- what the provider says ---------------------------------------------------------------------------------------------------


def test_a_temporary_refusal_is_tried_again_later_and_not_for_ever(scripted: Scripted, sms: Channel) -> None:  # noqa: F811
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


def test_a_provider_that_asks_to_wait_makes_the_whole_account_wait(scripted: Scripted, sms: Channel) -> None:  # noqa: F811
    scripted.answer = lambda _: Refused(Fault.TEMPORARY, "429", retry_after=30)
    first = to_ana(sms)
    send()
    assert reread(first).not_before >= NOW + timedelta(seconds=30)
    other = queue(make_contact("Eva", phone="+34600000002"), sms, frozen(make_message()))
    scripted.answer = lambda _: Receipt("x")
    assert send(NOW + timedelta(seconds=29)) == 0
    assert send(NOW + timedelta(seconds=40)) == 2
    assert {reread(first).status, reread(other).status} == {"sent"}


def test_a_dead_address_bounces_and_is_not_used_again(scripted: Scripted, sms: Channel) -> None:  # noqa: F811
    scripted.answer = lambda _: Refused(Fault.PERSON, "21211", "not a number", address_dead=True)
    delivery = to_ana(sms)
    send()
    assert (reread(delivery).status, reread(delivery).reason) == ("bounced", "address_dead")
    assert Address.objects.get().validity == "invalid"
    assert (Suppression.objects.get().reason, Suppression.objects.get().channel) == ("bounce", "sms")


def test_who_opted_out_at_the_provider_is_believed(scripted: Scripted, sms: Channel) -> None:  # noqa: F811
    scripted.answer = lambda _: Refused(Fault.PERSON, "21610", opted_out=True)
    delivery = to_ana(sms)
    send()
    assert (reread(delivery).status, reread(delivery).reason) == ("failed", "opted_out")
    assert Suppression.objects.get().reason == "provider"
    assert not consent.newest([delivery.contact_id])[delivery.contact_id, "sms", "marketing"].given
    assert Address.objects.get().validity == "ok"


def test_a_refused_person_keeps_the_address(scripted: Scripted, sms: Channel) -> None:  # noqa: F811
    scripted.answer = lambda _: Refused(Fault.PERSON, "30007")
    delivery = to_ana(sms)
    send()
    assert (reread(delivery).status, reread(delivery).reason_params["code"]) == ("failed", "30007")
    assert not Suppression.objects.exists()


def test_a_refused_account_opens_the_breaker_and_burns_no_attempts(scripted: Scripted, sms: Channel) -> None:  # noqa: F811
    Channel.objects.update(rate=2.0)  # waves of four
    scripted.answer = lambda _: Refused(Fault.ACCOUNT, "20003", "wrong password")
    version = frozen(make_message())
    deliveries = [queue(make_contact(phone=f"+346000000{n:02}"), sms, version) for n in range(12)]

    assert send() == 4

    broken = Channel.objects.get()
    assert broken.breaker_until is not None
    assert (broken.breaker_reason, broken.breaker_until - NOW) == ("20003 wrong password", pace.BREAKER_FIRST)
    assert {(reread(one).status, reread(one).attempts, reread(one).claim_token) for one in deliveries} == {("queued", 0, None)}
    assert send(NOW + timedelta(seconds=29)) == 0
    assert send(NOW + timedelta(seconds=31)) > 0
    assert Channel.objects.get().breaker_until == NOW + timedelta(seconds=31 + 60)

    scripted.answer = lambda _: Receipt("x")
    now = NOW + timedelta(minutes=5)
    while send(now):
        now += timedelta(seconds=3)
    assert {reread(one).status for one in deliveries} == {"sent"}
    assert (Channel.objects.get().breaker_count, Channel.objects.get().breaker_reason) == (0, "")


def test_a_refused_text_waits_and_whoever_planned_it_is_told(scripted: Scripted, sms: Channel, registered: None) -> None:  # noqa: F811
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
def test_what_may_have_left_is_unclear_and_never_sent_again(scripted: Scripted, sms: Channel, answer: Unclear | None) -> None:  # noqa: F811
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


def test_a_wave_is_at_most_two_seconds_of_the_rate_and_the_rate_is_kept(scripted: Scripted, sms: Channel) -> None:  # noqa: F811
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


# --- what a crash leaves ------------------------------------------------------------------------------------------------------


class Killed(BaseException):
    """The worker is gone in the middle of a wave."""


def killed(channel: Channel, scripted: Scripted) -> Delivery:  # noqa: F811
    delivery = to_ana(channel)

    def die(_: Outgoing) -> Receipt:
        raise Killed

    scripted.answer = die
    with pytest.raises(Killed):
        send()
    scripted.answer = lambda _: Receipt("x")
    assert reread(delivery).status == "sending"
    return delivery


def test_what_a_killed_worker_had_in_the_air_becomes_unclear_when_its_lease_ends(scripted: Scripted, sms: Channel) -> None:  # noqa: F811
    delivery = killed(sms, scripted)
    assert sending.sweep(NOW + timedelta(minutes=1)) == 0
    assert sending.sweep(NOW + timedelta(minutes=3)) == 1
    assert (reread(delivery).status, reread(delivery).reason) == ("unknown", "interrupted")
    assert [event.fact for event in delivery.events.all()] == ["unknown"]
    assert send(NOW + timedelta(hours=1)) == 0


def test_what_the_provider_knows_of_a_lost_wave_is_taken(scripted: Scripted, sms: Channel) -> None:  # noqa: F811
    from channels.transport import Fact, Inbound

    delivery = killed(sms, scripted)
    scripted.known = {delivery.token: Inbound(Fact.DELIVERED, "sid:delivered", provider_id="sid")}
    sending.sweep(NOW + timedelta(minutes=3))
    assert (reread(delivery).status, reread(delivery).provider_id) == ("delivered", "sid")


def test_an_unclear_message_is_asked_about_again_for_a_day(scripted: Scripted, sms: Channel) -> None:  # noqa: F811
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


def test_only_a_provider_that_knows_its_keys_is_given_the_same_again(scripted: Scripted, sms: Channel) -> None:  # noqa: F811
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
def test_staff_decide_about_what_is_unclear(scripted: Scripted, sms: Channel, resend: bool, status: str) -> None:  # noqa: F811
    scripted.answer = lambda _: Unclear("timeout")
    delivery = to_ana(sms, valid_until=NOW + timedelta(minutes=1))
    send()
    scripted.answer = lambda _: Receipt("x")
    assert sending.resolve(delivery.pk, resend=resend, now=LATER)
    assert not sending.resolve(delivery.pk, resend=resend, now=LATER)
    assert send(LATER) == int(resend)
    assert reread(delivery).status == status


def test_what_was_cancelled_after_it_was_claimed_does_not_go(scripted: Scripted, sms: Channel) -> None:  # noqa: F811
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


def test_what_another_worker_has_taken_over_is_left_to_it(scripted: Scripted, sms: Channel) -> None:  # noqa: F811
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
