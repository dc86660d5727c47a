"""The import itself. A portion is one transaction with the record that it is done, so that a crash neither loses nor doubles a row."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any

from django.db import DataError, IntegrityError, transaction
from django.utils.translation import gettext as _

from contacts import turns
from contacts.importing import chunks, lease, within
from contacts.importing.cleaning import Cleaner
from contacts.importing.familiar import Familiar
from contacts.importing.filling import fill, keep_refused
from contacts.importing.newcomers import add, ranges
from contacts.importing.planning import Outcome
from contacts.importing.staged import restored
from contacts.importing.together import together
from contacts.importing.writing import keep_rows, write
from contacts.models import Business, ImportPortion, ImportRun, ImportState
from contacts.staging import Stage

PORTION = 10_000  # rows of one transaction


def load(run: ImportRun, clock: Callable[[], datetime]) -> None:
    """Write the file's rows that are not written yet: first the people who are new, then the rest one by one.

    Raises Lost, BadEncoding, Changed.
    """
    with chunks.opened(run):  # it must still be the file that staff looked at
        cleaner = Cleaner(run, Business.current(), clock())
    stage = _ready(run, clock)
    notes: dict[str, Any] = {"notes": {}} if run.position == 0 else {}
    lease.renew(run, clock(), options=run.options | notes | lease.begun(clock(), run.position))
    turns.set_apart_shared(stage, _beside(run))
    done = set(run.portions.filter(one_by_one=False).values_list("first", flat=True))
    missing = [first for first in range(0, run.total, PORTION) if first not in done]
    together(missing, lambda first: _add_newcomers(run, stage, first, clock))
    writer = _Writer(run, Familiar(stage, cleaner, run), clock)
    for numbers in writer.familiar.batches(_left(run)):
        writer.write(numbers)
    lease.finish(run, ImportState.DONE, clock())
    stage.drop()


def _ready(run: ImportRun, clock: Callable[[], datetime]) -> Stage:
    """The rows that the check staged; staged again where the database lost them in a crash."""
    stage = Stage(run.options.get("stage") or str(run.pk))
    if not run.total or stage.count() != run.total:
        counted = run.position, run.total
        fill(run, stage, clock)
        lease.renew(run, clock(), position=counted[0], total=counted[1])
    return stage


def _beside(run: ImportRun) -> list[str]:
    """The stages of the other imports that are being written."""
    others = ImportRun.objects.filter(state=ImportState.IMPORTING).exclude(pk=run.pk)
    return [str(options.get("stage") or pk) for pk, options in others.values_list("pk", "options")]


def _left(run: ImportRun) -> list[int]:
    """The rows to be planned one by one, of all portions, without those that are done."""
    ends = run.portions.filter(one_by_one=True).values_list("end", flat=True)
    done = max(ends, default=0)
    lists = run.portions.filter(one_by_one=False).values_list("apart", flat=True)
    return sorted(n for numbers in lists for n in numbers if n >= done)


def _add_newcomers(run: ImportRun, stage: Stage, first: int, clock: Callable[[], datetime]) -> None:
    """One portion: whoever is new beyond doubt is written, the others are noted for later."""
    limited = within.limit_of(run) is not None  # whose people they are is asked one by one
    try:
        _add_portion(run, stage, first, clock(), everyone_apart=limited)
    except (IntegrityError, DataError):  # the database refuses a row: it is found one by one
        _add_portion(run, stage, first, clock(), everyone_apart=True)


def _add_portion(run: ImportRun, stage: Stage, first: int, now: datetime, *, everyone_apart: bool = False) -> None:
    end = min(first + PORTION, run.total)
    with transaction.atomic():
        turns.side_by_side()
        stage.steady()
        new, apart = stage.split(first, end)
        if everyone_apart:
            new, apart = [], sorted([*new, *apart])
        ids, given = add(stage, new, run, now=now)
        refused = keep_refused(run, stage, first, end)
        ImportPortion.objects.create(run=run, first=first, end=end, apart=apart, made=ranges(ids), at=now)
        stage.settle()
        lease.count(run, {"new": len(new), "refused": refused, "given": given}, now)


class _Writer:
    """Plans rows one by one and writes many in a transaction; where the database refuses that, its halves, until the one is found."""

    def __init__(self, run: ImportRun, familiar: Familiar, clock: Callable[[], datetime]) -> None:
        self.run, self.familiar, self.clock = run, familiar, clock
        self.room = lease.room(run)

    def write(self, numbers: Sequence[int]) -> None:
        try:
            self._write(numbers)
        except (IntegrityError, DataError):
            if len(numbers) == 1:
                self._refuse(numbers[0])
                return
            half = len(numbers) // 2
            self.write(numbers[:half])
            self.write(numbers[half:])

    def _write(self, numbers: Sequence[int]) -> None:
        now, options, room = self.clock(), self.run.options, dict(self.room)
        try:
            with transaction.atomic():
                # Two imports, or two workers on one, plan one after the other: each sees what the other wrote.
                turns.alone()
                Business.objects.select_for_update().filter(pk=1).first()
                decided = self.familiar.decide(numbers, lock=True)
                fresh = [person for person in decided.made.touched if person.id is None]
                lease.advance(self.run, decided.made.outcomes, now, unchanged=decided.unchanged)
                write(decided.made.touched, self.run, now=now)
                self._note(numbers, decided.made.outcomes, now, room, [person.id or 0 for person in fresh])
        except BaseException:
            self.run.options = options
            raise
        self.room = room

    def _note(
        self, numbers: Sequence[int], outcomes: list[Outcome], now: datetime, room: dict[str, int], made: Sequence[int]
    ) -> None:
        keep_rows(self.run, outcomes, room)
        ImportPortion.objects.create(
            run=self.run, one_by_one=True, first=numbers[0], end=numbers[-1] + 1, made=ranges(sorted(made)), at=now
        )

    def _refuse(self, number: int) -> None:
        """Staff changed the same contact at this very moment, or the row holds what the database cannot."""
        raw, _row = restored(self.familiar.stage.read([number])[0])
        refused = Outcome(raw).refuse(
            [_("The row could not be saved. Import it once more; if it fails again, look at its contact.")]
        )
        with transaction.atomic():
            now = self.clock()
            lease.advance(self.run, [refused], now)
            self._note([number], [refused], now, self.room, [])
