"""How an account fares: what it sent and what that cost, how much went wrong, what waits, what is left at the provider."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

from django.db.models import Count, Min, Q, Sum
from django.db.models.functions import Coalesce

from channels import accounts
from channels.models import Channel, Delivery, DeliveryStatus
from channels.transport import Refused, Transport, Unclear
from contacts import calendar, timezones
from contacts.models import Business

_BAD = (DeliveryStatus.FAILED, DeliveryStatus.BOUNCED, DeliveryStatus.EXPIRED, DeliveryStatus.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Figures:
    """sent_*: messages handed over in the last 24 hours, since the business's midnight and since the month's first day; spent_*: what they
    cost, in the business's currency; wrong: of the last 24 hours', how many did not arrive or are unclear; waiting, waiting_since: due and
    not sent yet.
    """

    sent_lately: int = 0
    wrong: int = 0
    sent_today: int = 0
    spent_today: Decimal = Decimal(0)
    sent_this_month: int = 0
    spent_this_month: Decimal = Decimal(0)
    waiting: int = 0
    waiting_since: datetime | None = None

    @property
    def error_rate(self) -> float | None:
        """Share of the last 24 hours' messages that went wrong, 0 to 1; None where there were none."""
        return self.wrong / self.sent_lately if self.sent_lately else None


def figures(channel: Channel, business: Business, now: datetime) -> Figures:
    """Two statements: what was handed over this month (or since yesterday), and what waits."""
    zone = timezones.named(business.time_zone) or timezones.UTC
    day, lately = calendar.midnight(now, zone), now - timedelta(days=1)
    month = calendar.midnight(now, zone, days=1 - now.astimezone(zone).day)
    out = Delivery.objects.filter(channel=channel, sending_at__gte=min(month, lately))
    cost = Coalesce(Sum("cost", filter=Q(sending_at__gte=day)), Decimal(0))
    sent = out.aggregate(
        sent_lately=Count("id", filter=Q(sending_at__gte=lately)),
        wrong=Count("id", filter=Q(sending_at__gte=lately, status__in=_BAD)),
        sent_today=Count("id", filter=Q(sending_at__gte=day)),
        spent_today=cost,
        sent_this_month=Count("id", filter=Q(sending_at__gte=month)),
        spent_this_month=Coalesce(Sum("cost", filter=Q(sending_at__gte=month)), Decimal(0)),
    )
    due = Delivery.objects.filter(channel=channel, status=DeliveryStatus.QUEUED, not_before__lte=now)
    return Figures(**sent, **due.aggregate(waiting=Count("id"), waiting_since=Min("not_before")))


def refresh_balances(*, now: datetime) -> int:
    """Ask the providers that tell it what is left on each account in use; returns how many told. One that does not answer keeps what it
    said before."""
    business = Business.current()
    told = [_ask(channel, business, now) for channel in Channel.objects.filter(active=True) if tells_balance(channel)]
    return sum(told)


def tells_balance(channel: Channel) -> bool:
    """Whether the provider can be asked at all."""
    try:
        return channel.carrier.live and channel.carrier.balance is not Transport.balance
    except LookupError:
        return False


def _ask(channel: Channel, business: Business, now: datetime) -> bool:
    try:
        transport = accounts.opened(channel, business.public_address)
    except accounts.Unusable:
        return False
    try:
        found = transport.balance()
    except (Refused, Unclear):
        return False
    finally:
        transport.close()
    if found is None:
        return False
    kept = {"balance": found.amount, "balance_currency": found.currency, "balance_at": now}
    return bool(Channel.objects.filter(pk=channel.pk).update(**kept))
