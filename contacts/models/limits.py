"""What the house keeps to when it writes: further quiet hours, days on which it keeps still, and how much is enough for one person."""

from __future__ import annotations

from datetime import date, time
from typing import Any

from django.core.validators import MaxValueValidator, MinValueValidator
from django.db import models
from django.db.models import Aggregate, F, JSONField, OuterRef, Subquery
from django.db.models.functions import JSONArray
from django.utils.translation import gettext_lazy as _

from contacts import caps
from contacts.opening import Closed, Quiet

ALL_WEEK = 127


class QuietRule(models.Model):
    """Hours in which nothing of a kind leaves, beside the business's own. `weekdays`: a bit for each day on which they begin, Monday is 1;
    an end at or before the start lies on the next day, equal times are the whole day. `holidays`: nor on public holidays."""

    business = models.ForeignKey("contacts.Business", models.CASCADE, related_name="quiet_rules")
    kind = models.CharField(_("channel"), max_length=20, blank=True, default="")
    weekdays = models.PositiveSmallIntegerField(
        _("on these days"), default=ALL_WEEK, validators=[MaxValueValidator(ALL_WEEK)]
    )
    start = models.TimeField(_("quiet from"), default=time(20))
    end = models.TimeField(_("quiet until"), default=time(10))
    holidays = models.BooleanField(_("and all public holidays"), default=False)

    class Meta:
        verbose_name = _("rule for one channel")
        verbose_name_plural = _("further quiet hours")
        ordering = ["id"]

    def __str__(self) -> str:
        return self.kind or str(_("every channel"))


class ClosedDay(models.Model):
    """A day on which nothing leaves but what is urgent; `yearly`: each year again."""

    business = models.ForeignKey("contacts.Business", models.CASCADE, related_name="closed_days")
    day = models.DateField(_("day"))
    yearly = models.BooleanField(_("every year"), default=False)
    name = models.CharField(_("why"), max_length=80, blank=True, default="")

    class Meta:
        verbose_name = _("closed day")
        verbose_name_plural = _("closed days")
        ordering = ["day"]

    def __str__(self) -> str:
        return self.name or str(self.day)


class Cap(models.Model):
    """At most so many marketing messages to one person, on one kind of channel or over all; see `contacts.caps`."""

    class Period(models.TextChoices):
        """What is counted together."""

        ROLLING = caps.ROLLING, _("in any so many days")
        DAY = caps.DAY, _("in a day of the calendar")
        WEEK = caps.WEEK, _("in a week, Monday to Sunday")
        MONTH = caps.MONTH, _("in a month of the calendar")

    business = models.ForeignKey("contacts.Business", models.CASCADE, related_name="caps")
    kind = models.CharField(_("channel"), max_length=20, blank=True, default="")
    messages = models.PositiveSmallIntegerField(_("at most"), default=1, validators=[MinValueValidator(1)])
    period = models.CharField(_("counted"), max_length=8, choices=Period.choices, default=Period.ROLLING)
    days = models.PositiveSmallIntegerField(
        _("so many days"), default=7, validators=[MinValueValidator(1), MaxValueValidator(366)]
    )

    class Meta:
        verbose_name = _("further cap")
        verbose_name_plural = _("further caps")
        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.messages} × {self.kind or _('every channel')}"


class Gathered(Aggregate):
    """All rows of a group as one JSON list, on either database."""

    function = "JSONB_AGG"
    output_field = JSONField()

    def as_sqlite(self, compiler: Any, connection: Any, **more: Any) -> Any:
        return self.as_sql(compiler, connection, function="JSON_GROUP_ARRAY", **more)


def gathered(model: type[models.Model], *columns: str) -> Subquery:
    """The business's rows of a model as a list of lists, inside the statement that reads the business."""
    rows = model._default_manager.filter(business=OuterRef("pk")).order_by().values("business")
    return Subquery(rows.annotate(rows=Gathered(JSONArray("id", *map(F, columns)))).values("rows"))


QUIET = ("kind", "weekdays", "start", "end", "holidays")
CLOSED = ("day", "yearly")
CAPS = ("messages", "period", "days", "kind")


def quiet_of(kind: str, weekdays: int, start: time | str, end: time | str, holidays: Any) -> Quiet:
    """A row as the rules read it; what came as JSON is still text."""
    return Quiet(kind, days_of(weekdays), _time(start), _time(end), bool(holidays))


def closed_of(day: date | str, yearly: Any) -> Closed:
    return Closed(day if isinstance(day, date) else date.fromisoformat(day), bool(yearly))


def days_of(weekdays: int) -> frozenset[int]:
    """The weekdays of the bits, Monday is 0."""
    return frozenset(day for day in range(7) if weekdays & 1 << day)


def _time(wall: time | str) -> time:
    return wall if isinstance(wall, time) else time.fromisoformat(wall)
