"""What happened outside: any event, how often, how lately, and with what details."""

from __future__ import annotations

from typing import Any

from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from contacts import details as values
from contacts.events import GOALS
from contacts.models import Contact, Event
from contacts.segments.condition import DOINGS, MOST_DAYS, Choices, Condition, Field, Operator, Params, Type
from contacts.segments.scope import Scope, nobody_of, others, whoever

_MOST_NAMES = 60
COMPARED = (
    ("is", gettext_lazy("is")), ("contains", gettext_lazy("contains")), ("at_least", gettext_lazy("is at least")),
    ("at_most", gettext_lazy("is at most")),
)  # fmt: skip
MONEY = ("total", "amount")


def names() -> Choices:
    """Those the house knows, and others that were ever recorded; each found by one step through the index."""
    found = {name: str(label) for name, label in GOALS.items()}
    last = ""
    for _step in range(_MOST_NAMES):
        later = Event.objects.filter(name__gt=last).order_by("name").values_list("name", flat=True)[:1]
        if not (step := list(later)):
            break
        last = step[0]
        found.setdefault(last, last)
    return list(found.items())


def name_said(name: str) -> str:
    return str(GOALS.get(name, name))


def happened(scope: Scope, name: str, days: int | None) -> QuerySet[Event]:
    """The events of a name, of the last so many days or of all time."""
    found = scope.narrow(Event.objects.filter(name=name, at__lte=scope.now))
    if not scope.played:
        found = found.filter(played=False)
    return found.filter(at__gt=scope.ago(days)) if days else found


def in_days(days: int | None) -> str:
    """The period, as the end of a sentence."""
    return ngettext("in the last day", "in the last %(days)s days", days) % {"days": days} if days else _("ever")


DAYS = Field(
    "days", gettext_lazy("in the last … days (empty: ever)"), Type.NUMBER, optional=True, low=1, high=MOST_DAYS
)
TIMES = Field("times", gettext_lazy("times"), Type.NUMBER, low=1, high=10_000, default=1)
_DETAIL = ("detail", "compare", "value")


class Happened(Condition):
    name, label, heading = "event", gettext_lazy("Event"), DOINGS
    operators = (
        Operator("at_least", gettext_lazy("happened at least"), ("event", "times", "days", *_DETAIL)),
        Operator("fewer", gettext_lazy("happened fewer than"), ("event", "times", "days", *_DETAIL)),
        Operator("never", gettext_lazy("did not happen"), ("event", "days", *_DETAIL)),
    )
    fields = (
        Field("event", gettext_lazy("what happened"), Type.CHOICE, names, open=True, default="visit"), TIMES, DAYS,
        Field("detail", gettext_lazy("only where the detail"), optional=True),
        Field("compare", gettext_lazy("how"), Type.CHOICE, lambda: COMPARED, optional=True),
        Field("value", gettext_lazy("value"), optional=True),
    )  # fmt: skip

    def needs(self, p: Params) -> str:
        given = [name for name in _DETAIL if name in p]
        if given and len(given) < 3:
            return _("To look at a detail, say which one, how, and its value. Else leave all three empty.")
        if p.get("compare") in ("at_least", "at_most") and values.as_number(p["value"]) is None:
            return _("Only a number can be at least or at most.")
        return ""

    def q(self, p: Params, scope: Scope) -> Q:
        found = happened(scope, p["event"], p.get("days"))
        if "detail" in p:
            found = found.filter(_with_detail(p["detail"], p["compare"], p["value"]))
        if p["op"] == "never":
            return nobody_of(found)
        often = whoever(found, p["times"])
        return others(often) if p["op"] == "fewer" else often

    def say(self, p: Params, scope: Scope) -> str:
        what = {
            "event": name_said(p["event"]),
            "period": in_days(p.get("days")),
            "times": p.get("times"),
            "where": _where(p),
        }
        if p["op"] == "never":
            return _("“%(event)s” did not happen %(period)s%(where)s") % what
        if p["op"] == "fewer":
            said = ngettext(
                "“%(event)s” not once %(period)s%(where)s",
                "“%(event)s” fewer than %(times)s times %(period)s%(where)s",
                p["times"],
            )
        else:
            said = ngettext(
                "“%(event)s” %(period)s%(where)s",
                "“%(event)s” at least %(times)s times %(period)s%(where)s",
                p["times"],
            )
        return said % what

    def known(self, p: Params, contact: Contact, scope: Scope) -> str:
        found = happened(scope, p["event"], p.get("days")).filter(contact=contact)
        if "detail" in p:
            found = found.filter(_with_detail(p["detail"], p["compare"], p["value"]))
        times = found.count()
        return ngettext("%(times)s time", "%(times)s times", times) % {"times": times}


def _with_detail(detail: str, compare: str, value: str) -> Q:
    wanted = values.as_number(value)
    if detail in MONEY and wanted is not None:  # kept as a number beside the details
        return {
            "at_least": Q(amount__gte=wanted), "at_most": Q(amount__lte=wanted), "is": Q(amount=wanted),
        }.get(compare) or values.contains("data", detail, value)  # fmt: skip
    ask: dict[str, Any] = {"is": values.equals, "contains": values.contains}
    if compare in ask:
        found: Q = ask[compare]("data", detail, value)
        return found
    return (values.at_least if compare == "at_least" else values.at_most)("data", detail, wanted or 0)


def _where(p: Params) -> str:
    if "detail" not in p:
        return ""
    how = str(dict(COMPARED)[p["compare"]])
    return _(", where %(detail)s %(how)s %(value)s") % {"detail": p["detail"], "how": how, "value": p["value"]}


CONDITIONS = (Happened(),)
