"""A chosen file becomes a run: looked at, its columns guessed, its first rows kept for the page. No more of it is held than that."""

from __future__ import annotations

from pathlib import PurePath
from typing import IO, Any, BinaryIO, cast

from django.core.files.base import ContentFile, File

from contacts.importing import doubts, layouts, mapping, profiles, reading, within, workbook
from contacts.importing.cells import strip
from contacts.importing.chunks import digest, opened
from contacts.models import ImportRun

SHOWN = 10
_READ = (
    "file", "table", "digest", "encoding", "delimiter", "headers", "sample", "mapping", "options", "problem",
)  # fmt: skip


def begin(file: File[Any], name: str, user: Any) -> ImportRun:
    """Store the file with what could be found out about it. Raises NotATable and then keeps nothing."""
    stream = cast("BinaryIO", file.file)
    run = ImportRun(filename=name[:255], created_by=user, options=within.options_of(user))
    if workbook.is_one(stream):
        _read_workbook(run, stream)
    else:
        _remember(run, reading.look(stream), since_1904=None)
        run.digest = digest(stream)
    file.seek(0)
    run.file.save(name[-80:], file, save=False)
    run.save()
    return run


def begin_pasted(text: str, name: str, user: Any) -> ImportRun:
    """The same of rows that were copied from a spreadsheet: lines, with tabs between the cells. Raises NotATable."""
    return begin(ContentFile(text.replace("\0", "").encode()), name, user)


def read_again(run: ImportRun, *, encoding: str, delimiter: str, has_header: bool) -> None:
    """As staff correct it. Raises NotATable or BadEncoding and then changes nothing."""
    with opened(run) as stream:
        if run.table:
            look = reading.look_at_table(stream, has_header=has_header)
        else:
            look = reading.look(stream, encoding=encoding, delimiter=delimiter, has_header=has_header)
    _remember(run, look, since_1904=run.options.get("since_1904"))
    run.problem = ""
    run.save(update_fields=_READ)


def choose_sheet(run: ImportRun, sheet: str) -> None:
    """Read another sheet of the workbook. Raises NotATable and then changes nothing."""
    before = run.table.name
    with run.file.storage.open(run.file.name or "", "rb") as file:
        _read_workbook(run, cast("BinaryIO", file.file), sheet)
    run.problem = ""
    run.save(update_fields=_READ)
    if before and before != run.table.name:
        run.table.storage.delete(before)


def guess_again(run: ImportRun) -> None:
    """Leave aside what is remembered of such files."""
    layouts.forget(run.headers)
    has_header = run.options.get("has_header", True)
    read_again(run, encoding=run.encoding, delimiter=run.delimiter, has_header=has_header)


def _read_workbook(run: ImportRun, stream: BinaryIO, sheet: str = "") -> None:
    with workbook.read(stream, sheet) as (found, table):
        look = reading.look_at_table(cast("BinaryIO", table))
        _remember(run, look, since_1904=found.since_1904)
        run.options |= {"sheets": found.names, "sheet": found.name, "since_1904": found.since_1904}
        _store_table(run, table)


def _store_table(run: ImportRun, table: IO[bytes]) -> None:
    run.digest = digest(cast("BinaryIO", table))
    table.seek(0)
    run.table.save(f"{PurePath(run.filename).stem[-60:]}.csv", File(table), save=False)


def _remember(run: ImportRun, look: reading.Look, *, since_1904: bool | None) -> None:
    run.encoding, run.delimiter = look.shape.encoding, look.shape.delimiter
    run.headers = _told_apart([strip(header) for header in look.headers])
    run.sample = [[raw.line, [cell[:200] for cell in raw.cells]] for raw in look.sample[:SHOWN]]
    profile = profiles.recognise(run.headers, run.filename)
    columns = mapping.guess(run.headers, look.sample, profile.field_of if profile else lambda _: "")
    several = doubts.several(look.sample, columns, dict(profile.several) if profile else {})
    dates: dict[str, str] = {}
    layout = layouts.find(run.headers)
    if layout is not None:
        columns, dates = layout.mapping["columns"], layout.mapping.get("dates", {})
        several = layout.mapping.get("several", {})
    asked = doubts.asked(look.sample, columns, since_1904=since_1904)
    dates = {number: dates[number] for number, found in asked.items() if not found["order"] and dates.get(number)}
    run.mapping = {"columns": columns, "dates": dates, "asked": asked, "several": several}
    run.options = run.options | {
        "has_header": look.shape.has_header, "skip": look.shape.skip, "profile": profile.key if profile else "",
        "remembered": layout.used_at.date().isoformat() if layout else "",
    }  # fmt: skip


def _told_apart(headers: list[str]) -> list[str]:
    """A second column of the same name gets a number, so that nothing of it is written over the first."""
    seen: dict[str, int] = {}
    found = []
    for header in headers:
        seen[header] = seen.get(header, 0) + 1
        found.append(f"{header} ({seen[header]})" if header and seen[header] > 1 else header)
    return found
