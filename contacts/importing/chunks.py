"""The rows of a run, so many at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from itertools import islice
from typing import BinaryIO, cast

from django.utils.translation import gettext_lazy as _

from contacts.importing.lease import CHUNK as CHUNK  # noqa: PLC0414
from contacts.importing.reading import Raw, Shape
from contacts.models import ImportRun


class Changed(ValueError):
    """The stored file is no longer the one that staff looked at. str() is the sentence."""

    def __str__(self) -> str:
        return str(_("The file was changed after you had chosen it, so nothing more of it is read. Choose it again."))


def shape_of(run: ImportRun) -> Shape:
    """How the run's file is read, as staff saw and corrected it."""
    skip, has_header = run.options.get("skip", 0), run.options.get("has_header", True)
    return Shape(run.encoding, run.delimiter, has_header, skip, by_record=bool(run.table))


@contextmanager
def opened(run: ImportRun) -> Iterator[BinaryIO]:
    """What the run's rows are read from, as bytes; FileNotFoundError where it was deleted, Changed where it is another."""
    if not run.file.name:
        raise FileNotFoundError
    with run.read_from.storage.open(run.read_from.name or "", "rb") as file:
        stream = cast("BinaryIO", file.file)
        if digest(stream) != run.digest:
            raise Changed
        stream.seek(0)
        yield stream


def digest(stream: BinaryIO) -> str:
    """SHA-256 of the whole, in hexadecimal."""
    stream.seek(0)
    found = hashlib.sha256()
    while block := stream.read(1 << 20):
        found.update(block)
    return found.hexdigest()


def chunks(rows: Iterator[Raw], size: int = 0) -> Iterator[list[Raw]]:
    """Lists of at most `size` rows (CHUNK where 0)."""
    while portion := list(islice(rows, size or CHUNK)):
        yield portion
