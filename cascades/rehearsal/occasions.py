"""What brings people into the cascade in a rehearsal: a start, a made-up event or booking, their day, or the moment itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import F
from django.utils.translation import gettext as _

from cascades import moments, runner
from cascades.dated import BEFORE, LEAD
from cascades.models import Cascade, CascadeStatus, Launch
from cascades.rehearsal.stage import Stage
from cascades.trigger import Entry, trigger
from cascades.triggers.booking import END
from contacts import bookings, calendar, events, timezones
from contacts.models import Booking, BookingKind, Branch, Contact, Event
from contacts.models.event import OF_BOOKINGS

SOURCE = "rehearsal"
A_MOMENT = timedelta(seconds=1)
BOOKED_AHEAD = timedelta(days=2)
DATED = ("booking", "event_date")  # about a moment that staff choose; "yearly" is about a day


def begin(stage: Stage) -> None:
    """Bring everybody to the door; who comes in, and when, the runner says."""
    running = {
        "status": CascadeStatus.RUNNING,
        "version": stage.version,
        "listens_since": stage.script.start - A_MOMENT,
    }
    Cascade.objects.filter(pk=stage.cascade.pk).update(**running)
    stage.cascade.refresh_from_db()
    if stage.version.trigger in _BEGIN:
        _BEGIN[stage.version.trigger](stage)


def let_in(stage: Stage, now: datetime) -> int:
    """Whoever is to come in at this moment; returns how many did."""
    if stage.version.trigger in _ASKED_AT:
        return runner.listen_for(stage.cascade.pk, stage.contacts, now)
    if stage.version.trigger == "manual":
        return runner.enroll_due(now, only=stage.cascade.pk) if now == stage.script.start else 0
    return _enter(stage) if now == _enters_at(stage) else 0


def asked_at(stage: Stage, after: datetime) -> list[datetime]:
    """When somebody may come in, of the moments after that."""
    when = _ASKED_AT.get(stage.version.trigger)
    moments_asked = when(stage) if when else [_enters_at(stage)]
    return [at for at in moments_asked if at > after]


def default_date(name: str, params: Mapping[str, Any], start: datetime, zone: str) -> datetime | None:
    """The date that is proposed for it, or None where it is about none."""
    if name in DATED:
        by = timedelta(seconds=params.get("by") or 0)
        ahead = by + BOOKED_AHEAD if params.get("when", BEFORE) == BEFORE else timedelta(hours=1)
        return start.replace(minute=0, second=0, microsecond=0) + ahead
    if name == "yearly":
        place = timezones.named(zone) or timezones.UTC
        struck = calendar.at_local(
            start.astimezone(place).date(), time.fromisoformat(params.get("at") or "10:00"), place
        )
        return struck + timedelta(days=int(params.get("days") or 0) + (struck <= start))
    return None


def _start_by_hand(stage: Stage) -> None:
    script = stage.script
    Launch.objects.create(
        cascade=stage.cascade, version=stage.version, selection={"contacts": stage.contacts}, start_at=script.start,
        created_at=script.start, unknown_goes_on=script.unknown_goes_on,
    )  # fmt: skip


def _something_happens(stage: Stage) -> None:
    params, now = stage.version.trigger_params, stage.script.start
    if params["event"] in OF_BOOKINGS:
        _a_booking_changes(stage, params)
        return
    told = [
        events.Fact(pk, params["event"], now, f"{SOURCE}-{pk}", _details(params, pk), SOURCE) for pk in stage.contacts
    ]
    events.record_many(told, now=now)


def _a_booking_changes(stage: Stage, params: Mapping[str, Any]) -> None:
    """Made a day before, and now confirmed, moved, cancelled or ticked off; or made now."""
    now, event = stage.script.start, params["event"]
    before, over = now - timedelta(days=1), event in ("booking_attended", "booking_missed")
    kinds = [str(one["value"]) for one in params["where"] or () if one["field"] == "kind" and one["is"] == "is"]
    kind = kinds[0] if kinds else BookingKind.APPOINTMENT.value
    starts = now - timedelta(hours=1) if over else now.replace(minute=0, second=0, microsecond=0) + BOOKED_AHEAD
    slot = bookings.Slot(title=_("Haircut"), starts_at=starts, zone=stage.business.time_zone, kind=kind)
    for pk in stage.contacts:
        made = bookings.book(pk, slot, now=now if event == "booking_booked" else before).booking
        if event == "booking_moved":
            bookings.move(made.pk, replace(slot, starts_at=starts + timedelta(hours=3)), now=now)
        elif event in _CHANGES:
            _CHANGES[event](made.pk, now=now)


def _details(params: Mapping[str, Any], number: int) -> dict[str, Any]:
    """A cart or an order of which the conditions hold."""
    things: list[dict[str, Any]] = [{"sku": "A-1", "name": _("Shampoo"), "quantity": 1, "price": 12.5}]
    told: dict[str, Any] = {"number": "1001", "total": 49.9, "items": things}
    if params["key"]:
        _put(told, params["key"], f"{SOURCE}-{number}")
    for condition in params["where"] or ():
        if condition["is"] != "not":
            _put(told, condition["field"], condition["value"])
    return told


def _put(told: dict[str, Any], path: str, value: Any) -> None:
    """Where the path leads, also into the first thing of a list ("items[].category")."""
    first, _dot, rest = path.partition(".")
    if not rest:
        told[first] = value
    elif first.endswith("[]"):
        there = told.setdefault(first[:-2], [{}])
        _put(there[0], rest, value)
    else:
        inner = told.setdefault(first, {})
        _put(inner if isinstance(inner, dict) else told, rest, value)


def _is_booked(stage: Stage) -> None:
    params, now = stage.version.trigger_params, stage.script.start
    starts = _date(stage) or now
    branch = Branch.objects.filter(pk=params["branch"]).first() if params["branch"] else None
    slot = bookings.Slot(
        title=_("Haircut"), starts_at=starts, ends_at=starts + timedelta(hours=1), branch_id=branch.pk if branch else None,
        zone="" if branch else stage.business.time_zone, **({"kind": params["kind"]} if params["kind"] else {}),
    )  # fmt: skip
    for pk in stage.contacts:
        bookings.book(pk, slot, now=now)


def _has_their_day(stage: Stage) -> None:
    day, params = _day(stage), stage.version.trigger_params
    born = date(1992, day.month, day.day)
    people = Contact.objects.filter(pk__in=stage.contacts)
    if not params["detail"]:
        people.update(birth_date=born)
        return
    for one in people:
        one.attributes = {**one.attributes, params["detail"]: born.isoformat()}
        one.save(update_fields=["attributes"])


def _day(stage: Stage) -> date:
    zone = timezones.named(stage.business.time_zone) or timezones.UTC
    return (_date(stage) or stage.script.start).astimezone(zone).date()


def _a_date_is_told(stage: Stage) -> None:
    """The event with the date in it, so that texts can name it."""
    params, now = stage.version.trigger_params, stage.script.start
    about = (_date(stage) or now).isoformat()
    for pk in stage.contacts:
        told = {
            "number": "1001",
            params["field"]: about,
            **({params["key"]: f"{SOURCE}-{pk}"} if params["key"] else {}),
        }
        events.record(pk, params["event"], at=now, now=now, key=f"{SOURCE}-{pk}", data=told, source=SOURCE)


def _enters_at(stage: Stage) -> datetime:
    """At once, but for what comes after a date."""
    offset = _offset(stage)
    date = _date(stage)
    return date + offset if date and offset and offset > timedelta(0) else stage.script.start


def _offset(stage: Stage) -> timedelta | None:
    way_in = trigger(stage.version.trigger)
    return way_in.offset(stage.version.trigger_params) if way_in.dated else None


def _date(stage: Stage) -> datetime | None:
    name, params = stage.version.trigger, stage.version.trigger_params
    return stage.script.about or default_date(name, params, stage.script.start, stage.business.time_zone)


def _enter(stage: Stage) -> int:
    """Who comes in is known here; where it is about a date, that lies as far away as it would."""
    offset, date, now = _offset(stage), _date(stage), _enters_at(stage)
    anchor = date or (now - offset if offset is not None else None)
    told = dict(Event.objects.filter(source=SOURCE, contact__in=stage.contacts).values_list("contact_id", "pk"))
    people = [Contact.objects.filter(pk=pk).order_by() for pk in stage.contacts]
    about = [{"event": told[pk]} if pk in told else {} for pk in stage.contacts]
    entries = [Entry(who, SOURCE, anchor=anchor, context=context) for who, context in zip(people, about, strict=True)]
    return sum(runner.enroll(stage.version, entry, now=now) for entry in entries)


def _quiet_is_over(stage: Stage) -> Iterator[datetime]:
    params = stage.version.trigger_params
    heard = Event.objects.filter(contact__in=stage.contacts, name=params["event"], recorded_at__gte=stage.script.start)
    for at in heard.order_by().values_list("recorded_at", flat=True).distinct():
        yield at + timedelta(seconds=params["quiet"])


def _bookings_come_near(stage: Stage) -> Iterator[datetime]:
    params = stage.version.trigger_params
    by = timedelta(seconds=params["by"])
    theirs = Booking.objects.filter(contact__in=stage.contacts, starts_at__gt=stage.script.start - by - LEAD).order_by()
    for starts, ends in theirs.values_list("starts_at", "ends_at").distinct():
        at = (ends or starts) if params["of"] == END else starts
        yield at - by - LEAD if params["when"] == BEFORE else at + by
        yield at


def _the_hour_strikes(stage: Stage) -> Iterator[datetime]:
    params, day = stage.version.trigger_params, _day(stage)
    wall = time.fromisoformat(params["at"])
    people = Contact.objects.filter(pk__in=stage.contacts).order_by().annotate(zone=moments.ZONE)
    for name in people.values_list(F("zone"), flat=True).distinct():
        zone = timezones.named(name) or timezones.named(stage.business.time_zone) or timezones.UTC
        yield calendar.at_local(day - timedelta(days=params["days"]), wall, zone)


_CHANGES: dict[str, Callable[..., Any]] = {
    "booking_confirmed": bookings.confirm, "booking_cancelled": bookings.cancel, "booking_attended": bookings.attend,
    "booking_missed": bookings.miss,
}  # fmt: skip
_BEGIN: dict[str, Callable[[Stage], None]] = {
    "manual": _start_by_hand, "event": _something_happens, "booking": _is_booked, "yearly": _has_their_day,
    "event_date": _a_date_is_told,
}  # fmt: skip
_ASKED_AT: dict[str, Callable[[Stage], Iterator[datetime]]] = {
    "event": _quiet_is_over,
    "booking": _bookings_come_near,
    "yearly": _the_hour_strikes,
}
