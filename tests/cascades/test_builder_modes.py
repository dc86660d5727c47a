"""The builder's choices on what ends a cascade: modes, steps that are only for some, a goal with conditions, groups at the end."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from cascades.models import Cascade, GoalAbout, Mode, Step, Who
from contacts.models import Segment
from tests import factories
from tests.cascades.test_builder import ADD, change, form, step
from tests.contacts.staff import sign_in

pytestmark = pytest.mark.django_db
FIRST, SECOND = "0a1b2c3d4e5f", "ffeeddccbbaa"


@pytest.fixture(autouse=True)
def shop(db: None) -> None:
    factories.make_business()


def two(**second: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    mail, sms, message = factories.make_channel("email"), factories.make_channel("sms"), factories.make_message()
    return step(mail, message, seen="opened", wait_0=0, mark=FIRST), step(sms, message, mark=SECOND, **second)


def only(*rows: tuple[str, str, str, str]) -> dict[str, Any]:
    parts = zip(*rows, strict=True)
    return {
        f"only_if-{part}": list(values) for part, values in zip(("is", "step", "segment", "answer"), parts, strict=True)
    }


def test_a_marketer_chooses_the_mode_the_preferred_channel_and_the_goal_in_detail() -> None:
    group = factories.make_group("Bought")
    more: dict[str, Any] = {
        "mode": "delivered", "preferred_first": "on", "goal_where": "total >= 50\nitem_category = shoes", "goal_about": "same",
        "goal_key": "cart", "at_end-goal-group": group.pk, "at_end-unreachable-from_group": group.pk,
    }  # fmt: skip
    answer = sign_in("Marketer").post(ADD, form(*two(), **more), follow=True)
    found = Cascade.objects.get()
    assert (found.mode, found.preferred_first, found.goal_about, found.goal_key) == (
        Mode.DELIVERED,
        True,
        GoalAbout.SAME,
        "cart",
    )
    assert found.goal_where == [
        {"field": "total", "is": "least", "value": 50},
        {"field": "item_category", "is": "is", "value": "shoes"},
    ]
    assert found.at_end == [
        {"outcome": "goal", "group": group.pk, "from_group": None},
        {"outcome": "unreachable", "group": None, "from_group": group.pk},
    ]
    page = answer.content.decode()
    assert "step by step until one message is delivered" in page
    assert "At the end, whoever reached the goal: into “Bought”" in page


@pytest.mark.parametrize(
    ("fields", "sentence"),
    [
        ({"goal_where": "dear"}, "“dear” cannot be understood."),
        ({"goal_about": "same"}, "Say which detail names it"),
        ({"goal_about": "same", "goal_key": "the cart"}, "is no name"),
    ],
)
def test_a_goal_that_cannot_be_is_refused_with_a_sentence(
    admin_client: Client, fields: dict[str, Any], sentence: str
) -> None:
    assert sentence in admin_client.post(ADD, form(*two(), **fields)).content.decode()


def test_a_group_cannot_be_entered_and_left_at_once(admin_client: Client) -> None:
    group = factories.make_group("Bought")
    both = {"at_end-goal-group": group.pk, "at_end-goal-from_group": group.pk}
    assert "come into a group and leave it" in admin_client.post(ADD, form(*two(), **both)).content.decode()


def test_a_new_step_asks_at_once_what_became_of_another_new_one(admin_client: Client) -> None:
    segment = Segment.objects.create(name="Vigo", rules={"all": []})
    rows = only(("opened_not_clicked", FIRST, "", "x"), ("not_in", "", str(segment.pk), ""))
    answer = admin_client.post(ADD, form(*two(**rows)), follow=True)
    first, second = Step.objects.order_by("position")
    assert (first.key, second.key) == (FIRST, SECOND)
    assert second.only_if == [{"is": "opened_not_clicked", "step": FIRST}, {"is": "not_in", "segment": segment.pk}]
    page = answer.content.decode()
    assert "Only those who opened “Offer” and did not click" in page
    assert "Only those who are not in the segment “Vigo”" in page


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (("opened", SECOND, "", ""), "A step can only ask what became of a step before it."),
        (("opened", "123456789012", "", ""), "A step can only ask what became of a step before it."),
        (("opened", "", "", ""), "Choose the step that is meant."),
        (("in", FIRST, "99", ""), "Choose the segment."),
        (("danced", FIRST, "", ""), "Choose what must hold."),
    ],
)
def test_a_condition_that_cannot_be_judged_is_refused(admin_client: Client, row: Any, sentence: str) -> None:
    assert sentence in admin_client.post(ADD, form(*two(**only(row)))).content.decode()
    assert not Cascade.objects.exists()


def test_whether_a_channel_can_tell_it_is_judged_too(admin_client: Client) -> None:
    sms, message = factories.make_channel("sms"), factories.make_message()
    asks = step(sms, message, mark=SECOND, **only(("not_opened", FIRST, "", "")))
    page = admin_client.post(ADD, form(step(sms, message, mark=FIRST), asks)).content.decode()
    assert "“sms sandbox” cannot tell whether a message was opened." in page


def test_a_key_that_another_step_has_is_not_taken(admin_client: Client) -> None:
    first, second = two()
    admin_client.post(ADD, form(first, {**second, "mark": FIRST}))
    assert len(set(Step.objects.values_list("key", flat=True))) == 2


def test_a_steps_key_never_changes_whatever_the_page_sends(admin_client: Client) -> None:
    cascade = factories.email_then_sms()
    mail, sms = cascade.steps.order_by("position")
    sent = [step(one.channel, one.message, id=one.pk, cascade=cascade.pk, mark=FIRST, wait_0=7) for one in (mail, sms)]
    assert admin_client.post(change(cascade), form(*sent, initial=2)).status_code == 302
    assert list(cascade.steps.order_by("position").values_list("key", "wait")) == [
        (mail.key, timedelta(hours=7)),
        (sms.key, timedelta(hours=7)),
    ]


def test_in_a_mode_that_says_what_ends_it_the_steps_own_choices_refuse_nothing(admin_client: Client) -> None:
    blind = two(seen="opened", who=Who.NOT_OPENED)
    assert admin_client.post(ADD, form(*blind)).status_code == 200  # an SMS cannot tell that
    assert admin_client.post(ADD, form(*blind, mode="parallel")).status_code == 302


def test_a_copy_asks_about_its_own_steps(admin_client: Client) -> None:
    admin_client.post(ADD, form(*two(**only(("clicked", FIRST, "", ""))), mode="goal"))
    admin_client.post(f"/admin/cascades/cascade/{Cascade.objects.get().pk}/duplicate/")
    copy = Cascade.objects.latest("pk")
    first, second = copy.steps.order_by("position")
    assert copy.mode == Mode.GOAL
    assert second.only_if == [{"is": "clicked", "step": first.key}]
    assert first.key != FIRST
