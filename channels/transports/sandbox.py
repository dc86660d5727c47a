"""The sandbox: a real transport that keeps what would have gone out, and whose calls are played by staff (`channels.sandbox_play`)."""

from __future__ import annotations

import hmac
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import datetime
from secrets import token_urlsafe
from typing import Any, ClassVar

from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from channels.models import SandboxMessage
from channels.transport import (
    Account,
    BadSignature,
    Fact,
    Inbound,
    Outgoing,
    RawCall,
    Receipt,
    Result,
    Transport,
    names,
    transport_class,
)
from contacts import bulk, kinds
from contacts.kinds import Kind

SIGNATURE = "x-sandbox-signature"
_COLUMNS = (
    "channel_id", "key", "provider_id", "kind", "to", "recipient_name", "sender", "subject", "text", "html", "headers", "buttons",
    "sent_at", "played",
)  # fmt: skip


class _EveryKind:
    """The sandbox carries whatever any other transport brings."""

    def __get__(self, instance: object, owner: type) -> tuple[Kind, ...]:
        return tuple(kinds.all_kinds())


class SandboxTransport(Transport):
    """Nothing leaves the house. A key that was given before is kept once, so sending again is harmless."""

    name = "sandbox"
    label = _("Sandbox (nothing leaves the house)")
    kinds: ClassVar[tuple[Kind, ...]] = _EveryKind()  # type: ignore[assignment]
    live = False
    idempotent = True

    @classmethod
    def reports_with(cls, kind: str, account_settings: Mapping[str, str]) -> frozenset[Fact]:  # noqa: ARG003
        """All that can be played: of what only a provider tells, what those of this kind tell in earnest."""
        told = {Fact.ACCEPTED, Fact.SENT, Fact.FAILED, Fact.BOUNCED, Fact.CLICKED}
        if kinds.get(kind).rich:  # mail services differ, and none is chosen here
            return frozenset(told | {Fact.DELIVERED, Fact.OPENED, Fact.REPLIED, Fact.UNSUBSCRIBED})
        in_earnest = _reported_in_earnest(kind) or {Fact.DELIVERED, Fact.REPLIED}
        return frozenset(told | {Fact.STOPPED} | (_BY_PROVIDER & in_earnest))

    def send_many(self, messages: Sequence[Outgoing]) -> Iterator[tuple[str, Result]]:
        now = timezone.now()
        ids = [self._id(message) for message in messages]
        rows = [self._row(message, provider_id, now) for message, provider_id in zip(messages, ids, strict=True)]
        bulk.insert(SandboxMessage, _COLUMNS, rows, ignore_conflicts=True)
        for message, provider_id in zip(messages, ids, strict=True):
            yield message.key, Receipt(provider_id)

    def verify(self, call: RawCall) -> None:
        given = call.headers.get(SIGNATURE, "")
        if not hmac.compare_digest(given.encode(), signature(self.account.id, call.body).encode()):
            raise BadSignature("not signed by this installation")

    def parse(self, call: RawCall) -> list[Inbound]:
        try:
            return [_read(fact) for fact in json.loads(call.body)["facts"]]
        except (TypeError, KeyError, AttributeError) as error:
            raise ValueError(gettext_noop("not a call of the sandbox")) from error

    def _id(self, message: Outgoing) -> str:
        return f"sandbox-{self.account.id}-{message.key or token_urlsafe(8)}"

    def _row(self, message: Outgoing, provider_id: str, now: datetime) -> tuple[Any, ...]:
        sender = message.sender if message.sender.address or message.sender.name else self.account.sender
        shown = f"{sender.name} <{sender.address}>" if sender.name and sender.address else sender.name or sender.address
        return (
            self.account.id, message.key, provider_id, message.kind, message.to, message.recipient_name[:255], shown,
            message.subject[:255], message.text, message.html, dict(message.headers),
            [asdict(button) for button in message.buttons], now, [],
        )  # fmt: skip


class StandIn(SandboxTransport):
    """The sandbox in the place of an account for a rehearsal: nothing leaves, and what is played counts as it would in earnest."""

    def __init__(self, account: Account, place_of: type[Transport]) -> None:
        super().__init__(account)
        self.place_of = place_of

    def parse(self, call: RawCall) -> list[Inbound]:
        return [replace(fact, played=not self.place_of.live) for fact in super().parse(call)]

    def join_url(self, invitation: str) -> str:
        return self.place_of(self.account).join_url(invitation)


_BY_PROVIDER = frozenset({Fact.DELIVERED, Fact.READ, Fact.CLOSED, Fact.REPLIED})


def _reported_in_earnest(kind: str) -> frozenset[Fact]:
    """What any transport that carries this kind can tell with some account; nothing where none carries it."""
    told: set[Fact] = set()
    for carrier in map(transport_class, names()):
        if carrier.live and any(one.name == kind for one in carrier.kinds):
            told |= carrier.reports.get(kind, frozenset()) | carrier.reports_with(kind, {})
    return frozenset(told)


def signature(account_id: int, body: bytes) -> str:
    """Hexadecimal HMAC-SHA256 with a key of this installation, for one account."""
    return salted_hmac("channels.sandbox", str(account_id).encode() + b"." + body, algorithm="sha256").hexdigest()


def signed_call(account: Account, facts: Sequence[Inbound]) -> RawCall:
    """The call by which the sandbox tells facts."""
    body = json.dumps({"facts": [_write(fact) for fact in facts]}).encode()
    headers = {"content-type": "application/json", SIGNATURE: signature(account.id, body)}
    return RawCall("POST", account.callback_url or f"https://sandbox.invalid/{account.id}/", headers, body)


def _write(fact: Inbound) -> dict[str, Any]:
    told = {name: value for name, value in asdict(fact).items() if value not in ("", None, False)}
    return {**told, "at": fact.at.isoformat()} if fact.at else told


def _read(told: dict[str, Any]) -> Inbound:
    at = datetime.fromisoformat(told["at"]) if told.get("at") else None
    known = {
        name: value
        for name, value in told.items()
        if name in Inbound.__dataclass_fields__ and name not in ("fact", "at", "played")
    }
    return replace(Inbound(Fact(told["fact"]), told["event_key"]), **known, at=at, played=True)
