"""Birth dates: the day itself, the age, and birthdays that are near."""

from __future__ import annotations

from calendar import isleap
from collections import defaultdict
from datetime import date, timedelta

from django.db.models import Q
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from contacts.models import Contact
from contacts.segments.condition import Condition, Field, Operator, Params, Type
from contacts.segments.scope import Scope


def born_by(today: date, years: int) -> date:
    """Who was born on this day or before is at least so old. 29 February has its birthday on the 28th in common years."""
    year = max(1, today.year - years)
    if (today.month, today.day) == (2, 28) and isleap(year) and not isleap(today.year):
        return date(year, 2, 29)
    if (today.month, today.day) == (2, 29) and not isleap(year):
        return date(year, 2, 28)
    return today.replace(year=year)


class BirthDate(Condition):
    name, label = "birth_date", gettext_lazy("Birth date")
    operators = (
        Operator("known", gettext_lazy("is known")),
        Operator("missing", gettext_lazy("is not known")),
        Operator("since", gettext_lazy("is on or after"), ("day",)),
        Operator("before", gettext_lazy("is before"), ("day",)),
    )
    fields = (Field("day", gettext_lazy("day"), Type.DATE),)

    def q(self, p: Params, scope: Scope) -> Q:
        if p["op"] in ("known", "missing"):
            return Q(birth_date__isnull=p["op"] == "missing")
        return Q(birth_date__gte=p["day"]) if p["op"] == "since" else Q(birth_date__lt=p["day"])

    def say(self, p: Params, scope: Scope) -> str:
        if p["op"] in ("known", "missing"):
            return _("birth date is known") if p["op"] == "known" else _("birth date is not known")
        said = _("born on or after %(day)s") if p["op"] == "since" else _("born before %(day)s")
        return said % {"day": date_format(date.fromisoformat(p["day"]), "DATE_FORMAT")}

    def known(self, p: Params, contact: Contact, scope: Scope) -> str:
        return date_format(contact.birth_date, "DATE_FORMAT") if contact.birth_date else _("not known")


class Age(Condition):
    name, label = "age", gettext_lazy("Age")
    operators = (
        Operator("at_least", gettext_lazy("is at least"), ("years",)),
        Operator("under", gettext_lazy("is under"), ("years",)),
    )
    fields = (Field("years", gettext_lazy("years"), Type.NUMBER, low=0, high=130, default=18),)

    def q(self, p: Params, scope: Scope) -> Q:
        day = born_by(scope.today, p["years"])
        return Q(birth_date__lte=day) if p["op"] == "at_least" else Q(birth_date__gt=day)

    def say(self, p: Params, scope: Scope) -> str:
        if p["op"] == "at_least":
            return ngettext("at least %(n)s year old", "at least %(n)s years old", p["years"]) % {"n": p["years"]}
        return ngettext("under %(n)s year old", "under %(n)s years old", p["years"]) % {"n": p["years"]}

    def known(self, p: Params, contact: Contact, scope: Scope) -> str:
        return date_format(contact.birth_date, "DATE_FORMAT") if contact.birth_date else _("not known")


class Birthday(Condition):
    name, label = "birthday", gettext_lazy("Birthday")
    operators = (
        Operator("within", gettext_lazy("is within the next"), ("days",)),
        Operator("today", gettext_lazy("is today")),
    )
    fields = (
        Field(
            "days",
            gettext_lazy("days"),
            Type.NUMBER,
            low=1,
            high=365,
            default=7,
            unit=gettext_lazy("days, from today on"),
        ),
    )

    def q(self, p: Params, scope: Scope) -> Q:
        days = defaultdict(set)
        for ahead in range(p.get("days", 1)):
            day = scope.today + timedelta(days=ahead)
            days[day.month].add(day.day)
            if (day.month, day.day) == (2, 28) and not isleap(day.year):
                days[2].add(29)
        found = Q(pk__in=[])
        for month, some in days.items():
            found |= Q(birth_date__month=month, birth_date__day__in=sorted(some))
        return found

    def say(self, p: Params, scope: Scope) -> str:
        if p["op"] == "today":
            return _("birthday is today")
        return ngettext("birthday is today", "birthday is within %(days)s days", p["days"]) % {"days": p["days"]}

    def known(self, p: Params, contact: Contact, scope: Scope) -> str:
        return date_format(contact.birth_date, "MONTH_DAY_FORMAT") if contact.birth_date else _("not known")


CONDITIONS = (BirthDate(), Age(), Birthday())
