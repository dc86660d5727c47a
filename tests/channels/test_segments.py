"""How many SMS a text is. The oracle below counts the slow way, part by part, on a table of its own."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels import segments

# 3GPP TS 23.038, table 6.2.1, row by row; 0x1B is the escape to the extension table.
TABLE = (
    "@ΔSP0¡P¿p £_!1AQaq $Φ\"2BRbr ¥Γ#3CScs èΛ¤4DTdt éΩ%5EUeu ùΠ&6FVfv ìΨ'7GWgw òΣ(8HXhx ÇΘ)9IYiy \nΞ*:JZjz ØX+;KÄkä øÆ,<LÖlö \ræ-=MÑmñ "
    "Åß.>NÜnü åÉ/?O§oà"
)
BASIC = set(TABLE) | {" "}
TWO_SEPTETS = {"^", "{", "}", "[", "]", "~", "\\", "|", "€", "\f"}


def slowly(text: str) -> tuple[int, str]:
    """Count by filling one part after the other, one unit at a time."""
    gsm = all(c in BASIC or c in TWO_SEPTETS for c in text)
    pieces = [2 if c in TWO_SEPTETS else 1 for c in text] if gsm else [len(c.encode("utf-16-be")) // 2 for c in text]
    alone, each = (160, 153) if gsm else (70, 67)
    if sum(pieces) <= alone:
        return int(bool(text)), "GSM-7" if gsm else "UCS-2"
    parts, room = 1, each
    for piece in pieces:
        if piece > room:
            parts, room = parts + 1, each
        room -= piece
    return parts, "GSM-7" if gsm else "UCS-2"


@pytest.mark.parametrize(
    ("text", "count", "encoding"),
    [
        ("", 0, "GSM-7"),
        ("a" * 160, 1, "GSM-7"),
        ("a" * 161, 2, "GSM-7"),
        ("a" * 306, 2, "GSM-7"),
        ("a" * 307, 3, "GSM-7"),
        ("€" * 80, 1, "GSM-7"),
        ("€" * 81, 2, "GSM-7"),
        ("a" * 152 + "€" + "a" * 152, 3, "GSM-7"),  # 306 septets, but the sign may not be cut apart
        ("я" * 70, 1, "UCS-2"),
        ("я" * 71, 2, "UCS-2"),
        ("я" * 66 + "😜" + "я" * 66, 3, "UCS-2"),
        ("a" * 159 + "😜", 3, "UCS-2"),
        ("Ç ñ Ñ é à ü ö ä ¿ ¡", 1, "GSM-7"),
        *((c, 1, "UCS-2") for c in "çáíóú’«»\u00a0`"),
    ],
)
def test_the_counts_of_the_standard(text: str, count: int, encoding: str) -> None:
    found = segments.count(text)
    assert (found.count, found.encoding) == (count, encoding)


def test_what_forces_the_dearer_alphabet_is_named_once() -> None:
    assert segments.count("¡Así, así!").offending == "í"
    assert segments.count("plain").offending == ""


def test_what_still_fits_is_told() -> None:
    assert segments.count("a" * 150).left == 10
    assert segments.count("a" * 161).left == 153 - 8
    assert segments.count("").left == 160


mixed = st.text(
    alphabet=st.one_of(
        st.sampled_from("aZ é@\n€^{}[]~\\|\f"), st.sampled_from("aяñç😜𝄞’"), st.characters(codec="utf-8")
    ),
    max_size=400,
)
edges = st.builds(
    lambda head, sign, tail: head + sign + tail,
    st.integers(140, 165).map(lambda n: "a" * n) | st.integers(60, 72).map(lambda n: "я" * n),
    st.sampled_from(["€", "😜", "a", "[]", "€€"]),
    st.integers(0, 320).map(lambda n: "a" * n),
)


@given(mixed | edges)
def test_the_count_is_what_filling_part_by_part_gives(text: str) -> None:
    found = segments.count(text)
    assert (found.count, found.encoding) == slowly(text)
    assert 0 <= found.left <= found.per_segment
