"""What a person last said about marketing on a channel. Whether something may really be sent, the gate asks at the sending."""

from __future__ import annotations

from django.db.models import F, Max, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts import kinds
from contacts.models import Consent, ConsentPurpose, Contact
from contacts.segments.condition import REACH, Condition, Field, Operator, Params, Type
from contacts.segments.scope import Scope, nobody_of


class MarketingConsent(Condition):
    name, label, heading = "consent", gettext_lazy("Consent to marketing"), REACH
    operators = (
        Operator("given", gettext_lazy("was given"), ("channel",)),
        Operator("withdrawn", gettext_lazy("was withdrawn"), ("channel",)),
        Operator("expired", gettext_lazy("has expired"), ("channel",)),
        Operator("never", gettext_lazy("was never asked"), ("channel",)),
    )
    fields = (Field("channel", gettext_lazy("channel"), Type.CHOICE, kinds.choices),)

    def q(self, p: Params, scope: Scope) -> Q:
        lines = scope.narrow(Consent.objects.filter(kind=p["channel"], purpose=ConsentPurpose.MARKETING))
        if not scope.played:
            lines = lines.filter(played=False)
        if p["op"] == "never":
            return nobody_of(lines)
        expired = Q(given=True, expires_at__lte=scope.now)
        wanted = {"given": Q(given=True) & ~expired, "withdrawn": Q(given=False), "expired": expired}[p["op"]]
        # The newest line is a wanted one: by one pass over the ledger, where looking up each person's newest would be a million.
        theirs = lines.values("contact_id").annotate(last=Max("id"), fit=Max("id", filter=wanted)).filter(last=F("fit"))
        return Q(pk__in=theirs.values("contact_id"))

    def say(self, p: Params, scope: Scope) -> str:
        said = {
            "given": _("agreed to marketing by %(channel)s"), "withdrawn": _("withdrew from marketing by %(channel)s"),
            "expired": _("the consent to marketing by %(channel)s has expired"),
            "never": _("was never asked about marketing by %(channel)s"),
        }  # fmt: skip
        return said[p["op"]] % {"channel": kinds.label(p["channel"])}

    def known(self, p: Params, contact: Contact, scope: Scope) -> str:
        lines = Consent.objects.filter(contact=contact, kind=p["channel"], purpose=ConsentPurpose.MARKETING)
        newest = (lines if scope.played else lines.filter(played=False)).order_by("-id").first()
        if newest is None:
            return _("never asked")
        if newest.given and newest.expires_at and newest.expires_at <= scope.now:
            return _("expired")
        return _("given") if newest.given else _("withdrawn")


CONDITIONS = (MarketingConsent(),)
