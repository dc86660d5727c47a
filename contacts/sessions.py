"""Which class a booking is a place in: the one of its title and time, found or made."""

from __future__ import annotations

from datetime import UTC, datetime
from hashlib import sha256

from contacts import bulk
from contacts.models import Booking, BookingKind, BookingStatus, ClassSession
from contacts.models.contact import fold

_COLUMNS = (
    "title", "teacher", "starts_at", "ends_at", "zone", "branch_id", "place", "places", "series", "made_for", "cancelled_at",
    "created_at",
)  # fmt: skip


def of(booking: Booking, wanted: int | None, *, now: datetime) -> int | None:
    """The class of a booking as it stands in memory, not saved yet; in the caller's transaction.

    wanted: the class, where the caller knows it. None for what is no class.
    """
    if wanted is not None or booking.kind != BookingKind.CLASS:
        return wanted
    there = booking.session if booking.session_id else None
    if there is not None and there.starts_at == booking.starts_at and fold(there.title) == fold(booking.title):
        return there.pk
    found = find(booking.title, booking.starts_at, booking.branch_id)
    return found.pk if found else _made_for(booking, now)


def find(title: str, starts_at: datetime, branch_id: int | None) -> ClassSession | None:
    """The class of this name at this time that takes place: at this branch, else one where either's branch is not known; the oldest."""
    wanted = fold(title)
    then = ClassSession.objects.filter(starts_at=starts_at, cancelled_at=None)
    near = [
        one for one in then if fold(one.title) == wanted and (branch_id in (None, one.branch_id) or not one.branch_id)
    ]
    return min(near, key=lambda one: (one.branch_id != branch_id, one.pk), default=None)


def taken(session_id: int) -> int:
    """How many places of the class are taken."""
    return Booking.objects.filter(session=session_id).exclude(status=BookingStatus.CANCELLED).count()


def _made_for(booking: Booking, now: datetime) -> int:
    """Two workers who are told of the same class in the same moment make one."""
    told = f"{fold(booking.title)}|{booking.starts_at.astimezone(UTC).isoformat()}|{booking.branch_id or ''}"
    mark = sha256(told.encode()).hexdigest()
    row = (
        booking.title, "", booking.starts_at, booking.ends_at, booking.zone, booking.branch_id, booking.place, None, None, mark, None,
        now,
    )  # fmt: skip
    bulk.insert(ClassSession, _COLUMNS, [row], ignore_conflicts=True)
    return ClassSession.objects.values_list("pk", flat=True).get(made_for=mark)
