"""Before and after a date that an event told: a later telling moves or cancels it, and quiet hours never bring a reminder after it."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cascades import runner
from cascades.models import Enrollment
from cascades.parameters import BadParameters
from cascades.reports import numbers
from cascades.trigger import trigger
from channels.models import Delivery
from contacts.models import Contact
from tests.cascades.test_occasions import Salon, ana, reminder, times
from tests.factories import NOW, make_contact

pytestmark = pytest.mark.django_db
DAY = 86_400
ORDER: dict[str, Any] = {
    "trigger": "event_date",
    "event": "order",
    "field": "pickup_on",
    "key": "order",
    "body": "Ready",
}


def tell(story: Salon, person: Contact, on: object, order: str = "7") -> None:
    story.happens(person, "order", data={"order": order, "pickup_on": on})


def outcomes() -> list[tuple[str, str]]:
    return list(Enrollment.objects.order_by("id").values_list("outcome", "reason"))


def test_a_day_without_an_hour_counts_from_the_hour_that_staff_chose_on_the_persons_clock() -> None:
    story = Salon()
    reminder(story, **ORDER, by=DAY, at="09:00")
    tell(story, ana(), "2026-11-25")
    tell(story, make_contact("Joe", phone="+12125550123", time_zone="America/New_York"), "2026-11-25", "8")
    story.until(datetime(2026, 11, 27, tzinfo=UTC))
    assert times() == [datetime(2026, 11, 24, 8, tzinfo=UTC), datetime(2026, 11, 24, 14, tzinfo=UTC)]


def test_an_instant_is_kept_and_a_time_without_its_zone_is_the_businesss() -> None:
    story = Salon()
    reminder(story, **ORDER, by=7200, when="after")
    tell(story, ana(), "2026-11-24T15:00:00-05:00")
    tell(story, make_contact("Joe", phone="+12125550123", time_zone="America/New_York"), "2026-11-25T09:00", "8")
    due = [datetime(2026, 11, 24, 22, tzinfo=UTC), datetime(2026, 11, 25, 10, tzinfo=UTC)]
    for at in due:
        story.until(at - timedelta(minutes=1))
        story.until(at)
    assert times() == due


def test_the_times_move_with_a_later_telling_and_the_numbers_count_the_person_once() -> None:
    story = Salon()
    cascade = reminder(story, **ORDER, by=DAY)
    person = ana()
    tell(story, person, "2026-11-25T12:00:00+00:00")
    story.tick()
    tell(story, person, "2026-11-27T12:00:00+00:00")
    story.tick()
    tell(story, person, "2026-11-27T12:00:00+00:00")  # told again, nothing new
    story.until(datetime(2026, 12, 3, tzinfo=UTC))
    assert times() == [datetime(2026, 11, 26, 12, tzinfo=UTC)]
    assert outcomes() == [("moved", "date_moved"), ("exhausted", "no_reaction")]
    assert numbers(cascade).people == 1


def test_moved_back_to_the_first_date_it_holds_again_also_once_in_a_lifetime() -> None:
    story = Salon()
    cascade = reminder(story, **ORDER, by=DAY)
    type(cascade).objects.filter(pk=cascade.pk).update(reentry="never")
    cascade.refresh_from_db()
    runner.switch_on(cascade, user=None, now=story.now)
    person = ana()
    for day in (25, 26, 25):
        tell(story, person, f"2026-11-{day}T12:00:00+00:00")
        story.tick()
    story.until(datetime(2026, 11, 27, tzinfo=UTC))
    assert times() == [datetime(2026, 11, 24, 12, tzinfo=UTC)]


@pytest.mark.parametrize("how", ["order_cancelled", "order"])
def test_cancelled_or_told_without_a_date_nothing_leaves_even_what_was_queued(how: str) -> None:
    story = Salon()
    reminder(story, **ORDER, by=DAY, cancels=["order_cancelled"])
    person = ana()
    tell(story, person, "2026-11-25T12:00:00+00:00")
    story.now = datetime(2026, 11, 24, 12, tzinfo=UTC)
    runner.listen(story.now)
    runner.advance(story.now)
    assert Delivery.objects.get().status == "queued"
    story.happens(person, how, data={"order": "7"})
    story.until(datetime(2026, 11, 27, tzinfo=UTC))
    assert times() == []
    assert outcomes() == [("stopped", "date_cancelled")]


def test_another_order_and_another_persons_change_nothing() -> None:
    story = Salon()
    reminder(story, **ORDER, by=DAY, cancels=["order_cancelled"])
    person, eva = ana(), make_contact("Eva", phone="+34600111333")
    tell(story, person, "2026-11-25T12:00:00+00:00")
    story.tick()
    story.happens(person, "order_cancelled", data={"order": "8"})
    story.happens(eva, "order_cancelled", data={"order": "7"})
    tell(story, person, "2026-11-26T12:00:00+00:00", "9")
    story.until(datetime(2026, 11, 27, tzinfo=UTC))
    assert times() == [datetime(2026, 11, 24, 12, tzinfo=UTC), datetime(2026, 11, 25, 12, tzinfo=UTC)]


def test_one_that_falls_into_quiet_hours_leaves_before_them_and_never_after_the_date() -> None:
    story = Salon()
    reminder(story, **ORDER, nights=True, by=3 * 3600)
    tell(story, ana(), "2026-11-24T08:30:00+00:00")
    story.until(datetime(2026, 11, 25, tzinfo=UTC))
    assert times() == [datetime(2026, 11, 23, 19, 45, tzinfo=UTC)]


def test_what_was_told_before_it_was_switched_on_counts_if_its_time_is_still_to_come_and_still_holds() -> None:
    story = Salon()
    person, eva, zoe = ana(), make_contact("Eva", phone="+34600111333"), make_contact("Zoe", phone="+34600111444")
    tell(story, person, "2026-11-25T12:00:00+00:00")
    tell(story, eva, "2026-11-25T12:00:00+00:00", "8")
    story.happens(eva, "order_cancelled", data={"order": "8"})
    tell(story, zoe, "2026-11-23T08:00:00+00:00", "9")  # its reminder's time has passed
    story.now += timedelta(minutes=10)
    reminder(story, **ORDER, by=DAY, cancels=["order_cancelled"])
    story.until(datetime(2026, 11, 27, tzinfo=UTC))
    assert Enrollment.objects.values_list("contact__first_name", flat=True).get() == "Ana"


@pytest.mark.parametrize(
    "nonsense", ["soon", "2026-02-30", "", None, 20261201, ["2026-12-01"], "9999-12-31T23:59:59-12:00"]
)
def test_what_is_no_date_takes_nobody_in_and_breaks_nothing(nonsense: object) -> None:
    story = Salon()
    reminder(story, **ORDER, by=DAY)
    person = ana()
    tell(story, person, nonsense)
    tell(story, person, "2026-11-25T12:00:00+00:00", "8")
    story.until(NOW + timedelta(days=3))
    assert len(times()) == 1


def test_to_cancel_there_must_be_a_detail_that_says_what() -> None:
    with pytest.raises(BadParameters) as refused:
        trigger("event_date").clean({"event": "order", "field": "pickup_on", "cancels": ["order_cancelled"]})
    assert list(refused.value.problems) == ["key"]
