"""Quiet hours and wall times hold in every zone of the world, whatever its clocks do."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from contacts import calendar
from contacts.calendar import Window, at_local, closes, is_allowed, last_allowed, next_allowed, next_local, quiet
from tests.invented import invented, thorough

ZONES = sorted(available_timezones() - {"localtime", "Factory"})
NIGHT = quiet(time(21), time(8))
MONDAY = date(2026, 11, 23)
SECOND, TICK = timedelta(seconds=1), timedelta(microseconds=1)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def zone(name: str) -> ZoneInfo:
    return ZoneInfo(name)


@cache
def changes(name: str, year: int) -> list[datetime]:
    """The instants of a year at which the zone's clocks change, found by halving the week in which they change."""

    where = zone(name)

    def offset(instant: datetime) -> timedelta | None:
        return instant.astimezone(where).utcoffset()

    found = []
    weeks = [datetime(year, 1, 1, tzinfo=UTC) + timedelta(days=number) for number in range(0, 367, 6)]
    offsets = [offset(week) for week in weeks]
    for number, (week, following) in enumerate(pairwise(weeks)):
        if offsets[number] == offsets[number + 1]:
            continue
        early, late = week, following
        while late - early > timedelta(minutes=1):
            middle = early + (late - early) // 2
            middle -= timedelta(seconds=middle.second)
            early, late = (middle, late) if offset(middle) == offsets[number] else (early, middle)
        found.append(late)
    return found


@st.composite
def moments(draw: st.DrawFn) -> tuple[ZoneInfo, datetime]:
    """A zone and an instant of 2020 to 2040, as often as not close to a change of that zone's clocks."""
    name = draw(st.sampled_from(ZONES))
    near = changes(name, draw(st.integers(2020, 2040)))
    by_chance: bool = draw(st.booleans())
    if near and not by_chance:
        return zone(name), draw(st.sampled_from(near)) + timedelta(seconds=draw(st.integers(-90_000, 90_000)))
    return zone(name), utc("2020-01-01") + timedelta(seconds=draw(st.integers(0, 21 * 365 * 86_400)))


walls = st.builds(time, st.integers(0, 23), st.sampled_from([0, 1, 15, 30, 59]))
weekdays = st.frozensets(st.integers(0, 6), min_size=1)
some_windows = st.lists(st.builds(Window, walls, walls, weekdays), max_size=3).map(tuple)


@given(moments(), walls, walls)
@invented(60)
def test_after_waiting_for_the_end_of_quiet_hours_no_clock_shows_a_quiet_hour(
    moment: tuple[ZoneInfo, datetime], start: time, end: time
) -> None:
    where, instant = moment
    found = next_allowed(instant, [where], quiet(start, end))
    assert found is not None
    assert found >= instant
    shown = found.astimezone(where).time()
    is_quiet = start <= shown < end if start < end else (start != end and (shown >= start or shown < end))
    assert not is_quiet


@given(moments(), some_windows, st.lists(st.integers(-1, 5), max_size=2), st.data())
@invented(60)
def test_the_next_allowed_moment_is_allowed_and_none_before_it_is(
    moment: tuple[ZoneInfo, datetime], windows: tuple[Window, ...], free: list[int], data: st.DataObject
) -> None:
    where, instant = moment
    second = zone(data.draw(st.sampled_from(ZONES)))
    holidays = {instant.date() + timedelta(days=ahead) for ahead in free}
    found = next_allowed(instant, [where, second], windows, holidays)
    until = found if found is not None else instant + calendar.HORIZON
    if found is not None:
        assert is_allowed(found, [where, second], windows, holidays)
    seconds = int((until - instant).total_seconds())
    earlier = [instant + timedelta(seconds=data.draw(st.integers(0, seconds - 1))) for _ in range(12 if seconds else 0)]
    for tried in [*earlier, until - TICK] if until > instant else []:
        assert not is_allowed(tried, [where, second], windows, holidays), tried


@given(moments(), walls)
@invented(60)
def test_a_wall_time_is_the_first_moment_at_which_the_clock_has_reached_it(
    moment: tuple[ZoneInfo, datetime], wall: time
) -> None:
    where, instant = moment
    day = instant.astimezone(where).date()
    wanted = datetime.combine(day, wall)
    found = at_local(day, wall, where)
    shown = found.astimezone(where)
    assert shown.fold == 0
    assert shown.replace(tzinfo=None) >= wanted
    assert (found - SECOND).astimezone(where).replace(tzinfo=None) < wanted


@pytest.mark.parametrize(
    ("where", "day", "wall", "expected"),
    [
        ("Europe/Madrid", "2027-03-28", time(2, 30), "2027-03-28 01:00"),  # a gap, 02:00 to 03:00
        ("Europe/Madrid", "2026-10-25", time(2, 30), "2026-10-25 00:30"),  # shown twice
        ("America/Santiago", "2026-09-06", time(0), "2026-09-06 04:00"),  # midnight does not exist
        ("America/Havana", "2026-03-08", time(0, 10), "2026-03-08 05:00"),
        ("Africa/Cairo", "2026-04-24", time(0, 59, 59), "2026-04-23 22:00"),
        ("Asia/Beirut", "2026-03-29", time(0), "2026-03-28 22:00"),
        ("Australia/Lord_Howe", "2026-10-04", time(2, 10), "2026-10-03 15:30"),  # a gap of half an hour
        ("Australia/Lord_Howe", "2026-04-05", time(1, 45), "2026-04-04 14:45"),  # half an hour shown twice
        ("Pacific/Apia", "2011-12-30", time(12), "2011-12-30 10:00"),  # a whole day that never was
        ("Asia/Kathmandu", "2026-06-01", time(9), "2026-06-01 03:15"),
    ],
)
def test_a_skipped_wall_time_is_the_moment_after_the_gap_and_a_repeated_one_its_first_showing(
    where: str, day: str, wall: time, expected: str
) -> None:
    assert at_local(date.fromisoformat(day), wall, zone(where)) == utc(expected)


@pytest.mark.parametrize(
    ("where", "day"),
    [
        ("America/Santiago", "2026-09-06"),
        ("America/Havana", "2026-03-08"),
        ("Africa/Cairo", "2026-04-24"),
        ("Asia/Beirut", "2026-03-29"),
    ],
)
def test_a_day_without_a_midnight_begins_right_after_the_gap(where: str, day: str) -> None:
    begins = at_local(date.fromisoformat(day), time(0), zone(where))
    evening = begins - timedelta(hours=3)
    assert next_allowed(evening, [zone(where)], quiet(time(12), time(0, 30))) == begins  # 00:30 was skipped too
    yesterday = (begins - SECOND).astimezone(zone(where)).date()
    assert next_allowed(evening, [zone(where)], quiet(time(0), time(0)), {yesterday}) == begins


QUARTER = timedelta(minutes=15)  # all offsets of these years, and all hours here, are whole quarters of an hour
RULES = (
    quiet(time(20, 30), time(8)),
    quiet(time(2, 15), time(1, 45)),
    (Window(time(1, 15), time(2, 45), frozenset({0, 2, 4, 6})), Window(time(23), time(0, 45))),
)


@cache
def different_clocks() -> list[str]:
    """One zone for each history of clocks from 2020 to 2040: Madrid's clocks show what Paris's show, and fare alike."""
    first: dict[tuple[Any, ...], str] = {}
    for name in ZONES:
        instants = [change for year in range(2020, 2041) for change in changes(name, year)]
        shown = (change.astimezone(zone(name)).replace(tzinfo=None) for change in (utc("2020-01-01"), *instants))
        first.setdefault((*instants, *shown), name)
    return list(first.values())


def tried_changes() -> Iterator[tuple[int, str, datetime]]:
    """In the thorough run every change of all clocks that differ, from 2020 to 2040; else one year of each zone, every year somewhere."""
    for index, name in enumerate(different_clocks() if thorough() else ZONES):
        for year in range(2020, 2041) if thorough() else (2020 + index % 21,):
            for change in changes(name, year):
                yield index + year, name, change


@pytest.mark.hypothesis
def test_around_every_change_of_clocks_the_wait_ends_at_the_first_allowed_moment() -> None:
    for number, name, change in tried_changes():
        where, windows = [zone(name)], RULES[number % len(RULES)]
        for tried in (change - 26 * QUARTER, change - QUARTER, change - TICK, change, change + 3 * QUARTER):
            found = next_allowed(tried, where, windows)
            assert found is not None
            assert is_allowed(found, where, windows), (name, tried)
            assert found == tried or not is_allowed(found - TICK, where, windows), (name, tried)
            edge = tried
            while edge < found:
                assert not is_allowed(edge, where, windows), (name, tried, edge)
                edge = datetime.fromtimestamp((edge.timestamp() // 900 + 1) * 900, tz=UTC)


@pytest.mark.hypothesis
def test_at_every_change_of_clocks_a_skipped_time_is_the_moment_after_and_a_repeated_one_the_first() -> None:
    for _number, name, change in tried_changes():
        where = zone(name)
        before, after = (change - SECOND).astimezone(where), change.astimezone(where)
        old, new = before.replace(tzinfo=None) + SECOND, after.replace(tzinfo=None)
        if old < new:  # skipped: old .. new
            for shown in (old, old + (new - old) / 2, new - SECOND):
                assert at_local(shown.date(), shown.time(), where) == change, (name, shown)
        elif old - new < timedelta(hours=12):  # shown twice: new .. old
            for shown in (new, old - SECOND):
                first = at_local(shown.date(), shown.time(), where)
                assert first == change - (old - shown), (name, shown)
                again = first + (old - new)
                assert again.astimezone(where).replace(tzinfo=None) == shown
                assert again.astimezone(where).fold == 1
                assert is_allowed(first, [where], RULES[1]) == is_allowed(again, [where], RULES[1])


@pytest.mark.hypothesis
def test_around_every_change_of_clocks_a_reminder_leaves_at_the_last_allowed_moment_before_the_quiet_hours() -> None:
    margin = timedelta(minutes=20)
    for number, name, change in tried_changes():
        where, windows = [zone(name)], RULES[number % len(RULES)]
        for tried in (change - 3 * QUARTER, change - TICK, change, change + 30 * QUARTER):
            found = last_allowed(tried, where, windows, margin=margin)
            assert found is not None
            if is_allowed(tried, where, windows):
                assert found == tried, (name, tried)
                continue
            assert is_allowed(found, where, windows), (name, tried)
            ends = closes(found, where, windows)
            assert found < ends <= tried, (name, tried)
            assert ends - found <= margin, (name, tried)
            edge = ends
            while edge <= tried:  # quiet from there on, up to the moment asked for
                assert not is_allowed(edge, where, windows), (name, tried, edge)
                edge += QUARTER


@pytest.mark.hypothesis
def test_around_every_change_of_clocks_a_step_waits_for_its_hour_and_its_day_once() -> None:
    for number, name, change in tried_changes():
        where, wall, days = zone(name), time(number % 24, 15 * (number % 4)), frozenset({number % 7, (number + 3) % 7})
        for tried in (change - 5 * QUARTER, change - TICK, change, change + QUARTER):
            found = next_local(tried, wall, days, where)
            assert found >= tried
            day = found.astimezone(where).date()
            if (
                day.weekday() not in days
            ):  # the hour was skipped up to midnight, as in Nuuk: the first moment after it is the next day's
                day = (found - TICK).astimezone(where).date()
            assert day.weekday() in days, (name, tried)
            assert found == at_local(day, wall, where), (name, tried)
            first = tried.astimezone(where).date()
            skipped = [first + timedelta(days=n) for n in range((day - first).days)]
            assert all(one.weekday() not in days or at_local(one, wall, where) < tried for one in skipped), (
                name,
                tried,
            )


def test_a_night_is_ten_or_twelve_hours_of_the_shop_clock_when_the_clocks_change_in_it() -> None:
    madrid = zone("Europe/Madrid")
    for evening, hours in [(date(2027, 3, 27), 10), (date(2026, 10, 24), 12), (date(2026, 7, 1), 11)]:
        closes = at_local(evening, time(21), madrid)
        opens = next_allowed(closes, [madrid], NIGHT)
        assert opens is not None
        assert opens - closes == timedelta(hours=hours)


def test_a_quiet_hour_that_the_clock_shows_twice_is_quiet_both_times() -> None:
    madrid, windows = zone("Europe/Madrid"), quiet(time(2, 15), time(2, 45))
    assert not is_allowed(utc("2026-10-25 00:30"), [madrid], windows)
    assert is_allowed(utc("2026-10-25 00:50"), [madrid], windows)
    assert not is_allowed(utc("2026-10-25 01:30"), [madrid], windows)
    assert next_allowed(utc("2026-10-25 01:20"), [madrid], windows) == utc("2026-10-25 01:45")


def test_the_hours_are_half_open() -> None:
    london = zone("Europe/London")
    assert is_allowed(utc("2026-11-23 08:00"), [london], NIGHT)
    assert is_allowed(utc("2026-11-23 21:00") - TICK, [london], NIGHT)
    assert not is_allowed(utc("2026-11-23 21:00"), [london], NIGHT)
    assert not is_allowed(utc("2026-11-23 08:00") - TICK, [london], NIGHT)


def test_an_allowed_moment_is_its_own_next_allowed_moment_in_utc() -> None:
    noon = datetime(2026, 11, 23, 12, 0, 0, 7, tzinfo=zone("Europe/Madrid"))
    found = next_allowed(noon, [zone("Europe/Madrid")], NIGHT)
    assert found == noon
    assert found is not None
    assert found.tzinfo is UTC


def test_equal_quiet_hours_are_no_quiet_hours() -> None:
    for wall in (time(0), time(9)):
        assert is_allowed(utc("2026-11-23 03:00"), [zone("Europe/Madrid")], quiet(wall, wall))


def test_equal_window_hours_are_closed_except_from_midnight_to_midnight() -> None:
    madrid, instant = [zone("Europe/Madrid")], utc("2026-11-23 09:00")
    assert next_allowed(instant, madrid, [Window(time(9), time(9))]) is None
    assert is_allowed(instant, madrid, [Window(time(0), time(0))])


def test_the_weekday_belongs_to_the_first_day_of_a_window_over_midnight() -> None:
    utc_zone, fridays = [zone("UTC")], [Window(time(20), time(2), frozenset({4}))]
    assert is_allowed(utc("2026-11-28 01:59"), utc_zone, fridays)  # Saturday, begun on Friday
    assert not is_allowed(utc("2026-11-27 01:00"), utc_zone, fridays)  # Friday, would have begun on Thursday
    assert next_allowed(utc("2026-11-28 02:00"), utc_zone, fridays) == utc("2026-12-04 20:00")


def test_quiet_hours_hold_in_all_zones_that_the_person_may_be_in() -> None:
    russia = [zone("Europe/Kaliningrad"), zone("Asia/Kamchatka")]
    assert next_allowed(utc("2026-11-23 05:00"), russia, NIGHT) == utc("2026-11-23 06:00")
    assert next_allowed(utc("2026-11-23 09:00"), russia, NIGHT) == utc("2026-11-24 06:00")


def test_where_no_hour_is_left_in_all_zones_the_answer_is_none() -> None:
    apart = [zone("Europe/London"), zone("Pacific/Auckland")]
    assert next_allowed(utc("2026-11-23 05:00"), apart, [Window(time(9), time(17))]) is None


@example(days=13, found=True)
@example(days=14, found=False)
@given(days=st.integers(0, 20), found=st.none())
@invented(10)
def test_holidays_are_waited_out_for_a_fortnight_at_most(days: int, found: bool | None) -> None:
    instant = utc("2026-11-23 00:00")
    holidays = [MONDAY + timedelta(days=ahead) for ahead in range(days)]
    answer = next_allowed(instant, [zone("UTC")], quiet(time(0), time(0)), holidays)
    assert answer == (instant + timedelta(days=days) if days < 14 else None)
    assert found is None or found == (answer is not None)


def test_a_holiday_is_a_day_of_the_person_and_not_of_greenwich() -> None:
    tokyo = [zone("Asia/Tokyo")]
    assert not is_allowed(utc("2026-11-22 23:30"), tokyo, NIGHT, {MONDAY})  # 08:30 on Monday there
    assert is_allowed(utc("2026-11-23 23:30"), tokyo, NIGHT, {MONDAY})  # Tuesday there


def test_a_naive_moment_is_refused() -> None:
    with pytest.raises(ValueError, match="zone"):
        next_allowed(datetime.fromisoformat("2026-11-23"), [zone("UTC")], NIGHT)
    with pytest.raises(ValueError, match="zone"):
        is_allowed(datetime.fromisoformat("2026-11-23"), [zone("UTC")], NIGHT)
