"""What a plan decided, written with a handful of statements however many rows it holds. The caller's transaction."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from contacts import bulk, consent, kinds
from contacts.consent.closing import Closing, mark_invalid, suppress_many
from contacts.importing.cells import LEFT
from contacts.importing.changed import keep_changes
from contacts.importing.people import FIELDS, MARKETING, Known
from contacts.models import (
    Address,
    Basis,
    Contact,
    Group,
    ImportRow,
    ImportRun,
    Membership,
    RowOutcome,
    SuppressionReason,
    SuppressionScope,
    Validity,
)
from contacts.models.contact import fold, search_text, searchable

_OWN = ("external_id", *FIELDS, "attributes", "search", "updated_at")
_ADDRESS = (
    "contact_id",
    "kind",
    "value",
    "normal",
    "fingerprint",
    "validity",
    "invalid_reason",
    "bad_hits",
    "position",
    "created_at",
)
NOT_IMPORTED = (RowOutcome.REFUSED, RowOutcome.CONFLICT)
EXAMPLES = 20  # rows that are shown of those that are not refused
NOTED = 1000  # and of those with a note


def write(people: Sequence[Known], run: ImportRun, *, now: datetime) -> None:
    """Save everyone whom the plan touched: contacts, addresses, groups, consent."""
    keep_changes(people, run, save(people, now=now), now)
    lines = [line for person in people for line in _lines(person, run)]
    if lines:
        consent.record_imported(lines, now=now)
    _close([closing for person in people for closing in person.closings], run, now)


def _close(closings: Sequence[tuple[str, str, str]], run: ImportRun, now: datetime) -> None:
    """Addresses whose owners left at another program take no marketing there; those that do not exist take nothing."""
    source = closed_by(run)
    left, gone = SuppressionReason.PROVIDER.value, SuppressionReason.BOUNCE.value
    suppress_many(
        [
            Closing(
                kinds.get(kind).address, normal, left if why == LEFT else gone,
                SuppressionScope.MARKETING.value if why == LEFT else SuppressionScope.ALL.value,
                channel=kind, source=source, operator_id=run.created_by_id,
            )
            for kind, normal, why in closings
        ],
        now=now,
    )  # fmt: skip
    mark_invalid("email", [normal for _kind, normal, why in closings if why != LEFT])


def closed_by(run: ImportRun) -> str:
    """What stands as the source of each address that the import closed."""
    return f"import {run.filename[:80]}"


def save(people: Sequence[Known], *, now: datetime) -> dict[str, int]:
    """The same without consent. Returns the ids of the groups that people joined, by their folded names."""
    _insert(people, now)
    changed = [person for person in people if person.own_columns_changed and person.id]
    bulk.update(Contact, _OWN, [(person.id, *_own(person, now)) for person in changed])
    _write_addresses(people, now)
    return _write_groups(people, now)


def _own(person: Known, now: datetime) -> list[Any]:
    values = person.values
    normals = searchable(person.ways)
    search = search_text(values["first_name"], values["last_name"], values["city"], person.external_id, normals)
    return [person.external_id, *(values[name] for name in FIELDS), person.attributes, search, now]


def _insert(people: Sequence[Known], now: datetime) -> None:
    """New contacts get their ids back by what is in their search column: it holds their names, number and addresses."""
    new = [person for person in people if person.id is None]
    rows = [[*_own(person, now), now] for person in new]
    ids: dict[str, list[int]] = {}
    for pk, search in bulk.insert(Contact, [*_OWN, "created_at"], rows, returning=["id", "search"]):
        ids.setdefault(search, []).append(pk)
    where = _OWN.index("search")
    for person, row in zip(new, rows, strict=True):
        person.id, person.own_columns_changed = ids[row[where]].pop(), False


def _write_addresses(people: Sequence[Known], now: datetime) -> None:
    ways = [(person.id, way) for person in people for way in person.ways]
    fresh = [
        (owner, way.kind, way.value, way.normal, way.fingerprint, Validity.OK, "", 0, way.position, now)
        for owner, way in ways
        if way.id is None
    ]
    bulk.insert(Address, _ADDRESS, fresh, ignore_conflicts=True)
    bulk.update(Address, ["position"], [(way.id, way.position) for _, way in ways if way.id is not None and way.moved])


def _write_groups(people: Sequence[Known], now: datetime) -> dict[str, int]:
    known = group_ids([name for person in people for name in person.new_groups], now)
    members = {(person.id, known[fold(name)]) for person in people for name in person.new_groups}
    bulk.insert(
        Membership,
        ["contact_id", "group_id", "added_at"],
        [(*pair, now) for pair in sorted(members)],
        ignore_conflicts=True,
    )
    return known


def group_ids(names: Iterable[str], now: datetime) -> dict[str, int]:
    """The ids of groups by their folded names; those that are missing are made."""
    wanted: dict[str, str] = {}
    for name in names:
        wanted.setdefault(fold(name), name)
    known = known_groups() if wanted else {}
    missing = sorted(name for folded, name in wanted.items() if folded not in known)
    if missing:
        bulk.insert(
            Group, ["name", "description", "created_at"], [(name, "", now) for name in missing], ignore_conflicts=True
        )
        known = known_groups()
    return known


def known_groups() -> dict[str, int]:
    """Those that there are, by their folded names; of two with the same, the older."""
    return {fold(name): pk for pk, name in Group.objects.order_by("-id").values_list("id", "name")}


def statement_of(run: ImportRun) -> consent.Statement:
    """What all lines of ledger that a file gives have in common: its basis, its wording, and who vouched for it."""
    said = run.options.get("consent", {})
    return consent.Statement(
        basis=said.get("basis", Basis.STAFF.value), source=f"import {run.filename[:60]}, line {{line}}", wording=_wording(said),
        language=run.options.get("language", ""), operator_id=run.created_by_id,
    )  # fmt: skip


def _lines(person: Known, run: ImportRun) -> Iterable[consent.Line]:
    """What the file says about consent, with its evidence."""
    statement = statement_of(run)
    for said in person.lines:
        proof = said.proof
        yield consent.Line(
            contact_id=person.id or 0, kind=said.kind, given=said.given, purpose=MARKETING,
            basis=statement.basis if said.given else Basis.WITHDRAWAL.value,
            source=statement.source.replace("{line}", str(said.line)) + _opted_in(proof),
            wording=statement.wording if said.given else "", language=statement.language, at=said.at,
            operator_id=statement.operator_id, address=said.address, ip=proof.get("confirm_ip") or proof.get("consent_ip"),
        )  # fmt: skip


def _opted_in(proof: dict[str, Any]) -> str:
    """Where a confirmation counts: when and from where the person had asked for it."""
    at, ip = proof.get("consented_at"), proof.get("consent_ip", "")
    return f"; opt-in {at:%Y-%m-%d %H:%M} {ip}".rstrip() if at and proof.get("confirmed_at") else ""


def _wording(statement: dict[str, Any]) -> str:
    vouched = f"[{statement['confirmed_by']}]" if statement.get("confirmed_by") else ""
    return f"{statement.get('wording', '')} {vouched}".strip()


def keep_rows(run: ImportRun, outcomes: Iterable[Any], room: dict[str, int]) -> None:
    """Keep the rows that staff should see: all that were refused, the noted, and the first of each other outcome.

    room: how many more of "new", "changed" and "noted" are to be kept; counted down here.
    """
    kept = []
    for found in outcomes:
        bucket = "noted" if found.notes else found.outcome.value
        if found.outcome not in NOT_IMPORTED:
            if room.get(bucket, 0) <= 0:
                continue
            room[bucket] -= 1
        kept.append((run.pk, found.number, found.outcome.value, found.reason, found.raw.cells, found.changes))
    bulk.insert(ImportRow, ["run_id", "line", "outcome", "reason", "cells", "changes"], kept, ignore_conflicts=True)
