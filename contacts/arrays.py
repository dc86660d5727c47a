"""A column of values as the text of a PostgreSQL array."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, time
from decimal import Decimal
from ipaddress import IPv4Address, IPv6Address
from itertools import repeat
from operator import is_
from typing import Any
from uuid import UUID


def written(values: Sequence[Any]) -> str:
    """A column as PostgreSQL writes an array. psycopg's own way takes a regular expression or two for each element."""
    kinds = set(map(type, values))
    if kinds == {str} and (texts := _texts(values)) is not None:
        return texts
    if kinds == {int}:
        return f"{{{','.join(map(str, values))}}}"
    first = values[0] if values else None
    if len(values) > 1 and all(map(is_, values, repeat(first))):
        return f"{{{','.join([_element(first)] * len(values))}}}"
    return f"{{{','.join([_element(value) for value in values])}}}"


def _texts(values: Sequence[str]) -> str | None:
    """The same for texts, all at once; None where one has the character that keeps them apart meanwhile."""
    whole = "\0".join(values)
    if whole.count("\0") >= len(values):
        return None
    quoted = whole.replace("\\", "\\\\").replace('"', '\\"').replace("\0", '","')
    return f'{{"{quoted}"}}'


def _element(value: Any) -> str:
    if value is None:
        return "NULL"
    if isinstance(value, str):
        text = str.__str__(value).replace("\\", "\\\\").replace('"', '\\"')
        return f'"{text}"'
    if isinstance(value, bool):
        return "t" if value else "f"
    if isinstance(value, int):
        return str(int(value))
    if isinstance(value, float):
        return repr(value)
    if isinstance(value, date | time):
        return f'"{value.isoformat()}"'
    if isinstance(value, UUID | Decimal | IPv4Address | IPv6Address):
        return f'"{value}"'
    raise TypeError(f"no column of many rows was ever of {type(value).__name__}: say here how an array writes it")
