"""What stands on a person's page: name, language, city, time zone, branch, and since when they are known."""

from __future__ import annotations

from datetime import datetime, time
from functools import reduce
from operator import or_
from typing import TYPE_CHECKING

from django.conf import settings
from django.db.models import Q
from django.utils.formats import date_format
from django.utils.translation import get_language_info, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from contacts import calendar, timezones
from contacts.models import Branch, Contact
from contacts.models.contact import fold
from contacts.segments.condition import MOST_DAYS, Choices, Condition, Field, Operator, Params, Type
from contacts.segments.scope import Scope

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo


class Name(Condition):
    name, label, plain = "name", gettext_lazy("Name"), True
    operators = (
        Operator("contains", gettext_lazy("or city, email, phone contains"), ("text",)),
        Operator("starts", gettext_lazy("begins with"), ("text",)),
    )
    fields = (Field("text", gettext_lazy("text")),)

    def q(self, p: Params, scope: Scope) -> Q:
        wanted = fold(p["text"])
        return Q(search__startswith=wanted) if p["op"] == "starts" else Q(search__contains=wanted)

    def say(self, p: Params, scope: Scope) -> str:
        said = (
            _("name begins with “%(text)s”") if p["op"] == "starts" else _("name, city or address contains “%(text)s”")
        )
        return said % {"text": p["text"]}

    def known(self, p: Params, contact: Contact, scope: Scope) -> str:
        return str(contact)


def _languages() -> Choices:
    ours = dict(settings.LANGUAGES)
    theirs = Contact.objects.exclude(language="").order_by().values_list("language", flat=True).distinct()[:50]
    return [*ours.items(), *((code, code) for code in sorted(set(theirs) - set(ours)))]


def _language_name(code: str) -> str:
    try:
        return str(get_language_info(code)["name_translated"])
    except KeyError:
        return code


class Language(Condition):
    """A blank one means the business's own."""

    name, label, plain = "language", gettext_lazy("Language"), True
    operators = (
        Operator("is", gettext_lazy("is one of"), ("languages",)),
        Operator("is_not", gettext_lazy("is none of"), ("languages",)),
    )
    fields = (Field("languages", gettext_lazy("languages"), Type.CHOICES, _languages, open=True),)

    def q(self, p: Params, scope: Scope) -> Q:
        own = [""] if scope.business.language in p["languages"] else []
        spoken = Q(language__in=[*p["languages"], *own])
        return ~spoken if p["op"] == "is_not" else spoken

    def say(self, p: Params, scope: Scope) -> str:
        named = ", ".join(_language_name(code) for code in p["languages"])
        return (_("language is none of: %(names)s") if p["op"] == "is_not" else _("language is: %(names)s")) % {
            "names": named
        }

    def known(self, p: Params, contact: Contact, scope: Scope) -> str:
        return _language_name(contact.language or scope.business.language)


def _cities() -> Choices:
    found = Contact.objects.exclude(city="").order_by("city").values_list("city", flat=True).distinct()[:200]
    return [(city, city) for city in found]


class City(Condition):
    name, label, plain = "city", gettext_lazy("City"), True
    operators = (
        Operator("is", gettext_lazy("is"), ("city",)),
        Operator("is_not", gettext_lazy("is another than"), ("city",)),
        Operator("missing", gettext_lazy("is not known")),
    )
    fields = (Field("city", gettext_lazy("city (several with commas)"), choices=_cities),)

    def q(self, p: Params, scope: Scope) -> Q:
        if p["op"] == "missing":
            return Q(city="")
        there = reduce(or_, (Q(city__iexact=one.strip()) for one in p["city"].split(",") if one.strip()), Q(pk__in=[]))
        return ~there & ~Q(city="") if p["op"] == "is_not" else there

    def say(self, p: Params, scope: Scope) -> str:
        said = {
            "is": _("city is %(city)s"),
            "is_not": _("city is another than %(city)s"),
            "missing": _("city is not known"),
        }
        return said[p["op"]] % {"city": p.get("city", "")}

    def known(self, p: Params, contact: Contact, scope: Scope) -> str:
        return contact.city or _("not known")


class Zone(Condition):
    """Their own, else the branch's, else the business's."""

    name, label, plain = "zone", gettext_lazy("Time zone"), False
    operators = (
        Operator("is", gettext_lazy("is"), ("zone",)),
        Operator("is_not", gettext_lazy("is another than"), ("zone",)),
    )
    fields = (Field("zone", gettext_lazy("time zone"), Type.CHOICE, timezones.choices),)

    def q(self, p: Params, scope: Scope) -> Q:
        wanted = p["zone"]
        found = Q(time_zone=wanted) | Q(time_zone="", branch__in=Branch.objects.filter(time_zone=wanted))
        if scope.business.time_zone == wanted:
            blank = Branch.objects.filter(time_zone="")
            found |= Q(time_zone="", branch=None) | Q(time_zone="", branch__in=blank)
        return ~found & Q(pk__isnull=False) if p["op"] == "is_not" else found

    def say(self, p: Params, scope: Scope) -> str:
        said = _("time zone is another than %(zone)s") if p["op"] == "is_not" else _("time zone is %(zone)s")
        return said % {"zone": p["zone"].replace("_", " ")}

    def known(self, p: Params, contact: Contact, scope: Scope) -> str:
        branch = contact.branch.time_zone if contact.branch else ""
        return (contact.time_zone or branch or scope.business.time_zone).replace("_", " ")


class HomeBranch(Condition):
    name, label, plain = "branch", gettext_lazy("Home branch"), False
    operators = (
        Operator("is", gettext_lazy("is one of"), ("branches",)),
        Operator("is_not", gettext_lazy("is another than"), ("branches",)),
        Operator("missing", gettext_lazy("is not known")),
    )
    fields = (Field("branches", gettext_lazy("branches"), Type.SOME, model=Branch),)

    def q(self, p: Params, scope: Scope) -> Q:
        if p["op"] == "missing":
            return Q(branch=None)
        there = Q(branch_id__in=p["branches"])
        return Q(branch__isnull=False) & ~there if p["op"] == "is_not" else there

    def say(self, p: Params, scope: Scope) -> str:
        if p["op"] == "missing":
            return _("home branch is not known")
        said = _("home branch is another than %(names)s") if p["op"] == "is_not" else _("home branch is %(names)s")
        return said % {"names": scope.list_of(Branch, p["branches"])}

    def known(self, p: Params, contact: Contact, scope: Scope) -> str:
        return str(contact.branch or _("not known"))


class Registered(Condition):
    name, label, plain = "registered", gettext_lazy("Added to the list"), True
    operators = (
        Operator("within", gettext_lazy("in the last"), ("days",)),
        Operator("longer_ago", gettext_lazy("at least this long ago"), ("days",)),
        Operator("since", gettext_lazy("since"), ("day",)),
        Operator("before", gettext_lazy("before"), ("day",)),
    )
    fields = (
        Field("days", gettext_lazy("days"), Type.NUMBER, low=1, high=MOST_DAYS, default=30),
        Field("day", gettext_lazy("day"), Type.DATE),
    )

    def q(self, p: Params, scope: Scope) -> Q:
        if p["op"] in ("within", "longer_ago"):
            ago = scope.ago(p["days"])
            return Q(created_at__gt=ago) if p["op"] == "within" else Q(created_at__lte=ago)
        begins = calendar.at_local(datetime.fromisoformat(p["day"]).date(), time(0), _home(scope))
        return Q(created_at__gte=begins) if p["op"] == "since" else Q(created_at__lt=begins)

    def say(self, p: Params, scope: Scope) -> str:
        if p["op"] == "within":
            return ngettext("added in the last day", "added in the last %(days)s days", p["days"]) % {"days": p["days"]}
        if p["op"] == "longer_ago":
            return ngettext("added at least a day ago", "added at least %(days)s days ago", p["days"]) % {
                "days": p["days"]
            }
        day = date_format(datetime.fromisoformat(p["day"]).date(), "DATE_FORMAT")
        return (_("added since %(day)s") if p["op"] == "since" else _("added before %(day)s")) % {"day": day}

    def known(self, p: Params, contact: Contact, scope: Scope) -> str:
        return date_format(contact.created_at.astimezone(_home(scope)), "DATE_FORMAT")


def _home(scope: Scope) -> ZoneInfo:
    return timezones.named(scope.business.time_zone) or timezones.UTC


CONDITIONS = (Name(), Language(), City(), Zone(), HomeBranch(), Registered())
