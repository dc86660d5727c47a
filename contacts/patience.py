"""Questions that staff may ask as often as they like, and that may therefore not run for ever: on both databases."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from time import monotonic
from typing import Any

from django.db import OperationalError, connection, transaction

_STEPS = 20_000  # of SQLite's machine between two looks at the clock


class TookTooLong(Exception):
    """The database was told to stop."""


@contextmanager
def patience(seconds: float) -> Iterator[None]:
    """Each statement inside runs so long at most; then `TookTooLong`."""
    begun = monotonic()
    try:
        with transaction.atomic(), _limited(seconds):
            yield
    except OperationalError as error:
        if monotonic() - begun < seconds * 0.9:
            raise
        raise TookTooLong from error


@contextmanager
def _limited(seconds: float) -> Iterator[None]:
    if connection.vendor == "postgresql":
        before = _set_timeout(f"{int(seconds * 1000)}ms")
        yield
        _set_timeout(before)  # after an error the end of the transaction puts it back
        return
    last: Any = connection.connection
    end = monotonic() + seconds
    last.set_progress_handler(lambda: monotonic() > end, _STEPS)
    try:
        yield
    finally:
        last.set_progress_handler(None, 0)


def _set_timeout(value: str) -> str:
    """For this transaction; returns what it was."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT current_setting('statement_timeout')")
        before = str((cursor.fetchone() or ["0"])[0])
        cursor.execute("SELECT set_config('statement_timeout', %s, true)", [value])
    return before
