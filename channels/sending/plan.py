"""Writing deliveries into the outbox, taking queued ones out of it again, and waking those that were put on hold."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q, QuerySet

from channels import facts, signals
from channels.models import Delivery, DeliveryStatus, Priority
from channels.sending.checks import WOKEN
from contacts import bulk


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """One message to one person, as it goes into the outbox. `token` is minted by the caller (`channels.models.delivery.new_token`).

    scope: the occasion in which identical text goes to one address once, "" if that does not matter; context: what the text may use besides
    the contact; pinned: to this address or to none; unconfirmed: to this address even though it is not (yet) the person's; not_before,
    valid_until: instants; priority: who takes the last place of a cap; budget_id: what it is paid from; reason: why it waits, if it does
    (a code of `contacts.reasons`).
    """

    token: str
    contact_id: int
    channel_id: int
    message_version_id: int
    kind: str
    purpose: str
    urgent: bool = False
    sandbox: bool = False
    scope: str = ""
    campaign: str = ""
    step_name: str = ""
    context: Mapping[str, Any] = field(default_factory=dict)
    address: str = ""
    pinned: bool = False
    unconfirmed: bool = False
    language: str = ""
    tracked: bool = False
    not_before: datetime
    valid_until: datetime | None = None
    priority: int = Priority.NORMAL
    budget_id: int | None = None
    reason: str = ""
    reason_params: Mapping[str, Any] = field(default_factory=dict)


_GIVEN = tuple(one.name for one in fields(Planned))
_FRESH: dict[str, Any] = {
    "status": DeliveryStatus.QUEUED,
    "attempts": 0,
    "provider_id": "",
    "cost": 0,
    "links": [],
    "subject": "",
    "opened_grade": "",
    "clicked_grade": "",
}


def plan(rows: Sequence[Planned], *, now: datetime) -> dict[str, int]:
    """Write deliveries with one statement, in the caller's transaction. Returns each token's delivery id."""
    fresh = [*_FRESH.values(), now]
    values = [[*(getattr(row, name) for name in _GIVEN), *fresh] for row in rows]
    written = bulk.insert(Delivery, [*_GIVEN, *_FRESH, "created_at"], values, returning=("token", "id"))
    if written:
        transaction.on_commit(_nudge, robust=True)
    return dict(written)


def cancel(
    deliveries: Sequence[int] | QuerySet[Delivery],
    *,
    reason: str,
    params: Mapping[str, Any] | None = None,
    now: datetime,
) -> list[int]:
    """Cancel those that are still queued: one statement, and one for their events. Returns the ids of those that were.

    deliveries: ids, or a queryset (one more statement). What is already being handed over is no longer ours to stop.
    """
    ids = list(
        deliveries.order_by("pk").values_list("pk", flat=True) if isinstance(deliveries, QuerySet) else deliveries
    )
    columns = ["status", "reason", "reason_params", "ended_at", "claim_token", "lease_until"]
    rows = [(pk, DeliveryStatus.CANCELLED, reason, dict(params or {}), now, None, None) for pk in sorted(ids)]
    only = {"status": DeliveryStatus.QUEUED}
    with transaction.atomic():
        done = bulk.update(Delivery, columns, rows, only=only, returning=("id", "contact_id", "channel_id"))
        facts.write([_cancelled(pk, contact, channel, reason, now) for pk, contact, channel in done])
    return [row[0] for row in done]


def _cancelled(delivery: int, contact: int, channel: int, reason: str, now: datetime) -> facts.Told:
    """Whoever cancels knows of it, so nobody needs to take notice."""
    return facts.Told(
        fact=facts.CANCELLED, delivery_id=delivery, contact_id=contact, channel_id=channel, reason=reason,
        at=now, recorded_at=now, handled_at=now,
    )  # fmt: skip


def wake(deliveries: Sequence[int] | QuerySet[Delivery], *, now: datetime) -> int:
    """Let deliveries that were put on hold be looked at again at once: one statement. Returns how many."""
    which = deliveries if isinstance(deliveries, QuerySet) else Delivery.objects.filter(pk__in=list(deliveries))
    held = Q(status=DeliveryStatus.QUEUED, reason__in=WOKEN, not_before__gt=now)
    woken = Delivery.objects.filter(held, pk__in=which.order_by().values("pk")).update(not_before=now)
    if woken:
        transaction.on_commit(_nudge, robust=True)
    return woken


def _nudge() -> None:
    signals.deliveries_waiting.send(sender=Delivery)
