"""Practising: people join a channel of the sandbox, as if each had followed a link of their own; it comes in by a provider's door."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db.models import Exists, OuterRef, QuerySet
from django.utils.translation import gettext as _

from channels import webhooks
from channels.models import Channel, Invitation
from channels.sandbox_play import CannotPlay
from channels.transport import Fact, Inbound
from channels.transports.sandbox import signed_call
from contacts import kinds
from contacts.models import Address, Business, Contact

__all__ = ["CannotPlay", "let_join", "possible"]

MOST = 1000  # people at a time
PORTION = 200  # in one call


def possible(channel: Channel) -> bool:
    """Whether people of this channel have their address by joining alone, and the channel is one of the sandbox."""
    try:
        return not channel.carrier.live and not kinds.get(channel.kind).typed
    except LookupError:
        return False


def let_join(channel: Channel, people: QuerySet[Contact], *, now: datetime) -> int:
    """Let these people join who have no address there yet; returns how many. `CannotPlay` with a sentence where nobody can."""
    if not possible(channel):
        raise CannotPlay(_("Only channels of the sandbox that people join by themselves can be practised so."))
    there = Address.objects.filter(contact=OuterRef("pk"), kind=channel.address_kind)
    ids = list(people.filter(~Exists(there)).order_by("pk").values_list("pk", flat=True).distinct()[:MOST])
    if not ids:
        raise CannotPlay(_("Everyone of these has joined already."))
    for first in range(0, len(ids), PORTION):
        _knock(channel, _invited(channel, ids[first : first + PORTION]), now)
    return len(ids)


def _invited(channel: Channel, ids: Sequence[int]) -> list[Invitation]:
    own = [Invitation(source=_("practice"), channel=channel, contact_id=pk, single_use=True) for pk in ids]
    return Invitation.objects.bulk_create(own)


def _knock(channel: Channel, invited: Sequence[Invitation], now: datetime) -> None:
    facts = [
        Inbound(
            Fact.JOINED, f"joined-{one.token}", address=f"{kinds.PRACTICE}{one.contact_id}", at=now, invitation=one.token, played=True
        )
        for one in invited
    ]  # fmt: skip
    account = channel.account(Business.current().public_address)
    if webhooks.accept(channel, signed_call(account, facts), now=now).status >= 300:
        raise CannotPlay(_("The sandbox's call was refused."))
