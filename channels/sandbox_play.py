"""Playing the person in the sandbox: what staff press comes in by the same door as a provider's call, signed like one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from html import unescape
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from django.db.models import F
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from channels import capabilities, webhooks
from channels.models import Delivery, SandboxMessage
from channels.transport import Fact, Inbound
from channels.transports.sandbox import signed_call
from contacts import bulk, events, kinds, vouchers
from contacts.models import Business, Voucher

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

_HREF = re.compile(r"""<a\b[^>]*?\bhref=["']([^"']+)["']""", re.IGNORECASE)
_URL = re.compile(r"https?://[^\s<>\"']+")
_UNSUBSCRIBE = re.compile(r"/u/[\w-]+/?$")


class Act(StrEnum):
    """What a person (or a mailbox) may do."""

    DELIVERED = "delivered"
    OPEN = "open"
    CLICK = "click"
    ANSWER = "answer"
    PRESS = "press"
    ORDER = "order"
    REDEEM = "redeem"
    BOUNCE = "bounce"
    OPT_OUT = "opt_out"


# What was played, as a sentence for staff.
PLAYED = {
    Act.DELIVERED: gettext_lazy("Played: the message was delivered."),
    Act.OPEN: gettext_lazy("Played: the message was opened."),
    Act.CLICK: gettext_lazy("Played: a link was clicked."),
    Act.ANSWER: gettext_lazy("Played: an answer was written."),
    Act.PRESS: gettext_lazy("Played: a button was pressed."),
    Act.ORDER: gettext_lazy("Played: an order was placed."),
    Act.REDEEM: gettext_lazy("Played: the voucher was redeemed."),
    Act.BOUNCE: gettext_lazy("Played: the address does not exist."),
    Act.OPT_OUT: gettext_lazy("Played: the person opted out."),
}


class CannotPlay(Exception):
    """The message says why, for staff."""


@dataclass(frozen=True, slots=True)
class Operator:
    """Who plays."""

    id: int | None
    name: str

    @classmethod
    def of(cls, user: AbstractBaseUser | AnonymousUser) -> Operator:
        return cls(user.pk, user.get_username())


def acts_for(message: SandboxMessage) -> list[Act]:
    """What can be played on this message: only what could happen to it in truth."""
    told = capabilities.of_channel(message.channel)
    possible = {
        Act.DELIVERED: Fact.DELIVERED in told,
        Act.OPEN: is_tracked(message) or Fact.READ in told,
        Act.CLICK: bool(links(message)),
        Act.PRESS: bool(message.buttons),
        Act.ANSWER: Fact.REPLIED in told and not _has_title(message),  # a notification has buttons at most
        Act.ORDER: bool(message.key),
        Act.REDEEM: bool(carried([message])),
    }
    return [act for act in Act if possible.get(act, True)]


def is_tracked(message: SandboxMessage) -> bool:
    """A mail without our pixel tells nobody that it was opened."""
    return _is_rich(message) and f"/o/{message.key}.gif" in message.html


def links(message: SandboxMessage) -> list[str]:
    """The message's links in order, the unsubscribe link left out."""
    found = _HREF.findall(message.html) if message.html else _URL.findall(message.text)
    web = [unescape(url) for url in found if url.startswith(("http://", "https://"))]
    return list(dict.fromkeys(url for url in web if not _UNSUBSCRIBE.search(url)))


def play(
    message: SandboxMessage, act: str, *, now: datetime, operator: Operator, text: str = "", link: int = 0
) -> None:
    """Play one act on a message; `CannotPlay` with a sentence when it cannot be.

    text: what the person writes (act "answer"); link: which of `links(message)` is clicked, or of its buttons is pressed, from 0.
    """
    play_all([message], act, now=now, operator=operator, text=text, link=link)


def play_all(
    messages: Sequence[SandboxMessage], act: str, *, now: datetime, operator: Operator, text: str = "", link: int = 0
) -> None:
    """The same act on several messages: one call per channel. Nothing is played when one of them cannot be."""
    chosen = _act(act)
    for message in messages if chosen is not Act.REDEEM else ():
        if chosen not in acts_for(message):
            raise CannotPlay(_impossible(chosen))
    if chosen is Act.ORDER:
        _order(messages, now=now, operator=operator)
    elif chosen is Act.REDEEM:
        _redeem(messages, now=now, operator=operator)
    else:
        for channel in {message.channel_id: message.channel for message in messages}.values():
            facts = [
                _fact(message, chosen, now=now, text=text, link=link)
                for message in messages
                if message.channel_id == channel.pk
            ]
            account = channel.account(Business.current().public_address)
            answer = webhooks.accept(channel, signed_call(account, facts), now=now)
            if answer.status >= 300:
                raise CannotPlay(_("The sandbox's call was refused."))
    note = {"act": str(chosen), "at": now.isoformat(), "by": operator.name}
    said = [(one, _button(one, link)["label"] if chosen is Act.PRESS else text.strip()) for one in messages]
    bulk.update(SandboxMessage, ["played"], [(one.pk, [*one.played, {**note, "text": words}]) for one, words in said])


def _act(name: str) -> Act:
    try:
        return Act(name)
    except ValueError:
        raise CannotPlay(_("There is no such act.")) from None


def _impossible(act: Act) -> str:
    if act is Act.ANSWER:
        return _("On this channel people cannot answer.")
    if act is Act.DELIVERED:
        return _("On this channel nobody would learn that it was delivered.")
    if act is Act.OPEN:
        return _("This message carries no tracking picture, so nobody would learn that it was opened.")
    if act is Act.CLICK:
        return _("This message has no link.")
    if act is Act.PRESS:
        return _("This message has no button.")
    if act is Act.REDEEM:
        return _("This message carries no voucher that can be redeemed.")
    return _("This message belongs to no delivery, so nobody could have ordered because of it.")


def _fact(message: SandboxMessage, act: Act, *, now: datetime, text: str, link: int) -> Inbound:
    known: dict[str, Any] = {
        "event_key": f"played-{uuid4().hex}",
        "key": message.key,
        "provider_id": message.provider_id,
    }
    known |= {"address": message.to, "at": now, "played": True}
    if act is Act.CLICK:
        return Inbound(Fact.CLICKED, url=_link(message, link), **known)
    if act is Act.PRESS:
        button = _button(message, link)
        if button.get("url"):
            return Inbound(Fact.CLICKED, url=button["url"], **known)
        return Inbound(Fact.REPLIED, choice=button.get("reply", ""), **known)
    if act is Act.ANSWER:
        if not text.strip():
            raise CannotPlay(_("Write what the person answers."))
        stops = not _is_rich(message) and text.strip().upper() == "STOP"  # as the provider would take it
        return Inbound(Fact.STOPPED if stops else Fact.REPLIED, text=text.strip(), **known)
    if act is Act.BOUNCE:
        return Inbound(Fact.BOUNCED, reason="played", address_dead=True, **known)
    if act is Act.OPT_OUT:
        return Inbound(Fact.UNSUBSCRIBED, **known) if _is_rich(message) else Inbound(Fact.STOPPED, text="STOP", **known)
    if act is Act.OPEN:
        return Inbound(Fact.OPENED if is_tracked(message) else Fact.READ, **known)
    return Inbound(Fact.DELIVERED, **known)


def _link(message: SandboxMessage, number: int) -> str:
    found = links(message)
    if not 0 <= number < len(found):
        raise CannotPlay(_("The message has no such link."))
    return found[number]


def _button(message: SandboxMessage, number: int) -> dict[str, str]:
    if not 0 <= number < len(message.buttons):
        raise CannotPlay(_impossible(Act.PRESS))
    pressed: dict[str, str] = message.buttons[number]
    return pressed


def _order(messages: Sequence[SandboxMessage], *, now: datetime, operator: Operator) -> None:
    """An order comes in by no provider: it enters as the shop's own system would tell it."""
    keys = [message.key for message in messages]
    people = set(Delivery.objects.filter(token__in=keys).values_list("contact_id", F("token")))
    if not people:
        raise CannotPlay(_impossible(Act.ORDER))
    told = [
        events.Fact(
            contact_id, "order", now, f"played-{uuid4().hex}", source="sandbox", operator_id=operator.id, played=True
        )
        for contact_id, _token in people
    ]
    events.record_many(told, now=now)


def carried(messages: Sequence[SandboxMessage]) -> list[Voucher]:
    """The vouchers in these messages that are not redeemed yet: two statements."""
    keys = [message.key for message in messages if message.key]
    sent = Delivery.objects.filter(token__in=keys).values_list("contact_id", "token", "context")
    holders = {(contact, vouchers.occasion_of(context, token)) for contact, token, context in sent}
    return vouchers.in_hand(holders)


def _redeem(messages: Sequence[SandboxMessage], *, now: datetime, operator: Operator) -> None:
    """The same as at the counter, for practice."""
    found = carried(messages)
    if not found:
        raise CannotPlay(_impossible(Act.REDEEM))
    for voucher in found:
        try:
            vouchers.redeem(voucher, now=now, where=_("sandbox"), operator_id=operator.id, played=True)
        except vouchers.NotRedeemable as refused:
            raise CannotPlay(str(refused)) from None


def _has_title(message: SandboxMessage) -> bool:
    try:
        return kinds.get(message.kind).titled
    except LookupError:
        return False


def _is_rich(message: SandboxMessage) -> bool:
    try:
        return kinds.get(message.kind).rich
    except LookupError:
        return bool(message.html)
