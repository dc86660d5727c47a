"""What a person gets, by channel and purpose, as they see and change it themselves. The ledger keeps every change."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from channels import joining, receipts
from channels.models import Channel, Delivery
from channels.models.delivery import WENT_OUT
from channels.transport import Fact
from contacts import consent, kinds
from contacts.consent import Line
from contacts.models import Address, Basis, Business, Consent, ConsentPurpose, Contact, Suppression, Validity

MARKETING, TRACKING = ConsentPurpose.MARKETING.value, ConsentPurpose.TRACKING.value
ANSWERS = timedelta(days=90)  # a change answers the messages of these days, and ends the cascades that they came from


@dataclass(frozen=True, slots=True)
class Choice:
    """A kind of channel that reaches the person. address: the one in use; marketing, tracking: whether it is agreed to now.

    stopped: the person (or their provider) closed the channel by itself, so that only they can open it again, there.
    asks: the purposes that the person may decide on here.
    """

    kind: str
    address: str
    given: frozenset[str]
    asks: tuple[str, ...]
    stopped: bool

    @property
    def label(self) -> str:
        return str(kinds.label(self.kind))

    @property
    def masked(self) -> str:
        """The address, partly hidden; "" where it would say nothing to anybody."""
        known = kinds.get(self.kind)
        return consent.mask(known.address, self.address) if known.typed else ""


@dataclass(frozen=True, slots=True)
class Told:
    """Who says it, and where: the message whose link it was, its language for the wording, and the visitor's address."""

    delivery: Delivery
    language: str
    ip: str
    user_agent: str
    now: datetime


def choices(contact: Contact, business: Business, now: datetime, *, beside: str = "") -> list[Choice]:
    """What there is to choose, cheapest first; five statements. beside: a kind that is shown even if its channel is no longer in use."""
    in_use = {*Channel.objects.filter(active=True).values_list("kind", flat=True), beside}
    ways: dict[str, Address] = {}
    for way in contact.addresses.order_by("-position", "-id"):
        if way.validity == Validity.OK:
            ways[way.kind] = way
    marks = {way.fingerprint for way in ways.values()}
    closed = list(Suppression.objects.filter(fingerprint__in=marks, lifted_at=None).exclude(reason="bounce"))
    lines = consent.newest([contact.pk])
    found = []
    for kind in kinds.all_kinds():
        if kind.name in in_use and (reached := ways.get(kind.address)):
            mine = [s for s in closed if s.fingerprint == reached.fingerprint and s.channel in ("", kind.name)]
            given = frozenset(
                purpose for purpose in (MARKETING, TRACKING) if _holds(lines, contact, kind, purpose, now)
            )
            asks_tracking = kind.rich and (business.asks_tracking_consent or (contact.pk, kind.name, TRACKING) in lines)
            asks = (MARKETING, TRACKING) if asks_tracking else (MARKETING,)
            found.append(Choice(kind.name, reached.normal, given, asks, bool(mine)))
    return found


def _holds(
    lines: dict[tuple[int, str, str], Consent], contact: Contact, kind: kinds.Kind, purpose: str, now: datetime
) -> bool:
    line = lines.get((contact.pk, kind.name, purpose))
    return line is not None and line.given and not (line.expires_at and line.expires_at <= now)


def choose(told: Told, offered: Sequence[Choice], wanted: Collection[tuple[str, str]], business: Business) -> None:
    """Write what changed: `wanted` are the pairs of kind and purpose that are ticked, of those that `offered` shows."""
    newest = _newest_messages(told, [choice.kind for choice in offered])
    lines, left = [], []
    for choice in offered:
        for purpose in choice.asks:
            given = (choice.kind, purpose) in wanted
            if given == (purpose in choice.given) or (given and choice.stopped):
                continue
            token = newest.get(choice.kind, "")  # of a channel that brought nothing there is nothing to answer
            lines.append(_line(told, choice, purpose, business, token, given=given))
            if purpose == MARKETING and not given and token:
                left.append(token)
    _write(told, lines, left)


def leave_all(told: Told, offered: Iterable[Choice], business: Business) -> None:
    """No more news at all: every channel and purpose, and every cascade that is under way."""
    lines = [
        _line(told, choice, purpose, business, told.delivery.token, given=False)
        for choice in offered
        for purpose in (MARKETING, TRACKING)
        if purpose in choice.given or (purpose == MARKETING and not choice.stopped)
    ]
    _write(told, lines, {told.delivery.token, *_all_messages(told)})


def _line(told: Told, choice: Choice, purpose: str, business: Business, token: str, *, given: bool) -> Line:
    with translation.override(business.language):  # staff read it
        source = _("page of preferences")
    with translation.override(told.language):
        wording = joining.wording(choice.kind, purpose, business) if given else ""
    return Line(
        told.delivery.contact_id, choice.kind, given=given, basis=Basis.EXPRESS if given else Basis.WITHDRAWAL, source=source,
        purpose=purpose, wording=wording, language=told.language, ip=told.ip or None, user_agent=told.user_agent,
        address=choice.address, delivery_token=token,
    )  # fmt: skip


def _write(told: Told, lines: Sequence[Line], left: Iterable[str]) -> None:
    with transaction.atomic():
        consent.record(lines, now=told.now)
        for token in sorted(set(left)):
            receipts.record_own(
                token, Fact.UNSUBSCRIBED, now=told.now, data={"user_agent": told.user_agent, "ip": told.ip}
            )


def _newest_messages(told: Told, of_kinds: Sequence[str]) -> dict[str, str]:
    """By kind, the token of the message that an opt-out answers: this one for its own kind, else the last one that went out."""
    rows = _lately(told).filter(kind__in=of_kinds).order_by("id").values_list("kind", "token")
    return {**dict(rows), told.delivery.kind: told.delivery.token}


def _all_messages(told: Told) -> list[str]:
    """Of each occasion the last message."""
    return list(dict(_lately(told).order_by("id").values_list("scope", "token")).values())


def _lately(told: Told) -> QuerySet[Delivery]:
    return Delivery.objects.filter(
        contact_id=told.delivery.contact_id, purpose=MARKETING, status__in=WENT_OUT, sending_at__gte=told.now - ANSWERS
    )
