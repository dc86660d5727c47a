"""What people did with our messages, as conditions of segments: sent, opened, clicked, answered, and the channel they really use.

Only a person's doing counts (grade human); what was played in the sandbox only where the segment says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from functools import reduce
from operator import and_

from django.db.models import CharField, Count, F, Max, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from channels.models import Delivery, Grade
from channels.models.delivery import WENT_OUT
from contacts import kinds
from contacts.models import Contact
from contacts.segments import register as register_condition
from contacts.segments.condition import DOINGS, MOST_DAYS, Condition, Field, Operator, Params, Type
from contacts.segments.scope import Scope, nobody_of, others, whoever

# What can have become of a message, with when, and by whom it must have been done.
_DONE = {
    "sent": (gettext_lazy("was sent a message"), "sending_at", Q(status__in=WENT_OUT)),
    "opened": (gettext_lazy("opened a message"), "opened_at", Q(opened_grade=Grade.HUMAN)),
    "clicked": (gettext_lazy("clicked in a message"), "clicked_at", Q(clicked_grade=Grade.HUMAN)),
    "replied": (gettext_lazy("answered a message"), "replied_at", Q(replied_at__isnull=False)),
}
_FIELDS = ("what", "times", "days", "channel")
_DAYS = Field("days", gettext_lazy("in the last … days"), Type.NUMBER, low=1, high=MOST_DAYS, default=30)


def register() -> None:
    """Called once, when the room is ready."""
    register_condition(Engaged())
    register_condition(RealChannel())


def _of(scope: Scope, what: str, days: int, channel: str | None = None) -> QuerySet[Delivery]:
    """The messages with which that was done in the last so many days."""
    _label, column, by_person = _DONE[what]
    found = scope.narrow(Delivery.objects.filter(by_person, _since(column, scope.ago(days), scope.now)))
    if not scope.played:
        found = found.filter(sandbox=False)
    return found.filter(kind=channel) if channel else found


def _since(column: str, start: datetime, end: datetime) -> Q:
    return Q(**{f"{column}__gt": start, f"{column}__lte": end})


class Engaged(Condition):
    name, label, heading = "engagement", gettext_lazy("Our messages"), DOINGS
    operators = (
        Operator("at_least", gettext_lazy("at least"), _FIELDS),
        Operator("fewer", gettext_lazy("fewer than"), _FIELDS),
        Operator("never", gettext_lazy("not once"), ("what", "days", "channel")),
    )
    fields = (
        Field("what", gettext_lazy("the person"), Type.CHOICE, lambda: [(k, v[0]) for k, v in _DONE.items()], default="opened"),
        Field("times", gettext_lazy("times"), Type.NUMBER, low=1, high=10_000, default=1),
        _DAYS,
        Field("channel", gettext_lazy("channel"), Type.CHOICE, kinds.choices, optional=True),
    )  # fmt: skip

    def q(self, p: Params, scope: Scope) -> Q:
        found = _of(scope, p["what"], p["days"], p.get("channel"))
        if p["op"] == "never":
            return nobody_of(found)
        often = whoever(found, p["times"])
        return others(often) if p["op"] == "fewer" else often

    def say(self, p: Params, scope: Scope) -> str:
        by = _(" by %(channel)s") % {"channel": kinds.label(p["channel"])} if "channel" in p else ""
        what = {"what": f"{_DONE[p['what']][0]}{by}", "times": p.get("times"), "days": p["days"]}
        if p["op"] == "never":
            return _("in the last %(days)s days, not once: %(what)s") % what
        if p["op"] == "fewer":
            return _("in the last %(days)s days, fewer than %(times)s times: %(what)s") % what
        said = ngettext(
            "in the last %(days)s days: %(what)s",
            "in the last %(days)s days, at least %(times)s times: %(what)s",
            p["times"],
        )
        return said % what

    def known(self, p: Params, contact: Contact, scope: Scope) -> str:
        times = _of(scope, p["what"], p["days"], p.get("channel")).filter(contact=contact).count()
        return ngettext("%(times)s time", "%(times)s times", times) % {"times": times}


class RealChannel(Condition):
    """By clicks and answers. Who uses two channels alike uses both."""

    name, label, heading = "real_channel", gettext_lazy("Channel they really use"), DOINGS
    operators = (
        Operator("is", gettext_lazy("is"), ("channel", "days")),
        Operator("none", gettext_lazy("is not known: no click and no answer"), ("days",)),
    )
    fields = (Field("channel", gettext_lazy("channel"), Type.CHOICE, kinds.choices), _DAYS)

    def q(self, p: Params, scope: Scope) -> Q:
        if p["op"] == "none":
            return nobody_of(_of(scope, "clicked", p["days"])) & nobody_of(_of(scope, "replied", p["days"]))
        used = _uses(scope, p["days"]).values("contact_id")
        names = [kind.name for kind in kinds.all_kinds()]
        counted = used.annotate(**{_column(name): _doings(scope, p["days"], name) for name in names})
        mine = _column(p["channel"])
        most = reduce(and_, (Q(**{f"{mine}__gte": F(_column(name))}) for name in names), Q(**{f"{mine}__gt": 0}))
        return Q(pk__in=counted.filter(most).values("contact_id"))

    def say(self, p: Params, scope: Scope) -> str:
        if p["op"] == "none":
            return _("no click and no answer in the last %(days)s days") % {"days": p["days"]}
        what = {"channel": kinds.label(p["channel"]), "days": p["days"]}
        return _("really uses %(channel)s: most clicks and answers in the last %(days)s days") % what

    def known(self, p: Params, contact: Contact, scope: Scope) -> str:
        used = _uses(scope, p["days"]).filter(contact=contact)
        counted = {
            kind: used.filter(kind=kind).aggregate(n=_doings(scope, p["days"], kind))["n"]
            for kind in used.values_list("kind", flat=True)
        }
        said = [f"{kinds.label(name)} {n}" for name, n in sorted(counted.items(), key=lambda one: -one[1])]
        return ", ".join(said) or _("none")


LATELY = timedelta(days=180)


def preferred(of: Sequence[str], contact: str, now: datetime, *, played: bool = False) -> Combinable:
    """For annotate(): which of these kinds of channel a person prefers: the one that they asked for, else the one in which they clicked and
    answered most of late (of as many the last one); "" where nothing is known.

    contact: the column that names the person; played: whether messages of the sandbox count.
    """
    person = Contact.objects.filter(pk=OuterRef(contact), preferred_channel__in=of).order_by()
    did = Q(clicked_grade=Grade.HUMAN, clicked_at__gt=now - LATELY) | Q(replied_at__gt=now - LATELY)
    theirs = Delivery.objects.filter(did, contact_id=OuterRef(contact), kind__in=of).order_by()
    real = theirs if played else theirs.filter(sandbox=False)
    most = real.values("kind").annotate(often=Count("pk"), newest=Max("id")).order_by("-often", "-newest")
    return Coalesce(
        Subquery(person.values("preferred_channel")[:1]), Subquery(most.values("kind")[:1]), Value(""), output_field=CharField()
    )  # fmt: skip


def _column(kind: str) -> str:
    return f"by_{kind}"


def _uses(scope: Scope, days: int) -> QuerySet[Delivery]:
    """Messages that were clicked in or answered."""
    either = reduce(lambda one, other: one | other, (_did(scope, days, what) for what in ("clicked", "replied")))
    found = scope.narrow(Delivery.objects.filter(either))
    return found if scope.played else found.filter(sandbox=False)


def _did(scope: Scope, days: int, what: str) -> Q:
    _label, column, by_person = _DONE[what]
    return by_person & _since(column, scope.ago(days), scope.now)


def _doings(scope: Scope, days: int, kind: str) -> Combinable:
    """Clicks and answers by one kind of channel."""
    clicks, answers = (Count("pk", filter=Q(kind=kind) & _did(scope, days, what)) for what in ("clicked", "replied"))
    return clicks + answers
