"""The other details that a business keeps of its people, by the names that it gave them."""

from __future__ import annotations

from django.db.models import Exists, Q, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts import details as values
from contacts.models import Contact
from contacts.segments.condition import Choices, Condition, Field, Operator, Params, Type
from contacts.segments.scope import Scope, others

_LOOKED_AT = 2000  # people whose details are looked at for names to suggest


def _names() -> Choices:
    found = Contact.objects.exclude(attributes={}).order_by("-id").values_list("attributes", flat=True)[:_LOOKED_AT]
    return [(name, name) for name in sorted({name for details in found for name in details})[:200]]


def _with(detail: str) -> QuerySet[Contact]:
    return Contact.objects.order_by().filter(attributes__has_key=detail.split(".", maxsplit=1)[0])


class Attribute(Condition):
    """A detail that nobody has any more finds nobody, even where it is asked who lacks it."""

    name, label = "attribute", gettext_lazy("Other detail")
    operators = (
        Operator("is", gettext_lazy("is"), ("detail", "text")),
        Operator("is_not", gettext_lazy("is something else than"), ("detail", "text")),
        Operator("contains", gettext_lazy("contains"), ("detail", "text")),
        Operator("at_least", gettext_lazy("is a number of at least"), ("detail", "number")),
        Operator("at_most", gettext_lazy("is a number of at most"), ("detail", "number")),
        Operator("since", gettext_lazy("is a day on or after"), ("detail", "day")),
        Operator("before", gettext_lazy("is a day before"), ("detail", "day")),
        Operator("known", gettext_lazy("is filled in"), ("detail",)),
        Operator("missing", gettext_lazy("is missing"), ("detail",)),
    )
    fields = (
        Field("detail", gettext_lazy("which detail"), choices=_names),
        Field("text", gettext_lazy("text")),
        Field("number", gettext_lazy("number"), Type.NUMBER, low=-1_000_000_000, whole=False),
        Field("day", gettext_lazy("day"), Type.DATE),
    )

    def q(self, p: Params, scope: Scope) -> Q:
        at = ("attributes", p["detail"])
        match p["op"]:
            case "is":
                return values.equals(*at, p["text"])
            case "is_not":
                return values.filled(*at) & others(values.equals(*at, p["text"]))
            case "contains":
                return values.contains(*at, p["text"])
            case "at_least":
                return values.at_least(*at, p["number"])
            case "at_most":
                return values.at_most(*at, p["number"])
            case "since":
                return values.since(*at, p["day"])
            case "before":
                return values.before(*at, p["day"])
            case "known":
                return values.filled(*at)
        return others(values.filled(*at))

    def guard(self, p: Params) -> Q:
        return Q(Exists(_with(p["detail"])))

    def gone(self, p: Params) -> str:
        said = _("Nobody has the detail “%(detail)s” any more, so this line finds nobody.")
        return "" if _with(p["detail"]).exists() else said % {"detail": p["detail"]}

    def say(self, p: Params, scope: Scope) -> str:
        said = {
            "is": _("%(detail)s is “%(text)s”"), "is_not": _("%(detail)s is something else than “%(text)s”"),
            "contains": _("%(detail)s contains “%(text)s”"), "at_least": _("%(detail)s is at least %(number)s"),
            "at_most": _("%(detail)s is at most %(number)s"), "since": _("%(detail)s is %(day)s or later"),
            "before": _("%(detail)s is before %(day)s"), "known": _("%(detail)s is filled in"), "missing": _("%(detail)s is missing"),
        }  # fmt: skip
        day = date_format(values.day(p["day"]), "DATE_FORMAT") if "day" in p else ""
        return said[p["op"]] % {"text": "", "number": "", **p, "day": day}

    def known(self, p: Params, contact: Contact, scope: Scope) -> str:
        value = contact.attributes.get(p["detail"])
        return _("not known") if value in (None, "") else str(value)


CONDITIONS = (Attribute(),)
