"""Whether there is an address by which a channel reaches the person."""

from __future__ import annotations

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts import kinds
from contacts.models import Address, Contact, Suppression, SuppressionScope, Validity
from contacts.segments.condition import REACH, Condition, Field, Operator, Params, Type
from contacts.segments.scope import Scope, nobody_of, whoever


class Reachable(Condition):
    """An address works if nothing says that it does not, and everything to it is not suppressed on that channel."""

    name, label, heading = "reach", gettext_lazy("Address for a channel"), REACH
    operators = (
        Operator("works", gettext_lazy("there is one that works"), ("channel",)),
        Operator("broken", gettext_lazy("there are only ones that do not work"), ("channel",)),
        Operator("missing", gettext_lazy("there is none"), ("channel",)),
    )
    fields = (Field("channel", gettext_lazy("channel"), Type.CHOICE, kinds.choices),)

    def q(self, p: Params, scope: Scope) -> Q:
        theirs = scope.narrow(Address.objects.filter(kind=kinds.address_of(p["channel"])))
        if p["op"] == "missing":
            return nobody_of(theirs)
        working = self.working(theirs, p["channel"], played=scope.played)
        return whoever(working) if p["op"] == "works" else whoever(theirs) & nobody_of(working)

    def working(self, addresses: QuerySet[Address], channel: str, *, played: bool) -> QuerySet[Address]:
        """Those of the addresses that a message may go to."""
        closed = Suppression.objects.filter(
            fingerprint=OuterRef("fingerprint"), lifted_at=None, scope=SuppressionScope.ALL, channel__in=["", channel]
        )
        closed = closed if played else closed.filter(played=False)
        return addresses.filter(Q(~Exists(closed)), validity=Validity.OK)

    def say(self, p: Params, scope: Scope) -> str:
        said = {
            "works": _("can be reached by %(channel)s"), "broken": _("no address for %(channel)s works"),
            "missing": _("has no address for %(channel)s"),
        }  # fmt: skip
        return said[p["op"]] % {"channel": kinds.label(p["channel"])}

    def known(self, p: Params, contact: Contact, scope: Scope) -> str:
        theirs = Address.objects.filter(contact=contact, kind=kinds.address_of(p["channel"])).order_by("position", "id")
        shown = ", ".join(address.shown for address in theirs if kinds.typed(address.kind))
        return shown or (_("has one") if theirs else _("has none"))


CONDITIONS = (Reachable(),)
