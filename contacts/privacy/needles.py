"""The words by which a person is found in what no key leads to: raw reports, cells of imports, lines of the admin's log."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote_plus

SHORTEST = 5  # a chat's number; shorter words stand in everything
_SHORTEST_PHONE = 7
_DIGITS = re.compile(r"\D+")
_ESCAPED = re.compile(r"\\u([0-9a-fA-F]{4})")


@dataclass(frozen=True, slots=True)
class Needles:
    """words: addresses, in small letters; phones: digits only; names: looked for only where a name alone says who it is."""

    words: frozenset[str]
    phones: frozenset[str]
    names: frozenset[str] = frozenset()

    @classmethod
    def of(cls, addresses: Iterable[tuple[str, str, str]], name: str = "") -> Needles:
        """addresses: (kind, normal, as given)."""
        words, phones = set[str](), set[str]()
        for kind, normal, value in addresses:
            if kind == "phone":
                phones.add(_DIGITS.sub("", normal))
            words |= {text.lower() for text in (normal, value) if len(text) >= SHORTEST}
        known = name.strip().lower()
        full = frozenset({known}) if " " in known else frozenset[str]()
        return cls(frozenset(words), frozenset(one for one in phones if len(one) >= _SHORTEST_PHONE), full)

    def stand_in(self, *values: Any, names: bool = False) -> bool:
        """Whether any of them stands in these values: texts, bytes, or whatever JSON holds."""
        return any(self._in(text, names=names) for value in values for text in texts_of(value))

    def _in(self, text: str, *, names: bool) -> bool:
        plain = text.lower()
        if any(word in plain for word in self.words) or (names and any(name in plain for name in self.names)):
            return True
        if "%" in plain or "\\u" in plain:
            opened = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), unquote_plus(plain)).lower()
            if opened != plain and self._in(opened, names=names):
                return True
        digits = _DIGITS.sub("", plain) if self.phones else ""
        return any(phone in digits for phone in self.phones)

    def as_json(self) -> str:
        """To be sealed."""
        return json.dumps([sorted(self.words), sorted(self.phones), sorted(self.names)])

    @classmethod
    def from_json(cls, kept: str) -> Needles:
        words, phones, names = json.loads(kept)
        return cls(frozenset(words), frozenset(phones), frozenset(names))


def texts_of(value: Any) -> Iterator[str]:
    """Every text in a value, keys included. A list's texts are given together too: a number may be split over cells."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, bytes | memoryview):
        yield bytes(value).decode("utf-8", "replace")
    elif isinstance(value, dict):
        for key, one in value.items():
            yield str(key)
            yield from texts_of(one)
    elif isinstance(value, list | tuple):
        for one in value:
            yield from texts_of(one)
    elif isinstance(value, int) and not isinstance(value, bool):
        yield str(value)
