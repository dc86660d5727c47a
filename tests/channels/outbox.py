"""Shared by the tests of sending: deliveries in the outbox, a transport that answers as told, and a clock that stands still."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, ClassVar

import pytest

from channels import accounts, freezing, sending
from channels.models import Channel, Delivery, Message, MessageVersion
from channels.models.delivery import new_token
from channels.sending import Planned, checks
from channels.transport import Account, BadSignature, Inbound, Outgoing, RawCall, Receipt, Result, Transport
from contacts.kinds import Kind
from contacts.models import Contact
from tests.factories import NOW, make_business, make_channel, make_contact, make_message

Answer = Callable[[Outgoing], Result]


def taken(message: Outgoing) -> Result:
    return Receipt(f"id-{message.key}")


class ScriptedTransport(Transport):
    """Answers as the test says, counts what it was handed, and takes calls that carry the right word."""

    name = "scripted"
    label = "Scripted"
    kinds: ClassVar[tuple[Kind, ...]] = (
        Kind("email", "email", "Email", "Email", rich=True), Kind("sms", "phone", "SMS", "Phone", segmented=True),
    )  # fmt: skip
    live = False
    timeout = timedelta(seconds=20)

    answer: ClassVar[Answer] = staticmethod(taken)
    handed: ClassVar[list[Outgoing]] = []
    before: ClassVar[Callable[[], None] | None] = None
    calls: ClassVar[dict[bytes, list[Inbound]]] = {}
    known: ClassVar[Mapping[str, Inbound]] = {}

    def __init__(self, account: Account) -> None:
        super().__init__(account)

    def send_many(self, messages: Sequence[Outgoing]) -> Iterator[tuple[str, Result]]:
        cls = type(self)
        if cls.before:
            cls.before()
        for message in messages:
            cls.handed.append(message)
            yield message.key, cls.answer(message)

    def verify(self, call: RawCall) -> None:
        if call.headers.get("x-word") != "sesame":
            raise BadSignature("wrong word")

    def parse(self, call: RawCall) -> list[Inbound]:
        try:
            return type(self).calls[call.body]
        except KeyError:
            raise ValueError("not a call that was agreed") from None

    def reconcile(self, messages: Sequence[Outgoing], since: datetime) -> Iterator[tuple[str, Inbound]]:
        for message in messages:
            if message.key in type(self).known:
                yield message.key, type(self).known[message.key]


class RepeatableTransport(ScriptedTransport):
    """The same at a provider that knows its keys."""

    name = "repeatable"
    idempotent = True


@pytest.fixture
def scripted(settings: Any) -> Iterator[type[ScriptedTransport]]:
    """The scripted transport, registered, with a clean slate."""
    settings.CHANNEL_TRANSPORTS = {
        **settings.CHANNEL_TRANSPORTS,
        "scripted": f"{__name__}.ScriptedTransport",
        "repeatable": f"{__name__}.RepeatableTransport",
    }
    ScriptedTransport.answer = staticmethod(taken)
    ScriptedTransport.handed = []
    ScriptedTransport.before = None
    ScriptedTransport.calls = {}
    ScriptedTransport.known = {}
    yield ScriptedTransport
    accounts.let_go()


def frozen(message: Message, now: datetime = NOW) -> MessageVersion:
    return freezing.freeze(message, now=now)


def queue(contact: Contact, channel: Channel, version: MessageVersion, **fields: Any) -> Delivery:
    """One delivery in the outbox, due now."""
    token = new_token()
    planned = Planned(
        token=token, contact_id=contact.pk, channel_id=channel.pk, message_version_id=version.pk, kind=channel.kind,
        sandbox=channel.is_sandbox, **{"purpose": version.purpose, "urgent": version.urgent, "not_before": NOW, **fields},
    )  # fmt: skip
    return Delivery.objects.get(pk=sending.plan([planned], now=NOW)[token])


def send(now: datetime = NOW, **how: Any) -> int:
    return sending.send_due(clock=lambda: now, **how)


def reread(delivery: Delivery) -> Delivery:
    return Delivery.objects.get(pk=delivery.pk)


@pytest.fixture
def sms(db: None) -> Channel:
    make_business()
    return make_channel("sms", "scripted", price="0.05", price_unit="segment")


@pytest.fixture
def registered() -> Iterator[None]:
    """What a test registers is forgotten after it."""
    before = list(checks._run_states), list(checks._text_refused)
    yield
    checks._run_states[:], checks._text_refused[:] = before


def to_ana(channel: Channel, **fields: Any) -> Delivery:
    return queue(make_contact(phone="+34600000001"), channel, frozen(make_message()), **fields)
