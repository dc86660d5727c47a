"""Closing and opening many addresses at once, for what providers report in batches: a few statements for any number of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from contacts import bulk, kinds
from contacts.bulk import Among
from contacts.consent import ledger
from contacts.consent.ledger import Line
from contacts.models import Address, Basis, ConsentPurpose, Suppression, SuppressionReason, SuppressionScope, Validity
from contacts.models.contact import fingerprint

_MARKETING = ConsentPurpose.MARKETING.value
_COLUMNS = ("kind", "fingerprint", "hint", "channel", "scope", "reason", "source", "at", "lifted_at", "played")
_GONE_FOR_GOOD = "bounce"


@dataclass(frozen=True, slots=True)
class Closing:
    """An address to be closed. kind: of the address; channel: a kind of channel, "" for all of them; reason: a SuppressionReason.

    delivery_token: the message that was answered; operator_id, ip: who told it; played: by the sandbox.
    """

    kind: str
    normal: str
    reason: str
    scope: str = SuppressionScope.ALL.value
    channel: str = ""
    source: str = ""
    played: bool = False
    delivery_token: str = ""
    operator_id: int | None = None
    ip: str | None = None

    @property
    def mark(self) -> str:
        return fingerprint(self.kind, self.normal)


def suppress_many(closings: Sequence[Closing], *, now: datetime) -> None:
    """Close the addresses, each once however often it is told, in five statements for any number of them.

    Each person who has one gets a line in the ledger saying that consent ended. Not so for a bounce: the mailbox is gone, but the person
    said nothing, and with a new address they may be written to as before.
    """
    if not closings:
        return
    rows = [
        (
            one.kind,
            one.mark,
            mask(one.kind, one.normal),
            one.channel,
            one.scope,
            one.reason,
            one.source[:120],
            now,
            None,
            one.played,
        )
        for one in closings
    ]
    with transaction.atomic():
        bulk.insert(Suppression, _COLUMNS, rows, ignore_conflicts=True)
        closed = Suppression.objects.filter(Among("fingerprint", [one.mark for one in closings]), lifted_at=None)
        closed.filter(at__lt=now).update(
            again_at=now
        )  # told once more: undoing the import that closed it leaves it closed
        said = [one for one in closings if one.reason != SuppressionReason.BOUNCE]
        if said:
            ledger.write(_lines(said), now=now)


def mark_invalid(kind: str, normals: Collection[str]) -> None:
    """These addresses do not work, whoever has them: one statement."""
    marks = [fingerprint(kind, normal) for normal in normals]
    working = Address.objects.filter(fingerprint__in=marks, validity=Validity.OK)
    working.update(validity=Validity.INVALID, invalid_reason=_GONE_FOR_GOOD)


# What START opens again, and what somebody's joining does, who is surely there.
BY_START = (SuppressionReason.STOP, SuppressionReason.PROVIDER)
BY_JOINING = (*BY_START, SuppressionReason.BOUNCE)


def lift_many(
    kind: str, normals: Collection[str], *, channel: str, now: datetime, played: bool = False,
    reasons: Collection[SuppressionReason] = BY_START,
) -> int:  # fmt: skip
    """START and its kin: opens what a STOP on this channel closed, told by the person or by the provider; restores no consent.

    played: said in the sandbox, and opens only what was closed there.
    """
    marks = [fingerprint(kind, normal) for normal in normals]
    closed = Suppression.objects.filter(fingerprint__in=marks, channel=channel, reason__in=reasons, lifted_at=None)
    if played:
        closed = closed.filter(played=True)
    return closed.update(lifted_at=now)


def welcome_back(kind: str, normals: Collection[str], *, now: datetime) -> int:
    """Who asked to be forgotten may come again: by their own act, with the address in hand. No file, no program and no member of staff
    opens it; what they had said before stays ended, and a complaint or a STOP is opened only by what opens it of everybody."""
    marks = [fingerprint(kind, normal) for normal in normals]
    closed = Suppression.objects.filter(
        fingerprint__in=marks, reason=SuppressionReason.ERASED, lifted_at=None, played=False
    )
    return closed.update(lifted_at=now)


def mask(kind: str, normal: str) -> str:
    """An address partly hidden, for lists: "an•••@example.com", "+34•••••56"."""
    if not kinds.typed(kind):
        return kinds.shown(kind, normal)[:60]
    if kind == "email":
        local, _, domain = normal.partition("@")
        return f"{local[:2] if len(local) > 3 else local[:1]}•••@{domain}"[:60]
    return f"{normal[:3]}•••••{normal[-2:]}"[:60]


def _lines(closings: Sequence[Closing]) -> list[Line]:
    """A line for each person who has an address and each kind of channel it closes, where consent has not ended already."""
    holders = Address.objects.filter(fingerprint__in={one.mark for one in closings}).values_list(
        "fingerprint", "contact_id"
    )
    people: dict[str, list[int]] = {}
    for mark, contact_id in holders:
        people.setdefault(mark, []).append(contact_id)
    there = ledger.lock_contacts({contact_id for ids in people.values() for contact_id in ids})
    last = ledger.newest(sorted(there), [_MARKETING])
    lines: dict[tuple[int, str], Line] = {}
    for one in closings:
        for contact_id in there.intersection(people.get(one.mark, ())):
            for name in _closed(one):
                held = last.get((contact_id, name, _MARKETING))
                if held is None or held.given:
                    lines.setdefault((contact_id, name), _line(one, contact_id, name))
    return list(lines.values())


def _closed(one: Closing) -> list[str]:
    return [one.channel] if one.channel else [known.name for known in kinds.all_kinds() if known.address == one.kind]


def _line(one: Closing, contact_id: int, kind: str) -> Line:
    basis = Basis.STAFF if one.reason == SuppressionReason.STAFF else Basis.WITHDRAWAL
    return Line(
        contact_id, kind, given=False, basis=basis.value, source=one.source or str(SuppressionReason(one.reason).label),
        address=one.normal, delivery_token=one.delivery_token, operator_id=one.operator_id, ip=one.ip,
        played=one.played,
    )  # fmt: skip
