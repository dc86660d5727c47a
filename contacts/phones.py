"""Phone numbers: from what a list holds to E.164, and what a number says about where its owner is."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, NamedTuple

import phonenumbers
from babel import Locale, UnknownLocaleError
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from phonenumbers import timezone

# One sentence per cause, for the person who made the list; told in the language of whoever reads it.
SENTENCES = {
    "empty": _("There is no phone number here."),
    "scientific": _(
        "“%(raw)s” was shortened by a spreadsheet and its last digits are lost. "
        "Format the column as text in the original file and save it again."
    ),
    "several": _("“%(raw)s” holds more than one number. Keep one here and put the other into a column of its own."),
    "extension": _("“%(raw)s” has an extension, and messages cannot reach an extension. Give a direct number."),
    "letters": _("“%(raw)s” holds words. Keep only the number here."),
    "short": _("“%(raw)s” is too short for a phone number. Digits are missing, perhaps the area code."),
    "long": _("“%(raw)s” has too many digits. If the number is foreign, begin with + and the country code."),
    "prefix": _("“%(raw)s” begins with a country code that does not exist."),
    "country": _(
        "“%(raw)s” is not a valid phone number (country: %(country)s). "
        "If the number is foreign, begin with + and the country code."
    ),
}

_INVISIBLE = {"Cf", "Cc"}  # marks of writing direction and the like, which address books copy along
_LABEL = re.compile(r"^(?:tel|tél|phone|mobile|mob|móvil|movil|portable|тел|моб)[.:\s]+", re.IGNORECASE)
_FORMULA = re.compile(r'^="(.*)"$')  # Excel's way to force text
_WHOLE = re.compile(r"^(\+?\d{7,15})[.,]0+$")
_SCIENTIFIC = re.compile(r"^\+?(\d)(?:[.,](\d+))?[eEеЕ]\+?(\d{1,2})$")
_EXTENSION = re.compile(r"(?:\b(?:ext|extn|extension|x|доб|вн)|#)[.:\s]*\d+$", re.IGNORECASE)
_BETWEEN = re.compile(r"[,;|\n\r\t]|:::|/|\s(?:or|and|y|o|ou|et|или|и)\s", re.IGNORECASE)
_FULL_NUMBER = 7  # digits from which a piece is a number of its own and not an area code or a last group

# What most lists hold: digits, grouped, perhaps with a country code and an apostrophe that forces text.
_PLAIN = re.compile(r"\s*'?\s*(\+?)\s*(\(?[0-9][0-9 ()\-]{4,24})\s*")
_GROUPING = str.maketrans("", "", " ()-")

_Length = phonenumbers.ValidationResult
_Type = phonenumbers.PhoneNumberType
_DEAR = (_Type.PREMIUM_RATE, _Type.SHARED_COST, _Type.TOLL_FREE, _Type.UAN, _Type.PAGER, _Type.VOICEMAIL)


class BadPhone(ValueError):
    """A number that cannot be used. `code` is a key of SENTENCES; str() is the sentence in the active language."""

    def __init__(self, code: str, raw: str = "", country: str = "") -> None:
        super().__init__(code, raw, country)
        self.code, self.raw, self.country = code, raw, country

    def __str__(self) -> str:
        return str(SENTENCES[self.code]) % {"raw": self.raw.strip()[:60], "country": country_name(self.country)}


def normalise(raw: str, country: str) -> str:
    """A number as staff wrote it, in E.164 ("+34600123456"); one without a country code is read for `country` (ES).

    Raises BadPhone rather than guess: a message to a stranger is worse than a refused line.
    """
    return quickly(raw, country.upper()) or _fully(raw, country)


def _fully(raw: str, country: str) -> str:
    text = _tidy(raw)
    _refuse_what_no_reading_can_save(text, raw)
    number = _read(text, raw, country.upper())
    _refuse_wrong_length(number, raw, country)
    if not phonenumbers.is_valid_number(number):
        raise BadPhone("country", raw, _claimed(number, country))
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


@lru_cache(maxsize=32768)
def zones(e164: str) -> tuple[str, ...]:
    """IANA names of the zones in which the number's owner may live: a guess by the number's range, empty if unknown."""
    number = _parsed(e164)
    found = timezone.time_zones_for_number(number) if number else ()
    return tuple(name for name in found if name != timezone.UNKNOWN_TIMEZONE)


@lru_cache(maxsize=32768)
def country(e164: str) -> str:
    """Two letters of the country that the number belongs to; empty if unknown or not a country's (+800, satellites)."""
    for end in (2, 3, 4):  # most country codes belong to one country, and need no reading of the number
        sharing = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(e164[1:end])) if e164[1:end].isdigit() else None
        if sharing is not None and len(sharing) == 1:
            return sharing[0] if sharing[0].isalpha() else ""
    number = _parsed(e164)
    region = phonenumbers.region_code_for_number(number) if number else None
    return region if region and region.isalpha() else ""


def is_dear(e164: str) -> bool:
    """Whether whoever writes or calls there pays more than for a person's own number, or nobody answers: premium rate, shared cost and
    their kin (libphonenumber's types)."""
    number = _parsed(e164)
    return number is None or phonenumbers.number_type(number) in _DEAR


def pretty(e164: str) -> str:
    """The number grouped for reading ("+34 600 12 34 56"); what is no number comes back as it is."""
    number = _parsed(e164)
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL) if number else e164


@dataclass(frozen=True, slots=True)
class _Country:
    """What phonenumbers knows of a country code, ready for numbers that need no interpretation.

    abroad: what is dialled there before a country code; trunk: what is dialled before a number at home; puzzling: the same where it
    changes the number or names a carrier; kinds: per region that shares the code, the digits by which it is known (or None), its general
    pattern, and the pattern of each kind of number.
    """

    code: str
    abroad: re.Pattern[str]
    trunk: re.Pattern[str] | None
    puzzling: re.Pattern[str] | None
    lengths: frozenset[int]
    kinds: tuple[tuple[re.Pattern[str] | None, list[_Pattern]], ...]

    def e164(self, digits: str) -> str:
        """Digits behind the country code, or as dialled at home, in E.164; "" where that is not sure."""
        if self.puzzling and self.puzzling.match(digits):
            return ""
        if self.trunk and (found := self.trunk.match(digits)):
            if self._general(digits):
                return ""
            digits = digits[found.end() :]
        return f"+{self.code}{digits}" if self._has(digits) else ""

    def at_home(self, digits: str) -> str:
        """The same of digits that may begin with the country code all the same (34 600 ...)."""
        rest = digits[len(self.code) :]
        if not digits.startswith(self.code):
            return self.e164(digits)
        plain = self._general(rest) and not self._general(digits) and not (self.trunk and self.trunk.match(rest))
        return self.e164(rest) if plain else ""

    def _general(self, national: str) -> bool:
        return bool(self.kinds[0][1][0].expression.fullmatch(national))

    def _has(self, national: str) -> bool:
        """Whether this is a whole and valid number, by the rules of `phonenumbers.is_valid_number`."""
        if len(national) not in self.lengths or national.startswith("0"):
            return False
        for leading, (general, *kinds) in self.kinds:
            valid = general.fits(national) and any(one.fits(national) for one in kinds)
            if leading.match(national) if leading else valid:
                return valid
        return False


class _Pattern(NamedTuple):
    lengths: frozenset[int]
    expression: re.Pattern[str]

    def fits(self, national: str) -> bool:
        return (not self.lengths or len(national) in self.lengths) and bool(self.expression.fullmatch(national))


def quickly(raw: str, region: str) -> str:
    """The number in E.164 where it is written plainly and is surely valid; "" where it takes the full reading, ten times as dear.

    region: two capital letters.
    """
    found = _PLAIN.fullmatch(raw)
    if found is None:
        return ""
    digits = found[2].translate(_GROUPING)
    if not found[1]:
        home = _of_region(region)
        if home is None or not home.abroad.match(digits):
            return home.at_home(digits) if home else ""
        if home.abroad.pattern != "00":
            return ""
        digits = digits[2:]
    for end in (1, 2, 3):  # no country code is the beginning of another
        if known := _of_code(digits[:end]):
            return known.e164(digits[end:])
    return ""


@cache
def _of_region(region: str) -> _Country | None:
    """For numbers written as at home: only where the region gives its country code its rules (GB for +44, and not Jersey)."""
    code = phonenumbers.country_code_for_region(region)
    return _of_code(str(code)) if code and phonenumbers.region_code_for_country_code(code) == region else None


@cache
def _of_code(code: str) -> _Country | None:
    regions = phonenumbers.COUNTRY_CODE_TO_REGION_CODE.get(int(code), ()) if code.isdigit() and code[0] != "0" else ()
    known = [phonenumbers.PhoneMetadata.metadata_for_region(region, None) for region in regions if region.isalpha()]
    rules = [region for region in known if region is not None]
    if not rules or len(rules) < len(regions):
        return None
    main: Any = rules[0]
    prefix = re.compile(main.national_prefix_for_parsing or "(?!)")
    odd = bool(main.national_prefix_transform_rule or prefix.groups)
    kinds = tuple((re.compile(one.leading_digits) if one.leading_digits else None, _patterns(one)) for one in rules)
    return _Country(
        code, re.compile(main.international_prefix or "00"), None if odd else prefix, prefix if odd else None,
        frozenset(main.general_desc.possible_length), kinds,
    )  # fmt: skip


def _patterns(rules: Any) -> list[_Pattern]:
    """The general pattern, then the kinds, the commonest first."""
    kinds = (
        rules.general_desc, rules.mobile, rules.fixed_line, rules.premium_rate, rules.toll_free, rules.shared_cost, rules.voip,
        rules.personal_number, rules.pager, rules.uan, rules.voicemail,
    )  # fmt: skip
    return [
        _Pattern(frozenset(one.possible_length), re.compile(one.national_number_pattern))
        for one in kinds
        if one is not None and one.national_number_pattern
    ]


def _tidy(raw: str) -> str:
    """Without what spreadsheets and address books add around a number; full-width digits become plain ones."""
    text = unicodedata.normalize("NFKC", raw)
    text = "".join(mark for mark in text if mark in "\n\r\t" or unicodedata.category(mark) not in _INVISIBLE)
    text = _FORMULA.sub(r"\1", text.strip()).lstrip("'’‘`").strip().strip(",;").strip()
    text = _LABEL.sub("", text)
    whole, exact = _WHOLE.match(text), _SCIENTIFIC.match(text)
    if whole:  # a spreadsheet made a number of it: "79161234567.0"; all digits are still there
        return whole[1]
    if exact and len(exact[2] or "") == int(exact[3]):  # "7.9161234567E+10": every digit is written out
        return exact[1] + (exact[2] or "")
    return text


def _refuse_what_no_reading_can_save(text: str, raw: str) -> None:
    if not text:
        raise BadPhone("empty", raw)
    if _SCIENTIFIC.match(text):
        raise BadPhone("scientific", raw)
    pieces = [re.sub(r"\D", "", piece) for piece in _BETWEEN.split(text)]
    if text.count("+") > 1 or sum(len(piece) >= _FULL_NUMBER for piece in pieces) > 1:
        raise BadPhone("several", raw)
    if _EXTENSION.search(text):
        raise BadPhone("extension", raw)
    if any(mark.isalpha() for mark in text):
        raise BadPhone("letters", raw)


def _read(text: str, raw: str, region: str) -> phonenumbers.PhoneNumber:
    """The number as its country writes it; 00 and Mexico's former mobile prefix are understood everywhere."""
    try:
        number = phonenumbers.parse(text, region)
    except phonenumbers.NumberParseException as error:
        raise BadPhone(_code_of(error, text), raw, region) from None
    digits = re.sub(r"\D", "", text)
    if text.startswith("00") and not phonenumbers.is_valid_number(number):
        number = _parsed("+" + digits[2:]) or number
    if number.country_code == 52 and len(str(number.national_number)) == 11 and str(number.national_number)[0] == "1":
        number = _parsed("+52" + str(number.national_number)[1:]) or number  # the 1 was abolished in 2019
    return number


def _code_of(error: phonenumbers.NumberParseException, text: str) -> str:
    if error.error_type == phonenumbers.NumberParseException.INVALID_COUNTRY_CODE:
        return "prefix" if text.lstrip("(").startswith("+") else "country"
    if error.error_type == phonenumbers.NumberParseException.TOO_LONG:
        return "long"
    return "short" if any(mark.isdigit() for mark in text) else "letters"


def _refuse_wrong_length(number: phonenumbers.PhoneNumber, raw: str, country: str) -> None:
    length = phonenumbers.is_possible_number_with_reason(number)
    if length in (_Length.TOO_SHORT, _Length.IS_POSSIBLE_LOCAL_ONLY):
        raise BadPhone("short", raw, country)
    if length == _Length.TOO_LONG:
        raise BadPhone("long", raw, country)


def _claimed(number: phonenumbers.PhoneNumber, country: str) -> str:
    """The country that the number says it is of: the business's where they share a country code (+1, +7, +44)."""
    code = number.country_code or 0
    if code == phonenumbers.country_code_for_region(country.upper()):
        return country
    return phonenumbers.region_code_for_country_code(code)


def _parsed(e164: str) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(e164, None)
    except phonenumbers.NumberParseException:
        return None


def country_name(region: str) -> str:
    """The country's name in the active language, else in English, else its letters.

    From Babel, which reads one language's file; the names that phonenumbers has come with 10 s of imports.
    """
    try:
        names = Locale.parse((get_language() or "en").replace("-", "_")).territories
    except (UnknownLocaleError, ValueError):
        names = Locale("en").territories
    return str(names.get(region.upper(), region.upper()))
