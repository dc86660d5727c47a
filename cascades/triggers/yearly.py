"""A day that comes again each year: a birthday, or a date among a contact's other details."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Q, QuerySet
from django.db.models.fields.json import KeyTextTransform
from django.utils.translation import gettext_lazy as _

from cascades import moments
from cascades.parameters import Field, Parameter
from cascades.trigger import Check, Entry, Trigger
from contacts.models import Contact

FIRST_YEAR = 1880
LATE = timedelta(days=1)


class Yearly(Trigger):
    """At a local hour of the person's own zone, on the day or so many days before it. 29 February falls on 28 February in common years."""

    name = "yearly"
    label = _("every year on a person's day")
    help = _("On the birthday, or on another date that you keep about a person.")
    too_late = _("A day that passed more than a day ago takes nobody in.")
    dated = True
    overlap = timedelta(minutes=2)
    parameters = (
        Parameter("detail", _("Which date"), Field.NAME, _("A detail that holds a date such as 2019-05-30. Empty: the birthday."), ""),
        Parameter("days", _("So many days before"), Field.NUMBER, default=0, most=90),
        Parameter("at", _("At"), Field.TIME, _("The person's own clock."), "10:00"),
    )  # fmt: skip

    def offset(self, params: Mapping[str, Any]) -> timedelta | None:
        return timedelta(0)  # counted in days of the calendar already: the date is the moment itself

    def due(self, params: Mapping[str, Any], check: Check) -> Iterator[Entry]:
        wall, ahead = time.fromisoformat(params["at"]), timedelta(days=params["days"])
        if not moments.may_strike(wall, check.floor, check.now):
            return
        everyone = _on(params["detail"], [day + ahead for day in moments.days(check.floor, check.now)])
        for day, at, who in moments.struck(everyone, wall, check.floor, check.now):
            theirs = _on(params["detail"], [day + ahead]).filter(who)
            yield _entry(params, theirs, day + ahead, at, "came_too_late" if at <= check.now - LATE else "")

    def ahead(self, params: Mapping[str, Any], check: Check, until: datetime) -> Iterator[Entry]:
        """By the day, wherever people live."""
        first = check.now.date() + timedelta(days=params["days"] + 1)
        days = [first + timedelta(days=n) for n in range((until - check.now).days)]
        yield Entry(_on(params["detail"], days), "ahead")


def _entry(params: Mapping[str, Any], people: QuerySet[Contact], day: date, at: datetime, too_late: str) -> Entry:
    return Entry(people, f"yearly:{params['detail'] or 'birthday'}:{day.year}", anchor=at, too_late=too_late)


def _on(detail: str, days: list[date]) -> QuerySet[Any]:
    """Contacts whose day is one of these; birthdays by the index on the date, of any year."""
    found: QuerySet[Any] = Contact.objects.order_by()
    if not detail:
        return found.filter(birth_date__in=[born for day in days for born in _birthdays(day)])
    marks = [mark for day in days for mark in _marks(day)]
    ends = Q()
    for mark in dict.fromkeys(marks):
        ends |= Q(day__endswith=mark)
    found = found.alias(day=KeyTextTransform(detail, "attributes"))
    found = found.filter(ends)
    return found  # noqa: RET504 - what the stubs make of it is no queryset


def _is_leap(year: int) -> bool:
    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)


def _takes_leap_day(day: date) -> bool:
    return (day.month, day.day) == (2, 28) and not _is_leap(day.year)


def _birthdays(day: date) -> Iterator[date]:
    """All days on which somebody may be born whose birthday this is."""
    for year in range(FIRST_YEAR, day.year):
        if (day.month, day.day) != (2, 29) or _is_leap(year):
            yield date(year, day.month, day.day)
        if _takes_leap_day(day) and _is_leap(year):
            yield date(year, 2, 29)


def _marks(day: date) -> list[str]:
    return [f"{day:-%m-%d}", *(["-02-29"] if _takes_leap_day(day) else [])]
