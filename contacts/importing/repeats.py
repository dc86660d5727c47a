"""Which rows of a file may mean the same person: a first pass that keeps eight bytes for each address, not the file."""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterable, Iterator
from itertools import pairwise

from contacts.importing.cells import strip
from contacts.importing.people import Row
from contacts.importing.reading import Raw

_EMAIL = re.compile(r"[^\s<>'\";,:]+@[^\s<>'\";,]+")
_BETWEEN = re.compile(r"[,;/\n]|:::")
_NO_DIGIT = re.compile(r"\D")


class Repeats:
    """Addresses and numbers that stand in more than one row, roughly: a false alarm only costs memory."""

    def __init__(self, columns: list[str]) -> None:
        self._columns = [(n, name) for n, name in enumerate(columns) if name in ("email", "phone", "external_id")]
        self._often: set[int] = set()
        self.total = 0

    def survey(self, rows: Iterable[Raw]) -> Iterator[int]:
        """Read all rows; yields the number so far, now and then, so that the caller can show that it lives."""
        seen = array("q")
        for raw in rows:
            self.total += 1
            seen.extend({hash(key) for key in self._rough(raw)})
            if self.total % 20_000 == 0:
                yield self.total
        ordered = sorted(seen)
        self._often = {one for one, other in pairwise(ordered) if one == other}

    def may_come_again(self, row: Row) -> bool:
        """Whether another row may mean the same person."""
        keys = [("n", row.external_id), *(("e", normal.lower()) for _, normal, _ in row.emails)]
        keys += [("p", normal[-8:]) for _, normal, _ in row.phones]
        return any(hash(key) in self._often for key in keys)

    def _rough(self, raw: Raw) -> Iterator[tuple[str, str]]:
        for number, name in self._columns:
            cell = raw.cells[number] if number < len(raw.cells) else ""
            if not cell:
                continue
            if name == "external_id":
                yield "n", strip(cell)
            elif name == "email":
                yield from (("e", found.lower()) for found in _EMAIL.findall(cell))
            else:
                digits = (_NO_DIGIT.sub("", piece) for piece in _BETWEEN.split(cell))
                yield from (("p", found[-8:]) for found in digits if found)
