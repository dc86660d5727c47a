"""What nobody finished: waves of workers that died, messages whose fate is unclear, those that came too late, and what staff decide."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Case, CharField, F, JSONField, Q, Value, When

from channels import accounts, facts, receipts
from channels.models import Channel, Delivery, DeliveryStatus
from channels.sending.checks import LATE
from channels.sending.claim import Job
from channels.sending.prepare import Texts
from channels.transport import Fact, Inbound, Outgoing, Transport
from contacts import bulk
from contacts.models import Business

PORTION = 500
IN_HAND = timedelta(seconds=2 * settings.LEASE_SECONDS)  # how long one sweeper keeps what it looks up
GIVES_UP = timedelta(days=1)  # after this nobody asks the provider any more
_BELONGS = ("id", "contact_id", "channel_id")
EVERY = Q()


def sweep(now: datetime, *, only: Collection[int] | None = None) -> int:
    """One round; returns how many deliveries it moved. Any number of workers may do this at once.

    only: these channels, for a rehearsal, in which no worker dies and nothing is unclear.
    """
    if only is not None:
        return _too_late(now, Q(channel__in=only))
    return _lost_waves(now) + _unclear(now) + _too_late(now)


def resolve(delivery_id: int, *, resend: bool, now: datetime, user: object = None) -> bool:
    """Staff decide about a message whose fate is unclear: it arrived, or it is sent again. False if it is not unclear (any more)."""
    columns: dict[str, Any] = {"claim_token": None, "lease_until": None, "reason": "", "reason_params": {}}
    if resend:
        columns |= {"status": DeliveryStatus.QUEUED, "provider_id": "", "not_before": now, "sending_at": None}
        columns["valid_until"] = _long_enough(delivery_id, now)
    else:
        columns |= {"status": DeliveryStatus.DELIVERED, "delivered_at": now}
    only = {"status": DeliveryStatus.UNKNOWN}
    with transaction.atomic():
        done = bulk.update(Delivery, list(columns), [(delivery_id, *columns.values())], only=only, returning=_BELONGS)
        fact, reason = (Fact.DEFERRED, "staff_says_lost") if resend else (Fact.DELIVERED, "")
        said = {"by": str(user or "")}
        facts.write(_told(done, fact, reason, now, data=said, handled_at=now if resend else None))
    return bool(done)


def _long_enough(delivery_id: int, now: datetime) -> datetime | None:
    """Whoever sends it again wants it to leave, even if its time was over."""
    until = Delivery.objects.filter(pk=delivery_id).values_list("valid_until", flat=True).first()
    return max(until, now + timedelta(days=1)) if until else None


def _lost_waves(now: datetime) -> int:
    """A lease ran out while the provider was being called: the worker is dead, and what it had in the air is unclear."""
    lost = Delivery.objects.filter(status=DeliveryStatus.SENDING, lease_until__lt=now).order_by("lease_until")
    held = bulk.claim(lost, limit=PORTION, changes={"lease_until": now + IN_HAND}, returning=("id", "channel_id"))
    _ask_providers([pk for pk, _ in held], now)
    safe = {channel.pk for channel in Channel.objects.in_bulk({pk for _, pk in held}).values() if _may_repeat(channel)}
    again = [pk for pk, channel_id in held if channel_id in safe]
    unclear = [pk for pk, channel_id in held if channel_id not in safe]
    with transaction.atomic():
        columns: tuple[str, ...] = ("status", "reason", "not_before", "claim_token", "lease_until")
        rows: list[tuple[Any, ...]] = [(pk, DeliveryStatus.QUEUED, "", now, None, None) for pk in sorted(again)]
        back = bulk.update(Delivery, columns, rows, only={"status": DeliveryStatus.SENDING}, returning=_BELONGS)
        # The token stays: should the worker live after all, what it knows is still taken.
        rows = [(pk, DeliveryStatus.UNKNOWN, "interrupted", now + IN_HAND) for pk in sorted(unclear)]
        columns = ("status", "reason", "lease_until")
        gone = bulk.update(Delivery, columns, rows, only={"status": DeliveryStatus.SENDING}, returning=_BELONGS)
        facts.write(_told(gone, facts.UNKNOWN, "interrupted", now))
    return len(back) + len(gone)


def _may_repeat(channel: Channel) -> bool:
    """Whether the same message given twice is known to reach the person once."""
    try:
        return channel.carrier.idempotent
    except LookupError:
        return False


def _unclear(now: datetime) -> int:
    """Ask the provider again about what is unclear: soon, then ever more rarely, for a day. Here `lease_until` is the next time to ask."""
    due = Delivery.objects.filter(status=DeliveryStatus.UNKNOWN, lease_until__lt=now).order_by("id")
    held = bulk.claim(due, limit=PORTION, changes={"lease_until": None}, returning=("id", "sending_at"))
    _ask_providers([pk for pk, _ in held], now)
    young = [(pk, now + max(now - since, IN_HAND)) for pk, since in sorted(held) if now - since < GIVES_UP]
    bulk.update(Delivery, ("lease_until",), young, only={"status": DeliveryStatus.UNKNOWN})
    if not held:
        return 0
    return (
        len(held)
        - Delivery.objects.filter(bulk.Among("id", [pk for pk, _ in held]), status=DeliveryStatus.UNKNOWN).count()
    )


def _ask_providers(ids: Sequence[int], now: datetime) -> None:
    """Have each account's transport look up what became of these, and take in what it says like any other report."""
    if not ids:
        return
    deliveries = Delivery.objects.filter(bulk.Among("id", ids)).select_related("channel").order_by("channel_id", "id")
    business = Business.current()
    for _, group in groupby(deliveries, key=lambda delivery: delivery.channel_id):
        mine = list(group)
        told = _asked(mine[0].channel, mine, business, now)
        if told:
            receipts.apply(mine[0].channel, told, now=now)


def _asked(channel: Channel, deliveries: Sequence[Delivery], business: Business, now: datetime) -> list[Inbound]:
    try:
        transport = accounts.kept(channel, business.public_address)
    except accounts.Unusable:
        return []
    if type(transport).reconcile is Transport.reconcile:
        return []
    since = min(delivery.sending_at or delivery.created_at for delivery in deliveries)
    messages = list(_outgoing(channel, deliveries, business, now))
    return [replace(fact, key=key) for key, fact in transport.reconcile(messages, since)]


def _outgoing(
    channel: Channel, deliveries: Sequence[Delivery], business: Business, now: datetime
) -> Iterator[Outgoing]:
    """The messages as they left, as far as that can be told: providers find them by their text."""
    texts = Texts(channel, business)
    jobs = [Job.of(delivery) for delivery in deliveries]
    addresses = {delivery.pk: delivery.address for delivery in deliveries}
    for prepared in texts.prepare(jobs, texts.people(jobs, now), now):
        if prepared.rendered is not None:
            yield prepared.outgoing(addresses[prepared.job.id], now)


def _too_late(now: datetime, which: Q = EVERY) -> int:
    """What waits beyond its validity, as its channel is off or its account refused: the next step must not wait for it."""
    free = Q(claim_token=None) | Q(lease_until__lt=now)
    late = Delivery.objects.filter(which, free, status=DeliveryStatus.QUEUED, valid_until__lte=now).order_by("id")
    ended = {
        "status": DeliveryStatus.EXPIRED, "reason": _why_late("reason"), "reason_params": _why_late("reason_params"), "ended_at": now,
        "claim_token": None, "lease_until": None,
    }  # fmt: skip
    with transaction.atomic():
        done = bulk.claim(late, limit=PORTION * 4, changes=ended, returning=(*_BELONGS, "reason"))
        for reason in sorted({row[-1] for row in done}):
            facts.write(_told([row[:-1] for row in done if row[-1] == reason], Fact.EXPIRED, reason, now))
    return len(done)


def _why_late(column: str) -> Case:
    """What kept it until its time was over, where that was a cap or a budget."""
    if column == "reason_params":
        return Case(When(reason__in=list(LATE), then=F("reason_params")), default=Value({}, JSONField()))
    kept = [When(reason=code, then=Value(late)) for code, late in sorted(LATE.items())]
    return Case(*kept, default=Value("too_late"), output_field=CharField())


def _told(rows: Sequence[tuple[Any, ...]], fact: str, reason: str, now: datetime, **more: Any) -> list[facts.Told]:
    return [
        facts.Told(
            fact=str(fact), delivery_id=pk, contact_id=contact_id, channel_id=channel_id, reason=reason, at=now, recorded_at=now, **more
        )
        for pk, contact_id, channel_id in rows
    ]  # fmt: skip
