"""The round: every channel that has something due and can be used, one claim after another."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection
from datetime import datetime, timedelta

from channels import accounts
from channels.models import Channel
from channels.sending import claim, pace
from channels.sending.wave import Work
from channels.transports.sandbox import StandIn
from contacts import calendar, timezones
from contacts.models import Business

CLAIM = 1000  # deliveries at a time


def send_due(
    *, clock: Callable[[], datetime], limit: int = CLAIM, budget_seconds: float = 20.0, only: Collection[int] | None = None
) -> int:  # fmt: skip
    """Send what is due; returns how many messages were handed over. To be called outside of any transaction.

    clock: tells the time, anew for each wave; limit: how many to claim at a time; budget_seconds: after this no new wave is begun. Any
    number of workers may do this at once. only: these accounts, in their order, for a rehearsal, which is all one transaction.
    """
    channels = claim.channels_with_work(clock()) if only is None else claim.of_these(only, clock())
    if not channels:
        return 0
    business = Business.current()
    if only is None:
        random.shuffle(channels)  # so that several workers spread over the accounts
    share = timedelta(seconds=budget_seconds / len(channels))
    return sum(_serve(channel, business, clock, limit, share, durable=only is None) for channel in channels)


def _serve(
    channel: Channel, business: Business, clock: Callable[[], datetime], limit: int, share: timedelta, *, durable: bool = True
) -> int:  # fmt: skip
    """One channel, until nothing is due, its rate is spent, it is refused, or its share of the time is up."""
    try:
        if not channel.is_sandbox and not business.address_is_proven:
            return 0
        transport = accounts.kept(channel, business.public_address)
        if not durable and not isinstance(transport, StandIn):
            raise accounts.Rehearsed
    except (accounts.Unusable, LookupError) as error:
        pace.break_off(channel, str(error), clock())
        return 0
    until = clock() + share
    zone = timezones.named(business.time_zone) or timezones.UTC
    rate = pace.Pace(channel, calendar.midnight(clock(), zone, days=1))
    handed, taken, more = 0, 0, True
    while more and clock() < until:
        work = Work(channel, business, transport, clock, rate, durable=durable)
        jobs = work.take(min(limit, _worth_claiming(channel)))
        more = bool(jobs) and work.run(jobs, until)
        handed, taken = handed + work.handed, taken + work.taken
    rate.close()
    if until_tomorrow := pace.spent_for_today(channel, clock()):
        claim.hold(channel, until_tomorrow, clock())
    if taken:
        Channel.objects.filter(pk=channel.pk).update(last_success_at=clock())
    return handed


def _worth_claiming(channel: Channel) -> int:
    """About what the account can send in three seconds: what is given back was claimed for nothing."""
    return max(pace.wave_size(channel), min(CLAIM, int(channel.rate * 3)))
