"""Addresses that must not be written to. They are known by a keyed hash, and stay closed when the contact is gone or comes again."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from contacts.bulk import Among
from contacts.consent.closing import Closing, suppress_many
from contacts.models import Suppression, SuppressionReason
from contacts.models.contact import fingerprint


def suppress(
    *, kind: str, normal: str, channel: str = "", scope: str, reason: str, source: str, now: datetime, played: bool = False,
    delivery_token: str = "", operator_id: int | None = None, ip: str | None = None,
) -> Suppression:  # fmt: skip
    """Close one address; see `closing.suppress_many`, and `Closing` for what the arguments mean. Returns the open row."""
    one = Closing(kind, normal, reason, scope, channel, source, played, delivery_token, operator_id, ip)
    suppress_many([one], now=now)
    return Suppression.objects.get(fingerprint=one.mark, channel=channel, scope=scope, played=played, lifted_at=None)


def lift(*, kind: str, normal: str, channel: str, now: datetime) -> int:
    """START and its kin: opens what a STOP on this channel closed, and nothing else. It restores no consent; returns how many."""
    mark = fingerprint(kind, normal)
    open_rows = Suppression.objects.filter(
        fingerprint=mark, channel=channel, reason=SuppressionReason.STOP, lifted_at=None
    )
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
    rows = Suppression.objects.filter(Among("fingerprint", fingerprints), lifted_at=None, channel__in=["", *wanted])
    found = rows.exclude(reason=SuppressionReason.BOUNCE).values_list("fingerprint", "channel", "reason")
    return {(mark, kind): reason for mark, channel, reason in found for kind in ([channel] if channel else wanted)}
