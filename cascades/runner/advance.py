"""The tick: whoever is due is looked at, in batches, and gets what is next. A tick costs what is due, however many are through."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import NamedTuple
from uuid import uuid4

from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet

from cascades.models import Cascade, CascadeStatus, Enrollment, Outcome, Step
from cascades.runner import belonging, plans, progress
from cascades.runner.deciding import Way, asks, asks_gate, decide, look
from cascades.runner.plans import FrozenCascade
from cascades.runner.progress import Row
from cascades.runner.stop import drain
from cascades.runner.writing import write
from contacts import bulk
from contacts.compiled import CompiledModels
from contacts.consent import gate
from contacts.models import Business

log = logging.getLogger(__name__)

BATCH = 1000
ROUNDS = 20


def advance(now: datetime, *, limit: int = BATCH, rounds: int = ROUNDS, only: int | None = None) -> int:
    """Decide for everyone who is due in a running cascade; returns how many were looked at.

    Cascades take turns, batch by batch. What does not fit into `rounds` batches of each is left to the next tick. only: this cascade.
    """
    work = _work(now, only)
    tick, looked_at = _Tick(now, limit, work.steps), 0
    for cascade_id in work.stopping:
        drain(cascade_id, now)
    due = work.due
    for _ in range(rounds if due else 0):
        taken = {cascade_id: tick.guarded_batch(cascade_id) for cascade_id in due}
        looked_at += sum(taken.values())
        due = [cascade_id for cascade_id in due if taken[cascade_id] == limit]
        if not due:
            break
    return looked_at


def due_in(cascade_id: int, now: datetime) -> QuerySet[Enrollment]:
    """Open enrollments whose time has come, longest due first; answered by the partial index `enrollment_due`."""
    return Enrollment.objects.filter(cascade_id=cascade_id, outcome=Outcome.OPEN, next_due_at__lte=now).order_by(
        "next_due_at"
    )


class _Work(NamedTuple):
    """Running cascades in which someone is due, and stopped ones of which a crash left people open. A paused one costs nothing.

    steps: those of their current versions, by the version's id, for they are what nearly everybody is on.
    """

    due: list[int]
    stopping: list[int]
    steps: dict[int, list[Step]]


def _at_work(now: datetime) -> QuerySet[Step]:
    still_open = Enrollment.objects.filter(cascade_id=OuterRef("pk"), outcome=Outcome.OPEN)
    due = Q(Exists(still_open.filter(next_due_at__lte=now)), status=CascadeStatus.RUNNING)
    stopping = Q(Exists(still_open), status=CascadeStatus.STOPPED)
    return plans.current(Cascade.objects.filter(due | stopping))


_AT_WORK = CompiledModels.by_moment(_at_work)  # asked at every tick, also when there is nothing to do


def _work(now: datetime, only: int | None) -> _Work:
    steps = plans.by_version(step for step in _AT_WORK.rows(now) if only in (None, step.cascade_id))
    found = sorted((first.cascade_id, first.cascade.status) for first, *_ in steps.values())
    running, stopped = (
        [pk for pk, status in found if status == wanted] for wanted in (CascadeStatus.RUNNING, CascadeStatus.STOPPED)
    )
    return _Work(running, stopped, steps)


class _Tick:
    """One tick: the business and the plans are read once for all its batches."""

    def __init__(self, now: datetime, limit: int, steps: Mapping[int, Sequence[Step]]) -> None:
        self.now, self.limit, self.steps = now, limit, steps
        self.business: Business | None = None
        self.frozen: dict[int, FrozenCascade] = {}

    def guarded_batch(self, cascade_id: int) -> int:
        """One batch; a cascade that fails is logged and tried again at the next tick, and the others go on."""
        try:
            return self.batch(cascade_id)
        except Exception:
            log.exception("cascade %s could not be advanced", cascade_id)
            return 0

    def batch(self, cascade_id: int) -> int:
        """Claim, load, ask, decide, write: one transaction, seven statements for any number of people, one more for an older version."""
        token = uuid4()
        with transaction.atomic():
            claimed = bulk.claim(
                due_in(cascade_id, self.now),
                limit=self.limit,
                changes={"claim_token": token},
                returning=progress.COLUMNS,
            )
            if not claimed:
                return 0
            ways = self._ways(progress.rows(claimed))
            self._decide(ways)
            write(ways, now=self.now, claim_token=token)
        return len(claimed)

    def _ways(self, rows: list[Row]) -> list[Way]:
        if missing := {row.version_id for row in rows} - set(self.frozen):
            known_already = missing & set(self.steps)
            self.frozen.update((version_id, plans.frozen(self.steps[version_id])) for version_id in known_already)
            if older := missing - known_already:
                self.frozen.update(plans.load(older))
        known = progress.load(row.id for row in rows)
        return [Way.of(row, self.frozen[row.version_id], known[row.id]) for row in rows]

    def _decide(self, ways: list[Way]) -> None:
        """Only those for whom something is to be sent or left out now are asked for at the gate."""
        moving = [way for way in ways if asks_gate(look(way, self.now))]
        if not moving:
            return
        self.business = self.business or Business.current()
        people = gate([way.row.contact_id for way in moving], asks(moving), now=self.now, business=self.business)
        hours, names = self.business.hours, belonging.find_out(moving, self.now)
        for way in moving:
            decide(way, people.get(way.row.contact_id), self.now, hours, names)
