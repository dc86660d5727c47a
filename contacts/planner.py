"""What PostgreSQL's planner is told for questions over a crowd; elsewhere nothing."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction


@contextmanager
def room() -> Iterator[None]:
    """Memory in which a million people can be sorted and hashed; to the end of the caller's transaction, or of one of its own."""
    if connection.vendor != "postgresql":
        yield
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL work_mem = '128MB'")
        cursor.execute("SET LOCAL jit = off")  # compiling costs a fifth of a second, more than it gains here
        yield


@contextmanager
def as_sets() -> Iterator[None]:
    """In the caller's transaction: a question within another is answered once and compared as a set, and not anew for every row.

    Of a table that was just filled the planner believes that it has one row, and would ask a minute's question for each of thousands.
    """
    if connection.vendor != "postgresql":
        yield
        return
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_nestloop = off")
        yield
        cursor.execute("SET LOCAL enable_nestloop = on")
