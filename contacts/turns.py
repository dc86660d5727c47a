"""Several imports write at once: new people side by side, row by row in turn, and what stands in two files at once row by row.

Raw SQL, as in `staging`. On SQLite there is one writer, whose transactions come one after the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from django.db import ProgrammingError, connections, router, transaction

from contacts.models import Contact
from contacts.staging import KEYS, Stage

_TURN = 7_305_520_261  # of PostgreSQL's advisory locks, the one of imports


def side_by_side() -> None:
    """To the end of this transaction: others may add new people meanwhile, but nobody plans row by row."""
    _lock("pg_advisory_xact_lock_shared")


def alone() -> None:
    """To the end of this transaction no other import writes people: whom it does not find is not being added by anybody."""
    _lock("pg_advisory_xact_lock")


def _lock(how: str) -> None:
    connection = _connection()
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute(f"SELECT {how}(%s)", [_TURN])


def set_apart_shared(stage: Stage, others: Iterable[str]) -> None:
    """Rows that stand in another import's file too are planned row by row, each seeing what the other wrote. others: names of stages.

    The import that begins later looks at those that are being written already, and so each pair is looked at before both write.
    """
    if _connection().vendor != "postgresql":
        return
    for other in others:
        for key in KEYS:
            try:
                with transaction.atomic(), _connection().cursor() as cursor:
                    cursor.execute("SET LOCAL work_mem = '64MB'; SET LOCAL jit = off")
                    cursor.execute(
                        f"INSERT INTO import_apart_{stage.name} (n, alone) SELECT s.n, true FROM import_rows_{stage.name} AS s "
                        f"WHERE s.{key} IN (SELECT o.{key} FROM import_rows_{other} AS o WHERE o.{key} IS NOT NULL) "
                        "ON CONFLICT DO NOTHING"
                    )
            except ProgrammingError:  # it has ended meanwhile, and all its people are there
                break


def _connection() -> Any:
    return connections[router.db_for_write(Contact)]
