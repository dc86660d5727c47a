"""Which message a fact is about, and whose it is: by our own reference, by the provider's id, or by the address of who wrote."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import NamedTuple

from channels.models import Channel, Delivery
from channels.models.delivery import WENT_OUT
from channels.transport import Fact, Inbound
from contacts import bulk
from contacts.models import Address

ANSWERS_WITHIN = timedelta(days=7)  # an answer belongs to the newest message to that address, if it is no older
# Facts that can be told of an address alone.
OF_PEOPLE = frozenset({Fact.REPLIED, Fact.STOPPED, Fact.RESUMED, Fact.UNSUBSCRIBED, Fact.COMPLAINED, Fact.JOINED})


class Target(NamedTuple):
    """A delivery that a fact may be about: the columns that are read."""

    id: int
    contact_id: int
    token: str
    provider_id: str
    address: str
    sandbox: bool
    sent_at: datetime | None = None
    arrived_at: datetime | None = None


_COLUMNS = ("id", "contact_id", "token", "provider_id", "address", "sandbox", "sent_at", "delivered_at")


@dataclass(frozen=True, slots=True)
class Match:
    """What a fact is about. `parked`: its message is not known yet, but may be; `address`: whom it concerns, if it says so."""

    target: Target | None = None
    contact_id: int | None = None
    parked: bool = False
    address: str = ""


def match(channel: Channel, told: Sequence[Inbound], now: datetime) -> list[Match]:
    """A match for each fact, in order; at most four statements."""
    known = _named(channel, told)
    people = _by_address(channel, [fact for fact in told if _target(fact, known) is None and _by_people(fact)], now)
    return [_match(fact, known, people) for fact in told]


def _by_people(fact: Inbound) -> bool:
    return fact.fact in OF_PEOPLE and bool(fact.address)


def _target(fact: Inbound, known: dict[str, Target]) -> Target | None:
    return known.get(f"k{fact.key}") or known.get(f"p{fact.provider_id}")


def _match(fact: Inbound, known: dict[str, Target], people: dict[str, tuple[int | None, Target | None]]) -> Match:
    target = _target(fact, known)
    if target is not None:
        return Match(target, target.contact_id, address=target.address or fact.address)
    if _by_people(fact):
        contact_id, newest = people.get(fact.address, (None, None))
        if fact.fact == Fact.JOINED:  # about the person, whatever they were sent last
            return Match(contact_id=contact_id, address=fact.address)
        return Match(newest, newest.contact_id if newest else contact_id, address=fact.address)
    return Match(parked=bool(fact.provider_id), address=fact.address)


def _named(channel: Channel, told: Sequence[Inbound]) -> dict[str, Target]:
    """Deliveries that the facts name, under "k" and our reference or "p" and the provider's; one statement."""
    keys = {fact.key for fact in told if fact.key}
    ids = {fact.provider_id for fact in told if fact.provider_id}
    queries = []
    if keys:
        queries.append(Delivery.objects.filter(channel=channel, token__in=keys))
    if ids:
        queries.append(Delivery.objects.filter(channel=channel, provider_id__in=ids).exclude(provider_id=""))
    shaped = [query.order_by().values_list(*_COLUMNS) for query in queries]
    found = [Target(*row) for row in shaped[0].union(*shaped[1:])] if shaped else []
    named = {f"p{target.provider_id}": target for target in found if target.provider_id}
    return named | {f"k{target.token}": target for target in found}


def _by_address(
    channel: Channel, told: Sequence[Inbound], now: datetime
) -> dict[str, tuple[int | None, Target | None]]:
    """For each address: a contact who has it, and the newest message to it on this channel, if one is recent; two statements.

    What staff answered in the inbox (pinned) asked for nothing: who writes again still answers the message before it.
    """
    addresses = {fact.address for fact in told}
    if not addresses:
        return {}
    owners = Address.objects.filter(kind=channel.address_kind, normal__in=addresses).order_by("-contact_id")
    holders: dict[str, int | None] = dict(owners.values_list("normal", "contact_id"))
    recent = Delivery.objects.filter(
        bulk.Among("contact_id", set(owners.values_list("contact_id", flat=True))), channel=channel, address__in=addresses,
        sending_at__gte=now - ANSWERS_WITHIN, status__in=WENT_OUT, pinned=False,
    )  # fmt: skip
    newest = {row[4]: Target(*row) for row in recent.order_by("sending_at", "id").values_list(*_COLUMNS)}
    return {address: (holders.get(address), newest.get(address)) for address in addresses}
