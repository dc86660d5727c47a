"""What stands in a JSON column, as text and as numbers, the same on both databases and whatever was put in."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.db.models import Case, FloatField, Q, TextField, Value, When
from django.db.models.expressions import Combinable
from django.db.models.fields.json import KeyTextTransform
from django.db.models.functions import Cast, NullIf
from django.db.models.lookups import GreaterThanOrEqual, IContains, IExact, LessThan, LessThanOrEqual, Regex

_NUMBER = r"^-?[0-9]{1,15}([.][0-9]{1,9})?$"
_DAY = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}"


def text(column: str, key: str) -> Combinable:
    """The value at a key; NULL where there is none, or nothing in it. A point leads further down: "customer.city"."""
    found: Any = column
    for part in key.split("."):
        found = KeyTextTransform(part, found)
    plain = NullIf(Cast(found, TextField()), Value("null", TextField()))
    return NullIf(plain, Value("", TextField()), output_field=TextField())


def number(column: str, key: str) -> Combinable:
    """The value where it is a number, or a text that is one; else NULL."""
    found = text(column, key)
    return Case(When(Regex(found, _NUMBER), then=Cast(found, FloatField())), output_field=FloatField())


def as_number(value: str) -> float | None:
    """A typed value, where it is a number."""
    try:
        return float(value.replace(",", "."))
    except ValueError:
        return None


def equals(column: str, key: str, value: str) -> Q:
    """The same text whatever its case, or the same number."""
    same = Q(IExact(text(column, key), value))
    wanted = as_number(value)
    return same if wanted is None else same | at_least(column, key, wanted) & at_most(column, key, wanted)


def contains(column: str, key: str, value: str) -> Q:
    return Q(IContains(text(column, key), value))


def at_least(column: str, key: str, value: float) -> Q:
    return Q(GreaterThanOrEqual(number(column, key), Value(value, FloatField())))


def at_most(column: str, key: str, value: float) -> Q:
    return Q(LessThanOrEqual(number(column, key), Value(value, FloatField())))


def since(column: str, key: str, day: str) -> Q:
    """A day, written 2026-01-31, from this one on."""
    return Q(Regex(text(column, key), _DAY)) & Q(GreaterThanOrEqual(text(column, key), Value(day, TextField())))


def before(column: str, key: str, day: str) -> Q:
    return Q(Regex(text(column, key), _DAY)) & Q(LessThan(text(column, key), Value(day, TextField())))


def filled(column: str, key: str) -> Q:
    """There is something at the key."""
    return Q(Regex(text(column, key), "."))


def day(text: str) -> date:
    """A day as rules keep it."""
    return date.fromisoformat(text)
