"""Buttons of a channel's page: try the account, send a test to me, close the breaker, check the public address."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from channels import accounts, practising
from channels.models import Channel
from channels.models.delivery import new_token
from channels.transport import Fault, Outgoing, Receipt, Refused, Result, Transport, Unclear
from contacts import emails, kinds, phones, reachability
from contacts.models import Address, Business, Contact, Group, Validity
from contacts.searching import found_by

# (did it work, what staff are told)
Told = tuple[bool, str]


class Nobody(ValueError):
    """It is not clear who is to get the test; str() is the sentence."""


def check_account(channel: Channel) -> Told:
    """Ask the provider whether the account's settings are right."""
    return _with(channel, _checked)


def send_test(channel: Channel, to: str) -> Told:
    """Send one message through the account and nothing else: no delivery, no consent, no cascade."""
    business = Business.current()
    try:
        message = _test_message(channel, business, _address(channel, to, business))
    except (emails.BadEmail, phones.BadPhone, Nobody) as error:
        return False, str(error)
    return _with(channel, lambda transport: _sent(transport, message))


def close_breaker(channel: Channel) -> Told:
    """Let messages go again at once."""
    Channel.objects.filter(pk=channel.pk).update(breaker_until=None, breaker_reason="", breaker_count=0)
    return True, _("The channel is in use again.")


def check_address(now: datetime) -> Told:
    """The round trip over the business's public address."""
    proof = reachability.prove(Business.current(), now)
    return proof.ok, str(proof.sentence)


def let_join(channel: Channel, group: str, now: datetime) -> Told:
    """Let the people of a group (its id) join a channel of the sandbox, that it can be practised with them."""
    chosen = Group.objects.filter(pk=group).first() if group.isdecimal() else None
    if chosen is None:
        return False, _("Choose a group.")
    try:
        joined = practising.let_join(channel, Contact.objects.filter(memberships__group=chosen), now=now)
    except practising.CannotPlay as error:
        return False, str(error)
    return True, ngettext(
        "%(count)d person of this group joins, for practice. In a moment it is on their page.",
        "%(count)d people of this group join, for practice. In a moment it is on their pages.", joined,
    ) % {"count": joined}  # fmt: skip


def say(result: Result) -> Told:
    """What became of a test, in a sentence for staff."""
    if isinstance(result, Receipt):
        return True, _("The provider has taken the message. Look whether it arrives.")
    why = " ".join(part for part in (result.reason, result.detail) if part)
    if isinstance(result, Unclear):
        return False, _("The message may or may not have gone out: %(why)s.") % {"why": why}
    return False, _refusal(result) % {"why": why}


def _refusal(refused: Refused) -> str:
    if refused.fault is Fault.TEMPORARY:
        return _("Not now, later perhaps: %(why)s.")
    if refused.fault is Fault.ACCOUNT:
        return _("The account does not work: %(why)s.")
    if refused.fault is Fault.TEXT:
        return _("The text or the sender was refused: %(why)s.")
    return _("This address cannot be reached: %(why)s.")


def _with(channel: Channel, act: Callable[[Transport], Told]) -> Told:
    try:
        transport = accounts.opened(channel, Business.current().public_address)
    except (accounts.Unusable, ValueError):
        return False, _("The account cannot be opened: its secrets or settings cannot be read. Enter them again.")
    try:
        return act(transport)
    finally:
        transport.close()


def _checked(transport: Transport) -> Told:
    try:
        transport.check()
        if transport.account.callback_url:
            transport.connect()
    except (Refused, Unclear) as problem:
        return say(problem)
    return True, _("The account answers.")


def _sent(transport: Transport, message: Outgoing) -> Told:
    for _key, result in transport.send_many([message]):
        return say(result)
    return False, _("The provider gave no answer.")


def _address(channel: Channel, raw: str, business: Business) -> str:
    if channel.address_kind == "phone":
        return phones.normalise(raw, business.country)
    if kinds.typed(channel.address_kind):
        return emails.normalise(raw) if channel.address_kind == "email" else raw.strip()
    return _of_somebody(channel.address_kind, raw)


def _of_somebody(address_kind: str, raw: str) -> str:
    """Of an address that nobody can type: the newest one of the person who is named, by name, email, phone or number."""
    people = found_by(Contact.objects.order_by(), raw).values("pk")
    theirs = Address.objects.filter(kind=address_kind, validity=Validity.OK, contact__in=people)
    found = list(theirs.order_by("contact_id", "position", "-id")[:50]) if raw.strip() else []
    if len({address.contact_id for address in found}) != 1:
        raise Nobody(
            _("Name one person who has joined this channel, by name, email or phone, so that only they are meant.")
        )
    return found[0].normal


def _test_message(channel: Channel, business: Business, to: str) -> Outgoing:
    text = _("This is a test of the channel “%(channel)s” of %(business)s.") % {
        "channel": channel.name,
        "business": business,
    }
    rich = kinds.get(channel.kind).rich
    return Outgoing(
        key=new_token(),
        kind=channel.kind,
        to=to,
        text=text,
        subject=_("Test message") if rich or kinds.get(channel.kind).titled else "",
        html=format_html("<p>{}</p>", text) if rich else "",
        sender=channel.sender,
    )
