"""Browsers that subscribe to web push, get another address from their push service, and leave. What they are is told by their endpoint."""

from __future__ import annotations

from datetime import datetime
from hashlib import sha256

from django.db import transaction
from django.db.models import QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from channels import joining, receipts
from channels.models import Channel, Invitation
from channels.transport import Fact, Inbound
from channels.transports.webpush import INVITED, WEBPUSH
from channels.transports.webpush.subscription import Subscription, start_of
from contacts import arrivals, consent
from contacts.consent import Line
from contacts.models import Address, Basis, Business, Consent, ConsentPurpose, Validity
from contacts.models.contact import fingerprint

KIND = WEBPUSH.name
_MARKETING = ConsentPurpose.MARKETING.value
_BY_LEAVING = "left"


def channel_of(token: str) -> tuple[Channel | None, Invitation | None]:
    """The channel that a page subscribes to, and the invitation it was opened by: that channel, else the first that is in use."""
    invitation = (
        Invitation.objects.select_related("contact", "channel").filter(token=token).first()
        if 0 < len(token) <= 22
        else None
    )
    own = invitation.channel if invitation else None
    if own is not None and own.kind == KIND and own.active:
        return own, invitation
    return Channel.objects.filter(kind=KIND, active=True).order_by("position", "id").first(), invitation


def may_join(channel: Channel, invitation: Invitation | None, found: Subscription | None, now: datetime) -> bool:
    """Whether somebody may subscribe: anybody, or whoever has an invitation that holds, or has subscribed with this browser before."""
    if channel.settings.get("who") != INVITED or (invitation is not None and invitation.holds(now)):
        return True
    return found is not None and _with_endpoint(found.endpoint).exists()


def wording(business: Business) -> str:
    """What somebody agrees to by pressing the button, in the language in force."""
    return joining.wording(KIND, ConsentPurpose.MARKETING, business)


def subscribe(
    channel: Channel, found: Subscription, *, token: str = "", name: str = "", language: str, ip: str = "", now: datetime,
    user_agent: str = "",
) -> int:  # fmt: skip
    """The button was pressed: the browser is the person's address, and the ledger has what they agreed to. Returns the contact's id.

    The same browser again is the same address; with another personal invitation it is also that person's.
    """
    respell(found)
    mark = sha256(f"{found.normal} {token} {now.isoformat()}".encode()).hexdigest()[:40]
    told = Inbound(
        Fact.JOINED,
        f"push:{mark}",
        address=found.normal,
        at=now,
        invitation=token,
        name=name,
        language=language,
        ip=ip,
        user_agent=user_agent,
    )
    receipts.apply(channel, [told], now=now)
    person = _who(channel, told)
    _agree(person, found, language=language, ip=ip, user_agent=user_agent, now=now)
    return person


def respell(found: Subscription, old_endpoint: str = "") -> bool:
    """Whoever had this endpoint (or the one before) has it with these keys now; False if nobody had it."""
    with transaction.atomic():
        arrivals.one_at_a_time()
        rows = list(_with_endpoint(old_endpoint or found.endpoint))
        for address in rows:
            twin = Address.objects.filter(contact_id=address.contact_id, kind=KIND, normal=found.normal)
            if address.normal == found.normal:
                continue
            if twin.exists():
                address.delete()
                continue
            address.value = address.normal = found.normal
            address.fingerprint = fingerprint(KIND, found.normal)
            address.save()
    return bool(rows)


def is_on(endpoint: str) -> bool:
    """Whether news go to this browser: its address works, and somebody who has it wants them."""
    people = list(_with_endpoint(endpoint).filter(validity=Validity.OK).values_list("contact_id", flat=True))
    lines = consent.newest(people, [_MARKETING]) if people else {}
    return any(_given(lines.get((person, KIND, _MARKETING))) for person in people)


def leave(endpoint: str, *, language: str, ip: str = "", user_agent: str = "", now: datetime) -> None:
    """This browser wants no more. Whoever has no other one that works has withdrawn."""
    with transaction.atomic():
        rows = list(_with_endpoint(endpoint).filter(validity=Validity.OK))
        people = sorted(consent.lock_contacts({row.contact_id for row in rows}))
        Address.objects.filter(pk__in=[row.pk for row in rows]).update(
            validity=Validity.INVALID, invalid_reason=_BY_LEAVING
        )
        others = Address.objects.filter(contact_id__in=people, kind=KIND, validity=Validity.OK)
        still = set(others.values_list("contact_id", flat=True))
        held = consent.newest(people, [_MARKETING])
        done = [person for person in people if person not in still and _given(held.get((person, KIND, _MARKETING)))]
        address = {row.contact_id: row.normal for row in rows}
        consent.record(
            [
                Line(
                    person, KIND, given=False, basis=Basis.WITHDRAWAL, source=_source(), language=language,
                    address=address[person], ip=ip or None, user_agent=user_agent,
                )
                for person in done
            ],
            now=now,
        )  # fmt: skip


def _with_endpoint(endpoint: str) -> QuerySet[Address]:
    return Address.objects.filter(kind=KIND, normal__startswith=start_of(endpoint))


def _who(channel: Channel, told: Inbound) -> int:
    """The invited person comes before others who have the same browser."""
    meant = Invitation.objects.filter(token=told.invitation).values_list("contact_id", flat=True).first()
    owners = arrivals.owners(channel.address_kind, [told.address])[told.address]
    return meant if meant in owners else owners[0]


def _agree(person: int, found: Subscription, *, language: str, ip: str, user_agent: str, now: datetime) -> None:
    """What the page showed, word for word, unless the invitation has brought it already."""
    held = consent.newest([person], [_MARKETING]).get((person, KIND, _MARKETING))
    if _given(held):
        return
    with translation.override(language):
        said = wording(Business.current())
    line = Line(
        person, KIND, given=True, basis=Basis.EXPRESS, source=_source(), wording=said, language=language, address=found.normal,
        ip=ip or None, user_agent=user_agent,
    )  # fmt: skip
    consent.record([line], now=now)


def _given(line: Consent | None) -> bool:
    return line is not None and line.given and line.expires_at is None and not line.played


def _source() -> str:
    with translation.override(Business.current().language):  # staff read it
        return _("page for notifications in the browser")
