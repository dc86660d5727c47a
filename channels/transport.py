"""The contract between Cascada and the outside world, its lookup by name, and the manual for a new channel.

A transport speaks one provider's language. It is a class in one file under `channels/transports/` and one line in
`settings.CHANNEL_TRANSPORTS`; it needs no migration, no template, no URL and no admin page, for all of these are made from what the
class says about itself. `tests/channels/test_conformance.py` runs over every registered transport, so a new one is tested from the start.

You **must**
- set `name`, `label`, `kinds` (what it can carry), `fields` (what an account needs) and `reports` (what it can tell afterwards);
- write `send_many()`: try each message exactly once and yield, as soon as it is known, its key with a `Receipt`, a `Refused` or an
  `Unclear`. Never raise for one message's sake, never retry, never sleep: waiting and trying again belong to the caller;
- raise (here: yield) `Unclear` whenever the provider *may* have taken the message: a time-out after the request was written, a
  connection cut before the answer, an answer that cannot be read. A lost message is better than a double one.

You **must, if the provider calls back**
- write `verify()` (raise `BadSignature` unless the call is surely the provider's; compare in constant time) and `parse()` (turn the
  raw call into facts; return `[]` for what does not concern us, raise `ValueError` for what cannot be read).

You **may** write `check()` (a cheap round trip that proves the account's settings), `connect()` (tell the provider where to call),
`respond()` (what a genuine call is answered with, where 200 is not enough), `join_url()` (a link by which a person joins; the call that
follows is told as `Fact.JOINED`), `balance()`, `reconcile()` (ask the provider what became of a message whose fate is unclear) and
`close()`.

You **need not** know of people, consent, cascades, prices, rates or the database: what you are handed may be sent, now, to that address.
Keep each secret in `account.secrets`: never in an exception, a log line or a `Receipt`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from functools import cache
from typing import TYPE_CHECKING, ClassVar

from django.conf import settings
from django.utils.module_loading import import_string

from contacts.kinds import Kind

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


class Fault(StrEnum):
    """Whose fault a refusal is; it decides what happens next."""

    TEMPORARY = "temporary"  # try this one again later (bounded, with jitter)
    PERSON = "person"  # this person cannot be reached here: next step at once
    ACCOUNT = "account"  # the account is wrong or blocked: breaker opens, nobody burns attempts, staff see it
    TEXT = "text"  # the text or the sender is refused: the step pauses, staff see it


class Fact(StrEnum):
    """What a provider (or our own pixel, link or page) can tell about a message. `SENT` is also what our own hand-over records."""

    ACCEPTED = "accepted"  # the provider has it
    SENT = "sent"  # the provider has passed it on
    DELIVERED = "delivered"  # it reached the handset or the mailbox
    DEFERRED = "deferred"  # not yet delivered (soft bounce, full mailbox); the provider goes on trying
    FAILED = "failed"  # it will not arrive; the address may be fine
    BOUNCED = "bounced"  # it will not arrive because the address is dead for good
    EXPIRED = "expired"  # its validity ended before it could be delivered
    OPENED = "opened"
    READ = "read"  # a read receipt: an opening that needs no pixel
    CLICKED = "clicked"
    REPLIED = "replied"
    CLOSED = "closed"  # a notification that was dismissed
    UNSUBSCRIBED = "unsubscribed"  # wants no more marketing on this channel
    STOPPED = "stopped"  # STOP and its kin: nothing at all to this address on this channel
    RESUMED = "resumed"  # START and its kin: lifts a STOP, restores no consent
    COMPLAINED = "complained"  # pressed "spam": no more marketing to this address
    JOINED = "joined"  # opened the conversation, by a link of ours or unasked: `address` can be written to from now on


class Refused(Exception):
    """The provider said no, and surely has not taken the message.

    reason: a short code for staff's eyes and statistics (the provider's own code where there is one, e.g. "21211"); detail: the provider's
    words, without secrets; retry_after: seconds the provider asks us to wait; address_dead: the address can never be reached on this
    channel; opted_out: the provider says that the person has opted out there; gone: of a message's several addresses, those that are dead.
    """

    def __init__(
        self, fault: Fault, reason: str, detail: str = "", *,
        retry_after: float | None = None, address_dead: bool = False, opted_out: bool = False, gone: tuple[str, ...] = (),
    ) -> None:  # fmt: skip
        super().__init__(f"{fault}: {reason} {detail}".strip())
        self.fault, self.reason, self.detail = fault, reason, detail
        self.retry_after, self.gone = retry_after, gone
        self.address_dead, self.opted_out = address_dead, opted_out


class Unclear(Exception):
    """The provider may or may not have taken the message; nobody may send it again unasked."""

    def __init__(self, reason: str, detail: str = "", *, gone: tuple[str, ...] = ()) -> None:
        super().__init__(f"{reason} {detail}".strip())
        self.reason, self.detail, self.gone = reason, detail, gone


class BadSignature(Exception):
    """A call that is not proven to come from the provider."""


@dataclass(frozen=True, slots=True)
class Sender:
    """Who the message is from: name and address (mailbox, phone number or alphanumeric id), and where an answer goes."""

    name: str = ""
    address: str = ""
    reply_to: str = ""


@dataclass(frozen=True, slots=True)
class Account:
    """A configured account, as a transport sees it. `secrets` never shows in repr.

    callback_url: absolute https URL of this account's webhook, or "" while the business has no public address.
    """

    id: int
    kind: str
    sender: Sender
    settings: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, str] = field(default_factory=dict, repr=False)
    callback_url: str = ""


@dataclass(frozen=True, slots=True)
class Button:
    """Something to press beneath a message. reply: what comes back as `Inbound.choice`; url: where it leads instead (ours, trackable)."""

    label: str
    reply: str = ""
    url: str = ""


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One rendered message, ready to go.

    key: our own reference (the delivery's token, 16 URL-safe characters), to be passed on as the provider's client reference;
    to: the normalised address; also: further ones of the same person, for kinds with `at_once`: one message, one result, taken
    if any of them took it; headers: extra mail headers (List-Unsubscribe ...); valid_for: how long the message is worth delivering;
    recipient_name: for "Name <address>"; buttons: for kinds that have them; template: the provider's name of an approved text,
    template_values what fills it in; topic: messages of one topic replace each other where the channel can do that; answered: the person
    wrote to us on this channel within the transport's `window`, so that free text is allowed.
    """

    key: str
    kind: str
    to: str
    text: str
    subject: str = ""
    html: str = ""
    language: str = ""
    sender: Sender = field(default_factory=Sender)
    recipient_name: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    valid_for: timedelta | None = None
    buttons: tuple[Button, ...] = ()
    template: str = ""
    template_values: Mapping[str, str] = field(default_factory=dict)
    topic: str = ""
    answered: bool = False
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Receipt:
    """The provider has taken it. provider_id: its own id for it; cost: in the business's currency if told at once; gone: see `Refused`."""

    provider_id: str = ""
    segments: int | None = None
    cost: Decimal | None = None
    gone: tuple[str, ...] = ()


Result = Receipt | Refused | Unclear


@dataclass(frozen=True, slots=True)
class RawCall:
    """A webhook call exactly as it came: nothing decoded, `url` with the public scheme and host, header names in lower case."""

    method: str
    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Answer:
    """What a genuine call is answered with. body: bytes as they go out."""

    status: int = 200
    body: bytes = b""
    content_type: str = "text/plain; charset=utf-8"


@dataclass(frozen=True, slots=True)
class Balance:
    """What is left on the account at the provider. currency: three letters."""

    amount: Decimal
    currency: str


@dataclass(frozen=True, slots=True)
class Inbound:
    """One fact out of a webhook call.

    event_key: unique per account for this very fact, so that a replay is recognised (provider's event id, else a hash of what identifies
    it); key: our own reference if the provider gave it back; provider_id: the provider's id of the message; address: who wrote or opted
    out, for facts that belong to no message; at: the provider's time, or None when it tells none that can be trusted; machine: the
    provider itself says that a program opened or clicked; reason/detail as in `Refused`; soft failures are `DEFERRED`, not `BOUNCED`;
    choice: of a pressed button, its `reply`; invitation: the token of our join link, for JOINED; name, language: what the provider tells
    of who wrote.
    """

    fact: Fact
    event_key: str
    key: str = ""
    provider_id: str = ""
    address: str = ""
    at: datetime | None = None
    text: str = ""
    url: str = ""
    user_agent: str = ""
    ip: str = ""
    reason: str = ""
    detail: str = ""
    machine: bool = False
    address_dead: bool = False
    segments: int | None = None
    cost: Decimal | None = None
    played: bool = False
    choice: str = ""
    invitation: str = ""
    name: str = ""
    language: str = ""


@dataclass(frozen=True, slots=True)
class Field:
    """One setting of an account, as the admin asks for it. Secret ones are encrypted and never shown again.

    only_for: (name of another setting, its values) with which alone this one is asked for, and required if it is.
    """

    name: str
    label: StrOrPromise
    secret: bool = False
    required: bool = True
    help_text: StrOrPromise = ""
    default: str = ""
    choices: tuple[tuple[str, StrOrPromise], ...] = ()
    only_for: tuple[str, tuple[str, ...]] | None = None

    def applies(self, account_settings: Mapping[str, str]) -> bool:
        """Is it asked for beside these settings?"""
        return self.only_for is None or account_settings.get(self.only_for[0], "") in self.only_for[1]


class Transport:
    """Base class and manual: see the module's docstring for what you must, may and need not write."""

    name: ClassVar[str]
    label: ClassVar[StrOrPromise]
    kinds: ClassVar[tuple[Kind, ...]]
    fields: ClassVar[tuple[Field, ...]] = ()
    # Facts this transport itself can learn, by kind. Our own links add CLICKED, our own pixel OPENED: see `channels.capabilities`.
    reports: ClassVar[Mapping[str, frozenset[Fact]]] = {}
    # False only for the sandbox: nothing leaves the house, so no public address is asked for.
    live: ClassVar[bool] = True
    # True where sending the same key twice is known to reach the person once.
    idempotent: ClassVar[bool] = False
    # True where a STOP that somebody wrote is confirmed by a message of its own, as the answer to their call can carry none.
    confirms_stop: ClassVar[bool] = False
    # Kinds on which free text may be sent only so long after the person last wrote; before and after, `Outgoing.template` is needed.
    window: ClassVar[Mapping[str, timedelta]] = {}
    # How long one call may take before it counts as unclear; the lease of a wave is reckoned from it. An account may shorten its own.
    timeout: timedelta = timedelta(seconds=20)

    def __init__(self, account: Account) -> None:
        self.account = account

    @classmethod
    def reports_with(cls, kind: str, account_settings: Mapping[str, str]) -> frozenset[Fact]:  # noqa: ARG003
        """What it can tell with these account settings; for providers of which some call back and some do not."""
        return cls.reports.get(kind, frozenset())

    def send_many(self, messages: Sequence[Outgoing]) -> Iterator[tuple[str, Result]]:
        """Hand over each message once; yield `(message.key, result)` as results come, in any order."""
        raise TypeError(f"{type(self).__name__} must write send_many()")

    def verify(self, call: RawCall) -> None:
        """Raise `BadSignature` unless the call is surely the provider's. A transport without webhooks refuses all."""
        raise BadSignature("this channel takes no calls")

    def parse(self, call: RawCall) -> list[Inbound]:
        """Facts in the call, in the order given. `ValueError` for a body that cannot be read."""
        return []

    def kept(self, call: RawCall) -> bytes:
        """The verified call's body as it is stored: for a provider that puts a secret of the account into it."""
        return call.body

    def respond(self, call: RawCall) -> Answer:
        """What to say to a call that `verify()` let pass and that is stored; must not need the facts in it."""
        return Answer()

    def check(self) -> None:
        """A cheap round trip that proves the settings; raise `Refused` or `Unclear`."""

    def connect(self) -> None:
        """Tell the provider that it is to call `account.callback_url`; harmless when repeated; raise `Refused` or `Unclear`."""

    def join_url(self, invitation: str) -> str:
        """A link by which a person joins, carrying the invitation's token (22 URL-safe characters); "" where there is none."""
        return ""

    def balance(self) -> Balance | None:
        """What is left on the account, where the provider tells; raise `Refused` or `Unclear`."""
        return None

    def reconcile(self, messages: Sequence[Outgoing], since: datetime) -> Iterator[tuple[str, Inbound]]:
        """What the provider knows of messages whose fate is unclear, as `(key, fact)`; nothing for those it cannot tell."""
        yield from ()

    def close(self) -> None:
        """Let go of connections; called when a worker is done with the account."""


def names() -> list[str]:
    """Names of the registered transports, in the order of the settings."""
    return list(settings.CHANNEL_TRANSPORTS)


@cache
def transport_class(name: str) -> type[Transport]:
    """The transport's class by its registered name; `LookupError` if there is none."""
    try:
        dotted = settings.CHANNEL_TRANSPORTS[name]
    except KeyError:
        raise LookupError(f"no transport is registered as {name!r}") from None
    found: type[Transport] = import_string(dotted)
    return found
