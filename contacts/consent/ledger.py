"""The ledger of consent: lines are added and never changed. The newest line of a contact, kind and purpose counts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction

from contacts import bulk
from contacts.consent.reading import newest_ids
from contacts.models import Basis, Consent, ConsentPurpose, Contact
from contacts.models.consent import LONGEST_AGENT
from contacts.packed import moment, packed
from contacts.signals import facts_recorded


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that a person said about one kind of channel and one purpose. `at`: when they said it; None means now.

    basis: a `Basis`; source: where it was said, for people ("form at the counter"); wording: what they read;
    ip, user_agent: from where, and by which browser, as evidence;
    delivery_token: the message whose link or answer said it; played: said by the sandbox, not by a person.
    """

    contact_id: int
    kind: str
    given: bool
    basis: str
    source: str
    purpose: str = ConsentPurpose.MARKETING.value
    wording: str = ""
    language: str = ""
    at: datetime | None = None
    expires_at: datetime | None = None
    operator_id: int | None = None
    ip: str | None = None
    user_agent: str = ""
    address: str = ""
    delivery_token: str = ""
    played: bool = False


class Held(NamedTuple):
    """What the newest line says."""

    given: bool
    at: datetime
    expires_at: datetime | None


_COLUMNS = (
    "contact_id", "kind", "given", "basis", "source", "purpose", "wording", "language", "at", "expires_at", "operator_id", "ip",
    "address", "delivery_token", "played", "recorded_at", "handled_at", "user_agent",
)  # fmt: skip


def record(lines: Iterable[Line], *, now: datetime) -> int:
    """Write the lines, in their order, and say how many. The people are locked, so that a sending sees either none of it or all.

    A line for a contact that no longer exists is left out.
    """
    wanted = list(lines)
    if not wanted:
        return 0
    with transaction.atomic():
        there = lock_contacts({line.contact_id for line in wanted})
        return write([line for line in wanted if line.contact_id in there], now=now)


def grant(contact_id: int, kind: str, *, basis: str, source: str, now: datetime, **details: Any) -> int:
    """The person agreed. details: further fields of `Line`."""
    return record([Line(contact_id, kind, given=True, basis=basis, source=source, **details)], now=now)


def withdraw(
    contact_id: int, kind: str, *, source: str, now: datetime, basis: str = Basis.WITHDRAWAL.value, **details: Any
) -> int:
    """The person wants no more. details: further fields of `Line`."""
    return record([Line(contact_id, kind, given=False, basis=basis, source=source, **details)], now=now)


def newest(
    contact_ids: Sequence[int], purposes: Iterable[str] = ConsentPurpose.values
) -> dict[tuple[int, str, str], Consent]:
    """The line that counts, by contact, kind and purpose; one statement."""
    lines = Consent.objects.filter(id__in=newest_ids(contact_ids, list(purposes))).select_related("operator")
    return {(line.contact_id, line.kind, line.purpose): line for line in lines}


def held(
    contact_ids: Sequence[int], purposes: Iterable[str] = ConsentPurpose.values
) -> dict[tuple[int, str, str], Held]:
    """The same of many people at little cost: only whether it was given, when, and until when.

    What an import said that was undone, nobody said.
    """
    lines = (
        Consent.objects.filter(id__in=newest_ids(contact_ids, list(purposes))).exclude(basis=Basis.UNDONE).order_by()
    )
    rows = packed(lines.values_list("contact_id", "kind", "purpose", "given", "at", "expires_at"))
    return {
        (owner, kind, purpose): Held(bool(given), moment(at), moment(until) if until else None)
        for owner, kind, purpose, given, at, until in rows
    }


def lock_contacts(contact_ids: Iterable[int]) -> set[int]:
    """Lock the contacts in the order of their ids, as every part of the house does; returns those that exist."""
    found = Contact.objects.filter(bulk.Among("id", contact_ids)).order_by("id").select_for_update(no_key=True)
    return set(found.values_list("id", flat=True))


def write(lines: Sequence[Line], *, now: datetime) -> int:
    """Add lines for contacts that are locked; the rest of the house learns of it after the commit."""
    rows = [
        (
            line.contact_id, line.kind, line.given, line.basis, line.source[:120], line.purpose, line.wording, line.language,
            line.at or now, line.expires_at, line.operator_id, line.ip or None, line.address, line.delivery_token, line.played, now, None,
            line.user_agent[:LONGEST_AGENT],
        )
        for line in lines
    ]  # fmt: skip
    if rows:
        bulk.insert(Consent, _COLUMNS, rows)
        people = sorted({line.contact_id for line in lines})
        transaction.on_commit(lambda: facts_recorded.send_robust(sender=Consent, contact_ids=people), robust=True)
    return len(rows)
