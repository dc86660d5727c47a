"""Dates in a message, written in the language of the text."""

from __future__ import annotations

import re
from datetime import date as calendar_date
from datetime import datetime

from django.utils.dates import MONTHS, MONTHS_3, MONTHS_ALT, WEEKDAYS, WEEKDAYS_ABBR
from django.utils.translation import gettext as _
from liquid.exceptions import FilterArgumentError

_NAMES = re.compile(r"%[-^]?([BbhAa])")


def date(value: object, pattern: str) -> str:
    """Liquid's `date`: a date, or a text such as 2026-05-17, by a strftime pattern; names of months and days in the language in force.

    There is no "now": a message may leave at another time than the one it was written for.
    """
    when = _read(value)
    if when is None:
        raise FilterArgumentError(_("“%(value)s” is not a date") % {"value": value}, token=None)
    named = _NAMES.sub(lambda found: _name(found[1], when, with_day="%d" in pattern or "%-d" in pattern), str(pattern))
    return when.strftime(named)


def _read(value: object) -> calendar_date | None:
    if isinstance(value, calendar_date):
        return value
    try:
        return datetime.fromisoformat(str(value).strip())
    except ValueError:
        return None


def _name(letter: str, when: calendar_date, *, with_day: bool) -> str:
    if letter == "B":  # Russian bends the month after a day: 5 мая
        return str((MONTHS_ALT if with_day else MONTHS)[when.month])
    if letter in "bh":
        return str(MONTHS_3[when.month])
    return str((WEEKDAYS if letter == "A" else WEEKDAYS_ABBR)[when.weekday()])
