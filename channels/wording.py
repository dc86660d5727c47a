"""Dates and hours in a message and on a page, written in the language of the text."""

from __future__ import annotations

import re
from datetime import date as calendar_date
from datetime import datetime

from babel.dates import format_date, format_time, get_timezone_location
from django.utils import translation
from django.utils.dates import MONTHS, MONTHS_3
from django.utils.translation import gettext as _
from liquid.exceptions import FilterArgumentError

_NAMES = re.compile(r"%[-^]?([BbhAa])")


def date(value: object, pattern: str = "") -> str:
    """Liquid's `date`: a date, or a text such as 2026-05-17, by a strftime pattern; names of months and days in the language in force.

    Without a pattern it is written as people of that language write it: "Tuesday, 17 May 2026 at 10:30", without the hour if it has none.
    There is no "now": a message may leave at another time than the one it was written for.
    """
    when = _read(value)
    if when is None:
        raise FilterArgumentError(_("“%(value)s” is not a date") % {"value": value}, token=None)
    if not pattern:
        has_time = isinstance(value, datetime) or len(str(value).strip()) > len("2026-05-17")
        return moment(when) if has_time and isinstance(when, datetime) else format_date(when, "long", locale=_locale())
    named = _NAMES.sub(lambda found: _name(found[1], when, with_day="%d" in pattern or "%-d" in pattern), str(pattern))
    return when.strftime(named)


def moment(when: datetime) -> str:
    """ "Sunday, 22 November 2026, 13:05" in the language in force, by the clock of the instant's own zone (Unicode CLDR)."""
    return f"{format_date(when, 'full', locale=_locale())}, {hour(when)}"


def hour(when: datetime) -> str:
    return format_time(when, "short", tzinfo=when.tzinfo, locale=_locale())


def city(when: datetime) -> str:
    """The city whose clock the instant shows, in the language in force: "Madrid"; "" for none, such as UTC."""
    return "" if str(when.tzinfo) == "UTC" else get_timezone_location(when, locale=_locale(), return_city=True)


def _locale() -> str:
    """English as the rest of the world writes it, with 24 hours."""
    language = translation.get_language() or "en"
    return "en_GB" if language == "en" else language.replace("-", "_")


def _read(value: object) -> calendar_date | None:
    if isinstance(value, calendar_date):
        return value
    try:
        return datetime.fromisoformat(str(value).strip())
    except ValueError:
        return None


def _name(letter: str, when: calendar_date, *, with_day: bool) -> str:
    if letter == "B":  # Russian bends the month after a day: 5 мая; French writes it small: 5 mai
        return format_date(when, "MMMM", locale=_locale()) if with_day else str(MONTHS[when.month])
    if letter in "bh":
        return str(MONTHS_3[when.month])
    # Small where the language writes it small.
    return format_date(when, "EEEE" if letter == "A" else "EEE", locale=_locale())
