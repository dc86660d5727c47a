"""A clean row as the stage keeps it, and back again."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from datetime import UTC, date, datetime
from functools import lru_cache
from hashlib import blake2b
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder

from contacts.importing.people import Row
from contacts.importing.reading import Raw
from contacts.staging import COLUMNS, Packed

_FIELD, _ROW = "\x1f", "\x1e"
_CELL = "\x1d"  # between the cells of a row that may have to be shown


def written(row: Row) -> str:
    """A whole row as one text."""
    return json.dumps(asdict(row), cls=_Encoder)


def packed(rows: Sequence[tuple[str, ...]], *, by_copy: bool) -> Packed:
    """Rows in the order of COLUMNS, as a stage takes them."""
    return _copied(rows).encode() if by_copy else [[value or None for value in row] for row in rows]


def _copied(rows: Sequence[tuple[str, ...]]) -> str:
    """Rows as COPY reads them: escaped all at once, where no value holds what keeps them apart meanwhile."""
    whole = _ROW.join([_FIELD.join(row) for row in rows])
    if whole.count(_ROW) >= len(rows) or whole.count(_FIELD) > len(rows) * (len(COLUMNS) - 1):
        whole = _ROW.join([_FIELD.join([v.replace(_ROW, " ").replace(_FIELD, " ") for v in row]) for row in rows])
    escaped = whole.replace("\\", "\\\\").replace("\t", "\\t").replace("\n", "\\n").replace("\r", "\\r")
    return escaped.replace(_FIELD, "\t").replace(_ROW, "\n") + "\n"


def mark_key(mark: str) -> int:
    """Sixty bits of a fingerprint."""
    return int(mark[:15], 16)


def restored(staged: Sequence[Any]) -> tuple[Raw, Row]:
    """A staged row as the planner takes it."""
    found = dict(zip(COLUMNS, staged, strict=True))
    raw = Raw(found["line"], cells_of(found["cells"]))
    if found["whole"]:
        return raw, _whole(json.loads(found["whole"]))
    values = {
        name: found[name]
        for name in ("first_name", "last_name", "language", "time_zone", "city", "notes", "branch_id")
        if found[name]
    }
    if found["birth_date"]:
        values["birth_date"] = _day(found["birth_date"])
    row = Row(
        found["line"], found["external_id"] or "", values, dict(_read(found["attributes"] or "{}")),
        groups=list(_read(found["groups"] or "[]")), said_at=_moment(found["said_at"]),
    )  # fmt: skip
    for kind, ways in (("email", row.emails), ("phone", row.phones)):
        if found[kind]:
            ways.append((found[kind], found[f"{kind}_normal"], found[f"{kind}_mark"]))
    row.said = {kind: bool(found[f"said_{kind}"]) for kind in ("email", "sms") if found[f"said_{kind}"] is not None}
    return raw, row


def cells_of(staged: str | None) -> list[str]:
    """The cells of a staged row, as they stand in the file."""
    return (staged or "").split(_CELL)


def joined(cells: Sequence[str]) -> str:
    whole = _CELL.join(cells)
    return whole if whole.count(_CELL) < len(cells) else _CELL.join(cell.replace(_CELL, " ") for cell in cells)


def keys_of(row: Row) -> Iterator[int]:
    """By which rows of a file are compared with each other."""
    if row.external_id:
        yield int(number_key(row.external_id))
    yield from (mark_key(mark) for mark in row.marks)


def _whole(data: dict[str, Any]) -> Row:
    for name in ("emails", "phones"):
        data[name] = [tuple(one) for one in data[name]]
    if data["values"].get("birth_date"):
        data["values"]["birth_date"] = _day(data["values"]["birth_date"])
    data["proof"] = {key: _moment(value) if key.endswith("_at") else value for key, value in data["proof"].items()}
    return Row(**data | {name: _moment(data[name]) for name in ("said_at", "left_at")})


def _day(value: Any) -> date:
    return value if isinstance(value, date) else date.fromisoformat(value)


@lru_cache(maxsize=8192)
def _read(text: str) -> Any:
    """The same groups and details stand in many rows. Whoever gets them copies them."""
    return json.loads(text)


@lru_cache(maxsize=8192)
def _moment(value: Any) -> datetime | None:
    """SQLite keeps it as text, in UTC."""
    found = datetime.fromisoformat(value) if isinstance(value, str) else value
    return found if found is None or found.tzinfo else found.replace(tzinfo=UTC)


def number_key(number: str) -> str:
    return str(int.from_bytes(blake2b(number.encode(), digest_size=7).digest(), "big"))


class _Encoder(DjangoJSONEncoder):
    """Instants to the microsecond, not to the millisecond."""

    def default(self, o: Any) -> Any:
        return o.isoformat() if isinstance(o, datetime) else super().default(o)
