"""How codes are made and compared."""

from __future__ import annotations

import re
import secrets

ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"  # nothing that looks like something else: no 0 and O, no 1, I and L
LEAST = 8  # random characters: 40 bits
_APART = re.compile(r"[\W_]+")


def mint(pattern: str) -> str:
    """A code by its pattern: each # becomes a random character."""
    return "".join(secrets.choice(ALPHABET) if one == "#" else one for one in pattern)


def normal(code: str) -> str:
    """A code as it is compared, however it was typed: capitals, without blanks and dashes."""
    return _APART.sub("", code).upper()[:60]
