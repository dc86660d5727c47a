"""The clock strikes once for everyone, in every zone, whatever its clocks do that day: birthdays, digests and dates that were told."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db.models import QuerySet

from cascades import moments
from cascades.trigger import Check, trigger
from cascades.triggers.event_date import moment
from contacts.calendar import at_local
from contacts.models import Contact, Group, Membership
from tests.contacts.test_calendar import ZONES, changes, tried_changes
from tests.factories import make_business
from tests.invented import thorough

TICK = timedelta(microseconds=1)
HOURS = (time(0), time(1, 30), time(2, 15), time(9))


def people() -> dict[int, str]:
    """One person for each zone of the world; by id the zone's name."""
    make_business()
    Contact.objects.bulk_create([Contact(first_name=name, time_zone=name) for name in ZONES])
    return dict(Contact.objects.values_list("pk", "time_zone"))


@cache
def changing() -> dict[date, set[str]]:
    """In the thorough run each day of three years on which clocks are changed anywhere, with the zones where; else a few of them."""
    found: dict[date, set[str]] = defaultdict(set)
    for name in ZONES:
        for year in (2020, 2031, 2040) if thorough() else (2026, 2027):
            for change in changes(name, year):
                found[change.astimezone(ZoneInfo(name)).date()].add(name)
    few = (date(2026, 3, 29), date(2026, 10, 4), date(2027, 9, 5))
    return dict(sorted(found.items())) if thorough() else {day: found[day] for day in few}


def days_of_change(zones: dict[int, str]) -> Iterator[tuple[int, date, dict[int, str]]]:
    """(number, day, people): those whose clocks are changed on that day, and some of all others."""
    for number, (day, changed) in enumerate(changing().items()):
        some = {
            pk: name
            for pk, name in zones.items()
            if (name in changed and (thorough() or pk % 3 == 0)) or pk % 25 == number % 25
        }
        yield number, day, some


def asked(day: date) -> Iterator[tuple[datetime, datetime]]:
    """One asking after the other, at odd intervals, while this day is anywhere on the calendar."""
    noon = datetime(day.year, day.month, day.day, 12, tzinfo=UTC)
    at, gaps = noon - timedelta(hours=27), [timedelta(minutes=minutes) for minutes in (1, 14, 61, 240, 7, 180)]
    while at < noon + timedelta(hours=25):
        following = at + gaps[0]
        yield at, following
        at, gaps = following, [*gaps[1:], gaps[0]]


def struck(found: QuerySet[Any], contact: str = "pk") -> list[int]:
    return list(found.values_list(contact, flat=True))


@pytest.mark.django_db
@pytest.mark.hypothesis
def test_an_hour_strikes_once_a_day_in_every_zone_and_at_its_moment() -> None:
    for number, day, zones in days_of_change(people()):
        wall, seen = HOURS[number % len(HOURS)], Counter[int]()
        theirs = Contact.objects.filter(pk__in=zones)
        for after, until in asked(day):
            if not moments.may_strike(wall, after, until):
                continue
            for one in moments.struck(theirs, wall, after, until, day.__eq__):
                assert after < one.at <= until
                for pk in struck(theirs.filter(one.who)):
                    assert one.at == at_local(day, wall, ZoneInfo(zones[pk])), (zones[pk], day, wall)
                    seen[pk] += 1
        assert seen == dict.fromkeys(zones, 1), (day, wall)


@pytest.mark.django_db
@pytest.mark.hypothesis
@pytest.mark.parametrize("name", ["yearly", "schedule"])
def test_a_birthday_and_a_digest_take_everyone_in_once_on_the_day_on_which_clocks_are_changed(name: str) -> None:
    everyone, group = people(), Group.objects.create(name="All")
    for number, day, zones in days_of_change(everyone):
        wall = HOURS[number % len(HOURS)]
        Membership.objects.all().delete()
        Membership.objects.bulk_create(Membership(contact_id=pk, group=group) for pk in zones)
        Contact.objects.update(birth_date=None)
        Contact.objects.filter(pk__in=zones).update(birth_date=date(1992, day.month, day.day))
        digest = {"group": group.pk, "weekday": str(day.weekday())} if name == "schedule" else {}
        way_in, seen = trigger(name), Counter[int]()
        params = way_in.clean({"at": f"{wall:%H:%M}", **digest})
        for after, until in asked(day):
            for entry in way_in.due(params, Check(until, after)):
                if not digest or str(entry.occasion).endswith(f"W{day.isocalendar().week:02}"):
                    seen.update(struck(entry.people))
        assert seen == dict.fromkeys(zones, 1), (name, day, wall)


@pytest.mark.hypothesis
def test_a_week_of_quarters_leaves_no_hour_out() -> None:
    """`may_strike` saves the question; where it says no, no zone has the hour."""
    for number, name, change in tried_changes():
        wall, where = HOURS[number % len(HOURS)], ZoneInfo(name)
        for days in (-1, 0, 1):
            at = at_local(change.astimezone(where).date() + timedelta(days=days), wall, where)
            assert moments.may_strike(wall, at - TICK, at), (name, at)


@pytest.mark.hypothesis
def test_a_told_day_counts_from_its_hour_on_the_persons_clock_and_an_instant_is_the_same_for_all() -> None:
    home = ZoneInfo("Europe/Madrid")
    for number, name, change in tried_changes():
        where, wall = ZoneInfo(name), HOURS[number % len(HOURS)]
        shown = change.astimezone(where)
        assert moment(f"{shown:%Y-%m-%d}", wall, where, home) == at_local(shown.date(), wall, where), (name, change)
        for instant in (change, change - TICK):
            assert moment(instant.isoformat()[:40], wall, where, home) == instant
            assert moment(f"{instant:%Y-%m-%dT%H:%M:%S.%fZ}", wall, where, home) == instant
            if not (offset := instant.astimezone(where).utcoffset() or timedelta(0)).seconds % 60:
                assert moment(instant.astimezone(where).isoformat(), wall, where, home) == instant, (name, offset)
        naive = shown.replace(tzinfo=None)
        assert moment(naive.isoformat(), wall, home, where) == at_local(naive.date(), naive.time(), where), (
            name,
            change,
        )
