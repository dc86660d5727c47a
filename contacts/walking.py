"""Pages of long lists, without counting and without passing over what comes before: a page begins where the last one ended.

A list goes by an indexed column and the number (newest first), from either end. The walk looks at the first few thousand rows, which hold
a page of whatever is not rare. What is rare is asked for through its own index, where the list says that there is one. Failing that the
walk goes on, in growing strides, until its time is over, and says how far it has looked: the next page goes on from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from time import perf_counter
from typing import Any

from django.db import OperationalError, connections, models, transaction
from django.db.models import Q, QuerySet

MOST = 1000  # so many are counted; beyond that it is "more than"
FIRST = 5_000  # rows of the first stride
RARE = 5_000  # so many are sorted here; where an index finds more, the walk soon fills a page
SECONDS = 0.08  # of walking on, at most
INDEX_MS = 120  # of asking an index, at most
APART = timedelta(hours=1)  # how far the order of instants may differ from the order of numbers

Key = tuple[Any, ...]  # (number,) or (value of the column, number)


@dataclass(frozen=True, slots=True)
class Found:
    """What a walk came to. keys: of the matching rows in the order of the walk; whole: there are no more; seen: how far it looked."""

    keys: list[Key]
    whole: bool
    seen: Key | None = None


@dataclass(frozen=True, slots=True)
class Walk:
    """rows: the filtered list. by: the column that it goes by, "id" or another that has an index. indexed: what narrows it has an index.

    span: how far the walk need look, (from, to), either may be None; for a list that goes by its number.
    """

    rows: QuerySet[Any, Any]
    by: str = "id"
    indexed: bool = False
    span: tuple[int | None, int | None] = (None, None)
    clock: Callable[[], float] = field(default=perf_counter)

    def go(self, want: int, start: Key | None = None, *, up: bool = False, on: bool = True) -> Found:
        """The first `want` rows beyond `start` (None: from the end of the list), downwards from the newest, or upwards from the oldest.
        on: whether to walk on for rows that are rare and have no index."""
        scope = self.rows.filter(self._beyond(start, up)) if start else self.rows
        found, edge = self._stride(scope, start, FIRST, want, up)
        if len(found) >= want or edge is None:
            return Found(found, edge is None and len(found) < want, edge)
        if self.indexed and (rare := self._through_index(scope, want, up)) is not None:
            return Found(rare, len(rare) < want)
        begun = Found(found, whole=False, seen=edge)
        return self.on(begun, want, up=up) if on else begun

    def on(self, begun: Found, want: int, *, up: bool = False) -> Found:
        """Go on from where a walk was broken off, for a while."""
        found, edge = begun.keys, begun.seen
        size, over = FIRST, self.clock() + SECONDS
        while edge is not None and len(found) < want and (since := self.clock()) < over:
            with _hurry(connections[self.rows.db]) as in_time:
                more, further = self._stride(self.rows, edge, size, want - len(found), up)
            if not in_time:
                break
            found, edge = found + more, further
            took = max(self.clock() - since, 1e-4)
            size = int(size * min(4.0, max(0.2, (over - self.clock()) / took)))
        return Found(found, edge is None and len(found) < want, edge)

    def _stride(
        self, scope: QuerySet[Any, Any], start: Key | None, size: int, want: int, up: bool
    ) -> tuple[list[Key], Key | None]:
        """The matching ones among the next `size` rows, and the last of these rows (None: they were the last of all)."""
        every = self.rows.model._default_manager.order_by(*self._order(up))
        begun = every.filter(self._within(), self._beyond(start, up)) if start else every.filter(self._within())
        last = list(begun.values_list(*self._columns)[size - 1 : size + 1])
        edge = last[0] if len(last) > 1 else None
        here = scope.filter(self._within(), *([self._beyond(start, up)] if start else []))
        if edge:
            here = here.filter(self._up_to(edge, up))
        return self._keys(here.order_by(*self._order(up)), want), edge

    def _through_index(self, scope: QuerySet[Any, Any], want: int, up: bool) -> list[Key] | None:
        """All that match, where they are few enough and found soon enough. Unordered, so that no plan walks the whole table for them."""
        with _hurry(connections[scope.db]) as in_time:
            found = self._keys(scope.filter(self._within()).order_by(), RARE + 1)
        if not in_time or len(found) > RARE:
            return None
        return sorted(found, reverse=not up)[:want]

    def _keys(self, rows: QuerySet[Any, Any], most: int) -> list[Key]:
        return [tuple(row) for row in rows.values_list(*self._columns)[:most]]

    @property
    def _columns(self) -> Sequence[str]:
        return ("id",) if self.by == "id" else (self.by, "id")

    def _order(self, up: bool) -> list[str]:
        return [name if up else f"-{name}" for name in self._columns]

    def _beyond(self, key: Key, up: bool) -> Q:
        return self._compared(key, "gt" if up else "lt")

    def _up_to(self, key: Key, up: bool) -> Q:
        return self._compared(key, "lt" if up else "gt") | Q(pk=key[-1])

    def _compared(self, key: Key, how: str) -> Q:
        """With a condition on the column alone, by which its index is used."""
        if len(key) == 1:
            return Q(**{f"id__{how}": key[0]})
        value, pk = key
        return Q(**{f"{self.by}__{how}e": value}) & (Q(**{f"{self.by}__{how}": value}) | Q(**{f"id__{how}": pk}))

    def _within(self) -> Q:
        low, high = self.span
        return (Q(id__gte=low) if low is not None else Q()) & (Q(id__lte=high) if high is not None else Q())


@contextmanager
def _hurry(connection: Any) -> Iterator[list[bool]]:
    """On PostgreSQL: give it up after a moment, and go by an index. The list that is yielded is emptied where it was given up."""
    in_time = [True]
    if connection.vendor != "postgresql":
        yield in_time
        return
    try:
        with transaction.atomic(using=connection.alias):
            with connection.cursor() as cursor:
                cursor.execute(f"SET LOCAL statement_timeout = {INDEX_MS}; SET LOCAL enable_seqscan = off")
            yield in_time
            with connection.cursor() as cursor:  # where this was part of a larger transaction
                cursor.execute("SET LOCAL statement_timeout TO DEFAULT; SET LOCAL enable_seqscan TO DEFAULT")
    except OperationalError as error:
        if getattr(error.__cause__, "sqlstate", "") != "57014":  # anything but: cancelled, for its time was over
            raise
        in_time.clear()


def numbers_between(
    model: type[models.Model], column: str, since: datetime | None, until: datetime | None
) -> tuple[int | None, int | None]:
    """The numbers between which rows of that time lie, for a column that is written once, with the row; generous by an hour each way."""
    low = _first_since(model, column, since - APART) if since else None
    high = _first_since(model, column, until + APART) if until else None
    return low, high


def _first_since(model: type[models.Model], column: str, instant: datetime) -> int | None:
    """The number of about the first row that is not older, found by halving; None where all are older."""
    every = model._default_manager.order_by("pk")
    low, high = every.values_list("pk", flat=True).first(), every.values_list("pk", flat=True).last()
    if low is None or high is None or every.filter(pk=high, **{f"{column}__lt": instant}).exists():
        return None if low is None else (high or 0) + 1
    while low < high:
        middle = (low + high) // 2
        pk, at = every.filter(pk__gte=middle).values_list("pk", column)[0]
        low, high = (max(pk, middle) + 1, high) if at < instant else (low, middle)
    return int(low)


def about(model: type[models.Model], using: str) -> int | None:
    """About how many rows the table has, where the database knows without counting."""
    connection = connections[using]
    if connection.vendor != "postgresql":
        return None
    with connection.cursor() as cursor:
        cursor.execute("SELECT reltuples::bigint FROM pg_class WHERE oid = to_regclass(%s)", [model._meta.db_table])
        found = cursor.fetchone()
    return found[0] if found and found[0] > 0 else None


def values_of(model: type[models.Model], column: str, most: int) -> list[str]:
    """The different texts in a column with an index, in order, empty ones left out: one look into the index for each of them."""
    connection, table = connections["default"], model._meta.db_table
    name, place = connection.ops.quote_name(column), connection.ops.quote_name(table)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH RECURSIVE one(value) AS (SELECT min({name}) FROM {place} WHERE {name} > '' UNION ALL "
            f"SELECT (SELECT min({name}) FROM {place} WHERE {name} > one.value) FROM one WHERE one.value IS NOT NULL) "
            f"SELECT value FROM one WHERE value IS NOT NULL LIMIT {int(most)}"
        )
        return [value for (value,) in cursor.fetchall()]
