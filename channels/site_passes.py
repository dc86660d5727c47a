"""What a browser shows to say whose it is: the short-lived pass of a link, and the number that the shop's page keeps. Both are sealed:
nobody reads in them who it is, and neither serves for anything else.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlsplit, urlunsplit

import idna

from contacts import vault

PARAMETER = "csc"  # of an address, as `site.js` knows it
LINK, VISITOR = "site link", "site visitor"
LASTS = {LINK: timedelta(minutes=10), VISITOR: timedelta(days=395)}  # CNIL: an identifier lives for 13 months at most
NOBODY = 0
_LONGEST = 400


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who looks at which site. contact_id: NOBODY for an address that nobody has; played: they came from the sandbox."""

    site_id: int
    contact_id: int
    played: bool = False


def write(purpose: str, visitor: Visitor, *, now: datetime) -> str:
    """The visitor, sealed; of the same length for everybody."""
    told = {
        "for": purpose, "site": str(visitor.site_id), "who": f"{visitor.contact_id:015d}", "played": str(int(visitor.played)),
        "at": str(int(now.timestamp())),
    }  # fmt: skip
    return vault.seal(told)


def read(purpose: str, text: str, site_id: int, *, now: datetime) -> Visitor | None:
    """Whom it names; None where it is no seal of ours, or was made for something else, for another site, or too long ago."""
    if not text or len(text) > _LONGEST or not text.isascii():
        return None
    try:
        told = vault.unseal(text)
        age = now.timestamp() - int(told["at"])
        visitor = Visitor(int(told["site"]), int(told["who"]), told["played"] == "1")
    except (vault.Unreadable, KeyError, ValueError, TypeError):
        return None
    right = told.get("for") == purpose and visitor.site_id == site_id
    return visitor if right and -60 <= age < LASTS[purpose].total_seconds() else None


def origin_of(url: str) -> str:
    """The address as a browser names its origin: "https://shop.example" or with a port; "" for what has none."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").rstrip("."), parts.port
        host = host if host.isascii() else idna.encode(host, uts46=True).decode()
    except (ValueError, UnicodeError):
        return ""
    if parts.scheme not in ("http", "https") or not host:
        return ""
    usual = {"http": 80, "https": 443}[parts.scheme]
    shown = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{shown}" + (f":{port}" if port and port != usual else "")


def with_pass(url: str, text: str) -> str:
    """The address with the pass; what is in it stays as it is."""
    parts = urlsplit(url)
    query = f"{parts.query}&{PARAMETER}={text}" if parts.query else f"{PARAMETER}={text}"
    return urlunsplit((parts.scheme, parts.netloc, parts.path or "/", query, parts.fragment))
