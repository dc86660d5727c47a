"""Many raw rows cleaned at once, column by column, into rows of the stage. A value that stands in many rows is read once."""

from __future__ import annotations

import hmac
import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, cast

from django.conf import settings

from contacts import emails, phones
from contacts.importing import mapping
from contacts.importing.cells import CLEANED, LEFT
from contacts.importing.cleaning import Cleaner, split_name
from contacts.importing.reading import MAX_CELL, Raw
from contacts.importing.staged import joined, mark_key, number_key, written
from contacts.models.contact import fold
from contacts.staging import COLUMNS, PLAIN, REFUSED, SEVERAL

Column = Sequence[Any]
_BAD: Any = object()  # a cell that is refused: the row is read again by itself, which says why
_REMEMBERED = 20_000
_OWN = {
    "first_name",
    "last_name",
    "full_name",
    "language",
    "time_zone",
    "birth_date",
    "city",
    "branch",
    "notes",
    "external_id",
    "consented_at",
}
_KNOWN = _OWN | {"email", "phone", "groups", mapping.DETAIL, *mapping.CONSENT}
_KEY_OF = {"email": "key_email", "phone": "key_phone"}


@dataclass(slots=True)
class Cleaned:
    """A portion of the file, ready for the stage. keys: further keys of rows with several addresses."""

    rows: list[tuple[str, ...]] = field(default_factory=list)
    keys: list[tuple[int, str, int]] = field(default_factory=list)


class Columns:
    """For one run; says of every row what `Cleaner` says, many times as fast where rows are plain."""

    def __init__(self, cleaner: Cleaner, chosen: Sequence[str], headers: Sequence[str]) -> None:
        self.cleaner, self.width = cleaner, cleaner.width
        details = dict.fromkeys((mapping.NUMBER, mapping.DAY), mapping.DETAIL)
        self.chosen = [
            (number, details.get(name, name)) for number, name in enumerate(chosen) if name != mapping.IGNORE
        ]
        self.headers = headers
        self.strange = any(name not in _KNOWN for _, name in self.chosen) or cleaner.consent.get("mode") in (
            LEFT,
            CLEANED,
        )
        self.readers = {number: self._reader(number, name) for number, name in self.chosen if name in _KNOWN}
        self.folded = _Remembered(fold)
        self.texts = _Remembered(_json)
        self.sealed = settings.SUPPRESSION_KEY

    def clean(self, raws: Sequence[Raw], start: int) -> Cleaned:
        """The rows from number `start` of the file on."""
        found = Cleaned()
        table = self._table(raws)
        bad = {n for n, raw in enumerate(raws) if raw.broken or (len(raw.cells) > self.width and self._beyond(raw))}
        if self.strange:
            bad = set(range(len(raws)))
            rows: list[tuple[str, ...]] = [()] * len(raws)
        else:
            rows = self._rows(raws, start, table, bad)
        for n in sorted(bad):
            rows[n] = self._alone(raws[n], start + n, found)
        found.rows = rows
        return found

    def _beyond(self, raw: Raw) -> bool:
        """Whether there is something in cells that have no column."""
        return any(cell.strip() or len(cell) > MAX_CELL for cell in raw.cells[self.width :])

    def _table(self, raws: Sequence[Raw]) -> list[tuple[str, ...]]:
        """The cells by columns; every row is as wide as the header."""
        width = self.width
        even = [raw.cells if len(raw.cells) == width else [*raw.cells, *[""] * width][:width] for raw in raws]
        return list(zip(*even, strict=True)) if width else []

    # --- columns --------------------------------------------------------------------------------------------------------

    def _rows(
        self, raws: Sequence[Raw], start: int, table: list[tuple[str, ...]], bad: set[int]
    ) -> list[tuple[str, ...]]:
        for column in table:
            if len(max(column, key=len)) > MAX_CELL:
                bad.update(n for n, cell in enumerate(column) if len(cell) > MAX_CELL)
        read: dict[str, list[tuple[int, list[Any]]]] = {}
        for number, name in self.chosen:
            values = self.readers[number](table[number])
            if _BAD in values:
                bad.update(n for n, value in enumerate(values) if value is _BAD)
                values = [None if value is _BAD else value for value in values]
            read.setdefault(name, []).append((number, values))
        return self._assembled(raws, start, table, read, bad)

    def _assembled(
        self, raws: Sequence[Raw], start: int, table: list[tuple[str, ...]], read: dict[str, list[tuple[int, list[Any]]]], bad: set[int]
    ) -> list[tuple[str, ...]]:  # fmt: skip
        count = len(raws)
        nothing = [""] * count
        own = {name: read[name][-1][1] for name in _OWN if name in read}
        ways = {
            kind: self._ways(kind, [values for _, values in read.get(kind, [])], bad, count)
            for kind in ("email", "phone")
        }
        numbers = own.get("external_id", nothing)
        bad.update(
            n
            for n, (a, b, c) in enumerate(zip(numbers, ways["email"][0], ways["phone"][0], strict=True))
            if not (a or b or c)
        )
        first, last = self._names(own, nothing)
        said = self._said(read, count)
        cells = [joined(row) for row in zip(*table, strict=True)]
        city = own.get("city", nothing)
        columns: dict[str, Sequence[str]] = {
            "n": list(map(str, range(start, start + count))), "line": [str(raw.line) for raw in raws], "kind": [PLAIN] * count,
            "external_id": numbers, "first_name": first, "last_name": last, "city": city,
            **{name: own.get(name, nothing) for name in ("language", "time_zone", "birth_date", "notes")},
            "branch_id": own.get("branch", nothing), "attributes": self._details(read, count), "groups": self._groups(read, count),
            "said_email": said["email"], "said_sms": said["sms"], "said_at": self._said_at(own, count, said),
            "search": self._search(first, last, city, numbers, ways["email"][1], ways["phone"][1]),
            "key_number": [number_key(value) if value else "" for value in numbers], "whole": nothing, "cells": cells,
        }  # fmt: skip
        for kind, (given, normal, marks) in ways.items():
            keys = [str(mark_key(mark)) if mark else "" for mark in marks]
            columns |= {kind: given, f"{kind}_normal": normal, f"{kind}_mark": marks, _KEY_OF[kind]: keys}
        return list(zip(*(columns[name] for name in COLUMNS), strict=True))

    def _ways(
        self, kind: str, columns: list[list[Any]], bad: set[int], count: int
    ) -> tuple[list[str], list[str], list[str]]:
        """As given, normalised, and fingerprints. A row with several of a kind is read by itself."""
        if not columns:
            return [""] * count, [""] * count, [""] * count
        pairs = columns[0]
        if len(columns) > 1:
            pairs = list(pairs)
            for n, several in enumerate(zip(*columns, strict=True)):
                there = [pair for pair in several if pair]
                if len(there) > 1:
                    bad.add(n)
                pairs[n] = there[0] if there else None
        digest, key, prefix = hmac.digest, self.sealed, f"{kind}:"
        marks = [digest(key, (prefix + pair[1].lower()).encode(), "sha256").hex() if pair else "" for pair in pairs]
        return [pair[0] if pair else "" for pair in pairs], [pair[1] if pair else "" for pair in pairs], marks

    def _names(self, own: dict[str, list[Any]], nothing: list[str]) -> tuple[list[str], list[str]]:
        first, last = own.get("first_name", nothing), own.get("last_name", nothing)
        if "full_name" not in own:
            return first, last
        pairs = [pair or ("", "") for pair in own["full_name"]]
        return (
            [name or pair[0] for name, pair in zip(first, pairs, strict=True)],
            [name or pair[1] for name, pair in zip(last, pairs, strict=True)],
        )

    def _details(self, read: dict[str, list[tuple[int, list[Any]]]], count: int) -> list[str]:
        if mapping.DETAIL not in read:
            return [""] * count
        names = [self.cleaner.detail_name(self.headers[number]) for number, _ in read[mapping.DETAIL]]
        rows = zip(*(values for _, values in read[mapping.DETAIL]), strict=True)
        return [
            self.texts[tuple((name, v) for name, v in zip(names, row, strict=True) if v)] if any(row) else ""
            for row in rows
        ]

    def _groups(self, read: dict[str, list[tuple[int, list[Any]]]], count: int) -> list[str]:
        everyone = tuple(self.cleaner.everyone)
        columns = [values for _, values in read.get("groups", [])]
        if not columns:
            return [self.texts[everyone] if everyone else ""] * count
        found = []
        for row in zip(*columns, strict=True):
            names = tuple(name for names in row if names for name in names) + everyone
            found.append(self.texts[names] if names else "")
        return found

    def _said(self, read: dict[str, list[tuple[int, list[Any]]]], count: int) -> dict[str, list[str]]:
        """What a row says of each kind of channel: "1", "0", or nothing."""
        mode, channels = self.cleaner.consent.get("mode"), self.cleaner.consent.get("channels")
        if mode == "all":
            return {kind: ["1" if kind in (channels or []) else ""] * count for kind in ("email", "sms")}
        said = {kind: [""] * count for kind in ("email", "sms")}
        if mode != "column":
            return said
        for _number, name in (one for one in self.chosen if one[1] in mapping.CONSENT):
            values = next(values for number, values in read[name] if number == _number)
            for kind in mapping.CONSENT[name]:
                if channels is None or kind in channels:
                    said[kind] = [
                        before if value is None else "01"[value]
                        for value, before in zip(values, said[kind], strict=True)
                    ]
        return said

    def _said_at(self, own: dict[str, list[Any]], count: int, said: dict[str, list[str]]) -> list[str]:
        default = _instant(self.cleaner.said_at)
        return [value or default for value in own["consented_at"]] if "consented_at" in own else [default] * count

    def _search(
        self, first: Column, last: Column, city: Column, numbers: Column, email: Column, phone: Column
    ) -> list[str]:
        folded = self.folded
        return [
            " ".join([part for part in (folded[a], folded[b], folded[c], fold(d) if d else "", e.lower(), f) if part])
            for a, b, c, d, e, f in zip(first, last, city, numbers, email, phone, strict=True)
        ]

    # --- cells ----------------------------------------------------------------------------------------------------------

    def _reader(self, number: int, name: str) -> Callable[[Sequence[str]], list[Any]]:
        """Reads a whole column: texts as they are stored, "" for nothing; pairs, tuples and truths where the room works with them."""
        whole = self.cleaner.readers[number]
        if name in ("email", "phone"):
            return lambda column: _each(self._address(name, whole), column)
        if name == "external_id":
            return lambda column: _each(lambda cell: _one(whole(cell)) or "", column)
        stored: Callable[[Any], Any] = _STORED.get(name, _text)

        def read(cell: str) -> Any:
            try:
                return stored(_one(whole(cell)))
            except ValueError:
                return _BAD

        empty: Any = None if name in ("full_name", "groups", *mapping.CONSENT) else ""
        known = _Remembered(read, {"": empty})
        return lambda column: [known[cell] for cell in column]

    def _address(self, kind: str, whole: Callable[[str], list[Any]]) -> Callable[[str], tuple[str, str] | None]:
        country = self.cleaner.country

        def quickly(text: str) -> str:
            return emails.quickly(text) if kind == "email" else phones.quickly(text, country)

        def read(cell: str) -> tuple[str, str] | None:
            text = cell.strip()
            if text and text[0] != "'" and (normal := quickly(text)):
                return text[:320], normal
            return cast("tuple[str, str] | None", _one(whole(cell))) if text else None

        return read

    # --- rows by themselves -----------------------------------------------------------------------------------------------

    def _alone(self, raw: Raw, n: int, found: Cleaned) -> tuple[str, ...]:
        row = self.cleaner.clean(raw)
        values = dict.fromkeys(COLUMNS, "") | {"n": str(n), "line": str(raw.line)}
        if isinstance(row, list):
            return tuple(
                (values | {"kind": REFUSED, "notes": " ".join(map(str, row)), "cells": joined(raw.cells)}).values()
            )
        keys = {"key_number": [int(number_key(row.external_id))] if row.external_id else []}
        keys |= {
            _KEY_OF[kind]: [mark_key(mark) for _, _, mark in given]
            for kind, given in (("email", row.emails), ("phone", row.phones))
        }
        found.keys += [(n, name, key) for name, all_of_it in keys.items() for key in set(all_of_it)]
        values |= {"kind": SEVERAL, "whole": written(row), "cells": joined(raw.cells)}
        return tuple(values.values())


def _one(values: Sequence[Any]) -> Any:
    """The value of a cell, None for nothing. Several make it a row to be read by itself."""
    if len(values) > 1:
        raise ValueError
    return values[0] if values else None


def _truth(value: Any) -> Any:
    """Who left is more than a no."""
    return _BAD if isinstance(value, str) else value


def _birthday(value: Any) -> Any:
    """One without its year is kept elsewhere."""
    return _BAD if value and isinstance(value, str) else _text(value)


def _instant(value: datetime | None) -> str:
    return "" if value is None else value.astimezone(UTC).replace(tzinfo=None).isoformat(" ")


def _each(read: Callable[[str], Any], column: Iterable[str]) -> list[Any]:
    found = []
    for cell in column:
        try:
            found.append(read(cell))
        except ValueError:
            found.append(_BAD)
    return found


def _json(value: Any) -> str:
    """A tuple of names as a list; of pairs, as an object."""
    pairs = bool(value) and isinstance(value[0], tuple)
    return json.dumps(dict(value) if pairs else list(value), ensure_ascii=False)


def _text(value: Any) -> str:
    return "" if value is None else str(value)


def _names(value: Any) -> Any:
    return value


def _pair(value: str | None) -> tuple[str, str] | None:
    return split_name(value) if value else None


_STORED: dict[str, Callable[[Any], Any]] = {
    "full_name": _pair, "groups": _names, "consented_at": _instant, "birth_date": _birthday, **dict.fromkeys(mapping.CONSENT, _truth),
}  # fmt: skip


class _Remembered(dict[Any, Any]):
    """What a function answers, for so many values; then it begins anew."""

    def __init__(self, ask: Callable[[Any], Any], known: dict[Any, Any] | None = None) -> None:
        super().__init__(known or {})
        self.ask, self.start = ask, known or {}

    def __missing__(self, value: Any) -> Any:
        if len(self) > _REMEMBERED:
            self.clear()
            self.update(self.start)
        found = self[value] = self.ask(value)
        return found
