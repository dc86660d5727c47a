"""How much is enough for one person: pure rules on when messages count against a cap, and when it frees up again."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import NamedTuple
from zoneinfo import ZoneInfo

from contacts.calendar import at_local

ROLLING, DAY, WEEK, MONTH = "rolling", "day", "week", "month"
LONGEST_MONTH = timedelta(days=32)


class Limit(NamedTuple):
    """At most so many messages of a kind ("" for all kinds together) to one person: in any so many days (`rolling`), or in a day, a week
    (from Monday) or a month of the calendar on the person's clock. Where several clocks may be theirs, it holds on all of them."""

    messages: int
    period: str = ROLLING
    days: int = 7
    kind: str = ""

    def concerns(self, kind: str) -> bool:
        return self.kind in ("", kind)

    def counted(self, times: Iterable[datetime], now: datetime, zones: Sequence[ZoneInfo]) -> list[datetime]:
        """Those of the times that count at this moment, in order."""
        if self.period == ROLLING:
            return sorted(at for at in times if at > now - timedelta(days=self.days))
        begun = min(begins(self.period, now, zone) for zone in zones)
        return sorted(at for at in times if at >= begun)

    def frees(self, counted: Sequence[datetime], now: datetime, zones: Sequence[ZoneInfo]) -> datetime:
        """When the next message is within the cap, if none is added to these, which fill it."""
        if self.period == ROLLING:
            return counted[len(counted) - self.messages] + timedelta(days=self.days)
        return max(begins(self.period, now, zone, 1) for zone in zones)

    def reaches_back(self, now: datetime) -> datetime:
        """Nothing before this instant counts, wherever the person is."""
        return now - (timedelta(days=self.days) if self.period == ROLLING else LONGEST_MONTH)


def begins(period: str, now: datetime, zone: ZoneInfo, ahead: int = 0) -> datetime:
    """The instant at which this (0) or the next (1) period of the calendar begins on the zone's clock."""
    today = now.astimezone(zone).date()
    if period == WEEK:
        first = today - timedelta(days=today.weekday()) + timedelta(days=7 * ahead)
    elif period == MONTH:
        first = _month(today, ahead)
    else:
        first = today + timedelta(days=ahead)
    return at_local(first, time.min, zone)


def _month(day: date, ahead: int) -> date:
    number = day.year * 12 + day.month - 1 + ahead
    return date(number // 12, number % 12 + 1, 1)
