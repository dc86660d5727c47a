"""Opening an account's transport, and keeping it open for the next wave: one instance per thread, as long as the account stays the same."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from channels.models import Channel
from channels.transport import Transport
from channels.transports.sandbox import StandIn
from contacts.vault import Unreadable

_log = logging.getLogger(__name__)
_kept = threading.local()
_rehearsing: ContextVar[bool] = ContextVar("rehearsing", default=False)

# What a transport was opened with; when any of it changes, a new one is opened.
_OPENED_WITH = ("transport", "kind", "settings", "sealed", "sender_name", "sender_address", "reply_to", "hook")


class Unusable(Exception):
    """The account cannot be opened at all; the message says why."""


class Rehearsed(RuntimeError):
    """A rehearsal came upon an account that nobody stands in for; nothing is sent."""


@contextmanager
def stand_ins() -> Iterator[None]:
    """Within this no account is opened at all: the sandbox stands in for each of them, so that nothing can leave the house."""
    before = _rehearsing.set(True)
    try:
        yield
    finally:
        _rehearsing.reset(before)


def kept(channel: Channel, public_address: str) -> Transport:
    """This thread's transport for the account, opened now or earlier; `Unusable` if it cannot be."""
    if _rehearsing.get():
        return opened(channel, public_address)
    mine: dict[int, tuple[Any, Transport]] = _kept.__dict__.setdefault("transports", {})
    revision = (public_address, *(repr(getattr(channel, name)) for name in _OPENED_WITH))
    if channel.pk in mine and mine[channel.pk][0] == revision:
        return mine[channel.pk][1]
    let_go(channel.pk)
    transport = opened(channel, public_address)
    mine[channel.pk] = (revision, transport)
    return transport


def opened(channel: Channel, public_address: str) -> Transport:
    """A transport of the caller's own, to be closed by the caller; `Unusable` if it cannot be opened."""
    try:
        account = channel.account(public_address)
        return StandIn(account, channel.carrier) if _rehearsing.get() else channel.carrier(account)
    except LookupError as error:
        raise Unusable(str(error)) from error
    except Unreadable as error:
        raise Unusable(str(error)) from error


def let_go(channel_id: int | None = None) -> None:
    """Close this thread's transport for the account, or all of them."""
    mine: dict[int, tuple[Any, Transport]] = _kept.__dict__.setdefault("transports", {})
    for pk in list(mine) if channel_id is None else [channel_id] if channel_id in mine else []:
        _revision, transport = mine.pop(pk)
        try:
            transport.close()
        except Exception:  # noqa: BLE001 - a connection that is dead already must not stop the next one
            _log.warning("closing the connection of channel %s failed", pk, exc_info=True)
