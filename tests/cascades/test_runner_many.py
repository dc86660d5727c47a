"""The runner with several people at once: families that share an address, one bad row, a thousand in a few statements."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cascades import runner
from cascades.models import Cascade, Outcome, Seen
from channels.models import Delivery
from channels.transport import Fact
from contacts.models import Contact
from tests.cascades.story import Story, ana, last, messages, outcome, way
from tests.factories import email_then_sms, make_business, make_cascade, make_channel, make_contact, make_message

pytestmark = pytest.mark.django_db


@pytest.fixture
def story() -> Story:
    make_business()
    return Story()


def test_one_person_the_program_stumbles_over_does_not_hold_up_the_others(
    story: Story, monkeypatch: pytest.MonkeyPatch
) -> None:
    broken, fine = ana(), make_contact("Bo", email="bo@example.org")
    from cascades import engine

    real = engine.decide

    def stumble(plan: engine.Plan, progress: engine.Progress, now: datetime) -> engine.Intent:
        if progress.unknown_goes_on:
            raise ZeroDivisionError
        return real(plan, progress, now)

    monkeypatch.setattr(engine, "decide", stumble)
    cascade = email_then_sms()
    story.start(cascade, {"contacts": [broken.pk]}, unknown_goes_on=True)
    story.start(cascade, {"contacts": [fine.pk]})
    assert messages(fine) == [("email", "sent")]
    assert (way(broken).reason, way(broken).outcome) == ("could_not_decide", "")
    monkeypatch.undo()
    story.later(minutes=15)
    assert messages(broken) == [("email", "sent")]


def test_a_family_with_one_phone_gets_two_birthday_messages_and_one_announcement(story: Story) -> None:
    from cascades.publishing import freeze
    from cascades.trigger import Entry

    children = [make_contact(name, phone="+34600999888", language="en") for name in ("Lia Sol", "Leo Sol")]
    sms = make_channel("sms")
    wishes = make_message("Wishes", {("sms", "en"): "Happy birthday from all of us!"})
    birthday = make_cascade("Birthday", [{"channel": sms, "message": wishes}])
    version = freeze(birthday, user=None, now=story.now)
    Cascade.objects.filter(pk=birthday.pk).update(status="running")
    people = Contact.objects.filter(pk__in=[child.pk for child in children])
    runner.enroll(version, Entry(people, "birthday:2026"), now=story.now)
    story.tick()
    assert [messages(child) for child in children] == [[("sms", "sent")], [("sms", "sent")]]

    moved = make_message("Closed", {("sms", "en"): "We are closed on Friday."})
    story.start(make_cascade("Closed", [{"channel": sms, "message": moved}]))
    (without,) = (child for child in children if messages(child)[-1] == ("sms", "cancelled"))
    assert sorted(messages(child)[-1] for child in children) == [("sms", "cancelled"), ("sms", "sent")]
    assert last(without).reason == "same_text_same_address"
    assert way(without).outcome == Outcome.OPEN, "it went to their phone, so reactions are awaited"


def test_when_one_of_a_family_opens_the_mail_that_they_share_nobody_gets_the_sms(story: Story) -> None:
    message = make_message("News", {("email", "en"): "<p>News!</p>", ("sms", "en"): "News!"}, subject="News")
    family = [make_contact(name, email="sol@example.org", phone="+34600999888") for name in ("Lia Sol", "Leo Sol")]
    story.start(email_then_sms(message))
    second, first = sorted(family, key=messages)
    assert [messages(one) for one in (first, second)] == [[("email", "sent")], [("email", "cancelled")]]
    story.later(hours=1)
    assert len(messages(second)) == 1, "it waits as if its own had been sent"
    story.own(last(first), Fact.OPENED)
    story.later(hours=3)
    assert outcome(first) == outcome(second) == (Outcome.REACHED, "seen_opened")
    assert len(messages(second)) == 1


def test_four_emails_on_one_channel_stop_at_the_order(story: Story) -> None:
    contact, other = ana(), make_contact("Bo", email="bo@example.org")
    email = make_channel("email")
    texts = [make_message(name, {("email", "en"): f"<p>{name}</p>"}) for name in ("Offer", "Reminder", "Product")]
    steps = [
        {"channel": email, "message": text, "wait": timedelta(days=n), "wait_from": "start", "seen": Seen.NOTHING}
        for n, text in enumerate(texts)
    ]
    story.start(make_cascade("Offer", steps, goal=["order"]))
    story.own(last(contact), Fact.CLICKED)
    story.later(days=1)
    story.happens(contact, "order")
    story.later(days=1)
    story.later(days=1)
    assert len(messages(contact)) == 2
    assert len(messages(other)) == 3
    assert outcome(contact) == (Outcome.REACHED, "goal_order")


def test_planning_a_thousand_people_takes_ten_statements(story: Story) -> None:
    from uuid import uuid4

    from contacts import bulk
    from contacts.models import Address, Basis, Consent

    columns = [
        "first_name",
        "last_name",
        "language",
        "time_zone",
        "city",
        "notes",
        "attributes",
        "search",
        "created_at",
        "updated_at",
    ]
    rows: list[tuple[Any, ...]] = [(f"P{n}", "", "", "", "", "", {}, "", story.now, story.now) for n in range(1000)]
    ids = [pk for (pk,) in bulk.insert(Contact, columns, rows, returning=["id"])]
    Address.objects.bulk_create(
        Address(
            contact_id=pk, kind="email", value=f"p{pk}@example.org", normal=f"p{pk}@example.org", fingerprint=f"f{pk}"
        )
        for pk in ids
    )
    Consent.objects.bulk_create(
        Consent(contact_id=pk, kind="email", purpose="marketing", given=True, basis=Basis.EXPRESS, source="x", at=story.now,
                recorded_at=story.now, handled_at=story.now)
        for pk in ids
    )  # fmt: skip
    runner.start(uuid4(), email_then_sms(), {"contacts": ids}, user=None, now=story.now)
    assert runner.enroll_due(story.now) == 1000
    with CaptureQueriesContext(connection) as seen:
        assert runner.advance(story.now, rounds=1) == 1000
    statements = [
        query["sql"] for query in seen if not query["sql"].startswith(("BEGIN", "SAVEPOINT", "RELEASE", "COMMIT"))
    ]
    assert len(statements) <= 10, "\n".join(one[:160] for one in statements)
    assert Delivery.objects.filter(status="queued").count() == 1000
