"""Bookings that are kept in another program: brought here to where they stand there. A booking that is sent again moves, never doubles."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Router
from pydantic import Field, model_validator

from contacts import audit, bookings, territory, timezones
from contacts.api.door import Key
from contacts.api.once import once
from contacts.api.shapes import (
    MOST,
    Lenient,
    Moment,
    Named,
    Person,
    Refusal,
    Result,
    Results,
    Shape,
    Short,
    Text,
    find,
    refused,
    sorted_out,
)
from contacts.bookings import Belongs, Slot
from contacts.intake import Found
from contacts.models import Booking, Branch, Scope
from contacts.models.contact import fold

router = Router(tags=["bookings"])


class BookingIn(Shape):
    """The booking. For one that is known here already, its number is enough to confirm, cancel or tick it off."""

    number: Annotated[Named, Field(max_length=100, description="Of the booking in your system.")]
    title: Annotated[Text, Field(max_length=160)] = ""
    starts_at: Moment | None = None
    ends_at: Moment | None = None
    kind: Annotated[
        Literal["appointment", "class"],
        Field(description="A class booking joins the roster of the class with its title, start and branch."),
    ] = "appointment"
    branch: Short | None = None
    place: Text = ""
    zone: Annotated[
        Text, Field(max_length=64, description="Europe/Madrid; else that of the branch or the business.")
    ] = ""

    @model_validator(mode="after")
    def _makes_sense(self) -> Self:
        if self.starts_at and self.ends_at and self.ends_at < self.starts_at:
            raise ValueError(_("The end must be after the start."))
        if self.starts_at and not self.title:
            raise ValueError(_("Say what is booked."))
        if self.zone and timezones.named(self.zone) is None:
            raise ValueError(_("“%(zone)s” is not a time zone. Write it as Europe/Madrid.") % {"zone": self.zone})
        return self


class BookingRow(BookingIn):
    """The same, with the person and how it stands."""

    person: Person
    status: Literal["booked", "confirmed", "cancelled", "attended", "missed"] = "booked"
    create: bool = False


class BookingsIn(Shape):
    """At most 1,000 bookings."""

    bookings: Annotated[list[Annotated[BookingRow, Lenient]], Field(min_length=1, max_length=MOST)]


@dataclass(frozen=True, slots=True)
class Kept:
    """A booking as another program keeps it, with its place in the caller's list."""

    index: int
    booking: BookingIn
    status: str
    who: Found


@router.post(
    "/bookings",
    auth=Key(Scope.BOOKINGS_WRITE, by_branch=True),
    response={200: Results, 422: Refusal},
    summary="Enter, move, cancel bookings",
)
@once
def tell(request: HttpRequest, told: BookingsIn) -> Results:
    """Each under its number in your system. Sent again with another time it moves; one that was cancelled comes back with another time."""
    now, mine = timezone.now(), territory.of(request.auth)  # type: ignore[attr-defined]
    results, good = sorted_out(told.bookings, BookingRow)
    people = find([one.person for _n, one in good], now=now, mine=mine, create=[one.create for _n, one in good])
    kept = [Kept(n, one, one.status, who) for (n, one), who in zip(good, people, strict=True)]
    results += apply(kept, request.auth.source, now=now, mine=mine)  # type: ignore[attr-defined]
    answer = Results.of(sorted(results, key=lambda one: one.index))
    audit.told(Booking, _("Entered, moved or cancelled bookings."), answer.changed)
    return answer


def apply(kept: Sequence[Kept], source: str, *, now: datetime, mine: territory.Territory = None) -> list[Result]:
    """Bring each to where it stands; one result for each."""
    branches = (
        {fold(name): pk for pk, name in Branch.objects.filter(territory.within(Branch, mine)).values_list("id", "name")}
        if kept
        else {}
    )
    return [_apply(one, source, branches, now) for one in kept]


def _apply(kept: Kept, source: str, branches: dict[str, int], now: datetime) -> Result:
    told, who = kept.booking, kept.who
    if who.contact_id is None:
        return refused(kept.index, who.problem, field="person")
    branch = fold(told.branch or "")
    if branch and branch not in branches:
        return refused(kept.index, _("There is no branch “%(name)s”.") % {"name": told.branch}, field="branch")
    slot = _slot(told, branches.get(branch))
    try:
        outcome = bookings.follow(who.contact_id, slot, kept.status, source=source, external_id=told.number, now=now)
    except Belongs:
        return refused(kept.index, _("This booking is another person's."), field="person")
    if outcome is None:
        return refused(
            kept.index, _("No booking has this number here. To enter it, say what is booked and when."), field="number"
        )
    status = "changed" if outcome.changed else "unchanged"
    return Result(index=kept.index, status=status, contact=outcome.booking.contact_id, id=outcome.booking.pk)


def _slot(told: BookingIn, branch_id: int | None) -> Slot | None:
    if told.starts_at is None:
        return None
    more: dict[str, Any] = {"kind": told.kind, "place": told.place, "zone": told.zone, "branch_id": branch_id}
    return Slot(title=told.title, starts_at=told.starts_at, ends_at=told.ends_at, **more)
