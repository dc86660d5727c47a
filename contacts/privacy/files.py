"""Files that hold an erased person: that of an import that has ended, and a table that was made to be taken out, are deleted whole."""

from __future__ import annotations

import zipfile
from collections.abc import Iterator
from typing import IO, Any

from contacts.importing.runs import OVER, delete_files
from contacts.models import BulkRun, ImportRun
from contacts.privacy.needles import Needles

CHUNK = 1 << 20
_OVERLAP = 400  # bytes; longer than an address as people write it
_GUESSES = ("utf-8", "utf-16-le", "cp1251")


def forget(needles: Needles) -> int:
    """Delete each such file in which the person stands; how many."""
    gone = 0
    for run in ImportRun.objects.filter(state__in=OVER).exclude(file=""):
        if _holds(run, needles):
            delete_files(run)
            ImportRun.objects.filter(pk=run.pk).update(file="", table="", sample=[])
            gone += 1
    for made in BulkRun.objects.filter(finished_at__isnull=False).exclude(file=""):
        if _holds(made, needles):
            made.file.delete(save=False)
            BulkRun.objects.filter(pk=made.pk).update(file="")
            gone += 1
    return gone


def _holds(run: ImportRun | BulkRun, needles: Needles) -> bool:
    try:
        with run.file.storage.open(str(run.file.name), "rb") as stream:
            encodings = (encoding, *_GUESSES) if (encoding := getattr(run, "encoding", "")) else _GUESSES
            return any(needles.stand_in(text) for part in _parts(stream) for text in _texts(part, encodings))
    except FileNotFoundError:
        return False
    except zipfile.BadZipFile:
        return True  # nobody can read it, so nobody can say that it does not


def _parts(stream: IO[bytes]) -> Iterator[bytes]:
    """The bytes in overlapping pieces; of a spreadsheet, those of its sheets."""
    if stream.read(2) != b"PK":
        stream.seek(0)
        yield from _pieces(stream)
        return
    stream.seek(0)
    with zipfile.ZipFile(stream) as book:
        for name in book.namelist():
            if name.endswith(".xml"):
                with book.open(name) as sheet:
                    yield from _pieces(sheet)


def _pieces(stream: IO[bytes]) -> Iterator[bytes]:
    before = b""
    while piece := stream.read(CHUNK):
        yield before + piece
        before = piece[-_OVERLAP:]


def _texts(part: bytes, encodings: Any) -> Iterator[str]:
    for encoding in dict.fromkeys(encodings):
        try:
            yield part.decode(encoding, "replace")
        except LookupError:
            continue
