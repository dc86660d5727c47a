"""Read one sheet of a workbook and write it as CSV: a program of its own, so that no file can take the house down with it.

Run by `workbook`, with limits on memory and time; it knows nothing of Django. Prints what it found as JSON.
"""

from __future__ import annotations

import csv
import json
import sys
from collections.abc import Iterable
from datetime import date, datetime
from pathlib import Path
from typing import Any

from python_calamine import CalamineSheet, CalamineWorkbook, SheetTypeEnum, SheetVisibleEnum

MEMORY = 1200 << 20  # bytes of address space; a sheet at the limits of `workbook` takes half of it
_EXACT = 10**15  # whole numbers up to here keep all their digits in a workbook
_MOST_CELL = 40_000  # more than a workbook allows: what is cut here is refused later on
_FULL = "full"


def main(source: str, target: str, wanted: str, most_bytes: int) -> dict[str, Any]:
    """{sheets: the names to choose from, sheet: the one that was written, rows}; or {problem: a key of `workbook.PROBLEMS`}."""
    with CalamineWorkbook.from_path(source) as book:
        names = [
            one.name
            for one in book.sheets_metadata
            if one.typ == SheetTypeEnum.WorkSheet and one.visible == SheetVisibleEnum.Visible
        ]
        found = _chosen(book, names, wanted)
        if found is None:
            return {"problem": "blank"}
        rows = _write(found, Path(target), most_bytes)
        return {"problem": _FULL} if rows < 0 else {"sheets": names, "sheet": found.name, "rows": rows}


def _chosen(book: CalamineWorkbook, names: list[str], wanted: str) -> CalamineSheet | None:
    """The sheet asked for, else the first that looks like a table, else the first that holds anything."""
    first = None
    for name in [wanted] if wanted in names else names:
        sheet = book.get_sheet_by_name(name)
        if sheet.height > 1 and sheet.width > 1:
            return sheet
        first = first or (sheet if sheet.height else None)
    return first


def _write(sheet: CalamineSheet, target: Path, most_bytes: int) -> int:
    """Every row of the sheet as one of the table, blank ones too: the number of a row stays its number. -1: too much."""
    rows = 0
    with target.open("w", encoding="utf-8", newline="") as out:
        writer = csv.writer(out)
        for row in sheet.iter_rows():
            writer.writerow(as_text(row))
            rows += 1
            if out.tell() > most_bytes:
                return -1
    return rows


def as_text(row: Iterable[Any]) -> list[str]:
    """Cells as a careful person would have typed them: days as 2026-01-31, numbers with all their digits or visibly without."""
    return [_text(cell) for cell in row]


def _text(cell: Any) -> str:
    if isinstance(cell, str):
        return cell[:_MOST_CELL].replace("\0", "")
    if isinstance(cell, bool):
        return "TRUE" if cell else "FALSE"
    if isinstance(cell, int | float):
        return _number(cell)
    if isinstance(cell, datetime):
        return cell.date().isoformat() if cell.time().replace(microsecond=0) == datetime.min.time() else _moment(cell)
    return cell.isoformat() if isinstance(cell, date) else str(cell)


def _moment(cell: datetime) -> str:
    return cell.isoformat(" ", timespec="seconds")


def _number(cell: float) -> str:
    """Beyond fifteen digits a workbook has lost the rest: written so that everybody sees it, 1.23456789012345E+17."""
    if abs(cell) >= _EXACT:
        return f"{cell:.14E}"
    return str(int(cell)) if cell == int(cell) else format(cell, ".15g")


def _limit_memory() -> None:
    try:
        import resource
    except ImportError:  # Windows has no such limits
        return
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


if __name__ == "__main__":
    _limit_memory()
    sys.stdout.write(json.dumps(main(sys.argv[1], sys.argv[2], sys.argv[3], int(sys.argv[4]))))
