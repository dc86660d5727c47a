"""The people that a chunk of rows may mean: what is known of them, and which of them a row means."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple

from django.utils.translation import gettext_lazy as _

from contacts import consent, merging
from contacts.bulk import Among
from contacts.consent.suppression import refusing
from contacts.models import Address, ConsentPurpose, Contact, Group, Membership, Suppression, SuppressionReason
from contacts.models.contact import fingerprint, fold
from contacts.packed import packed

FIELDS = ("first_name", "last_name", "language", "time_zone", "birth_date", "city", "notes", "branch_id")
MARKETING = ConsentPurpose.MARKETING.value
EMAIL, PHONE = "email", "phone"
SHARED_EMAIL = _("“%(address)s” belongs to several people. Give the name, or the number in your other system.")
SHARED_PHONE = _("“%(address)s” is the phone of several people. Give the name, or the number in your other system.")


@dataclass(slots=True)
class Way:
    """An address of a person. `id` is None until it is saved."""

    kind: str
    value: str
    normal: str
    fingerprint: str
    position: int
    id: int | None = None
    moved: bool = False


class Said(NamedTuple):
    """What the ledger holds for one kind of channel."""

    given: bool
    at: datetime
    expires_at: datetime | None


@dataclass(slots=True)
class Saying:
    """A consent line that the plan wants to add."""

    kind: str
    given: bool
    at: datetime | None
    address: str
    line: int
    proof: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True, eq=False)
class Known:
    """A contact as it will stand after the rows so far. `id` is None until it is saved.

    closings: addresses to close, as kind of channel, normalised address, and `cells.LEFT` or `CLEANED`; was: fields as they are stored.
    """

    id: int | None = None
    external_id: str | None = None
    values: dict[str, Any] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)
    ways: list[Way] = field(default_factory=list)
    groups: set[str] = field(default_factory=set)
    said: dict[str, Said] = field(default_factory=dict)
    own_columns_changed: bool = False
    new_groups: list[str] = field(default_factory=list)
    lines: list[Saying] = field(default_factory=list)
    closings: list[tuple[str, str, str]] = field(default_factory=list)
    was: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Folded, as names are compared."""
        return fold(f"{self.values.get('first_name', '')} {self.values.get('last_name', '')}")

    def first(self, kind: str) -> Way | None:
        """The address that is tried first."""
        return min((way for way in self.ways if way.kind == kind), key=lambda way: way.position, default=None)


@dataclass(slots=True)
class Row:
    """One row, cleaned. emails and phones: `(as given, normalised, fingerprint)`, the first column first.

    proof: what the file says of how consent was given, by the keys of `mapping.LABELS`; left: kind of channel -> `cells.LEFT` or `CLEANED`.
    """

    line: int
    external_id: str = ""
    values: dict[str, Any] = field(default_factory=dict)
    attributes: dict[str, Any] = field(default_factory=dict)
    emails: list[tuple[str, str, str]] = field(default_factory=list)
    phones: list[tuple[str, str, str]] = field(default_factory=list)
    groups: list[str] = field(default_factory=list)
    said: dict[str, bool] = field(default_factory=dict)
    said_at: datetime | None = None
    proof: dict[str, Any] = field(default_factory=dict)
    left: dict[str, str] = field(default_factory=dict)
    left_at: datetime | None = None

    @property
    def name(self) -> str:
        return fold(f"{self.values.get('first_name', '')} {self.values.get('last_name', '')}")

    @property
    def marks(self) -> list[str]:
        """Fingerprints of all its addresses."""
        return [mark for _, _, mark in (*self.emails, *self.phones)]


class Erasing(NamedTuple):
    """Which fields and which other details are emptied by an empty cell; birthday: what the column of birth dates is called."""

    fields: frozenset[str]
    details: frozenset[str]
    birthday: str = ""


NOTHING_ERASED = Erasing(frozenset(), frozenset())


class Unclear(ValueError):
    """The row may mean several people. str() is the sentence."""


class People:
    """Everyone whom the rows of a chunk may mean, found by number and by address; new ones join as rows are planned."""

    def __init__(self) -> None:
        self._by_id: dict[int, Known] = {}
        self._by_number: dict[str, Known] = {}
        self._by_mark: dict[str, list[Known]] = {}
        self.blocked: dict[str, tuple[str, datetime]] = {}
        self.closed: dict[tuple[str, str], str] = {}
        self.branches: Mapping[int, str] = {}
        self.labels: Mapping[str, str] = {}
        self.erased: frozenset[str] = frozenset()
        self.erased_details: frozenset[str] = frozenset()
        self.birthday = ""

    def join(self, person: Known) -> None:
        """Make a person findable; calling it again after a change adds what is new."""
        if person.id is not None:
            self._by_id[person.id] = person
        if person.external_id:
            self._by_number.setdefault(person.external_id, person)
        for way in person.ways:
            found = self._by_mark.setdefault(way.fingerprint, [])
            if person not in found:
                found.append(person)

    @property
    def ids(self) -> Collection[int]:
        """Of all of them who are saved."""
        return self._by_id.keys()

    def of_branches(self, branches: Collection[int]) -> People:
        """Those of them who belong to one of these branches."""
        theirs = People()
        for person in self._by_id.values():
            if person.values.get("branch_id") in branches:
                theirs.join(person)
        return theirs

    def emptied(self, given: Mapping[str, Any], row: Row) -> dict[str, Any]:
        """What becomes of the fields of the file whose cells are empty, where staff chose that these empty them."""
        told = {
            *given,
            *(("birth_date",) if self.birthday in row.attributes else ()),
        }  # without its year it is a detail
        return {name: None if name in ("birth_date", "branch_id") else "" for name in self.erased if name not in told}

    def match(self, row: Row) -> tuple[Known | None, bool]:
        """Whom the row means, or nobody; and whether the other system's number says so. Raises Unclear.

        By the number, else by an email, else by a phone where the names do not differ: families share phones.
        """
        if row.external_id and row.external_id in self._by_number:
            return self._by_number[row.external_id], True
        by_email = self._candidates(row, row.emails)
        if by_email:
            return self._the_one(row, by_email, SHARED_EMAIL, row.emails[0][1]), False
        by_phone = self._candidates(row, row.phones)
        same = [person for person in by_phone if not (row.name and person.name) or person.name == row.name]
        exact = [person for person in same if person.name == row.name] if row.name else []
        if exact or same:
            return self._the_one(row, exact or same, SHARED_PHONE, row.phones[0][1]), False
        return None, False

    def meant(self, row: Row) -> list[Known]:
        """Everyone whom its addresses may mean."""
        return [*self._candidates(row, row.emails), *self._candidates(row, row.phones)]

    def _candidates(self, row: Row, addresses: Iterable[tuple[str, str, str]]) -> list[Known]:
        """Who has one of the addresses and is not known to the other system under another number."""
        found = {id(person): person for _, _, mark in addresses for person in self._by_mark.get(mark, ())}
        return [person for person in found.values() if not (row.external_id and person.external_id)]

    def _the_one(self, row: Row, candidates: list[Known], sentence: Any, address: str) -> Known:
        if len(candidates) == 1:
            return candidates[0]
        named = [person for person in candidates if person.name == row.name]
        if not named:
            raise Unclear(sentence % {"address": address})
        marks = set(row.marks)
        return min(named, key=lambda person: (-sum(way.fingerprint in marks for way in person.ways), person.id or 0))

    @classmethod
    def for_rows(
        cls,
        rows: Collection[Row],
        carried: Iterable[Known] = (),
        *,
        lock: bool = False,
        consents: bool = False,
        erasing: Erasing = NOTHING_ERASED,
    ) -> People:
        """Load them with a handful of statements. carried: those of earlier chunks who stand for what a check must not write."""
        people = cls()
        people.erased, people.erased_details, people.birthday = erasing
        marks = list({mark for row in rows for mark in row.marks})
        numbers = _as_of_today(rows)
        for person in carried:
            people.join(person)
        ids = set(_ids_by_number(numbers)) | set(_ids_by_mark(marks))
        for person in _load(sorted(ids - people._by_id.keys()), lock=lock, consents=consents):
            people.join(person)
        people._load_blocks(marks)
        if consents:
            people.closed = refusing(marks, ["email", "sms"])
        return people

    def _load_blocks(self, marks: list[str]) -> None:
        closed = Suppression.objects.filter(Among("fingerprint", marks), lifted_at=None)
        for mark, reason, at in closed.values_list("fingerprint", "reason", "at"):
            self.blocked[mark] = (str(SuppressionReason(reason).label), at)


def mark(kind: str, normal: str) -> str:
    """By what two addresses are the same; see `contacts.models.contact.fingerprint`."""
    return fingerprint(kind, normal)


def _as_of_today(rows: Iterable[Row]) -> list[str]:
    """The numbers of the rows; who is named by that of a contact who became part of another is named by the other's from here on."""
    numbers = {row.external_id for row in rows if row.external_id}
    today = merging.current_numbers(numbers) if numbers else {}
    for row in rows if today else ():
        row.external_id = today.get(row.external_id, row.external_id)
    return [today.get(number, number) for number in numbers]


def _ids_by_number(numbers: list[str]) -> Iterable[int]:
    return Contact.objects.filter(Among("external_id", numbers)).order_by().values_list("id", flat=True)


def _ids_by_mark(marks: list[str]) -> Iterable[int]:
    return Address.objects.filter(Among("fingerprint", marks)).order_by().values_list("contact_id", flat=True)


def _load(ids: list[int], *, lock: bool, consents: bool) -> list[Known]:
    """The contacts with all that a row may change, locked in the order of their ids when the plan will be written."""
    if not ids:
        return []
    query = Contact.objects.filter(Among("id", ids)).order_by("id")
    query = query.select_for_update(no_key=True) if lock else query
    found = {
        row[0]: Known(row[0], row[1], dict(zip(FIELDS, row[3:], strict=True)), _details(row[2]))
        for row in packed(query.values_list("id", "external_id", "attributes", *FIELDS))
    }
    for person in found.values():
        if person.values["birth_date"]:
            person.values["birth_date"] = date.fromisoformat(person.values["birth_date"])
    ways = Address.objects.filter(Among("contact_id", ids), kind__in=(EMAIL, PHONE)).order_by("position", "id")
    for owner, *way in packed(
        ways.values_list("contact_id", "kind", "value", "normal", "fingerprint", "position", "id")
    ):
        if owner in found:
            found[owner].ways.append(Way(*way))
    for person in found.values():
        person.was = {"external_id": person.external_id, **person.values, "attributes": person.attributes}
    _join_groups(found)
    for (owner, kind, _purpose), said in consent.held(ids, [MARKETING]).items() if consents else ():
        if owner in found:
            found[owner].said[kind] = Said(*said)
    return list(found.values())


def _join_groups(found: dict[int, Known]) -> None:
    names = {pk: fold(name) for pk, name in Group.objects.values_list("id", "name")}
    members = Membership.objects.filter(Among("contact_id", found)).order_by()
    for owner, group in packed(members.values_list("contact_id", "group_id")):
        if group in names:
            found[owner].groups.add(names[group])


def _details(attributes: dict[str, Any] | str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(attributes) if isinstance(attributes, str) else attributes
    return found


def as_text(value: Any) -> str:
    """A value of a field as staff read it in “old → new”."""
    return value.isoformat() if isinstance(value, date) else str(value if value is not None else "")
