"""An HTTP server on loopback that behaves as VK's API for communities, and calls as its Callback API does.

Source: github.com/VKCOM/vk-api-schema (methods, error codes, callback objects); messages.send keeps a random_id once per sender.
"""

from __future__ import annotations

import json
import secrets
from typing import Any

from tests.peers.bots import BotPeer, Said

TOKEN, SECRET, GROUP = "vk1.a.token-of-a-community", "word-of-the-callbacks", 123456
_WORDS = {
    5: "User authorization failed", 6: "Too many requests per second", 14: "Captcha needed", 100: "A parameter is missing or invalid",
    113: "Invalid user id", 901: "Can't send messages for users without permission", 911: "Keyboard format is invalid",
    914: "Message is too long",
}  # fmt: skip


def error(code: int, words: str = "", **more: Any) -> Said:
    """VK's error: HTTP 200, the code and the words in it, and the parameters of the request, key included."""
    told = {"error_code": code, "error_msg": words or _WORDS.get(code, f"Error {code}"), **more}
    return Said(200, {"error": {**told, "request_params": [{"key": "access_token", "value": TOKEN}]}})


class VkPeer(BotPeer):
    """One community."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[dict[str, Any]] = []
        self.servers: list[dict[str, Any]] = []
        self.settings: dict[str, Any] = {}
        self.mask = 4096 | 262144

    def recipient(self, path: str, fields: dict[str, Any]) -> str:
        return str(fields.get("peer_id", "")) if path.endswith("/messages.send") else ""

    def answer(self, path: str, fields: dict[str, Any], headers: dict[str, str]) -> Said:
        if fields.get("access_token") != TOKEN:
            return error(5)
        method = path.rpartition("/")[2]
        if method == "messages.send":
            return self._send(fields)
        if method == "groups.getTokenPermissions":
            return Said(200, {"response": {"mask": self.mask, "permissions": [{"name": "messages", "setting": 4096}]}})
        if fields.get("group_id") != str(GROUP):
            return error(100)
        return self._callbacks(method, fields)

    def took(self, said: Said) -> bool:
        return False  # counted in `_send`: a random_id that is known already is no new message

    def _send(self, fields: dict[str, Any]) -> Said:
        known = [one for one in self.messages if one["random_id"] == fields["random_id"]]
        if known:
            return Said(200, {"response": known[0]["id"]})
        if len(fields["message"]) > 4096:
            return error(914)
        keyboard = json.loads(fields.get("keyboard", '{"buttons": []}'))
        if any(len(one["action"]["label"]) > 40 for row in keyboard["buttons"] for one in row):
            return error(911)
        self.counts[fields["peer_id"]] += 1
        self.messages.append({**fields, "id": len(self.messages) + 501})
        return Said(200, {"response": self.messages[-1]["id"]})

    def _callbacks(self, method: str, fields: dict[str, Any]) -> Said:
        if method == "groups.getCallbackConfirmationCode":
            return Said(200, {"response": {"code": "a1b2c3d4"}})
        if method == "groups.getCallbackServers":
            return Said(200, {"response": {"count": len(self.servers), "items": self.servers}})
        if method == "groups.addCallbackServer":
            self.servers.append({"id": len(self.servers) + 1, **fields})
            return Said(200, {"response": {"server_id": len(self.servers)}})
        if method == "groups.setCallbackSettings":
            self.settings = fields
        return Said(200, {"response": 1})


def event(name: str, told: Any = None, **changes: Any) -> dict[str, Any]:
    """A call of the Callback API."""
    base = {"type": name, "group_id": GROUP, "event_id": secrets.token_hex(20), "v": "5.199", "secret": SECRET}
    return {**base, **({} if told is None else {"object": told}), **changes}


def written(person: int, text: str, **more: Any) -> dict[str, Any]:
    """A person writes to the community."""
    message = {
        "id": 9000, "date": 1_795_000_000, "peer_id": person, "from_id": person, "text": text, "out": 0, "version": 1,
        "conversation_message_id": 5, "attachments": [], "fwd_messages": [], **more,
    }  # fmt: skip
    return event(
        "message_new", {"message": message, "client_info": {"keyboard": True, "inline_keyboard": True, "lang_id": 0}}
    )
