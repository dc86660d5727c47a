"""Joining: somebody opened the conversation, by a link of ours or by themselves. Many at once, each once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext as _

from channels.models import Channel, DeliveryEvent, Invitation
from channels.transport import Inbound
from contacts import arrivals, bulk, consent, kinds
from contacts.arrivals import Arrival
from contacts.consent import Line, closing
from contacts.models import Basis, Business, ConsentPurpose


def join(channel: Channel, told: Inbound, *, now: datetime) -> int:
    """One person joins; see `join_many`. Returns the contact's id."""
    return join_many(channel, [told], now=now)[told.event_key]


def join_many(channel: Channel, told: Sequence[Inbound], *, now: datetime) -> dict[str, int]:
    """What `Fact.JOINED` does; returns the contact's id for each fact's event key. A bounded number of statements, in one transaction.

    A personal invitation adds the address to its contact and is spent; by any other, whoever has the address is who joins, else a new
    contact named by the profile. An invitation that holds brings consent; an unknown, spent or ended one brings none, and nothing is lost.
    """
    if not told:
        return {}
    acts = {one.address: one for one in told}
    with transaction.atomic():
        arrivals.one_at_a_time()
        named = _named(acts.values())
        held = _held(channel, acts, named, now)
        people = _people(channel, acts, named, held, now)
        consent.lock_contacts(people.values())
        _reach(channel, acts, people, now)
        groups = {(people[address], one.group_id) for address, one in held.items() if one.group_id}
        arrivals.gather(groups, now=now)
        consent.record(_lines(channel, acts, held, people), now=now)
        _tell(channel, told, held, people)
    return {one.event_key: people[one.address] for one in told}


def wording(kind: str, purpose: str, business: Business) -> str:
    """What a person agrees to, in the language in force: pages show it, and the ledger keeps it."""
    shop = {"shop": business.name, "channel": kinds.label(kind)}
    if purpose == ConsentPurpose.TRACKING:
        return _("%(channel)s: %(shop)s may see whether I open its messages. I can end this at any time.") % shop
    return _("%(channel)s: %(shop)s may send me news and offers. I can end this at any time.") % shop


def language_of(code: str) -> str:
    """A language that we speak, from what a provider or a browser says ("es-MX"); "" if we do not."""
    short = code.replace("_", "-").split("-", maxsplit=1)[0].lower()
    return short if short in dict(settings.LANGUAGES) else ""


def _named(acts: Iterable[Inbound]) -> dict[str, Invitation]:
    tokens = {one.invitation for one in acts if one.invitation}
    return Invitation.objects.in_bulk(tokens, field_name="token") if tokens else {}


def _held(
    channel: Channel, acts: Mapping[str, Inbound], named: Mapping[str, Invitation], now: datetime
) -> dict[str, Invitation]:
    """The invitation that holds for each address. What works once is spent here: of two people who race, one has it."""
    held: dict[str, Invitation] = {}
    once: dict[int, str] = {}
    for address, told in acts.items():
        found = named.get(told.invitation)
        if found is None or not found.holds(now) or found.channel_id not in (None, channel.pk):
            continue
        if not found.single_use:
            held[address] = found
        elif found.pk not in once:
            held[address], once[found.pk] = found, address
    rows = [(pk, now) for pk in sorted(once)]
    won = {pk for (pk,) in bulk.update(Invitation, ("used_at",), rows, only={"used_at": None}, returning=("id",))}
    return {address: one for address, one in held.items() if not one.single_use or one.pk in won}


def _people(
    channel: Channel, acts: Mapping[str, Inbound], named: Mapping[str, Invitation], held: Mapping[str, Invitation], now: datetime
) -> dict[str, int]:  # fmt: skip
    """Who it is that joins, by address; people whom nobody knew are made contacts."""
    kind = channel.address_kind
    owners = arrivals.owners(kind, acts)
    people: dict[str, int] = {}
    brought = set()
    for address, told in acts.items():
        theirs = owners.get(address, [])
        meant = named[told.invitation].contact_id if told.invitation in named else None
        if meant is not None and (address in held or meant in theirs):  # pressed again, the link means the same person
            people[address] = meant
            brought.add((meant, address))
        elif theirs:
            people[address] = theirs[0]
    new = [address for address in acts if address not in people]
    met = [_arrival(kind, acts[address], held.get(address)) for address in new]
    people |= dict(zip(new, arrivals.welcome(met, now=now), strict=True))
    consent.lock_contacts({contact_id for contact_id, _address in brought})
    arrivals.bring(kind, brought, now=now)
    return people


def _arrival(kind: str, told: Inbound, invitation: Invitation | None) -> Arrival:
    language = language_of(told.language) or (invitation.language if invitation else "")
    return Arrival(kind, told.address, told.name, language)


def _reach(channel: Channel, acts: Mapping[str, Inbound], people: Mapping[str, int], now: datetime) -> None:
    """Who joins can be reached, whatever was said or found before: it is their own act."""
    for played in (False, True):
        there = {address for address in people if acts[address].played is played}
        if there:
            closing.lift_many(
                channel.address_kind, there, channel=channel.kind, now=now, played=played, reasons=closing.BY_JOINING
            )
            if not played:
                closing.welcome_back(channel.address_kind, there, now=now)
                arrivals.revive(channel.address_kind, there)


def _lines(
    channel: Channel, acts: Mapping[str, Inbound], held: Mapping[str, Invitation], people: Mapping[str, int]
) -> list[Line]:
    """Consent by the invitations that hold, from those who had not given it already."""
    business = Business.current()
    last = consent.newest(sorted({people[address] for address in held}), [ConsentPurpose.MARKETING])
    lines = []
    for address, invitation in held.items():
        before = last.get((people[address], channel.kind, ConsentPurpose.MARKETING.value))
        if before is not None and before.given and before.expires_at is None and not before.played:
            continue
        told = acts[address]
        language = language_of(told.language) or invitation.language or business.language
        with translation.override(language_of(language) or business.language):
            said = wording(channel.kind, ConsentPurpose.MARKETING, business)
        lines.append(
            Line(
                people[address],
                channel.kind,
                given=True,
                basis=Basis.EXPRESS,
                source=invitation.source,
                wording=said,
                language=language,
                address=address,
                ip=told.ip or None,
                user_agent=told.user_agent,
                played=told.played,
            )
        )
    return lines


def _tell(channel: Channel, told: Sequence[Inbound], held: Mapping[str, Invitation], people: Mapping[str, int]) -> None:
    """The facts that are written down already learn whom they are about, and by which invitation."""
    rows = [
        (one.event_key[:120], people[one.address], held[one.address].source if one.address in held else "")
        for one in told
    ]
    bulk.update(DeliveryEvent, ("contact_id", "text"), rows, key="event_key", only={"channel_id": channel.pk})
