"""The stored calls: claimed, read by their transport, applied. What cannot be read is kept and says so."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby
from typing import Any

from django.db import Error, transaction
from django.db.models import Q
from django.utils.translation import gettext_noop

from channels import accounts
from channels.contention import insist
from channels.models import Channel, InboundCall, InboundState
from channels.receipts import goodbye, parked
from channels.receipts.apply import Item, take_in
from channels.transport import Inbound, RawCall
from contacts import bulk
from contacts.models import Business

_log = logging.getLogger(__name__)

BATCH = 500
LEASE = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Stored:
    """A claimed call."""

    id: int
    channel_id: int
    method: str
    url: str
    headers: dict[str, str]
    body: bytes
    received_at: datetime

    @property
    def raw(self) -> RawCall:
        return RawCall(self.method, self.url, self.headers, bytes(self.body))


def apply_inbound(*, now: datetime, limit: int = BATCH, only: Collection[int] | None = None) -> int:
    """Take in up to `limit` stored calls, and facts that were parked and can be placed by now. Returns how many calls and facts that were.

    Any number of workers may do this at once; a call that a dead worker had is taken again when its lease is over. only: calls to these
    channels and nothing that was parked, for a rehearsal.
    """
    token = uuid.uuid4()
    calls = _claim(token, limit, now, only)
    channels = Channel.objects.in_bulk({call.channel_id for call in calls}) if calls else {}
    business = Business.current() if calls else None
    for channel_id, group in groupby(
        sorted(calls, key=lambda call: (call.channel_id, call.id)), key=lambda call: call.channel_id
    ):
        assert business is not None
        _apply(channels[channel_id], list(group), business, token, now)
    return len(calls) + (insist(lambda: parked.release(now)) if only is None else 0)


def _claim(token: uuid.UUID, limit: int, now: datetime, only: Collection[int] | None) -> list[Stored]:
    free = Q(claim_token=None) | Q(lease_until__lt=now)
    waiting = InboundCall.objects.filter(free, state=InboundState.STORED).order_by("id")
    if only is not None:
        waiting = waiting.filter(channel__in=only)
    columns = ("id", "channel_id", "method", "url", "headers", "body", "received_at")
    rows = bulk.claim(
        waiting, limit=limit, changes={"claim_token": token, "lease_until": now + LEASE}, returning=columns
    )
    return [Stored(*row) for row in rows]


def _apply(channel: Channel, calls: Sequence[Stored], business: Business, token: uuid.UUID, now: datetime) -> None:
    """Read outside of any transaction, then apply all of an account's calls in one. If that fails, one by one, so that one bad call
    holds up no other."""
    read = {call.id: _read(channel, call, business) for call in calls}
    try:
        new = insist(lambda: _take_in(channel, calls, read, token, now))
    except Error:
        raise
    except Exception:  # noqa: BLE001 - tried one by one below
        _log.exception("calls to channel %s cannot be applied together", channel.pk)
        new = [told for call in calls for told in _alone(channel, call, read, token, now)]
    goodbye.say(channel, new, business, now)


def _alone(
    channel: Channel, call: Stored, read: dict[int, list[Inbound] | str], token: uuid.UUID, now: datetime
) -> list[Inbound]:
    try:
        return insist(lambda: _take_in(channel, [call], read, token, now))
    except Exception:  # noqa: BLE001 - it is kept and says so
        _log.exception("call %s cannot be applied", call.id)
        return _take_in(channel, [call], {call.id: gettext_noop("could not be applied")}, token, now)


def _read(channel: Channel, call: Stored, business: Business) -> list[Inbound] | str:
    """The facts of a call, or what is wrong with it."""
    try:
        return accounts.kept(channel, business.public_address).parse(call.raw)
    except Exception as error:  # noqa: BLE001 - whatever it holds, it is only one call
        if not isinstance(error, ValueError):
            _log.exception("call %s cannot be read", call.id)
        return str(error)[:255] or gettext_noop("not readable")


def _take_in(
    channel: Channel, calls: Sequence[Stored], read: dict[int, list[Inbound] | str], token: uuid.UUID, now: datetime
) -> list[Inbound]:
    """Returns the facts that were new."""
    items = [Item(told, call.id) for call in calls if isinstance(found := read[call.id], list) for told in found]
    with transaction.atomic():
        new = take_in(channel, items, now)
        waits = {item.call_id for item, found in new if found.parked}
        rows = [(call.id, *_outcome(read[call.id], waits=call.id in waits), now, None, None) for call in calls]
        columns = ("state", "problem", "applied_at", "claim_token", "lease_until")
        bulk.update(InboundCall, columns, rows, only={"claim_token": token})
    return [item.told for item, _found in new]


def _outcome(read: list[Inbound] | str, *, waits: bool) -> tuple[Any, str]:
    if isinstance(read, str):
        return InboundState.UNREADABLE, read
    return (InboundState.PARKED if waits else InboundState.APPLIED), ""
