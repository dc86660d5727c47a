"""Ways in that count from a date: so long before it or after it. What both an appointment and a told date need, and nothing of either."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, ClassVar

from django.db.models import DateTimeField, ExpressionWrapper, F, Q, QuerySet, Value
from django.db.models.expressions import Combinable
from django.db.models.functions import Greatest, Least
from django.utils.translation import gettext_lazy as _

from cascades.parameters import Field, Parameter
from cascades.trigger import LATEST, Check, Entry, Trigger

# People come in so much earlier, for a reminder that falls into quiet hours leaves before them, and these may be a long week-end.
LEAD = timedelta(days=4)
BEFORE, AFTER = "before", "after"
_INSTANT = DateTimeField()

BY = Parameter("by", _("How long"), Field.LENGTH, default=86_400)
WHEN = Parameter(
    "when", _("Before or after"), Field.CHOICE, default=BEFORE, choices=((BEFORE, _("before")), (AFTER, _("after")))
)


class AroundDate(Trigger):
    """Settings `BY` and `WHEN` among others. You **must** write `dates()`, `occasion` and `context`, and name the column `changed`."""

    too_late = _("Before: whatever has begun takes nobody in. After: not more than a week later.")
    dated = True
    changed: ClassVar[str]
    occasion: ClassVar[Combinable]
    context: ClassVar[Combinable]

    def dates(self, params: Mapping[str, Any], check: Check, after: datetime, until: datetime) -> QuerySet[Any]:
        """Rows whose date lies in (after, until], each with its `date`, and since when it was `known`; `contact_id` names the person."""
        raise TypeError(f"{type(self).__name__} must write dates()")

    def offset(self, params: Mapping[str, Any]) -> timedelta:
        by = timedelta(seconds=params["by"])
        return -by if params["when"] == BEFORE else by

    def due(self, params: Mapping[str, Any], check: Check) -> Iterator[Entry]:
        return self._before(params, check) if params["when"] == BEFORE else self._after(params, check)

    def _before(self, params: Mapping[str, Any], check: Check) -> Iterator[Entry]:
        by = timedelta(seconds=params["by"])
        counts = Q(date__gte=check.listens_since + by) | Q(known__gte=check.listens_since)
        coming = self.dates(params, check, check.now, check.now + by + LEAD).filter(counts)
        if check.since:
            coming = coming.filter(Q(date__gt=check.since + by + LEAD) | Q(**{f"{self.changed}__gt": check.since}))
        yield self._entry(params, coming, check.now)
        begun = self.dates(params, check, check.floor, check.now).filter(counts, known__lt=F("date"))
        yield self._entry(params, begun, check.now, too_late="date_has_passed")

    def _after(self, params: Mapping[str, Any], check: Check) -> Iterator[Entry]:
        by = timedelta(seconds=params["by"])
        floor = check.listens_since if check.since is None else max(check.listens_since, check.since - LATEST)
        past = self.dates(params, check, floor - by, check.now - by)
        if check.since:
            past = past.filter(Q(date__gt=check.since - by) | Q(**{f"{self.changed}__gt": check.since}))
        late = check.now - by - LATEST
        yield self._entry(params, past.filter(date__gt=late), check.now)
        yield self._entry(params, past.filter(date__lte=late), check.now, too_late="came_too_late")

    def _entry(self, params: Mapping[str, Any], dates: QuerySet[Any], now: datetime, too_late: str = "") -> Entry:
        """Known only after a reminder's time, it began when it was known: steps whose time had passed by then are left out."""
        moment = ExpressionWrapper(F("date") + Value(self.offset(params)), output_field=_INSTANT)
        began = Least(Value(now, _INSTANT), Greatest(moment, F("known"), output_field=_INSTANT), output_field=_INSTANT)
        return Entry(
            dates, self.occasion, contact="contact_id", context=self.context, anchor=F("date"), since=began, too_late=too_late,
        )  # fmt: skip
