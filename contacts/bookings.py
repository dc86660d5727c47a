"""Booking, moving, confirming, cancelling: the one writer of bookings. Each act locks its row, changes it once, and records the event."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction

from contacts import events, sessions, timezones
from contacts.bulk import Among
from contacts.events import Fact
from contacts.models import BookedBy, Booking, BookingKind, BookingStatus, Branch, Business
from contacts.models.booking import AHEAD

SOURCE = "bookings"  # of the events; with the booking's number and revision each change is told once


@dataclass(frozen=True, slots=True, kw_only=True)
class Slot:
    """What is booked, and when. starts_at, ends_at: aware; zone: IANA, "" for the branch's, else the business's.

    session_id: the class, where it is known; else a booking of the kind "class" joins the one of its title and time.
    """

    title: str
    starts_at: datetime
    ends_at: datetime | None = None
    zone: str = ""
    kind: str = BookingKind.APPOINTMENT.value
    branch_id: int | None = None
    place: str = ""
    session_id: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """The booking as it stands now, and whether this act changed it. `moved`: it was not done, because the time is another by now."""

    booking: Booking
    changed: bool
    moved: bool = False


@dataclass(frozen=True, slots=True)
class Teller:
    """Who says so: a BookedBy, and the member of staff, if it was one."""

    by: str = BookedBy.STAFF.value
    operator_id: int | None = None


STAFF = Teller()
PERSON = Teller(BookedBy.PERSON.value)
TOLD = Teller(BookedBy.API.value)


class Belongs(ValueError):
    """The booking is another person's."""


def book(
    contact_id: int, slot: Slot, *, now: datetime, source: str = "", external_id: str | None = None, who: Teller = STAFF
) -> Outcome:
    """Enter a booking. Told again under the same source and number, it moves the one that is there and never doubles it.

    One that was cancelled stays so, unless it is told with another time: then it was booked anew.
    """
    external_id = external_id or None
    fresh = Booking(
        contact_id=contact_id, source=source if external_id else "", external_id=external_id, created_at=now, updated_at=now,
        **_columns(slot),
    )  # fmt: skip
    try:
        with transaction.atomic():
            there = _there(source, external_id)
            if there is not None:
                return _rebook(there, slot, now, who)
            fresh.session_id = sessions.of(fresh, slot.session_id, now=now)
            fresh.save(force_insert=True)
            _tell(fresh, "booking_booked", now, who)
    except IntegrityError:
        if external_id is None or (there := _there(source, external_id, lock=False)) is None:
            raise
        with transaction.atomic():  # another worker was told of it in the same moment
            return _rebook(_locked(there.pk), slot, now, who)
    return Outcome(fresh, changed=True)


def move(booking_id: int, slot: Slot, *, now: datetime, who: Teller = STAFF) -> Outcome:
    """Give it another time, place or title. Another time asks the person again: what was confirmed was the old one."""
    with transaction.atomic():
        return _rebook(_locked(booking_id), slot, now, who)


def confirm(booking_id: int, *, now: datetime, who: Teller = PERSON, revision: int | None = None) -> Outcome:
    """The person will come. revision: of the booking as they saw it. Again is fine; what is over or cancelled stays as it is."""
    return _set(booking_id, BookingStatus.CONFIRMED, (BookingStatus.BOOKED,), now, who, revision)


def cancel(booking_id: int, *, now: datetime, who: Teller = PERSON, revision: int | None = None) -> Outcome:
    """It does not take place for this person. The person can say so until it starts, staff also afterwards."""
    return _set(booking_id, BookingStatus.CANCELLED, AHEAD, now, who, revision)


def attend(booking_id: int, *, now: datetime, who: Teller = STAFF) -> Outcome:
    """The person came; also where somebody had noted that they did not."""
    return _set(booking_id, BookingStatus.ATTENDED, (*AHEAD, BookingStatus.MISSED), now, who)


def miss(booking_id: int, *, now: datetime, who: Teller = STAFF) -> Outcome:
    """The person did not come; also where somebody had noted that they did."""
    return _set(booking_id, BookingStatus.MISSED, (*AHEAD, BookingStatus.ATTENDED), now, who)


def follow(
    contact_id: int | None, slot: Slot | None, status: str, *, source: str, external_id: str, now: datetime, who: Teller = TOLD
) -> Outcome | None:  # fmt: skip
    """Bring a booking that is kept elsewhere to where it stands there: entered, moved, confirmed, cancelled, ticked off.

    Told again it changes nothing. None: it is not known here, and there is nothing to enter (no time or no person, or it is cancelled).
    `Belongs`: it is another person's.
    """
    there = _there(source, external_id, lock=False)
    if there is None and (slot is None or contact_id is None or status == BookingStatus.CANCELLED):
        return None
    if there is not None and contact_id not in (None, there.contact_id):
        raise Belongs
    outcome = Outcome(there, changed=False) if there else None
    if slot is not None and (there is None or status in AHEAD):
        person = there.contact_id if there else contact_id
        outcome = book(person or 0, slot, now=now, source=source, external_id=external_id, who=who)
    act = {"confirmed": confirm, "cancelled": cancel, "attended": attend, "missed": miss}.get(status)
    if act is None or outcome is None:
        return outcome
    after = act(outcome.booking.pk, now=now, who=who)
    return Outcome(after.booking, changed=outcome.changed or after.changed)


def facts(booking_ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """What a message may say of these bookings, as they stand now, each with its `contact_id`; one statement, or none."""
    if not booking_ids:
        return {}
    found = Booking.objects.filter(Among("id", booking_ids)).select_related("branch", "session")
    return {booking.pk: fact_of(booking) for booking in found}


def fact_of(booking: Booking) -> dict[str, Any]:
    """The fields of `booking` in a text; the times by the clock of the place."""
    return {
        "title": booking.title, "kind": str(booking.get_kind_display()), "starts_at": booking.local(),
        "ends_at": booking.local(booking.ends_at) if booking.ends_at else None, "place": booking.where,
        "branch": booking.branch.name if booking.branch else "", "status": booking.status, "contact_id": booking.contact_id,
        "teacher": booking.session.teacher if booking.session else "",
    }  # fmt: skip


def _columns(slot: Slot) -> dict[str, Any]:
    return {
        "title": slot.title.strip()[:160], "starts_at": slot.starts_at, "ends_at": slot.ends_at, "kind": slot.kind,
        "branch_id": slot.branch_id, "place": slot.place.strip()[:255], "zone": slot.zone or _zone(slot.branch_id),
    }  # fmt: skip


def _zone(branch_id: int | None) -> str:
    branch = Branch.objects.filter(pk=branch_id).first() if branch_id else None
    own = branch.time_zone if branch else ""
    return own if timezones.named(own) else Business.current().time_zone or "UTC"


def _there(source: str, external_id: str | None, *, lock: bool = True) -> Booking | None:
    if external_id is None:
        return None
    found = Booking.objects.filter(source=source, external_id=external_id)
    return (found.select_for_update(of=("self",)) if lock else found).first()


def _locked(booking_id: int) -> Booking:
    """The row, ours until the caller's transaction ends; `Booking.DoesNotExist`."""
    return Booking.objects.select_for_update(of=("self",)).get(pk=booking_id)


def _rebook(booking: Booking, slot: Slot, now: datetime, who: Teller) -> Outcome:
    wanted = _columns(slot)
    if not slot.zone and slot.branch_id == booking.branch_id:
        wanted["zone"] = booking.zone
    changes = {name: value for name, value in wanted.items() if getattr(booking, name) != value}
    if not changes:
        return Outcome(booking, changed=False)
    other_time = "starts_at" in changes
    if other_time:
        changes |= {
            "status": BookingStatus.BOOKED.value, "confirmed_at": None, "cancelled_at": None, "cancelled_by": "", "moved_at": now,
        }  # fmt: skip
    before = {"was": booking.starts_at.isoformat()} if other_time else {}
    for name, value in changes.items():
        setattr(booking, name, value)
    booking.session_id = sessions.of(booking, slot.session_id, now=now)
    _write(booking, {**changes, "session_id": booking.session_id}, now)
    if other_time:
        _tell(booking, "booking_moved", now, who, before)
    return Outcome(booking, changed=True)


def _set(
    booking_id: int, status: BookingStatus, coming_from: Collection[str], now: datetime, who: Teller, revision: int | None = None
) -> Outcome:  # fmt: skip
    with transaction.atomic():
        booking = _locked(booking_id)
        late = who.by == BookedBy.PERSON and booking.is_over(now)
        if booking.status not in coming_from or late:
            return Outcome(booking, changed=False)
        if revision is not None and revision != booking.revision:
            return Outcome(booking, changed=False, moved=True)
        _write(booking, {"status": status.value, **_stamps(status, now, who)}, now)
        _tell(booking, f"booking_{status.value}", now, who)
    return Outcome(booking, changed=True)


def _stamps(status: BookingStatus, now: datetime, who: Teller) -> dict[str, Any]:
    if status == BookingStatus.CONFIRMED:
        return {"confirmed_at": now}
    return {"cancelled_at": now, "cancelled_by": who.by} if status == BookingStatus.CANCELLED else {}


def _write(booking: Booking, changes: Mapping[str, Any], now: datetime) -> None:
    for name, value in {**changes, "revision": booking.revision + 1, "updated_at": now}.items():
        setattr(booking, name, value)
    booking.save(update_fields=[*changes, "revision", "updated_at"])


def _tell(booking: Booking, name: str, now: datetime, who: Teller, more: Mapping[str, str] | None = None) -> None:
    events.record_many([told(booking, name, now, who, more)], now=now)


def told(booking: Booking, name: str, now: datetime, who: Teller, more: Mapping[str, str] | None = None) -> Fact:
    """The event of a change that was just made; each revision has one. more: what else it says, such as the time that it was at."""
    data = {
        "booking": booking.pk, "kind": booking.kind, "title": booking.title, "starts_at": booking.starts_at.isoformat(),
        "zone": booking.zone, "branch": booking.branch_id, "by": who.by, **(more or {}),
    }  # fmt: skip
    if booking.session_id:
        data["class"] = booking.session_id
    key = f"{booking.pk}:{booking.revision}"
    return Fact(booking.contact_id, name, now, key, data, SOURCE, who.operator_id)
