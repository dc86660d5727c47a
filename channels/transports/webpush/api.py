"""Posting to push services, many at a time over kept connections, and what each answer (or none) means.

What is encrypted by pywebpush is posted by aiohttp, because it takes a limit for the whole of a call and a look-up of our own: the
other end may be anybody's. Source: RFC 8030, 5; the push services of Google, Mozilla, Apple and Microsoft.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import aiohttp
from aiohttp.abc import ResolveResult
from pywebpush import WebPusher

from channels.transport import Account, Fault, Outgoing, Receipt, Refused, Result, Unclear
from channels.transports.webpush import doors, payload, subscription, vapid
from channels.transports.webpush.subscription import BadSubscription, Subscription

AT_ONCE = 32
WORTH = timedelta(days=3)  # of a message that does not say how long: a weekend
_LONGEST_TTL = timedelta(days=28)  # what Google keeps at most
_SOON = timedelta(hours=1)
_LONGEST_WAIT = 3600.0  # seconds that a push service may make the whole account wait
_GONE = (404, 410)
_TAKEN = (201, 202)


class _PublicResolver(aiohttp.ThreadedResolver):
    """Names lead to public addresses, and the connection goes to what was looked up here."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        found = await super().resolve(host, port, family)
        doors.check_all(one["host"] for one in found)
        return found


class Api:
    """Connections and the loop that they live in; for one thread."""

    def __init__(self, account: Account, seconds: float) -> None:
        self.account = account
        self._sub = vapid.contact_of(account)
        own = urlsplit(account.callback_url)
        self._icon = f"{own.scheme}://{own.netloc}/push/icon" if own.netloc else ""
        self._timeout = aiohttp.ClientTimeout(total=seconds, connect=seconds / 2)
        self._loop = asyncio.new_event_loop()
        self._session, self._places = self._loop.run_until_complete(self._open())

    async def _open(self) -> tuple[aiohttp.ClientSession, asyncio.Semaphore]:
        connector = aiohttp.TCPConnector(limit=AT_ONCE, resolver=_PublicResolver(), ttl_dns_cache=60)
        session = aiohttp.ClientSession(
            connector=connector, cookie_jar=aiohttp.DummyCookieJar(), timeout=self._timeout, auto_decompress=False
        )
        return session, asyncio.Semaphore(AT_ONCE)

    def send_many(self, messages: Sequence[Outgoing]) -> Iterator[tuple[str, Result]]:
        """Each message once; results come as they are known."""
        keys = {self._loop.create_task(self._send(message)): message.key for message in messages}
        waiting = set(keys)
        try:
            while waiting:
                done, waiting = self._loop.run_until_complete(
                    asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
                )
                for task in done:
                    yield keys[task], task.result()
        finally:
            self._give_up(waiting)

    def close(self) -> None:
        """Close the kept connections and the loop."""
        self._loop.run_until_complete(self._session.close())
        self._loop.run_until_complete(asyncio.sleep(0))  # connections are let go in the loop's next round
        self._loop.run_until_complete(self._loop.shutdown_default_executor())
        self._loop.close()

    def _give_up(self, waiting: set[asyncio.Task[Result]]) -> None:
        for task in waiting:
            task.cancel()
        if waiting:
            self._loop.run_until_complete(asyncio.wait(waiting))

    async def _send(self, message: Outgoing) -> Result:
        """One message, to every browser of the person."""
        if not message.also:
            return await self._to(message, message.to)
        browsers = list(dict.fromkeys((message.to, *message.also)))
        return together(
            dict(zip(browsers, await asyncio.gather(*(self._to(message, one) for one in browsers)), strict=True))
        )

    async def _to(self, message: Outgoing, address: str) -> Result:
        """The message to one browser. Never raises for it."""
        async with self._places:
            try:
                found = subscription.read(address)
                host = doors.check(found.endpoint).hostname or ""
                body = payload.notification(message, name=self.account.sender.name, icon=self._icon)
                sealed = _encrypted(found, body)
                await asyncio.sleep(0)  # those who wait are sealed first, so that no call's time is spent on it
                return await self._post(message, found, sealed, known=doors.is_known(host))
            except Refused as refused:
                return refused
            except doors.NotPublic as error:
                return Refused(Fault.PERSON, "not_public", str(error))
            except BadSubscription as error:
                return Refused(Fault.PERSON, "bad_subscription", str(error), address_dead=True)
            except Exception as error:  # noqa: BLE001 - whatever the client raises concerns this message alone
                return _no_answer(error)

    async def _post(self, message: Outgoing, found: Subscription, body: bytes, *, known: bool) -> Result:
        headers = {**self._headers(message), "Authorization": vapid.authorization(_origin(found.endpoint), self._sub)}
        async with self._session.post(found.endpoint, data=body, headers=headers, allow_redirects=False) as answer:
            if answer.status in _TAKEN:
                return Receipt(answer.headers.get("Location", "")[:255] or f"push-{message.key}")
            return _refusal(answer.status, answer.headers.get("Retry-After", ""), known=known)

    def _headers(self, message: Outgoing) -> dict[str, str]:
        worth = min(message.valid_for or WORTH, _LONGEST_TTL)
        headers = {
            "TTL": str(max(1, int(worth.total_seconds()))),  # 0 would drop it if the browser is not there at this very moment
            "Urgency": "high" if worth <= _SOON else "normal",
            "Content-Encoding": "aes128gcm", "Content-Type": "application/octet-stream",
        }  # fmt: skip
        return {**headers, "Topic": payload.topic(message.topic)} if message.topic else headers


def together(answers: Mapping[str, Result]) -> Result:
    """What one message to several browsers came to: taken if one took it, else unclear if one may have; gone if all are. Nobody is
    written to twice, so one that could not take it just now goes without."""
    gone = tuple(one for one, answer in answers.items() if isinstance(answer, Refused) and answer.address_dead)
    best = min(answers.values(), key=_worth)
    if isinstance(best, Receipt):
        return replace(best, gone=gone)
    if isinstance(best, Unclear):
        return Unclear(best.reason, best.detail, gone=gone)
    waits = [answer.retry_after for answer in answers.values() if isinstance(answer, Refused) and answer.retry_after]
    return Refused(
        best.fault, best.reason, best.detail, retry_after=max(waits, default=None) if best.fault is Fault.TEMPORARY else None,
        address_dead=len(gone) == len(answers), gone=gone,
    )  # fmt: skip


_WORTH = (Fault.ACCOUNT, Fault.TEXT, Fault.TEMPORARY, Fault.PERSON)


def _worth(answer: Result) -> tuple[int, bool]:
    """The order in which one answer stands for all: what was taken first, a browser that is gone last."""
    if isinstance(answer, Refused):
        return 2 + _WORTH.index(answer.fault), answer.address_dead
    return (0 if isinstance(answer, Receipt) else 1), False


def _encrypted(found: Subscription, body: bytes) -> bytes:
    """For this browser alone (RFC 8291)."""
    try:
        pusher = WebPusher({"endpoint": found.endpoint, "keys": {"p256dh": found.p256dh, "auth": found.auth}})
        made: bytes = pusher.encode(body)["body"]
    except Exception:  # noqa: BLE001 - keys that were stored by someone else
        raise BadSubscription("the keys cannot be used") from None
    return made


def _origin(endpoint: str) -> str:
    parts = urlsplit(endpoint)
    return f"{parts.scheme}://{parts.netloc}"


def _refusal(status: int, retry_after: str, *, known: bool) -> Result:
    """What an answer means. Whoever subscribes names the server that answers: what would stop the whole account or its text is
    believed of the known push services only."""
    reason = str(status)
    if status in _GONE:
        return Refused(Fault.PERSON, reason, address_dead=True)
    if status == 413:
        return Refused(Fault.TEXT if known else Fault.PERSON, reason)
    if status in (401, 403):
        return Refused(Fault.ACCOUNT if known else Fault.PERSON, reason)
    if status in (429, 503):
        return Refused(Fault.TEMPORARY, reason, retry_after=_seconds(retry_after) if known else None)
    if 400 <= status < 500:
        return Refused(Fault.PERSON, reason)
    if 300 <= status < 400:
        return Refused(Fault.PERSON, "redirect", reason)
    return Unclear(reason)


def _no_answer(error: Exception) -> Result:
    """Surely not sent when there was no connection; else nobody knows."""
    if isinstance(error, aiohttp.ClientConnectorError):
        if isinstance(error.os_error, doors.NotPublic):
            return Refused(Fault.PERSON, "not_public", str(error.os_error))
        return Refused(Fault.TEMPORARY, "unreachable", type(error.os_error).__name__)
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return Refused(Fault.TEMPORARY, "unreachable", "no connection in time")
    if isinstance(error, aiohttp.InvalidURL):
        return Refused(Fault.PERSON, "bad_subscription", "not an address")
    return Unclear("timeout" if isinstance(error, TimeoutError) else "no_answer", type(error).__name__)


def _seconds(header: str) -> float | None:
    """Retry-After: seconds, or a date (RFC 9110, 10.2.3)."""
    try:
        wait = float(header)
    except ValueError:
        try:
            wait = (parsedate_to_datetime(header).astimezone(UTC) - datetime.now(UTC)).total_seconds()
        except (ValueError, TypeError):
            return None
    return min(max(wait, 0.0), _LONGEST_WAIT) if wait == wait else None
