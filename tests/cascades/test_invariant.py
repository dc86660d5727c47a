"""The check that nobody is lost finds whoever is."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cascades import invariant, runner
from cascades.models import Enrollment, Launch
from contacts import events
from tests.cascades.story import Story
from tests.factories import email_then_sms, make_business, make_contact

pytestmark = pytest.mark.django_db


@pytest.fixture
def story() -> Story:
    make_business()
    for n in range(4):
        make_contact(f"P {n}", email=f"p{n}@example.org")
    story = Story()
    story.start(email_then_sms())
    return story


def test_all_is_well_in_an_ordinary_run_from_start_to_end(story: Story) -> None:
    for _ in range(8):
        report = invariant.check(story.now)
        assert (report.problems, report.starts, report.people) == ((), 1, 4)
        story.later(days=1)


def test_a_person_who_vanished_is_noticed(story: Story) -> None:
    Enrollment.objects.earliest("id").delete()
    (problem,) = invariant.check(story.now).problems
    assert "was meant for 4 people, but 3 are in it" in problem


def test_a_person_who_stays_beyond_the_maximum_is_noticed_unless_staff_hold_the_cascade(story: Story) -> None:
    launch = Launch.objects.get()
    Enrollment.objects.update(max_until=story.now - timedelta(hours=1))
    assert "4 people are still in a cascade" in invariant.check(story.now).problems[0]
    runner.pause(launch.cascade_id, now=story.now)
    assert invariant.check(story.now).is_well
    runner.resume(launch.cascade_id, now=story.now)
    assert invariant.check(story.now).is_well, "whoever was held gets the time again"


def test_facts_that_nobody_notices_and_starts_that_never_begin_are_noticed(story: Story) -> None:
    launch = Launch.objects.get()
    launch.pk, launch.state, launch.audience = None, "planned", None
    launch.id = __import__("uuid").uuid4()
    launch.save(force_insert=True)
    events.record(make_contact("Z").pk, "order", at=story.now, now=story.now)
    problems = invariant.check(story.now + timedelta(hours=1)).problems
    assert any("1 start has not taken its people in" in problem for problem in problems)
    assert any("has not been noticed yet" in problem for problem in problems)


def test_it_costs_the_same_few_statements_whatever_the_size(story: Story) -> None:
    with CaptureQueriesContext(connection) as seen:
        invariant.check(story.now)
    assert len(seen) <= 6
