"""What fault tests share: two counting servers, and the environment of workers that give up their leases soon."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.db import connection

from config.schedule import create_missing
from tests.faults.crew import Peer, peer

LEASE_SECONDS = 2


@pytest.fixture
def seed() -> int:
    """Of everything that happens by chance; CASCADA_FAULTS_SEED repeats a run."""
    chosen = int(os.environ.get("CASCADA_FAULTS_SEED") or int.from_bytes(os.urandom(3), "big"))
    print(f"\nCASCADA_FAULTS_SEED={chosen}")  # noqa: T201
    return chosen


@pytest.fixture
def environment(process_environment: dict[str, str]) -> dict[str, str]:
    """For workers whose leases end within seconds, and whose stuck messages are swept as often."""
    from django_celery_beat.models import IntervalSchedule, PeriodicTask

    create_missing()
    often = IntervalSchedule.objects.get_or_create(every=2, period=IntervalSchedule.SECONDS)[0]
    PeriodicTask.objects.filter(task="channels.tasks.sweep").update(interval=often, expire_seconds=2)
    return {**process_environment, "CASCADA_LEASE_SECONDS": str(LEASE_SECONDS)}


@pytest.fixture
def mail(tmp_path: Path) -> Iterator[Peer]:
    """A mail server that takes its time over each mail, so that there is something in the air."""
    with peer("smtp", tmp_path / "mail.tsv", "--delay", "0.02") as server:
        yield server


@pytest.fixture
def sms(tmp_path: Path) -> Iterator[Peer]:
    with peer("twilio", tmp_path / "sms.tsv", "--delay", "0.2") as server:
        yield server


@pytest.fixture
def workers() -> int:
    """How many at once: SQLite has one writer and is meant for one worker."""
    return 2 if connection.vendor == "postgresql" else 1
