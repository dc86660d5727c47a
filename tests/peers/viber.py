"""An HTTP server on loopback that behaves as Viber's bot API: status 200 for everything, subscribers, signed events.

Source: developers.viber.com/docs/api/rest-bot-api (7.3) and the payloads printed there.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from typing import Any

from tests.peers.bots import BotPeer, Said

TOKEN = "4a3b-token-of-a-viber-bot"
_WORDS = {
    0: "ok", 1: "invalidUrl", 2: "invalidAuthToken", 3: "badData", 4: "missingData", 5: "receiverNotRegistered", 6: "receiverNotSubscribed",
    7: "publicAccountBlocked", 10: "webhookNotSet", 12: "tooManyRequests", 13: "apiVersionNotSupported",
}  # fmt: skip


def status(number: int, words: str = "", **more: Any) -> Said:
    """Viber's answer: HTTP 200, and the status in it."""
    return Said(200, {"status": number, "status_message": words or _WORDS.get(number, "general error"), **more})


class ViberPeer(BotPeer):
    """One bot."""

    def __init__(self, token: str = TOKEN) -> None:
        super().__init__()
        self.token = token
        self.messages: list[dict[str, Any]] = []
        self._tokens = 5_741_311_803_571_721_087  # exceeds 2**53, as Viber's do

    def recipient(self, path: str, fields: dict[str, Any]) -> str:
        return str(fields.get("receiver", "")) if path.endswith("/send_message") else ""

    def took(self, said: Said) -> bool:
        return said.status == 200 and said.told.get("status") == 0

    def answer(self, path: str, fields: dict[str, Any], headers: dict[str, str]) -> Said:
        if headers.get("x-viber-auth-token") != self.token:
            return status(2)
        if path.endswith("/get_account_info"):
            return status(0, id="pa:75346594275468546724", name="Aurora", uri="aurorasalon", subscribers_count=2)
        if path.endswith("/set_webhook"):
            good = fields["url"].startswith("https://")
            return status(0, event_types=fields["event_types"]) if good else status(1)
        missing = [name for name in ("receiver", "type", "sender", "text") if not fields.get(name)]
        if missing or not fields["sender"].get("name"):
            return status(4)
        if (
            fields["type"] != "text"
            or len(fields["text"]) > 7000
            or len(fields["sender"]["name"]) > 28
            or not _keys(fields)
        ):
            return status(3)
        self.messages.append({**fields, "message_token": self.next_token()})
        return status(0, message_token=self.messages[-1]["message_token"])

    def next_token(self) -> int:
        self._tokens += 1
        return self._tokens

    def event(self, name: str, **content: Any) -> dict[str, Any]:
        """An event as Viber tells it."""
        return {
            "event": name,
            "timestamp": 1_795_000_000_123,
            "chat_hostname": "SN-376_",
            "message_token": self.next_token(),
            **content,
        }

    def written(self, person: str, text: str, tracking: str = "", **content: Any) -> dict[str, Any]:
        """A person writes; the tracking data of our last message comes along."""
        message = {"type": "text", "text": text, **({"tracking_data": tracking} if tracking else {})}
        return self.event("message", sender=who(person), message=message, silent=False, **content)


def who(person: str) -> dict[str, Any]:
    return {"id": person, "name": "Ana", "language": "es-ES", "country": "ES", "api_version": 10}


def signed(body: bytes, token: str = TOKEN) -> str:
    """X-Viber-Content-Signature: hexadecimal HMAC-SHA256 of the body."""
    return hmac.new(token.encode(), body, hashlib.sha256).hexdigest()


def body_of(event: dict[str, Any]) -> bytes:
    return json.dumps(event).encode()


def _keys(fields: dict[str, Any]) -> bool:
    keyboard = fields.get("keyboard")
    if keyboard is None:
        return True
    return bool(keyboard["Buttons"]) and all(
        one["ActionType"] in ("reply", "open-url") and one["ActionBody"] and one["Text"] for one in keyboard["Buttons"]
    )
