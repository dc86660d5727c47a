"""What the gate needs to know of many people, read with two statements.

The people come first, because locking them may wait. What else there is to know comes second: on PostgreSQL only a statement begun
after the locks were had sees what was committed during the wait, and a STOP may have been just that.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cache
from typing import Any, NamedTuple

from django.db.models import (
    BigIntegerField,
    BooleanField,
    Case,
    CharField,
    DateTimeField,
    ExpressionWrapper,
    F,
    IntegerField,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
    Value,
    When,
)
from django.db.models.functions import Cast, Coalesce

from contacts.bulk import Among
from contacts.compiled import Build, Compiled
from contacts.models import Address, Branch, Consent, Contact, Suppression, Validity


class Known(NamedTuple):
    """A contact's own columns, with its branch's."""

    contact_id: int
    external_id: str | None
    first_name: str
    last_name: str
    language: str
    time_zone: str
    city: str
    birth_date: date | None
    attributes: dict[str, Any]
    branch_name: str
    branch_zone: str


class Way(NamedTuple):
    """An address, in the order in which it is to be tried."""

    position: int
    row: int
    normal: str
    fingerprint: str
    works: bool
    why: str


class Block(NamedTuple):
    """An open suppression of an address."""

    channel: str
    scope: str
    reason: str
    at: datetime
    played: bool = False


class Said(NamedTuple):
    """The newest line of the ledger for a contact, a kind and a purpose, in earnest or as played in the sandbox. at: when it was withdrawn;
    None where it was given, for nobody asks and a wave would spend its time on reading instants."""

    row: int
    given: bool
    at: datetime | None
    expires_at: datetime | None
    basis: str


@dataclass(slots=True)
class Facts:
    """ways: by contact and kind of address; blocks: by fingerprint; said: by contact, channel kind, purpose, and
    whether it was played."""

    ways: dict[tuple[int, str], list[Way]] = field(default_factory=lambda: defaultdict(list))
    blocks: dict[str, list[Block]] = field(default_factory=lambda: defaultdict(list))
    said: dict[tuple[int, str, str, bool], Said] = field(default_factory=dict)


def people(contact_ids: Sequence[int], *, lock: bool) -> list[Known]:
    """The contacts that exist, locked in the order of their ids where the database has such locks."""
    return [Known(*row) for row in _people(lock).rows(contact_ids)]


@cache
def _people(lock: bool) -> Compiled:
    branch = Branch.objects.filter(pk=OuterRef("branch_id"))  # a join could not be locked on one side alone
    no_branch = Value("", CharField())
    name, zone = (Coalesce(Subquery(branch.values(column)[:1]), no_branch) for column in ("name", "time_zone"))

    def build(contact_ids: Sequence[int]) -> QuerySet[Any, Any]:
        found = Contact.objects.filter(Among("id", contact_ids)).order_by("id")
        if lock:
            found = found.select_for_update(no_key=True)  # rows that merely refer to the contact may still be written
        return found.values_list(
            "id", "external_id", "first_name", "last_name", "language", "time_zone", "city", "birth_date", "attributes", name, zone
        )  # fmt: skip

    return Compiled(build)


def facts(contact_ids: Sequence[int], purposes: Collection[str], marks: Collection[str] = ()) -> Facts:
    """Addresses, their open suppressions, and the newest consent lines of the purposes, by one statement.

    marks: fingerprints of further addresses whose suppressions are asked for.
    """
    wanted = frozenset(purposes)
    query = Compiled(_everything(wanted, marks)) if marks else _facts(wanted)
    known = Facts()
    for what, owner, a, b, c, d, position, row, at, until, flag in query.rows(contact_ids):
        if what == _ADDRESS:
            known.ways[owner, a].append(Way(position, row, b, c, flag, d))
        elif what == _BLOCK:
            known.blocks[a].append(Block(b, c, d, at, flag))
        else:
            known.said[owner, a, b, bool(position)] = Said(row, flag, at, until, c)
    for ways in known.ways.values():
        ways.sort()
    return known


@cache
def _facts(purposes: frozenset[str]) -> Compiled:
    return Compiled(_everything(purposes))


def _everything(purposes: frozenset[str], marks: Collection[str] = ()) -> Build:
    def build(contact_ids: Sequence[int]) -> QuerySet[Any, Any]:
        parts = [_addresses(contact_ids), _suppressions(contact_ids, marks)]
        if purposes:
            parts.append(_consents(contact_ids, sorted(purposes)))
        return parts[0].union(*parts[1:], all=True)

    return build


def newest_ids(contact_ids: Sequence[int], purposes: Collection[str], *apart: str) -> QuerySet[Consent, Any]:
    """The id of the newest line for each contact, kind and purpose, and for each value of the columns that are told apart."""
    lines = Consent.objects.filter(Among("contact_id", contact_ids), purpose__in=purposes)
    told_apart: Any = lines.order_by().values("contact_id", "kind", "purpose", *apart)
    found: QuerySet[Consent, Any] = told_apart.annotate(newest=Max("id")).values("newest")
    return found


_ADDRESS, _BLOCK, _LINE = range(3)


def _shaped(rows: QuerySet[Any, Any], what: int, **columns: Any) -> QuerySet[Any, Any]:
    """The rows in the shape that all parts of the union share; what a part does not have is empty."""
    no_text, no_time = Value("", CharField()), Cast(Value(None), DateTimeField())
    shape = {
        "c_what": Value(what, IntegerField()), "c_owner": Value(0, BigIntegerField()), "c_a": no_text, "c_b": no_text, "c_c": no_text,
        "c_d": no_text, "c_position": Value(0, IntegerField()), "c_row": Value(0, BigIntegerField()), "c_at": no_time, "c_until": no_time,
        "c_flag": Value(value=False, output_field=BooleanField()),
    }  # fmt: skip
    shape |= {f"c_{name}": value for name, value in columns.items()}
    shaped: QuerySet[Any, Any] = rows.order_by().annotate(**shape).values_list(*shape)
    return shaped


def _addresses(contact_ids: Sequence[int]) -> QuerySet[Any, Any]:
    works = ExpressionWrapper(Q(validity=Validity.OK), BooleanField())
    return _shaped(
        Address.objects.filter(Among("contact_id", contact_ids)), _ADDRESS, owner=F("contact_id"), a=F("kind"), b=F("normal"),
        c=F("fingerprint"), d=F("invalid_reason"), position=F("position"), row=F("id"), flag=works,
    )  # fmt: skip


def _suppressions(contact_ids: Sequence[int], marks: Collection[str]) -> QuerySet[Any, Any]:
    theirs = Q(
        fingerprint__in=Address.objects.filter(Among("contact_id", contact_ids)).order_by().values("fingerprint")
    )
    wanted = theirs | Q(fingerprint__in=list(marks)) if marks else theirs
    return _shaped(
        Suppression.objects.filter(wanted, lifted_at=None), _BLOCK, a=F("fingerprint"), b=F("channel"),
        c=F("scope"), d=F("reason"), row=F("id"), at=F("at"), flag=F("played"),
    )  # fmt: skip


def _consents(contact_ids: Sequence[int], purposes: Collection[str]) -> QuerySet[Any, Any]:
    newest = newest_ids(contact_ids, purposes, "played")
    played = Case(When(played=True, then=1), default=0, output_field=IntegerField())
    withdrawn_at = Case(When(given=False, then=F("at")))
    return _shaped(
        Consent.objects.filter(id__in=newest), _LINE, position=played, owner=F("contact_id"), a=F("kind"), b=F("purpose"),
        c=F("basis"), row=F("id"), at=withdrawn_at, until=F("expires_at"), flag=F("given"),
    )  # fmt: skip
