"""Every week or every month at a local hour, for the people of a group or a segment: a digest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils.dates import WEEKDAYS
from django.utils.translation import gettext_lazy as _

from cascades import moments
from cascades.parameters import Field, Parameter
from cascades.trigger import Check, Entry, Trigger
from contacts import segments
from contacts.models import Contact, Membership, Segment

LATE = timedelta(days=1)
WEEK, MONTH = "week", "month"


class Schedule(Trigger):
    """The same day of each week or month, when the person's own clock shows the hour."""

    name = "schedule"
    label = _("every week or every month")
    help = _("News to the people of a group or a segment, on the same day and at the same hour.")
    too_late = _("An hour that passed more than a day ago takes nobody in; the next one does.")
    overlap = timedelta(minutes=2)
    parameters = (
        Parameter("group", _("For the group"), Field.GROUP),
        Parameter("segment", _("For the segment"), Field.SEGMENT, _("With a group too: for those who are in both.")),
        Parameter("every", _("Every"), Field.CHOICE, default=WEEK, choices=((WEEK, _("week")), (MONTH, _("month")))),
        Parameter("weekday", _("On"), Field.CHOICE, _("Of the week."), "0", choices=[(str(n), name) for n, name in WEEKDAYS.items()]),
        Parameter("day", _("On day"), Field.NUMBER, _("Of the month, 1 to 28."), 1, least=1, most=28),
        Parameter("at", _("At"), Field.TIME, _("The person's own clock."), "10:00"),
    )  # fmt: skip

    def problems(self, params: Mapping[str, Any]) -> Mapping[str, str]:
        if not params["group"] and not params["segment"]:
            return {"group": str(_("Choose a group or a segment."))}
        if params["segment"] and not Segment.objects.filter(pk=params["segment"]).exists():
            return {"segment": str(_("The segment that was chosen here was deleted."))}
        return {}

    def due(self, params: Mapping[str, Any], check: Check) -> Iterator[Entry]:
        wall = time.fromisoformat(params["at"])
        if not moments.may_strike(wall, check.floor, check.now):
            return
        members = _members(params, check)
        for day, at, who in moments.struck(members, wall, check.floor, check.now, lambda day: _is_on(params, day)):
            late = "came_too_late" if at <= check.now - LATE else ""
            yield Entry(members.filter(who), _occasion(params, day), too_late=late)

    def ahead(self, params: Mapping[str, Any], check: Check, until: datetime) -> Iterator[Entry]:
        for n in range((until - check.now).days):
            if _is_on(params, check.now.date() + timedelta(days=n + 1)):
                yield Entry(_members(params, check), "ahead")


def _members(params: Mapping[str, Any], check: Check) -> QuerySet[Any]:
    found: QuerySet[Any] = Contact.objects.order_by()
    if segment := params.get("segment"):
        found = segments.people(segment, check.now, played=check.played).order_by()
    if group := params.get("group"):
        found = found.filter(pk__in=Membership.objects.filter(group_id=group).values("contact_id"))
    return found


def _is_on(params: Mapping[str, Any], day: date) -> bool:
    return day.weekday() == int(params["weekday"]) if params["every"] == WEEK else day.day == params["day"]


def _occasion(params: Mapping[str, Any], day: date) -> str:
    year, week, _weekday = day.isocalendar()
    return f"digest:{year}-W{week:02}" if params["every"] == WEEK else f"digest:{day:%Y-%m}"
