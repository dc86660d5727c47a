"""Who cleans the rows of a file: this process, or for a long file one beside it, so that reading, cleaning and storing overlap."""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import IO, Any, cast

from django.conf import settings

from contacts.importing import within
from contacts.importing.cleaning import Cleaner
from contacts.importing.columns import Columns
from contacts.importing.reading import Raw
from contacts.importing.staged import packed
from contacts.models import Business, ImportRun
from contacts.staging import Packed, Stage

LONG = 5 << 20  # bytes, some 40,000 rows: below that, a second process costs more than it saves
_WAITING = 2  # portions that the process beside has at most
_PATIENCE = 5  # seconds to end in

Clean = Callable[[Sequence[Raw], int], "Future[Ready]"]


@dataclass(frozen=True, slots=True)
class Ready:
    """A portion of the file as the stage takes it. keys: further keys of rows with several addresses."""

    rows: Packed
    keys: list[tuple[int, str, int]]


@dataclass(frozen=True, slots=True)
class Brief:
    """All that cleaning has to know. key: under which addresses are hidden; by_copy: whether the stage takes its rows by COPY."""

    run: ImportRun
    business: Business
    now: datetime
    branches: dict[int, str]
    key: bytes
    by_copy: bool

    @property
    def language(self) -> str:
        return self.run.options.get("language") or "en"


def prepared(brief: Brief) -> Callable[[Sequence[Raw], int], Ready]:
    """What cleans a portion that begins with the row of that number."""
    columns = Columns(
        Cleaner(brief.run, brief.business, brief.now, brief.branches),
        brief.run.mapping.get("columns", []),
        brief.run.headers,
    )

    def clean(raws: Sequence[Raw], start: int) -> Ready:
        found = columns.clean(raws, start)
        return Ready(packed(found.rows, by_copy=brief.by_copy), found.keys)

    return clean


@contextmanager
def cleaners(run: ImportRun, now: datetime, stage: Stage) -> Iterator[Clean]:
    """What cleans portions, so that one can go on meanwhile. Ask for at most a few before taking the first."""
    brief = Brief(run, Business.current(), now, within.branches_of(run), settings.SUPPRESSION_KEY, stage.by_copy)
    with _beside(brief) if run.read_from.size >= LONG and (os.cpu_count() or 1) > 1 else _here(brief) as clean:
        yield clean


@contextmanager
def _here(brief: Brief) -> Iterator[Clean]:
    here = prepared(brief)
    yield lambda raws, start: _done(here(raws, start))


def _done(ready: Ready) -> Future[Ready]:
    done: Future[Ready] = Future()
    done.set_result(ready)
    return done


@contextmanager
def _beside(brief: Brief) -> Iterator[Clean]:
    """Whatever the process beside has no time for is cleaned here. Raises EOFError or OSError where it was ended from outside."""
    here, given = prepared(brief), deque[Future[Ready]](maxlen=_WAITING)
    command = [sys.executable, "-m", "contacts.importing.cleaner_process"]
    with (
        subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process,
        ThreadPoolExecutor(1) as pool,
    ):
        asked, answers = cast("IO[bytes]", process.stdin), cast("IO[bytes]", process.stdout)

        def exchange(question: Any) -> Any:
            pickle.dump(question, asked, protocol=pickle.HIGHEST_PROTOCOL)
            asked.flush()
            return pickle.load(answers)  # noqa: S301 - from the process that we started

        def clean(raws: Sequence[Raw], start: int) -> Future[Ready]:
            if len(given) == _WAITING and not given[0].done():
                return _done(here(raws, start))
            given.append(pool.submit(exchange, (raws, start)))
            return given[-1]

        try:
            pool.submit(exchange, brief)
            yield clean
        finally:
            pool.shutdown(cancel_futures=True)
            _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    try:
        process.communicate(timeout=_PATIENCE)
    except (subprocess.TimeoutExpired, OSError, ValueError):
        process.kill()
