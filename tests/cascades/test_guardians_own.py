"""Whoever answers for a student is written to as the person they are: their own hours, caps, consent; and how it ends with them."""

from __future__ import annotations

from datetime import time, timedelta

import pytest
import time_machine
from django.urls import reverse

from cascades import invariant
from cascades.models import Cascade, Enrollment, Outcome
from channels.models import Channel, Delivery
from contacts import consent
from contacts.models import Contact, Guardian
from tests.cascades.story import Story, decisions, messages
from tests.contacts.staff import sign_in
from tests.factories import NOW, make_business, make_cascade, make_channel, make_contact, make_message

pytestmark = pytest.mark.django_db
NIGHT = {"quiet_from": time(22), "quiet_until": time(8)}
AWAY, HERE = "Pacific/Auckland", "Europe/Madrid"  # one in the morning there, one in the afternoon here


def one_and_her_mother(student: str = HERE, mother: str = HERE, **more: tuple[str, ...]) -> tuple[Contact, Contact]:
    ana = make_contact("Ana Gil", phone="+34600000001", time_zone=student)
    eva = make_contact("Eva Gil", phone="+34600111222", time_zone=mother, **more)  # type: ignore[arg-type]
    Guardian.objects.create(student=ana, guardian=eva)
    return ana, eva


def twice(hours: int = 4) -> Cascade:
    sms = Channel.objects.filter(kind="sms").first() or make_channel("sms")
    step = {"channel": sms, "message": make_message(), "seen": "nothing"}
    return make_cascade("News", [step, {**step, "wait": timedelta(hours=hours)}])


@pytest.mark.parametrize(("student", "mother", "at_once"), [(HERE, AWAY, False), (AWAY, HERE, True)])
def test_the_night_is_the_guardians_own(student: str, mother: str, at_once: bool) -> None:
    make_business(**NIGHT)
    ana, eva = one_and_her_mother(student, mother)
    story = Story()
    story.start(twice(), {"contacts": [ana.pk]})
    assert (("sms", "sent") in messages(eva)) == at_once
    story.later(hours=7, minutes=5)  # past eight in the morning there
    assert messages(eva)[0] == ("sms", "sent")
    assert messages(ana) == []


def test_the_cap_counts_what_the_guardian_had_and_not_what_the_student_had() -> None:
    make_business(cap_messages=1, cap_days=7)
    ana, eva = one_and_her_mother()
    story = Story()
    link = Guardian.objects.all()
    link.update(receives=False)
    story.start(twice(), {"contacts": [ana.pk]})  # the student's own cap is full now
    link.update(receives=True)
    assert messages(ana)[0] == ("sms", "sent")
    story.start(twice(), {"contacts": [ana.pk]})
    assert messages(eva)[0] == ("sms", "sent")
    story.start(twice(), {"contacts": [ana.pk]})
    assert [status for _, status in messages(eva)].count("sent") == 1
    assert Delivery.objects.filter(contact=eva).latest("pk").reason.startswith("capped")


@pytest.mark.parametrize("closed", ["never asked", "closed address"])
def test_a_guardian_who_may_not_be_written_to_is_unreachable_though_the_student_could_be(closed: str) -> None:
    make_business()
    ana, eva = one_and_her_mother(consent=() if closed == "never asked" else ("sms",))
    if closed == "closed address":
        consent.suppress(kind="phone", normal="+34600111222", scope="all", reason="staff", source="desk", now=NOW)
    Story().start(twice(), {"contacts": [ana.pk]})
    assert (messages(ana), messages(eva)) == ([], [])
    assert Enrollment.objects.get(contact=eva).outcome == Outcome.UNREACHABLE
    assert decisions(eva)[0][1] == ("no_consent" if closed == "never asked" else "suppressed")


def test_a_student_of_age_for_whom_nobody_answers_any_more_is_spoken_to_directly() -> None:
    make_business()
    ana, eva = one_and_her_mother()
    story = Story()
    story.start(twice(), {"contacts": [ana.pk]})
    Guardian.objects.all().delete()
    story.start(twice(), {"contacts": [ana.pk]})
    assert messages(ana)[0] == messages(eva)[0] == ("sms", "sent")


def test_when_a_guardian_is_erased_on_the_page_of_privacy_the_student_stays_and_what_was_waiting_stops_with_a_reason() -> (
    None
):
    make_business()
    ana, eva = one_and_her_mother()
    story = Story()
    story.start(twice(), {"contacts": [ana.pk]})
    owner = sign_in("Owner")
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        answer = owner.post(reverse("admin:contacts_contact_erase", args=[eva.pk]), {"typed": "Eva Gil"})
    assert answer.status_code == 302
    story.later(hours=5)
    assert messages(eva) == [("sms", "sent")]
    eva.refresh_from_db()
    assert eva.erased_at is not None
    gone = Enrollment.objects.get(contact=eva)
    assert gone.outcome == Outcome.STOPPED
    assert gone.reason in ("erased", "guardian_no_more")
    ana.refresh_from_db()
    assert (str(ana), ana.erased_at, Guardian.objects.count()) == ("Ana Gil", None, 0)
    assert owner.get(reverse("admin:contacts_contact_change", args=[ana.pk])).status_code == 200
    story.start(twice(), {"contacts": [ana.pk]})
    assert messages(ana)[0] == ("sms", "sent")  # nobody stands between any more
    assert invariant.check(story.now).problems == ()
