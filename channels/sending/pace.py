"""The account's rate, its daily limit and its breaker, on the channel's row, so that all workers share them.

The rate is a GCRA: `paced_until` is the instant up to which the rate is spent. A wave reserves its messages before it starts, with one
UPDATE outside any longer transaction, so that no worker waits for another's wave.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, F, Q, Value, When
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
    """One worker's view of an account's rate while it serves the account. `left` was reserved and not used yet; `midnight` is the
    business's next one."""

    channel: Channel
    midnight: datetime
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
        if messages <= 0:
            return True
        cost = timedelta(seconds=messages / self.channel.rate)
        latest = now + max(BURST - cost, timedelta(0)) + ROUNDING
        spent = Greatest(Coalesce("paced_until", Value(now)), Value(now))
        free = usable(now) & (Q(paced_until=None) | Q(paced_until__lte=latest))
        changes: dict[str, Any] = {"paced_until": spent + cost}
        if self.channel.daily_limit is not None:
            if messages > self.channel.daily_limit:
                return False
            free &= Q(day_ends=None) | Q(day_ends__lte=now) | Q(day_count__lte=self.channel.daily_limit - messages)
            today = Case(When(day_ends__gt=now, then=F("day_count")), default=Value(0))
            ends = Case(When(day_ends__gt=now, then=F("day_ends")), default=Value(self.midnight))
            changes |= {"day_count": today + messages, "day_ends": ends}
        return bool(Channel.objects.filter(free, pk=self.channel.pk).update(**changes))

    def _free(self, now: datetime) -> int:
        """How many messages the rate and the day have left at this moment."""
        usable_now = Channel.objects.filter(usable(now), pk=self.channel.pk)
        for spent, limit, ends, count in usable_now.values_list("paced_until", "daily_limit", "day_ends", "day_count"):
            ahead = now + BURST + ROUNDING - max(spent or now, now)
            free = int(ahead.total_seconds() * self.channel.rate) or int(spent is None or spent <= now)
            taken = count if ends is not None and ends > now else 0
            return free if limit is None else max(0, min(free, limit - taken))
        return 0

    def close(self) -> None:
        """Give the day back what was reserved of it and not used."""
        if self.left > 0 and self.channel.daily_limit is not None:
            mine = Channel.objects.filter(pk=self.channel.pk, day_count__gte=self.left)
            mine.update(day_count=F("day_count") - self.left)
        self.left = 0


def usable(now: datetime) -> Q:
    """Channels that are in use, whose breaker is closed, and which may send more today."""
    closed = Q(breaker_until=None) | Q(breaker_until__lte=now)
    more = Q(daily_limit=None) | Q(day_ends=None) | Q(day_ends__lte=now) | Q(day_count__lt=F("daily_limit"))
    return Q(active=True) & closed & more


def spent_for_today(channel: Channel, now: datetime) -> datetime | None:
    """When the account may send again, if its daily limit is reached; one statement, or none where there is no limit."""
    if channel.daily_limit is None:
        return None
    full = Channel.objects.filter(pk=channel.pk, day_ends__gt=now, day_count__gte=F("daily_limit"))
    return full.values_list("day_ends", flat=True).first()


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
