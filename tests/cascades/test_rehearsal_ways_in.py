"""What brings people into a cascade in a rehearsal: a cart that was left, a booking, their day, a date that was told, a segment."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest

from cascades import rehearsal, runner
from cascades.models import Cascade
from cascades.rehearsal import Play
from cascades.trigger import Entry
from contacts.models import Contact, Segment
from tests.cascades.rehearsed import SOON, key, script_of, three_steps, town
from tests.cascades.story import ana
from tests.factories import NOW, make_business, make_cascade, make_channel, make_contact, make_message

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _house() -> None:
    make_business(quiet_from=time(21), quiet_until=time(8))


def test_a_cart_that_was_left_takes_people_in_when_it_has_been_quiet() -> None:
    cascade = three_steps()
    cascade.trigger = "event"
    cascade.trigger_params = {
        "event": "cart_changed", "key": "cart", "quiet": 10_800, "unless": ["order"],
        "where": [{"field": "total", "is": "least", "value": 80}, {"field": "items[].category", "is": "is", "value": "hair"}],
    }  # fmt: skip
    cascade.save()
    plays = (Play(NOW + SOON, 1, "goal", text="order"),)
    story = rehearsal.play(script_of(cascade, town()[:2], plays=plays))
    assert story.people[0].cells[key(cascade, 0)].at == NOW + timedelta(hours=3)
    assert (story.people[1].cells, story.people[1].state) == ({}, "Has not come in yet.")


def test_a_reminder_goes_before_the_booking_and_moves_and_ends_with_it() -> None:
    cascade = make_cascade(
        "Reminder",
        [{"channel": make_channel("sms"), "message": make_message(), "seen": "nothing"}],
        trigger="booking", trigger_params={"by": 86_400},
    )  # fmt: skip
    day = NOW + timedelta(days=3)
    plays = (
        Play(NOW + SOON, 1, "booking", text="cancel"),
        Play(NOW + SOON, 2, "move", text=(day + timedelta(days=1)).isoformat()),
    )
    people = [make_contact(f"P{n}", phone=f"+3460011144{n}") for n in range(3)]
    story = rehearsal.play(script_of(cascade, people, about=day, plays=plays))
    ahead = timedelta(days=1)
    sent = [[cell.at for cell in one.cells.values() if cell.message] for one in story.people]
    assert sent == [[day - ahead], [], [day]]
    assert story.people[1].reason == "booking_cancelled"


def test_a_birthday_comes_at_the_persons_own_hour_and_only_once_a_year() -> None:
    cascade = make_cascade(
        "Birthday",
        [{"channel": make_channel("email"), "message": make_message(), "seen": "nothing"}],
        trigger="yearly", trigger_params={"at": "10:00"},
    )  # fmt: skip
    people: list[Contact | str] = [ana(), "far_away"]
    story = rehearsal.play(script_of(cascade, people, about=NOW + timedelta(days=2)))
    sent = [next(iter(one.cells.values())).at for one in story.people]
    days = ("2026-11-24T10:00:00+01:00", "2026-11-24T10:00:00+09:00")
    assert sent == [datetime.fromisoformat(day) for day in days]


def test_who_was_in_it_before_does_not_come_in_where_it_is_once_in_a_lifetime() -> None:
    cascade = three_steps()
    Cascade.objects.filter(pk=cascade.pk).update(trigger="event", trigger_params={"event": "visit"}, reentry="never")
    cascade.refresh_from_db()
    one, other = town()[:2]
    version = runner.switch_on(cascade, user=None, now=NOW)
    runner.enroll(version, Entry(Contact.objects.filter(pk=one.pk), "event:visit:1"), now=NOW)
    story = rehearsal.play(script_of(cascade, [one, other], NOW + SOON))
    assert story.people[0].state == "Was in this cascade before, and has not come in again."
    assert story.people[1].outcome == "exhausted"


@pytest.mark.parametrize(("when", "sent"), [("before", -1), ("after", 1)])
def test_a_date_that_was_told_is_chosen_and_its_text_can_name_it(when: str, sent: int) -> None:
    text = make_message(texts={("sms", "en"): "Pick up on {{ event.pickup_on | slice: 0, 10 }}"})
    cascade = make_cascade(
        "Pick up", [{"channel": make_channel("sms"), "message": text, "seen": "nothing"}],
        trigger="event_date", trigger_params={"event": "order", "field": "pickup_on", "by": 86_400, "when": when},
    )  # fmt: skip
    day = NOW + timedelta(days=3)
    story = rehearsal.play(script_of(cascade, ["phone"], about=day))
    cell = next(iter(story.people[0].cells.values()))
    assert cell.at == day + timedelta(days=sent)
    assert cell.message is not None
    assert cell.message.text == "Pick up on 2026-11-25"


def test_into_a_segment_people_come_at_the_chosen_moment() -> None:
    segment = Segment.objects.create(name="All", rules={})
    cascade = three_steps()
    Cascade.objects.filter(pk=cascade.pk).update(trigger="segment", trigger_params={"segment": segment.pk})
    story = rehearsal.play(script_of(cascade, [ana()]))
    assert story.people[0].entered_at == NOW
    assert story.people[0].outcome == "exhausted"


@pytest.mark.parametrize("event", ["booking_moved", "booking_confirmed", "booking_attended", "booking_booked"])
def test_what_becomes_of_a_booking_happens_to_a_real_one_that_the_text_can_name(event: str) -> None:
    text = make_message(texts={("sms", "en"): "About {{ booking.title }}"})
    steps = [{"channel": make_channel("sms"), "message": text, "seen": "nothing"}]
    cascade = make_cascade("Change", steps, trigger="event", trigger_params={"event": event})
    person = rehearsal.play(script_of(cascade, ["phone"])).people[0]
    assert [(cell.outcome, cell.at) for cell in person.cells.values()] == [("sent", NOW)]
