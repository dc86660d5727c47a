"""Consent as a file tells it: it may add, it may end, and it never brings back what a person took away."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from contacts import bulk, kinds
from contacts.consent import ledger, suppression
from contacts.consent.ledger import Line
from contacts.models import Address, Basis, ConsentPurpose
from contacts.models.contact import fingerprint
from contacts.staging import Stage


@dataclass(frozen=True, slots=True)
class Refusal:
    """A line that was not written; reason and params are for `contacts.reasons.say()`."""

    line: Line
    reason: str
    params: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Statement:
    """What the lines of a file have in common. source: "{line}" in it stands for the line of the file."""

    basis: str
    source: str
    wording: str
    language: str
    operator_id: int | None


def record_staged(stage: Stage, people: Sequence[tuple[int, int]], statement: Statement, *, now: datetime) -> int:
    """The consent of people whom this transaction added, from the stage, one statement for each kind of channel; returns the lines.

    people: number of the staged row, id of the contact. Nobody had heard of them and none of their addresses is closed, so that there is
    nothing that a file must not restore, and no cascade that would have to take notice.
    """
    shared = {
        "purpose": ConsentPurpose.MARKETING.value, "given": True, "basis": statement.basis, "source": statement.source,
        "wording": statement.wording, "language": statement.language, "recorded_at": now, "operator_id": statement.operator_id,
        "delivery_token": "", "played": False, "handled_at": now,
    }  # fmt: skip
    return sum(stage.write_consents(kind, kinds.get(kind).address, people, shared, now) for kind in ("email", "sms"))


def record_imported(lines: Iterable[Line], *, now: datetime, anew: bool = False) -> list[Refusal]:
    """Write the lines of a file that say something new; returns those that were refused. Four statements for any number.

    What already holds is not written again, so that the same file twice changes nothing. Withdrawn stays withdrawn, also when the
    withdrawal stands higher up in the same file; an address that is closed to marketing gets no consent.
    anew: who agreed expressly, and after they withdrew, agreed anew.
    """
    wanted = list(lines)
    with transaction.atomic():
        locked = ledger.lock_contacts(line.contact_id for line in wanted)
        there = sorted(locked)
        held: dict[Any, tuple[bool | None, datetime, datetime | None]] = dict(ledger.held(there))
        closed = _closed(there, wanted)
        kept: list[Line] = []
        refused: list[Refusal] = []
        for line in (line for line in wanted if line.contact_id in locked):
            key = (line.contact_id, line.kind, line.purpose)
            given, at, expires_at = held.get(key, (None, now, None))
            if line.given and given is False and not (anew and _agreed_anew(line, at)):
                refused.append(Refusal(line, "consent_withdrawn", {"when": at.isoformat()}))
            elif line.given and (why := closed.get((line.contact_id, line.kind, line.address))):
                refused.append(Refusal(line, "suppressed", {"why": why}))
            elif line.given != given or _renews(line, expires_at):
                kept.append(line)
                held[key] = (line.given, line.at or now, line.expires_at)
        ledger.write(kept, now=now)
    return refused


def _agreed_anew(line: Line, withdrawn_at: datetime) -> bool:
    return line.basis in (Basis.EXPRESS, Basis.DOUBLE) and line.at is not None and line.at > withdrawn_at


def _renews(line: Line, expires_at: datetime | None) -> bool:
    """Whether a line that says "given" again makes it last longer than it did."""
    return line.given and expires_at is not None and (line.expires_at is None or line.expires_at > expires_at)


def _closed(contact_ids: Sequence[int], lines: Sequence[Line]) -> dict[tuple[int, str, str], str]:
    """Why a given line is refused for its address, or where it names none, for any of the contact's; by contact, kind and address."""
    owned = Address.objects.filter(bulk.Among("contact_id", contact_ids)).values_list(
        "contact_id", "kind", "fingerprint"
    )
    marks: dict[tuple[int, str], set[str]] = {}
    for contact_id, kind, mark in owned:
        marks.setdefault((contact_id, kind), set()).add(mark)
    asked = {
        (line.contact_id, line.kind, line.address): (
            {fingerprint(kinds.get(line.kind).address, line.address)}
            if line.address
            else marks.get((line.contact_id, kinds.get(line.kind).address), set())
        )
        for line in lines
        if line.given
    }
    why = suppression.refusing(set().union(*asked.values()), {kind for _, kind, _ in asked})
    return {key: why[mark, key[1]] for key, found in asked.items() for mark in found if (mark, key[1]) in why}
