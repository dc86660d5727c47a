"""The dry run: the whole file is staged, compared and counted, and nothing written but what staff should see. A crash begins it anew."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.db import transaction

from contacts.importing import lease
from contacts.importing.cleaning import Cleaner
from contacts.importing.familiar import Familiar
from contacts.importing.filling import fill, keep_refused
from contacts.importing.people import Known, Row
from contacts.importing.planning import Plan
from contacts.importing.staged import keys_of
from contacts.importing.writing import EXAMPLES, keep_rows
from contacts.models import Business, ImportRow, ImportRun, ImportState
from contacts.staging import Stage

_REFUSED_AT_ONCE = 50_000


def check(run: ImportRun, clock: Callable[[], datetime]) -> None:
    """Count what an import of the file would do. Raises Lost, BadEncoding."""
    stage = _begin(run, clock())
    cleaner = Cleaner(run, Business.current(), clock())
    total = fill(run, stage, clock)
    for _ in stage.set_apart_known(EXAMPLES):
        lease.renew(run, clock())
    for first in range(0, total, _REFUSED_AT_ONCE):
        keep_refused(run, stage, first, first + _REFUSED_AT_ONCE)
    refused, apart = stage.counts()
    new, given = total - apart - refused, stage.consents()
    lease.renew(run, clock(), total=total, position=total - apart, refused=refused, new=new, given=given)
    _plan_apart(run, cleaner, stage, clock)
    lease.finish(run, ImportState.CHECKED, clock())


def _begin(run: ImportRun, now: datetime) -> Stage:
    """A stage of this attempt's own: whoever has lost the lease goes on filling another."""
    if run.options.get("stage"):
        Stage(run.options["stage"]).drop()
    name = f"{run.pk}_{run.lease_token.hex[:8] if run.lease_token else 0}"
    with transaction.atomic():
        lease.renew(
            run, now, **lease.ZERO, total=0, options=run.options | {"notes": {}, "stage": name, **lease.begun(now)}
        )
        ImportRow.objects.filter(run=run).delete()
    return Stage(name)


def _plan_apart(run: ImportRun, cleaner: Cleaner, stage: Stage, clock: Callable[[], datetime]) -> None:
    """The rows of people who are known, or who stand in the file more than once."""
    again = stage.repeated_keys()
    carried: dict[int, Known] = {}
    room = lease.room(run)
    familiar = Familiar(stage, cleaner, run)
    for numbers in familiar.batches(familiar.stage.to_be_planned()):
        with transaction.atomic():
            decided = familiar.decide(numbers, carried.values())
            _carry(decided.made, again, carried)
            lease.advance(run, decided.made.outcomes, clock(), unchanged=decided.unchanged)
            keep_rows(run, decided.made.outcomes, room)


def _carry(made: Plan, again: set[int], carried: dict[int, Known]) -> None:
    """Keep those whom a later chunk may mean again, as they would then stand."""
    for outcome, row in zip(made.outcomes, made.rows, strict=True):
        person = outcome.instance
        if (
            person is not None
            and row is not None
            and (not again.isdisjoint(keys_of(row)) or _has_more(person, row, outcome.changes))
        ):
            carried[id(person)] = person
    for person in made.touched:
        person.own_columns_changed = False
        person.new_groups, person.lines, person.closings = [], [], []


def _has_more(person: Known, row: Row, changes: dict[str, list[str]]) -> bool:
    """A contact that a later row may mean by an address that this row does not hold."""
    marks = set(row.marks)
    return bool(changes) and person.id is not None and any(way.fingerprint not in marks for way in person.ways)
