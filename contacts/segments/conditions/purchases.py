"""Recency, frequency and money: what people bought, and who are the best customers. Answered from one index of the events."""

from __future__ import annotations

from decimal import Decimal

from django.db.models import Count, F, Max, Q, QuerySet, Sum, Window
from django.db.models.functions import PercentRank
from django.utils.formats import date_format, number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from contacts import details
from contacts.models import Contact, Event
from contacts.segments.condition import DOINGS, MOST_DAYS, Condition, Field, Operator, Params, Type
from contacts.segments.conditions.events import DAYS, TIMES, happened, in_days
from contacts.segments.scope import Scope, nobody_of, others, whoever

BOUGHT = "order"


class Purchases(Condition):
    name, label, heading = "purchases", gettext_lazy("Purchases, how many"), DOINGS
    operators = (
        Operator("at_least", gettext_lazy("at least"), ("times", "days")),
        Operator("fewer", gettext_lazy("fewer than"), ("times", "days")),
        Operator("never", gettext_lazy("none"), ("days",)),
    )
    fields = (TIMES, DAYS)

    def q(self, p: Params, scope: Scope) -> Q:
        bought = happened(scope, BOUGHT, p.get("days"))
        if p["op"] == "never":
            return nobody_of(bought)
        often = whoever(bought, p["times"])
        return others(often) if p["op"] == "fewer" else often

    def say(self, p: Params, scope: Scope) -> str:
        what = {"times": p.get("times"), "period": in_days(p.get("days"))}
        if p["op"] == "never":
            return _("bought nothing %(period)s") % what
        if p["op"] == "fewer":
            said = ngettext("bought nothing %(period)s", "bought fewer than %(times)s times %(period)s", p["times"])
        else:
            said = ngettext("bought %(period)s", "bought at least %(times)s times %(period)s", p["times"])
        return said % what

    def known(self, p: Params, contact: Contact, scope: Scope) -> str:
        times = happened(scope, BOUGHT, p.get("days")).filter(contact=contact).count()
        return ngettext("%(times)s time", "%(times)s times", times) % {"times": times}


_OF_A_THING = (
    ("category", gettext_lazy("of the category")), ("name", gettext_lazy("whose name contains")), ("sku", gettext_lazy("with the number")),
)  # fmt: skip


class BoughtThing(Condition):
    """Orders with a thing of a category, a name or an article number among what was bought."""

    name, label, heading = "bought", gettext_lazy("Purchases, of what"), DOINGS
    operators = (
        Operator("at_least", gettext_lazy("bought at least"), ("times", "by", "what", "days")),
        Operator("never", gettext_lazy("never bought"), ("by", "what", "days")),
    )
    fields = (
        TIMES, Field("by", gettext_lazy("something"), Type.CHOICE, lambda: _OF_A_THING, default="category"),
        Field("what", gettext_lazy("what")), DAYS,
    )  # fmt: skip

    def q(self, p: Params, scope: Scope) -> Q:
        bought = self._bought(p, scope)
        return nobody_of(bought) if p["op"] == "never" else whoever(bought, p["times"])

    def say(self, p: Params, scope: Scope) -> str:
        what = {"what": p["what"], "period": in_days(p.get("days")), "times": p.get("times")}
        if p["op"] == "never":
            return _("bought no “%(what)s” %(period)s") % what
        said = ngettext("bought “%(what)s” %(period)s", "bought “%(what)s” %(times)s times %(period)s", p["times"])
        return said % what

    def known(self, p: Params, contact: Contact, scope: Scope) -> str:
        times = self._bought(p, scope).filter(contact=contact).count()
        return ngettext("%(times)s time", "%(times)s times", times) % {"times": times}

    def _bought(self, p: Params, scope: Scope) -> QuerySet[Event]:
        how = "contains" if p["by"] == "name" else "is"
        asked = {"field": f"items[].{p['by']}", "is": how, "value": p["what"]}
        return happened(scope, BOUGHT, p.get("days")).filter(details.fulfilling([asked]))


class Spent(Condition):
    """Who bought nothing has spent 0."""

    name, label, heading = "spent", gettext_lazy("Purchases, how much money"), DOINGS
    operators = (
        Operator("at_least", gettext_lazy("at least"), ("money", "days")),
        Operator("less", gettext_lazy("less than"), ("money", "days")),
    )
    fields = (Field("money", gettext_lazy("money"), Type.NUMBER, low=0.01, default=100, whole=False), DAYS)

    def q(self, p: Params, scope: Scope) -> Q:
        sums = happened(scope, BOUGHT, p.get("days")).values("contact_id").annotate(money=Sum("amount"))
        much = Q(pk__in=sums.filter(money__gte=Decimal(str(p["money"]))).values("contact_id"))
        return others(much) if p["op"] == "less" else much

    def say(self, p: Params, scope: Scope) -> str:
        what = {"money": _money(p["money"], scope), "period": in_days(p.get("days"))}
        said = (
            _("spent less than %(money)s %(period)s") if p["op"] == "less" else _("spent at least %(money)s %(period)s")
        )
        return said % what

    def known(self, p: Params, contact: Contact, scope: Scope) -> str:
        bought = happened(scope, BOUGHT, p.get("days")).filter(contact=contact)
        return _money(bought.aggregate(money=Sum("amount"))["money"] or 0, scope)


def _money(amount: Decimal | float, scope: Scope) -> str:
    return f"{number_format(Decimal(str(amount)), 2)} {scope.business.currency}"


class LastPurchase(Condition):
    name, label, heading = "last_purchase", gettext_lazy("Last purchase"), DOINGS
    operators = (
        Operator("within", gettext_lazy("was in the last"), ("ago",)),
        Operator("longer_ago", gettext_lazy("was longer ago than"), ("ago",)),
    )
    fields = (Field("ago", gettext_lazy("days"), Type.NUMBER, low=1, high=MOST_DAYS, default=90),)

    def q(self, p: Params, scope: Scope) -> Q:
        if p["op"] == "within":
            return whoever(happened(scope, BOUGHT, p["ago"]))
        # Two sets, which the database joins in parallel, and not everyone's newest.
        before = happened(scope, BOUGHT, None).filter(at__lte=scope.ago(p["ago"]))
        return whoever(before) & nobody_of(happened(scope, BOUGHT, p["ago"]))

    def say(self, p: Params, scope: Scope) -> str:
        if p["op"] == "within":
            return ngettext("last bought in the last day", "last bought in the last %(days)s days", p["ago"]) % {
                "days": p["ago"]
            }
        said = ngettext("last bought more than a day ago", "last bought more than %(days)s days ago", p["ago"])
        return said % {"days": p["ago"]}

    def known(self, p: Params, contact: Contact, scope: Scope) -> str:
        last = happened(scope, BOUGHT, None).filter(contact=contact).aggregate(last=Max("at"))["last"]
        return date_format(last, "DATE_FORMAT") if last else _("never bought")


class BestCustomers(Condition):
    """A share of those who bought in the period. Whoever stands level with the last of them is in as well."""

    name, label, heading = "best", gettext_lazy("Best customers"), DOINGS
    operators = (
        Operator("money", gettext_lazy("by money spent"), ("share", "days")),
        Operator("times", gettext_lazy("by number of purchases"), ("share", "days")),
        Operator("recency", gettext_lazy("by how lately they bought"), ("share", "days")),
    )
    fields = (
        Field("share", gettext_lazy("the best"), Type.NUMBER, low=1, high=100, default=20, unit=gettext_lazy("% of all buyers")),
        DAYS,
    )  # fmt: skip

    def q(self, p: Params, scope: Scope) -> Q:
        by = {"money": Sum("amount"), "times": Count("*"), "recency": Max("at")}[p["op"]]
        buyers = _bought_by_all(scope, p.get("days")).values("contact_id").annotate(worth=by)
        placed = buyers.filter(worth__isnull=False).annotate(place=Window(PercentRank(), order_by=F("worth").desc()))
        return Q(pk__in=placed.filter(place__lt=p["share"] / 100).values("contact_id"))

    def say(self, p: Params, scope: Scope) -> str:
        said = {
            "money": _("among the best %(share)s %% of buyers by money spent %(period)s"),
            "times": _("among the best %(share)s %% of buyers by number of purchases %(period)s"),
            "recency": _("among the %(share)s %% of buyers who bought last %(period)s"),
        }  # fmt: skip
        return said[p["op"]] % {"share": p["share"], "period": in_days(p.get("days"))}

    def known(self, p: Params, contact: Contact, scope: Scope) -> str:
        bought = happened(scope, BOUGHT, p.get("days")).filter(contact=contact)
        found = bought.aggregate(times=Count("*"), money=Sum("amount"))
        times = ngettext("%(times)s time", "%(times)s times", found["times"]) % {"times": found["times"]}
        return _("bought %(times)s for %(money)s") % {"times": times, "money": _money(found["money"] or 0, scope)}


def _bought_by_all(scope: Scope, days: int | None) -> QuerySet[Event]:
    """A rank is one among all, whoever is asked about."""
    found = Event.objects.order_by().filter(name=BOUGHT, at__lte=scope.now)
    if not scope.played:
        found = found.filter(played=False)
    return found.filter(at__gt=scope.ago(days)) if days else found


CONDITIONS = (Purchases(), BoughtThing(), Spent(), LastPurchase(), BestCustomers())
