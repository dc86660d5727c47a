"""The one door for providers: check the signature, store the raw call, answer. What it means is worked out later, by a task."""

from __future__ import annotations

import logging
from datetime import datetime
from hashlib import sha256

from django.db import transaction

from channels import accounts, signals
from channels.models import Channel, InboundCall
from channels.transport import Answer, BadSignature, RawCall, Transport
from contacts.models import Business

_log = logging.getLogger(__name__)

LARGEST_BODY = 1_000_000  # bytes
OK, FORBIDDEN, TOO_LARGE = 200, 403, 413

# These may hold passwords and are needed for checking the signature only; they are not stored.
_SECRET_HEADERS = ("authorization", "cookie", "token", "secret", "key", "password")


def accept(channel: Channel, call: RawCall, *, now: datetime) -> Answer:
    """Take a call in; returns what to answer. A call that was stored before is answered the same and stored once.

    200: stored; 403: not proven to be the provider's; 413: too large. What cannot be understood is stored, too: a provider that gets an
    error answer only sends the same again.
    """
    if len(call.body) > LARGEST_BODY:
        return Answer(TOO_LARGE)
    transport = _proven(channel, call)
    if transport is None:
        return Answer(FORBIDDEN)
    _store(channel, call, transport.kept(call), now)
    return _answer(transport, call)


def _proven(channel: Channel, call: RawCall) -> Transport | None:
    """The account's transport, if it says that the call is genuine."""
    try:
        transport = accounts.kept(channel, Business.current().public_address)
        transport.verify(call)
    except (BadSignature, accounts.Unusable):
        return None
    except Exception:  # noqa: BLE001 - a body made to confuse the check proves nothing
        _log.warning("a call to channel %s cannot be verified", channel.pk, exc_info=True)
        return None
    return transport


def _answer(transport: Transport, call: RawCall) -> Answer:
    try:
        return transport.respond(call)
    except Exception:  # noqa: BLE001 - it is stored; an error would only bring it again
        _log.exception("no answer can be made for a call to account %s", transport.account.id)
        return Answer()


def _store(channel: Channel, call: RawCall, body: bytes, now: datetime) -> None:
    stored = InboundCall(
        channel=channel, call_key=call_key(call), method=call.method[:8], url=call.url, headers=_harmless(call), body=body,
        received_at=now,
    )  # fmt: skip
    InboundCall.objects.bulk_create([stored], ignore_conflicts=True)
    transaction.on_commit(_nudge, robust=True)


def call_key(call: RawCall) -> str:
    """The same for a call that is sent again: a hash of method, address and body."""
    told = sha256(f"{call.method} {call.url}\0".encode())
    told.update(call.body)
    return told.hexdigest()


def _harmless(call: RawCall) -> dict[str, str]:
    return {
        name: value for name, value in call.headers.items() if not any(part in name.lower() for part in _SECRET_HEADERS)
    }


def _nudge() -> None:
    signals.call_stored.send_robust(sender=InboundCall)
