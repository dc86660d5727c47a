"""Before or after a date that stands in an event's details: a pick-up, a delivery, the end of a contract. It moves with a later telling."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.db.models import CharField, Exists, F, JSONField, OuterRef, QuerySet, Value
from django.db.models.fields.json import KT
from django.db.models.functions import Cast, Concat, JSONObject, Left
from django.utils.translation import gettext_lazy as _

from cascades.dated import BY, WHEN, AroundDate
from cascades.models import ToldDate
from cascades.moments import ZONE
from cascades.parameters import Field, Parameter
from cascades.trigger import Check, Entry
from contacts import bulk, timezones
from contacts.bulk import Among
from contacts.calendar import at_local
from contacts.models import Business, Contact, Event

# What was told before the cascade was switched on counts if its date is still to come, and if it was told in this time.
BACK = timedelta(days=400)
PORTION = 2000
_COLUMNS = ("cascade_id", "contact_id", "event_id", "about", "text", "date_at", "known_at", "read_at", "played")


class ToldDay(AroundDate):
    """So long before or after the date. A day without an hour counts from an hour that staff choose, on the person's clock."""

    name = "event_date"
    label = _("around a date that was told")
    help = _("Before or after a date in the details of what happened: a pick-up, a delivery, the end of a contract.")
    parameters = (
        Parameter("event", _("What happens"), Field.NAME, _("For example: order."), required=True),
        Parameter(
            "field", _("The detail with the date"), Field.NAME,
            _("For example: pickup_on, with 2026-12-01 or 2026-12-01T15:00+01:00 in it."), required=True,
        ),
        BY,
        WHEN,
        Parameter("at", _("A day without an hour counts from"), Field.TIME, _("The person's own clock."), "10:00"),
        Parameter(
            "key", _("One date for each"), Field.NAME,
            _("The detail that names what it is about, for example order; told again, the date moves. Empty: each by itself."), "",
        ),
        Parameter("cancels", _("Cancelled by"), Field.NAMES, _("For example: order_cancelled, with the same detail."), []),
    )  # fmt: skip
    changed = "read_at"
    occasion = Concat(Value("date:"), F("about"), Value(":"), F("text"), output_field=CharField())
    context = Cast(JSONObject(event=F("event_id"), told=JSONObject(about=F("about"), on=F("text"))), JSONField())

    def problems(self, params: Mapping[str, Any]) -> Mapping[str, str]:
        if params["cancels"] and not params["key"]:
            return {"key": str(_("Name the detail that says what is cancelled."))}
        return {}

    def observe(self, params: Mapping[str, Any], check: Check) -> None:
        """Read what was told since it was asked for last; at the first time what is still to come."""
        if check.since is None:
            ToldDate.objects.filter(cascade_id=check.cascade).delete()
        read = ToldDate.objects.filter(cascade_id=check.cascade, event_id=OuterRef("pk"))
        told: QuerySet[Any] = _tellings(params, check).filter(~Exists(read)).order_by("pk")
        last = 0
        while rows := [_Told(*row) for row in told.filter(pk__gt=last).values_list(*_TOLD)[:PORTION]]:
            bulk.insert(ToldDate, _COLUMNS, list(_read(params, check, rows)), ignore_conflicts=True)
            last = rows[-1].id

    def heeds(self, params: Mapping[str, Any]) -> Collection[str]:
        return [params["event"], *params["cancels"]] if params["key"] else []

    def ended_by(self, params: Mapping[str, Any], context: Mapping[str, Any], name: str, data: Mapping[str, Any]) -> str:  # fmt: skip
        told = context.get("told")
        if not params["key"] or not told or _words(data.get(params["key"]), ABOUT) != told["about"]:
            return ""
        if name != params["event"]:
            return "date_cancelled"
        text = _words(data.get(params["field"]), TEXT)
        if text == told["on"]:
            return ""
        return "date_moved" if moment(text, time(), timezones.UTC, timezones.UTC) else "date_cancelled"

    def dates(self, params: Mapping[str, Any], check: Check, after: datetime, until: datetime) -> QuerySet[Any]:
        mine = ToldDate.objects.order_by().filter(cascade_id=check.cascade)
        mine = mine if check.played else mine.filter(played=False)
        later = mine.filter(contact=OuterRef("contact"), about=OuterRef("about"), event_id__gt=OuterRef("event_id"))
        found: QuerySet[Any] = mine.alias(date=F("date_at"), known=F("known_at"))
        found = found.filter(~Exists(later), date_at__gt=after, date_at__lte=until)
        return found  # noqa: RET504 - what the stubs make of it is no queryset

    def ahead(self, params: Mapping[str, Any], check: Check, until: datetime) -> Iterator[Entry]:
        """By the day, as it was told; a cancelled one counts too."""
        by = self.offset(params)
        first, last = (check.now - by).date(), (until - by).date()
        yield Entry(_told_from(params, first, last), "ahead", contact="contact_id")


ABOUT, TEXT = 70, 40


class _Told(NamedTuple):
    """An event as it is read; the names are those of its columns."""

    id: int
    contact_id: int
    name: str
    recorded_at: datetime
    played: bool
    data: Mapping[str, Any]


_TOLD = tuple(_Told.__annotations__)


def _tellings(params: Mapping[str, Any], check: Check) -> QuerySet[Event]:
    names = [params["event"], *params["cancels"]]
    told = Event.objects.filter(name__in=names, recorded_at__lte=check.now)
    if check.since:
        return told.filter(recorded_at__gt=check.since)
    day = (check.listens_since - timedelta(days=2) - timedelta(seconds=params["by"])).date()
    people = _told_from(params, day).filter(recorded_at__gt=check.now - BACK).values("contact_id")
    return told.filter(recorded_at__gt=check.now - BACK, contact_id__in=people)


def _told_from(params: Mapping[str, Any], first: date, last: date = date.max) -> QuerySet[Any]:
    """Whose date is one of these days, by its text: it is written with the year first."""
    told: QuerySet[Any] = Event.objects.filter(name=params["event"]).order_by()
    told = told.alias(day=Left(KT(f"data__{params['field']}"), 10))
    told = told.filter(day__gte=f"{first}", day__lte=f"{last}")
    return told  # noqa: RET504 - the annotated type is what the stubs lose


def _read(params: Mapping[str, Any], check: Check, rows: Collection[_Told]) -> Iterator[tuple[Any, ...]]:
    home = timezones.named(Business.current().time_zone) or timezones.UTC
    zones = _zones({row.contact_id for row in rows}, home)
    wall = time.fromisoformat(params["at"])
    for row in rows:
        about = _words(row.data.get(params["key"]), ABOUT) if params["key"] else ""
        text = _words(row.data.get(params["field"]), TEXT) if row.name == params["event"] else ""
        at = moment(text, wall, zones.get(row.contact_id, home), home)
        yield check.cascade, row.contact_id, row.id, about or f"#{row.id}", text, at, row.recorded_at, check.now, row.played  # fmt: skip


def _zones(people: Iterable[int], home: ZoneInfo) -> dict[int, ZoneInfo]:
    found = Contact.objects.order_by().filter(Among("id", people)).values_list("pk", ZONE)
    return {pk: timezones.named(name) or home for pk, name in found}


def _words(value: Any, length: int) -> str:
    return str(value).strip()[:length] if isinstance(value, str | int) and not isinstance(value, bool) else ""


def moment(text: str, wall: time, own: ZoneInfo, home: ZoneInfo) -> datetime | None:
    """The instant of a date as it was told, or None: a day counts from the hour `wall` on the person's `own` clock; a time without its zone
    is read by the clock of the business (`home`)."""
    try:
        if len(text) == len("2026-12-01"):
            return at_local(date.fromisoformat(text), wall, own)
        found = datetime.fromisoformat(text)
        return found.astimezone(timezones.UTC) if found.tzinfo else at_local(found.date(), found.time(), home)
    except (ValueError, OverflowError):
        return None
