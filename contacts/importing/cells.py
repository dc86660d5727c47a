"""One cell, read and cleaned: django-import-export widgets, each refusing with a sentence for the person who made the file."""

from __future__ import annotations

import json
import re
from datetime import UTC, date, datetime, time
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.conf.locale import LANG_INFO
from django.utils.translation import gettext_lazy as _
from import_export.widgets import Widget

from contacts import emails, phones
from contacts.importing.mapping import MONTH_FIRST
from contacts.models.contact import fold

_APOSTROPHE = re.compile(r"^'(?=[=+\-@\t\r＝＋－＠'0-9])")  # how spreadsheets, shops and our own export force text
_BLANKS = {"-", "–", "—", "--", "n/a", "null", "nan", "#n/a", "0000-00-00", "00.00.0000", "00/00/0000"}
_ISO = re.compile(r"^(\d{4})[-./](\d{1,2})[-./](\d{1,2})(?:[T ].*)?$")
_NUMERIC = re.compile(r"^(\d{1,2})[-./](\d{1,2})[-./](\d{4}|\d{2})(?:\s.*)?$")
_NO_YEAR = re.compile(r"^-{0,2}\d{1,2}[-./]\d{1,2}\.?$")
_SEPARATORS = re.compile(r"\s*(?:[,;|\n]|:::)\s*")
_YES = {"yes", "y", "1", "true", "si", "s", "oui", "o", "да", "д", "x", "subscribed", "on", "agreed", "opted in", "+"}
_NO = {
    "no",
    "n",
    "0",
    "false",
    "2",
    "non",
    "нет",
    "н",
    "unsubscribed",
    "off",
    "cleaned",
    "opted out",
    "never subscribed",
    "not subscribed",
}


def strip(cell: str) -> str:
    """A cell without the spaces around it and without the apostrophe that forces text."""
    return _APOSTROPHE.sub("", cell.strip()).strip()


def strip_data(cell: str) -> str:
    """The same; what people write for "nothing" is nothing."""
    text = strip(cell)
    return "" if text.casefold() in _BLANKS else text


class Cell(Widget):
    """django-import-export's widget, with types."""

    def __init__(self) -> None:
        super().__init__()  # type: ignore[no-untyped-call]


class Text(Cell):
    """Text of at most `most` characters (0: any length)."""

    def __init__(self, most: int = 0) -> None:
        super().__init__()
        self.most = most

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        text = strip(value)
        if self.most and len(text) > self.most:
            raise ValueError(
                _("“%(text)s…” is longer than %(most)d characters.") % {"text": text[:40], "most": self.most}
            )
        return text


class Email(Cell):
    """`(as given, normalised)`, or None."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> tuple[str, str] | None:
        text = strip_data(value)
        return (text[:320], emails.normalise(text)) if text else None


class Phone(Cell):
    """`(as given, E.164)`, or None. `country`: two letters, for numbers without a country code."""

    country = "GB"

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> tuple[str, str] | None:
        text = strip_data(value)
        return (text[:320], phones.normalise(text, self.country)) if text else None


class Day(Cell):
    """A date; `order` says what comes first in 03/04/1990; years of two digits are in the past of `today`."""

    order = ""
    today = date.max

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> date | None:
        text = strip_data(value)
        if not text:
            return None
        year, month, day = self._parts(text)
        try:
            found = date(year, month, day)
        except ValueError:
            raise ValueError(_("“%(text)s” is not a date that exists.") % {"text": text[:40]}) from None
        if found > self.today or found.year < 1900:
            raise ValueError(_("“%(text)s” is not in the past hundred years or so.") % {"text": text[:40]})
        return found

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


class Language(Cell):
    """A language's code, from a code or a name in English, Spanish, French, Russian or the language itself."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        text = strip_data(value)
        if not text:
            return ""
        code = re.split(r"[-_]", text.casefold())[0]
        found = _languages().get(fold(text)) or (code if code in LANG_INFO and len(text) <= 8 else "")
        if not found:
            raise ValueError(
                _("“%(text)s” is not a language that we know. Write en, es, fr, ru or the like.") % {"text": text[:40]}
            )
        return found


class Zone(Cell):
    """A time zone's name, as in Europe/Madrid."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        text = strip_data(value).replace(" ", "_")
        if text and text not in _zones():
            raise ValueError(_("“%(text)s” is not a time zone. Write it as Europe/Madrid.") % {"text": text[:40]})
        return text


class Names(Cell):
    """Several names in one cell, each once, in their order."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> tuple[str, ...]:
        found = {" ".join(piece.split()): None for piece in _SEPARATORS.split(strip(value).replace('"', ""))}
        names = tuple(name for name in found if name and not name.startswith("* "))
        for name in names:
            if len(name) > 120:
                raise ValueError(
                    _("“%(text)s…” is longer than %(most)d characters.") % {"text": name[:40], "most": 120}
                )
        return names


class Branch(Cell):
    """The id of a branch, by its name. `known`: folded name -> id."""

    known: dict[str, int] = {}

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> int | None:
        text = strip_data(value)
        if not text:
            return None
        if fold(text) not in self.known:
            raise ValueError(
                _("There is no branch “%(text)s”. Add it first, or correct the name.") % {"text": text[:40]}
            )
        return self.known[fold(text)]


class YesNo(Cell):
    """True, False, or None for an empty cell."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> bool | None:
        text = fold(strip_data(value))
        if not text:
            return None
        if text in _YES or text in _NO:
            return text in _YES
        raise ValueError(_("“%(text)s” is neither yes nor no.") % {"text": text[:40]})


def detail(value: Any) -> str:
    """A free attribute as text, as exported and as compared."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)


@cache
def _zones() -> set[str]:
    return {name for name in available_timezones() if "/" in name or name == "UTC"}


@cache
def zone(name: str) -> ZoneInfo:
    """A zone by its name."""
    return ZoneInfo(name)


@cache
def _languages() -> dict[str, str]:
    """Folded name -> code: English and own names from Django, the commonest in Spanish, French and Russian by hand."""
    found: dict[str, str] = {}
    for code, info in LANG_INFO.items():
        if "name" in info and "-" not in code:
            found |= {fold(info["name"]): code, fold(info["name_local"]): code}
    by_hand = {
        "en": "ingles|anglais|английский|англ|eng",
        "es": "espanol|castellano|espagnol|испанский|исп|spa|castilian",
        "fr": "frances|francais|французский|фр|fra|fre",
        "ru": "ruso|russe|русский|рус|rus",
        "de": "aleman|allemand|немецкий|deu|ger",
        "it": "italiano|italien|итальянский|ita",
        "pt": "portugues|portugais|португальский|por",
        "ca": "catalan|каталанский|cat",
        "uk": "ucraniano|ukrainien|украинский|ukr",
        "ar": "arabe|арабский|ara",
        "zh-hans": "chino|chinois|китайский|chinese|zh|中文",
    }
    return found | {name: code for code, names in by_hand.items() for name in map(fold, names.split("|"))}
