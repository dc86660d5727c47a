"""Groups that staff keep, and other segments."""

from __future__ import annotations

from django.db.models import Count, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts.models import Contact, Group, GroupKind, Membership, Segment
from contacts.segments.condition import LISTS, Condition, Field, Operator, Params, Type
from contacts.segments.scope import Scope, nobody_of, whoever


class InGroups(Condition):
    name, label, heading = "groups", gettext_lazy("Groups"), LISTS
    operators = (
        Operator("any", gettext_lazy("in at least one of"), ("groups",)),
        Operator("all", gettext_lazy("in each of"), ("groups",)),
        Operator("none", gettext_lazy("in none of"), ("groups",)),
    )
    fields = (Field("groups", gettext_lazy("groups"), Type.SOME, model=Group),)

    def q(self, p: Params, scope: Scope) -> Q:
        members = scope.narrow(Membership.objects.filter(group_id__in=p["groups"]))
        if p["op"] == "none":
            return nobody_of(members)
        if p["op"] == "any" or len(p["groups"]) == 1:
            return whoever(members)
        theirs = members.values("contact_id").annotate(times=Count("*")).filter(times=len(p["groups"]))
        return Q(pk__in=theirs.values("contact_id"))

    def say(self, p: Params, scope: Scope) -> str:
        said = {
            "any": _("in the group %(names)s"),
            "all": _("in each of the groups %(names)s"),
            "none": _("not in the group %(names)s"),
        }
        return said[p["op"]] % {"names": scope.list_of(Group, p["groups"])}

    def known(self, p: Params, contact: Contact, scope: Scope) -> str:
        names = contact.groups.exclude(kind=GroupKind.SELECTION).order_by("name").values_list("name", flat=True)
        return _("in: %(names)s") % {"names": ", ".join(names)} if names else _("in no group")


class InSegment(Condition):
    """Its rules stand in its place: see `contacts.segments.query`."""

    name, label, heading = "segment", gettext_lazy("Another segment"), LISTS
    operators = (
        Operator("in", gettext_lazy("is in"), ("segment",)),
        Operator("not_in", gettext_lazy("is not in"), ("segment",)),
    )
    fields = (Field("segment", gettext_lazy("segment"), Type.ONE, model=Segment),)

    def say(self, p: Params, scope: Scope) -> str:
        said = _("in the segment “%(name)s”") if p["op"] == "in" else _("not in the segment “%(name)s”")
        return said % {"name": scope.name(Segment, p["segment"])}


CONDITIONS = (InGroups(), InSegment())
