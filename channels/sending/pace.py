"""The account's rate and its breaker, on the channel's row, so that all workers share them.

The rate is a GCRA: `paced_until` is the instant up to which the rate is spent. A wave reserves its messages before it starts, with one
UPDATE outside any longer transaction, so that no worker waits for another's wave.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Q, Value
from django.db.models.functions import Coalesce, Greatest

from channels.models import Channel

BURST = timedelta(seconds=2)  # how much of its rate an account may spend at once
ROUNDING = timedelta(milliseconds=1)  # instants are kept in microseconds, a third of a second is not
WAVE = 200  # and how many messages at most
PROBE = 5  # after a breaker closed, so few test whether the account works again
BREAKER_FIRST, BREAKER_LONGEST = timedelta(seconds=30), timedelta(hours=1)


def wave_size(channel: Channel) -> int:
    """How many messages a wave of this account holds at most."""
    if channel.breaker_count:
        return PROBE
    return max(1, min(WAVE, int(channel.rate * BURST.total_seconds())))


@dataclass(slots=True)
class Pace:
    """One worker's view of an account's rate while it serves the account. `left` was reserved and not used yet."""

    channel: Channel
    left: int = 0

    def grant(self, wanted: int, now: datetime) -> int:
        """Reserve up to `wanted` messages: one UPDATE, and two more statements where the rate is nearly spent. 0: not now."""
        size = min(wanted, wave_size(self.channel))
        if self.left >= size or self._reserve(size - self.left, now):
            self.left = max(size, self.left)
            return size
        free = min(self._free(now), size - self.left)
        if free > 0 and self._reserve(free, now):
            self.left += free
        return min(self.left, size)

    def used(self, messages: int) -> None:
        """What was handed over; the rest of the reservation is kept for the next wave."""
        self.left -= messages

    def _reserve(self, messages: int, now: datetime) -> bool:
        cost = timedelta(seconds=messages / self.channel.rate)
        latest = now + max(BURST - cost, timedelta(0)) + ROUNDING
        spent = Greatest(Coalesce("paced_until", Value(now)), Value(now))
        free = usable(now) & (Q(paced_until=None) | Q(paced_until__lte=latest))
        return bool(Channel.objects.filter(free, pk=self.channel.pk).update(paced_until=spent + cost))

    def _free(self, now: datetime) -> int:
        """How many messages the rate has left at this moment."""
        usable_now = Channel.objects.filter(usable(now), pk=self.channel.pk)
        for spent in usable_now.values_list("paced_until", flat=True):
            ahead = now + BURST + ROUNDING - max(spent or now, now)
            return int(ahead.total_seconds() * self.channel.rate) or int(spent is None or spent <= now)
        return 0


def usable(now: datetime) -> Q:
    """Channels that are in use and whose breaker is closed."""
    return Q(active=True) & (Q(breaker_until=None) | Q(breaker_until__lte=now))


def pause(channel: Channel, until: datetime) -> None:
    """The provider asked the whole account to wait: not even the burst is free before."""
    until += BURST
    Channel.objects.filter(pk=channel.pk).filter(Q(paced_until=None) | Q(paced_until__lt=until)).update(
        paced_until=until
    )


def break_off(channel: Channel, why: str, now: datetime) -> None:
    """Open the breaker: nobody uses the account for a while, each time longer."""
    count = min(channel.breaker_count + 1, 12)
    rest = min(BREAKER_FIRST * 2 ** (count - 1), BREAKER_LONGEST)
    Channel.objects.filter(pk=channel.pk).update(
        breaker_until=now + rest, breaker_reason=why[:255], breaker_count=count, last_error_at=now, last_error=why[:255]
    )
    channel.breaker_count, channel.breaker_until, channel.breaker_reason = count, now + rest, why[:255]


def worked(channel: Channel, now: datetime) -> None:
    """The account has taken messages: the breaker forgets, and staff see when it last worked."""
    Channel.objects.filter(usable(now), pk=channel.pk).update(
        last_success_at=now, breaker_count=0, breaker_until=None, breaker_reason=""
    )
    channel.breaker_count, channel.breaker_until, channel.breaker_reason = 0, None, ""
