"""A chosen file becomes a run: looked at, its columns guessed, its first rows kept for the page. No more of it is held than that."""

from __future__ import annotations

from typing import Any, BinaryIO, cast

from django.core.files.base import File

from contacts.importing import mapping, reading
from contacts.importing.cells import strip
from contacts.importing.chunks import opened
from contacts.models import ImportRun

SHOWN = 10


def begin(file: File[Any], name: str, user: Any) -> ImportRun:
    """Store the file with what could be found out about it. Raises NotATable and then keeps nothing."""
    stream = cast("BinaryIO", file.file)
    look = reading.look(stream)
    run = ImportRun(filename=name[:255], created_by=user)
    _remember(run, look)
    file.seek(0)
    run.file.save(name[-80:], file, save=False)
    run.save()
    return run


def read_again(run: ImportRun, *, encoding: str, delimiter: str, has_header: bool) -> None:
    """As staff correct it. Raises NotATable or BadEncoding and then changes nothing."""
    with opened(run) as stream:
        look = reading.look(stream, encoding=encoding, delimiter=delimiter, has_header=has_header)
    _remember(run, look)
    run.problem = ""
    run.save(update_fields=["encoding", "delimiter", "headers", "sample", "mapping", "options", "problem"])


def _remember(run: ImportRun, look: reading.Look) -> None:
    run.encoding, run.delimiter = look.shape.encoding, look.shape.delimiter
    run.headers = [strip(header) for header in look.headers]
    run.sample = [[raw.line, [cell[:200] for cell in raw.cells]] for raw in look.sample[:SHOWN]]
    orders = {str(number): mapping.date_order(look.sample, number) for number in range(len(look.headers))}
    asked = {
        number: {"order": found.order, "example": found.example} for number, found in orders.items() if found.example
    }
    columns = mapping.guess(run.headers, look.sample)
    run.mapping = {"columns": columns, "dates": {}, "asked": asked}
    run.options = run.options | {"has_header": look.shape.has_header}
