"""Queries that are asked again and again with other ids: Django puts each together once, which takes it longer than the database."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from copy import copy
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Lock
from types import SimpleNamespace
from typing import Any, Generic, TypeVar

from django.db import connections
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import JSONField, Model, QuerySet
from django.db.models.query import ModelIterable

from contacts.bulk import Among

Build = Callable[[Sequence[int]], QuerySet[Any, Any]]

Value = TypeVar("Value")
Row = TypeVar("Row", bound=Model)

_NOBODY = [-(2**62)]  # stands for the ids while the statement is put together; no row has it
_NEVER = datetime(1, 1, 2, tzinfo=UTC)  # the same for a moment


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


class CompiledModels(Generic[Value, Row]):
    """A query for whole models, with what it selects beside them, that depends on a list of ids (through `Among`) or on one moment.

    build: makes it for a given value; called once for each kind of database. What else it says must never change.
    """

    def __init__(self, build: Callable[[Value], QuerySet[Row]], stand_in: Value) -> None:
        self.build = build
        self.stand_in = stand_in
        self.kept: dict[str, tuple[Any, str, tuple[Any, ...], tuple[int, ...]]] = {}
        self.lock = Lock()

    @classmethod
    def by_ids(cls, build: Callable[[Sequence[int]], QuerySet[Row]]) -> CompiledModels[Sequence[int], Row]:
        return CompiledModels(build, _NOBODY)

    @classmethod
    def by_moment(cls, build: Callable[[datetime], QuerySet[Row]]) -> CompiledModels[datetime, Row]:
        return CompiledModels(build, _NEVER)

    def rows(self, value: Value, using: str = "default") -> list[Row]:
        """The models for this value, in the order of the query. One statement."""
        connection = connections[using]
        with self.lock:
            if connection.vendor not in self.kept:
                self.kept[connection.vendor] = self._put_together(connection)
            kept, sql, params, places = self.kept[connection.vendor]
        written = _written(value, connection)
        given = tuple(written if number in places else param for number, param in enumerate(params))
        compiler = copy(kept)  # of this thread alone, with its connection and what it asks for
        compiler.connection, compiler.as_sql = connection, lambda *_args, **_more: (sql, given)
        query = SimpleNamespace(get_compiler=lambda **_: compiler)
        asked: Any = SimpleNamespace(db=using, query=query, _known_related_objects={})
        return list(ModelIterable(asked, chunked_fetch=False))

    def _put_together(self, connection: BaseDatabaseWrapper) -> tuple[Any, str, tuple[Any, ...], tuple[int, ...]]:
        compiler = self.build(self.stand_in).query.get_compiler(using=connection.alias)
        sql, params = compiler.as_sql()
        stands = _written(self.stand_in, connection)
        places = tuple(number for number, param in enumerate(params) if param == stands)
        if not places:
            raise ValueError("The query does not depend on its value.")
        return compiler, sql, tuple(params), places


def _written(value: Any, connection: BaseDatabaseWrapper) -> Any:
    if isinstance(value, datetime):
        return connection.ops.adapt_datetimefield_value(value)
    return Among.written(value, connection)
