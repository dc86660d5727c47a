"""Takes secrets out of words that came from outside, before they are shown, logged or stored."""

from __future__ import annotations

import base64
from collections.abc import Iterable, Mapping

MASK = "•••"


def redact(words: object, secrets: Mapping[str, str], *, limit: int = 240) -> str:
    """One line of at most `limit` characters in which no secret of the account stands, neither bare nor as base64."""
    line = " ".join(str(words).split())
    for spelling in sorted(_spellings(secrets.values()), key=len, reverse=True):
        line = line.replace(spelling, MASK)
    return line[:limit]


def _spellings(secrets: Iterable[str]) -> set[str]:
    bare = {secret for secret in secrets if len(secret) > 3}
    return bare | {base64.b64encode(secret.encode()).decode() for secret in bare}
