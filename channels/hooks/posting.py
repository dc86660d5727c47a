"""The line out to addresses that staff entered: public ones only, no redirects, short answers, several at a time."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import ResolveResult
from django.conf import settings
from django.utils.translation import gettext as _

from channels.outside import is_public

AT_ONCE = 16
SECONDS = 15
EXCERPT = 300


class NotPublic(OSError):
    """The address leads, or may lead, somewhere inside the house."""


@dataclass(frozen=True, slots=True)
class Post:
    """A call to be made."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """status: of HTTP, or 0 where none came; text: the beginning of what was answered, or why nothing was."""

    status: int
    text: str


def check(url: str) -> None:
    """ValueError with a sentence, unless it is written as an address of the open internet."""
    try:
        parts = urlsplit(url)
        host, _port = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError(_("This is not an address.")) from None
    if settings.HOOKS_TO_PRIVATE_ADDRESSES:
        return
    if parts.scheme != "https" or not host or parts.username is not None:
        raise ValueError(_("The address must begin with https:// and hold no password."))
    if _is_number(host) and not is_public(host):
        raise ValueError(_("The address must be one of the open internet."))


def _is_number(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


class _PublicResolver(aiohttp.ThreadedResolver):
    """Names lead to public addresses, and the connection goes to what was looked up here."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await super().resolve(host, port, family)
        if not settings.HOOKS_TO_PRIVATE_ADDRESSES and not all(is_public(one["host"]) for one in found):
            raise NotPublic("leads to an address that is not public")
        return found


def post_all(posts: Sequence[Post]) -> list[Answer]:
    """Make all calls; the answers in the same order."""
    return asyncio.run(_post_all(posts)) if posts else []


async def _post_all(posts: Sequence[Post]) -> list[Answer]:
    connector = aiohttp.TCPConnector(limit=AT_ONCE, resolver=_PublicResolver())
    timeout = aiohttp.ClientTimeout(total=SECONDS)
    async with aiohttp.ClientSession(
        connector=connector, timeout=timeout, cookie_jar=aiohttp.DummyCookieJar(), auto_decompress=False
    ) as session:
        places = asyncio.Semaphore(AT_ONCE)
        return list(await asyncio.gather(*(_post(session, places, one) for one in posts)))


async def _post(session: aiohttp.ClientSession, places: asyncio.Semaphore, one: Post) -> Answer:
    try:
        check(one.url)
        async with places, session.post(one.url, data=one.body, headers=one.headers, allow_redirects=False) as answer:
            text = (await answer.content.read(EXCERPT)).decode("utf-8", "replace").replace("\0", "")
            return Answer(answer.status, text[:EXCERPT])
    except (aiohttp.ClientError, OSError, ValueError, TimeoutError) as error:
        return Answer(0, f"{type(error).__name__}: {error}"[:EXCERPT])
