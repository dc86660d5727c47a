"""When the house may write, put together from its rules: the hours of each kind of channel, and the days on which it keeps still.

Pure; the rows come from `contacts.models`, what they mean on a clock is worked out by `contacts.calendar`.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

from contacts import calendar, closed_days, timezones
from contacts.calendar import EVERY_DAY, Window

_WEEK, _DAY = 7 * 86_400, 86_400


class Quiet(NamedTuple):
    """Hours in which nothing of a kind leaves ("" for every kind), beginning on these weekdays (Monday is 0). An end at or before the
    start lies on the next day; equal times are the whole day. holidays: nor on public holidays."""

    kind: str
    weekdays: frozenset[int]
    start: time
    end: time
    holidays: bool = False


class Closed(NamedTuple):
    """A day on which nothing leaves; yearly: each year again."""

    day: date
    yearly: bool = False


@dataclass(frozen=True, slots=True)
class Hours:
    """All rules of the house together. night: the quiet hours that hold for everything; holidays: nothing leaves on public holidays;
    country and region: whose, for everyone whose own country is not known to be another."""

    night: tuple[time, time]
    rules: tuple[Quiet, ...] = ()
    closed: tuple[Closed, ...] = ()
    holidays: bool = False
    country: str = ""
    region: str = ""

    def windows(self, kind: str) -> tuple[Window, ...]:
        """When messages of this kind may leave."""
        spans = [(rule.weekdays, rule.start, rule.end) for rule in self.rules if rule.kind in ("", kind)]
        return _left(self.night, tuple(spans)) if spans else calendar.quiet(*self.night)

    def keeps_holidays(self, kind: str) -> bool:
        return self.holidays or any(rule.holidays for rule in self.rules if rule.kind in ("", kind))

    def still_days(self, kind: str, zones: Sequence[ZoneInfo], now: datetime) -> frozenset[date]:
        """The days around now on which nothing of this kind leaves to someone who lives in one of these zones."""
        years = tuple(sorted({(now - timedelta(days=1)).year, (now + calendar.HORIZON + timedelta(days=1)).year}))
        own = _yearly(self.closed, years) if self.closed else frozenset()
        if not self.keeps_holidays(kind):
            return own
        countries = sorted({timezones.country_of(zone.key) or self.country for zone in zones})
        theirs = [self._public(country, years) for country in countries]
        return theirs[0] if len(theirs) == 1 and not own else own.union(*theirs)

    def _public(self, country: str, years: tuple[int, ...]) -> frozenset[date]:
        return closed_days.public(country, self.region if country == self.country else "", years)


@lru_cache(maxsize=64)
def _yearly(closed: tuple[Closed, ...], years: tuple[int, ...]) -> frozenset[date]:
    once = {one.day for one in closed if not one.yearly}
    again = {day for one in closed if one.yearly for year in years if (day := _in_year(one.day, year))}
    return frozenset(once | again)


def _in_year(day: date, year: int) -> date | None:
    """29 February exists in leap years only."""
    try:
        return day.replace(year=year)
    except ValueError:
        return None


@lru_cache(maxsize=256)
def _left(night: tuple[time, time], spans: tuple[tuple[frozenset[int], time, time], ...]) -> tuple[Window, ...]:
    """What of the week the quiet spans leave, as windows that end at midnight at the latest; equal pieces of several days are one."""
    held = [(EVERY_DAY, *night)] if night[0] != night[1] else []
    pieces: dict[tuple[time, time], set[int]] = {}
    for start, end in _gaps(_on_the_week([*held, *spans])):
        for day in range(start // _DAY, (end - 1) // _DAY + 1):
            first, last = max(start - day * _DAY, 0), min(end - day * _DAY, _DAY)
            pieces.setdefault((_clock(first), _clock(last)), set()).add(day)
    return tuple(Window(start, end, frozenset(days)) for (start, end), days in sorted(pieces.items()))


def _on_the_week(spans: Iterable[tuple[frozenset[int], time, time]]) -> list[tuple[int, int]]:
    """Seconds of the week that are quiet, in order; what runs over Sunday's midnight goes on on Monday."""
    quiet: list[tuple[int, int]] = []
    for weekdays, start, end in spans:
        begins, ends = _seconds(start), _seconds(end)
        if begins == ends:
            begins, ends = 0, _DAY
        for day in weekdays:
            first, last = day * _DAY + begins, day * _DAY + ends + (_DAY if ends < begins else 0)
            quiet += [(first, min(last, _WEEK)), (0, last - _WEEK)]
    return sorted(span for span in quiet if span[0] < span[1])


def _gaps(quiet: Iterable[tuple[int, int]]) -> Iterable[tuple[int, int]]:
    free = 0
    for start, end in quiet:
        if start > free:
            yield free, start
        free = max(free, end)
    if free < _WEEK:
        yield free, _WEEK


def _seconds(wall: time) -> int:
    return wall.hour * 3600 + wall.minute * 60 + wall.second


def _clock(seconds: int) -> time:
    """24:00 is written as midnight, which ends a window on the day on which it began."""
    return time(seconds % _DAY // 3600, seconds % 3600 // 60, seconds % 60)
