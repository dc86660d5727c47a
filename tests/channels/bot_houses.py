"""Counterparts of the messengers, for the conformance suite (see `harness`)."""

from __future__ import annotations

import json
from collections.abc import Sequence
from contextlib import AbstractContextManager
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from channels.models import Channel
from channels.transport import Account, Outgoing, RawCall, Sender, Transport
from channels.transports.telegram import hook_secret
from tests.channels.harness import HOOK, SECRET, Harness, Mood
from tests.factories import make_channel
from tests.peers import viber, vk
from tests.peers.ntfy import NtfyPeer, ntfy_error
from tests.peers.telegram import BLOCKED, DEACTIVATED, TelegramPeer, busy
from tests.peers.viber import ViberPeer
from tests.peers.vk import VkPeer


class BotHarness(Harness):
    """A harness whose account can also be a channel in the database."""

    def channel(self, **fields: Any) -> Channel:
        account = self.account()
        channel = make_channel(self.kind, self.transport, settings=dict(account.settings), sender_address="", **fields)
        channel.keep_secrets(account.secrets)
        channel.save()
        return channel


class TelegramHarness(BotHarness):
    transport, kind = "telegram", "telegram"
    moods = tuple(Mood)

    def __init__(self) -> None:
        self.peer = TelegramPeer()

    def parts(self) -> Sequence[AbstractContextManager[Any]]:
        return [self.peer]

    def account(self) -> Account:
        settings = {"username": self.peer.username, "api_url": self.peer.url, "timeout": self.timeout}
        return Account(7, "telegram", Sender("Salon Aurora"), settings, {"bot_token": self.peer.token}, HOOK)

    def address(self, number: int) -> str:
        return str(5_000_000_000 + number)

    def treat(self, to: str, mood: Mood) -> None:
        acts: dict[Mood, Any] = {
            Mood.BUSY: busy(7), Mood.UNREACHABLE: replace(BLOCKED, told={**BLOCKED.told, "description": self._leak()}),
            Mood.NOBODY: DEACTIVATED, Mood.SILENT: "hang", Mood.CUT: "close", Mood.GARBAGE: "garbage",
        }  # fmt: skip
        self.peer.on(to, acts[mood])

    def taken(self, to: str) -> int:
        return self.peer.counts[to]

    def calls(self, message: Outgoing, provider_id: str) -> list[RawCall]:
        """The only things that come back of a message are answers: a pressed button, and a reply to it."""
        sent = next(one for one in self.peer.messages if f"{message.to}:{one['message_id']}" == provider_id)
        answer = self.peer.written(int(message.to), "At five", reply_to_message=sent)
        return [self.call(self.peer.pressed(sent, f"{message.key}:yes")), self.call(answer)]

    def call(self, update: dict[str, Any]) -> RawCall:
        headers = {"content-type": "application/json", "x-telegram-bot-api-secret-token": hook_secret(self.peer.token)}
        return RawCall("POST", HOOK, headers, json.dumps(update).encode())

    def tampered(self, call: RawCall) -> RawCall:
        """Telegram signs nothing: what can be wrong is the word."""
        return replace(call, headers={**call.headers, "x-telegram-bot-api-secret-token": hook_secret("another")})

    def _leak(self) -> str:
        return f"Forbidden: bot was blocked by the user who saw {self.peer.token}"


class ViberHarness(BotHarness):
    transport, kind = "viber", "viber"
    moods = tuple(Mood)

    def __init__(self) -> None:
        self.peer = ViberPeer()

    def parts(self) -> Sequence[AbstractContextManager[Any]]:
        return [self.peer]

    def account(self) -> Account:
        settings = {"uri": "aurorasalon", "api_url": f"{self.peer.url}/pa", "timeout": self.timeout}
        return Account(7, "viber", Sender("Salon Aurora"), settings, {"auth_token": self.peer.token}, HOOK)

    def address(self, number: int) -> str:
        return f"3SQNc4FPUQmysaM/{number:05d}=="

    def treat(self, to: str, mood: Mood) -> None:
        acts: dict[Mood, Any] = {
            Mood.BUSY: viber.status(12), Mood.UNREACHABLE: viber.status(6, f"not subscribed to {self.peer.token}"),
            Mood.NOBODY: viber.status(5), Mood.SILENT: "hang", Mood.CUT: "close", Mood.GARBAGE: "garbage",
        }  # fmt: skip
        self.peer.on(to, acts[mood])

    def taken(self, to: str) -> int:
        return self.peer.counts[to]

    def calls(self, message: Outgoing, provider_id: str) -> list[RawCall]:
        names = ("delivered", "seen", "failed")
        return [self.call(self.status(name, provider_id, message.to)) for name in names]

    def status(self, name: str, provider_id: str, person: str) -> dict[str, Any]:
        """What happened to a message of ours: its own token, not a new one."""
        return {**self.peer.event(name, user_id=person), "message_token": int(provider_id)}

    def call(self, event: dict[str, Any]) -> RawCall:
        body = viber.body_of(event)
        headers = {"content-type": "application/json", "x-viber-content-signature": viber.signed(body)}
        return RawCall("POST", HOOK, headers, body)


class VkHarness(BotHarness):
    transport, kind = "vk", "vk"
    moods = tuple(Mood)

    def __init__(self) -> None:
        self.peer = VkPeer()

    def parts(self) -> Sequence[AbstractContextManager[Any]]:
        return [self.peer]

    def account(self) -> Account:
        settings = {
            "group_id": str(vk.GROUP), "confirmation": "a1b2c3d4", "address": "aurora", "api_url": self.peer.url, "timeout": self.timeout,
        }  # fmt: skip
        return Account(7, "vk", Sender("Salon Aurora"), settings, {"token": vk.TOKEN, "secret_key": vk.SECRET}, HOOK)

    def address(self, number: int) -> str:
        return str(700_000_000 + number)

    def treat(self, to: str, mood: Mood) -> None:
        acts: dict[Mood, Any] = {
            Mood.BUSY: vk.error(6), Mood.UNREACHABLE: vk.error(901, f"not with {vk.TOKEN}"), Mood.NOBODY: vk.error(113),
            Mood.SILENT: "hang", Mood.CUT: "close", Mood.GARBAGE: "garbage",
        }  # fmt: skip
        self.peer.on(to, acts[mood])

    def taken(self, to: str) -> int:
        return self.peer.counts[to]

    def calls(self, message: Outgoing, provider_id: str) -> list[RawCall]:
        person = int(message.to)
        told = {"from_id": person, "peer_id": person, "read_message_id": int(provider_id), "conversation_message_id": 5}
        answer = vk.written(person, "Yes", payload=json.dumps({"d": message.key, "c": "yes"}))
        return [self.call(vk.event("message_read", told)), self.call(answer)]

    def call(self, event: dict[str, Any]) -> RawCall:
        return RawCall("POST", HOOK, {"content-type": "application/json"}, json.dumps(event).encode())

    def tampered(self, call: RawCall) -> RawCall:
        """VK signs nothing: what can be wrong is the secret, or the community."""
        return replace(call, body=call.body.replace(vk.SECRET.encode(), b"another"))


class AppriseHarness(BotHarness):
    """A service behind Apprise: ntfy, because it may run on any host. It takes whatever it answers with 200: nothing can be garbage."""

    transport, kind = "apprise", "apprise"
    moods = (Mood.BUSY, Mood.UNREACHABLE, Mood.NOBODY, Mood.SILENT, Mood.CUT)

    def __init__(self) -> None:
        self.peer = NtfyPeer()
        self.port = self.peer.port

    def parts(self) -> Sequence[AbstractContextManager[Any]]:
        return [self.peer]

    def account(self) -> Account:
        settings = {"inside": "yes", "timeout": self.timeout}
        return Account(7, "apprise", Sender("Salon Aurora"), settings, {"unused": SECRET}, HOOK)

    def address(self, number: int) -> str:
        return f"ntfy://tk_secret{number}@127.0.0.1:{self.port}/person{number}"

    def open(self, **changes: Any) -> Transport:
        """There is no account at anybody's: where the service is, the address itself says."""
        self.port = urlsplit(changes.get("settings", {}).get("api_url", "")).port or self.peer.port
        return super().open(**changes)

    def treat(self, to: str, mood: Mood) -> None:
        acts: dict[Mood, Any] = {
            Mood.BUSY: ntfy_error(42901), Mood.UNREACHABLE: ntfy_error(40301), Mood.NOBODY: ntfy_error(40401),
            Mood.SILENT: "hang", Mood.CUT: "close",
        }  # fmt: skip
        self.peer.on(to.rpartition("/")[2], acts[mood])

    def taken(self, to: str) -> int:
        return self.peer.counts[to.rpartition("/")[2]]


HARNESSES: Sequence[type[Harness]] = (TelegramHarness, ViberHarness, VkHarness, AppriseHarness)
