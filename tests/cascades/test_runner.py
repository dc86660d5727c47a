"""The runner with every real part below it: what is decided is sent, what comes back is seen, and it says why."""

from __future__ import annotations

from datetime import datetime, time, timedelta

import pytest

from cascades import runner
from cascades.models import Cascade, Enrollment, Outcome, Step, StepControl, StepRun, Who
from channels.models import Channel, Delivery, Grade
from channels.transport import Fact
from contacts import consent
from contacts.models import Event
from tests.cascades.story import Story, ana, decisions, last, messages, outcome, way
from tests.factories import email_then_sms, make_business, make_cascade, make_contact, make_message

pytestmark = pytest.mark.django_db


@pytest.fixture
def story() -> Story:
    make_business()
    return Story()


def test_the_email_goes_at_once_and_the_sms_to_whom_it_did_not_reach(story: Story) -> None:
    contact = ana()
    story.start(email_then_sms())
    assert messages(contact) == [("email", "sent")]
    story.later(hours=3, minutes=59)
    assert len(messages(contact)) == 1
    story.later(minutes=1)
    assert messages(contact) == [("email", "sent"), ("sms", "sent")]
    story.later(days=3)
    assert outcome(contact) == (Outcome.EXHAUSTED, "no_reaction")
    assert decisions(contact) == [("send", "step_time"), ("send", "step_time")]


def test_an_opening_ends_it(story: Story) -> None:
    contact = ana()
    story.start(email_then_sms())
    story.own(last(contact), Fact.OPENED)
    story.tick()
    assert outcome(contact) == (Outcome.REACHED, "seen_opened")
    story.later(days=9)
    assert messages(contact) == [("email", "sent")]


def test_an_opening_by_a_program_ends_nothing(story: Story) -> None:
    contact = ana()
    story.start(email_then_sms())
    story.own(last(contact), Fact.OPENED, Grade.MACHINE)
    story.later(hours=4)
    assert messages(contact) == [("email", "sent"), ("sms", "sent")]


def test_an_unsure_opening_prolongs_the_wait_once(story: Story) -> None:
    contact = ana()
    story.start(email_then_sms())
    story.own(last(contact), Fact.OPENED, Grade.UNSURE)
    story.later(hours=4)
    assert len(messages(contact)) == 1
    assert way(contact).reason == "unsure_opening"
    story.later(hours=4)
    assert len(messages(contact)) == 2


def test_whoever_cannot_be_reached_by_a_step_moves_on_at_once(story: Story) -> None:
    no_email, no_consent = (
        ana(email=""),
        make_contact("Bo", email="bo@example.org", phone="+34600111333", consent=["sms"]),
    )
    nothing = make_contact("Cy")
    story.start(email_then_sms())
    assert messages(no_email) == messages(no_consent) == [("sms", "sent")]
    assert decisions(no_email) == [("skip", "no_address"), ("send", "previous_did_not_go")]
    assert decisions(no_consent)[0] == ("skip", "no_consent")
    assert outcome(nothing) == (Outcome.UNREACHABLE, "no_channel_left")


def test_a_message_that_failed_moves_the_person_on_at_once(story: Story) -> None:
    contact = ana()
    story.start(email_then_sms())
    story.later(minutes=5)
    story.hear(last(contact), Fact.BOUNCED, reason="5.1.1")
    story.tick()
    assert messages(contact) == [("email", "bounced"), ("sms", "sent")]


def test_an_order_ends_it_and_calls_back_what_is_queued(story: Story) -> None:
    contact = ana()
    story.start(email_then_sms(goal=["order"]))
    story.later(hours=4, tick=False)
    runner.advance(story.now)
    assert messages(contact)[-1] == ("sms", "queued")
    story.happens(contact, "order")
    story.tick()
    assert outcome(contact) == (Outcome.REACHED, "goal_order")
    assert messages(contact)[-1] == ("sms", "cancelled")
    assert last(contact).reason == "goal_order"


def test_an_order_that_nobody_noticed_yet_is_seen_by_the_last_look(story: Story) -> None:
    """The worker that applies facts may be behind: the sending itself looks."""
    contact = ana()
    story.start(email_then_sms(goal=["order"]))
    story.later(hours=4, tick=False)
    runner.advance(story.now)
    story.happens(contact, "order")
    from channels import sending

    assert sending.send_due(clock=lambda: story.now) == 0
    assert messages(contact)[-1] == ("sms", "cancelled")
    assert outcome(contact) == (Outcome.REACHED, "goal_order")


def test_an_opening_that_nobody_noticed_yet_is_seen_by_the_last_look(story: Story) -> None:
    contact = ana()
    story.start(email_then_sms())
    email = last(contact)
    story.later(hours=4, tick=False)
    runner.advance(story.now)
    story.own(email, Fact.OPENED)
    from channels import sending

    assert sending.send_due(clock=lambda: story.now) == 0
    assert messages(contact)[-1] == ("sms", "cancelled")


def test_an_order_from_before_the_start_ends_nothing(story: Story) -> None:
    contact = ana()
    story.start(email_then_sms(goal=["order"]))
    story.happens(contact, "order", at=story.now - timedelta(days=1))
    story.tick()
    assert way(contact).outcome == Outcome.OPEN
    assert not Event.objects.filter(handled_at=None).exists()


def test_an_order_ends_only_cascades_that_have_it_as_their_goal(story: Story) -> None:
    contact = ana()
    story.start(email_then_sms(goal=["visit"]))
    story.happens(contact, "order")
    story.tick()
    assert way(contact).outcome == Outcome.OPEN


def test_no_sms_follows_an_unsubscribed_email_and_other_cascades_lose_that_channel_only(story: Story) -> None:
    contact = ana()
    first, message = email_then_sms(), make_message("Other")
    story.start(first)
    email = last(contact)
    email_channel, sms_channel = Channel.objects.get(kind="email"), Channel.objects.get(kind="sms")
    later = make_cascade(
        "Later",
        [
            {"channel": email_channel, "message": message, "wait": timedelta(hours=1)},
            {"channel": sms_channel, "message": message},
        ],
    )
    story.start(later)
    story.own(email, Fact.UNSUBSCRIBED)
    story.tick()
    assert contact.enrollments.get(cascade=first).reason == "opt_out"
    assert contact.enrollments.get(cascade=first).outcome == Outcome.STOPPED
    story.later(hours=9)
    assert messages(contact) == [("email", "sent"), ("sms", "sent")]
    runs = StepRun.objects.filter(enrollment__cascade=later).order_by("id").values_list("decision", "reason")
    assert runs[0] == ("skip", "consent_withdrawn")


def test_a_withdrawal_told_to_staff_closes_the_channel_and_the_cascade_goes_on(story: Story) -> None:
    contact = ana()
    story.start(email_then_sms())
    consent.withdraw(contact.pk, "sms", source="told at the counter", now=story.now)
    story.later(hours=4)
    assert messages(contact) == [("email", "sent")]
    assert decisions(contact)[-1] == ("skip", "consent_withdrawn")


def test_quiet_time_that_outlasts_the_message_leaves_the_step_out_with_the_reason(story: Story) -> None:
    make_business(quiet_from=time(12), quiet_until=time(20))
    contact = ana(time_zone="Europe/Madrid")
    cascade = email_then_sms()
    Step.objects.filter(cascade=cascade, position=0).update(validity=timedelta(hours=2))
    story.start(cascade)
    assert decisions(contact)[0] == ("skip", "too_late_after_quiet_hours")
    assert messages(contact) == [("sms", "queued")]
    assert last(contact).not_before == datetime(2026, 11, 22, 19, tzinfo=story.now.tzinfo)
    assert last(contact).reason == "quiet_hours"


def test_pausing_holds_what_is_queued_and_resuming_lets_it_go(story: Story) -> None:
    contact = ana()
    cascade = email_then_sms()
    story.start(cascade)
    story.later(hours=4, tick=False)
    runner.advance(story.now)
    assert runner.pause(cascade.pk, now=story.now)
    story.tick()
    assert last(contact).status == "queued"
    assert last(contact).reason == "paused"
    story.later(hours=5)
    assert last(contact).status == "queued"
    assert runner.resume(cascade.pk, now=story.now)
    story.tick()
    assert messages(contact)[-1] == ("sms", "sent")


def test_a_paused_cascade_plans_nothing_and_nobody_runs_out_of_time_in_it(story: Story) -> None:
    contact = ana()
    cascade = email_then_sms()
    story.start(cascade)
    runner.pause(cascade.pk, now=story.now)
    story.later(days=60)
    assert len(messages(contact)) == 1
    runner.resume(cascade.pk, now=story.now)
    story.tick()
    assert messages(contact)[-1] == ("sms", "sent")
    assert way(contact).outcome == Outcome.OPEN


def test_stopping_ends_everyone_and_calls_back_what_is_queued(story: Story) -> None:
    contacts = [make_contact(f"P {n}", phone=f"+3460011{n:04}") for n in range(5)]
    cascade = email_then_sms()
    story.now = story.now
    from uuid import uuid4

    runner.start(uuid4(), cascade, {"contacts": [c.pk for c in contacts]}, user=None, now=story.now)
    runner.enroll_due(story.now)
    runner.advance(story.now)
    assert Delivery.objects.filter(status="queued").count() == 5
    assert runner.stop(cascade.pk, now=story.now)
    assert not runner.stop(cascade.pk, now=story.now)
    story.tick()
    assert set(Delivery.objects.values_list("status", "reason")) == {("cancelled", "cascade_stopped")}
    assert set(Enrollment.objects.values_list("outcome", "reason")) == {(Outcome.STOPPED, "cascade_stopped")}


def test_a_stop_that_a_crash_cut_short_is_finished_by_the_next_tick(story: Story) -> None:
    contact = ana()
    cascade = email_then_sms()
    story.start(cascade)
    Cascade.objects.filter(pk=cascade.pk).update(status="stopped")
    runner.advance(story.now)
    assert outcome(contact) == (Outcome.STOPPED, "cascade_stopped")


def test_a_step_on_hold_holds_its_people_and_the_others_go_on(story: Story) -> None:
    contact = ana()
    cascade = email_then_sms()
    story.start(cascade)
    key = cascade.steps.filter(version=None).get(position=1).key
    runner.pause_step(cascade.pk, key, now=story.now)
    story.later(hours=5)
    assert (way(contact).reason, len(messages(contact))) == ("step_paused", 1)
    assert runner.resume_step(cascade.pk, key, now=story.now)
    assert not runner.resume_step(cascade.pk, key, now=story.now)
    story.tick()
    assert messages(contact)[-1] == ("sms", "sent")


def test_a_refused_text_holds_its_step_with_the_reason(story: Story) -> None:
    contact = ana()
    cascade = email_then_sms()
    story.start(cascade)
    runner.text_refused({last(contact).pk: "30007 filtered"}, story.now)
    control = StepControl.objects.get()
    assert (control.step_key, control.reason) == (
        cascade.steps.filter(version=None).get(position=0).key,
        "30007 filtered",
    )
    assert control.paused_at == story.now
    runner.text_refused({last(contact).pk: "again"}, story.now)
    assert StepControl.objects.get().reason == "again"


def test_a_channel_that_staff_switched_off_sends_nobody_to_a_dearer_one(story: Story) -> None:
    contact = ana()
    cascade = email_then_sms()
    story.start(cascade)
    Channel.objects.filter(kind="sms").update(active=False)
    story.later(hours=5)
    assert (way(contact).reason, len(messages(contact))) == ("step_paused", 1)


def test_what_was_played_ends_nothing_real(story: Story) -> None:
    contact = ana()
    story.start(email_then_sms(goal=["order"]))
    Delivery.objects.update(sandbox=False)
    story.happens(contact, "order", played=True)
    story.tick()
    assert way(contact).outcome == Outcome.OPEN
    Delivery.objects.update(sandbox=True)
    story.happens(contact, "order", played=True)
    story.tick()
    assert outcome(contact) == (Outcome.REACHED, "goal_order")


def test_someone_whose_opening_cannot_be_known_goes_on_only_if_staff_said_so(story: Story) -> None:
    make_business(tracking="consent")
    first, second = ana(), make_contact("Bo", email="bo@example.org", phone="+34600111444")
    cascade = email_then_sms()
    story.start(cascade, {"contacts": [first.pk]})
    story.start(cascade, {"contacts": [second.pk]}, unknown_goes_on=True)
    story.later(hours=4)
    assert decisions(first)[-1] == ("skip", "opening_unknown")
    assert messages(second)[-1] == ("sms", "sent")


def test_a_step_for_those_whose_message_failed_leaves_out_the_others(story: Story) -> None:
    contact = ana()
    cascade = email_then_sms()
    Step.objects.filter(cascade=cascade, position=1).update(who=Who.FAILED)
    story.start(cascade)
    story.later(hours=5)
    assert decisions(contact)[-1] == ("skip", "not_for_sent")


def test_what_is_waited_for_is_looked_at_when_it_comes_and_not_before(story: Story) -> None:
    contact = ana()
    story.start(email_then_sms())
    assert way(contact).next_due_at == story.now + timedelta(hours=4)
    assert runner.advance(story.now + timedelta(hours=3)) == 0
