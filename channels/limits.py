"""How often one visitor may ask for the public pages: counted in the database, so that all processes count together."""

from __future__ import annotations

import hmac
import logging
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address, ip_network

from django.conf import settings
from django.db import DatabaseError

from channels.models import Tally
from contacts import bulk

_log = logging.getLogger(__name__)

WINDOW = timedelta(minutes=10)
POSTS, GETS = 30, 300  # in one window
_FULL = 600_000  # the weight at which a window is full


def too_many(who: Iterable[str], *, posts: bool, now: datetime) -> int:
    """Count one more call by each of these; the seconds to wait, or 0 while all of them are within their measure. One statement.

    who: whatever is to be told apart, such as a visitor's address and the token asked for. While the database cannot count, nobody waits.
    """
    seconds = int(WINDOW.total_seconds())
    window = int(now.timestamp()) // seconds
    until = datetime.fromtimestamp((window + 1) * seconds, tz=UTC)
    rows = sorted((_key(f"{'post' if posts else 'get'}:{window}:{one}"), 1, until) for one in set(who) if one)
    try:
        counts = bulk.tally(Tally, ("key", "count", "until"), rows, key="key", add="count")
    except DatabaseError:
        _log.exception("a visitor could not be counted")
        return 0
    most = POSTS if posts else GETS
    return max(1, int((until - now).total_seconds())) if any(count > most for count in counts) else 0


def over(calls: Mapping[str, int], *, now: datetime) -> bool:
    """Count one more call by each of these, each of which may make so many in a window; whether any has made more. One statement.

    A call weighs the more the fewer are allowed, so that one sum is the limit of all. While the database cannot count, nobody waits.
    """
    seconds = int(WINDOW.total_seconds())
    window = int(now.timestamp()) // seconds
    until = datetime.fromtimestamp((window + 1) * seconds, tz=UTC)
    rows = sorted((_key(f"call:{window}:{one}"), _FULL // most, until) for one, most in calls.items() if one)
    try:
        return any(
            count > _FULL for count in bulk.tally(Tally, ("key", "count", "until"), rows, key="key", add="count")
        )
    except DatabaseError:
        _log.exception("a call could not be counted")
        return False


def first(mark: str, *, until: datetime) -> bool:
    """Whether this is the first time that the mark is seen; it is remembered until then."""
    return bulk.tally(
        Tally, ("key", "count", "until"), [(_key(f"first:{mark}"), 1, until)], key="key", add="count"
    ) == [1]


def network_of(ip: str) -> str:
    """Whom an address stands for: itself, or with IPv6 its network of 64 bits, of which one household has them all. "" for no address."""
    try:
        address = ip_address(ip)
    except ValueError:
        return ""
    if address.version == 6:
        return str(address.ipv4_mapped or ip_network((address, 64), strict=False))
    return str(address)


def forget(now: datetime) -> int:
    """Counts that are over are deleted; returns how many."""
    return Tally.objects.filter(until__lt=now).delete()[0]


def _key(text: str) -> str:
    return hmac.digest(settings.SECRET_KEY.encode(), text.encode(), "sha256").hex()[:40]
