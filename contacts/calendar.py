"""When a person may be disturbed: pure rules on wall clocks, nothing of Django and no database.

Instants are UTC and aware; a wall time never travels without its zone. What a person's own clock shows decides:
a moment is allowed when that clock reads a time inside a window, also in the hour that a change of clocks repeats.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

EVERY_DAY = frozenset(range(7))
HORIZON = timedelta(days=14)  # a wait longer than this is no wait: the caller falls back and says so

_MIDNIGHT = time(0)
_DAY = timedelta(days=1)
_HOUR = timedelta(hours=1)

# A stretch of time [start, end), in UTC or on one wall clock as the function says.
Span = tuple[datetime, datetime]


@dataclass(frozen=True, slots=True)
class Window:
    """Hours in which sending is allowed, [start, end) on the wall clock, on the given weekdays (Monday is 0).

    An end at or before the start lies on the next day; the weekday is that of the first day. Equal times mean never,
    so that a half-filled form disturbs nobody, except 00:00 to 00:00, which is the whole day.
    """

    start: time
    end: time
    weekdays: frozenset[int] = EVERY_DAY


def quiet(start: time, end: time) -> tuple[Window, ...]:
    """The allowed windows that quiet hours [start, end) leave, every day. Equal times: no quiet hours at all."""
    if start == end:
        return (Window(_MIDNIGHT, _MIDNIGHT),)
    return (Window(end, start),)


def is_allowed(
    instant: datetime, zones: Sequence[ZoneInfo], windows: Sequence[Window], holidays: Collection[date] = ()
) -> bool:
    """Whether every one of the zones' clocks stands inside a window and on no holiday at this instant."""
    instant = _utc(instant)
    return all(_clock_allows(instant.astimezone(zone), windows, holidays) for zone in zones)


def next_allowed(
    instant: datetime, zones: Sequence[ZoneInfo], windows: Sequence[Window], holidays: Collection[date] = ()
) -> datetime | None:
    """The first instant (UTC) from the given one on that is allowed in all zones; None if 14 days have none."""
    instant = _utc(instant)
    latest = instant + HORIZON
    rules = (tuple(zones), tuple(windows), frozenset(holidays))
    midnight = datetime(instant.year, instant.month, instant.day, tzinfo=UTC)
    while midnight < latest:
        for opens, closes in _open_everywhere(midnight, *rules):
            if closes > instant:
                return max(opens, instant) if opens < latest else None
        midnight += _DAY
    return None


def closes(
    instant: datetime, zones: Sequence[ZoneInfo], windows: Sequence[Window], holidays: Collection[date] = ()
) -> datetime:
    """The first instant (UTC) from an allowed one on that is not allowed any more; a fortnight later where none comes before."""
    end = start = _utc(instant)
    rules = (tuple(zones), tuple(windows), frozenset(holidays))
    midnight = datetime(start.year, start.month, start.day, tzinfo=UTC)
    while midnight <= end < start + HORIZON:
        for opens, closes in _open_everywhere(midnight, *rules):
            if opens <= end < closes:
                end = closes
        midnight += _DAY
    return min(end, start + HORIZON)


def last_allowed(
    instant: datetime,
    zones: Sequence[ZoneInfo],
    windows: Sequence[Window],
    holidays: Collection[date] = (),
    *,
    margin: timedelta,
) -> datetime | None:
    """The instant itself where it is allowed in all zones, else the last allowed one before it (UTC); None if 14 days have none.

    margin: how long before the quiet time begins that is, for nothing leaves at once; never before the allowed time itself.
    """
    instant = _utc(instant)
    rules = (tuple(zones), tuple(windows), frozenset(holidays))
    midnight = datetime(instant.year, instant.month, instant.day, tzinfo=UTC)
    while midnight > instant - HORIZON:
        for opens, closes in reversed(_open_everywhere(midnight, *rules)):
            if opens <= instant < closes:
                return instant
            if closes <= instant:
                return max(opens, closes - margin)
        midnight -= _DAY
    return None


def next_local(instant: datetime, wall: time | None, weekdays: Collection[int], zone: ZoneInfo) -> datetime:
    """The first moment (UTC) from the instant on at which the zone's clock shows this time on one of these weekdays (Monday is 0).

    wall: None for any time of such a day; weekdays: none of them means any.
    """
    clock = _utc(instant).astimezone(zone)
    for days in range(8):
        day = clock.date() + timedelta(days=days)
        if weekdays and day.weekday() not in weekdays:
            continue
        if wall is None and days == 0:
            return _utc(instant)
        moment = at_local(day, wall or _MIDNIGHT, zone)
        if moment >= instant:
            return moment
    return _utc(instant)


def at_local(day: date, wall: time, zone: ZoneInfo) -> datetime:
    """The instant (UTC) at which the zone's clock shows this wall time on this day.

    Where clocks skip it: the first moment after the gap. Where they show it twice: the first of the two.
    """
    shown = datetime.combine(day, wall.replace(tzinfo=None))
    early = shown.replace(tzinfo=zone, fold=0).astimezone(UTC)
    if early.astimezone(zone).replace(tzinfo=None, fold=0) == shown.replace(fold=0):
        return early
    # Inside a gap (PEP 495) fold=1 reads the offset after the change and so lands before it, fold=0 lands after it.
    return _change(zone, shown.replace(tzinfo=zone, fold=1).astimezone(UTC), early)


def _utc(instant: datetime) -> datetime:
    if instant.tzinfo is None:
        raise ValueError("an instant needs its time zone")
    return instant.astimezone(UTC)


def _clock_allows(clock: datetime, windows: Sequence[Window], holidays: Collection[date]) -> bool:
    today, now = clock.date(), clock.time()
    return today not in holidays and any(_covers(window, today.weekday(), now) for window in windows)


def _covers(window: Window, weekday: int, now: time) -> bool:
    """Whether the window, begun on this weekday or the one before, holds this wall time."""
    if window.start < window.end:
        return weekday in window.weekdays and window.start <= now < window.end
    if window.start == window.end:
        return weekday in window.weekdays and window.start == _MIDNIGHT
    yesterday = (weekday - 1) % 7
    return (weekday in window.weekdays and now >= window.start) or (yesterday in window.weekdays and now < window.end)


@lru_cache(maxsize=4096)
def _open_everywhere(
    midnight: datetime, zones: tuple[ZoneInfo, ...], windows: tuple[Window, ...], holidays: frozenset[date]
) -> tuple[Span, ...]:
    """What is allowed in all zones during the UTC day that begins at midnight, in order."""
    common: tuple[Span, ...] = ((midnight, midnight + _DAY),)
    for zone in zones:
        common = tuple(_overlaps(common, _open(midnight, zone, windows, holidays)))
    return common


@lru_cache(maxsize=16384)
def _open(
    midnight: datetime, zone: ZoneInfo, windows: tuple[Window, ...], holidays: frozenset[date]
) -> tuple[Span, ...]:
    """What is allowed in one zone during the UTC day that begins at midnight, in order and without overlaps."""
    spans: list[Span] = []
    for start, end in _steady(midnight, midnight + _DAY, zone):
        offset = _offset(start, zone)
        for opens, closes in _on_the_clock(_naive(start + offset), _naive(end + offset), windows, holidays):
            spans.append((opens.replace(tzinfo=UTC) - offset, closes.replace(tzinfo=UTC) - offset))
    return tuple(_merged(spans))


def _on_the_clock(
    start: datetime, end: datetime, windows: tuple[Window, ...], holidays: frozenset[date]
) -> Iterator[Span]:
    """The allowed stretches of one steady stretch of a wall clock (naive times), in no particular order."""
    day = start.date()
    while datetime.combine(day, _MIDNIGHT) < end:
        if day not in holidays:
            for window in windows:
                for opens, closes in _on_day(day, window):
                    if opens < end and closes > start:
                        yield max(opens, start), min(closes, end)
        day += _DAY


def _on_day(day: date, window: Window) -> Iterator[Span]:
    """The parts of a calendar day that a window covers, be it begun on that day or the day before."""
    starts, ends = datetime.combine(day, window.start), datetime.combine(day, window.end)
    midnight, following = datetime.combine(day, _MIDNIGHT), datetime.combine(day, _MIDNIGHT) + _DAY
    today = day.weekday() in window.weekdays
    if starts < ends:
        if today:
            yield starts, ends
    elif starts > ends:
        if (day.weekday() - 1) % 7 in window.weekdays:
            yield midnight, ends
        if today:
            yield starts, following
    elif today and window.start == _MIDNIGHT:
        yield midnight, following


def _overlaps(left: Sequence[Span], right: Sequence[Span]) -> Iterator[Span]:
    for start, end in left:
        for opens, closes in right:
            if opens < end and closes > start:
                yield max(start, opens), min(end, closes)


def _merged(spans: list[Span]) -> Iterator[Span]:
    """The same time, in order, with what touches or overlaps joined and empty stretches left out."""
    held: Span | None = None
    for opens, closes in sorted(span for span in spans if span[0] < span[1]):
        if held and opens <= held[1]:
            held = (held[0], max(held[1], closes))
            continue
        if held:
            yield held
        held = (opens, closes)
    if held:
        yield held


def _steady(start: datetime, end: datetime, zone: ZoneInfo) -> Iterator[Span]:
    """A stretch of UTC cut where the zone's clocks change, so that each piece has one offset."""
    begun, here = start, start
    while here < end:
        ahead = min(here + _HOUR, end)
        if _offset(here, zone) != _offset(ahead, zone):
            change = _change(zone, here, ahead)
            if begun < change:
                yield begun, change
            begun = change
        here = ahead
    if begun < end:
        yield begun, end


def midnight(now: datetime, zone: ZoneInfo, days: int = 0) -> datetime:
    """The instant at which the day of `now` began in the zone, or the day so many days later."""
    return at_local(now.astimezone(zone).date() + timedelta(days=days), time.min, zone)


def _change(zone: ZoneInfo, before: datetime, after: datetime) -> datetime:
    """The first whole second (UTC) after `before` and up to `after` that no longer has the offset of `before`."""
    offset, start = _offset(before, zone), before.replace(microsecond=0)
    low, high = 0, int((after - start).total_seconds()) + 1
    while high - low > 1:
        middle = (low + high) // 2
        if _offset(start + timedelta(seconds=middle), zone) == offset:
            low = middle
        else:
            high = middle
    return start + timedelta(seconds=high)


def _offset(instant: datetime, zone: ZoneInfo) -> timedelta:
    """Local minus UTC at an instant in UTC."""
    return instant.astimezone(zone).utcoffset() or timedelta(0)


def _naive(instant: datetime) -> datetime:
    return instant.replace(tzinfo=None)
