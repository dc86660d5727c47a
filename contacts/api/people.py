"""Contacts told by another program: made or changed in bulk, with their groups and with consent where its proof is given."""

from datetime import datetime
from typing import Annotated, Any

from django.http import HttpRequest
from django.utils import timezone
from ninja import Router
from pydantic import Field

from contacts import consent, intake, reasons, territory
from contacts.api.agreeing import Agreement, line_of
from contacts.api.door import Key
from contacts.api.once import once
from contacts.api.shapes import MOST, Lenient, Refusal, Result, Results, Shape, Short, Text, refused, sorted_out
from contacts.importing.planning import Outcome
from contacts.models import RowOutcome, Scope

router = Router(tags=["contacts"])
_STATUS = {RowOutcome.NEW: "created", RowOutcome.CHANGED: "changed", RowOutcome.UNCHANGED: "unchanged"}


class ContactIn(Shape):
    """A person. Found by the number in your system, else by an email, else by a phone; else made. What is left out stays as it is."""

    external_id: Annotated[Text, Field(max_length=100)] | None = None
    email: Text | None = None
    emails: Annotated[list[Text], Field(max_length=10)] = []
    phone: Text | None = None
    phones: Annotated[list[Text], Field(max_length=10)] = []
    first_name: Short | None = None
    last_name: Short | None = None
    language: Text | None = None
    time_zone: Text | None = None
    birth_date: Text | None = None
    city: Short | None = None
    branch: Short | None = None
    notes: Annotated[Text, Field(max_length=5000)] | None = None
    groups: Annotated[
        list[Short], Field(max_length=50, description="Names; those that are not there yet are made.")
    ] = []
    attributes: Annotated[dict[Short, str | int | float | bool | None], Field(max_length=100)] = {}
    consents: Annotated[list[Agreement], Field(max_length=20)] = []

    def told(self) -> dict[str, Any]:
        one = self.model_dump(exclude={"email", "phone", "consents"})
        one["emails"] = [*([self.email] if self.email else []), *self.emails]
        one["phones"] = [*([self.phone] if self.phone else []), *self.phones]
        return one


class ContactsIn(Shape):
    """At most 1,000 people."""

    contacts: Annotated[list[Annotated[ContactIn, Lenient]], Field(min_length=1, max_length=MOST)]


@router.post(
    "/contacts",
    auth=Key(Scope.CONTACTS_WRITE, by_branch=True),
    response={200: Results, 422: Refusal},
    summary="Make or change contacts",
)
@once
def upsert(request: HttpRequest, told: ContactsIn) -> Results:
    """Each is found or made by itself: one that is refused does not refuse the others.

    Consent is written only where it is stated with its basis, source, wording and time. What a person withdrew comes back only where they
    agreed again, expressly and later.
    """
    now = timezone.now()
    cleaner = intake.Cleaner(now, territory.of(request.auth))  # type: ignore[attr-defined]
    found, good = sorted_out(told.contacts, ContactIn)
    outcomes = intake.take_in([cleaner.row(n, one.told()) for n, one in good], cleaner, now=now)
    intake.write_down(outcomes)
    notes = _agree(request, good, outcomes, now)
    for (n, _one), outcome in zip(good, outcomes, strict=True):
        if outcome.outcome in (RowOutcome.REFUSED, RowOutcome.CONFLICT):
            found.append(refused(n, outcome.reason))
            continue
        said = [str(note) for note in (*outcome.notes, *notes.get(n, ()))]
        found.append(Result(index=n, status=_STATUS[outcome.outcome], contact=outcome.contact_id, notes=said or None))
    return Results.of(sorted(found, key=lambda one: one.index))


def _agree(
    request: Any, good: list[tuple[int, ContactIn]], outcomes: list[Outcome], now: datetime
) -> dict[int, list[str]]:
    """Write what they said; the sentences on what was not taken, by item."""
    lines, of = [], {}
    for (n, one), outcome in zip(good, outcomes, strict=True):
        for said in one.consents if outcome.contact_id else ():
            line = line_of(said, outcome.contact_id or 0, request.auth)
            lines.append(line)
            of[id(line)] = n
    notes: dict[int, list[str]] = {}
    for refusal in consent.record_imported(lines, now=now, anew=True) if lines else ():
        notes.setdefault(of[id(refusal.line)], []).append(reasons.say(refusal.reason, refusal.params))
    return notes
