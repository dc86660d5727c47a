"""The rows of a run, so many at a time."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import AbstractContextManager
from itertools import islice
from typing import BinaryIO, cast

from contacts.importing.lease import CHUNK as CHUNK  # noqa: PLC0414
from contacts.importing.reading import Raw, Shape
from contacts.models import ImportRun


def shape_of(run: ImportRun) -> Shape:
    """How the run's file is read, as staff saw and corrected it."""
    return Shape(run.encoding, run.delimiter, run.options.get("has_header", True))


def opened(run: ImportRun) -> AbstractContextManager[BinaryIO]:
    """The run's file as bytes; FileNotFoundError where it was deleted."""
    if not run.file.name:
        raise FileNotFoundError
    return cast("AbstractContextManager[BinaryIO]", run.file.storage.open(run.file.name, "rb"))


def chunks(rows: Iterator[Raw], size: int = 0) -> Iterator[list[Raw]]:
    """Lists of at most `size` rows (CHUNK where 0)."""
    while portion := list(islice(rows, size or CHUNK)):
        yield portion
