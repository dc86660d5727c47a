"""The engine and the clock: a step's hour and its days, dates, and the deadline of the whole."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from cascades.engine import (
    Base,
    Clock,
    Ending,
    Finish,
    Plan,
    Progress,
    Send,
    Skip,
    StepPlan,
    StepProgress,
    Wait,
    Went,
    decide,
)
from contacts.calendar import quiet

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)  # a Sunday, 13:00 in Madrid
MADRID = Clock((ZoneInfo("Europe/Madrid"),), {"a": (quiet(time(21), time(8)), frozenset())})
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("step", "until"),
    [
        (StepPlan("a", at_time=time(18)), datetime(2026, 11, 22, 17, tzinfo=UTC)),
        (StepPlan("a", at_time=time(9)), datetime(2026, 11, 23, 8, tzinfo=UTC)),
        (StepPlan("a", at_time=time(18), weekdays=frozenset({2, 4})), datetime(2026, 11, 25, 17, tzinfo=UTC)),
        (StepPlan("a", weekdays=frozenset({0})), datetime(2026, 11, 22, 23, tzinfo=UTC)),
    ],
)
def test_a_step_waits_on_for_its_hour_and_its_day_on_the_persons_clock(step: StepPlan, until: datetime) -> None:
    plan, progress = Plan((step,)), Progress(NOW, clock=MADRID)
    assert decide(plan, progress, NOW) == Wait(until, "waits_hour")
    assert isinstance(decide(plan, progress, until), Send)


def test_without_the_clock_it_asks_for_it_by_wanting_to_send() -> None:
    assert isinstance(decide(Plan((StepPlan("a", at_time=time(18)),)), Progress(NOW), NOW), Send)


def test_on_the_right_day_without_an_hour_it_goes_at_once() -> None:
    plan = Plan((StepPlan("a", weekdays=frozenset({6})),))
    assert isinstance(decide(plan, Progress(NOW, clock=MADRID), NOW), Send)


def test_before_a_date_the_clock_is_asked_for_and_quiet_hours_bring_it_forward() -> None:
    anchor = datetime(2026, 11, 23, 8, 30, tzinfo=UTC)
    plan = Plan((StepPlan("a", wait=3 * HOUR, wait_from=Base.BEFORE),))
    unknown = decide(plan, Progress(NOW, anchor_at=anchor), NOW)
    assert unknown == Wait(anchor - 3 * HOUR, "step_time", asks_clock=True)
    early = datetime(2026, 11, 22, 19, 45, tzinfo=UTC)
    assert decide(plan, Progress(NOW, anchor_at=anchor, clock=MADRID), NOW) == Wait(early, "before_quiet_hours")
    assert isinstance(decide(plan, Progress(NOW, anchor_at=anchor, clock=MADRID), early), Send)
    urgent = Plan((StepPlan("a", wait=3 * HOUR, wait_from=Base.BEFORE, urgent=True),))
    assert decide(urgent, Progress(NOW, anchor_at=anchor, clock=MADRID), NOW) == Wait(anchor - 3 * HOUR, "step_time")


@pytest.mark.parametrize(
    ("anchor", "reason"), [(NOW + HOUR, "time_was_past"), (NOW, "date_has_passed"), (NOW - HOUR, "date_has_passed")]
)
def test_a_reminder_whose_time_was_past_or_whose_date_has_come_is_left_out(anchor: datetime, reason: str) -> None:
    plan = Plan((StepPlan("a", wait=3 * HOUR, wait_from=Base.BEFORE),))
    assert decide(plan, Progress(NOW, anchor_at=anchor, clock=MADRID), NOW) == Skip("a", reason)
    left_out = StepProgress("a", Went.SKIPPED, NOW, late=True)
    assert decide(plan, Progress(NOW, (left_out,), anchor_at=anchor), NOW) == Finish(Ending.STOPPED, "came_too_late")


def test_after_a_date_it_is_never_too_late() -> None:
    plan = Plan((StepPlan("a", wait=timedelta(minutes=5), wait_from=Base.AFTER),), offset=-24 * HOUR)
    assert decide(plan, Progress(NOW, anchor_at=NOW), NOW) == Wait(NOW + timedelta(minutes=5), "step_time")
    assert isinstance(decide(plan, Progress(NOW, anchor_at=NOW - 48 * HOUR), NOW), Send)


def test_the_start_of_what_is_about_a_date_lies_as_far_from_it_as_the_way_in_says() -> None:
    plan = Plan((StepPlan("a"),), offset=-24 * HOUR)
    found = decide(plan, Progress(NOW, anchor_at=NOW + 30 * HOUR), NOW)
    assert found == Wait(NOW + 6 * HOUR, "step_time", asks_clock=True)


def test_nothing_is_sent_after_the_deadline_of_the_whole() -> None:
    plan = Plan((StepPlan("a"), StepPlan("b", wait=10 * HOUR)), deadline=4 * HOUR)
    sent = (StepProgress("a", Went.SENT, NOW, sent_at=NOW),)
    assert decide(plan, Progress(NOW, sent), NOW + HOUR) == Wait(NOW + 4 * HOUR, "step_time")
    assert decide(plan, Progress(NOW, sent), NOW + 4 * HOUR) == Finish(Ending.EXHAUSTED, "deadline_over")
