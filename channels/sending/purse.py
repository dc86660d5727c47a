"""The money of a wave: what its messages may cost, reserved inside the last look from rows that all workers share.

The rows are locked until the look ends, so that no two workers spend the same. What a message turned out to cost, or did not cost, is
settled in the next look.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Q, Sum

from channels.models import Budget, Channel, Delivery, PriceUnit
from channels.sending.claim import Job
from contacts import bulk, caps, timezones
from contacts.models import Business

MONTH = "month"
NOTHING = Decimal(0)


@dataclass(slots=True)
class Pot:
    """A budget as it was read and locked. amount: None for no end; used: what this wave takes of it."""

    amount: Decimal | None
    spent: Decimal
    used: Decimal = NOTHING

    def has(self, cost: Decimal) -> bool:
        return self.amount is None or self.spent + self.used + cost <= self.amount


@dataclass(slots=True)
class Purse:
    """The budgets that the wave may touch, by their ids; `month`: the id of the house's, whose month `ends`."""

    pots: dict[int, Pot] = field(default_factory=dict)
    month: int | None = None
    ends: datetime | None = None

    def refuses(self, job: Job, cost: Decimal) -> int | None:
        """The budget that has not so much left, or None. What is about an order or a booking is paid for in any case."""
        if not cost or not job.counts:
            return None
        return next((pk for pk in self._of(job) if not self.pots[pk].has(cost)), None)

    def take(self, job: Job, cost: Decimal) -> None:
        """So much more was spent on this message; less than nothing gives back what was reserved for it."""
        for pk in self._of(job):
            self.pots[pk].used += cost

    def _of(self, job: Job) -> list[int]:
        asked = (job.budget_id, None if job.sandbox else self.month)
        return [pk for pk in asked if pk is not None and pk in self.pots]

    def close(self) -> None:
        """Write down what was used: one statement, or none."""
        rows = [(pk, max(NOTHING, pot.spent + pot.used)) for pk, pot in sorted(self.pots.items()) if pot.used]
        bulk.update(Budget, ("spent",), rows)


def opened(jobs: Iterable[Job], channel: Channel, business: Business, now: datetime) -> Purse:
    """The purse of a wave, its rows locked: one statement, or none where nothing costs anything or nobody set a limit."""
    ids = {job.budget_id for job in jobs if job.budget_id is not None}
    monthly = business.month_budget is not None and not channel.is_sandbox
    if not channel.price or not (ids or monthly):
        return Purse()
    wanted = Q(pk__in=ids) | Q(name=MONTH) if monthly else Q(pk__in=ids)
    rows = list(Budget.objects.select_for_update(no_key=True).filter(wanted).order_by("pk"))
    purse = Purse({row.pk: Pot(row.amount, row.spent) for row in rows if row.name != MONTH})
    if monthly:
        row = _this_month(rows, business, now)
        purse.month, purse.ends = row.pk, row.ends
        purse.pots[row.pk] = Pot(business.month_budget, row.spent)
    return purse


def _this_month(rows: Sequence[Budget], business: Business, now: datetime) -> Budget:
    """The house's row; in a new month what was spent is asked of the messages themselves, that once."""
    row = next((row for row in rows if row.name == MONTH), None)
    return row if row is not None and row.ends is not None and row.ends > now else count_month(business, now)


def count_month(business: Business, now: datetime) -> Budget:
    """Set what the house has spent in this month to what its messages cost since it began."""
    zone = timezones.named(business.time_zone) or timezones.UTC
    begun, ends = (caps.begins(caps.MONTH, now, zone, ahead) for ahead in (0, 1))
    with transaction.atomic():
        Budget.objects.get_or_create(name=MONTH)
        row = Budget.objects.select_for_update(no_key=True).get(name=MONTH)
        every = Channel.objects.order_by().values("pk")  # so that the index by channel and time is of use
        sent = Delivery.objects.filter(channel__in=every, sending_at__gte=begun, sandbox=False)
        row.spent, row.ends = sent.aggregate(cost=Sum("cost"))["cost"] or NOTHING, ends
        row.save(update_fields=["spent", "ends"])
    return row


def estimate(channel: Channel, segments: int | None) -> Decimal:
    """What a message costs by the channel's price list."""
    return channel.price * ((segments or 1) if channel.price_unit == PriceUnit.SEGMENT else 1)
