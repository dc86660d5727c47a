"""What a tick costs beside few and beside very many who are through: it must be the same, for a tick costs what is due."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from statistics import median

import pytest
from django.core.management import call_command
from django.db import connection
from django.utils import timezone

from cascades import runner
from cascades.models import CascadeStatus, CascadeVersion, Enrollment
from cascades.publishing import freeze
from cascades.trigger import Entry
from channels.models import Delivery
from contacts.models import Contact
from tests.benchmarks.crowd import settle, unhindered
from tests.benchmarks.rounds import Watch, compare, sized
from tests.factories import email_then_sms, make_business

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

DUE, FEW = 1_000, 10_000
_FINISHED = """
INSERT INTO cascades_enrollment(contact_id, cascade_id, version_id, occasion, shared, unknown_goes_on, outcome, reason, reason_params,
                                started_at, ended_at, max_until, prolonged, context)
SELECT person.id, %(cascade)s, %(version)s, 'earlier:' || n, false, false, 'exhausted', 'no_reaction', '{}', at, at, at, '', '{}'
FROM (SELECT id FROM contacts_contact ORDER BY id LIMIT %(people)s) person, generate_series(1, %(times)s) n,
     (SELECT now() - interval '90 days' AS at) long_ago
"""
# A tick looks at decisions and messages too: those of people who are through stand beside them.
_DECIDED = """
INSERT INTO cascades_steprun(enrollment_id, step_id, step_key, decision, reason, reason_params, decided_at)
SELECT enrollment.id, step.id, step.key, 'skip', 'no_address', '{}', enrollment.started_at
FROM cascades_enrollment enrollment JOIN cascades_step step ON step.version_id = enrollment.version_id AND step.position = 0
WHERE enrollment.outcome = 'exhausted'
"""


@contextmanager
def _schema(name: str) -> Iterator[None]:
    """Tables of this schema: the two crowds stand beside each other in one database, so that rounds can take turns."""
    with connection.cursor() as cursor:
        cursor.execute(f"SET search_path = {name}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            cursor.execute("SET search_path = public")


def _house(finished: int) -> CascadeVersion:
    make_business()
    settle(FEW)
    version = freeze(email_then_sms(status=CascadeStatus.RUNNING), user=None, now=timezone.now())
    about = {
        "cascade": version.cascade_id,
        "version": version.pk,
        "people": min(FEW, finished),
        "times": max(1, finished // FEW),
    }
    with connection.cursor() as cursor:
        with unhindered("cascades_enrollment", "cascades_steprun"):
            cursor.execute(_FINISHED, about)
            cursor.execute(_DECIDED)
        for part in ("cascades_enrollment", "cascades_steprun"):
            cursor.execute(f"VACUUM ANALYZE {part}")
    assert Enrollment.objects.exclude(outcome="").count() == finished
    return version


def _tick(version: CascadeVersion, watch: Watch) -> int:
    """One round, undone again; returns how many messages were planned."""
    now = timezone.now()
    runner.enroll(
        version,
        Entry(Contact.objects.filter(pk__in=Contact.objects.order_by("-pk")[:DUE].values("pk")), "now"),
        now=now,
    )
    with watch(DUE):
        assert runner.advance(now + timedelta(seconds=1)) == DUE
    went = Delivery.objects.filter(status="queued").count()
    Enrollment.objects.filter(outcome="").delete()
    Delivery.objects.all().delete()
    with connection.cursor() as cursor:
        for part in ("cascades_enrollment", "cascades_steprun", "channels_delivery"):
            cursor.execute(f"VACUUM {part}")
    return went


def test_a_tick_costs_the_same_beside_few_and_beside_millions_who_are_through() -> None:
    many = max(FEW, sized(3_000_000) // FEW * FEW)
    with connection.cursor() as cursor:
        cursor.execute("DROP SCHEMA IF EXISTS crowded CASCADE")
        cursor.execute("CREATE SCHEMA crowded")
    try:
        beside_few = _house(FEW)
        with _schema("crowded"):
            call_command("migrate", verbosity=0)
            beside_many = _house(many)

        went: list[int] = []

        def few(watch: Watch) -> None:
            went.append(_tick(beside_few, watch))

        def crowded(watch: Watch) -> None:
            with _schema("crowded"):
                went.append(_tick(beside_many, watch))

        variants = {f"beside {FEW:,} who are through": few, f"beside {many:,}": crowded}
        watch = compare(f"A tick with {DUE:,} people due", "people/s", variants)
        first, second = (median(rates) for rates in watch.rates.values())
        print(f"the second costs {first / second:.2f} times the first")
        assert set(went) == {DUE}
    finally:
        with connection.cursor() as cursor:
            cursor.execute("DROP SCHEMA IF EXISTS crowded CASCADE")
