"""Before or after an appointment or a class. A moved one is a new occasion and ends the old; a cancelled one ends (see the runner)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, CharField, F, JSONField, QuerySet, Value, When
from django.db.models.functions import Cast, Coalesce, Concat, JSONObject
from django.utils.translation import gettext_lazy as _

from cascades.dated import BEFORE, BY, WHEN, AroundDate
from cascades.parameters import Field, Parameter
from cascades.trigger import Check, Entry
from contacts.models import Booking, BookingKind, BookingStatus
from contacts.models.booking import AHEAD

# No appointment and no class goes on for longer: it keeps the question on the index by the start.
LONGEST = timedelta(days=31)
START, END = "start", "end"


class AroundBooking(AroundDate):
    """So long before or after the start, or the end."""

    name = "booking"
    label = _("around an appointment or a class")
    help = _(
        "Reminders before it, questions after it. The times move with it, and a cancelled one ends the cascade for that person."
    )
    parameters = (
        BY,
        WHEN,
        Parameter("of", _("Of its"), Field.CHOICE, default=START, choices=((START, _("beginning")), (END, _("end")))),
        Parameter("kind", _("Only for"), Field.CHOICE, _("Empty: for all."), "", choices=BookingKind.choices),
        Parameter("branch", _("Only at the branch"), Field.BRANCH, _("Empty: at all.")),
        Parameter(
            "status", _("Only if the person"), Field.CHOICE, _("Known after it only."), "",
            choices=((BookingStatus.ATTENDED.value, _("was there")), (BookingStatus.MISSED.value, _("did not come"))),
        ),
    )  # fmt: skip
    changed = "updated_at"
    occasion = Concat(
        Value("booking:"),
        Cast("pk", CharField()),
        Case(
            When(moved_at=None, then=Value("")),
            default=Concat(Value(":"), Cast("moved_at", CharField())),
            output_field=CharField(),
        ),
        output_field=CharField(),
    )
    context = Cast(JSONObject(booking=F("pk")), JSONField())

    def problems(self, params: Mapping[str, Any]) -> Mapping[str, str]:
        if params["status"] and params["when"] == BEFORE:
            return {"status": str(_("Whether somebody came cannot be known before it."))}
        return {}

    def ahead(self, params: Mapping[str, Any], check: Check, until: datetime) -> Iterator[Entry]:
        by = self.offset(params)
        yield Entry(self.dates(params, check, check.now - by, until - by), "ahead", contact="contact_id")

    def dates(self, params: Mapping[str, Any], check: Check, after: datetime, until: datetime) -> QuerySet[Any]:
        date = F("starts_at") if params["of"] == START else Coalesce("ends_at", "starts_at")
        found: QuerySet[Any] = Booking.objects.order_by().alias(date=date, known=Coalesce("moved_at", "created_at"))
        found = found.filter(date__gt=after, date__lte=until, starts_at__gt=after - LONGEST, starts_at__lte=until)
        found = found.filter(status__in=self._states(params))
        if params["kind"]:
            found = found.filter(kind=params["kind"])
        return found.filter(branch_id=params["branch"]) if params["branch"] else found

    @staticmethod
    def _states(params: Mapping[str, Any]) -> tuple[str, ...]:
        if params["when"] == BEFORE:
            return AHEAD
        return (params["status"],) if params["status"] else (*AHEAD, BookingStatus.ATTENDED)
