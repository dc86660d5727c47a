"""One JSON request to a provider and its answer, over kept connections, several at a time; and what it means when none comes.

For transports that speak to a provider without a client library. Nothing here is logged: addresses of some providers hold secrets.
"""

from __future__ import annotations

import json
import logging
import ssl
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cached_property
from typing import Any, NoReturn

import urllib3
from django.utils.translation import gettext_noop
from urllib3.exceptions import ConnectTimeoutError, NewConnectionError, SSLError
from urllib3.exceptions import TimeoutError as TooLate

from channels.transport import Account, Fault, Outgoing, RawCall, Refused, Result, Transport, Unclear

AT_ONCE = 16
LONGEST_ANSWER = 1_000_000  # bytes; a provider's answer has a few hundred

_hush: ContextVar[list[str] | None] = ContextVar("hush", default=None)


class _Hushed(logging.Filter):
    """Keeps what is logged during `hushed()` from everybody but its caller."""

    def filter(self, record: logging.LogRecord) -> bool:
        heard = _hush.get()
        if heard is not None:
            heard.append(record.getMessage())
        return heard is None


_FILTER = _Hushed()
logging.getLogger("urllib3.connectionpool").addFilter(_FILTER)


@contextmanager
def hushed(*loggers: str) -> Iterator[list[str]]:
    """What urllib3 (and these other loggers) log in this thread meanwhile is not logged, but listed for the caller."""
    for name in loggers:
        logging.getLogger(name).addFilter(_FILTER)  # adding it again changes nothing
    heard: list[str] = []
    token = _hush.set(heard)
    try:
        yield heard
    finally:
        _hush.reset(token)


@dataclass(frozen=True, slots=True)
class Reply:
    """A provider's answer. told: the JSON object in it; empty where it holds none, such as a proxy's page."""

    status: int
    headers: Mapping[str, str]
    told: Mapping[str, Any]

    @property
    def retry_after(self) -> float | None:
        """Seconds; a date is not understood."""
        wait = self.headers.get("Retry-After", "")
        return float(wait) if wait.isascii() and wait.isdecimal() else None


class Line:
    """Kept connections to one provider, used by several threads at a time. Follows no redirect, tries nothing twice."""

    def __init__(self, seconds: float) -> None:
        self.seconds = seconds
        self._pools = urllib3.PoolManager(num_pools=2, maxsize=AT_ONCE, retries=False)

    def post(
        self, url: str, *, told: Mapping[str, Any] | None = None, form: Mapping[str, str] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:  # fmt: skip
        """Post JSON or a form. Raises `Refused` where surely nothing was taken, `Unclear` where nobody knows."""
        sent: dict[str, Any] = {"json": told} if form is None else {"fields": dict(form), "encode_multipart": False}
        deadline = time.monotonic() + self.seconds
        try:
            with hushed():
                answer = self._pools.request(
                    "POST", url, headers=dict(headers or {}), timeout=self.seconds, redirect=False, preload_content=False, **sent
                )  # fmt: skip
                try:
                    body = _read(answer, deadline)
                finally:
                    answer.close() if time.monotonic() > deadline else answer.release_conn()
        except Exception as error:  # noqa: BLE001 - whatever the library raises, its words may hold the address
            raise no_answer(error) from None
        return Reply(answer.status, answer.headers, _object(body))

    def close(self) -> None:
        self._pools.clear()


def no_answer(error: Exception) -> Refused | Unclear:
    """What it means that no answer came: surely not taken only where no connection was made. Its words are left out."""
    if isinstance(error, Refused | Unclear):
        return error
    name = type(error).__name__
    if isinstance(error, NewConnectionError | ConnectTimeoutError):
        return Refused(Fault.TEMPORARY, "cannot_connect", name)
    if isinstance(error, SSLError) and error.args and isinstance(error.args[0], ssl.SSLCertVerificationError):
        return Refused(Fault.TEMPORARY, "certificate", name)
    if isinstance(error, ValueError | TypeError) and not isinstance(error, OSError):
        return Refused(Fault.ACCOUNT, "settings", name)
    return Unclear("timeout" if isinstance(error, TooLate) else "connection_lost", name)


def each(messages: Sequence[Outgoing], send: Callable[[Outgoing], Result]) -> Iterator[tuple[str, Result]]:
    """Every message once, several at a time; results come as they are known. `send` may raise `Refused` or `Unclear`."""

    def one(message: Outgoing) -> Result:
        try:
            return send(message)
        except Exception as error:  # noqa: BLE001 - it concerns this message alone
            return no_answer(error)

    pool = ThreadPoolExecutor(min(AT_ONCE, max(1, len(messages))), thread_name_prefix="send")
    try:
        keys = {pool.submit(one, message): message.key for message in messages}
        for done in as_completed(keys):
            yield keys[done], done.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def patience(account: Account, transport: Transport) -> float:
    """Seconds that one call may take: the transport's own time, or less where the account says so."""
    return min(transport.timeout.total_seconds(), float(account.settings.get("timeout") or 3600))


class TalkingTransport(Transport):
    """What transports have in common that talk to their provider over a `Line`: they write `_send`, for one message, and all else."""

    def __init__(self, account: Account) -> None:
        super().__init__(account)
        self.timeout = timedelta(seconds=patience(account, self))

    @cached_property
    def _line(self) -> Line:
        return Line(self.timeout.total_seconds())

    def _send(self, message: Outgoing) -> Result:
        """One message, once; may raise `Refused` or `Unclear` in place of returning it."""
        raise TypeError(f"{type(self).__name__} must write _send()")

    def send_many(self, messages: Sequence[Outgoing]) -> Iterator[tuple[str, Result]]:
        yield from each(messages, self._send)

    def close(self) -> None:
        if "_line" in self.__dict__:
            self._line.close()
            del self.__dict__["_line"]


def called(call: RawCall) -> dict[str, Any]:
    """The JSON object that a provider's call holds; `ValueError` if it holds none."""
    try:
        told = json.loads(call.body)
    except RecursionError:
        told = None
    return told if isinstance(told, dict) else _no_object()


def _no_object() -> NoReturn:
    raise ValueError(gettext_noop("not a JSON object"))


def part(told: Mapping[str, Any], name: str) -> dict[str, Any]:
    """An object within another; {} for anything else that may stand there."""
    found = told.get(name)
    return found if isinstance(found, dict) else {}


def instant(seconds: object) -> datetime | None:
    """A provider's time, in seconds since 1970; None where it can be none."""
    if not isinstance(seconds, int | float) or not 0 < seconds < 2**33:
        return None
    return datetime.fromtimestamp(seconds, UTC)


def _read(answer: urllib3.BaseHTTPResponse, deadline: float) -> bytes:
    body = b""
    while chunk := answer.read1(65_536):
        body += chunk
        if len(body) > LONGEST_ANSWER:
            raise Unclear("unreadable_answer", "too long")
        if time.monotonic() > deadline:
            raise Unclear("timeout", "the answer drips")
    return body


def _object(body: bytes) -> Mapping[str, Any]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}
