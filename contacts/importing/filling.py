"""A file is cleaned and staged, once for the check and the import after it."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import datetime
from typing import Any, BinaryIO

from django.db import connection

from contacts import bulk
from contacts.importing import lease, reading
from contacts.importing.chunks import chunks, opened, shape_of
from contacts.importing.cleaners import Ready, cleaners
from contacts.importing.staged import cells_of
from contacts.models import ImportRow, ImportRun, RowOutcome
from contacts.staging import Stage

STAGED = 4000  # rows that are cleaned at once
_AHEAD = 6  # portions that are read before the first of them is clean


def fill(run: ImportRun, stage: Stage, clock: Callable[[], datetime]) -> int:
    """Read the whole file into the stage; returns how many rows it has. Raises Lost, BadEncoding."""
    stage.begin()
    read = 0
    with opened(run) as stream, cleaners(run, clock(), stage) as clean, _behind() as put:
        asked: deque[Future[Ready]] = deque()
        for raws in chunks(reading.rows(stream, shape_of(run)), STAGED):
            asked.append(clean(raws, read))
            read += len(raws)
            while asked and (asked[0].done() or len(asked) > _AHEAD):
                put(_put, stage, asked.popleft().result())
            lease.renew(run, clock(), position=read, total=max(read, _expected(stream, run, read)))
        for done in asked:
            put(_put, stage, done.result())
    for _ in stage.filled():
        lease.renew(run, clock(), position=read, total=read)
    return read


def _close() -> None:
    """The connection of the thread that calls: the name means another one in each."""
    connection.close()


def _put(stage: Stage, ready: Ready) -> None:
    stage.add(ready.rows)
    stage.add_keys(ready.keys)


def _expected(stream: BinaryIO, run: ImportRun, read: int) -> int:
    """How many rows the file will have had, by how much of it they took so far."""
    return round(read * run.read_from.size / max(stream.tell(), 1))


@contextmanager
def _behind() -> Iterator[Callable[..., None]]:
    """A function that lets the database work while we go on, one piece at a time. Within a transaction, and on SQLite, it just calls."""
    if connection.vendor != "postgresql" or connection.in_atomic_block:
        yield lambda act, *args: act(*args)
        return
    running: list[Future[Any]] = []

    def put(act: Callable[..., None], *args: Any) -> None:
        if running:
            running.pop().result()
        running.append(pool.submit(act, *args))

    with ThreadPoolExecutor(1) as pool:
        try:
            yield put
            if running:
                running.pop().result()
        finally:
            pool.submit(_close)


def keep_refused(run: ImportRun, stage: Stage, first: int, end: int) -> int:
    """Keep the rows first..end-1 that are none, for staff to see and fetch; returns how many."""
    found = stage.refused(first, end)
    rows: list[tuple[Any, ...]] = [
        (run.pk, line, RowOutcome.REFUSED.value, reason, cells_of(cells), {}) for line, reason, cells in found
    ]
    bulk.insert(ImportRow, ["run_id", "line", "outcome", "reason", "cells", "changes"], rows, ignore_conflicts=True)
    return len(rows)
