"""Before or after an appointment or a class. A moved one is a new occasion and ends the old; a cancelled one ends (see the runner)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db.models import Case, CharField, DateTimeField, ExpressionWrapper, F, JSONField, Q, QuerySet, Value, When
from django.db.models.functions import Cast, Coalesce, Concat, Greatest, JSONObject, Least
from django.utils.translation import gettext_lazy as _

from cascades.parameters import Field, Parameter
from cascades.trigger import LATEST, Check, Entry, Trigger
from contacts.models import Booking, BookingKind, BookingStatus
from contacts.models.booking import AHEAD

# People come in so much earlier, for a reminder that falls into quiet hours leaves before them, and these may be a long week-end.
LEAD = timedelta(days=4)
# No appointment and no class goes on for longer: it keeps the question on the index by the start.
LONGEST = timedelta(days=31)
BEFORE, AFTER, START, END = "before", "after", "start", "end"
_INSTANT = DateTimeField()


class AroundBooking(Trigger):
    """So long before or after the start, or the end."""

    name = "booking"
    label = _("around an appointment or a class")
    help = _(
        "Reminders before it, questions after it. The times move with it, and a cancelled one ends the cascade for that person."
    )
    too_late = _("Before: whatever has begun takes nobody in. After: not more than a week later.")
    dated = True
    parameters = (
        Parameter("by", _("How long"), Field.LENGTH, default=86_400),
        Parameter("when", _("Before or after"), Field.CHOICE, default=BEFORE, choices=((BEFORE, _("before")), (AFTER, _("after")))),
        Parameter("of", _("Of its"), Field.CHOICE, default=START, choices=((START, _("beginning")), (END, _("end")))),
        Parameter("kind", _("Only for"), Field.CHOICE, _("Empty: for all."), "", choices=BookingKind.choices),
        Parameter("branch", _("Only at the branch"), Field.BRANCH, _("Empty: at all.")),
        Parameter(
            "status", _("Only if the person"), Field.CHOICE, _("Known after it only."), "",
            choices=((BookingStatus.ATTENDED.value, _("was there")), (BookingStatus.MISSED.value, _("did not come"))),
        ),
    )  # fmt: skip

    def problems(self, params: Mapping[str, Any]) -> Mapping[str, str]:
        if params["status"] and params["when"] == BEFORE:
            return {"status": str(_("Whether somebody came cannot be known before it."))}
        return {}

    def offset(self, params: Mapping[str, Any]) -> timedelta:
        by = timedelta(seconds=params["by"])
        return -by if params["when"] == BEFORE else by

    def due(self, params: Mapping[str, Any], check: Check) -> Iterator[Entry]:
        return self._before(params, check) if params["when"] == BEFORE else self._after(params, check)

    def ahead(self, params: Mapping[str, Any], check: Check, until: datetime) -> Iterator[Entry]:
        by = self.offset(params)
        yield Entry(self._bookings(params, check.now - by, until - by), "ahead", contact="contact_id")

    def _before(self, params: Mapping[str, Any], check: Check) -> Iterator[Entry]:
        by = timedelta(seconds=params["by"])
        counts = Q(date__gte=check.listens_since + by) | Q(known__gte=check.listens_since)
        coming = self._bookings(params, check.now, check.now + by + LEAD).filter(counts)
        if check.since:
            coming = coming.filter(Q(date__gt=check.since + by + LEAD) | Q(updated_at__gt=check.since))
        yield self._entry(params, coming, check.now)
        begun = self._bookings(params, check.floor, check.now).filter(counts, known__lt=F("date"))
        yield self._entry(params, begun, check.now, too_late="date_has_passed")

    def _after(self, params: Mapping[str, Any], check: Check) -> Iterator[Entry]:
        by = timedelta(seconds=params["by"])
        floor = check.listens_since if check.since is None else max(check.listens_since, check.since - LATEST)
        past = self._bookings(params, floor - by, check.now - by)
        if check.since:
            past = past.filter(Q(date__gt=check.since - by) | Q(updated_at__gt=check.since))
        late = check.now - by - LATEST
        yield self._entry(params, past.filter(date__gt=late), check.now)
        yield self._entry(params, past.filter(date__lte=late), check.now, too_late="came_too_late")

    def _bookings(self, params: Mapping[str, Any], after: datetime, until: datetime) -> QuerySet[Any]:
        """Those whose date lies in (after, until], each with its `date` and since when it was `known`."""
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

    def _entry(self, params: Mapping[str, Any], bookings: QuerySet[Any], now: datetime, too_late: str = "") -> Entry:
        """A booking made after its reminder's time began when it was made: steps whose time had passed by then are left out."""
        moment = ExpressionWrapper(F("date") + Value(self.offset(params)), output_field=_INSTANT)
        began = Least(Value(now, _INSTANT), Greatest(moment, F("known"), output_field=_INSTANT), output_field=_INSTANT)
        moved = Case(
            When(moved_at=None, then=Value("")),
            default=Concat(Value(":"), Cast("moved_at", CharField())),
            output_field=CharField(),
        )
        return Entry(
            bookings, Concat(Value("booking:"), Cast("pk", CharField()), moved, output_field=CharField()), contact="contact_id",
            context=Cast(JSONObject(booking=F("pk")), JSONField()), anchor=F("date"), since=began, too_late=too_late,
        )  # fmt: skip
