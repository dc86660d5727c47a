"""Which addresses a push message may be posted to. They come from visitors, so they must not lead into the house.

Only https, only port 443, only public addresses: looked up when somebody subscribes, and again when a message goes out, where the
connection is made to the very address that was checked (no second look-up that could answer otherwise).
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable
from ipaddress import ip_address
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

from channels.outside import is_public

LONGEST_URL = 1200
_NUMBER = re.compile(r"(0x[0-9a-f]*|\d+)", re.IGNORECASE)
_NAME = re.compile(r"[a-z0-9_-]+(\.[a-z0-9_-]+)*\.?", re.IGNORECASE)


class NotPublic(OSError):
    """The address leads, or may lead, somewhere inside; str() says what is wrong, for logs and staff."""


def check(url: str) -> SplitResult:
    """The parts of a push service's address; `NotPublic` unless it is written as one: https, port 443, a name or a public number."""
    if len(url) > LONGEST_URL or not url.isascii() or any(mark <= " " or mark == "\\" for mark in url):
        raise NotPublic("not an address of a push service")
    try:
        parts = urlsplit(url)
        port, host = parts.port, parts.hostname or ""
    except ValueError:
        raise NotPublic("not an address of a push service") from None
    if parts.username is not None or parts.fragment or not host:
        raise NotPublic("not an address of a push service")
    if not settings.PUSH_TO_PRIVATE_ADDRESSES:
        if parts.scheme != "https":
            raise NotPublic("not https")
        if port not in (None, 443):
            raise NotPublic("not port 443")
        _check_host(host)
    elif parts.scheme not in ("https", "http"):
        raise NotPublic("not https")
    return parts


def look_up(host: str, port: int = 443) -> list[str]:
    """The numbers behind a name, all of them public; `NotPublic` if one is not, `OSError` if there are none."""
    found = [str(info[4][0]) for info in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)]
    check_all(found)
    return found


def check_all(found: Iterable[str]) -> None:
    """One private number among public ones is enough to refuse."""
    if not settings.PUSH_TO_PRIVATE_ADDRESSES and not all(is_public(number) for number in found):
        raise NotPublic("leads to an address that is not public")


def _check_host(host: str) -> None:
    """A number must be public and written as people write it; "127.1", "0x7f000001" and "2130706433" are numbers, too."""
    try:
        ip_address(host)
    except ValueError:
        last = host.rstrip(".").rpartition(".")[2]
        if not _NAME.fullmatch(host) or _NUMBER.fullmatch(last):
            raise NotPublic("not an address of a push service") from None
    else:
        check_all([host])


def is_known(host: str) -> bool:
    """Whether this is a push service of a browser's maker: what it says about our key, our text or our pace is believed."""
    name = host.rstrip(".").lower()
    return any(name == known or name.endswith(f".{known}") for known in settings.PUSH_SERVICES)
