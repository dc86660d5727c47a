"""A cascade whose message waits for a cap or for money: the next step does not overtake, and staff read what waits and why."""

from __future__ import annotations

from decimal import Decimal

import pytest

from cascades import spending
from cascades.admin import checking, health
from cascades.admin.drafts import Draft
from cascades.forecast import forecast
from cascades.models import Cascade, StepRun
from channels.models import Delivery
from contacts.models import Business, Contact
from tests.cascades.story import Story
from tests.factories import email_then_sms, make_business, make_cascade, make_contact, make_message

pytestmark = pytest.mark.django_db


def everybody() -> dict[str, list[int]]:
    return {"contacts": list(Contact.objects.values_list("pk", flat=True))}


def started(budget: Decimal | None = None) -> tuple[Story, Cascade]:
    """Email, and four hours later SMS at 0.05, to two people who react to nothing."""
    cascade, story = email_then_sms(make_message()), Story()
    spending.limit(cascade, budget, now=story.now)
    for n in range(2):
        make_contact(f"P{n}", email=f"p{n}@example.com", phone=f"+3460000000{n}")
    story.start(cascade, unknown_goes_on=True)
    return story, cascade


def states(kind: str) -> list[tuple[str, str]]:
    return sorted(Delivery.objects.filter(kind=kind).values_list("status", "reason"))


def test_the_next_step_waits_for_the_one_that_a_cap_keeps_and_follows_when_its_time_is_over() -> None:
    make_business().caps.create(kind="email", messages=1, period="month")
    story, first = started()
    drafts = first.steps.filter(version=None).select_related("channel").order_by("position")
    steps = [
        {"channel": step.channel, "message": make_message(f"New {step.position}"), "wait": step.wait} for step in drafts
    ]
    second = make_cascade("Second", steps)
    story.start(second, unknown_goes_on=True)
    theirs = StepRun.objects.filter(enrollment__cascade=second)
    assert set(theirs.values_list("delivery__status", "delivery__reason")) == {("queued", "capped_month")}
    for hours in (5, 30, 36):
        story.later(hours=hours)
        assert theirs.count() == 2  # nobody was given the SMS meanwhile
    story.later(hours=2)
    story.tick()  # what expired in the last look is noticed at the next turn
    assert sorted(theirs.values_list("delivery__kind", "delivery__status", "delivery__reason")) == [
        ("email", "expired", "too_late_capped"), ("email", "expired", "too_late_capped"), ("sms", "sent", ""), ("sms", "sent", ""),
    ]  # fmt: skip


def test_the_dear_step_stops_where_the_budget_ends_and_staff_read_it_and_may_raise_it() -> None:
    make_business()
    story, _ = started(Decimal("0.05"))
    story.later(hours=4)
    assert states("sms") == [("queued", "budget"), ("sent", "")]
    assert spending.of(Cascade.objects.get()) == spending.Spending(Decimal("0.05"), Decimal("0.05"), 1, 0)
    told = [line for line in health.lines(story.now) if "budget" in line.sentence]
    assert [(line.fine, line.title) for line in told] == [(False, "1 messages wait")]
    spending.limit(Cascade.objects.get(), Decimal(1), now=story.now)
    story.tick()
    assert states("sms") == [("sent", "")] * 2
    assert spending.of(Cascade.objects.get()).spent == Decimal("0.10")


def test_whom_the_budget_does_not_pay_for_goes_on_when_the_message_is_no_longer_valid() -> None:
    make_business()
    story, _ = started(Decimal(0))
    story.later(hours=4)
    story.later(hours=72)
    assert states("sms") == [("expired", "too_late_budget")] * 2
    assert spending.of(Cascade.objects.get()).too_late == 2


def test_the_launch_page_says_who_waits_and_that_the_money_may_not_be_enough() -> None:
    make_business(cap_messages=1)
    story, cascade = started(Decimal("0.01"))
    found = forecast(cascade, everybody(), unknown_goes_on=True, now=story.now)
    assert (found.capped, found.waiting) == (2, 0)
    said = checking._remarks(cascade, Draft(cascade.pk), found, Business.current(), story.now)
    assert said[0].startswith("2 people have had the most per person already")
    assert said[1].startswith("Of the budget 0.01 EUR are left")
