"""What people agreed to and what they withdrew: written as lines of the ledger, and read as it stands."""

from datetime import datetime
from typing import Annotated, Literal, Self

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Router
from pydantic import BaseModel, Field, IPvAnyAddress, model_validator

from contacts import audit, consent, kinds, reasons, territory
from contacts.api.door import Key, Problem
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
    Text,
    find,
    refused,
    sorted_out,
)
from contacts.consent import Line
from contacts.models import Basis, Consent, ConsentPurpose, Integration, Scope
from contacts.privacy import handouts

router = Router(tags=["consent"])
_GROUNDS = Literal["express", "double", "soft", "contract"]


class Agreement(Shape):
    """What a person said about one channel. Who agreed: on what basis, where, to which words, and when; who withdrew: where and when."""

    channel: Annotated[Text, Field(max_length=20, description="email, sms, whatsapp, telegram ...")]
    given: bool
    purpose: Literal["marketing", "tracking"] = "marketing"
    basis: _GROUNDS | None = Field(None, description="Needed where `given` is true.")
    source: Named = Field(description="Where it was said, for people: “form on the website”.")
    wording: Annotated[
        Text, Field(max_length=2000, description="What the person read. Needed where `given` is true.")
    ] = ""
    at: Moment
    expires_at: Moment | None = None
    ip: IPvAnyAddress | None = None

    @model_validator(mode="after")
    def _is_proven(self) -> Self:
        if self.channel not in {kind.name for kind in kinds.all_kinds()}:
            raise ValueError(_("There is no channel “%(name)s”.") % {"name": self.channel})
        if self.given and not (self.basis and self.wording):
            raise ValueError(_("Consent needs its basis and the wording that the person read."))
        if self.at > timezone.now():
            raise ValueError(_("Nobody can have said this in the future."))
        return self


class Said(Agreement):
    """The same, with the person."""

    person: Person


class ConsentsIn(Shape):
    """At most 1,000 lines."""

    consents: Annotated[list[Annotated[Said, Lenient]], Field(min_length=1, max_length=MOST)]


class Standing(BaseModel):
    """What counts now for a channel and a purpose."""

    channel: str
    purpose: str
    given: bool
    basis: str
    source: str
    wording: str
    at: datetime
    expires_at: datetime | None = None


class Standings(BaseModel):
    """A person's consents as they stand."""

    contact: int
    consents: list[Standing]


def line_of(said: Agreement, contact_id: int, teller: Integration) -> Line:
    """As a line of the ledger; the source names the program that told it."""
    basis = said.basis if said.given and said.basis else Basis.WITHDRAWAL.value
    return Line(
        contact_id, said.channel, given=said.given, basis=basis, source=f"{said.source} ({teller.name})"[:120], purpose=said.purpose,
        wording=said.wording, at=said.at, expires_at=said.expires_at, ip=str(said.ip) if said.ip else None,
    )  # fmt: skip


@router.post(
    "/consents",
    auth=Key(Scope.CONSENT_WRITE, by_branch=True),
    response={200: Results, 422: Refusal},
    summary="Report consent and withdrawal",
)
@once
def say(request: HttpRequest, told: ConsentsIn) -> Results:
    """A withdrawal always counts. What was withdrawn comes back only where the person agreed again, expressly and later."""
    now = timezone.now()
    faults, good = sorted_out(told.consents, Said)
    results = {one.index: one for one in faults}
    lines: dict[int, Line] = {}
    people = find([one.person for _n, one in good], now=now, mine=territory.of(request.auth))  # type: ignore[attr-defined]
    for (n, one), who in zip(good, people, strict=True):
        if who.contact_id is None:
            results[n] = refused(n, who.problem, field="person")
            continue
        lines[n] = line_of(one, who.contact_id, request.auth)  # type: ignore[attr-defined]
        results[n] = Result(index=n, status="done", contact=who.contact_id)
    numbers = {id(line): n for n, line in lines.items()}
    for refusal in consent.record_imported(lines.values(), now=now, anew=True) if lines else ():
        n = numbers[id(refusal.line)]
        results[n] = refused(n, reasons.say(refusal.reason, refusal.params), code=refusal.reason)
    answer = Results.of([results[n] for n in sorted(results)])
    audit.told(Consent, _("Reported consent and withdrawal."), answer.changed)
    return answer


@router.get(
    "/consents",
    auth=Key(Scope.CONSENT_READ, by_branch=True),
    response={200: Standings, 404: Refusal, 422: Refusal},
    summary="Read consent",
)
def read(
    request: HttpRequest,
    id: int | None = None,  # noqa: A002
    external_id: str | None = None,
    email: str | None = None,
    phone: str | None = None,
) -> Standings:
    """Of the person with this number, email or phone."""
    contact_id = the_one(request, id, external_id, email, phone)
    handouts.read_by(request.auth.name, "consents", 1, now=timezone.now())  # type: ignore[attr-defined]
    lines = consent.newest([contact_id], ConsentPurpose.values).values()
    return Standings(contact=contact_id, consents=[_standing(line) for line in lines])


def the_one(
    request: HttpRequest, number: int | None, external_id: str | None, email: str | None, phone: str | None
) -> int:
    """The contact whom the parameters of an address name; 404 or 422 with a sentence."""
    try:
        person = Person(id=number, external_id=external_id, email=email, phone=phone)
    except ValueError:
        raise Problem(422, "invalid", _("This is no number or address of a person.")) from None
    if any("\0" in text for text in (external_id or "", email or "", phone or "")):
        raise Problem(422, "invalid", _("This is no number or address of a person."))
    found = find([person], now=timezone.now(), mine=territory.of(request.auth))[0]  # type: ignore[attr-defined]
    if found.contact_id is None:
        raise Problem(404, "nobody", found.problem)
    return found.contact_id


def _standing(line: Consent) -> Standing:
    return Standing(
        channel=line.kind, purpose=line.purpose, given=line.given, basis=line.basis, source=line.source, wording=line.wording, at=line.at,
        expires_at=line.expires_at,
    )  # fmt: skip
