"""Taking what is due of one channel, with a lease and a token that every later write carries. A claimed delivery is still queued."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db.models import Exists, OuterRef, Q, QuerySet

from channels.models import Channel, Delivery, DeliveryStatus, Priority, Purpose
from channels.sending.pace import usable
from contacts import bulk
from contacts.compiled import CompiledModels
from contacts.consent import Ask

LEASE = timedelta(seconds=3 * settings.LEASE_SECONDS)  # of a claim; whoever lost it finds nothing left to mark

_COLUMNS = (
    "id", "token", "contact_id", "message_version_id", "kind", "purpose", "urgent", "sandbox", "scope", "campaign", "step_name", "context",
    "attempts", "not_before", "valid_until", "sending_at", "address", "language", "tracked", "links", "subject", "once_key",
    "pinned", "unconfirmed", "priority", "budget_id", "reason", "reason_params",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Job:
    """A claimed delivery, as it was when it was claimed."""

    id: int
    token: str
    contact_id: int
    message_version_id: int
    kind: str
    purpose: str
    urgent: bool
    sandbox: bool
    scope: str
    campaign: str
    step_name: str
    context: Mapping[str, Any]
    attempts: int
    not_before: datetime
    valid_until: datetime | None
    sending_at: datetime | None
    address: str
    language: str
    tracked: bool
    links: list[str]
    subject: str
    once_key: str | None
    pinned: bool = False
    unconfirmed: bool = False
    priority: int = Priority.NORMAL
    budget_id: int | None = None
    reason: str = ""
    reason_params: Mapping[str, Any] = field(default_factory=dict)

    @classmethod
    def of(cls, delivery: Delivery) -> Job:
        """The same of a row that was read by other means."""
        return cls(*(getattr(delivery, name) for name in _COLUMNS))

    @property
    def ask(self) -> Ask:
        if self.unconfirmed:
            return Ask(self.kind, self.purpose, self.urgent, self.sandbox, self.address, self.contact_id)
        return Ask(self.kind, self.purpose, self.urgent, self.sandbox, self.address if self.pinned else "")

    @property
    def student(self) -> int:
        """The student whom it is about, where it goes to a guardian; else 0."""
        number = self.context.get("student")
        return number if type(number) is int else 0

    @property
    def about(self) -> int:
        """Whom it is about."""
        return self.student or self.contact_id

    @property
    def counts(self) -> bool:
        """Whether it counts against the cap of messages per person."""
        return self.purpose == Purpose.MARKETING


def due(channel: Channel | OuterRef, now: datetime) -> QuerySet[Delivery]:
    """What may be taken now: due, and in nobody's hands (the partial index `delivery_due` answers this)."""
    free = Q(claim_token=None) | Q(lease_until__lt=now)
    return Delivery.objects.filter(free, channel=channel, status=DeliveryStatus.QUEUED, not_before__lte=now)


def channels_with_work(now: datetime) -> list[Channel]:
    """Channels that can be used and have something due; one statement, whatever the number of deliveries."""
    return _WITH_WORK.rows(now)


def of_these(channel_ids: Collection[int], now: datetime) -> list[Channel]:
    """The same of these channels alone."""
    return [channel for channel in channels_with_work(now) if channel.pk in channel_ids]


def _with_work(now: datetime) -> QuerySet[Channel]:
    waiting = due(OuterRef("pk"), now).filter(purpose__in=Purpose.values)  # by name, so that the index is of use
    return Channel.objects.filter(usable(now)).filter(Exists(waiting))


_WITH_WORK = CompiledModels.by_moment(_with_work)  # asked at every tick, also when there is nothing to do


def take(channel: Channel, token: uuid.UUID, limit: int, now: datetime) -> list[Job]:
    """Claim up to `limit` deliveries with one statement, those about orders and bookings first."""
    waiting = due(channel, now).order_by("not_before")
    rows = bulk.claim(
        waiting.filter(purpose=Purpose.TRANSACTIONAL),
        waiting.filter(purpose=Purpose.MARKETING),
        limit=limit,
        changes={"claim_token": token, "lease_until": now + LEASE},
        returning=_COLUMNS,
    )
    # The database returns them in any order; the more important go first, and of those who has waited longest.
    return sorted(
        (Job(*row) for row in rows),
        key=lambda job: (job.purpose == Purpose.MARKETING, -job.priority, job.not_before, job.id),
    )


def hold(channel: Channel, until: datetime, now: datetime) -> int:
    """Let all that is due wait for the account's next day, and say why: one statement. Returns how many."""
    return due(channel, now).update(not_before=until, reason="daily_limit", reason_params={"until": until.isoformat()})


def release(jobs: Iterable[Job], token: uuid.UUID) -> None:
    """Give back what was claimed and not sent, so that the next one need not wait for the lease to end."""
    mine = Delivery.objects.filter(bulk.Among("id", [job.id for job in jobs]), claim_token=token)
    mine.filter(status=DeliveryStatus.QUEUED).update(claim_token=None, lease_until=None)
