"""A person's story: told by those who know it, newest first, in sentences."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts import consent, events, timeline
from contacts.models import Contact
from contacts.timeline import Entry
from tests.factories import NOW, make_contact, make_group

pytestmark = pytest.mark.django_db


def test_all_that_happened_is_told_newest_first() -> None:
    ana = make_contact("Ana Ruiz", phone="+34600000001", consent=())
    eva = User.objects.create_user("eva", first_name="Eva", last_name="Gil")
    Contact.objects.filter(pk=ana.pk).update(created_at=NOW - timedelta(days=9))
    make_group("Regulars", [ana]).memberships.update(added_at=NOW - timedelta(days=8))
    consent.grant(ana.pk, "sms", basis="express", source="form", now=NOW - timedelta(days=7), operator_id=eva.pk)
    events.record(
        ana.pk, "order", at=NOW - timedelta(days=6), now=NOW, data={"amount": "40 EUR", "note": "colour"}, source="till"
    )
    consent.suppress(
        kind="phone",
        normal="+34600000001",
        channel="sms",
        scope="all",
        reason="stop",
        source="STOP",
        now=NOW - timedelta(days=5),
    )
    ana.refresh_from_db()
    told = [(str(entry.title), str(entry.detail)) for entry in timeline.story(ana)]
    assert set(told[:2]) == {
        ("+34•••••01 was suppressed", "answered STOP · everything · SMS"),
        ("Withdrew from marketing: SMS", "STOP · the person withdrew"),
    }
    assert told[2:] == [
        ("Bought", "40 EUR · colour · till"),
        ("Agreed to marketing: SMS", "form · the person agreed · entered by Eva Gil"),
        ("Joined the group “Regulars”", ""),
        ("Added to the contacts", ""),
    ]


def test_other_rooms_tell_their_part_once_however_often_they_register(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(timeline, "_tellers", [])

    def deliveries(contact: Contact) -> list[Entry]:
        return [Entry(NOW, f"Sent to {contact}"), Entry(NOW + timedelta(days=1), "Opened")]

    timeline.register(deliveries)
    timeline.register(deliveries)
    ana = make_contact("Ana Ruiz")
    assert [entry.title for entry in timeline.story(ana)] == ["Opened", "Sent to Ana Ruiz"]
    assert [entry.title for entry in timeline.story(ana, limit=1)] == ["Opened"]


def test_a_long_story_asks_the_database_no_more_than_a_short_one() -> None:
    def statements(facts: int) -> int:
        ana = make_contact("Ana Ruiz", email=f"a{facts}@example.com")
        for n in range(facts):
            events.record(ana.pk, "visit", at=NOW + timedelta(hours=n), now=NOW)
        with CaptureQueriesContext(connection) as queries:
            assert len(timeline.story(ana)) == facts + 3
        return len(queries)

    assert statements(1) == statements(30)
