"""People who come by themselves: new contacts for addresses that nobody has, and new addresses for contacts, many at once."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db.models import F

from contacts import bulk, kinds
from contacts.models import Address, Business, Contact, Membership, Validity
from contacts.models.contact import fingerprint, fold, search_text

_CONTACT = (
    "external_id", "first_name", "last_name", "language", "time_zone", "birth_date", "city", "notes", "attributes", "search",
    "created_at", "updated_at",
)  # fmt: skip
# What tells new contacts apart; of those who are alike in all of it, any may be given any of their addresses.
_APART = ("first_name", "last_name", "language", "search")
_ADDRESS = (
    "contact_id", "kind", "value", "normal", "fingerprint", "validity", "invalid_reason", "bad_hits", "position", "created_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody new. kind: of the address; name: as they gave it or as their profile has it; language: "" where it is not known."""

    kind: str
    normal: str
    name: str = ""
    language: str = ""


def one_at_a_time() -> None:
    """In the caller's transaction: nobody else takes people in until it ends, so that nobody becomes two.

    Taken before any contact is locked, and by nobody else.
    """
    list(Business.objects.filter(pk=1).select_for_update(no_key=True).values_list("pk"))


def owners(kind: str, normals: Collection[str]) -> dict[str, list[int]]:
    """The contacts who have each of the addresses, however they wrote it, the oldest first; one statement."""
    marks = {normal: fingerprint(kind, normal) for normal in normals}
    rows = Address.objects.filter(bulk.Among("fingerprint", set(marks.values())), kind=kind).order_by("contact_id")
    found: dict[str, list[int]] = {}
    for mark, contact_id in rows.values_list("fingerprint", "contact_id"):
        found.setdefault(mark, []).append(contact_id)
    return {normal: found[mark] for normal, mark in marks.items() if mark in found}


def welcome(arrivals: Sequence[Arrival], *, now: datetime) -> list[int]:
    """Make a contact with this address of each; their ids in the same order. Two statements."""
    rows = [_contact(one, now) for one in arrivals]
    where = [_CONTACT.index(name) for name in _APART]
    made: dict[tuple[object, ...], list[int]] = {}
    for pk, *told in bulk.insert(Contact, _CONTACT, rows, returning=("id", *_APART)):
        made.setdefault(tuple(told), []).append(pk)
    ids = [made[tuple(row[n] for n in where)].pop() for row in rows]
    addresses = [_address(pk, one.kind, one.normal, now) for pk, one in zip(ids, arrivals, strict=True)]
    bulk.insert(Address, _ADDRESS, addresses)
    return ids


def newcomer(name: str, language: str, *, now: datetime) -> int:
    """Make a contact who has no address yet, because it waits to be confirmed; the id."""
    first, _, last = " ".join(name.split()).partition(" ")
    made = Contact.objects.create(first_name=first[:120], last_name=last[:120], language=language)
    Contact.objects.filter(pk=made.pk).update(created_at=now, updated_at=now)
    return made.pk


def bring(kind: str, pairs: Collection[tuple[int, str]], *, now: datetime) -> None:
    """Give contacts an address, to be used before their others of this kind; one that they have already moves to the front."""
    if not pairs:
        return
    wanted = set(pairs)
    people = sorted({contact_id for contact_id, _ in wanted})
    Address.objects.filter(bulk.Among("contact_id", people), kind=kind).update(position=F("position") + 1)
    rows = [_address(contact_id, kind, normal, now) for contact_id, normal in sorted(wanted)]
    bulk.insert(Address, _ADDRESS, rows, ignore_conflicts=True)
    theirs = Address.objects.filter(bulk.Among("contact_id", people), kind=kind)
    front = [pk for pk, *pair in theirs.values_list("id", "contact_id", "normal") if tuple(pair) in wanted]
    Address.objects.filter(bulk.Among("id", front)).update(
        position=0, validity=Validity.OK, invalid_reason="", bad_hits=0
    )
    if kinds.typed(kind):
        _be_found(wanted, now)


def revive(kind: str, normals: Collection[str]) -> None:
    """These addresses work after all, whoever has them: one statement."""
    marks = [fingerprint(kind, normal) for normal in normals]
    dead = Address.objects.filter(bulk.Among("fingerprint", marks), validity=Validity.INVALID)
    dead.update(validity=Validity.OK, invalid_reason="", bad_hits=0)


def gather(members: Collection[tuple[int, int]], *, now: datetime) -> None:
    """Put contacts into groups, as pairs of contact and group; who is in already stays in. One statement."""
    rows = [(*pair, now) for pair in sorted(set(members))]
    bulk.insert(Membership, ("contact_id", "group_id", "added_at"), rows, ignore_conflicts=True)


def _contact(one: Arrival, now: datetime) -> tuple[object, ...]:
    first, _, last = " ".join(one.name.split()).partition(" ")
    first, last = first[:120], last[:120]
    search = search_text(first, last, "", None, [one.normal] if kinds.typed(one.kind) else [])
    return (None, first, last, one.language, "", None, "", "", {}, search, now, now)


def _address(contact_id: int, kind: str, normal: str, now: datetime) -> tuple[object, ...]:
    return (contact_id, kind, normal, normal, fingerprint(kind, normal), Validity.OK, "", 0, 0, now)


def _be_found(pairs: Collection[tuple[int, str]], now: datetime) -> None:
    """The search knows the new addresses, too."""
    known = dict(Contact.objects.filter(bulk.Among("id", {pk for pk, _ in pairs})).values_list("id", "search"))
    for pk, normal in sorted(pairs):
        if fold(normal) not in known[pk]:
            known[pk] = f"{known[pk]} {fold(normal)}"
    bulk.update(Contact, ("search", "updated_at"), [(pk, search, now) for pk, search in sorted(known.items())])
