"""A class for all at once: entered, moved, cancelled, people put on its roster and ticked off. A statement for all, not one for each."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import F

from contacts import bookings, bulk, events, territory, timezones
from contacts.bookings import STAFF, Teller
from contacts.calendar import at_local
from contacts.models import Booking, BookingKind, BookingStatus, ClassSession
from contacts.models.booking import AHEAD

MOST = 500  # people put on a roster at once
MOST_WEEKS = 52
TICKED = (BookingStatus.ATTENDED, BookingStatus.MISSED)
_COPIED = ("title", "starts_at", "ends_at", "zone", "branch_id", "place")  # of a class, in each of its bookings


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What a class is. starts_at, ends_at: aware; zone: IANA; places: None for as many as come."""

    title: str
    starts_at: datetime
    ends_at: datetime
    zone: str
    teacher: str = ""
    branch_id: int | None = None
    place: str = ""
    places: int | None = None


class Full(ValueError):
    """The class has no places left for them."""

    def __init__(self, session: ClassSession, free: int, asked: int) -> None:
        super().__init__(str(session))
        self.session, self.free, self.asked = session, max(free, 0), asked


class Off(ValueError):
    """The class was cancelled."""


@dataclass(frozen=True, slots=True)
class Ticked:
    """How many were ticked off, and how many not, because somebody else had done it meanwhile."""

    done: int
    stale: int


def enter(plan: Plan, *, now: datetime, weeks: int = 1) -> list[int]:
    """Make the class, and the same one in the following weeks at the same hour of the clock there; their ids in the order of time."""
    series = uuid.uuid4() if weeks > 1 else None
    made = [
        ClassSession(series=series, created_at=now, **_fields(_shifted(plan, plan.starts_at, days=7 * week)))
        for week in range(weeks)
    ]
    return [one.pk for one in ClassSession.objects.bulk_create(made)]


def change(session_id: int, plan: Plan, *, now: datetime, who: Teller = STAFF, following: bool = False) -> int:
    """Give the class another time, name, place or teacher; returns how many people it was moved for.

    following: the same for those of its series that come after it, each moved by as many days and to the same hour.
    """
    moved = 0
    with transaction.atomic():
        these = _these(session_id, following=following)
        days = (plan.starts_at.astimezone(_clock(plan.zone)).date() - these[0].local().date()).days
        for one in these:
            wanted = plan if one.pk == session_id else _shifted(plan, one.starts_at, days=days)
            moved += _change(one, wanted, now, who)
    return moved


def cancel(session_id: int, *, now: datetime, who: Teller = STAFF, following: bool = False) -> int:
    """The class does not take place; each booking that was still to come is cancelled with it. Returns how many. Again is fine."""
    with transaction.atomic():
        these = [one.pk for one in _these(session_id, following=following)]
        ClassSession.objects.filter(pk__in=these, cancelled_at=None).update(cancelled_at=now, made_for=None)
        coming = _locked(these, AHEAD)
        changes = {"status": BookingStatus.CANCELLED.value, "cancelled_at": now, "cancelled_by": who.by}
        return _written(coming, changes, "booking_cancelled", now, who)


def put_on(
    session_id: int, contact_ids: Collection[int], *, now: datetime, who: Teller = STAFF, following: bool = False
) -> int:  # fmt: skip
    """Book a place for each of these people who has none yet; returns how many places. All or none: Full, Off."""
    with transaction.atomic():
        fresh: list[Booking] = []
        these = _these(session_id, following=following)
        taken = _taken([one.pk for one in these])
        for one in these:
            wanted = sorted(set(contact_ids) - set(taken[one.pk]))
            free = one.places - len(taken[one.pk]) if one.places is not None else len(wanted)
            if one.cancelled_at is not None:
                raise Off(one)
            if len(wanted) > free:
                raise Full(one, free, len(wanted))
            fresh += [_place(one, contact_id, now) for contact_id in wanted]
        made = Booking.objects.bulk_create(fresh)
        events.record_many([bookings.told(one, "booking_booked", now, who) for one in made], now=now)
        ClassSession.objects.filter(pk__in=[one.pk for one in these]).update(made_for=None)
    return len(made)


def tick(session_id: int, said: Mapping[int, tuple[str, str]], *, now: datetime, who: Teller = STAFF) -> Ticked:
    """Note who came and who did not. said: booking -> (status as the page showed it, status now)."""
    with transaction.atomic():
        _these(session_id)
        there = {one.pk: one for one in _locked([session_id], (*AHEAD, *TICKED))}
        wanted = {pk: (was, now_is) for pk, (was, now_is) in said.items() if now_is in TICKED and now_is != was}
        fresh = [pk for pk, (was, _is) in wanted.items() if pk in there and there[pk].status == was]
        done = 0
        for status in TICKED:
            rows = [there[pk] for pk in fresh if wanted[pk][1] == status]
            done += _written(rows, {"status": status.value}, f"booking_{status.value}", now, who)
        stale = sum(pk not in there or there[pk].status != is_now for pk, (_was, is_now) in wanted.items())
    return Ticked(done, stale)


def tick_rest(
    session_id: int, status: str, *, now: datetime, who: Teller = STAFF, mine: territory.Territory = None
) -> int:
    """The same for all of whom nothing was said yet; returns how many. mine: only the people of these branches."""
    theirs = Booking.objects.filter(territory.within(Booking, mine), session=session_id, status__in=AHEAD)
    coming = theirs.values_list("pk", "status")
    return tick(session_id, {pk: (was, status) for pk, was in coming}, now=now, who=who).done


def _these(session_id: int, *, following: bool = False) -> list[ClassSession]:
    """The class, locked, and those of its series that come after it and take place, in the order of time."""
    locked = ClassSession.objects.select_for_update(of=("self",), no_key=True)
    first = locked.get(pk=session_id)
    if not following or first.series is None:
        return [first]
    later = locked.filter(series=first.series, starts_at__gt=first.starts_at, cancelled_at=None)
    return [first, *later.order_by("starts_at", "pk")]


def _locked(session_ids: Sequence[int], statuses: Iterable[str]) -> list[Booking]:
    found = Booking.objects.select_for_update(of=("self",)).filter(session__in=session_ids, status__in=list(statuses))
    return list(found.order_by("pk"))


def _taken(session_ids: Sequence[int]) -> dict[int, list[int]]:
    """Who has a place in each; somebody who came with two has two."""
    rows = Booking.objects.filter(session__in=session_ids).exclude(status=BookingStatus.CANCELLED)
    found: dict[int, list[int]] = {pk: [] for pk in session_ids}
    for session_id, contact_id in rows.values_list("session_id", "contact_id"):
        found[session_id or 0].append(contact_id)
    return found


def _change(session: ClassSession, plan: Plan, now: datetime, who: Teller) -> int:
    wanted, before = _fields(plan), session.starts_at
    if all(getattr(session, name) == value for name, value in wanted.items()):
        return 0
    for name, value in wanted.items():
        setattr(session, name, value)
    session.made_for = None
    session.save()
    copied = {name: wanted[name] for name in _COPIED}
    if session.starts_at == before:
        Booking.objects.filter(session=session, status__in=AHEAD).update(
            **copied, revision=F("revision") + 1, updated_at=now
        )
        return 0
    Booking.objects.filter(session=session, status__in=TICKED).update(**copied)
    asked_anew = {**copied, "status": BookingStatus.BOOKED.value, "confirmed_at": None, "moved_at": now}
    return _written(_locked([session.pk], AHEAD), asked_anew, "booking_moved", now, who, {"was": before.isoformat()})


def _written(
    rows: Sequence[Booking], changes: Mapping[str, Any], event: str, now: datetime, who: Teller, more: Mapping[str, str] | None = None
) -> int:  # fmt: skip
    """The same change of all these bookings, and an event of each: two statements."""
    if not rows:
        return 0
    changed = Booking.objects.filter(bulk.Among("id", [one.pk for one in rows]))
    changed.update(**changes, revision=F("revision") + 1, updated_at=now)
    for one in rows:
        for name, value in {**changes, "revision": one.revision + 1}.items():
            setattr(one, name, value)
    events.record_many([bookings.told(one, event, now, who, more) for one in rows], now=now)
    return len(rows)


def _place(session: ClassSession, contact_id: int, now: datetime) -> Booking:
    copied = {name: getattr(session, name) for name in _COPIED}
    return Booking(
        contact_id=contact_id, session=session, kind=BookingKind.CLASS, created_at=now, updated_at=now, **copied
    )


def _fields(plan: Plan) -> dict[str, Any]:
    return {
        "title": plan.title.strip()[:160], "teacher": plan.teacher.strip()[:120], "starts_at": plan.starts_at, "ends_at": plan.ends_at,
        "zone": plan.zone, "branch_id": plan.branch_id, "place": plan.place.strip()[:255], "places": plan.places,
    }  # fmt: skip


def _shifted(plan: Plan, from_: datetime, *, days: int) -> Plan:
    """The plan at its own hour of the clock, so many days after that instant's day."""
    zone = _clock(plan.zone)
    day = from_.astimezone(zone).date() + timedelta(days=days)
    starts = at_local(day, plan.starts_at.astimezone(zone).time(), zone)
    return Plan(
        title=plan.title, teacher=plan.teacher, starts_at=starts, ends_at=starts + (plan.ends_at - plan.starts_at), zone=plan.zone,
        branch_id=plan.branch_id, place=plan.place, places=plan.places,
    )  # fmt: skip


def _clock(name: str) -> Any:
    return timezones.named(name) or timezones.UTC
