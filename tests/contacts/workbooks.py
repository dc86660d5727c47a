"""Workbooks as programs write them, made with nothing but a ZIP: so that the bad ones can be made just as well."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from xml.sax.saxutils import escape

Cell = str | float | bool | date | None
_NAMES = "http://schemas.openxmlformats.org"
_TYPES = (
    f'<Types xmlns="{_NAMES}/package/2006/content-types"><Default Extension="rels" ContentType="application/vnd.openxmlformats-package.'
    'relationships+xml"/><Default Extension="xml" ContentType="application/xml"/><Override PartName="/xl/workbook.xml" '
    'ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/></Types>'
)
_STYLES = (
    f'<styleSheet xmlns="{_NAMES}/spreadsheetml/2006/main"><cellXfs count="3"><xf numFmtId="0"/><xf numFmtId="14"/><xf numFmtId="22"/>'
    "</cellXfs></styleSheet>"
)


def book(
    sheets: Mapping[str, Sequence[Sequence[Cell]]], *, since_1904: bool = False, first_row: int = 1, hidden: Sequence[str] = (),
    more: Mapping[str, bytes] | None = None,
) -> bytes:  # fmt: skip
    """An XLSX of these sheets. more: parts that stand beside, or instead of, those that it needs."""
    names = list(sheets)
    main = f'{_NAMES}/spreadsheetml/2006/main" xmlns:r="{_NAMES}/officeDocument/2006/relationships'
    state = dict.fromkeys(hidden, ' state="hidden"')
    marks = "".join(
        f'<sheet name="{escape(name)}" sheetId="{n}" r:id="rId{n}"{state.get(name, "")}/>'
        for n, name in enumerate(names, 1)
    )
    dates = '<workbookPr date1904="1"/>' if since_1904 else ""
    kind = f"{_NAMES}/officeDocument/2006/relationships"
    relations = "".join(
        f'<Relationship Id="rId{n}" Type="{kind}/worksheet" Target="worksheets/sheet{n}.xml"/>'
        for n in range(1, len(names) + 1)
    )
    relations += f'<Relationship Id="rId99" Type="{kind}/styles" Target="styles.xml"/>'
    parts = {
        "[Content_Types].xml": _TYPES,
        "_rels/.rels": _related(f'<Relationship Id="rId1" Type="{kind}/officeDocument" Target="xl/workbook.xml"/>'),
        "xl/workbook.xml": f'<workbook xmlns="{main}">{dates}<sheets>{marks}</sheets></workbook>',
        "xl/_rels/workbook.xml.rels": _related(relations),
        "xl/styles.xml": _STYLES,
    }  # fmt: skip
    for n, rows in enumerate(sheets.values(), 1):
        parts[f"xl/worksheets/sheet{n}.xml"] = _sheet(rows, first_row, since_1904=since_1904)
    packed = {name: text.encode() for name, text in parts.items()} | dict(more or {})
    return archive(packed)


def archive(parts: Mapping[str, bytes]) -> bytes:
    """Any files as a ZIP."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, data in parts.items():
            packed.writestr(name, data)
    return out.getvalue()


def _related(inside: str) -> str:
    return f'<Relationships xmlns="{_NAMES}/package/2006/relationships">{inside}</Relationships>'


def _sheet(rows: Sequence[Sequence[Cell]], first_row: int, *, since_1904: bool) -> str:
    lines = []
    for number, row in enumerate(rows, first_row):
        cells = "".join(_cell(value, f"{_letters(n)}{number}", since_1904=since_1904) for n, value in enumerate(row))
        lines.append(f'<row r="{number}">{cells}</row>')
    return f'<worksheet xmlns="{_NAMES}/spreadsheetml/2006/main"><sheetData>{"".join(lines)}</sheetData></worksheet>'


def _cell(value: Cell, where: str, *, since_1904: bool) -> str:
    if value is None or value == "":
        return ""
    if isinstance(value, bool):
        return f'<c r="{where}" t="b"><v>{int(value)}</v></c>'
    if isinstance(value, date):
        start = date(1904, 1, 1) if since_1904 else date(1899, 12, 30)
        day = value.date() if isinstance(value, datetime) else value
        seconds = value.hour * 3600 + value.minute * 60 + value.second if isinstance(value, datetime) else 0
        return f'<c r="{where}" s="{2 if seconds else 1}"><v>{(day - start).days + seconds / 86400}</v></c>'
    if isinstance(value, int | float):
        return f'<c r="{where}"><v>{value!r}</v></c>'
    if value.startswith("="):
        return f'<c r="{where}" t="str"><f>{escape(value[1:])}</f><v>worked out</v></c>'
    return f'<c r="{where}" t="inlineStr"><is><t xml:space="preserve">{escape(value)}</t></is></c>'


def _letters(number: int) -> str:
    found, number = "", number + 1
    while number:
        number, rest = divmod(number - 1, 26)
        found = chr(65 + rest) + found
    return found
