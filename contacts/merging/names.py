"""Whether two names can be those of one person. Pure; strict where a family would share a phone."""

from __future__ import annotations

from enum import StrEnum

from contacts.models.contact import fold

_SHORTEST = 4  # letters of a word in which one may be missing


class Likeness(StrEnum):
    """How like two names are."""

    SAME = "same"
    SIMILAR = "similar"
    BLANK = "blank"
    DIFFERENT = "different"


def likeness(one: str, other: str) -> Likeness:
    """SAME: the same words, in any order, whatever their case and accents. SIMILAR: one says less ("Ana", "A. Ruiz"), or a letter is
    missing or two are swapped. BLANK: one of the two has no name. Mario and Maria, Daniel and Daniela differ: they are a family."""
    words, others = _words(one), _words(other)
    if not words or not others:
        return Likeness.BLANK
    if sorted(words) == sorted(others):
        return Likeness.SAME
    fewer, more = sorted((words, others), key=len)
    return Likeness.SIMILAR if _covers(fewer, more) else Likeness.DIFFERENT


def _words(name: str) -> list[str]:
    return [word for word in fold(name).replace(".", " ").replace("-", " ").split() if word]


def _covers(fewer: list[str], more: list[str]) -> bool:
    """Each word of the shorter name stands for another one of the longer, and at least one of them in full."""
    left, exact = list(more), 0
    for word in sorted(fewer, key=len, reverse=True):
        found = next((one for one in left if one == word), None) or next(
            (one for one in left if _like(word, one)), None
        )
        if found is None:
            return False
        exact += found == word
        left.remove(found)
    return exact > 0


def _like(word: str, other: str) -> bool:
    if len(word) == 1 or len(other) == 1:
        return word[0] == other[0]
    return _slip(*sorted((word, other), key=len))


def _slip(short: str, long: str) -> bool:
    """A letter left out before the last, or two neighbours swapped: what fingers do. Another letter, or another ending, is another name."""
    if len(long) < _SHORTEST or short[-1] != long[-1]:
        return False
    if len(long) == len(short) + 1:
        return any(long[:n] + long[n + 1 :] == short for n in range(len(long) - 1))
    if len(long) != len(short):
        return False
    off = [n for n, pair in enumerate(zip(short, long, strict=True)) if pair[0] != pair[1]]
    return len(off) == 2 and off[1] == off[0] + 1 and short[off[0]] == long[off[1]] and short[off[1]] == long[off[0]]
