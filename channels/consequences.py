"""What a refusal, a bounce or an opt-out means for the address and the consent; the writing itself is the contacts room's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from channels.models import Channel
from contacts import kinds
from contacts.consent import closing
from contacts.consent.closing import Closing
from contacts.models import SuppressionReason, SuppressionScope


@dataclass(frozen=True, slots=True)
class Refusal:
    """The provider says that this address is dead, or that the person has opted out there. token: of the delivery."""

    address: str
    opted_out: bool
    token: str = ""


def of_refusals(refusals: Sequence[Refusal], channel: Channel, now: datetime) -> None:
    """Close the addresses; nothing for nothing. In the caller's transaction."""
    if not refusals:
        return
    closings = [
        opted_out(channel, refusal) if refusal.opted_out else dead(channel, refusal.address) for refusal in refusals
    ]
    closing.suppress_many(closings, now=now)
    gone = {refusal.address for refusal in refusals if not refusal.opted_out}
    if gone:
        mark_dead(channel, gone)


def dead(channel: Channel, address: str) -> Closing:
    """The address does not exist, as far as this kind of channel goes."""
    return Closing(channel.address_kind, address, SuppressionReason.BOUNCE, channel=channel.kind, source=channel.name)


def mark_dead(channel: Channel, addresses: set[str]) -> None:
    """Mark addresses as not working, unless other kinds of channel might still reach them (a landline has no SMS, but it rings)."""
    if sum(kind.address == channel.address_kind for kind in kinds.all_kinds()) == 1:
        closing.mark_invalid(channel.address_kind, addresses)


def opted_out(channel: Channel, refusal: Refusal) -> Closing:
    return Closing(
        channel.address_kind, refusal.address, SuppressionReason.PROVIDER, channel=channel.kind, source=channel.name,
        delivery_token=refusal.token,
    )  # fmt: skip


def stopped(channel: Channel, address: str, token: str, *, played: bool) -> Closing:
    """STOP: nothing at all to this address on this kind of channel."""
    return Closing(
        channel.address_kind, address, SuppressionReason.STOP, channel=channel.kind, source=channel.name, played=played,
        delivery_token=token,
    )  # fmt: skip


def complained(channel: Channel, address: str, token: str, *, played: bool) -> Closing:
    """Marked as spam: no more marketing to this address, on whatever channel."""
    return Closing(
        channel.address_kind, address, SuppressionReason.COMPLAINT, scope=SuppressionScope.MARKETING.value, source=channel.name,
        played=played, delivery_token=token,
    )  # fmt: skip
