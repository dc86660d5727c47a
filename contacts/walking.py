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
FIRST = 2_500  # rows of the first stride
RARE = 3_000  # so many are sorted here; where an index finds more, the walk soon fills a page
SECONDS = 0.1  # of looking for a page, after which the walk is broken off
LEAST = 0.03  # of walking on, where an index was asked in vain
INDEX = 0.06  # of asking an index, at most
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

    span: how far the walk need look, (from, to), either may be None; for a list that goes by its number. searched: what narrows it is
    looked for in the rows of a stride themselves, and not first everywhere.
    """

    rows: QuerySet[Any, Any]
    by: str = "id"
    indexed: bool = False
    span: tuple[int | None, int | None] = (None, None)
    searched: bool = False
    clock: Callable[[], float] = field(default=perf_counter)
    _rare: list[list[Key] | None] = field(
        default_factory=list
    )  # what the index said, once it was asked; None: too many, or too late

    def go(self, want: int, start: Key | None = None, *, up: bool = False, on: bool = True) -> Found:
        """The first `want` rows beyond `start` (None: from the end of the list), downwards from the newest, or upwards from the oldest.
        on: whether to walk on for rows that are rare and have no index."""
        begun_at = self.clock()
        if self._rare and self._rare[0] is not None:
            return self._of_rare(self._rare[0], start, want, up)
        found, edge = self._stride(start, FIRST, want, up)
        if len(found) >= want or edge is None:
            return Found(found, edge is None and len(found) < want, edge)
        if self.indexed and (rare := self._through_index()) is not None:
            return self._of_rare(rare, start, want, up)
        begun = Found(found, whole=False, seen=edge)
        return self.on(begun, want, up=up, since=begun_at) if on else begun

    def on(self, begun: Found, want: int, *, up: bool = False, since: float | None = None) -> Found:
        """Go on from where a walk was broken off, for a while. since: when the looking began, if it was not now."""
        found, edge = begun.keys, begun.seen
        size, now = FIRST, self.clock()
        over = max((now if since is None else since) + SECONDS, now + min(LEAST, SECONDS))
        while edge is not None and len(found) < want and (turned := self.clock()) < over:
            with _hurry(connections[self.rows.db], over - turned) as in_time:
                more, further = self._stride(edge, size, want - len(found), up)
            if not in_time:
                break
            found, edge = found + more, further
            took = max(self.clock() - turned, 1e-4)
            size = int(size * min(4.0, max(0.2, (over - self.clock()) / took)))
        return Found(found, edge is None and len(found) < want, edge)

    def _stride(self, start: Key | None, size: int, want: int, up: bool) -> tuple[list[Key], Key | None]:
        """The matching ones among the next `size` rows, and the last of these rows (None: they were the last of all)."""
        every = self.rows.model._default_manager.order_by(*self._order(up))
        begun = every.filter(self._within(), self._beyond(start, up)) if start else every.filter(self._within())
        last = list(begun.values_list(*self._columns)[size - 1 : size + 1])
        edge = last[0] if len(last) > 1 else None
        here = self.rows.filter(self._within(), *([self._beyond(start, up)] if start else []))
        if edge:
            here = here.filter(self._up_to(edge, up))
        with _row_by_row(connections[self.rows.db], wanted=self.searched):
            return self._keys(here.order_by(*self._order(up)), want), edge

    def _through_index(self) -> list[Key] | None:
        """All that match, the least key first, where they are few enough and found soon enough; asked once. Unordered, so that no plan
        walks the whole table for them."""
        if not self._rare:
            with _hurry(connections[self.rows.db], INDEX) as in_time:
                found = self._keys(self.rows.filter(self._within()).order_by(), RARE + 1)
            self._rare.append(sorted(found) if in_time and len(found) <= RARE else None)
        return self._rare[0]

    def _of_rare(self, rare: list[Key], start: Key | None, want: int, up: bool) -> Found:
        """The same as a walk would find, out of all that there are."""
        ahead = [key for key in rare if start is None or (key > start if up else key < start)]
        keys = (ahead if up else ahead[::-1])[:want]
        return Found(keys, len(keys) < want)

    def _keys(self, rows: QuerySet[Any, Any], most: int) -> list[Key]:
        return [tuple(row) for row in rows.values_list(*self._columns)[:most]]

    @property
    def _columns(self) -> Sequence[str]:
        return ("id",) if self.by == "id" else (self.by, "id")

    def _order(self, up: bool) -> list[str]:
        return [name if up else f"-{name}" for name in self._columns]

    def _beyond(self, key: Key, up: bool) -> Q:
        return self._compared(key, "gt" if up else "lt", "")

    def _up_to(self, key: Key, up: bool) -> Q:
        return self._compared(key, "lt" if up else "gt", "e")

    def _compared(self, key: Key, how: str, also: str) -> Q:
        """also: "e" for the row itself too. Each with a plain bound on an indexed column: where it is one of two conditions, joined by
        OR, PostgreSQL walks the index to its end."""
        if len(key) == 1:
            return Q(**{f"id__{how}{also}": key[0]})
        value, pk = key
        return Q(**{f"{self.by}__{how}e": value}) & (Q(**{f"{self.by}__{how}": value}) | Q(**{f"id__{how}{also}": pk}))

    def _within(self) -> Q:
        low, high = self.span
        return (Q(id__gte=low) if low is not None else Q()) & (Q(id__lte=high) if high is not None else Q())


@contextmanager
def brisk(connection: Any) -> Iterator[None]:
    """On PostgreSQL: for questions that end after a page. Compiling one, or starting others to help with it, takes longer than it does."""
    if connection.vendor != "postgresql":
        yield
        return
    with transaction.atomic(using=connection.alias):
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL jit = off; SET LOCAL max_parallel_workers_per_gather = 0")
        yield


@contextmanager
def _row_by_row(connection: Any, *, wanted: bool) -> Iterator[None]:
    """On PostgreSQL: no index is read for all who have a word, a seventh of everybody perhaps, where a few thousand rows are asked."""
    if connection.vendor != "postgresql" or not wanted:
        yield
        return
    with transaction.atomic(using=connection.alias), connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_bitmapscan = off; SET LOCAL enable_seqscan = off")
        yield
        cursor.execute("SET LOCAL enable_bitmapscan TO DEFAULT; SET LOCAL enable_seqscan TO DEFAULT")


@contextmanager
def _hurry(connection: Any, seconds: float) -> Iterator[list[bool]]:
    """On PostgreSQL: give it up after a moment, and go by an index. The list that is yielded is emptied where it was given up."""
    in_time = [True]
    if connection.vendor != "postgresql":
        yield in_time
        return
    try:
        with brisk(connection):
            with connection.cursor() as cursor:
                most = max(15, int(seconds * 1000))
                cursor.execute(f"SET LOCAL statement_timeout = {most}; SET LOCAL enable_seqscan = off")
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
