"""What waited for the end of quiet hours leaves over a while, so that the first minute of the morning is no burst."""

from __future__ import annotations

from datetime import datetime, timedelta
from hashlib import sha256


def spread(opens: datetime, token: str, over: timedelta, *before: datetime | None) -> datetime:
    """When within `over` after the opening this message leaves: always the same for its token, and before each of the given instants."""
    room = min([over, *(until - opens for until in before if until is not None)])
    if room <= timedelta(0):
        return opens
    share = int.from_bytes(sha256(token.encode()).digest()[:6]) / 2**48
    return opens + timedelta(seconds=int(room.total_seconds() * share))
