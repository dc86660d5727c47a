"""Two contacts made one while they are in cascades: one way goes on at the further step, nothing is sent twice, nobody is lost."""

from __future__ import annotations

from datetime import timedelta
from itertools import product
from typing import Any
from uuid import uuid4

import pytest

from cascades import invariant, runner
from cascades.merging import PART
from cascades.models import Enrollment, Launch, Outcome, SegmentStay, StepRun
from channels.models import Delivery, DeliveryStatus
from channels.transport import Fact
from contacts.merging.act import NotNow, merge, obstacles, undo
from contacts.models import Contact
from tests.cascades.story import Story, messages
from tests.cascades.test_races import planned
from tests.factories import NOW, email_then_sms, make_business, make_contact


def pair(**theirs: Any) -> tuple[Contact, Contact]:
    make_business()
    kept = make_contact("Ana Ruiz", email="ana@example.org", phone="+34600111222")
    gone = make_contact("Ana Ruiz", **{"email": "a.ruiz@example.org", "phone": "+34600333444", **theirs})
    return kept, gone


def whole() -> None:
    """The audience is the sum of its outcomes, and nobody has a step twice."""
    assert invariant.check(NOW).problems == ()
    runs = list(StepRun.objects.values_list("enrollment_id", "step_key"))
    assert len(runs) == len(set(runs))


@pytest.mark.django_db
def test_of_two_who_are_in_it_the_further_way_goes_on_and_what_either_was_sent_is_not_sent_again() -> None:
    kept, gone = pair()
    story = Story()
    launch = story.start(email_then_sms())
    Delivery.objects.filter(contact=kept).update(status=DeliveryStatus.SENT)
    merge(kept.pk, gone.pk, by=None, now=story.now)
    story.later(hours=5)
    assert messages(kept) == [("email", "sent"), ("email", "sent"), ("sms", "sent")]
    launch.refresh_from_db()
    assert launch.audience == Enrollment.objects.filter(launch=launch, contact=kept).count() == 2
    ended = Enrollment.objects.get(reason="merged")
    assert (ended.outcome, ended.occasion) == (Outcome.STOPPED, f"merged:{ended.pk}:{launch.occasion}")
    whole()


@pytest.mark.django_db
def test_whoever_is_behind_yields_to_the_one_further_on_whichever_of_them_stays() -> None:
    kept, gone = pair()
    story = Story()
    launch = story.start(email_then_sms(), {"contacts": [gone.pk]})
    behind = Enrollment.objects.create(
        cascade=launch.cascade, version=launch.version, contact=kept, launch=launch, occasion=launch.occasion, shared=True,
        started_at=NOW, next_due_at=NOW, max_until=NOW + timedelta(days=9),
    )  # fmt: skip
    Launch.objects.update(audience=2)
    merge(kept.pk, gone.pk, by=None, now=story.now)
    behind.refresh_from_db()
    assert behind.reason == "merged"
    story.later(hours=5)
    assert messages(kept) == [("email", "sent"), ("sms", "sent")]
    whole()


@pytest.mark.django_db
def test_a_message_that_waits_on_the_way_that_ends_is_called_back_and_decided_anew_when_they_are_two_again() -> None:
    kept, gone = pair()
    make_business()
    cascade = email_then_sms()
    runner.start(uuid4(), cascade, {"contacts": [kept.pk, gone.pk]}, user=None, now=NOW)
    runner.enroll_due(NOW)
    runner.advance(NOW)
    done = merge(kept.pk, gone.pk, by=None, now=NOW)
    assert sorted(messages(kept)) == [("email", "cancelled"), ("email", "queued")]
    undo(done.pk, by=None, now=NOW)
    assert messages(gone) == [("email", "cancelled")]
    story = Story()
    story.tick()
    assert messages(kept) == [("email", "sent")]
    assert messages(gone) == [("email", "cancelled"), ("email", "sent")]
    whole()


OUTCOMES = ["", "reached", "stopped", "exhausted", "failed", "unreachable"]


@pytest.mark.django_db
def test_every_combination_of_finished_and_open_ways_becomes_one_that_keeps_the_occasion() -> None:
    make_business()
    story = Story()
    cascade = email_then_sms()
    launch = story.start(cascade, {"contacts": [make_contact("Eva", email="eva@example.org").pk]})
    people = 1
    for n, (ours, theirs) in enumerate(product(OUTCOMES, OUTCOMES)):
        kept, gone = (make_contact("Ana", email=f"{who}{n}@example.org") for who in "kg")
        for one, outcome in ((kept, ours), (gone, theirs)):
            Enrollment.objects.create(
                cascade=cascade, version=launch.version, contact=one, launch=launch, occasion=launch.occasion, shared=True,
                started_at=NOW, next_due_at=None if outcome else NOW, max_until=NOW + timedelta(days=9), outcome=outcome,
                reason="no_reaction" if outcome else "", ended_at=NOW if outcome else None,
            )  # fmt: skip
        people += 2
        Launch.objects.update(audience=people)
        before = list(
            Enrollment.objects.filter(contact__in=[kept, gone]).order_by("pk").values_list("outcome", "occasion")
        )
        done = merge(kept.pk, gone.pk, by=None, now=NOW)
        left = Enrollment.objects.get(contact=kept, occasion=launch.occasion)
        other = Enrollment.objects.exclude(pk=left.pk).get(contact=kept)
        through = {"reached", "stopped", "exhausted"} & {ours, theirs}
        assert (left.outcome == "") == ("" in (ours, theirs) and not through), (ours, theirs)
        assert other.outcome == {"": "stopped"}.get(
            theirs if left.outcome == ours and ours != theirs else ours, other.outcome
        )
        assert Enrollment.objects.filter(contact=kept, outcome="").count() <= 1
        whole()
        undo(done.pk, by=None, now=NOW)
        after = list(
            Enrollment.objects.filter(contact__in=[kept, gone]).order_by("pk").values_list("outcome", "occasion")
        )
        assert after == before, (ours, theirs)
    whole()


@pytest.mark.django_db
def test_what_was_heard_of_either_before_counts_for_the_person() -> None:
    kept, gone = pair()
    story = Story()
    story.start(email_then_sms())
    story.own(Delivery.objects.get(contact=gone), Fact.CLICKED)
    merge(kept.pk, gone.pk, by=None, now=story.now)
    story.later(hours=5)
    assert messages(kept) == [("email", "sent"), ("email", "sent")]
    assert Enrollment.objects.filter(outcome="").count() == 0
    whole()


@pytest.mark.django_db
def test_an_opening_that_comes_later_of_what_the_other_was_sent_ends_the_way_that_goes_on() -> None:
    kept, gone = pair(email="", phone="+34600333444")
    story = Story()
    story.start(email_then_sms(), {"contacts": [kept.pk]})
    sent = Delivery.objects.get(contact=kept)
    other = Enrollment.objects.get(contact=kept)
    skipped = Enrollment.objects.create(
        cascade=other.cascade, version=other.version, contact=gone, launch=other.launch, occasion=other.occasion, shared=True,
        started_at=NOW, next_due_at=NOW, max_until=NOW + timedelta(days=9),
    )  # fmt: skip
    Launch.objects.update(audience=2)
    merge(gone.pk, kept.pk, by=None, now=story.now)
    story.own(sent, Fact.CLICKED)
    story.later(hours=5)
    assert messages(gone) == [("email", "sent")]
    skipped.refresh_from_db()
    assert skipped.reason == "merged"
    whole()


@pytest.mark.django_db
def test_what_the_way_that_ends_was_sent_counts_on_the_one_that_goes_on() -> None:
    kept, gone = pair(phone="")
    kept.addresses.filter(kind="email").delete()
    story = Story()
    story.start(email_then_sms())
    assert (messages(kept), messages(gone)) == ([("sms", "sent")], [("email", "sent")])
    way = Enrollment.objects.get(contact=kept)
    done = merge(kept.pk, gone.pk, by=None, now=story.now)
    runs = StepRun.objects.filter(enrollment=way).order_by("id")
    assert [run.delivery.kind for run in runs if run.delivery] == ["sms", "email"]
    whole()
    undo(done.pk, by=None, now=story.now)
    assert StepRun.objects.get(delivery__kind="email").enrollment.contact == gone
    merge(kept.pk, gone.pk, by=None, now=story.now)
    story.own(Delivery.objects.get(kind="email"), Fact.OPENED)
    way.refresh_from_db()
    story.tick()
    way.refresh_from_db()
    assert (way.outcome, way.reason) == (Outcome.REACHED, "seen_opened")
    whole()


@pytest.mark.django_db
def test_the_cap_counts_what_both_were_sent() -> None:
    kept, gone = pair()
    story = Story()
    story.start(email_then_sms())
    make_business(cap_messages=2, cap_days=7)
    merge(kept.pk, gone.pk, by=None, now=story.now)
    story.later(hours=5)
    assert messages(kept)[-1] == ("sms", "queued")
    assert Delivery.objects.latest("pk").reason == "capped"


@pytest.mark.django_db
def test_a_start_that_names_the_one_who_is_gone_is_for_the_one_who_stays() -> None:
    kept, gone = pair()
    at = runner.WallTime((NOW + timedelta(days=1)).replace(tzinfo=None), "UTC")
    launch = runner.start(uuid4(), email_then_sms(), {"contacts": [gone.pk]}, user=None, now=NOW, at=at)
    done = merge(kept.pk, gone.pk, by=None, now=NOW)
    launch.refresh_from_db()
    assert launch.selection == {"contacts": [kept.pk]}
    undo(done.pk, by=None, now=NOW)
    launch.refresh_from_db()
    assert gone.pk in launch.selection["contacts"]


@pytest.mark.django_db
def test_whatever_was_sent_to_the_merged_person_keeps_it_from_being_undone() -> None:
    kept, gone = pair()
    story = Story()
    story.start(email_then_sms())
    done = merge(kept.pk, gone.pk, by=None, now=story.now)
    assert obstacles(done) == []
    story.later(hours=5)
    assert "A message to them was planned or sent since." in obstacles(done)
    with pytest.raises(NotNow):
        undo(done.pk, by=None, now=story.now)


@pytest.mark.django_db
def test_a_message_that_is_in_a_providers_hands_is_waited_for() -> None:
    kept, gone = pair()
    planned([kept, gone])
    runner.advance(NOW)
    Delivery.objects.filter(contact=gone).update(
        status="sending", claim_token=uuid4(), lease_until=NOW + timedelta(minutes=1), sending_at=NOW
    )
    with pytest.raises(NotNow, match="just being sent"):
        merge(kept.pk, gone.pk, by=None, now=NOW)
    assert Contact.objects.count() == 2


@pytest.mark.django_db
def test_the_page_is_told_what_becomes_of_running_cascades() -> None:
    from contacts.merging import Pair

    kept, gone = pair()
    story = Story()
    story.start(email_then_sms())
    [said] = PART.foresee(Pair(kept, gone, NOW))
    assert "nothing is sent twice" in said


@pytest.mark.django_db
def test_who_is_inside_a_segment_twice_came_in_once() -> None:
    from cascades.models import SegmentWatch
    from contacts.models import Segment

    kept, gone = pair()
    watch = SegmentWatch.objects.create(segment=Segment.objects.create(name="All", rules={"all": []}), played=False)
    for one in (kept, gone):
        SegmentStay.objects.create(watch=watch, contact=one, entered_after=NOW, entered_at=NOW)
    done = merge(kept.pk, gone.pk, by=None, now=NOW)
    assert SegmentStay.objects.filter(left_at=None).count() == 1
    undo(done.pk, by=None, now=NOW)
    assert SegmentStay.objects.filter(contact=gone, left_at=None).count() == 1
