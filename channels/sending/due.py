"""The round: every channel that has something due and can be used, one claim after another."""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import datetime, timedelta

from channels import accounts
from channels.models import Channel
from channels.sending import claim, pace
from channels.sending.wave import Work
from contacts import calendar, timezones
from contacts.models import Business

CLAIM = 1000  # deliveries at a time


def send_due(*, clock: Callable[[], datetime], limit: int = CLAIM, budget_seconds: float = 20.0) -> int:
    """Send what is due; returns how many messages were handed over. To be called outside of any transaction.

    clock: tells the time, anew for each wave; limit: how many to claim at a time; budget_seconds: after this no new wave is begun. Any
    number of workers may do this at once.
    """
    channels = claim.channels_with_work(clock())
    if not channels:
        return 0
    business = Business.current()
    random.shuffle(channels)  # so that several workers spread over the accounts
    share = timedelta(seconds=budget_seconds / len(channels))
    return sum(_serve(channel, business, clock, limit, share) for channel in channels)


def _serve(channel: Channel, business: Business, clock: Callable[[], datetime], limit: int, share: timedelta) -> int:
    """One channel, until nothing is due, its rate is spent, it is refused, or its share of the time is up."""
    try:
        if not channel.is_sandbox and not business.address_is_proven:
            return 0
        transport = accounts.kept(channel, business.public_address)
    except (accounts.Unusable, LookupError) as error:
        pace.break_off(channel, str(error), clock())
        return 0
    until = clock() + share
    zone = timezones.named(business.time_zone) or timezones.UTC
    rate = pace.Pace(channel, calendar.midnight(clock(), zone, days=1))
    handed, taken, more = 0, 0, True
    while more and clock() < until:
        work = Work(channel, business, transport, clock, rate)
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
