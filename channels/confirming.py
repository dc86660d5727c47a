"""Double opt-in: an address that was left on a page counts only when its owner has followed the link that was sent there."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Sum
from django.utils import translation

from channels import joining, sending, system_messages
from channels.models import Channel, Confirmation, Invitation, Purpose
from channels.models.delivery import new_token
from channels.sending import Planned
from contacts import arrivals, bulk, consent, events, kinds
from contacts.consent import Line, closing
from contacts.models import Basis, Business, Contact, SuppressionReason
from contacts.models.consent import LONGEST_AGENT
from contacts.models.contact import fingerprint

REMIND_AFTER = timedelta(days=2)
AGAIN_AFTER = timedelta(minutes=10)  # whoever presses the button twice gets one message
MOST_ASKED = 3  # messages to one address that nobody confirms, in a day
PORTION = 500
ADDRESS_LEFT = "address_left"


@dataclass(frozen=True, slots=True)
class Wish:
    """What somebody left on a page. kind: of the channel; normal: the checked address; purposes: what they ticked.

    contact_id: whose page it was, None for a stranger's; source: where, for the ledger.
    """

    kind: str
    normal: str
    purposes: tuple[str, ...]
    source: str
    language: str
    ip: str = ""
    user_agent: str = ""
    name: str = ""
    contact_id: int | None = None
    invitation: Invitation | None = None
    address_left: bool = False


def channel_for(kind: str) -> Channel | None:
    """The account by which the question goes: the first in use of this kind."""
    return Channel.objects.filter(kind=kind, active=True).order_by("position", "id").first()


def ask(wish: Wish, *, now: datetime) -> Confirmation | None:
    """Send the question to the address, whoever has it; nothing else changes. None where no channel carries it.

    Asked again too soon or too often, nothing is sent: nobody can fill a stranger's mailbox with it.
    """
    channel = channel_for(wish.kind)
    if channel is None:
        return None
    business = Business.current()
    with transaction.atomic():
        arrivals.one_at_a_time()
        waiting = _waiting(wish, channel, now)
        if wish.invitation and is_full(wish.invitation, wish.kind, now):
            return waiting
        if _asked_enough(wish, channel, now) or (waiting and waiting.asked_at + AGAIN_AFTER > now):
            return waiting
        found = _again(waiting, wish, business, now) if waiting else _new(wish, channel, business, now)
        _send([found], channel, system_messages.CONFIRM, now)
    return found


def is_full(invitation: Invitation, kind: str, now: datetime) -> bool:
    """Whether so many numbers were left by this invitation in a day that no more SMS goes out; staff see when that was."""
    if not kinds.get(kind).segmented:
        return False
    lately = Confirmation.objects.filter(invitation=invitation, kind=kind, asked_at__gt=now - timedelta(days=1))
    if int(lately.aggregate(asked=Sum("asked"))["asked"] or 0) < invitation.sms_a_day:
        return False
    if not invitation.had_enough(now):
        Invitation.objects.filter(pk=invitation.pk).update(sms_full_at=now)
    return True


def confirm(found: Confirmation, *, ip: str, now: datetime, user_agent: str = "") -> None:
    """The owner has followed the link: the address counts, and what was ticked is in the ledger. Once, however often."""
    kind, business = kinds.get(found.kind).address, Business.current()
    with transaction.atomic():
        arrivals.one_at_a_time()
        mine = Confirmation.objects.filter(pk=found.pk, confirmed_at=None)
        if not mine.update(confirmed_at=now, confirmed_ip=ip or None, confirmed_agent=user_agent[:LONGEST_AGENT]):
            return
        contact_id = _settle(found, kind, now)
        consent.lock_contacts([contact_id])
        arrivals.bring(kind, [(contact_id, found.address)], now=now)
        closing.lift_many(kind, [found.address], channel=found.kind, now=now)
        closing.welcome_back(kind, [found.address], now=now)
        if found.purposes:  # whoever once complained of our news has asked for them anew, and proven it
            closing.lift_many(kind, [found.address], channel="", now=now, reasons=[SuppressionReason.COMPLAINT])
        consent.record([_line(found, contact_id, *said, ip, user_agent) for said in _said(found)], now=now)
        Contact.objects.filter(pk=contact_id, language="").update(language=found.language)
        if found.invitation and found.invitation.group_id:
            arrivals.gather([(contact_id, found.invitation.group_id)], now=now)
        if found.address_left:
            with translation.override(business.language):
                events.record(
                    contact_id, ADDRESS_LEFT, at=now, now=now, key=found.token, source=found.source,
                    data={"kind": found.kind},
                )  # fmt: skip


def remind(now: datetime) -> int:
    """One reminder to those who did not confirm; returns how many. Several statements for any number of them."""
    due = Confirmation.objects.filter(
        confirmed_at=None, reminded_at=None, expires_at__gt=now, asked_at__lte=now - REMIND_AFTER
    )
    with transaction.atomic():
        rows = bulk.claim(due.order_by("id"), limit=PORTION, changes={"reminded_at": now}, returning=("id",))
        asked = list(Confirmation.objects.filter(bulk.Among("id", [pk for (pk,) in rows])))
        for kind in sorted({one.kind for one in asked}):
            if channel := channel_for(kind):
                _send([one for one in asked if one.kind == kind], channel, system_messages.REMIND, now)
    return len(asked)


def expire(now: datetime) -> int:
    """What nobody confirmed in time is forgotten, and with it contacts who existed for nothing else; returns how many."""
    over = Confirmation.objects.filter(confirmed_at=None, expires_at__lte=now).order_by("id")
    people = list(over.filter(newcomer=True).values_list("contact_id", flat=True)[:PORTION])
    gone, _ = Confirmation.objects.filter(pk__in=list(over.values_list("pk", flat=True)[:PORTION])).delete()
    strangers = Contact.objects.filter(
        bulk.Among("id", people), external_id=None, addresses=None, confirmations=None, consents=None, events=None, memberships=None
    )  # fmt: skip
    strangers.delete()
    return gone


def _waiting(wish: Wish, channel: Channel, now: datetime) -> Confirmation | None:
    open_ones = Confirmation.objects.filter(
        fingerprint=fingerprint(channel.address_kind, wish.normal),
        kind=wish.kind,
        confirmed_at=None,
        expires_at__gt=now,
    )
    if wish.contact_id:  # nobody joins what somebody else began with this address on a page of their own
        open_ones = open_ones.filter(contact_id=wish.contact_id)
    else:
        open_ones = open_ones.filter(address_left=False).exclude(invitation__contact__isnull=False)
    return open_ones.order_by("-id").first()


def _asked_enough(wish: Wish, channel: Channel, now: datetime) -> bool:
    mark = fingerprint(channel.address_kind, wish.normal)
    lately = Confirmation.objects.filter(fingerprint=mark, confirmed_at=None, asked_at__gt=now - timedelta(days=1))
    return int(lately.aggregate(asked=Sum("asked"))["asked"] or 0) >= MOST_ASKED


def _new(wish: Wish, channel: Channel, business: Business, now: datetime) -> Confirmation:
    owners = arrivals.owners(channel.address_kind, [wish.normal]).get(wish.normal, [])
    contact_id = wish.contact_id or next(iter(owners), None)
    stranger = contact_id is None
    if contact_id is None:
        contact_id = arrivals.newcomer(wish.name, wish.language, now=now)
    return Confirmation.objects.create(
        contact_id=contact_id, newcomer=stranger, invitation=wish.invitation, kind=wish.kind, address=wish.normal,
        fingerprint=fingerprint(channel.address_kind, wish.normal), purposes=list(wish.purposes),
        wordings=_wordings(wish, business), source=wish.source, address_left=wish.address_left, language=wish.language,
        ip=wish.ip or None, user_agent=wish.user_agent[:LONGEST_AGENT],
        requested_at=now, asked_at=now, expires_at=now + timedelta(days=business.confirm_days),
    )  # fmt: skip


def _again(waiting: Confirmation, wish: Wish, business: Business, now: datetime) -> Confirmation:
    """Asked for once more: the newest words count."""
    Confirmation.objects.filter(pk=waiting.pk).update(
        purposes=list(wish.purposes), wordings=_wordings(wish, business), language=wish.language, ip=wish.ip or None,
        user_agent=wish.user_agent[:LONGEST_AGENT],
        asked=F("asked") + 1, asked_at=now, requested_at=now, expires_at=now + timedelta(days=business.confirm_days),
    )  # fmt: skip
    waiting.refresh_from_db()
    return waiting


def _wordings(wish: Wish, business: Business) -> list[str]:
    with translation.override(wish.language):
        return [joining.wording(wish.kind, purpose, business) for purpose in wish.purposes]


def _send(asked: Sequence[Confirmation], channel: Channel, name: str, now: datetime) -> None:
    address, version = Business.current().public_address, system_messages.version(name, now=now)
    plans = [
        Planned(
            token=new_token(), contact_id=one.contact_id, channel_id=channel.pk, message_version_id=version.pk, kind=channel.kind,
            purpose=Purpose.TRANSACTIONAL, urgent=name == system_messages.CONFIRM, sandbox=channel.is_sandbox, address=one.address,
            unconfirmed=True, language=one.language, not_before=now, valid_until=one.expires_at,
            context={"confirm_url": f"{address}/confirm/{one.token}", "language": one.language},
        )
        for one in asked
    ]  # fmt: skip
    sending.plan(plans, now=now)


def _settle(found: Confirmation, kind: str, now: datetime) -> int:
    """Whose address it is by now. A newcomer whom somebody entered in the meantime is that contact; a personal invitation that somebody
    else has used up in the meantime brings its contact no second address."""
    others = [pk for pk in arrivals.owners(kind, [found.address]).get(found.address, []) if pk != found.contact_id]
    invitation = found.invitation
    if invitation and invitation.single_use:
        won = Invitation.objects.filter(pk=invitation.pk, used_at=None).update(used_at=now)
        if not won and found.contact_id == invitation.contact_id:
            found.contact_id = others[0] if others else arrivals.newcomer("", found.language, now=now)
            Confirmation.objects.filter(pk=found.pk).update(contact_id=found.contact_id)
            return found.contact_id
    if not found.newcomer or not others:
        return found.contact_id
    stranger, found.contact_id = found.contact_id, others[0]
    Confirmation.objects.filter(contact_id=stranger).update(contact_id=others[0], newcomer=False)
    Contact.objects.filter(pk=stranger, addresses=None).delete()
    return found.contact_id


def _said(found: Confirmation) -> list[tuple[str, str]]:
    return list(zip(found.purposes, found.wordings, strict=True))


def _line(found: Confirmation, contact_id: int, purpose: str, wording: str, ip: str, user_agent: str) -> Line:
    return Line(
        contact_id, found.kind, given=True, basis=Basis.DOUBLE, source=found.source, purpose=purpose, wording=wording,
        language=found.language, ip=ip or None, user_agent=user_agent, address=found.address,
    )  # fmt: skip
