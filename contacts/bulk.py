"""All raw SQL of the house: set-based inserts, updates and claims, each one statement on PostgreSQL and on SQLite.

Rows travel as one array per column (PostgreSQL, `unnest`) or as one JSON text (SQLite, `json_each`), so that a
statement's text does not depend on the number of rows. Values are given and come back as Django's fields know them.
Column names are attribute names ("contact_id").
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import lru_cache
from typing import Any, cast
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import connections, models, router, transaction
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.models import BooleanField, F, Func, QuerySet
from django.db.models.expressions import BaseExpression

from contacts import arrays

Row = Sequence[Any]

_PLAIN_IN_JSON: dict[type[models.Field[Any, Any]], type] = {
    models.CharField: str, models.TextField: str, models.IntegerField: int, models.BooleanField: bool,
}  # fmt: skip
# A date-time is a date to Python and to Django's classes, so it comes first.
_PLAIN = {**_PLAIN_IN_JSON, models.DateTimeField: datetime, models.DateField: date, models.UUIDField: UUID}


def insert(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Sequence[Row],
    *,
    ignore_conflicts: bool = False,
    returning: Sequence[str] = (),
) -> list[tuple[Any, ...]]:
    """Insert all rows with one statement; returns the `returning` columns of those that were inserted, in no promised order.

    Fields that are not named get no Python default: name every column without a database default.
    """
    if not rows:
        return []
    table = _Table.of(model)
    source, params = table.source(columns, rows)
    names = ", ".join(table.quoted(name) for name in columns)
    conflict = " ON CONFLICT DO NOTHING" if ignore_conflicts else ""
    statement = f"INSERT INTO {table.name} ({names}) SELECT {table.read(columns)} FROM {source} WHERE true{conflict}"
    return table.run(statement, params, returning)


def tally(
    model: type[models.Model], columns: Sequence[str], rows: Sequence[Row], *, key: str, add: str
) -> list[int]:  # fmt: skip
    """Insert the rows, or where `key` is there already, increase its column `add` by the row's; one statement. Returns what `add` is now.

    Rows must come in the order of their keys, so that two callers never wait for each other in a circle.
    """
    if not rows:
        return []
    table = _Table.of(model)
    source, params = table.source(columns, rows)
    names = ", ".join(table.quoted(name) for name in columns)
    counted = table.quoted(add)
    statement = (
        f"INSERT INTO {table.name} AS t ({names}) SELECT {table.read(columns)} FROM {source} WHERE true "
        f"ON CONFLICT ({table.quoted(key)}) DO UPDATE SET {counted} = t.{counted} + excluded.{counted}"
    )
    return [count for (count,) in table.run(statement, params, (add,))]


def update(
    model: type[models.Model],
    columns: Sequence[str],
    rows: Sequence[Row],
    *,
    key: str = "id",
    only: Mapping[str, Any] | None = None,
    add: Mapping[str, int] | None = None,
    returning: Sequence[str] = (),
) -> list[tuple[Any, ...]]:
    """Give each row its own values with one statement. Each row is `(key, *columns)`.

    only: further conditions that must hold, column -> value (None means IS NULL; a list or tuple means one of them); add: columns to be
    increased by a number. Returns the `returning` columns of the rows that were really updated.
    """
    if not rows:
        return []
    table = _Table.of(model)
    source, params = table.source([key, *columns], rows)
    sets = [f"{table.quoted(name)} = {table.cell(name, n + 1)}" for n, name in enumerate(columns)]
    sets += [f"{table.quoted(name)} = t.{table.quoted(name)} + {int(step)}" for name, step in (add or {}).items()]
    condition, more = table.condition(only or {})
    matched = f"t.{table.quoted(key)} = {table.cell(key, 0)}"
    statement = f"UPDATE {table.name} AS t SET {', '.join(sets)} FROM {source} WHERE {matched}{condition}"
    return table.run(statement, [*params, *more], returning)


def claim(
    queryset: QuerySet[Any],
    *others: QuerySet[Any],
    limit: int,
    changes: Mapping[str, Any],
    returning: Sequence[str] = ("id",),
) -> list[tuple[Any, ...]]:
    """Take up to `limit` rows of an ordered queryset and mark them as ours, with one statement that never waits for another worker.

    `id = ANY(ARRAY(SELECT .. LIMIT n FOR UPDATE SKIP LOCKED))`, with literals, keeps the partial index under a custom and
    under a generic plan.
    SQLite has one writer at a time and needs no locks. changes: column -> value or expression of Django's; others: rows of the same table,
    of which as many are taken as those before leave room for.
    """
    table = _Table.of(queryset.model)
    picked = [one.values("pk")[:limit] for one in (queryset, *others)]
    with transaction.atomic(using=table.connection.alias):
        which, params = table.first_of(picked, limit)
        sets, values = table.assignments(changes)
        statement = f"UPDATE {table.name} AS t SET {sets} WHERE t.{table.quoted('id')} {which}"
        return table.run(statement, [*values, *params], returning)


def insert_select(model: type[models.Model], columns: Sequence[str], source: QuerySet[Any, Any]) -> tuple[int, int]:
    """`INSERT .. SELECT .. ON CONFLICT DO NOTHING`: returns (rows in the source, rows inserted), both of one snapshot.

    source: a `values_list()` whose columns stand in the order of `columns`.
    """
    table = _Table.of(model)
    inner, params = _compile(source, table.connection)
    names = ", ".join(table.quoted(name) for name in columns)
    with transaction.atomic(using=table.connection.alias), table.connection.cursor() as cursor:
        if table.is_postgres:
            shape = ", ".join(f"c{n}" for n in range(len(columns)))
            cursor.execute(
                f"WITH source({shape}) AS MATERIALIZED ({inner}), "
                f"done AS (INSERT INTO {table.name} ({names}) SELECT {shape} FROM source ON CONFLICT DO NOTHING RETURNING 1) "
                f"SELECT (SELECT count(*) FROM source), (SELECT count(*) FROM done)",
                params,
            )
            counted, inserted = cast("tuple[int, int]", cursor.fetchone())
            return counted, inserted
        cursor.execute(f"SELECT count(*) FROM ({inner})", params)
        counted = cast("tuple[int]", cursor.fetchone())[0]
        cursor.execute(
            f"INSERT INTO {table.name} ({names}) SELECT * FROM ({inner}) WHERE true ON CONFLICT DO NOTHING", params
        )
        return counted, cursor.rowcount


class Among(Func):
    """For `filter()`: the column is one of these numbers or texts. They travel as one parameter, so that a thousand cost no more text
    than one, and no more of Django's time."""

    output_field = BooleanField()

    def __init__(self, column: str | F, values: Iterable[int] | Iterable[str]) -> None:
        self.values = [value if type(value) is str else int(value) for value in values]
        super().__init__(F(column) if isinstance(column, str) else column)

    def as_sql(self, compiler: Any, connection: BaseDatabaseWrapper, *_: Any, **__: Any) -> tuple[str, Any]:
        if not self.values:
            raise EmptyResultSet  # an empty list has no type, and PostgreSQL compares no text with numbers
        column, params = compiler.compile(self.source_expressions[0])
        many = self.written(self.values, connection)
        if connection.vendor == "postgresql":
            kind = "text" if isinstance(self.values[0], str) else "bigint"
            return f"{column} = ANY(%s::{kind}[])", [*params, many]
        return f"{column} IN (SELECT value FROM json_each(%s))", [*params, many]

    @staticmethod
    def written(values: Sequence[int | str] | Sequence[int], connection: BaseDatabaseWrapper) -> str:
        """The values as the one parameter."""
        return arrays.written(values) if connection.vendor == "postgresql" else json.dumps(values)


def _compile(queryset: QuerySet[Any, Any], connection: BaseDatabaseWrapper) -> tuple[str, list[Any]]:
    sql, params = queryset.query.get_compiler(using=connection.alias).as_sql()
    return sql, list(params)


@lru_cache(maxsize=1024)
def _field(model: type[models.Model], name: str) -> models.Field[Any, Any]:
    """The field behind an attribute: "contact" for "contact_id"."""
    behind = {field.attname: field for field in model._meta.fields}
    return cast(
        "models.Field[Any, Any]", model._meta.pk if name == "pk" else behind.get(name) or model._meta.get_field(name)
    )


def give_way(seconds: float = 0.5) -> None:
    """From now on to the end of this transaction, wait no longer than this for a row that another one holds: an `OperationalError` then.

    Shorter than PostgreSQL waits before it looks for a circle, so that it is this transaction that gives way. SQLite has one writer.
    """
    connection = connections["default"]
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SET LOCAL lock_timeout = {int(seconds * 1000)}")


@dataclass(frozen=True, slots=True)
class _Table:
    """A model's table on the database that it is written to, and how rows travel there."""

    model: type[models.Model]
    connection: BaseDatabaseWrapper

    @classmethod
    def of(cls, model: type[models.Model]) -> _Table:
        return cls(model, connections[router.db_for_write(model)])

    @property
    def is_postgres(self) -> bool:
        return self.connection.vendor == "postgresql"

    @property
    def name(self) -> str:
        return self.connection.ops.quote_name(self.model._meta.db_table)

    def first_of(self, picked: Sequence[QuerySet[Any, Any]], limit: int) -> tuple[str, list[Any]]:
        """A condition for the ids of these rows, those of the first before those of the next, and its parameters."""
        if not self.is_postgres:
            compiled = [_compile(one, self.connection) for one in picked]
            parts = " UNION ALL ".join(f"SELECT * FROM ({sql})" for sql, _ in compiled)
            return f"IN ({parts} LIMIT {int(limit)})", [value for _, params in compiled for value in params]
        arrays = []
        for one in picked:
            sql, params = _compile(one.select_for_update(skip_locked=True, of=("self",)), self.connection)
            arrays.append(f"ARRAY({cast(Any, self.connection.ops).compose_sql(sql, params)})".replace("%", "%%"))
        return f"= ANY({arrays[0]})" if len(arrays) == 1 else f"= ANY(({' || '.join(arrays)})[1:{int(limit)}])", []

    def field(self, name: str) -> models.Field[Any, Any]:
        return _field(self.model, name)

    def quoted(self, name: str) -> str:
        return self.connection.ops.quote_name(str(self.field(name).column))

    def source(self, columns: Sequence[str], rows: Sequence[Row]) -> tuple[str, list[Any]]:
        """The rows as a table `v` and the statement's parameters for it."""
        fields = [self.field(name) for name in columns]
        given = zip(*rows, strict=True)
        prepared = [self._column(field, values) for field, values in zip(fields, given, strict=True)]
        if not self.is_postgres:
            return "json_each(%s) AS v", [json.dumps(list(zip(*prepared, strict=True)))]
        given_as = ", ".join(f"%s::{self._array_type(field)}[]" for field in fields)
        shape = ", ".join(f"c{n}" for n in range(len(fields)))
        return f"unnest({given_as}) AS v({shape})", [arrays.written(column) for column in prepared]

    def cell(self, name: str, n: int) -> str:
        """Column `n` of `v`, as the field's type."""
        if not self.is_postgres:
            return f"json_extract(v.value, '$[{n}]')"
        return f"v.c{n}::jsonb" if isinstance(self.field(name), models.JSONField) else f"v.c{n}"

    def read(self, columns: Sequence[str]) -> str:
        return ", ".join(self.cell(name, n) for n, name in enumerate(columns))

    def condition(self, only: Mapping[str, Any]) -> tuple[str, list[Any]]:
        """What else must hold of a row that its key names. In COALESCE, so that PostgreSQL does not take it for the way to the row: where
        it does not know yet how many have a new claim's token, it reckons with one, and compares them all with all of `v`."""
        text, params = "", []
        for name, wanted in only.items():
            column = f"t.{self.quoted(name)}"
            if wanted is None:
                text += f" AND {column} IS NULL"
            elif isinstance(wanted, list | tuple):
                text += f" AND COALESCE({column} IN ({', '.join(['%s'] * len(wanted))}), false)"
                params += [self._bound(self.field(name), value) for value in wanted]
            else:
                text += f" AND COALESCE({column} = %s, false)"
                params.append(self._bound(self.field(name), wanted))
        return text, params

    def assignments(self, changes: Mapping[str, Any]) -> tuple[str, list[Any]]:
        sets, params = [], []
        for name, value in changes.items():
            if isinstance(value, BaseExpression | F):
                query = self.model._default_manager.all().query
                resolved = cast(Any, value).resolve_expression(query, allow_joins=False)
                sql, more = query.get_compiler(using=self.connection.alias).compile(resolved)
                sets.append(f"{self.quoted(name)} = {sql.replace(self.name + '.', 't.')}")
                params += list(more)
            else:
                sets.append(f"{self.quoted(name)} = %s")
                params.append(self._bound(self.field(name), value))
        return ", ".join(sets), params

    def run(self, statement: str, params: Iterable[Any], returning: Sequence[str]) -> list[tuple[Any, ...]]:
        with self.connection.cursor() as cursor:
            if not returning:
                cursor.execute(statement, list(params))
                return []
            cursor.execute(f"{statement} RETURNING {', '.join(self.quoted(name) for name in returning)}", list(params))
            found = cursor.fetchall()
        return self._converted(returning, found)

    def _converted(self, returning: Sequence[str], found: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
        """Database values as Python ones (SQLite keeps instants, UUIDs and JSON as text)."""
        compiler = self.model._default_manager.all().query.get_compiler(using=self.connection.alias)
        converters = compiler.get_converters(
            [self.field(name).get_col(self.model._meta.db_table) for name in returning]
        )
        return [tuple(row) for row in compiler.apply_converters(found, converters)] if converters else found

    def _bound(self, field: models.Field[Any, Any], value: Any) -> Any:
        return field.get_db_prep_save(value, self.connection)

    def _column(self, field: models.Field[Any, Any], values: Iterable[Any]) -> list[Any]:
        """One column's values as they travel. Asking the field about each would be half of an import's time, so it is asked once about
        each value that comes again, and not at all about what travels as it is."""
        if isinstance(field, models.JSONField):
            encode = (field.encoder or json.JSONEncoder)().encode
            return [None if value is None else encode(value) for value in values]
        plain, known = self._plain(field), dict[tuple[type, Any], Any]()
        column = []
        for value in values:
            if value is None or type(value) is plain:
                column.append(value)
                continue
            key = (type(value), value)
            if key not in known:
                known[key] = self._value(field, value)
            column.append(known[key])
        return column

    def _plain(self, field: models.Field[Any, Any]) -> type | None:
        """The type whose values this field stores as they are."""
        while isinstance(field, models.ForeignKey):
            field = field.target_field
        for kind, plain in _PLAIN.items() if self.is_postgres else _PLAIN_IN_JSON.items():
            if isinstance(field, kind):
                return plain
        return None

    def _value(self, field: models.Field[Any, Any], value: Any) -> Any:
        bound = self._bound(field, value)
        return str(bound) if isinstance(bound, Decimal) and not self.is_postgres else bound  # JSON has no decimals

    def _array_type(self, field: models.Field[Any, Any]) -> str:
        """The column's type without a length, for a cast to `varchar(10)[]` would cut a longer text silently."""
        if isinstance(field, models.JSONField):
            return "text"
        return re.sub(r"\([\d, ]*\)", "", str(field.db_type(self.connection)))
