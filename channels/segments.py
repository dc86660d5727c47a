"""How many SMS a text is: GSM 03.38 septets or UTF-16 units, cut into parts as handsets and providers cut them.

Source: 3GPP TS 23.038 (alphabet and extension table) and TS 23.040 (concatenation); checked against Twilio's published counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

GSM = "GSM-7"
UCS = "UCS-2"

_BASIC = frozenset(
    "@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ABCDEFGHIJKLMNOPQRSTUVWXYZÄÖÑÜ§¿abcdefghijklmnopqrstuvwxyzäöñüà"
)
_EXTENDED = frozenset("^{}[]~\\|€\f")
_GSM = _BASIC | _EXTENDED
# Units of one message alone, and of each part when there are several (the rest of a part is its header).
_ROOM = {GSM: (160, 153), UCS: (70, 67)}


@dataclass(frozen=True, slots=True)
class Segments:
    """count: SMS to pay for (0 for no text); units: septets (GSM-7) or 16-bit units (UCS-2) in all; per_segment: units that fit into
    each; left: units that still fit without another SMS; offending: characters that force UCS-2, each once."""

    count: int
    encoding: str
    units: int
    per_segment: int
    left: int
    offending: str = ""


def count(text: str) -> Segments:
    """The SMS that a text needs. A character of two units is never cut apart, so parts may end one unit early."""
    plain = _GSM.issuperset(text)
    encoding = GSM if plain else UCS
    sizes = (
        [2 if character in _EXTENDED else 1 for character in text] if plain else [1 + (ord(c) > 0xFFFF) for c in text]
    )
    units = sum(sizes)
    alone, each = _ROOM[encoding]
    offending = "" if plain else "".join(dict.fromkeys(character for character in text if character not in _GSM))
    if units <= alone:
        return Segments(1 if text else 0, encoding, units, alone, alone - units, offending)
    parts = list(_parts(sizes, each))
    return Segments(len(parts), encoding, units, each, each - parts[-1], offending)


def _parts(sizes: Iterable[int], room: int) -> Iterator[int]:
    filled = 0
    for size in sizes:
        if filled + size > room:
            yield filled
            filled = 0
        filled += size
    yield filled
