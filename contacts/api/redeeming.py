"""Vouchers for tills and shops: a code is looked up, and redeemed once."""

from datetime import datetime
from typing import Annotated

from django.http import HttpRequest
from django.utils import timezone
from django.utils.translation import gettext as _
from ninja import Router
from pydantic import BaseModel, Field, StringConstraints

from contacts import audit, integrations, territory, vouchers
from contacts.api.door import Key, Problem
from contacts.api.once import once
from contacts.api.shapes import Person, Refusal, Shape, Short, find
from contacts.intake import there
from contacts.models import Scope

router = Router(tags=["vouchers"])
A_GUESS = 20  # so many calls does a code cost that there is not: a key that guesses is soon told to wait

Code = Annotated[str, StringConstraints(min_length=1, max_length=60)]


class VoucherOut(BaseModel):
    """What is known of a code. `valid`: it can be redeemed now; `why`: else the reason, as a word and as a sentence."""

    code: str
    offer: str
    name: str
    gives: str
    terms: str
    valid: bool
    why: str = Field(description="empty, whose, not_theirs, redeemed, expired, not_given, or over")
    sentence: str
    contact: int | None = None
    issued_at: datetime | None = None
    expires_at: datetime | None = None
    redeemed_at: datetime | None = None
    redeemed_where: str | None = None
    practice: bool = False


class RedeemIn(Shape):
    """`reference`: your receipt's number; told again with the same one, the first time stands. `person`: for a code that many have."""

    reference: Annotated[Short, Field(max_length=100)] = ""
    where: Annotated[Short, Field(description="The branch or the till; else your integration's name.")] = ""
    person: Person | None = None


@router.get(
    "/vouchers/{code}", auth=Key(Scope.VOUCHERS_REDEEM, by_branch=True), response={200: VoucherOut, 404: Refusal},
    summary="Look a voucher up", exclude_none=True,
)  # fmt: skip
def read(request: HttpRequest, code: Code) -> VoucherOut:
    """However the code is typed: small letters, blanks and dashes do not matter."""
    return _shown(_found(request, code, None, timezone.now()))


@router.post(
    "/vouchers/{code}/redeem", auth=Key(Scope.VOUCHERS_REDEEM, by_branch=True), response={200: VoucherOut, 404: Refusal, 409: Refusal},
    summary="Redeem a voucher", exclude_none=True,
)  # fmt: skip
@once
def take(request: HttpRequest, code: Code, told: RedeemIn) -> VoucherOut:
    """Once: a code that was redeemed before is refused with 409, and the sentence says when and where."""
    now, till = timezone.now(), request.auth  # type: ignore[attr-defined]
    found = _found(request, code, told.person, now)
    if found.voucher is None:
        raise Problem(409, found.problem, found.sentence, field="person")
    reference = f"{till.pk}:{told.reference}" if told.reference else ""
    try:
        vouchers.redeem(found.voucher, now=now, where=told.where or till.name, reference=reference[:100])
    except vouchers.NotRedeemable as refused:
        raise Problem(409, refused.code, str(refused)) from None
    audit.done(found.voucher, _("The voucher was redeemed."))
    return _shown(vouchers.look_up(code, now=now, contact_id=found.voucher.contact_id) or found)


def _found(request: HttpRequest, code: str, person: Person | None, now: datetime) -> vouchers.Found:
    contact_id, mine = None, territory.of(request.auth)  # type: ignore[attr-defined]
    if person is not None:
        met = find([person], now=now, mine=mine)[0]
        if met.contact_id is None:
            raise Problem(404, "nobody", met.problem, field="person")
        contact_id = met.contact_id
    found = vouchers.look_up(code, now=now, contact_id=contact_id)
    if found is None or not _is_theirs(found, mine):
        integrations.charge(request.auth.pk, A_GUESS)  # type: ignore[attr-defined]
        raise Problem(404, "unknown_code", _("There is no such code. Compare it letter by letter."))
    return found


def _is_theirs(found: vouchers.Found, mine: territory.Territory) -> bool:
    """What was given to the people of other branches is to a limited key as if it were not there."""
    holder = found.voucher.contact_id if found.voucher else None
    return mine is None or holder is None or holder in there([holder], mine)


def _shown(found: vouchers.Found) -> VoucherOut:
    one, offer = found.voucher, found.offer
    told = VoucherOut(
        code=one.code if one else offer.code, offer=offer.slug, name=offer.name, gives=offer.gives, terms=offer.terms, valid=found.ok,
        why=found.problem, sentence=found.sentence,
    )  # fmt: skip
    if one is None:
        return told
    told.contact, told.issued_at, told.expires_at, told.practice = (
        one.contact_id,
        one.issued_at,
        one.expires_at,
        one.practice,
    )
    told.redeemed_at, told.redeemed_where = one.redeemed_at, one.redeemed_where or None
    return told
