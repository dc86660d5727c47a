"""The file of an export, in the private storage: a CSV, or a workbook for Excel that is written row by row, so that it needs no memory."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from tempfile import TemporaryDirectory
from typing import IO, Any, Protocol

from django.core.files.base import ContentFile
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from xlsxwriter import Workbook
from xlsxwriter.exceptions import FileSizeError

from contacts import exporting
from contacts.many.acts import Impossible
from contacts.models import BulkRun

CSV, XLSX = "csv", "xlsx"
TYPES = {CSV: "text/csv; charset=utf-8", XLSX: "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
MOST_ROWS = 1_048_576  # of a sheet, its header among them: Excel's own limit
LONGEST_CELL = 32_767  # likewise; longer ones are cut by XlsxWriter, which tells of it
_CUT = -2


class Table(Protocol):
    """What rows are written to. `told`: what staff should know of the file, in a sentence, or ""."""

    def write(self, row: Sequence[str]) -> None: ...

    @property
    def told(self) -> str: ...


def form_of(run: BulkRun) -> str:
    """CSV or XLSX."""
    return str(run.details.get("form", CSV))


def check(form: str, people: int) -> None:
    """Raises Impossible where a file of this form cannot hold so many."""
    if form == XLSX and people >= MOST_ROWS:
        most = number_format(MOST_ROWS - 1, force_grouping=True)
        raise Impossible(
            _("An Excel file holds at most %(most)s people. Narrow the list, or export as CSV.") % {"most": most}
        )


def rows(run: BulkRun, people: Any) -> Iterable[Sequence[str]]:
    """The header and a row for each; a workbook's cells are texts by themselves, and need no apostrophe against formulas."""
    return exporting.rows(people, cell=exporting.safe if form_of(run) == CSV else exporting.plain)


@contextmanager
def written(run: BulkRun, begun: Callable[[], object]) -> Iterator[Table]:
    """A new file of the run, that goes again where it was not finished, as does what a crash had left of it before.

    begun: called once the file has its name, to note it.
    """
    run.file.delete(save=False)
    run.file.save(f"{run.pk}-{uuid.uuid4().hex}.{form_of(run)}", ContentFile(b""), save=False)
    stored = run.file.name or ""
    try:
        begun()
        with run.file.storage.open(stored, "wb") as out, _tables[form_of(run)](out) as table:
            yield table
    except BaseException:
        run.file.storage.delete(stored)
        raise


class _Lines:
    told = ""

    def __init__(self, out: IO[bytes]) -> None:
        self._write = exporting.writer(out)

    def write(self, row: Sequence[str]) -> None:
        self._write(row)


class _Sheet:
    """One sheet. What begins like a formula is marked as text for good, so that not even editing the cell makes it one."""

    def __init__(self, book: Any) -> None:
        self._sheet = book.add_worksheet()
        self._bold, self._text = book.add_format({"bold": True}), book.add_format({"quote_prefix": True})
        self._sheet.freeze_panes(1, 0)
        self._sheet.set_column(0, 30, 18)
        self._row, self._cut = 0, 0

    def write(self, row: Sequence[str]) -> None:
        check(XLSX, self._row)  # of a list that has grown meanwhile
        for column, cell in enumerate(row):
            if cell:
                look = self._text if cell.startswith(exporting.FORMULA) else None if self._row else self._bold
                self._cut += self._sheet.write_string(self._row, column, cell, look) == _CUT
        self._row += 1

    @property
    def told(self) -> str:
        if not self._cut:
            return ""
        said = ngettext(
            "%(count)s cell has more than the %(most)s characters that Excel takes, and was cut. A CSV has all of it.",
            "%(count)s cells have more than the %(most)s characters that Excel takes, and were cut. A CSV has all of them.",
            self._cut,
        )
        return said % {"count": self._cut, "most": number_format(LONGEST_CELL, force_grouping=True)}


@contextmanager
def _csv(out: IO[bytes]) -> Iterator[Table]:
    yield _Lines(out)


@contextmanager
def _xlsx(out: IO[bytes]) -> Iterator[Table]:
    with TemporaryDirectory() as folder:  # the rows lie there until they are packed
        plain = {"strings_to_formulas": False, "strings_to_urls": False}
        book = Workbook(out, {"constant_memory": True, "tmpdir": folder, **plain})
        yield _Sheet(book)
        try:
            book.close()
        except FileSizeError as error:
            raise Impossible(_("This is too much for an Excel file. Narrow the list, or export as CSV.")) from error


_tables = {CSV: _csv, XLSX: _xlsx}
