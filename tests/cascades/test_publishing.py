"""From a draft to a version: what is not ready is said, what is ready is frozen for good."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from cascades.models import Cascade, CascadeVersion, Seen, Step, WaitFrom, Who
from cascades.publishing import NotReady, freeze
from channels.models import Channel, Message, MessageVariant
from contacts.models import Business
from tests.factories import NOW, email_then_sms, make_business, make_cascade, make_channel, make_message

pytestmark = pytest.mark.django_db


@pytest.fixture
def cascade() -> Cascade:
    make_business()
    return email_then_sms()


def frozen(cascade: Cascade) -> CascadeVersion:
    return freeze(cascade, user=None, now=NOW)


def said(cascade: Cascade) -> str:
    with pytest.raises(NotReady) as raised:
        frozen(cascade)
    return " ".join(raised.value.problems)


def change(position: int, **fields: Any) -> None:
    Step.objects.filter(position=position, version=None).update(**fields)


def test_a_version_holds_the_steps_with_the_same_keys_and_frozen_texts(cascade: Cascade) -> None:
    version = frozen(cascade)
    draft = list(cascade.steps.filter(version=None).order_by("position"))
    copies = list(version.steps.order_by("position"))
    assert [step.key for step in copies] == [step.key for step in draft]
    assert all(step.message_version_id for step in copies)
    assert copies[1].wait == timedelta(hours=4)
    cascade.refresh_from_db()
    assert (cascade.version, version.number) == (version, 1)


def test_an_unchanged_draft_gives_the_same_version(cascade: Cascade) -> None:
    assert frozen(cascade) == frozen(cascade)
    assert Step.objects.exclude(version=None).count() == 2


def test_any_change_gives_a_new_version_and_leaves_the_old_one_alone(cascade: Cascade) -> None:
    first = frozen(cascade)
    change(1, wait=timedelta(hours=5))
    second = frozen(cascade)
    MessageVariant.objects.filter(kind="sms").update(body="Something else")
    third = frozen(cascade)
    Cascade.objects.filter(pk=cascade.pk).update(goal=["order"])
    fourth = frozen(cascade)
    assert [version.number for version in (first, second, third, fourth)] == [1, 2, 3, 4]
    assert first.steps.get(position=1).wait == timedelta(hours=4)
    assert fourth.goal == ["order"]
    change(1, wait=timedelta(hours=4))


def test_a_cascade_without_steps_is_not_ready() -> None:
    make_business()
    assert "no steps" in said(make_cascade())


def test_a_channel_that_is_switched_off_or_gone_is_named(cascade: Cascade) -> None:
    Channel.objects.filter(kind="email").update(active=False)
    assert "Step 1: The channel “email sandbox” is switched off." in said(cascade)
    Channel.objects.filter(kind="email").update(transport="pigeon")
    assert "no longer installed" in said(cascade)


def test_a_text_in_the_businesss_language_is_needed_for_each_channel(cascade: Cascade) -> None:
    MessageVariant.objects.filter(kind="sms").update(language="es")
    assert "Step 2: The message “Offer” has no text for SMS" in said(cascade)


def test_a_text_that_cannot_be_read_is_said_and_nothing_is_kept(cascade: Cascade) -> None:
    MessageVariant.objects.filter(kind="sms").update(body="Hello {{ contact.first_name")
    assert said(cascade)
    assert not CascadeVersion.objects.exists()


def test_a_live_channel_needs_a_proven_address(cascade: Cascade, settings: Any) -> None:
    Channel.objects.filter(kind="email").update(transport="email")
    frozen(cascade)
    settings.CASCADA_REQUIRE_HTTPS = True
    assert "public address must be set and checked" in said(cascade)


def test_an_address_too_long_for_the_unsubscribe_button_is_refused_for_live_mail(cascade: Cascade) -> None:
    Business.objects.update(public_address="https://" + "a" * 60 + ".example.org")
    frozen(cascade)  # the sandbox does not mind
    Channel.objects.filter(kind="email").update(transport="email")
    assert "too long for the unsubscribe button" in said(cascade)


def test_a_step_waits_only_for_what_the_channel_before_can_tell() -> None:
    make_business()
    sms, text = make_channel("sms"), make_message(texts={("sms", "en"): "Hi"})
    cascade = make_cascade(
        steps=[{"channel": sms, "message": text}, {"channel": sms, "message": text, "wait_from": WaitFrom.OPENED}]
    )
    assert "cannot tell" in said(cascade)
    change(1, wait_from=WaitFrom.CLICKED)
    frozen(cascade)


def test_the_first_step_cannot_wait_for_an_earlier_message_nor_be_for_failures_only(cascade: Cascade) -> None:
    change(0, wait_from=WaitFrom.OPENED, who=Who.FAILED)
    problems = said(cascade)
    assert "there is none" in problems
    assert "nobody would get it" in problems


def test_waits_of_years_are_a_mistake(cascade: Cascade) -> None:
    change(1, wait=timedelta(days=900))
    assert "longer than two years" in said(cascade)


def test_an_unknown_goal_is_refused(cascade: Cascade) -> None:
    Cascade.objects.filter(pk=cascade.pk).update(goal=["dance"])
    assert "“dance”" in said(cascade)


def test_a_step_that_ends_by_an_answer_needs_a_channel_that_hears_answers(cascade: Cascade) -> None:
    change(0, seen=Seen.REPLIED)
    Channel.objects.filter(kind="email").update(transport="email")
    assert "cannot tell whether someone answers" in said(cascade)


def test_everything_that_is_wrong_is_said_at_once(cascade: Cascade) -> None:
    Channel.objects.update(active=False)
    Message.objects.first()
    with pytest.raises(NotReady) as raised:
        frozen(cascade)
    assert len(raised.value.problems) == 2
