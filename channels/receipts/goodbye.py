"""The one answer to a STOP that somebody wrote, where the answer to their call can carry none: short, in their language, and once."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from hashlib import sha256

from channels import accounts, stop_words
from channels.models import Channel, DeliveryEvent
from channels.transport import Fact, Inbound, Outgoing
from contacts.models import Address, Business

_log = logging.getLogger(__name__)
_WAYS = (Fact.STOPPED, Fact.RESUMED)


def say(channel: Channel, new: Sequence[Inbound], business: Business, now: datetime) -> int:
    """Confirm what was just applied, with nothing locked; returns to how many. Two statements, none where nobody wrote STOP.

    It passes the stop because it answers it. Who left by a button of the provider's own said no word, and can be written to no more.
    Whatever goes wrong, nobody tries again: one confirmation too few is better than one too many.
    """
    said = {
        told.address: told
        for told in new
        if told.fact == Fact.STOPPED and told.text and told.address and not told.played
    }
    if not said or not channel.active or (channel.breaker_until and channel.breaker_until > now):
        return 0
    try:
        if not channel.carrier.confirms_stop:
            return 0
        messages = _messages(channel, _first(channel, said), business)
        return len(list(accounts.kept(channel, business.public_address).send_many(messages)))
    except Exception:  # noqa: BLE001 - the stop holds, whether or not it could be confirmed
        _log.exception("stops on channel %s could not be confirmed", channel.pk)
        return 0


def _first(channel: Channel, said: Mapping[str, Inbound]) -> list[Inbound]:
    """Those who had not stopped before: who says it twice is told once."""
    facts = DeliveryEvent.objects.filter(
        conversation__channel=channel, conversation__address__in=list(said), fact__in=_WAYS
    )
    before: dict[str, list[str]] = {}
    for address, fact, key in facts.order_by("id").values_list("conversation__address", "fact", "event_key"):
        if key != said[address].event_key[:120]:
            before.setdefault(address, []).append(fact)
    return [told for address, told in said.items() if before.get(address, [Fact.RESUMED])[-1] != Fact.STOPPED]


def _messages(channel: Channel, said: Iterable[Inbound], business: Business) -> list[Outgoing]:
    asked = list(said)
    spoken = _languages(channel, [told.address for told in asked])
    return [
        Outgoing(
            sha256(f"{channel.pk} {told.event_key}".encode()).hexdigest()[:16], channel.kind, told.address,
            stop_words.farewell(channel.sender_name, told.language or spoken.get(told.address, "") or business.language),
        )
        for told in asked
    ]  # fmt: skip


def _languages(channel: Channel, addresses: Sequence[str]) -> dict[str, str]:
    """What is known of those whose provider does not tell."""
    known = Address.objects.filter(kind=channel.address_kind, normal__in=addresses).exclude(contact__language="")
    return dict(known.values_list("normal", "contact__language"))
