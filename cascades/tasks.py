"""Periodic tasks: each does what is due and returns; the rows say what that is. Nothing is lost when one is lost."""

from __future__ import annotations

import logging

from celery import shared_task
from django.utils import timezone

from cascades import invariant, runner

log = logging.getLogger(__name__)


@shared_task(name="cascades.tasks.advance")
def advance() -> int:
    """Next steps of those who are due."""
    return runner.advance(timezone.now())


@shared_task(name="cascades.tasks.launch")
def launch() -> int:
    """Starts whose time has come."""
    return runner.enroll_due(timezone.now())


@shared_task(name="cascades.tasks.trigger")
def trigger() -> int:
    """Who is to enter the cascades that take people in by themselves, and which guardians are to be let go."""
    runner.let_go(timezone.now())
    return runner.listen(timezone.now())


@shared_task(name="cascades.tasks.wake")
def wake() -> int:
    """What came in, noticed."""
    return runner.wake(timezone.now())


@shared_task(name="cascades.tasks.check_invariant")
def check_invariant() -> int:
    """Nobody was lost; what is wrong goes to the log and stands on the health page. Returns how many things are wrong."""
    report = invariant.check(timezone.now())
    for problem in report.problems:
        log.error("%s", problem)
    return len(report.problems)
