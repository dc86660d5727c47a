"""Appointments and classes: had in the last days, or still to come."""

from __future__ import annotations

from datetime import timedelta

from django.db.models import Q, QuerySet
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from contacts.models import Booking, BookingKind, BookingStatus, Contact
from contacts.segments.condition import DOINGS, MOST_DAYS, Condition, Field, Operator, Params, Type
from contacts.segments.scope import Scope, nobody_of, whoever

_FIELDS = ("days", "what", "status")


class Booked(Condition):
    """Without a status asked for, every booking counts that was not cancelled."""

    name, label, heading = "booking", gettext_lazy("Appointment or class"), DOINGS
    operators = (
        Operator("had", gettext_lazy("had one in the last"), _FIELDS),
        Operator("not_had", gettext_lazy("had none in the last"), _FIELDS),
        Operator("has", gettext_lazy("has one in the next"), _FIELDS),
        Operator("has_none", gettext_lazy("has none in the next"), _FIELDS),
    )
    fields = (
        Field("days", gettext_lazy("days"), Type.NUMBER, low=1, high=MOST_DAYS, default=30),
        Field("what", gettext_lazy("kind"), Type.CHOICE, lambda: BookingKind.choices, optional=True),
        Field("status", gettext_lazy("status"), Type.CHOICES, lambda: BookingStatus.choices, optional=True),
    )

    def q(self, p: Params, scope: Scope) -> Q:
        found = scope.narrow(_bookings(p, scope))
        return nobody_of(found) if p["op"] in ("not_had", "has_none") else whoever(found)

    def say(self, p: Params, scope: Scope) -> str:
        what = str(dict(BookingKind.choices)[p["what"]] if "what" in p else _("booking"))
        said = {
            "had": ngettext("had a %(what)s in the last day", "had a %(what)s in the last %(days)s days", p["days"]),
            "not_had": ngettext(
                "had no %(what)s in the last day", "had no %(what)s in the last %(days)s days", p["days"]
            ),
            "has": ngettext("has a %(what)s in the next day", "has a %(what)s in the next %(days)s days", p["days"]),
            "has_none": ngettext(
                "has no %(what)s in the next day", "has no %(what)s in the next %(days)s days", p["days"]
            ),
        }[p["op"]] % {"what": what, "days": p["days"]}
        labels = dict(BookingStatus.choices)
        named = ", ".join(str(labels[one]) for one in p.get("status", ()))
        return f"{said} ({named})" if named else said

    def known(self, p: Params, contact: Contact, scope: Scope) -> str:
        found = _bookings(p, scope).filter(contact=contact).order_by("starts_at")[:3]
        return ", ".join(f"{one.title}, {date_format(one.local(), 'DATE_FORMAT')}" for one in found) or _("none")


def _bookings(p: Params, scope: Scope) -> QuerySet[Booking]:
    if p["op"] in ("had", "not_had"):
        found = Booking.objects.filter(starts_at__gt=scope.ago(p["days"]), starts_at__lte=scope.now)
    else:
        found = Booking.objects.filter(starts_at__gt=scope.now, starts_at__lte=scope.now + timedelta(days=p["days"]))
    if "what" in p:
        found = found.filter(kind=p["what"])
    return found.filter(status__in=p["status"]) if "status" in p else found.exclude(status=BookingStatus.CANCELLED)


CONDITIONS = (Booked(),)
