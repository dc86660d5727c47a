"""A file as rows of cells: its separator, its headers, and every row with the line of the file where it begins."""

from __future__ import annotations

import csv
import io
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import BinaryIO, NamedTuple

from django.utils.translation import gettext_lazy as _

from contacts.importing import encoding as encodings
from contacts.importing.encoding import NotATable

DELIMITERS = {",": _("comma ,"), ";": _("semicolon ;"), "\t": _("tab"), "|": _("bar |")}
MAX_COLUMNS = 200
MAX_CELL = 32_767  # what a cell of a spreadsheet can hold
_MAX_CELL_LINES = 200
_MOST_TITLES = 8
_LOOKED_AT = 1000
_SEP = re.compile(r'^"?sep=(.)"?\s*$', re.IGNORECASE)
_EMAIL_LIKE = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]{2,}")
_PHONE_LIKE = re.compile(r"'?\+?[\d\s().-]{9,20}")

HEADER_ONLY = _("The file has the names of its columns, but no rows below them.")
TOO_WIDE = _("The file has %(count)d columns; at most %(most)d can be read. Delete the columns that you do not need.")
HUGE = _(
    "Line %(line)d holds a cell of more than %(most)d characters, "
    "so this is not a table of contacts, or a quotation mark is not closed."
)
NO_TABLE = _(
    "No columns can be told apart in this file. A table has a line with the names of its columns and one line for each person."
)


class Raw(NamedTuple):
    """A row as it stands in the file. `line` is where it begins, from 1; broken: its quotation marks do not close."""

    line: int
    cells: list[str]
    broken: bool = False


@dataclass(frozen=True, slots=True)
class Shape:
    """How a file is read. skip: rows above the header, such as a title; by_record: its lines are counted as records, as in workbooks."""

    encoding: str
    delimiter: str
    has_header: bool = True
    skip: int = 0
    by_record: bool = False


@dataclass(frozen=True, slots=True)
class Look:
    """What the first rows of a file show."""

    shape: Shape
    headers: list[str]
    sample: list[Raw]


def look(stream: BinaryIO, *, encoding: str = "", delimiter: str = "", has_header: bool | None = None) -> Look:
    """Look at a file; what is given is believed, the rest is found out. Raises NotATable or BadEncoding."""
    if encoding:
        encodings.scan(stream, encoding)
    encoding = encoding or encodings.detect(stream)
    first = list(islice(_lines(stream, encoding), _LOOKED_AT))
    delimiter = delimiter or _delimiter(first)
    return _looked(Shape(encoding, delimiter), list(islice(_rows(iter(first), delimiter), _LOOKED_AT)), has_header)


def look_at_table(stream: BinaryIO, *, has_header: bool | None = None) -> Look:
    """The same of a table that a workbook became."""
    shape = Shape("utf-8", ",", by_record=True)
    return _looked(shape, list(islice(_records(_lines(stream, "utf-8")), _LOOKED_AT)), has_header)


def _looked(shape: Shape, found: list[Raw], has_header: bool | None) -> Look:
    skip = _titles(found)
    found = found[skip:]
    if not found:
        raise NotATable(encodings.EMPTY)
    if has_header is None:
        has_header = not any(_is_address(cell) for cell in found[0].cells)
    return _judged(replace(shape, has_header=has_header, skip=skip), found)


def rows(stream: BinaryIO, shape: Shape) -> Iterator[Raw]:
    """Every row with something in it, below the header. Raises BadEncoding where the text ends being readable."""
    lines = _lines(stream, shape.encoding)
    found = _records(lines) if shape.by_record else _rows(lines, shape.delimiter)
    try:
        yield from islice(found, shape.skip + shape.has_header, None)
    except UnicodeDecodeError:
        raise encodings.BadEncoding(shape.encoding) from None


def _titles(found: list[Raw]) -> int:
    """How many rows at the top hold one cell only, above a table of at least three columns: “Clients, March 2026”."""
    filled = [sum(bool(cell.strip()) for cell in raw.cells) for raw in found[: _MOST_TITLES + 1]]
    first = next((number for number, cells in enumerate(filled) if cells > 1), 0)
    return first if first and filled[first] >= 3 else 0


def _records(lines: Iterator[str]) -> Iterator[Raw]:
    """A table that we wrote ourselves: its records are the rows of the sheet, whose numbers they keep."""
    for number, cells in enumerate(csv.reader(lines), 1):
        if any(cell.strip() for cell in cells):
            yield Raw(number, cells)


def _judged(shape: Shape, found: list[Raw]) -> Look:
    head, width = found[0], max(len(raw.cells) for raw in found[:50])
    if width > MAX_COLUMNS:
        raise NotATable(TOO_WIDE % {"count": width, "most": MAX_COLUMNS})
    if head.broken or any(len(cell) > MAX_CELL for cell in head.cells):
        raise NotATable(HUGE % {"line": head.line, "most": MAX_CELL})
    sample = found[1:] if shape.has_header else found
    if not sample:
        raise NotATable(HEADER_ONLY)
    width = _width(head.cells) if shape.has_header else width
    headers = [cell.strip() for cell in head.cells[:width]] if shape.has_header else [""] * width
    if width < 2 and not _one_meaningful_column(headers, sample):
        raise NotATable(NO_TABLE)
    return Look(shape, headers, sample)


def _width(header: list[str]) -> int:
    """The number of columns, without the nameless ones that spreadsheets leave at the end."""
    return max((n for n, cell in enumerate(header, 1) if cell.strip()), default=0)


def _one_meaningful_column(headers: list[str], sample: list[Raw]) -> bool:
    """A single column is a table only when it holds addresses."""
    values = [raw.cells[0] for raw in sample if raw.cells and raw.cells[0].strip()]
    return bool(headers and values) and sum(map(_is_address, values)) * 2 >= len(values)


def _is_address(cell: str) -> bool:
    text = cell.strip()
    return bool(_EMAIL_LIKE.fullmatch(text) or (_PHONE_LIKE.fullmatch(text) and sum(c.isdigit() for c in text) >= 9))


def _lines(stream: BinaryIO, encoding: str) -> Iterator[str]:
    """Physical lines, broken at CR, LF or CRLF, without a byte order mark."""
    stream.seek(0)
    text = io.TextIOWrapper(stream, encoding=encoding, newline="")
    try:
        for number, line in enumerate(text):
            yield line if number else line.removeprefix("\ufeff")
    finally:
        text.detach()


def _delimiter(lines: list[str]) -> str:
    """The one that `sep=` names, else the one that cuts the rows most evenly, and then into most columns."""
    named = _SEP.match(lines[0]) if lines else None
    if named:
        return named[1]

    def evenness(delimiter: str) -> tuple[float, int]:
        widths = [len(raw.cells) for raw in islice(_rows(iter(lines), delimiter), 100)]
        width = widths[0] if widths else 0
        even = sum(found == width for found in widths) / len(widths) if width > 1 else 0
        return round(even, 1), width

    return max(DELIMITERS, key=evenness)


class _Lines:
    """Lines that remember which of them made the present row, and can be put back."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._lines = iter(lines)
        self._back: deque[str] = deque()
        self.number = 0
        self.taken: list[str] = []

    def __iter__(self) -> Iterator[str]:
        return self

    def __next__(self) -> str:
        if len(self.taken) >= _MAX_CELL_LINES:
            raise csv.Error("a cell of too many lines")
        line = self._back.popleft() if self._back else next(self._lines)
        self.number += 1
        self.taken.append(line)
        return line

    def keep_first(self) -> str:
        """Put back all lines of the present row but its first, which is returned."""
        first, rest = self.taken[0], self.taken[1:]
        self._back.extendleft(reversed(rest))
        self.number -= len(rest)
        return first


def _rows(lines: Iterator[str], delimiter: str) -> Iterator[Raw]:
    """An unclosed quotation mark would swallow the rows below it: only its own line is lost, and marked broken."""
    source = _Lines(lines)
    reader = csv.reader(source, delimiter=delimiter)
    while True:
        start = source.number + 1
        source.taken.clear()
        cells: list[str] | None
        try:
            cells = next(reader)
        except StopIteration:
            return
        except csv.Error:
            cells = None
        broken = _unclosed(source, cells, delimiter)
        if broken or cells is None:
            cells, broken = source.keep_first().rstrip("\r\n").split(delimiter), True
            reader = csv.reader(source, delimiter=delimiter)
        if start == 1 and _SEP.match(source.taken[0]):
            continue
        if any(cell.strip() for cell in cells):
            yield Raw(start, cells, broken)


def _unclosed(source: _Lines, cells: list[str] | None, delimiter: str) -> bool:
    """A row over several lines is believed when a strict reading finds every quotation mark where it belongs."""
    if len(source.taken) < 2 and source.taken[0].count('"') % 2 == 0:
        return False
    if cells is None or any(len(cell) > MAX_CELL for cell in cells):
        return True
    try:
        list(csv.reader(source.taken, delimiter=delimiter, strict=True))
    except csv.Error:
        return True
    return False
