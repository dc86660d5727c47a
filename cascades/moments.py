"""When a clock strikes where people live: a local hour in all their zones, worked out once for each zone and not for each person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import Case, CharField, F, Q, QuerySet, Value, When

from contacts import timezones
from contacts.calendar import at_local
from contacts.models import Business

_DAY, _QUARTER = timedelta(days=1), timedelta(minutes=15)
_STEADY = 4  # before this hour clocks are changed somewhere


class Struck(NamedTuple):
    """On this day the hour came at this instant for the people `who`."""

    day: date
    at: datetime
    who: Q


def days(after: datetime, until: datetime) -> list[date]:
    """All days that stand on some calendar of the world between two instants."""
    first, last = (after - timedelta(hours=14)).date(), (until + timedelta(hours=14)).date()
    return [first + timedelta(days=n) for n in range((last - first).days + 1)]


def may_strike(wall: time, after: datetime, until: datetime) -> bool:
    """Whether this hour can come anywhere in (after, until]; cheap, and no by mistake for none: all zones differ by quarters of an hour."""
    shift = timedelta(minutes=wall.minute % 15)
    epoch = datetime(2000, 1, 1, tzinfo=after.tzinfo)
    return wall.hour < _STEADY or (after - shift - epoch) // _QUARTER != (until - shift - epoch) // _QUARTER


def struck(
    people: QuerySet[Any],
    wall: time,
    after: datetime,
    until: datetime,
    wanted: Callable[[date], bool] = lambda _day: True,
) -> Iterator[Struck]:
    """Each moment in (after, until] at which the wall clock of some of these contacts showed this time on a wanted day. Two statements."""
    home = timezones.named(Business.current().time_zone) or timezones.UTC
    by_moment: dict[tuple[date, datetime], list[str]] = defaultdict(list)
    calendar_days = [day for day in days(after, until) if wanted(day)]
    if not calendar_days:
        return
    for name in people.order_by().values_list(ZONE, flat=True).distinct():
        zone: ZoneInfo = timezones.named(name) or home
        for day in calendar_days:
            at = at_local(day, wall, zone)
            if after < at <= until:
                by_moment[day, at].append(name)
    for (day, at), names in sorted(by_moment.items()):
        yield Struck(day, at, _in(names))


def _in(names: list[str]) -> Q:
    own = Q(time_zone__in=[name for name in names if name])
    of_branch = Q(time_zone="", branch__time_zone__in=[name for name in names if name])
    nowhere = Q(time_zone="") & (Q(branch=None) | Q(branch__time_zone=""))
    return own | of_branch | nowhere if "" in names else own | of_branch


# The zone that a contact's own page or branch names, "" for the business's.
ZONE = Case(
    When(~Q(time_zone=""), then=F("time_zone")),
    When(branch__isnull=False, then=F("branch__time_zone")),
    default=Value(""),
    output_field=CharField(),
)
