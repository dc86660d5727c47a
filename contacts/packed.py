"""The rows of a query as one text of JSON: many are read at a small part of what it takes to hand them over value by value."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.db import connections, router
from django.db.models import QuerySet


def packed(rows: QuerySet[Any, Any]) -> list[list[Any]]:
    """The rows of a `values_list()`, in its order, as JSON knows them: days and instants are text (see `moment`), truths may be 0 and 1,
    and on SQLite JSON columns are text."""
    connection = connections[router.db_for_write(rows.model)]
    compiler = rows.query.get_compiler(using=connection.alias)
    try:
        sql, params = compiler.as_sql()
    except EmptyResultSet:
        return []
    names = ", ".join(f"c{n}" for n in range(len(compiler.select)))
    is_postgres = connection.vendor == "postgresql"
    shape = f"json_agg(json_build_array({names}))::text" if is_postgres else f"json_group_array(json_array({names}))"
    with connection.cursor() as cursor:
        cursor.execute(f"WITH q({names}) AS MATERIALIZED ({sql}) SELECT {shape} FROM q", params)
        found: list[list[Any]] = json.loads(cursor.fetchone()[0] or "[]")
    return found


def moment(text: str) -> datetime:
    """An instant of a packed row. SQLite keeps them in UTC."""
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)
