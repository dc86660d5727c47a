"""For the people of a wave: what goes with what they bought or looked at, without what they have already."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from contacts.bulk import Among
from contacts.models import BoughtTogether, Event, GoesBy, GoesWith

MOST = 6  # things in a message
REMEMBERED = timedelta(days=730)  # what was bought before may be bought again

Thing = dict[str, Any]


@dataclass(frozen=True, slots=True)
class About:
    """A person, and the event that the message is about, if there is one: an order, a cart, a page. played: so do the sandbox's orders."""

    contact_id: int
    data: Mapping[str, Any] = field(default_factory=dict)
    played: bool = False


class Offers:
    """What goes with what, in one worker's hands; what staff keep is read once."""

    @cached_property
    def _kept(self) -> dict[tuple[str, str], list[Thing]]:
        found: dict[tuple[str, str], list[Thing]] = defaultdict(list)
        for row in GoesWith.objects.order_by("position", "id"):
            price = "" if row.price is None else f"{row.price:.2f}"
            found[row.by, row.folded].append(_thing(row, price))
        return found

    def find(self, wanted: Iterable[About], now: datetime) -> list[list[Thing]]:
        """For each of them what to offer, at most six things; empty where nothing goes with it. Three statements at most.

        Where the message is about nothing that was bought or looked at, the person's last order counts.
        """
        asked = list(wanted)
        orders = self._orders(asked, now)
        sources = [_things(one.data) or self._last(orders, one) for one in asked]
        had = [{mark for order in orders[one.contact_id, one.played] for mark in _marks(order)} for one in asked]
        for n, source in enumerate(sources):
            had[n] |= {mark for thing in source for mark in _marks(thing)}
        offered = [_without(self._of_staff(source), had[n]) for n, source in enumerate(sources)]
        if missing := [n for n, found in enumerate(offered) if not found and sources[n]]:
            together = _together([sources[n] for n in missing])
            for n in missing:
                offered[n] = _without(together.of(sources[n]), had[n])
        return offered

    def _orders(self, asked: Sequence[About], now: datetime) -> dict[tuple[int, bool], list[Thing]]:
        """The things of each person's orders, the oldest first; one statement."""
        theirs = Event.objects.filter(
            Among("contact_id", {one.contact_id for one in asked}), name="order", at__gt=now - REMEMBERED
        )
        found: dict[tuple[int, bool], list[Thing]] = defaultdict(list)
        for contact, data, played in theirs.order_by("at", "id").values_list("contact_id", "data", "played"):
            for counts in (True,) if played else (True, False):
                found[contact, counts] += [{**thing, "_last": id(data)} for thing in _things(data)]
        return found

    def _last(self, orders: Mapping[tuple[int, bool], list[Thing]], one: About) -> list[Thing]:
        mine = orders[one.contact_id, one.played]
        return [thing for thing in mine if thing["_last"] == mine[-1]["_last"]]

    def _of_staff(self, source: Sequence[Thing]) -> Iterator[Thing]:
        for by in (GoesBy.SKU, GoesBy.NAME, GoesBy.CATEGORY):  # the nearest first
            for thing in source:
                yield from self._kept.get((by.value, fold(thing.get(by.value))), ())


@dataclass(frozen=True, slots=True)
class _Together:
    """What was bought together, by the thing and by its category."""

    by_thing: Mapping[str, list[Thing]]
    by_category: Mapping[str, list[Thing]]

    def of(self, source: Sequence[Thing]) -> Iterator[Thing]:
        for thing in source:
            yield from self.by_thing.get(_name(thing), ())
        for thing in source:
            if not _name(thing):  # a page that was looked at names a category alone
                yield from self.by_category.get(str(thing.get("category", "")), ())


def _together(sources: Iterable[Sequence[Thing]]) -> _Together:
    things = [thing for source in sources for thing in source]
    names = {name for thing in things if (name := _name(thing))}
    categories = {str(thing["category"]) for thing in things if not _name(thing) and thing.get("category")}
    rows: list[BoughtTogether] = []
    if names:
        rows += BoughtTogether.objects.filter(Among("thing", names)).order_by("-times", "id")
    by_thing, by_category = defaultdict[str, list[Thing]](list), defaultdict[str, list[Thing]](list)
    for row in rows:
        by_thing[row.thing].append(_thing(row, row.price))
    if categories:
        for row in BoughtTogether.objects.filter(Among("of_category", categories)).order_by("-times", "id"):
            by_category[row.of_category].append(_thing(row, row.price))
    return _Together(by_thing, by_category)


def fold(value: Any) -> str:
    """A name as it is compared."""
    return " ".join(str(value or "").split()).casefold()


def _things(data: Mapping[str, Any]) -> list[Thing]:
    """What an event is about: the things of an order or a cart, else the category of a page."""
    items = data.get("items")
    found = [item for item in items if isinstance(item, dict)] if isinstance(items, list) else []
    if not found and isinstance(data.get("category"), str):
        return [{"category": data["category"]}]
    return found


def _name(thing: Mapping[str, Any]) -> str:
    """As `together` names it."""
    return str(thing.get("sku") or thing.get("name") or "")


def _marks(thing: Mapping[str, Any]) -> set[tuple[str, str]]:
    """By what a thing is known to be the same."""
    return {(by, mark) for by in ("sku", "name") if (mark := fold(thing.get(by)))}


def _without(found: Iterable[Thing], had: set[tuple[str, str]]) -> list[Thing]:
    """Each once, and nothing that they have."""
    seen, kept = set(had), list[Thing]()
    for thing in found:
        marks = _marks(thing)
        if not marks & seen and len(kept) < MOST:
            kept.append(thing)
            seen |= marks
    return kept


def _thing(row: GoesWith | BoughtTogether, price: str) -> Thing:
    told = {
        "name": row.name,
        "sku": row.sku,
        "category": row.category,
        "link": row.link,
        "image": row.image,
        "price": price,
    }
    return {name: value for name, value in told.items() if value}
