"""Cells that hold days and moments, in the ways in which people, spreadsheets and exports write them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.utils.translation import gettext_lazy as _

from contacts.importing.cells import Cell, strip_data
from contacts.importing.mapping import DAY_FIRST, MONTH_FIRST, SERIAL_1900, SERIAL_1904, SERIALS

_ISO = re.compile(r"^(\d{4})[-./](\d{1,2})[-./](\d{1,2})(?:[T ].*)?$")
_NUMERIC = re.compile(r"^(\d{1,2})[-./](\d{1,2})[-./](\d{4}|\d{2})(?:\s.*)?$")
_NO_YEAR = re.compile(r"^-{0,2}(\d{1,2})[-./](\d{1,2})\.?$")
_SERIAL = re.compile(r"^(\d{1,5})(?:[.,]\d+)?$")
_NEVER_WAS = 60


class Day(Cell):
    """A date; `order` says what comes first in 03/04/1990; years of two digits are in the past of `today`."""

    order = ""
    today = date.max

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> date | None:
        text = strip_data(value)
        if not text:
            return None
        if self.order in SERIALS and (serial := _SERIAL.match(text)):
            return self._counted(int(serial[1]), text)
        year, month, day = self._parts(text)
        try:
            found = date(year, month, day)
        except ValueError:
            raise ValueError(_("“%(text)s” is not a date that exists.") % {"text": text[:40]}) from None
        return self._in_the_past(found, text)

    def _in_the_past(self, found: date, text: str) -> date:
        if found > self.today or found.year < 1900:
            raise ValueError(_("“%(text)s” is not in the past hundred years or so.") % {"text": text[:40]})
        return found

    def _counted(self, serial: int, text: str) -> date:
        """Spreadsheets count days from 1900, with a 29 February 1900 (number 60) that never was, or, on old Macs, from 1904."""
        if self.order == SERIAL_1900 and serial == _NEVER_WAS:
            raise ValueError(_("“%(text)s” is not a date that exists.") % {"text": text[:40]})
        start = date(1904, 1, 1) if self.order == SERIAL_1904 else date(1899, 12, 31 if serial < _NEVER_WAS else 30)
        return self._in_the_past(start + timedelta(days=serial), text)

    def _parts(self, text: str) -> tuple[int, int, int]:
        if iso := _ISO.match(text):
            return int(iso[1]), int(iso[2]), int(iso[3])
        if found := _NUMERIC.match(text):
            first, second = int(found[1]), int(found[2])
            day, month = (second, first) if self.order == MONTH_FIRST else (first, second)
            return self._year(found[3]), month, day
        if text.isdigit():
            raise ValueError(
                _("“%(text)s” is a bare number. Format the column as a date in the original file and save it again.")
                % {"text": text[:40]}
            )
        if _NO_YEAR.match(text):
            raise ValueError(
                _("“%(text)s” has no year. Write the date in full, for example 1990-05-31.") % {"text": text[:40]}
            )
        raise ValueError(_("“%(text)s” is not a date. Write it as 1990-05-31.") % {"text": text[:40]})

    def _year(self, digits: str) -> int:
        year = int(digits)
        if len(digits) == 4:
            return year
        return 2000 + year if 2000 + year <= self.today.year else 1900 + year


class Moment(Day):
    """A day or an instant, as an aware datetime; without a zone it is in UTC, as exports write it."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        text = strip_data(value)
        if not text:
            return None
        try:
            found = datetime.fromisoformat(text)
        except ValueError:
            day = super().clean(text)
            return datetime.combine(day, time(12), UTC) if day else None
        found = found if found.tzinfo else found.replace(tzinfo=UTC)
        if found.date() > self.today:
            raise ValueError(_("“%(text)s” lies in the future.") % {"text": text[:40]})
        return found


class Birthday(Day):
    """A date, or where the year is missing, as many programs write birthdays, month and day as text: "05-31"."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        found = _NO_YEAR.match(strip_data(value))
        if not found:
            return super().clean(value)
        first, second = int(found[1]), int(found[2])
        day_first = (
            first > 12 or (self.order == DAY_FIRST and second <= 12) or (found[0].endswith(".") and second <= 12)
        )
        month, day = (second, first) if day_first else (first, second)
        try:
            return f"{date(2000, month, day):%m-%d}"
        except ValueError:
            raise ValueError(_("“%(text)s” is not a date that exists.") % {"text": found[0][:40]}) from None


class DayDetail(Day):
    """A day that is kept as a detail: 2026-01-31."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> Any:
        found = super().clean(value)
        return found.isoformat() if found else ""
