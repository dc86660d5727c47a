"""What becomes of a booking ends the cascade that has it as its goal."""

from __future__ import annotations

from datetime import timedelta

import pytest

from cascades.models import Enrollment
from cascades.reasons import SENTENCES
from channels.models import Delivery
from contacts import bookings, events
from contacts.bookings import Slot
from contacts.models.event import OF_BOOKINGS
from tests.cascades.story import Story
from tests.factories import make_business, make_cascade, make_channel, make_contact, make_message

pytestmark = pytest.mark.django_db


def test_who_confirms_or_cancels_gets_no_further_reminder() -> None:
    make_business()
    message = make_message(texts={("sms", "en"): "Your haircut {{ contact.first_name }}"}, purpose="transactional")
    sms = make_channel("sms")
    steps = [
        {"channel": sms, "message": message, "seen": "nothing"},
        {"channel": sms, "message": message, "seen": "nothing", "wait": timedelta(hours=20)},
    ]
    cascade = make_cascade("Reminder", steps, goal=["booking_confirmed", "booking_cancelled"])
    people = [make_contact(name, phone=f"+3460000000{n}") for n, name in enumerate(("Ana", "Eva", "Zoe"))]
    story = Story()
    slot = Slot(title="Haircut", starts_at=story.now + timedelta(days=1))
    ana, eva, _zoe = (bookings.book(person.pk, slot, now=story.now).booking for person in people)
    story.start(cascade)
    story.later(hours=1)
    bookings.confirm(ana.pk, now=story.now)
    bookings.cancel(eva.pk, now=story.now)
    story.later(hours=21)
    ended = [Enrollment.objects.get(contact=person).reason for person in people[:2]]
    assert ended == ["goal_booking_confirmed", "goal_booking_cancelled"]
    assert [Delivery.objects.filter(contact=person, status="sent").count() for person in people] == [1, 1, 2]


def test_every_change_of_a_booking_can_be_a_goal_and_has_its_sentence() -> None:
    assert set(OF_BOOKINGS) <= set(events.GOALS)
    assert {f"goal_{name}" for name in events.GOALS} <= set(SENTENCES)


def test_what_ends_it_without_being_the_goal_counts_for_nothing_and_says_what_happened() -> None:
    make_business()
    message = make_message(texts={("sms", "en"): "Your parcel is on its way"}, purpose="transactional")
    sms = make_channel("sms")
    steps = [
        {"channel": sms, "message": message, "seen": "nothing"},
        {"channel": sms, "message": message, "seen": "nothing", "wait": timedelta(hours=20)},
    ]
    cascade = make_cascade("Parcel", steps, goal=["order_delivered"], exits=["order_cancelled"])
    people = [make_contact(name, phone=f"+3460000000{n}") for n, name in enumerate(("Ana", "Eva", "Zoe"))]
    story = Story()
    story.start(cascade)
    story.later(hours=1)
    for person, what in zip(people, ("order_delivered", "order_cancelled"), strict=False):
        events.record(person.pk, what, at=story.now, now=story.now)
    story.later(hours=21)
    told = [(row.outcome, row.reason) for row in Enrollment.objects.order_by("contact_id")]
    assert told == [
        ("reached", "goal_order_delivered"),
        ("stopped", "goal_order_cancelled"),
        ("", "awaits_reactions"),
    ]
    assert [Delivery.objects.filter(contact=person, status="sent").count() for person in people] == [1, 1, 2]


def test_what_is_chosen_as_goal_and_as_mere_end_is_the_goal() -> None:
    make_business()
    sms = make_channel("sms")
    message = make_message(texts={("sms", "en"): "Come"}, purpose="transactional")
    cascade = make_cascade("Both", [{"channel": sms, "message": message}], goal=["order"], exits=["order"])
    person = make_contact("Ana", phone="+34600000001")
    story = Story()
    story.start(cascade)
    events.record(person.pk, "order", at=story.now, now=story.now)
    story.later(hours=1)
    assert Enrollment.objects.get().outcome == "reached"
