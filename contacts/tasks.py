"""The room's periodic work. One task for all imports: their rows hold the truth, this is only the hint to look."""

from __future__ import annotations

import time
from typing import Any

from celery import shared_task
from django.db import transaction
from django.utils import timezone

from contacts import connections, hints, integrations, privacy
from contacts.goods import together
from contacts.importing import runs, undoing
from contacts.many import runs as many
from contacts.merging import finding
from contacts.privacy import retention

LONGEST_SECONDS = 20.0  # what is left is the next one's


@shared_task(name="contacts.tasks.work_imports", ignore_result=True)
def work_imports() -> int:
    """Undo, check and import what staff asked for; delete the files of imports that ended long ago."""
    integrations.forget(timezone.now())
    runs.prune(now=timezone.now())
    return undoing.work(clock=timezone.now) + runs.work(clock=timezone.now)


@shared_task(name="contacts.tasks.work_many", ignore_result=True)
def work_many() -> int:
    """Go on with what staff asked for many people at once; delete the files of old exports."""
    many.prune(now=timezone.now())
    return many.work(clock=timezone.now)


@shared_task(name="contacts.tasks.apply_received", ignore_result=True)
def apply_received() -> int:
    """Take in what shops and booking programs called, batch after batch."""
    now, done = timezone.now(), 0
    while taken := connections.apply_received(now):
        done += taken
    return done


@shared_task(name="contacts.tasks.find_bought_together", ignore_result=True)
def find_bought_together() -> int:
    """What was bought together, for messages that show what goes with it."""
    return together.find(timezone.now())


@shared_task(name="contacts.tasks.find_duplicates", ignore_result=True)
def find_duplicates() -> int:
    """Who may be one person twice, for staff to decide."""
    return finding.find(timezone.now())


@shared_task(name="contacts.tasks.forget_people", ignore_result=True)
def forget_people() -> int:
    """Go through what may still hold somebody who was erased, portion by portion."""
    until, done = time.monotonic() + LONGEST_SECONDS, 0
    while time.monotonic() < until and privacy.sweep(timezone.now()):
        done += 1
    return done


@shared_task(name="contacts.tasks.purge", ignore_result=True)
def purge() -> int:
    """Delete what is older than the house keeps it, portion by portion."""
    until, done = time.monotonic() + LONGEST_SECONDS, 0
    while time.monotonic() < until and (gone := retention.purge(timezone.now())):
        done += gone
    return done


def nudge(task: Any = work_imports) -> None:
    """Begin now rather than at the next tick, once the present transaction is committed."""
    transaction.on_commit(lambda: hints.give(task), robust=True)
