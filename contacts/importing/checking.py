"""The dry run: the whole file, planned and counted, and nothing written but what staff should see. A crash begins it anew."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime

from django.db import transaction

from contacts.importing import lease, reading
from contacts.importing.chunks import chunks, opened, shape_of
from contacts.importing.cleaning import Cleaner
from contacts.importing.people import Known, People, Row
from contacts.importing.planning import Plan, plan
from contacts.importing.reading import Raw
from contacts.importing.repeats import Repeats
from contacts.importing.writing import keep_rows
from contacts.models import Business, ImportRow, ImportRun, ImportState

_ZERO = {"position": 0, "new": 0, "changed": 0, "unchanged": 0, "refused": 0}


def check(run: ImportRun, clock: Callable[[], datetime]) -> None:
    """Count what an import of the file would do. Raises Lost, BadEncoding."""
    _begin(run, clock())
    with opened(run) as stream:
        repeats = Repeats(run.mapping["columns"])
        for _ in repeats.survey(reading.rows(stream, shape_of(run))):
            lease.renew(run, clock())
        lease.renew(run, clock(), total=repeats.total)
        cleaner = Cleaner(run, Business.current(), clock())
        carried: dict[int, Known] = {}
        room = lease.room(run)
        for raws in chunks(reading.rows(stream, shape_of(run))):
            made = _planned([(raw, cleaner.clean(raw)) for raw in raws], carried.values(), cleaner)
            _carry(made, repeats, carried)
            with transaction.atomic():
                lease.advance(run, made.outcomes, clock())
                keep_rows(run, made.outcomes, room)
            lease.counted(run, made.outcomes)
    lease.finish(run, ImportState.CHECKED, clock())


def _begin(run: ImportRun, now: datetime) -> None:
    with transaction.atomic():
        lease.renew(run, now, **_ZERO, total=0, options=run.options | {"notes": {}})
        ImportRow.objects.filter(run=run).delete()


def _planned(cleaned: list[tuple[Raw, Row | list[str]]], carried: Iterable[Known], cleaner: Cleaner) -> Plan:
    rows = [row for _, row in cleaned if isinstance(row, Row)]
    return plan(cleaned, People.for_rows(rows, carried, consents=cleaner.listens), cleaner.branches)


def _carry(made: Plan, repeats: Repeats, carried: dict[int, Known]) -> None:
    """Keep those whom a later chunk may mean again, as they would then stand."""
    for outcome, row in zip(made.outcomes, made.rows, strict=True):
        person = outcome.instance
        if (
            person is not None
            and row is not None
            and (repeats.may_come_again(row) or _has_more(person, row, outcome.changes))
        ):
            carried[id(person)] = person
    for person in made.touched:
        person.own_columns_changed = False
        person.new_groups, person.lines, person.closings = [], [], []


def _has_more(person: Known, row: Row, changes: dict[str, list[str]]) -> bool:
    """A contact that a later row may mean by an address that this row does not hold."""
    marks = set(row.marks)
    return bool(changes) and person.id is not None and any(way.fingerprint not in marks for way in person.ways)
