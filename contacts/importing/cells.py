"""One cell, read and cleaned: django-import-export widgets, each refusing with a sentence for the person who made the file."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cache
from ipaddress import ip_address
from typing import Any
from zoneinfo import ZoneInfo, available_timezones

from django.conf.locale import LANG_INFO
from django.utils.translation import gettext_lazy as _
from import_export.widgets import Widget

from contacts import emails, phones
from contacts.importing.mapping import COMMA, POINT
from contacts.models.contact import fold

_APOSTROPHE = re.compile(r"^'(?=[=+\-@\t\r＝＋－＠'0-9])")  # how spreadsheets, shops and our own export force text
_BLANKS = {"-", "–", "—", "--", "n/a", "null", "nan", "#n/a", "0000-00-00", "00.00.0000", "00/00/0000", "0/0/00"}
_MONEY = re.compile(r"[\s\u00a0\u202f'’]|[^\W\d_]{2,4}\.?$|^[^\W\d_]{2,4}|[$€£₽₴₸¥₺₹%]")
_SHORTENED = re.compile(r"^\d(?:[.,]\d+)?[eE]\+?\d{1,3}$")
_MADE_DECIMAL = re.compile(r"^\d+\.0$")
_NUMBERS = {COMMA: (".", ","), POINT: (",", ".")}  # the marks of thousands and of decimals
_SEPARATORS = re.compile(r"\s*(?:[,;|\n]|:::)\s*")
_LOST = _(
    "“%(text)s” was shortened by a spreadsheet and its last digits are lost. "
    "Format the column as text in the original file and save it again."
)
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
    "off",
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


class Number(Cell):
    """A number or an amount of money as plain text, 1234.50; `order` says what stands before its decimals."""

    order = ""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        text = strip_data(value)
        if not text:
            return ""
        bare = _MONEY.sub("", text).replace("−", "-")
        if _SHORTENED.match(bare):
            raise ValueError(_LOST % {"text": text[:40]})
        orders = [self.order] if self.order else list(_NUMBERS)
        found = {
            bare.replace(thousands, "").replace(decimals, ".") for thousands, decimals in self._fitting(bare, orders)
        }
        if not found:
            raise ValueError(_("“%(text)s” is not a number.") % {"text": text[:40]})
        if len(found) > 1:
            raise ValueError(
                _("“%(text)s” can be read in two ways. Write it without marks between the digits.")
                % {"text": text[:40]}
            )
        return found.pop()

    def _fitting(self, bare: str, orders: list[str]) -> Iterator[tuple[str, str]]:
        """The marks of thousands and of decimals with which this is a number."""
        for order in orders:
            thousands, decimals = _NUMBERS[order]
            t, d = re.escape(thousands), re.escape(decimals)
            if re.fullmatch(rf"-?(?:\d{{1,15}}|\d{{1,3}}(?:{t}\d{{3}}){{1,4}})(?:{d}\d{{1,9}})?", bare):
                yield thousands, decimals


class Identifier(Text):
    """A number of another system; what a spreadsheet made of it is undone (12345.0) or refused (1.23E+17)."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        text = super().clean(value)
        if _SHORTENED.match(text):
            raise ValueError(_LOST % {"text": text[:40]})
        return text[: -len(".0")] if _MADE_DECIMAL.match(text) else text


class Ip(Cell):
    """An address on the internet, or nothing."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> str:
        text = strip_data(value)
        try:
            return str(ip_address(text)) if text else ""
        except ValueError:
            raise ValueError(_("“%(text)s” is not an IP address.") % {"text": text[:40]}) from None


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
    """Several names in one cell, each once, in their order. whole: the cell was cut into names before."""

    whole = False

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> tuple[str, ...]:
        found = {" ".join(piece.split()): None for piece in self._pieces(strip(value).replace('"', ""))}
        names = tuple(name for name in found if name and not name.startswith("* "))
        for name in names:
            if len(name) > 120:
                raise ValueError(
                    _("“%(text)s…” is longer than %(most)d characters.") % {"text": name[:40], "most": 120}
                )
        return names

    def _pieces(self, text: str) -> list[str]:
        return [text] if self.whole else _SEPARATORS.split(text)


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
    """True, False, or None for an empty cell; LEFT where the person took consent back, CLEANED where the address is dead."""

    def clean(self, value: Any, row: Any = None, **kwargs: Any) -> bool | str | None:
        text = fold(strip_data(value))
        if not text:
            return None
        if text in _LEFT or text in _CLEANED:
            return LEFT if text in _LEFT else CLEANED
        if text in _YES or text in _NO:
            return text in _YES
        raise ValueError(_("“%(text)s” is neither yes nor no.") % {"text": text[:40]})


LEFT, CLEANED = "left", "cleaned"
_LEFT = {"unsubscribed", "opted out", "withdrawn", "blocklisted", "blacklisted"}
_LEFT |= set(map(fold, ("dado de baja", "désabonné", "désinscrit", "отписан", "отписался", "отписалась")))
_CLEANED = {"cleaned", "bounced", "hard bounced", "invalid"}


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
