"""An Excel workbook becomes a plain table: looked through for tricks first, then read in a process of its own."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO

from django.utils.translation import gettext_lazy as _

from contacts.importing.encoding import MAX_BYTES, NotATable

MARK = b"PK\x03\x04"
MOST_PARTS = 2000
MOST_STRINGS = 96 << 20  # bytes of the texts of all cells
MOST_PART = 256 << 20  # bytes of any other part, a sheet for one
MOST_BYTES = 400 << 20  # of all parts together
SECONDS = 100
_BLOCK = 1 << 18
_STRINGS = "xl/sharedstrings.xml"
_READER = Path(__file__).with_name("workbook_reader.py")
_TRICK = re.compile(rb"<!\s*(?:DOCTYPE|ENTITY)", re.IGNORECASE)

DAMAGED = _("This workbook is damaged or was cut off on its way. Fetch or save it once more, then choose it here.")
PROBLEMS = {
    "blank": _("No sheet of this workbook holds anything."),
    "full": _("This sheet is too large to be read as a workbook. Save it as “CSV UTF-8” and choose that file."),
}
BOMB = _(
    "This workbook is far larger inside than a list of contacts can be, so it is not opened. "
    "If it is one, save it as “CSV UTF-8” and choose that file."
)
LOCKED = _("This workbook is locked with a password. Save it without one, then choose it here.")
ARCHIVE = _("This is a ZIP archive, not a table. Unpack it first, then choose the table that was in it.")
OTHER = {
    "content.xml": _("This is an OpenDocument file. Save it as XLSX or CSV, then choose that file."),
    "xl/workbook.bin": _("This is a binary Excel workbook. Save it as XLSX or CSV, then choose that file."),
    "word/document.xml": _("This is a text document, not a table. Put the list into a spreadsheet and save it as XLSX or CSV."),
    "ppt/presentation.xml": _("This is a presentation, not a table."),
    "index/document.iwa": _("This is a Numbers document. Export it as XLSX or CSV, then choose that file."),
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Sheet:
    """What was read: the sheets that one can choose, the one that was, and whether its days are counted from 1904."""

    names: list[str]
    name: str
    since_1904: bool


def is_one(stream: BinaryIO) -> bool:
    """Whether the file is packed as workbooks are; what is in it, `read` will say."""
    stream.seek(0)
    return stream.read(len(MARK)) == MARK


@contextmanager
def read(stream: BinaryIO, sheet: str = "") -> Iterator[tuple[Sheet, IO[bytes]]]:
    """The sheet of that name, or the first with anything in it, as UTF-8 CSV, one record a row. Raises NotATable."""
    since_1904 = look_through(stream)
    with tempfile.TemporaryDirectory(prefix="cascada-workbook-") as folder:
        source, target = Path(folder, "book.xlsx"), Path(folder, "table.csv")
        stream.seek(0)
        with source.open("wb") as copy:
            shutil.copyfileobj(stream, copy, _BLOCK)
        told = _in_a_process(source, target, sheet)
        if "problem" in told:
            raise NotATable(PROBLEMS[told["problem"]])
        with target.open("rb") as table:
            yield Sheet(told["sheets"], told["sheet"], since_1904), table


def _in_a_process(source: Path, target: Path, sheet: str) -> dict[str, Any]:
    """A file that breaks the reader, takes all memory or never ends costs that process and no other."""
    command = [sys.executable, "-I", str(_READER), str(source), str(target), sheet, str(MAX_BYTES)]
    try:
        done = subprocess.run(command, capture_output=True, check=True, timeout=SECONDS)
    except subprocess.TimeoutExpired:
        raise NotATable(PROBLEMS["full"]) from None
    except subprocess.CalledProcessError as problem:
        out_of_memory = problem.returncode < 0 or b"MemoryError" in problem.stderr
        raise NotATable(PROBLEMS["full"] if out_of_memory else DAMAGED) from None
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def look_through(stream: BinaryIO) -> bool:
    """Unpack every part to nowhere, by blocks, and stop at what no list of contacts needs; whether days count from 1904."""
    try:
        stream.seek(0)
        with zipfile.ZipFile(stream) as book:
            _refuse_others(book)
            return _unpacked(book)
    except (zipfile.BadZipFile, zlib.error, EOFError, OSError, ValueError, RuntimeError) as bad:
        if isinstance(bad, NotATable):
            raise
        raise NotATable(LOCKED if "encrypted" in str(bad) else DAMAGED) from None


def _refuse_others(book: zipfile.ZipFile) -> None:
    names = [name.casefold() for name in book.namelist()]
    if len(names) > MOST_PARTS:
        raise NotATable(BOMB)
    for name, sentence in OTHER.items():
        if name in names:
            raise NotATable(sentence)
    if "xl/workbook.xml" not in names:
        raise NotATable(ARCHIVE)
    if len(set(names)) < len(names):
        raise NotATable(DAMAGED)


def _unpacked(book: zipfile.ZipFile) -> bool:
    whole, since_1904 = 0, False
    for part in book.infolist():
        name = part.filename.casefold()
        if not name.endswith((".xml", ".rels")):
            continue  # pictures and the like are never opened
        size, tail, most = 0, b"", MOST_STRINGS if name == _STRINGS else MOST_PART
        with book.open(part) as packed:
            while block := packed.read(_BLOCK):
                size += len(block)
                if size > most or whole + size > MOST_BYTES:
                    raise NotATable(BOMB)
                if _TRICK.search(tail + block):
                    raise NotATable(DAMAGED)
                if name == "xl/workbook.xml":
                    since_1904 = since_1904 or bool(re.search(rb"""date1904\s*=\s*["'](?:1|true)["']""", tail + block))
                tail = block[-40:]
        whole += size
    return since_1904
