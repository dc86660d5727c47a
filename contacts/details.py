"""What stands in a JSON column, as text and as numbers, the same on both databases and whatever was put in.

A path names it: "total", "customer.city", or "items[].category", which is that of any thing in the list.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import date
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, Case, Expression, FloatField, Func, JSONField, Q, TextField, Value, When
from django.db.models.expressions import Combinable
from django.db.models.fields.json import KeyTextTransform, KeyTransform
from django.db.models.functions import Cast, NullIf
from django.db.models.lookups import GreaterThanOrEqual, IContains, IExact, LessThan, LessThanOrEqual, Regex

PATH = re.compile(r"[^\W\d]\w{0,59}(?:\.\w{1,60}){0,4}(?:\[\](?:\.\w{1,60}){1,4})?\Z")
LIST = "[]."  # what stands between a list and what is asked of the things in it
_NUMBER = r"^-?[0-9]{1,15}([.][0-9]{1,9})?$"
_DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"

Column = str | Combinable


def text(column: Column, key: str) -> Combinable:
    """The value at a key; NULL where there is none, or nothing in it. A point leads further down: "customer.city"."""
    found: Any = column
    for part in key.split("."):
        found = KeyTextTransform(part, found)
    plain = NullIf(Cast(found, TextField()), Value("null", TextField()))
    return NullIf(plain, Value("", TextField()), output_field=TextField())


def number(column: Column, key: str) -> Combinable:
    """The value where it is a number, or a text that is one; else NULL."""
    found = text(column, key)
    return Case(When(Regex(found, _NUMBER), then=Cast(found, FloatField())), output_field=FloatField())


def as_number(value: str) -> float | None:
    """A typed value, where it is a number."""
    try:
        return float(value.replace(",", "."))
    except ValueError:
        return None


def equals(column: Column, key: str, value: str) -> Q:
    """The same text whatever its case, or the same number."""
    if LIST in key:
        return _some(column, key, lambda one, rest: equals(one, rest, value))
    same = Q(IExact(text(column, key), value))
    wanted = as_number(value)
    return same if wanted is None else same | at_least(column, key, wanted) & at_most(column, key, wanted)


def contains(column: Column, key: str, value: str) -> Q:
    if LIST in key:
        return _some(column, key, lambda one, rest: contains(one, rest, value))
    return Q(IContains(text(column, key), value))


def at_least(column: Column, key: str, value: float) -> Q:
    if LIST in key:
        return _some(column, key, lambda one, rest: at_least(one, rest, value))
    return Q(GreaterThanOrEqual(number(column, key), Value(value, FloatField())))


def at_most(column: Column, key: str, value: float) -> Q:
    if LIST in key:
        return _some(column, key, lambda one, rest: at_most(one, rest, value))
    return Q(LessThanOrEqual(number(column, key), Value(value, FloatField())))


def since(column: Column, key: str, day: str) -> Q:
    """A day, written 2026-01-31, from this one on."""
    return Q(Regex(text(column, key), _DAY)) & Q(GreaterThanOrEqual(text(column, key), Value(day, TextField())))


def before(column: Column, key: str, day: str) -> Q:
    return Q(Regex(text(column, key), _DAY)) & Q(LessThan(text(column, key), Value(day, TextField())))


def filled(column: Column, key: str) -> Q:
    """There is something at the key."""
    return Q(Regex(text(column, key), "."))


def day(text: str) -> date:
    """A day as rules keep it."""
    return date.fromisoformat(text)


def fulfilling(conditions: Iterable[Mapping[str, Any]], column: Column = "data") -> Q:
    """For `filter()`: rows whose details fulfil all conditions of the shape {"field", "is", "value"}.

    "is": is, not, least, most or contains. A detail that is not there fulfils none but "not". Of a list one thing is enough, and "not"
    means that none is so.
    """
    found = Q()
    for condition in conditions:
        path, how, value = condition["field"], condition["is"], _written(condition["value"])
        if how == "not":
            found &= ~Q(_surely(equals(column, path, value)))
        elif how in ("least", "most"):
            wanted = as_number(value)
            ask = at_least if how == "least" else at_most
            found &= ask(column, path, wanted) if wanted is not None else Q(pk__in=[])
        else:
            found &= (contains if how == "contains" else equals)(column, path, value)
    return found


def fulfils(data: Mapping[str, Any], conditions: Iterable[Mapping[str, Any]]) -> bool:
    """The same for one that is at hand; no database."""
    return all(_holds(data, one["field"], one["is"], _written(one["value"])) for one in conditions)


def _holds(data: Any, path: str, how: str, wanted: str) -> bool:
    said = [_written(value) for value in found_at(data, path) if value is not None]
    said = [value for value in said if value]
    if how == "contains":
        return any(wanted.lower() in value.lower() for value in said)
    low = as_number(wanted)
    numbers = [float(value) for value in said if re.match(_NUMBER, value)]
    if how in ("least", "most"):
        return low is not None and any(one >= low if how == "least" else one <= low for one in numbers)
    same = any(value.lower() == wanted.lower() for value in said) or low in numbers
    return same != (how == "not")


def found_at(data: Any, path: str) -> Iterator[Any]:
    """What stands at the path; several where it leads through a list."""
    place, _list, rest = path.partition(LIST)
    for part in place.split("."):
        data = data.get(part) if isinstance(data, Mapping) else None
    if not rest:
        yield data
    elif isinstance(data, list):
        for one in data:
            yield from found_at(one, rest)


def _written(value: Any) -> str:
    """As JSON writes it, and a text as it is."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def _surely(found: Q) -> Combinable:
    """False where it would be NULL, so that NOT is the opposite."""
    return Case(When(found, then=Value(value=True)), default=Value(value=False), output_field=BooleanField())


def _some(column: Column, key: str, asked: Any) -> Q:
    place, _list, rest = key.partition(LIST)
    return Q(_SomeOf(column, place.split("."), asked(_One(), rest)))


class _One(Expression):
    """The thing in the list that is looked at."""

    output_field = JSONField()

    def as_sql(self, _compiler: Any, connection: BaseDatabaseWrapper) -> tuple[str, Any]:
        if connection.vendor == "postgresql":
            return "item.value", ()
        return "CASE item.type WHEN 'object' THEN item.value ELSE '{}' END", ()


class _SomeOf(Func):
    """Whether one of the things in the list at a place is as asked; not where there is no list."""

    output_field = BooleanField()

    def __init__(self, column: Column, place: list[str], asked: Q) -> None:
        self.place = place
        found: Any = column
        for part in place:
            found = KeyTransform(part, found)
        super().__init__(column, found, asked)

    def as_sql(self, compiler: Any, connection: BaseDatabaseWrapper, *_: Any, **__: Any) -> tuple[str, Any]:
        whole, found, asked = self.source_expressions
        condition, wanted = compiler.compile(asked)
        if connection.vendor == "postgresql":
            inner, params = compiler.compile(found)
            things = f"jsonb_array_elements(CASE jsonb_typeof({inner}) WHEN 'array' THEN {inner} END) AS item(value)"
            return f"EXISTS (SELECT 1 FROM {things} WHERE {condition})", [*params, *params, *wanted]
        inner, params = compiler.compile(whole)
        where = "$" + "".join(f"[{part}]" if part.isdecimal() else f'."{part}"' for part in self.place)
        things = f"json_each({inner}, %s) AS item WHERE json_type({inner}, %s) = 'array' AND ({condition})"
        return f"EXISTS (SELECT 1 FROM {things})", [*params, where, *params, where, *wanted]
