"""What in a column can be read in two ways, and how its values decide it: dates, decimals, several values in a cell."""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from contacts.importing.mapping import (
    COMMA,
    DATES,
    DAY_FIRST,
    MONTH_FIRST,
    NUMBER,
    POINT,
    SERIAL_1900,
    SERIAL_1904,
    column,
    date_order,
)
from contacts.importing.reading import Raw

ORDERS = {
    DAY_FIRST: _("day first: 31.12.1990"),
    MONTH_FIRST: _("month first: 12/31/1990"),
    SERIAL_1900: _("a number, days since 1900 (Excel)"),
    SERIAL_1904: _("a number, days since 1904 (Excel on old Macs)"),
}
DECIMALS = {COMMA: _("a comma: 1.234,50"), POINT: _("a point: 1,234.50")}
SEPARATORS = {
    ":::": _("three colons :::"),
    ";": _("semicolon ;"),
    ",": _("comma ,"),
    "/": _("slash /"),
    "\n": _("line break"),
}
SEVERAL = {"email", "phone", "groups"}  # fields of which a cell may hold several

_BREAK = re.compile(r"[\r\n\0]+")
_SERIAL = re.compile(r"\d{4,5}(?:[.,]\d+)?")
_BOTH = re.compile(r"\d[.,]\d.*[.,]\d")
_ONE_MARK = re.compile(r"\d([.,])(\d+)\D*$")
_IS_ONE: dict[str, Callable[[str], bool]] = {
    "email": lambda text: re.fullmatch(r"[^\s@,;]+@[^\s@,;]+\.[^\s@,;]{2,}", text) is not None,
    "phone": lambda text: re.fullmatch(r"'?\+?[\d\s().-]{7,24}", text) is not None and sum(map(str.isdigit, text)) >= 7,
}


def asked(
    sample: Sequence[Raw], columns: Sequence[str], *, since_1904: bool | None = None
) -> dict[str, dict[str, Any]]:
    """By the column's number: what staff may have to say, with an example; `order` is "" where only they can know.

    since_1904: how the workbook counts days; None where the file is no workbook.
    """
    found: dict[str, dict[str, Any]] = {}
    for number, field in enumerate(columns):
        if field == NUMBER:
            order, example = _decimals(column(sample, number))
            kind = "number"
        else:
            known = date_order(sample, number)
            order, example, kind = known.order, known.example, "date"
            if not example and field in DATES:
                order, example = _serials(column(sample, number), since_1904)
        if example:
            found[str(number)] = {"order": order, "example": example, "kind": kind}
    return found


def _serials(values: list[str], since_1904: bool | None) -> tuple[str, str]:
    """A column of nothing but numbers, where there should be days."""
    if not values or not all(_SERIAL.fullmatch(value) for value in values):
        return "", ""
    known = {True: SERIAL_1904, False: SERIAL_1900, None: ""}[since_1904]
    return known, values[0]


def _decimals(values: list[str]) -> tuple[str, str]:
    """1.234,50 and 12,5 have a comma, 1,234.50 and 12.5 a point; 1,234 may be either, and plain numbers need no answer."""
    doubtful = ""
    for value in values:
        last = _ONE_MARK.search(value)
        if last is None:
            continue
        mark = COMMA if last[1] == "," else POINT
        if _BOTH.search(value) and value.count(last[1]) == 1:
            return mark, value
        if len(last[2]) != 3 and value.count(last[1]) == 1:
            return mark, value
        doubtful = doubtful or value
    return "", doubtful


def several(sample: Sequence[Raw], columns: Sequence[str], known: dict[str, str]) -> dict[str, str]:
    """By the column's number: what stands between several values of one cell. known: by field, from the file's profile."""
    found: dict[str, str] = {}
    for number, field in enumerate(columns):
        separator = known.get(field, "").strip() or _separator(column(sample, number), field)
        if separator and field in SEVERAL:
            found[str(number)] = separator
    return found


def _separator(values: list[str], field: str) -> str:
    """What cuts some cell into pieces that are each an address."""
    is_one = _IS_ONE.get(field)
    if is_one is None:
        return ""
    for separator in SEPARATORS:
        if any(separator in value and all(is_one(piece) for piece in pieces(value, separator)) for value in values):
            return separator
    return ""


def pieces(cell: str, separator: str) -> list[str]:
    """The values of a cell, without the spaces around them; what stands in quotation marks is one."""
    if '"' in cell and len(separator) == 1 and separator != "\n":
        return [
            part.strip()
            for part in next(csv.reader([_BREAK.sub(" ", cell)], delimiter=separator, skipinitialspace=True))
            if part.strip()
        ]
    return [piece for piece in (part.strip() for part in cell.split(separator)) if piece]
