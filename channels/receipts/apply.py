"""A batch of facts into the database: written down once, applied to their messages, with what they mean for consent and addresses."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from datetime import datetime
from typing import Any

from django.db import transaction

from channels import consequences, facts, joining, tracking
from channels.contention import insist
from channels.models import Channel, Delivery, Grade, InboundCall
from channels.receipts.conversing import Heard as Said
from channels.receipts.conversing import converse, spell_out
from channels.receipts.matching import OF_PEOPLE, Match, match
from channels.receipts.state import Heard, State, after
from channels.transport import Fact, Inbound
from contacts import arrivals, bulk, consent
from contacts.consent import Line, closing
from contacts.models import Basis, ConsentPurpose

_STATE = tuple(one.name for one in fields(State))


@dataclass(frozen=True, slots=True)
class Item:
    """A fact on its way in. `call_id`: the stored call it came in; `grade`, `data`: what we know beside what the provider says."""

    told: Inbound
    call_id: int | None = None
    grade: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)


def apply(channel: Channel, told: Sequence[Inbound], *, now: datetime, call: InboundCall | None = None) -> int:
    """Apply facts of one account; returns how many were new. A fact that is known already changes nothing."""
    items = [Item(fact, call.pk if call else None) for fact in told]
    return len(insist(lambda: take_in(channel, items, now)))


def take_in(channel: Channel, items: Sequence[Item], now: datetime) -> list[tuple[Item, Match]]:
    """Write the facts down and apply those that are new; returns these. A bounded number of statements for any number of facts.

    Order of locks, as everywhere: contacts before deliveries.
    """
    once: dict[str, Item] = {}
    for item in items:
        once.setdefault(item.told.event_key, item)
    with transaction.atomic():
        if any(item.told.fact == Fact.JOINED for item in once.values()):
            arrivals.one_at_a_time()
        return [new for turn in _turns(list(once.values())) for new in _taken(channel, turn, now)]


def _turns(items: Sequence[Item]) -> list[list[Item]]:
    """Mostly one. Of what one person said in several facts, each is taken in after what it may stand on: who joins and writes is known
    when the answer is read, and of STOP and START the last one counts."""
    turns: list[list[Item]] = [[]]
    said: set[str] = set()
    for item in items:
        who = item.told.address if item.told.fact in OF_PEOPLE else ""
        if who and who in said:
            turns.append([])
            said.clear()
        turns[-1].append(item)
        if who and item.told.fact != Fact.REPLIED:
            said.add(who)
    return turns


def _taken(channel: Channel, items: Sequence[Item], now: datetime) -> list[tuple[Item, Match]]:
    with transaction.atomic():
        matched = list(zip(items, match(channel, [item.told for item in items], now), strict=True))
        matched = [(graded(item, found, now), found) for item, found in matched if not _only_played(item, found)]
        rows = [_told(channel, item, found, now) for item, found in matched]
        spell_out(rows)
        written = {row[0] for row in facts.write(rows, returning=("event_key",))}
        new = [(item, found) for item, found in matched if _key(item) in written]
        mean(channel, new, now)
        heard = defaultdict(list)
        for item, found in new:
            if found.target is not None:
                heard[found.target.id].append(_heard(item, now))
        hear(heard)
    return new


def hear(heard: Mapping[int, Sequence[Heard]]) -> None:
    """Apply facts to their deliveries, which are locked in the order of their ids; two statements."""
    if not heard:
        return
    rows = Delivery.objects.filter(bulk.Among("id", heard)).order_by("id").select_for_update(no_key=True)
    changed = []
    for pk, *values in rows.values_list("id", *_STATE):
        before = now = State(*values)
        for fact in heard[pk]:
            now = after(now, fact)
        if now != before:
            changed.append((pk, *(getattr(now, name) for name in _STATE)))
    bulk.update(Delivery, _STATE, changed)


def mean(channel: Channel, new: Sequence[tuple[Item, Match]], now: datetime) -> None:
    """What the facts mean for consent and addresses: a few statements, and none where they mean nothing."""
    by_fact: dict[str, list[tuple[Inbound, Match]]] = defaultdict(list)
    for item, found in new:
        by_fact[item.told.fact].append((item.told, found))
    dead = [
        (told, found)
        for told, found in by_fact[Fact.BOUNCED]
        if told.address_dead and found.address and not told.played
    ]
    closings = [consequences.dead(channel, found.address) for _, found in dead]
    closings += [
        consequences.stopped(channel, *_who(found), played=told.played)
        for told, found in by_fact[Fact.STOPPED]
        if found.address
    ]
    closings += [
        consequences.complained(channel, *_who(found), played=told.played)
        for told, found in by_fact[Fact.COMPLAINED]
        if found.address
    ]
    closing.suppress_many(closings, now=now)
    if dead:
        consequences.mark_dead(channel, {found.address for _, found in dead})
    for played in (False, True):
        resumed = {found.address for told, found in by_fact[Fact.RESUMED] if found.address and told.played is played}
        if resumed:
            closing.lift_many(channel.address_kind, resumed, channel=channel.kind, now=now, played=played)
    _withdraw(channel, [pair for pair in by_fact[Fact.UNSUBSCRIBED] if pair[1].contact_id], now)
    joining.join_many(channel, [told for told, _ in by_fact[Fact.JOINED] if told.address], now=now)
    converse(
        channel,
        [Said(item.told, _key(item), found.address, found.contact_id, when(item.told, now)) for item, found in new],
    )


def _who(found: Match) -> tuple[str, str]:
    return found.address, found.target.token if found.target else ""


def _withdraw(channel: Channel, said: Sequence[tuple[Inbound, Match]], now: datetime) -> None:
    """The ledger says it once: whoever has withdrawn already (our own page writes the line itself) gets no second line."""
    if not said:
        return
    people = sorted({found.contact_id for _, found in said if found.contact_id})
    held = consent.newest(people, [ConsentPurpose.MARKETING])
    gone = {contact_id for (contact_id, kind, _), line in held.items() if kind == channel.kind and not line.given}
    once = {found.contact_id: (told, found) for told, found in said if found.contact_id not in gone}
    consent.record([_withdrawal(channel, *pair) for pair in once.values()], now=now)


def _withdrawal(channel: Channel, told: Inbound, found: Match) -> Line:
    assert found.contact_id is not None
    address, token = _who(found)
    return Line(
        found.contact_id, channel.kind, given=False, basis=Basis.WITHDRAWAL, source=channel.name, ip=told.ip or None,
        address=address, delivery_token=token, played=told.played,
    )  # fmt: skip


def _only_played(item: Item, found: Match) -> bool:
    """What was played counts for messages of the sandbox only."""
    return item.told.played and found.target is not None and not found.target.sandbox


def _key(item: Item) -> str:
    return item.told.event_key[:120]


def when(told: Inbound, now: datetime) -> datetime:
    """The provider's time, or ours where it tells none or lives in the future."""
    return min(told.at or now, now)


def graded(item: Item, found: Match, now: datetime) -> Item:
    """The item with who opened or clicked and what speaks for it; unchanged for other facts, and where that is known already."""
    told = item.told
    if item.grade or told.fact not in (Fact.OPENED, Fact.READ, Fact.CLICKED):
        return item
    if not told.machine and (told.played or told.fact == Fact.READ):
        return replace(item, grade=Grade.HUMAN)
    grade, reasons = tracking.grade(
        told.fact, headers={}, user_agent=told.user_agent, ip=told.ip, machine_flag=told.machine,
        seconds_since_delivered=_since(found, when(told, now)) if told.at else None,
    )  # fmt: skip
    return replace(item, grade=grade, data={**item.data, **({"grade_reasons": reasons} if reasons else {})})


def _since(found: Match, at: datetime) -> float | None:
    """Seconds from the delivery (else from the sending) to something that a provider tells of; None where neither is known."""
    start = found.target.arrived_at or found.target.sent_at if found.target else None
    return (at - start).total_seconds() if start else None


def _heard(item: Item, now: datetime) -> Heard:
    told = item.told
    why = " ".join(part for part in (told.reason, told.detail) if part)
    return Heard(told.fact, when(told, now), item.grade, why, told.provider_id, told.segments, told.cost)


def _told(channel: Channel, item: Item, found: Match, now: datetime) -> facts.Told:
    told = item.told
    said = {
        "url": told.url,
        "why": told.detail,
        "user_agent": told.user_agent,
        "ip": told.ip,
        "choice": told.choice,
        **item.data,
    }
    if found.target is None and told.fact in OF_PEOPLE:
        said["address"] = found.address
    return facts.Told(
        fact=told.fact, channel_id=channel.pk, delivery_id=found.target.id if found.target else None, contact_id=found.contact_id,
        event_key=_key(item), provider_id="" if told.fact in OF_PEOPLE else told.provider_id, at=when(told, now), recorded_at=now,
        grade=item.grade, reason=told.reason[:60], text=told.text, data={name: value for name, value in said.items() if value},
        call_id=item.call_id, played=told.played, handled_at=None if found.contact_id else now,
    )  # fmt: skip
