"""What comes at the same moment as something else: each race of a cascade, with real threads where two connections matter.

Tried elsewhere: a fact and a withdrawal before the last look, and two workers with one message (channels/test_sending_waves.py); a report
quicker than the provider's answer (channels/test_receipts.py); a provider that times out (channels/test_sending_answers.py); consent
withdrawn in quiet hours (channels/test_sending.py). Two contacts are never made into one here, so none is in flight.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction

from cascades import runner
from cascades.models import Cascade, Enrollment, Outcome, SegmentStay, StepRun
from channels import receipts, sending
from channels.models import Delivery
from channels.transport import Fact, Inbound
from contacts import bookings, events
from contacts.bookings import Slot
from contacts.models import Contact, Group, Membership, Segment
from tests.cascades.story import Story, ana, last, messages, outcome
from tests.channels.test_sending_waves import in_parallel
from tests.factories import NOW, email_then_sms, make_business, make_cascade, make_channel, make_contact, make_message

together = pytest.mark.django_db(transaction=True)


def on_postgres() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer: the two cannot overlap")


def while_uncommitted(first: Callable[[], object], then: Callable[[], object]) -> None:
    """`then` begins while what `first` wrote is not committed yet, and has to do with what it finds."""
    written, go_on = threading.Event(), threading.Event()

    def slowly() -> None:
        with transaction.atomic():
            first()
            written.set()
            go_on.wait(20)

    def meanwhile() -> None:
        written.wait(20)
        threading.Timer(0.3, go_on.set).start()
        then()

    assert in_parallel(slowly, meanwhile) == []


def sms_cascade(**fields: Any) -> Cascade:
    text = make_message(texts={("sms", "en"): "Hello"}, purpose="transactional")
    return make_cascade("Hello", [{"channel": make_channel("sms"), "message": text, "seen": "nothing"}], **fields)


def planned(people: list[Contact], **fields: Any) -> Story:
    """A cascade in which a message for each of them waits in the outbox."""
    make_business()
    story, cascade = Story(), sms_cascade(**fields)
    runner.start(uuid4(), cascade, {"contacts": [one.pk for one in people]}, user=None, now=NOW)
    runner.enroll_due(NOW)
    return story


@together
def test_an_order_that_is_being_taken_when_the_wave_looks_for_the_last_time_stops_the_sending() -> None:
    on_postgres()
    person = make_contact("Ana", phone="+34600111222")
    planned([person], goal=["order"])
    runner.advance(NOW)

    def order() -> None:
        """As the shop's call does: the person's row is held while what they bought is written."""
        Contact.objects.select_for_update().get(pk=person.pk)
        events.record(person.pk, "order", at=NOW, now=NOW)

    while_uncommitted(order, lambda: sending.send_due(clock=lambda: NOW))
    assert outcome(person) == (Outcome.REACHED, "goal_order")
    assert messages(person) == [("sms", "cancelled")]


@together
def test_two_workers_who_decide_at_once_give_nobody_a_step_twice() -> None:
    people = [make_contact(f"P{n}", phone=f"+346000000{n:02}") for n in range(40)]
    planned(people)
    assert in_parallel(*[lambda: runner.advance(NOW, limit=7)] * 4) == []
    runner.advance(NOW)
    assert StepRun.objects.count() == Delivery.objects.count() == 40
    assert set(Delivery.objects.values_list("contact_id", flat=True)) == {one.pk for one in people}


@together
def test_two_workers_who_ask_the_ways_in_at_once_take_everyone_in_once() -> None:
    make_business()
    people = [make_contact(f"P{n}", phone=f"+346000000{n:02}") for n in range(30)]
    group = Group.objects.create(name="Regulars")
    rules = {"all": [{"kind": "groups", "op": "any", "groups": [group.pk]}]}
    segment = Segment.objects.create(name="Regulars", rules=rules)
    text, sms = make_message(texts={("sms", "en"): "Hello"}, purpose="transactional"), make_channel("sms")
    ways: list[dict[str, Any]] = [
        {"trigger": "segment", "trigger_params": {"segment": segment.pk}},
        {"trigger": "segment", "trigger_params": {"segment": segment.pk}},
        {"trigger": "event", "trigger_params": {"event": "order"}, "reentry": "never"},
    ]
    for way_in in ways:
        cascade = make_cascade("Hello", [{"channel": sms, "message": text, "seen": "nothing"}], **way_in)
        runner.switch_on(cascade, user=None, now=NOW)
    runner.listen(NOW)
    Membership.objects.bulk_create(Membership(contact=one, group=group) for one in people)
    for one in people:
        events.record(one.pk, "order", at=NOW + timedelta(minutes=1), now=NOW + timedelta(minutes=1))
    later = NOW + timedelta(hours=1)
    assert in_parallel(*[lambda: runner.listen(later)] * 4) == []
    runner.listen(later + timedelta(minutes=1))
    assert SegmentStay.objects.count() == 30
    assert Enrollment.objects.count() == 90


@together
def test_a_booking_that_is_being_moved_when_its_reminder_is_looked_at_for_the_last_time_is_not_reminded_of() -> None:
    on_postgres()
    make_business()
    person = make_contact("Ana", phone="+34600111222")
    cascade = sms_cascade(trigger="booking", trigger_params={"by": 86_400})
    runner.switch_on(cascade, user=None, now=NOW)
    booking = bookings.book(person.pk, Slot(title="Cut", starts_at=NOW + timedelta(days=1, hours=1)), now=NOW).booking
    due = NOW + timedelta(hours=1)
    runner.listen(due)
    runner.advance(due)

    def move() -> None:
        Contact.objects.select_for_update().get(pk=person.pk)
        bookings.move(booking.pk, Slot(title="Cut", starts_at=NOW + timedelta(days=9)), now=due)

    while_uncommitted(move, lambda: sending.send_due(clock=lambda: due))
    assert outcome(person) == ("moved", "booking_moved")
    assert messages(person) == [("sms", "cancelled")]


@pytest.mark.django_db
def test_an_opening_that_comes_after_the_next_step_went_rewrites_nothing_and_ends_it_with_the_credit_to_the_first() -> (
    None
):
    make_business()
    story, contact = Story(), ana()
    story.start(email_then_sms())
    email = last(contact)
    story.later(hours=4)
    assert messages(contact) == [("email", "sent"), ("sms", "sent")]
    story.own(email, Fact.OPENED)
    story.tick()
    assert messages(contact) == [("email", "sent"), ("sms", "sent")]
    assert outcome(contact) == (Outcome.REACHED, "seen_opened")
    opened = Delivery.objects.filter(opened_at__isnull=False)
    assert [one.pk for one in opened] == [email.pk]
    assert list(StepRun.objects.order_by("id").values_list("decision", flat=True)) == ["send", "send"]


@together
def test_a_webhook_that_a_provider_tells_twice_at_once_is_one_fact() -> None:
    make_business()
    story, contact = Story(), ana()
    story.start(email_then_sms())
    email = last(contact)
    told = [Inbound(Fact.DELIVERED, "evt-1", key=email.token, at=story.now)]
    assert in_parallel(*[lambda: receipts.apply(email.channel, told, now=story.now)] * 4) == []
    email.refresh_from_db()
    assert email.status == "delivered"
    assert email.events.filter(fact=Fact.DELIVERED).count() == 1


@pytest.mark.django_db
@pytest.mark.parametrize("skew", [timedelta(hours=-26), timedelta(0), timedelta(hours=26)])
def test_a_providers_clock_may_be_wrong_by_a_day_and_the_answer_counts_all_the_same(skew: timedelta) -> None:
    make_business()
    story, contact = Story(), ana()
    story.start(email_then_sms())
    email = last(contact)
    receipts.apply(
        email.channel, [Inbound(Fact.REPLIED, "evt-1", key=email.token, at=story.now + skew, text="Yes")], now=story.now
    )
    story.tick()
    assert outcome(contact) == (Outcome.REACHED, "seen_replied")
    story.later(hours=4)
    assert messages(contact) == [("email", "sent")]
