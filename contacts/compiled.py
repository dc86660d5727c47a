"""Queries that are asked again and again with other ids: Django puts each together once, which takes it longer than the database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import JSONField, QuerySet

from contacts.bulk import Among

Build = Callable[[Sequence[int]], QuerySet[Any, Any]]

_NOBODY = [-(2**62)]  # stands for the ids while the statement is put together; no row has it


@dataclass(frozen=True, slots=True)
class _Statement:
    """A statement, where its ids go, and what makes its values Python's own."""

    sql: str
    params: tuple[Any, ...]
    places: tuple[int, ...]
    compiler: Any
    converters: dict[int, Any]


class Compiled:
    """A `values_list()` that depends on a list of ids through `Among` alone.

    build: makes it for given ids; called once for each kind of database. What else it says must never change.
    """

    def __init__(self, build: Build) -> None:
        self.build = build
        self.statements: dict[str, _Statement] = {}
        self.lock = Lock()

    def rows(self, ids: Sequence[int], using: str = "default") -> Iterable[Sequence[Any]]:
        """The rows for these ids, each in the order of the query's columns. One statement; none for no ids."""
        if not ids:
            return []
        connection = connections[using]
        with self.lock:
            statement = self.statements.get(connection.vendor)
            if statement is None:
                statement = self.statements[connection.vendor] = _put_together(self.build(_NOBODY), connection)
        params = list(statement.params)
        for place in statement.places:
            params[place] = Among.written(ids, connection)
        with connection.cursor() as cursor:
            cursor.execute(statement.sql, params)
            found: Iterable[Sequence[Any]] = cursor.fetchall()
        return statement.compiler.apply_converters(found, statement.converters) if statement.converters else found


def _put_together(query: QuerySet[Any, Any], connection: BaseDatabaseWrapper) -> _Statement:
    compiler = query.query.get_compiler(using=connection.alias)
    sql, params = compiler.as_sql()
    nobody = Among.written(_NOBODY, connection)
    places = tuple(n for n, value in enumerate(params) if value == nobody)
    if not places:
        raise ValueError("the query does not ask for its ids through Among")
    columns = [expression for expression, *_ in compiler.select[: compiler.col_count]]
    converters = compiler.get_converters(columns)
    if connection.vendor == "postgresql":  # its driver brings all but JSON as Python's own
        converters = {n: found for n, found in converters.items() if isinstance(found[1].output_field, JSONField)}
    return _Statement(sql, tuple(params), places, compiler, converters)
