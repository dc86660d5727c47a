"""Rows of people who are known: those that say nothing new are found by sets, the rest is planned one by one, in the order of the file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from contacts.importing import chunks, within
from contacts.importing.cleaning import Cleaner
from contacts.importing.people import Known, People
from contacts.importing.planning import Plan, plan
from contacts.importing.staged import restored
from contacts.importing.writing import known_groups
from contacts.models import ImportRun
from contacts.models.contact import fold
from contacts.staging import Stage
from contacts.staging_known import KnownRows

_MOST = 8  # times as many rows as are planned at once


@dataclass(frozen=True, slots=True)
class Decided:
    """unchanged: how many rows say nothing new; made: the plan of the others."""

    unchanged: int
    made: Plan


class Familiar:
    """For one run. A batch holds the more rows, the fewer of those before had to be planned."""

    def __init__(self, stage: Stage, cleaner: Cleaner, run: ImportRun) -> None:
        self.stage, self.cleaner, self.run = KnownRows(stage.name), cleaner, run
        self.limited = within.limit_of(run) is not None  # whose people they are is asked one by one
        self.size = chunks.CHUNK

    def batches(self, numbers: Sequence[int]) -> Iterator[Sequence[int]]:
        """The rows, so many at a time, each batch as large as the one before has shown to be good."""
        at = 0
        while at < len(numbers):
            batch = numbers[at : at + self.size]
            at += len(batch)
            yield batch

    def decide(self, numbers: Sequence[int], carried: Iterable[Known] = (), *, lock: bool = False) -> Decided:
        """What the rows mean as things stand now. The caller's transaction; lock: the plan will be written.

        carried: as for `People.for_rows`.
        """
        erasing, before = self.cleaner.erasing(), list(carried)
        self.stage.steady()
        same = (
            {} if self.limited else self.stage.unchanged(numbers, known_groups, fold, erasing.fields, erasing.details)
        )
        while True:
            cleaned = [restored(row) for row in self.stage.read([n for n in numbers if n not in same])]
            rows = [row for _, row in cleaned]
            people = People.for_rows(rows, before, lock=lock, consents=self.cleaner.listens, erasing=erasing)
            # A row that says nothing new of somebody whom another row may change has its turn among those.
            meant = [n for n, contact_id in same.items() if contact_id in people.ids]
            if not meant:
                break
            for n in meant:
                del same[n]
        self.size = max(chunks.CHUNK, min(_MOST * chunks.CHUNK, self.size * chunks.CHUNK // (len(rows) + 1)))
        made = plan(within.keep(cleaned, people, self.run), people, self.cleaner.branches)
        return Decided(len(same), made)
