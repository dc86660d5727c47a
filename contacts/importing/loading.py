"""The import itself. A chunk is one transaction with the position in the file, so that a crash neither loses nor doubles a row."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from itertools import islice

from django.db import DataError, IntegrityError, transaction
from django.utils.translation import gettext as _

from contacts.importing import lease, reading
from contacts.importing.chunks import chunks, opened, shape_of
from contacts.importing.cleaning import Cleaner
from contacts.importing.people import People, Row
from contacts.importing.planning import Outcome, plan
from contacts.importing.reading import Raw
from contacts.importing.writing import keep_rows, write
from contacts.models import Business, ImportRun, ImportState

Cleaned = list[tuple[Raw, Row | list[str]]]


def load(run: ImportRun, clock: Callable[[], datetime]) -> None:
    """Write the file's rows from where the run stands. Raises Lost, BadEncoding."""
    if run.position == 0:
        lease.renew(run, clock(), options=run.options | {"notes": {}})
    with opened(run) as stream:
        cleaner = Cleaner(run, Business.current(), clock())
        writer = _Writer(run, cleaner, clock)
        for raws in chunks(islice(reading.rows(stream, shape_of(run)), run.position, None)):
            writer.write([(raw, cleaner.clean(raw)) for raw in raws])
    lease.finish(run, ImportState.DONE, clock())


class _Writer:
    """Writes chunks, and where the database refuses one, its halves, until the one row is found that it refuses."""

    def __init__(self, run: ImportRun, cleaner: Cleaner, clock: Callable[[], datetime]) -> None:
        self.run, self.cleaner, self.clock = run, cleaner, clock
        self.room = lease.room(run)

    def write(self, cleaned: Cleaned) -> None:
        try:
            self._write(cleaned)
        except (IntegrityError, DataError):
            if len(cleaned) == 1:
                self._refuse(cleaned[0][0])
                return
            half = len(cleaned) // 2
            self.write(cleaned[:half])
            self.write(cleaned[half:])

    def _write(self, cleaned: Cleaned) -> None:
        rows = [row for _, row in cleaned if isinstance(row, Row)]
        now, options, room = self.clock(), self.run.options, dict(self.room)
        try:
            with transaction.atomic():
                # Two imports, or two workers on one, plan one after the other: each sees what the other wrote.
                Business.objects.select_for_update().filter(pk=1).first()
                people = People.for_rows(rows, lock=True, consents=self.cleaner.listens)
                made = plan(cleaned, people, self.cleaner.branches)
                self._commit(made.outcomes, now, room)
                write(made.touched, self.run, now=now)
        except BaseException:
            self.run.options = options
            raise
        self.room = room
        lease.counted(self.run, made.outcomes)

    def _commit(self, outcomes: list[Outcome], now: datetime, room: dict[str, int]) -> None:
        lease.advance(self.run, outcomes, now)
        keep_rows(self.run, outcomes, room)

    def _refuse(self, raw: Raw) -> None:
        """Staff changed the same contact at this very moment, or the row holds what the database cannot."""
        refused = Outcome(raw).refuse(
            [_("The row could not be saved. Import it once more; if it fails again, look at its contact.")]
        )
        with transaction.atomic():
            self._commit([refused], self.clock(), self.room)
        lease.counted(self.run, [refused])
