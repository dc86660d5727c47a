"""What an import changed of each person who was known, kept beside the change itself: for the history, and for undoing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date, datetime
from typing import Any

from contacts import bulk
from contacts.importing.people import FIELDS, Known
from contacts.models import ImportChange, ImportRun
from contacts.models.contact import fold

COLUMNS = ("run_id", "contact_id", "at", "fields", "addresses", "groups", "said")


def keep_changes(people: Iterable[Known], run: ImportRun, groups: Mapping[str, int], now: datetime) -> None:
    """One statement for all who were known before and are not as they were. groups: ids by folded name."""
    rows = [(run.pk, person.id, now, *found) for person in people if person.was and any(found := _of(person, groups))]
    bulk.insert(ImportChange, COLUMNS, rows)


def _of(person: Known, groups: Mapping[str, int]) -> tuple[Any, ...]:
    added = [[way.kind, way.normal] for way in person.ways if way.id is None]
    joined = sorted({groups[fold(name)] for name in person.new_groups})
    return _fields(person), added, joined, {line.kind: line.given for line in person.lines}


def _fields(person: Known) -> dict[str, Any]:
    """Name -> [was, is]; of other details only those that differ."""
    own = {"external_id": person.external_id, **person.values}
    found: dict[str, Any] = {
        name: [plain(person.was[name]), plain(own[name])]
        for name in ("external_id", *FIELDS)
        if own[name] != person.was[name]
    }
    before, after = person.was["attributes"], person.attributes
    if before != after:
        keys = sorted(key for key in {*before, *after} if before.get(key) != after.get(key))
        found |= {"attributes": {key: [before.get(key), after.get(key)] for key in keys}} if keys else {}
    return found


def plain(value: Any) -> Any:
    """A value as it travels in JSON."""
    return value.isoformat() if isinstance(value, date) else value
