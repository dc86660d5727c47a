"""A real counterpart for each registered transport, by which the conformance suite treats all of them alike."""

from __future__ import annotations

import hashlib
import hmac
import json
from abc import ABC, abstractmethod
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from enum import StrEnum
from typing import Any, ClassVar, Self
from urllib.parse import urlencode, urlsplit

from django.test import override_settings

from channels.transport import Account, Outgoing, RawCall, Sender, Transport, transport_class
from channels.transports.sandbox import signed_call
from channels.transports.webpush.subscription import given, read
from tests.channels.mail_provider import ServicePeer
from tests.peers.push import PushPeer
from tests.peers.smtp import SmtpPeer
from tests.peers.smtp import drop as drop_mail
from tests.peers.smtp import hang as hang_mail
from tests.peers.smtp import refuse as refuse_mail
from tests.peers.twilio import TwilioPeer, close, garbage, hang, refuse, sign

HOOK = "https://news.aurora.example/hooks/abc/"
SECRET = "s3cret-of-the-account"
HURRY = "0.6"  # seconds until a counterpart that says nothing counts as silent


class Mood(StrEnum):
    """How the counterpart treats a message."""

    BUSY = "busy"  # not now
    UNREACHABLE = "unreachable"  # this person cannot be reached, the address may be fine
    NOBODY = "nobody"  # there is no such address
    SILENT = "silent"  # took it, never answers
    CUT = "cut"  # took it, the line breaks before the answer
    GARBAGE = "garbage"  # an answer that cannot be read


class Harness(ABC):
    """A counterpart with one account. `calls`: signed calls about a message that was taken, in the order they happened."""

    transport: ClassVar[str]
    kind: ClassVar[str]
    moods: ClassVar[Sequence[Mood]] = ()
    # Messages of one wave go in one call and share its fate.
    together: ClassVar[bool] = False
    timeout = "8"  # a busy machine is not silent; a test that waits for silence says HURRY

    def __enter__(self) -> Self:
        for part in self.parts():
            part.__enter__()
        return self

    def __exit__(self, *_: object) -> None:
        for part in self.parts():
            part.__exit__(None, None, None)

    def parts(self) -> Sequence[AbstractContextManager[Any]]:
        return ()

    @abstractmethod
    def account(self) -> Account: ...

    @abstractmethod
    def treat(self, to: str, mood: Mood) -> None: ...

    @abstractmethod
    def taken(self, to: str) -> int:
        """How often the counterpart took a message for this address."""

    def calls(self, message: Outgoing, provider_id: str) -> list[RawCall]:
        return []

    def tampered(self, call: RawCall) -> RawCall:
        """The call with something changed on the way."""
        return replace(call, body=call.body + b"&x=1")

    def open(self, **changes: Any) -> Transport:
        return transport_class(self.transport)(replace(self.account(), **changes))

    def address(self, number: int) -> str:
        return f"person{number}@example.com"

    def message(self, number: int = 0, **fields: Any) -> Outgoing:
        values = {
            "key": f"key-{number:012d}", "kind": self.kind, "to": self.address(number), "text": f"Hello {number}",
            "subject": "News", "html": "<p>Hello</p>" if self.kind == "email" else "", **fields,
        }  # fmt: skip
        return Outgoing(**values)


class SmtpHarness(Harness):
    transport, kind = "email", "email"
    moods = (Mood.BUSY, Mood.UNREACHABLE, Mood.NOBODY, Mood.SILENT, Mood.CUT)

    pipelining: ClassVar[bool] = True

    def __init__(self, *, gullible: bool = False) -> None:
        self.peer = SmtpPeer(login=("aurora", SECRET), pipelining=self.pipelining, gullible=gullible)

    def parts(self) -> Sequence[AbstractContextManager[Any]]:
        return [self.peer]

    def account(self) -> Account:
        settings = {
            "service": "smtp", "host": self.peer.host, "port": str(self.peer.port), "security": "none",
            "username": "aurora", "timeout": self.timeout,
        }  # fmt: skip
        return Account(7, "email", Sender("Salon Aurora", "hello@aurora.example"), settings, {"password": SECRET}, HOOK)

    def treat(self, to: str, mood: Mood) -> None:
        act = {
            Mood.BUSY: refuse_mail(451, text="4.7.1 greylisted"),
            Mood.UNREACHABLE: refuse_mail(550, text=f"5.7.1 not welcome with {SECRET}"),
            Mood.NOBODY: refuse_mail(550, text="5.1.1 user unknown"), Mood.SILENT: hang_mail(), Mood.CUT: drop_mail(),
        }[mood]  # fmt: skip
        self.peer.on(to, act)

    def taken(self, to: str) -> int:
        return self.peer.counts[to]


class StepwiseSmtpHarness(SmtpHarness):
    """A mail server that wants to hear one command at a time."""

    pipelining = False


class ServiceHarness(Harness):
    """A mail service with an API: Mailgun, because it signs its calls."""

    transport, kind = "email", "email"
    moods = tuple(Mood)
    together = True

    def __init__(self) -> None:
        self.peer = ServicePeer()

    def parts(self) -> Sequence[AbstractContextManager[Any]]:
        return [self.peer]

    def account(self) -> Account:
        settings = {
            "service": "mailgun",
            "api_url": self.peer.url,
            "sender_domain": "mg.aurora.example",
            "timeout": self.timeout,
        }
        secrets = {"api_key": SECRET, "signing_secret": SECRET + "-2"}
        return Account(7, "email", Sender("Salon Aurora", "hello@aurora.example"), settings, secrets, HOOK)

    def treat(self, to: str, mood: Mood) -> None:
        self.peer.acts[to] = {
            Mood.BUSY: (429, {"message": "slow down"}, {"Retry-After": "7"}),
            Mood.UNREACHABLE: (400, {"message": f"{to} is on the list of bounces of {SECRET}"}, {}),
            Mood.NOBODY: (400, {"message": f"to parameter {to} is not a valid address"}, {}),
            Mood.SILENT: "hang", Mood.CUT: "close", Mood.GARBAGE: "<html>Welcome to the Wi-Fi</html>",
        }[mood]  # fmt: skip

    def taken(self, to: str) -> int:
        return sum(to in body for body in self.peer.bodies)

    def calls(self, message: Outgoing, provider_id: str) -> list[RawCall]:
        return [self.call(message, provider_id, name, n) for n, name in enumerate(("delivered", "opened", "clicked"))]

    def tampered(self, call: RawCall) -> RawCall:
        """Mailgun signs a time and a token, not the event."""
        return replace(call, body=call.body.replace(b"token", b"t0ken"))

    def call(self, message: Outgoing, provider_id: str, name: str, at: int) -> RawCall:
        token, stamp = f"token{at}", str(1_795_000_000 + at)
        signature = hmac.new((SECRET + "-2").encode(), f"{stamp}{token}".encode(), hashlib.sha256).hexdigest()
        body = {
            "signature": {"timestamp": stamp, "token": token, "signature": signature},
            "event-data": {
                "event": name, "timestamp": float(stamp), "recipient": message.to, "user-variables": {"delivery": message.key},
                "message": {"headers": {"message-id": provider_id.strip("<>")}}, "url": "https://shop.example/",
                "delivery-status": {"code": 250, "message": "OK"},
            },
        }  # fmt: skip
        return RawCall("POST", HOOK, {"content-type": "application/json"}, json.dumps(body).encode())


class TwilioHarness(Harness):
    transport, kind = "twilio", "sms"
    moods = tuple(Mood)

    def __init__(self) -> None:
        self.peer = TwilioPeer()

    def parts(self) -> Sequence[AbstractContextManager[Any]]:
        return [self.peer]

    def account(self) -> Account:
        settings = {"account_sid": self.peer.account.sid, "api_url": self.peer.url, "timeout": self.timeout}
        return Account(
            7, "sms", Sender(address="+34600000000"), settings, {"auth_token": self.peer.account.token}, HOOK
        )

    def address(self, number: int) -> str:
        return f"+346001{number:05d}"

    def treat(self, to: str, mood: Mood) -> None:
        act = {
            Mood.BUSY: refuse(20429, retry_after=7), Mood.UNREACHABLE: refuse(21610), Mood.NOBODY: refuse(21614),
            Mood.SILENT: hang(), Mood.CUT: close(), Mood.GARBAGE: garbage(),
        }[mood]  # fmt: skip
        self.peer.on(to, act)

    def taken(self, to: str) -> int:
        return self.peer.counts[to]

    def calls(self, message: Outgoing, provider_id: str) -> list[RawCall]:
        return [self.call(self.peer.signed_callback(provider_id, status)) for status in ("sent", "delivered")]

    def call(self, call: Any) -> RawCall:
        headers = {"content-type": "application/x-www-form-urlencoded", "x-twilio-signature": call.signature}
        return RawCall("POST", call.url, headers, urlencode(call.form).encode())

    def signed(self, form: list[tuple[str, str]], url: str = HOOK) -> RawCall:
        """A call with any form, signed as Twilio signs."""
        headers = {"content-type": "application/x-www-form-urlencoded"}
        headers["x-twilio-signature"] = sign(self.peer.account.token, url, form)
        return RawCall("POST", url, headers, urlencode(form).encode())


class WhatsAppHarness(TwilioHarness):
    kind = "whatsapp"

    def account(self) -> Account:
        return replace(super().account(), kind="whatsapp")

    def message(self, number: int = 0, **fields: Any) -> Outgoing:
        template = {"template": "HX" + "0" * 32, "template_values": {"1": f"Ana {number}"}}
        return super().message(number, **{**template, **fields})

    def treat(self, to: str, mood: Mood) -> None:
        super().treat(f"whatsapp:{to}", mood)

    def taken(self, to: str) -> int:
        return super().taken(f"whatsapp:{to}")


class PushHarness(Harness):
    """A push service; each address is a browser that is subscribed there."""

    transport, kind = "webpush", "webpush"
    moods = tuple(Mood)

    def __init__(self) -> None:
        self.peer = PushPeer()
        self.settings = override_settings(PUSH_TO_PRIVATE_ADDRESSES=True, PUSH_SERVICES=("127.0.0.1",))
        self.away = ""

    def parts(self) -> Sequence[AbstractContextManager[Any]]:
        return [self.peer, self.settings]

    def account(self) -> Account:
        sender = Sender("Salon Aurora", "hello@aurora.example")
        return Account(7, "webpush", sender, {"timeout": self.timeout}, {"unused": SECRET}, HOOK)

    def open(self, **changes: Any) -> Transport:
        """There is no account at anybody's: who is not there is the push service of the browsers."""
        self.away = changes.get("settings", {}).get("api_url", "").rstrip("/")
        return super().open(**changes)

    def address(self, number: int) -> str:
        return given(self.peer.browser(str(number), self.away).told, "Chrome/1 Windows").normal

    def treat(self, to: str, mood: Mood) -> None:
        self.peer.acts[self._path(to)] = {
            Mood.BUSY: (429, {"Retry-After": "7"}), Mood.UNREACHABLE: 400, Mood.NOBODY: 410, Mood.SILENT: "hang", Mood.CUT: "cut",
            Mood.GARBAGE: "page",
        }[mood]  # fmt: skip

    def taken(self, to: str) -> int:
        return self.peer.counts[self._path(to)]

    def _path(self, to: str) -> str:
        return urlsplit(read(to).endpoint).path


class SandboxHarness(Harness):
    transport, kind = "sandbox", "email"

    def __init__(self) -> None:
        from tests.factories import make_channel

        self.channel = make_channel("email", "sandbox")

    def account(self) -> Account:
        return replace(self.channel.account("https://news.aurora.example"), secrets={"unused": SECRET})

    def treat(self, to: str, mood: Mood) -> None:
        raise LookupError("the sandbox takes everything")

    def taken(self, to: str) -> int:
        from channels.models import SandboxMessage

        return SandboxMessage.objects.filter(to=to).count()

    def calls(self, message: Outgoing, provider_id: str) -> list[RawCall]:
        from channels.transport import Fact, Inbound

        facts = [Inbound(fact, f"event-{fact}", key=message.key) for fact in (Fact.DELIVERED, Fact.OPENED)]
        return [signed_call(self.account(), [fact]) for fact in facts]


HARNESSES: Sequence[type[Harness]] = (
    SmtpHarness,
    StepwiseSmtpHarness,
    ServiceHarness,
    TwilioHarness,
    WhatsAppHarness,
    PushHarness,
    SandboxHarness,
)
