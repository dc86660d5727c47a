"""Enrolment and advancing, beside the bare statements that do the same to the same tables."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from cascades import runner
from cascades.models import CascadeStatus, Enrollment, StepRun
from cascades.publishing import freeze
from cascades.runner.progress import COLUMNS
from cascades.trigger import Entry
from channels.models import Delivery
from contacts.models import Contact
from tests.benchmarks.crowd import empty, settle
from tests.benchmarks.rounds import Watch, compare, sized
from tests.factories import email_then_sms, make_business

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

_INSERT = """
INSERT INTO cascades_enrollment(contact_id, cascade_id, version_id, occasion, shared, unknown_goes_on, outcome, reason, reason_params,
                                started_at, next_due_at, max_until, prolonged, context)
SELECT id, %s, %s, 'bare', true, false, '', '', '{}', now(), now(), now() + interval '9 days', '', '{}' FROM contacts_contact
"""
_CLAIM = """
UPDATE cascades_enrollment SET claim_token = %s, next_due_at = next_due_at + interval '1 hour' WHERE id = ANY(ARRAY(
    SELECT id FROM cascades_enrollment WHERE cascade_id = {cascade} AND outcome = '' AND next_due_at <= %s
    ORDER BY next_due_at LIMIT 1000 FOR UPDATE SKIP LOCKED
)) RETURNING {columns}
"""


def test_enrolment() -> None:
    people = sized(100_000)
    make_business()
    settle(people)
    cascade = email_then_sms(status=CascadeStatus.RUNNING)
    version = freeze(cascade, user=None, now=timezone.now())

    def bare(watch: Watch) -> None:
        empty("cascades_enrollment")
        with watch(people), connection.cursor() as cursor:
            cursor.execute(_INSERT, [cascade.pk, version.pk])
        assert Enrollment.objects.count() == people

    def enrolled(watch: Watch) -> None:
        empty("cascades_enrollment")
        with watch(people):
            assert (
                runner.enroll(version, Entry(Contact.objects.all(), "launch:1", shared=True), now=timezone.now())
                == people
            )

    compare(
        f"Enrolment of {people:,} people",
        "people/s",
        {"bare INSERT .. SELECT": bare, "enrolment, nobody twice": enrolled},
    )


def test_advancing() -> None:
    people = sized(20_000)
    make_business()
    settle(people)
    cascade = email_then_sms(status=CascadeStatus.RUNNING)
    version = freeze(cascade, user=None, now=timezone.now())

    def enroll() -> None:
        empty("cascades_enrollment", "channels_delivery")
        runner.enroll(version, Entry(Contact.objects.all(), "launch:1", shared=True), now=timezone.now())
        with connection.cursor() as cursor:
            cursor.execute("ANALYZE cascades_enrollment")

    def bare(watch: Watch) -> None:
        enroll()
        claim = _CLAIM.format(cascade=cascade.pk, columns=", ".join(COLUMNS))
        claimed, now = 0, timezone.now()
        with watch(people), connection.cursor() as cursor:
            while claimed < people:
                cursor.execute(claim, [uuid4(), now])
                claimed += len(cursor.fetchall())

    def advanced(watch: Watch) -> None:
        enroll()
        now = timezone.now() + timedelta(seconds=1)
        with watch(people):
            assert runner.advance(now, rounds=people // 1000 + 1) == people
        assert (
            Delivery.objects.filter(status="queued").count()
            == StepRun.objects.filter(decision="send").count()
            == people
        )

    compare(
        f"Advancing {people:,} people: the gate asked, the message planned, the decision written", "people/s",
        {"bare UPDATE .. RETURNING that claims the same rows": bare, "advancing": advanced},
    )  # fmt: skip
