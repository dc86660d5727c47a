"""Opening hours: for each weekday the times between which a place is open, as JSON and as staff write them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

DAYS = {
    "mon": _("Monday"), "tue": _("Tuesday"), "wed": _("Wednesday"), "thu": _("Thursday"), "fri": _("Friday"), "sat": _("Saturday"),
    "sun": _("Sunday"),
}  # fmt: skip
_SPAN = re.compile(r"(\d{1,2})(?:[:.](\d{2}))?\s*[-–—]\s*(\d{1,2})(?:[:.](\d{2}))?")
_CLOCK = re.compile(r"([01]\d|2[0-3]):[0-5]\d|24:00")
_SHAPE = _("Write the times like 09:00-13:00, 15:00-19:00. Leave the day empty if it is closed.")

Spans = list[list[str]]


def read(text: str) -> Spans:
    """`9-13, 15:00–19:30` as [["09:00", "13:00"], ["15:00", "19:30"]]; `ValidationError` with a sentence."""
    spans = []
    for part in filter(None, (one.strip() for one in re.split(r"[,;]", text))):
        found = _SPAN.fullmatch(part)
        if not found:
            raise ValidationError(_SHAPE)
        hours = found.groups(default="00")
        spans.append([f"{int(hours[0]):02}:{hours[1]}", f"{int(hours[2]):02}:{hours[3]}"])
    _check_day(spans)
    return spans


def written(spans: Spans) -> str:
    """As staff write it."""
    return ", ".join(f"{start}-{end}" for start, end in spans)


def check(value: Any) -> None:
    """The validator of the stored JSON: {"mon": [["09:00", "18:00"]], ...}; a day that is not named is closed."""
    if not isinstance(value, Mapping) or set(value) - set(DAYS):
        raise ValidationError(_SHAPE)
    for spans in value.values():
        _check_day(spans)


def _check_day(spans: Any) -> None:
    last = ""
    for span in spans if isinstance(spans, list) else [None]:
        if not isinstance(span, list) or len(span) != 2 or not all(_is_clock(one) for one in span):
            raise ValidationError(_SHAPE)
        if not last <= span[0] < span[1]:
            raise ValidationError(_("Each time must end after it begins, and the earlier one comes first."))
        last = span[1]


def _is_clock(value: Any) -> bool:
    return isinstance(value, str) and bool(_CLOCK.fullmatch(value))
