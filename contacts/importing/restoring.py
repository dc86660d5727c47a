"""People whom an import changed, as they were before: each field goes back where it still is what the import made of it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.db.models import QuerySet

from contacts import bulk
from contacts.bulk import Among
from contacts.consent import Line, ledger
from contacts.importing.changed import plain
from contacts.importing.people import FIELDS
from contacts.importing.sparing import AGREED, ENDED, MARKETING, MERGED, Spared, undone
from contacts.importing.sparing import FIELDS as KEPT_FIELDS
from contacts.models import Address, Branch, Consent, Contact, ImportChange, Membership, Merge
from contacts.models.contact import search_text, searchable

_OWN = ("external_id", *FIELDS, "attributes")


@dataclass
class Back:
    """What is to be written, and what stays as it is, by contact."""

    values: dict[int, dict[str, Any]] = field(default_factory=dict)
    addresses: set[int] = field(default_factory=set)
    memberships: set[int] = field(default_factory=set)
    lines: list[Line] = field(default_factory=list)
    left: dict[int, list[Spared]] = field(default_factory=lambda: defaultdict(list))
    touched: set[int] = field(default_factory=set)

    def leave(self, pk: int, why: str, *what: str) -> None:
        self.left[pk].append(Spared(why, what))


class Restoring:
    """The people of a portion, locked, with all that may have to go back. changes: of one import, all that it made of each of them."""

    def __init__(self, changes: Sequence[ImportChange], source: str) -> None:
        self.changes, self.source = sorted(changes, key=lambda one: -one.pk), source
        ids = self.ids = sorted({change.contact_id for change in changes})
        there = Contact.objects.filter(Among("id", ids)).order_by("id").select_for_update(no_key=True)
        self.now = {pk: dict(zip(_OWN, values, strict=True)) for pk, *values in there.values_list("id", *_OWN)}
        self.ways: dict[int, list[Address]] = defaultdict(list)
        for way in Address.objects.filter(Among("contact_id", ids)).order_by("position", "id"):
            self.ways[way.contact_id].append(way)
        members = Membership.objects.filter(Among("contact_id", ids)).values_list(
            "contact_id", "group_id", "added_at", "id"
        )
        self.members = {(owner, group): (at, pk) for owner, group, at, pk in members}
        self.said: dict[tuple[int, str], list[Consent]] = defaultdict(list)
        for line in Consent.objects.filter(Among("contact_id", ids), purpose=MARKETING).order_by("id"):
            self.said[line.contact_id, line.kind].append(line)
        merges = Merge.objects.filter(Among("kept_id", ids), undone_at=None).order_by("at")
        self.merged = dict(merges.values_list("kept_id", "at"))
        self.branches = set(Branch.objects.values_list("id", flat=True))
        self.numbers = self._taken()

    def _taken(self) -> dict[str, int]:
        """Who has the numbers that would go back."""
        wanted = {change.fields["external_id"][0] for change in self.changes if "external_id" in change.fields} - {
            None,
            "",
        }
        rows = Contact.objects.filter(Among("external_id", sorted(wanted))).order_by().values_list("external_id", "id")
        return {str(number): pk for number, pk in rows} if wanted else {}

    def plan(self) -> Back:
        back = Back(values={pk: dict(values) for pk, values in self.now.items()})
        for change in self.changes:
            pk = change.contact_id
            if pk in self.merged and self.merged[pk] > change.at:
                back.leave(pk, MERGED)
                continue
            self._fields(change, back)
            self._addresses(change, back)
            self._groups(change, back)
            self._consents(change, back)
        return back

    def _fields(self, change: ImportChange, back: Back) -> None:
        values, kept = back.values[change.contact_id], []
        for name, pair in change.fields.items():
            if name == "attributes":
                kept += _details(values, pair)
            elif plain(values[name]) != pair[1] or not self._may(name, pair[0], change.contact_id):
                kept.append(name)
            else:
                values[name] = date.fromisoformat(pair[0]) if name == "birth_date" and pair[0] else pair[0]
        if kept:
            back.leave(change.contact_id, KEPT_FIELDS, *kept)

    def _may(self, name: str, value: Any, pk: int) -> bool:
        """Whether nothing that is not there any more, or is another's by now, would go back."""
        if name == "branch_id":
            return value is None or value in self.branches
        return name != "external_id" or self.numbers.get(value, pk) == pk

    def _addresses(self, change: ImportChange, back: Back) -> None:
        told = {line.address for kind in ("email", "sms") for line in self.said[change.contact_id, kind]
                if line.recorded_at > change.at and line.given}  # fmt: skip
        added = {tuple(one) for one in change.addresses}
        for way in self.ways[change.contact_id]:
            if way.created_at != change.at:
                continue
            if (way.kind, way.normal) in added and way.normal not in told:
                back.addresses.add(way.pk)
            else:
                back.leave(change.contact_id, KEPT_FIELDS, "addresses")

    def _groups(self, change: ImportChange, back: Back) -> None:
        for group in change.groups:
            at, pk = self.members.get((change.contact_id, group), (None, 0))
            if at == change.at:
                back.memberships.add(pk)

    def _consents(self, change: ImportChange, back: Back) -> None:
        for kind, given in change.said.items():
            lines = self.said[change.contact_id, kind]
            mine = [n for n, line in enumerate(lines) if line.recorded_at == change.at and line.given == given]
            if not given:
                back.leave(change.contact_id, ENDED, kind)
            elif mine and mine[-1] == len(lines) - 1:
                back.lines.append(self._as_before(lines, mine[-1]))
            elif mine:
                back.leave(change.contact_id, AGREED, kind)

    def _as_before(self, lines: Sequence[Consent], at: int) -> Line:
        """The line before says it once more, where it was a consent; else it ends what the import began."""
        before = lines[at - 1] if at else None
        if before is None or not before.given:
            return undone(lines[at], self.source)
        return Line(
            before.contact_id, before.kind, given=True, basis=before.basis, source=self.source, purpose=before.purpose,
            wording=before.wording, language=before.language, at=before.at, expires_at=before.expires_at,
            operator_id=before.operator_id, ip=before.ip, address=before.address,
        )  # fmt: skip

    def write(self, back: Back, now: datetime) -> None:
        """All of it, in the caller's transaction."""
        _delete(Address, back.addresses)
        _delete(Membership, back.memberships)
        rows = [
            (pk, *values.values(), self._search(pk, values, back), now)
            for pk, values in back.values.items()
            if values != self.now[pk] or any(way.pk in back.addresses for way in self.ways[pk])
        ]
        bulk.update(Contact, (*_OWN, "search", "updated_at"), rows)
        ledger.write(back.lines, now=now)
        QuerySet(ImportChange).filter(Among("id", [change.pk for change in self.changes])).update(undone_at=now)

    def _search(self, pk: int, values: dict[str, Any], back: Back) -> str:
        ways = searchable(way for way in self.ways[pk] if way.pk not in back.addresses)
        return search_text(values["first_name"], values["last_name"], values["city"], values["external_id"], ways)


def _details(values: dict[str, Any], pairs: dict[str, list[Any]]) -> list[str]:
    """Other details go back key by key; returns those that stay."""
    details, kept = dict(values["attributes"]), []
    for key, (was, made) in pairs.items():
        if details.get(key) != made:
            kept.append(key)
        elif was is None:
            details.pop(key, None)
        else:
            details[key] = was
    values["attributes"] = details
    return kept


def _delete(model: type[Any], ids: Iterable[int]) -> None:
    rows: Any = QuerySet(model).filter(Among("id", sorted(ids)))
    if ids:
        rows._raw_delete(using=rows.db)  # noqa: SLF001 - nothing refers to these
