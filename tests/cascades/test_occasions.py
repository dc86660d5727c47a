"""What is about a date: reminders before it, what moves and is cancelled, quiet hours, and carts that went quiet."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest

from cascades import runner
from cascades.models import Cascade, Enrollment
from channels.models import Delivery, SandboxMessage
from contacts import bookings
from contacts.bookings import Slot
from contacts.models import Booking, Contact
from tests.cascades.story import Story
from tests.factories import NOW, make_business, make_cascade, make_channel, make_contact, make_message

pytestmark = pytest.mark.django_db
DAY = 86_400


class Salon(Story):
    """A story in which cascades listen."""

    def tick(self) -> None:
        runner.listen(self.now)
        super().tick()

    def until(self, when: datetime) -> None:
        """From one moment at which something is due to the next."""
        self.tick()
        while self.now < when:
            self.now = min([when, *(at for at in self.due() if at and at > self.now)])
            self.tick()

    @staticmethod
    def due() -> list[datetime | None]:
        waiting = Enrollment.objects.filter(outcome="").values_list("next_due_at", flat=True)
        return [*waiting, *Delivery.objects.filter(status="queued").values_list("not_before", flat=True)]


CLOCK = "Cut {{ booking.starts_at | date: '%H:%M' }}"


def reminder(story: Salon, *steps: dict[str, Any], nights: bool = False, body: str = CLOCK, **params: Any) -> Cascade:
    make_business(**({"quiet_from": time(21), "quiet_until": time(8)} if nights else {}))
    text = make_message(texts={("sms", "en"): body}, purpose="transactional")
    sms = make_channel("sms")
    plain = [{"channel": sms, "message": text, "seen": "nothing", **step} for step in (steps or ({},))]
    cascade = make_cascade(
        "Reminder", plain, trigger=params.pop("trigger", "booking"), trigger_params=params, goal=params.pop("goal", [])
    )
    runner.switch_on(cascade, user=None, now=story.now)
    return cascade


def book(person: Contact, story: Salon, starts_at: datetime) -> Booking:
    return bookings.book(person.pk, Slot(title="Cut", starts_at=starts_at), now=story.now).booking


def times() -> list[datetime]:
    """When what was sent was sent."""
    found = (
        Delivery.objects.filter(status="sent", sent_at__isnull=False).order_by("id").values_list("sent_at", flat=True)
    )
    return [at for at in found if at is not None]


def ana() -> Contact:
    return make_contact("Ana", phone="+34600111222")


def test_steps_leave_so_long_before_and_after_the_start() -> None:
    story = Salon()
    reminder(
        story, {}, {"wait": timedelta(hours=2), "wait_from": "before"}, {"wait": timedelta(minutes=5), "wait_from": "after"}, by=DAY,
    )  # fmt: skip
    start = NOW + timedelta(days=3)
    book(ana(), story, start)
    story.until(start + timedelta(hours=1))
    assert times() == [start - timedelta(days=1), start - timedelta(hours=2), start + timedelta(minutes=5)]


def test_a_reminder_that_falls_into_quiet_hours_leaves_before_them_and_never_after_the_start() -> None:
    story = Salon()
    reminder(story, nights=True, by=3 * 3600)
    early, late = datetime(2026, 11, 24, 8, 30, tzinfo=UTC), datetime(2026, 11, 24, 15, tzinfo=UTC)
    book(ana(), story, early)  # its reminder would be due at 06:30 in Madrid
    book(make_contact("Eva", phone="+34600111333"), story, late)
    story.until(late + timedelta(hours=1))
    evening = datetime(2026, 11, 23, 19, 45, tzinfo=UTC)  # quiet from 21:00 in Madrid, less a quarter of an hour
    assert times() == [evening, late - timedelta(hours=3)]


def test_booked_in_the_quiet_hours_the_reminder_waits_for_their_end_but_not_beyond_the_start() -> None:
    story = Salon(datetime(2026, 11, 22, 22, tzinfo=UTC))
    reminder(story, nights=True, by=8 * 3600)
    book(ana(), story, datetime(2026, 11, 23, 9, tzinfo=UTC))
    book(make_contact("Eva", phone="+34600111333"), story, datetime(2026, 11, 23, 6, 30, tzinfo=UTC))
    story.until(datetime(2026, 11, 23, 12, tzinfo=UTC))
    assert times() == [datetime(2026, 11, 23, 7, tzinfo=UTC)]
    assert Enrollment.objects.get(contact__first_name="Eva").outcome != "reached"


def test_a_moved_booking_is_reminded_of_at_its_new_time_only() -> None:
    story = Salon()
    reminder(story, by=DAY)
    person, start = ana(), NOW + timedelta(days=3)
    booking = book(person, story, start)
    story.tick()
    story.later(hours=1)
    bookings.move(booking.pk, Slot(title="Cut", starts_at=start + timedelta(days=2)), now=story.now)
    story.tick()
    story.until(start + timedelta(days=3))
    assert times() == [start + timedelta(days=1)]
    assert Enrollment.objects.order_by("id").values_list("outcome", "reason").first() == ("moved", "booking_moved")


def test_moved_after_the_reminder_has_left_the_new_time_is_reminded_of_too_unless_it_is_too_near() -> None:
    story = Salon()
    reminder(story, {}, {"wait": timedelta(hours=2), "wait_from": "before"}, by=DAY)
    person, start = ana(), NOW + timedelta(days=2)
    booking = book(person, story, start)
    story.until(NOW + timedelta(days=1, hours=1))
    assert times() == [start - timedelta(days=1)]
    near = start + timedelta(minutes=30)
    bookings.move(booking.pk, Slot(title="Cut", starts_at=near), now=story.now)
    story.until(near)
    assert times() == [start - timedelta(days=1), near - timedelta(hours=2)]


@pytest.mark.parametrize("what", ["booking_cancelled", "booking_moved"])
def test_whoever_is_in_because_a_booking_was_cancelled_or_moved_is_not_ended_by_that(what: str) -> None:
    story = Salon()
    reminder(story, body="Cut", trigger="event", event=what)
    booking = book(ana(), story, NOW + timedelta(days=2))
    story.until(NOW + timedelta(hours=1))
    if what == "booking_moved":
        bookings.move(booking.pk, Slot(title="Cut", starts_at=NOW + timedelta(days=9)), now=story.now)
    else:
        bookings.cancel(booking.pk, now=story.now)
    story.until(NOW + timedelta(hours=2))
    assert times() == [NOW + timedelta(hours=1)]


def test_a_message_that_waits_for_a_booking_that_was_moved_or_cancelled_does_not_leave() -> None:
    story = Salon()
    reminder(story, by=DAY)
    people = [ana(), make_contact("Eva", phone="+34600111333")]
    first, second = (book(person, story, NOW + timedelta(days=2)) for person in people)
    story.now += timedelta(days=1)
    runner.listen(story.now)
    runner.advance(story.now)
    assert Delivery.objects.filter(status="queued").count() == 2
    bookings.cancel(first.pk, now=story.now)
    bookings.move(second.pk, Slot(title="Cut", starts_at=NOW + timedelta(days=9)), now=story.now)
    story.tick()
    assert times() == []
    ended = Enrollment.objects.exclude(outcome="").order_by("contact_id").values_list("reason", flat=True)
    assert list(ended) == ["booking_cancelled", "booking_moved"]


def test_only_what_becomes_of_this_very_booking_ends_its_reminders() -> None:
    story = Salon()
    reminder(story, by=DAY, goal=["booking_confirmed"])
    person, start = ana(), NOW + timedelta(days=3)
    one, other = book(person, story, start), book(person, story, start + timedelta(hours=3))
    story.tick()
    story.later(hours=1)
    bookings.confirm(one.pk, now=story.now)
    story.until(start)
    assert times() == [other.starts_at - timedelta(days=1)]


def test_who_books_too_late_for_every_step_gets_none_and_it_says_so() -> None:
    story = Salon()
    reminder(story, by=DAY)
    book(ana(), story, NOW + timedelta(hours=3))
    story.tick()
    assert times() == []
    assert Enrollment.objects.get().reason == "came_too_late"


def test_asked_about_how_it_was_only_those_who_came() -> None:
    story = Salon()
    reminder(story, when="after", by=3600, status="attended")
    booked = [
        book(person, story, NOW + timedelta(hours=1)) for person in (ana(), make_contact("Eva", phone="+34600111333"))
    ]
    story.later(hours=1)
    bookings.attend(booked[0].pk, now=story.now)
    story.later(days=1)
    bookings.miss(booked[1].pk, now=story.now)
    story.later(minutes=5)
    assert Enrollment.objects.values_list("contact__first_name", flat=True).get() == "Ana"


def test_a_cart_that_went_quiet_is_an_occasion_and_a_message_can_loop_over_what_is_in_it() -> None:
    story = Salon()
    body = "{% for item in cart.items %}{{ item.name }} {{ item.price }};{% endfor %}"
    reminder(
        story,
        trigger="event",
        body=body,
        event="cart_changed",
        key="cart",
        quiet=3 * 3600,
        unless=["cart_emptied"],
        goal=["order"],
    )
    person, eva, zoe = ana(), make_contact("Eva", phone="+34600111333"), make_contact("Zoe", phone="+34600111444")
    items = [{"name": "Shampoo", "price": 9}, {"name": "Comb", "price": 4}]
    for one in (person, eva, zoe):
        story.happens(one, "cart_changed", data={"cart": f"c{one.pk}", "items": items[:1]})
    story.later(hours=2)
    story.happens(person, "cart_changed", data={"cart": f"c{person.pk}", "items": items})
    story.happens(person, "cart_changed", data={"cart": "another", "items": items[1:]})
    story.happens(eva, "cart_emptied", data={"cart": f"c{eva.pk}"})
    story.happens(zoe, "order")
    story.later(hours=2)
    assert list(Delivery.objects.values_list("contact__first_name", "run__enrollment__occasion", "reason")) == []
    story.later(hours=1)
    texts = sorted(SandboxMessage.objects.values_list("text", flat=True))
    assert texts == ["Comb 4;", "Shampoo 9;Comb 4;"]


def test_in_again_never_or_only_after_some_time() -> None:
    story = Salon()
    cascade = reminder(story, trigger="event", body="Hello", event="order")
    for changes, expected in (
        ({"reentry": "never"}, 1),
        ({"reentry": "after", "reentry_after": timedelta(days=30)}, 3),
        ({}, 5),
    ):
        Enrollment.objects.all().delete()
        Cascade.objects.filter(pk=cascade.pk).update(**{"reentry": "occasion", **changes})
        cascade.refresh_from_db()
        runner.switch_on(cascade, user=None, now=story.now)
        person = make_contact("Eva", phone="+34600111333")
        for days in (0, 0, 2, 28, 30):  # from the first one on: 0, 0, 2, 30, 60
            story.later(days=days, tick=False)
            story.happens(person, "order")
            runner.listen(story.now)
        assert Enrollment.objects.filter(contact=person).count() == expected, changes


def test_what_only_speaks_of_a_booking_is_over_when_that_is_moved_and_says_so() -> None:
    story = Salon()
    reminder(story, {"wait": timedelta(hours=5)}, body="Cut", trigger="event", event="booking_booked")
    story.later(minutes=1)
    booking = book(ana(), story, NOW + timedelta(days=2))
    story.until(NOW + timedelta(hours=1))
    bookings.move(booking.pk, Slot(title="Cut", starts_at=NOW + timedelta(days=9)), now=story.now)
    story.until(NOW + timedelta(days=3))
    assert times() == []
    assert list(Enrollment.objects.values_list("outcome", "reason")) == [("stopped", "booking_has_moved")]
