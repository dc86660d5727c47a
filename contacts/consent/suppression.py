"""Addresses that must not be written to. They are known by a keyed hash, and stay closed when the contact is gone or comes again."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from datetime import datetime

from django.db import transaction

from contacts import bulk, kinds
from contacts.consent import ledger
from contacts.consent.ledger import Line
from contacts.models import Address, Basis, ConsentPurpose, Suppression, SuppressionReason, SuppressionScope
from contacts.models.contact import fingerprint

_COLUMNS = ("kind", "fingerprint", "hint", "channel", "scope", "reason", "source", "at", "lifted_at")
MARKETING = ConsentPurpose.MARKETING.value


def suppress(
    *, kind: str, normal: str, channel: str = "", scope: str, reason: str, source: str, now: datetime, played: bool = False,
    delivery_token: str = "", operator_id: int | None = None, ip: str | None = None,
) -> Suppression:  # fmt: skip
    """Close an address, once however often it is told. kind: of the address; channel: a kind of channel, "" for all of them.

    Each person who has the address gets a line in the ledger saying that consent ended. Not so for a bounce: the mailbox is gone,
    but the person said nothing, and with a new address they may be written to as before.
    """
    mark = fingerprint(kind, normal)
    with transaction.atomic():
        row = (kind, mark, mask(kind, normal), channel, scope, reason, source[:120], now, None)
        bulk.insert(Suppression, _COLUMNS, [row], ignore_conflicts=True)
        if reason != SuppressionReason.BOUNCE:
            basis = Basis.STAFF if reason == SuppressionReason.STAFF else Basis.WITHDRAWAL
            line = Line(
                0, "", given=False, basis=basis.value, source=source or str(SuppressionReason(reason).label), address=normal,
                delivery_token=delivery_token, operator_id=operator_id, ip=ip, played=played,
            )  # fmt: skip
            _withdraw_everyone(mark, kind, channel, line, now=now)
        return Suppression.objects.get(fingerprint=mark, channel=channel, scope=scope, lifted_at=None)


def lift(*, kind: str, normal: str, channel: str, now: datetime) -> int:
    """START and its kin: opens what a STOP on this channel closed, and nothing else. It restores no consent; returns how many."""
    mark = fingerprint(kind, normal)
    open_rows = Suppression.objects.filter(fingerprint=mark, channel=channel, reason=SuppressionReason.STOP, lifted_at=None)
    return open_rows.update(lifted_at=now)


def lift_rows(ids: Iterable[int], *, now: datetime) -> int:
    """Staff open addresses again. Who asked to be forgotten stays closed, for they must not be asked again."""
    open_rows = Suppression.objects.filter(pk__in=list(ids), lifted_at=None).exclude(reason=SuppressionReason.ERASED)
    return open_rows.update(lifted_at=now)


def is_suppressed(kind: str, normal: str) -> bool:
    """Whether anything at all is closed for the address."""
    return Suppression.objects.filter(fingerprint=fingerprint(kind, normal), lifted_at=None).exists()


def refusing(fingerprints: Iterable[str], channel_kinds: Iterable[str]) -> dict[tuple[str, str], str]:
    """Why marketing to the addresses is closed, by fingerprint and channel kind; one statement. Bounces say nothing of the person."""
    wanted = list(channel_kinds)
    rows = Suppression.objects.filter(lifted_at=None, fingerprint__in=list(fingerprints), channel__in=["", *wanted])
    found = rows.exclude(reason=SuppressionReason.BOUNCE).values_list("fingerprint", "channel", "reason")
    return {(mark, kind): reason for mark, channel, reason in found for kind in ([channel] if channel else wanted)}


def mask(kind: str, normal: str) -> str:
    """An address partly hidden, for lists: "an•••@example.com", "+34•••••56"."""
    if kind == "email":
        local, _, domain = normal.partition("@")
        return f"{local[:2] if len(local) > 3 else local[:1]}•••@{domain}"[:60]
    return f"{normal[:3]}•••••{normal[-2:]}"[:60]


def _withdraw_everyone(mark: str, kind: str, channel: str, line: Line, *, now: datetime) -> None:
    """A line for each person who has the address and each kind of channel that it closes, where consent has not ended already."""
    closed = [channel] if channel else [known.name for known in kinds.all_kinds() if known.address == kind]
    holders = Address.objects.filter(fingerprint=mark).values_list("contact_id", flat=True)
    there = sorted(ledger.lock_contacts(holders))
    said = ledger.newest(there, [MARKETING])
    lines = [
        replace(line, contact_id=contact_id, kind=name)
        for contact_id in there
        for name in closed
        if (last := said.get((contact_id, name, MARKETING))) is None or last.given
    ]
    ledger.write(lines, now=now)


__all__ = ["SuppressionScope", "is_suppressed", "lift", "lift_rows", "mask", "refusing", "suppress"]
