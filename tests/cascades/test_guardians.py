"""A student's messages go to those who answer for them, under the guardians' own consent and languages, for the student's occasion."""

from __future__ import annotations

from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from cascades import invariant, runner
from cascades.forecast import forecast
from cascades.models import Cascade, Enrollment, Launch, Outcome
from channels import sending
from channels.models import Channel, Delivery, SandboxMessage
from channels.transport import Fact
from contacts import bookings, consent, timeline
from contacts.bookings import Slot
from contacts.merging.act import merge, undo
from contacts.models import Contact, Guardian
from tests.cascades.story import Story, messages
from tests.factories import NOW, make_business, make_cascade, make_channel, make_contact, make_message

pytestmark = pytest.mark.django_db
PERSONAL = {
    (
        "sms",
        "en",
    ): "Dear {{ contact.first_name }}, {{ student.first_name }} has a lesson: {{ booking.title | default: '-' }}",
    (
        "sms",
        "es",
    ): "Hola {{ contact.first_name }}, clase de {{ student.first_name }}: {{ booking.title | default: '-' }}",
}


def family(*, children: int = 1) -> tuple[list[Contact], Contact, Contact]:
    make_business()
    students = [
        make_contact(f"{name} Gil", phone=f"+3460000000{n}") for n, name in enumerate(("Ana", "Leo")[:children])
    ]
    mother = make_contact("Eva Gil", phone="+34600111222", language="en")
    father = make_contact("Tom Gil", phone="+34600111333", language="es")
    for student in students:
        Guardian.objects.create(student=student, guardian=mother, relation="mother")
        Guardian.objects.create(student=student, guardian=father, relation="father")
    return students, mother, father


def by_sms(texts: dict[tuple[str, str], str] | None = None, **fields: Any) -> Cascade:
    purpose = fields.pop("purpose", "marketing")
    message = make_message(texts=texts or PERSONAL, purpose=purpose)
    sms = Channel.objects.filter(kind="sms").first() or make_channel("sms")
    return make_cascade("Lessons", [{"channel": sms, "message": message, "seen": "nothing"}], **fields)


def said(contact: Contact) -> list[str]:
    tokens = contact.deliveries.order_by("pk").values_list("token", flat=True)
    return [
        SandboxMessage.objects.get(key=token).text
        for token in tokens
        if SandboxMessage.objects.filter(key=token).exists()
    ]


def whole() -> None:
    assert invariant.check(NOW).problems == ()


def test_each_guardian_is_reminded_of_the_students_lesson_in_their_own_language_and_the_student_is_not() -> None:
    [ana], mother, father = family()
    cascade = by_sms(trigger="booking", trigger_params={"by": 86_400}, purpose="transactional")
    runner.switch_on(cascade, user=None, now=NOW)
    bookings.book(ana.pk, Slot(title="Piano", starts_at=NOW + timedelta(days=1, hours=1)), now=NOW)
    story = Story(NOW + timedelta(hours=1))
    for _again in range(2):
        runner.listen(story.now)
        story.tick()
    assert said(mother) == ["Dear Eva, Ana has a lesson: Piano"]
    assert said(father) == ["Hola Tom, clase de Ana: Piano"]
    assert messages(ana) == []
    assert Enrollment.objects.get(contact=ana).outcome == Outcome.GUARDIANS
    titles = [str(entry.title) for entry in timeline.story(ana)]
    assert any("to Eva Gil, who answers for them" in title for title in titles)
    assert any("Offer" in str(entry.title) for entry in timeline.story(mother))


def test_consent_and_suppression_are_the_guardians_own() -> None:
    [ana], mother, father = family()
    consent.withdraw(father.pk, "sms", source="reply STOP", now=NOW)
    story = Story()
    story.start(by_sms(), {"contacts": [ana.pk]})
    assert messages(mother) == [("sms", "sent")]
    assert messages(father) == []
    assert Enrollment.objects.get(contact=father).outcome == Outcome.UNREACHABLE
    consent.withdraw(ana.pk, "sms", source="told", now=NOW)
    story.start(by_sms(), {"contacts": [ana.pk]})
    assert messages(mother) == [("sms", "sent")] * 2
    whole()


def test_one_announcement_reaches_a_guardian_of_two_once_and_two_lessons_twice() -> None:
    students, mother, father = family(children=2)
    story = Story()
    same = {("sms", "en"): "We are closed on Monday."}
    launch = story.start(by_sms(same), {"contacts": [one.pk for one in students]})
    assert sorted(status for _, status in messages(mother)) == ["cancelled", "sent"]
    assert Enrollment.objects.filter(launch=launch).count() == Launch.objects.get(pk=launch.pk).audience == 6
    story.start(by_sms(), {"contacts": [one.pk for one in students]})
    assert said(mother)[1:] == ["Dear Eva, Ana has a lesson: -", "Dear Eva, Leo has a lesson: -"]
    assert len(said(father)) == 3
    whole()


def test_where_nobody_gets_the_messages_they_go_to_the_student_who_is_their_own_subject() -> None:
    [ana], mother, _father = family()
    Guardian.objects.update(receives=False)
    story = Story()
    story.start(by_sms(), {"contacts": [ana.pk]})
    assert said(ana) == ["Dear Ana, Ana has a lesson: -"]
    assert messages(mother) == []


def test_what_one_guardian_wants_no_more_holds_for_them_alone() -> None:
    [ana], mother, father = family()
    story = Story()
    two = make_message(texts=PERSONAL)
    sms = make_channel("sms")
    step = {"channel": sms, "message": two, "seen": "nothing"}
    story.start(make_cascade("Two", [step, {**step, "wait": timedelta(hours=4)}]), {"contacts": [ana.pk]})
    story.hear(Delivery.objects.get(contact=mother), Fact.STOPPED, address="+34600111222", text="STOP")
    story.later(hours=5)
    assert [len(messages(one)) for one in (mother, father)] == [1, 2]


def test_an_answer_of_one_is_the_students_and_ends_it_for_the_other_too() -> None:
    [ana], mother, father = family()
    story = Story()
    message, sms = make_message(texts=PERSONAL), make_channel("sms")
    steps = [
        {"channel": sms, "message": message, "seen": "clicked"},
        {"channel": sms, "message": message, "wait": timedelta(hours=4)},
    ]
    launch = story.start(make_cascade("Two", steps), {"contacts": [ana.pk]})
    story.hear(Delivery.objects.get(contact=mother), Fact.REPLIED, text="We come")
    story.later(hours=5)
    ways = dict(Enrollment.objects.filter(launch=launch).values_list("contact", "reason"))
    assert ways == {ana.pk: "through_guardians", mother.pk: "seen_replied", father.pk: "other_guardian"}
    assert messages(father) == [("sms", "sent")]
    whole()


def test_what_the_student_did_is_seen_by_the_last_look_at_a_message_to_the_guardian() -> None:
    [ana], mother, father = family()
    story = Story()
    cascade = by_sms(goal=["order"])
    runner.start(uuid4(), cascade, {"contacts": [ana.pk]}, user=None, now=NOW)
    runner.enroll_due(NOW)
    runner.advance(NOW)
    story.happens(ana, "order")
    sending.send_due(clock=lambda: NOW)
    assert messages(mother) == messages(father) == [("sms", "cancelled")]
    assert set(Enrollment.objects.exclude(contact=ana).values_list("reason", flat=True)) == {"goal_order"}


@pytest.mark.parametrize("how", ["unlinked", "gets no messages"])
def test_who_does_not_answer_for_the_student_any_more_gets_nothing_more(how: str) -> None:
    [ana], mother, father = family()
    story = Story()
    message, sms = make_message(texts=PERSONAL), make_channel("sms")
    steps = [
        {"channel": sms, "message": message, "seen": "nothing"},
        {"channel": sms, "message": message, "wait": timedelta(hours=4)},
    ]
    story.start(make_cascade("Two", steps), {"contacts": [ana.pk]})
    story.later(hours=4, tick=False)
    runner.advance(story.now)
    links = Guardian.objects.filter(guardian=father)
    _ = links.delete() if how == "unlinked" else links.update(receives=False)
    sending.send_due(clock=lambda: story.now)
    assert messages(father) == [("sms", "sent"), ("sms", "cancelled")]
    assert Delivery.objects.filter(contact=father).latest("pk").reason == "guardian_no_more"
    assert runner.let_go(story.now) == 1
    assert Enrollment.objects.get(contact=father).reason == "guardian_no_more"
    assert messages(mother) == [("sms", "sent")] * 2
    whole()


def test_a_guardian_without_an_address_any_more_is_unreachable_and_the_other_gets_it() -> None:
    [ana], mother, father = family()
    father.addresses.all().delete()
    story = Story()
    story.start(by_sms(), {"contacts": [ana.pk]})
    assert (messages(mother), messages(father)) == ([("sms", "sent")], [])
    assert Enrollment.objects.get(contact=father).outcome == Outcome.UNREACHABLE
    whole()


def test_who_comes_to_answer_for_a_student_later_does_not_come_into_what_was() -> None:
    [ana], _mother, _father = family()
    cascade = by_sms(trigger="booking", trigger_params={"by": 86_400}, purpose="transactional")
    runner.switch_on(cascade, user=None, now=NOW)
    bookings.book(ana.pk, Slot(title="Piano", starts_at=NOW + timedelta(days=1, hours=1)), now=NOW)
    runner.listen(NOW + timedelta(hours=1))
    aunt = make_contact("Sol Gil", phone="+34600111444")
    Guardian.objects.create(student=ana, guardian=aunt)
    runner.listen(NOW + timedelta(hours=2))
    assert Enrollment.objects.count() == 3
    assert not Enrollment.objects.filter(contact=aunt).exists()


def test_the_page_before_the_start_counts_guardians_in_their_students_stead() -> None:
    students, mother, _father = family(children=2)
    found = forecast(by_sms(), {"contacts": [*(one.pk for one in students), mother.pk]}, unknown_goes_on=False, now=NOW)
    assert (found.people, found.reachable, found.students, found.guardians) == (5, 5, 2, 4)


def test_two_contacts_of_one_guardian_become_one_guardian_who_is_written_to_once() -> None:
    [ana], mother, father = family()
    twin = make_contact("Eva Gil", email="eva@example.org")
    Guardian.objects.create(student=ana, guardian=twin)
    done = merge(mother.pk, twin.pk, by=None, now=NOW)
    assert Guardian.objects.filter(student=ana).count() == 2
    undo(done.pk, by=None, now=NOW)
    assert Guardian.objects.filter(student=ana).count() == 3
    merge(mother.pk, twin.pk, by=None, now=NOW)
    merge(ana.pk, father.pk, by=None, now=NOW)
    assert [link.guardian_id for link in Guardian.objects.all()] == [mother.pk]


def test_a_program_cannot_make_a_message_speak_of_somebody_else() -> None:
    [ana], _mother, _father = family()
    other = make_contact("Zoe Sol", phone="+34600222333")
    cascade = by_sms(trigger="api", purpose="transactional")
    runner.switch_on(cascade, user=None, now=NOW)
    runner.enroll_contacts(cascade.pk, [other.pk], "1", now=NOW, context={"student": ana.pk})
    Story().tick()
    assert said(other) == ["Dear Zoe, Zoe has a lesson: -"]
