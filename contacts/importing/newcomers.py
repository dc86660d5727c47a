"""People whom nobody knows yet, written by a handful of statements for thousands, straight from the stage. The caller's transaction."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime

from contacts import consent
from contacts.importing.writing import group_ids, statement_of
from contacts.models import ImportRun
from contacts.models.contact import fold
from contacts.staging import Stage

People = Sequence[tuple[int, int]]


def add(stage: Stage, numbers: Sequence[int], run: ImportRun, *, now: datetime) -> tuple[list[int], int]:
    """Contacts, addresses, groups and consent of these rows; returns the contacts' ids, and how many consents were given."""
    if not numbers:
        return [], 0
    ids = stage.ids(len(numbers))
    people = list(zip(numbers, ids, strict=True))
    groups = _groups(stage, numbers, now)
    stage.hold(run.created_by_id)
    with stage.trusted():
        stage.write_contacts(people, now)
        for kind in ("email", "phone"):
            stage.write_addresses(kind, people, now)
        stage.write_memberships(groups, people, now)
        wanted = run.options.get("consent")
        given = consent.record_staged(stage, people, statement_of(run), now=now) if wanted else 0
    return ids, given


def _groups(stage: Stage, numbers: Sequence[int], now: datetime) -> list[tuple[str, int]]:
    """Each content of the column of groups with the id of each group in it."""
    contents = {text: json.loads(text) for text in stage.groups(numbers)}
    known = group_ids([name for names in contents.values() for name in names], now)
    return [(text, pk) for text, names in contents.items() for pk in sorted({known[fold(name)] for name in names})]


def ranges(ids: Sequence[int]) -> list[list[int]]:
    """Ascending ids as pairs of the first and the last of a row of them."""
    found: list[list[int]] = []
    for pk in ids:
        if found and found[-1][1] == pk - 1:
            found[-1][1] = pk
        else:
            found.append([pk, pk])
    return found
