"""What happened outside: an order, a visit, an answer. This is the one way in."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db import transaction

from contacts import bulk
from contacts.models import Event
from contacts.models.event import NAMES, OF_BOOKINGS, OF_PAGES, OF_SHOPS, OF_VOUCHERS
from contacts.signals import facts_recorded

# What staff note down by hand on a person's page. Any other name may be recorded too.
NOTED = NAMES
# What a cascade may have as its goal.
GOALS = {**NAMES, **OF_SHOPS, **OF_VOUCHERS, **OF_BOOKINGS, **OF_PAGES}


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that happened to a contact. key: the source's own id of it; the same source, name and key count once."""

    contact_id: int
    name: str
    at: datetime
    key: str | None = None
    data: Mapping[str, Any] = field(default_factory=dict)
    source: str = ""
    operator_id: int | None = None
    played: bool = False


def facts(event_ids: Collection[int]) -> dict[int, dict[str, Any]]:
    """What a message may say of these events: their details as told, with `at`, `name` and `contact_id`; one statement, or none."""
    if not event_ids:
        return {}
    found = Event.objects.filter(bulk.Among("id", event_ids)).values_list("id", "data", "at", "name", "contact_id")
    return {pk: {**data, "at": at, "name": name, "contact_id": contact} for pk, data, at, name, contact in found}


# The source of what a shop's page told by our script: anybody's browser may say it, so the shop's own word takes its place.
FROM_SITE = "site"
# (new facts, now): called in the transaction that writes facts whose details name vouchers.
Follower = Callable[[Sequence[Fact], datetime], None]
_followers: list[Follower] = []
_NAMING = ("voucher", "vouchers")


def follow_vouchers(follower: Follower) -> None:
    """Have `follower` called with new facts that name vouchers; for `apps`, when the room is ready."""
    if follower not in _followers:
        _followers.append(follower)


_MONEY = re.compile(r"\s*(-?\d{1,11}(?:[.,]\d{1,6})?)\s*[^\d\s]{0,4}\s*", re.ASCII)
_CENT = Decimal("0.01")
_COLUMNS = (
    "contact_id",
    "name",
    "key",
    "at",
    "recorded_at",
    "data",
    "amount",
    "source",
    "operator_id",
    "played",
    "handled_at",
)


def record(
    contact_id: int, name: str, *, at: datetime, now: datetime, key: str | None = None, data: Mapping[str, Any] | None = None,
    source: str = "", operator_id: int | None = None, played: bool = False,
) -> Event:  # fmt: skip
    """Write down what happened; told again with the same source, name and key, the first telling stands and is returned."""
    fact = Fact(contact_id, name, at, key, data or {}, source, operator_id, played)
    with transaction.atomic():
        written = _write([fact], now=now)
        if written:
            return Event.objects.get(pk=written[0])
    # Told before, perhaps by someone whose commit we have just waited for: a statement of its own sees it.
    return Event.objects.get(source=source, name=name, key=key)


def record_many(facts: Iterable[Fact], *, now: datetime) -> int:
    """Write down many facts with one statement; returns how many were not known before."""
    with transaction.atomic():
        return len(_write(list(facts), now=now))


def amount(data: Mapping[str, Any]) -> Decimal | None:
    """The money that the details tell of ("total", else "amount"): a number, or a text such as "12.50 EUR"."""
    for name in ("total", "amount"):
        value = data.get(name)
        if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
            continue
        if found := _MONEY.fullmatch(str(value)):
            return Decimal(found[1].replace(",", ".")).quantize(_CENT)
    return None


def record_each(facts: Sequence[Fact], *, now: datetime) -> list[bool]:
    """The same; for each of them, in their order, whether it was not known before."""
    with transaction.atomic():
        written = _write(list(facts), now=now)
        new = Event.objects.filter(bulk.Among("id", written), key__isnull=False).values_list("source", "name", "key")
        fresh = set(new)
    found = []
    for fact in facts:
        mark = (fact.source, fact.name, fact.key)
        found.append(fact.key is None or mark in fresh)
        fresh.discard(mark)  # told twice in one breath, it counts once
    return found


def _write(facts: list[Fact], *, now: datetime) -> list[int]:
    rows = [
        (f.contact_id, f.name, f.key, f.at, now, dict(f.data), amount(f.data), f.source, f.operator_id, f.played, None)
        for f in facts
    ]
    taken = _take_over(facts)
    new = bulk.insert(
        Event, _COLUMNS, rows, ignore_conflicts=True, returning=("id", "contact_id", "source", "name", "key")
    )
    if new:
        people = sorted({row[1] for row in new})
        transaction.on_commit(lambda: facts_recorded.send_robust(sender=Event, contact_ids=people), robust=True)
    if new or taken:
        _follow(facts, {row[2:] for row in new} | taken, now)
    return [row[0] for row in new]


def _follow(facts: Iterable[Fact], new: Collection[tuple[Any, ...]], now: datetime) -> None:
    """Hand on what names vouchers, if it was not told before."""
    naming = [fact for fact in facts if any(name in fact.data for name in _NAMING)]
    if fresh := [fact for fact in naming if fact.key is None or (fact.source, fact.name, fact.key) in new]:
        for follower in _followers:
            follower(fresh, now)


def _take_over(facts: Sequence[Fact]) -> set[tuple[Any, ...]]:
    """An order that its thank-you page told before becomes the one that the shop itself tells now: one order, known once.

    Returns source, name and key of those.
    """
    orders = {
        (fact.contact_id, str(fact.data["order"])): fact
        for fact in facts
        if fact.name == "order" and fact.key and fact.source != FROM_SITE and fact.data.get("order")
    }
    if not orders:
        return set()
    people = {contact_id for contact_id, _number in orders}
    weak = Event.objects.filter(bulk.Among("contact_id", people), name="order", source=FROM_SITE)
    rows_seen = weak.values_list("pk", "contact_id", "data")
    seen = [(pk, orders.get((who, str(data.get("order"))))) for pk, who, data in rows_seen]
    found = {fact.key: (pk, fact) for pk, fact in seen if fact is not None}
    if not found:
        return set()
    told = Event.objects.filter(name="order", key__in=list(found), source__in={fact.source for fact in facts})
    known = set(told.values_list("source", "key"))
    rows = [
        (pk, fact.source, fact.key, dict(fact.data), amount(fact.data), fact.operator_id)
        for pk, fact in found.values()
        if (fact.source, fact.key) not in known
    ]
    bulk.update(Event, ("source", "key", "data", "amount", "operator_id"), rows, only={"source": FROM_SITE})
    return {(row[1], "order", row[2]) for row in rows}
