"""Claims keep their partial index however PostgreSQL plans them: for the very values, or for any (a server-side prepared statement)."""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cascades import runner
from cascades.models import CascadeStatus, Enrollment
from cascades.publishing import freeze
from cascades.runner.advance import due_in
from cascades.trigger import Entry
from channels.models import Channel, Delivery
from channels.sending import claim
from contacts import bulk
from contacts.models import Contact
from tests.factories import NOW, email_then_sms, make_business

pytestmark = pytest.mark.django_db
PEOPLE = 3000

_PEOPLE = """
INSERT INTO contacts_contact(first_name, last_name, language, time_zone, city, notes, attributes, search, created_at, updated_at)
SELECT 'P' || n, '', '', '', '', '', '{}', 'p' || n, now(), now() FROM generate_series(1, %s) n
"""
_ADDRESSES = """
INSERT INTO contacts_address(contact_id, kind, value, normal, fingerprint, validity, invalid_reason, bad_hits, position, created_at)
SELECT id, 'email', id || '@example.org', id || '@example.org', 'f' || id, 'ok', '', 0, 0, now() FROM contacts_contact
"""
_CONSENTS = """
INSERT INTO contacts_consent(contact_id, kind, purpose, given, basis, source, wording, language, address, delivery_token, played, at,
                             recorded_at, handled_at)
SELECT id, 'email', 'marketing', true, 'express', 'test', '', '', '', '', false, %s, %s, %s FROM contacts_contact
"""


@pytest.fixture(autouse=True)
def _on_postgres() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("plans are PostgreSQL's: on SQLite the same statement has one writer and no plan modes")


@pytest.fixture
def crowd() -> int:
    """Thousands in a cascade, each with a message in the outbox; returns the cascade's id."""
    make_business()
    with connection.cursor() as cursor:
        cursor.execute(_PEOPLE, [PEOPLE])
        cursor.execute(_ADDRESSES)
        cursor.execute(_CONSENTS, [NOW - timedelta(days=1)] * 3)
    cascade = email_then_sms(status=CascadeStatus.RUNNING)
    version = freeze(cascade, user=None, now=NOW)
    runner.enroll(version, Entry(Contact.objects.all(), "launch:1", shared=True), now=NOW)
    return cascade.pk


def plans(claimed: Callable[[], list[tuple[object, ...]]], table: str) -> dict[str, str]:
    """The plan of the statement that the claim ran, prepared on the server, under both modes."""
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {table}")
    with CaptureQueriesContext(connection) as captured:
        assert claimed()
    (statement,) = [query["sql"] for query in captured if query["sql"].startswith("UPDATE")]
    assert "SKIP LOCKED" in statement
    found = {}
    with connection.cursor() as cursor:
        for mode in ("force_custom_plan", "force_generic_plan"):
            cursor.execute(f"SET LOCAL plan_cache_mode = {mode}")
            cursor.execute(f"PREPARE the_claim AS {_with_parameters(statement)}")
            for _ in range(6):  # more often than the five times after which a server thinks of a generic plan
                cursor.execute(f"EXPLAIN EXECUTE the_claim{_values(statement)}")
                found[mode] = "\n".join(row[0] for row in cursor.fetchall())
            cursor.execute("DEALLOCATE the_claim")
    return found


_SET = re.compile(r"(?<== )'[^']*'(?:::\w+)?(?=, \"| WHERE t\.)")


def _with_parameters(statement: str) -> str:
    """The values that are set travel as parameters in the house, and the rest of the statement as literals."""
    numbers = iter(range(1, 99))
    head, where, rest = statement.partition(" WHERE t.")
    return _SET.sub(lambda _: f"${next(numbers)}", head + " WHERE t.").removesuffix(" WHERE t.") + where + rest


def _values(statement: str) -> str:
    head, where, _ = statement.partition(" WHERE t.")
    values = _SET.findall(head + where)
    return f"({', '.join(values)})" if values else ""


def test_the_claim_of_deliveries_that_are_due_keeps_its_index(crowd: int) -> None:
    assert runner.advance(NOW) == PEOPLE
    Delivery.objects.filter(pk__in=Delivery.objects.order_by("pk").values("pk")[20:]).update(status="cancelled")
    channel = Channel.objects.get(kind="email")
    due = claim.due(channel, NOW).order_by("not_before")
    both = [due.filter(purpose=purpose) for purpose in ("transactional", "marketing")]
    changes = {"lease_until": NOW, "claim_token": "0" * 32}
    for plan in plans(lambda: bulk.claim(*both, limit=10, changes=changes), "channels_delivery").values():
        assert plan.count("delivery_due") == 2, plan
        assert "Seq Scan" not in plan, plan


def test_the_claim_of_people_who_are_due_keeps_its_index(crowd: int) -> None:
    through = Enrollment.objects.order_by("pk").values("pk")[20:]
    Enrollment.objects.filter(pk__in=through).update(outcome="reached", next_due_at=None, ended_at=NOW)
    changes = {"claim_token": "0" * 32}
    claimed = plans(lambda: bulk.claim(due_in(crowd, NOW), limit=10, changes=changes), "cascades_enrollment")
    for plan in claimed.values():
        assert "enrollment_due" in plan, plan
        assert "Seq Scan" not in plan, plan


def test_an_update_by_key_is_not_planned_for_one_row_where_the_planner_does_not_know_the_claim_yet(crowd: int) -> None:
    """Reckoning with one, it may join a thousand rows with all others of the wave, each with each."""
    assert runner.advance(NOW) == PEOPLE
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE channels_delivery")
    token = uuid.uuid4()
    jobs = claim.take(Channel.objects.get(kind="email"), token, 1000, NOW)
    rows = [(job.id, "sending") for job in jobs[:200]]
    with CaptureQueriesContext(connection) as captured:
        only = {"claim_token": token, "status": "queued"}
        bulk.update(Delivery, ["reason"], rows, only=only)
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {captured[0]['sql']}")
        plan = "\n".join(row[0] for row in cursor.fetchall())
    reckoned = re.search(r"Seq Scan on channels_delivery t .*?rows=(\d+)", plan)
    assert "channels_delivery_pkey" in plan or (reckoned and int(reckoned[1]) > 100), plan
