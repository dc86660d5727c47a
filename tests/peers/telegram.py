"""An HTTP server on loopback that behaves as the Telegram Bot API: its checks, its words for errors, its updates.

Source: core.telegram.org/bots/api (10.1), and the words of errors as bots meet them. `faults` checks a request against the published
description where that is kept beside the project.
"""

from __future__ import annotations

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest

from tests.peers.bots import BotPeer, Said

TOKEN = "123456:AAExampleTokenOfABot-for_tests"
PUBLISHED = Path(__file__).parents[3] / "shared" / "conformance" / "telegram_bot_api_10.1.json"
_PATH = re.compile(r"^/bot([^/]+)/(\w+)$")
_PLAIN: dict[str, type | tuple[type, ...]] = {"Integer": int, "String": str, "Boolean": bool, "Float": (int, float)}


def error(status: int, words: str, **parameters: Any) -> Said:
    """Telegram's error JSON."""
    told = {"ok": False, "error_code": status, "description": words}
    return Said(status, {**told, **({"parameters": parameters} if parameters else {})})


BLOCKED = error(403, "Forbidden: bot was blocked by the user")
DEACTIVATED = error(403, "Forbidden: user is deactivated")
NOT_FOUND = error(400, "Bad Request: chat not found")


def busy(seconds: int) -> Said:
    return error(429, f"Too Many Requests: retry after {seconds}", retry_after=seconds)


class TelegramPeer(BotPeer):
    """One bot."""

    def __init__(self, token: str = TOKEN, username: str = "aurora_bot") -> None:
        super().__init__()
        self.token, self.username = token, username
        self.messages: list[dict[str, Any]] = []
        self._updates = 500_000_000

    def recipient(self, path: str, fields: dict[str, Any]) -> str:
        return str(fields.get("chat_id", "")) if path.endswith("/sendMessage") else ""

    def answer(self, path: str, fields: dict[str, Any], headers: dict[str, str]) -> Said:
        found = _PATH.match(path)
        if not found:
            return error(404, "Not Found")
        if found[1] != self.token:
            return error(401, "Unauthorized")
        if found[2] == "getMe":
            return self._yes({"id": 123456, "is_bot": True, "first_name": "Aurora", "username": self.username})
        if found[2] == "setWebhook":
            return self._yes(True) if fields["url"].startswith("https://") else error(400, "Bad Request: bad webhook")
        if found[2] == "answerCallbackQuery":
            return self._yes(True)
        return self._send(fields) if found[2] == "sendMessage" else error(404, "Not Found")

    def asks_back(self, told: dict[str, Any]) -> Said | str:
        """The answer to one of our calls, which may itself be a request: Telegram carries it out and tells nobody how it went."""
        fields = {name: value for name, value in told.items() if name != "method"}
        return self.take(f"/bot{self.token}/{told['method']}", fields, {})

    def _send(self, fields: dict[str, Any]) -> Said:
        buttons = [one for row in fields.get("reply_markup", {}).get("inline_keyboard", []) for one in row]
        if not fields.get("text"):
            return error(400, "Bad Request: message text is empty")
        if len(fields["text"]) > 4096:
            return error(400, "Bad Request: message is too long")
        if any(len(one.get("callback_data", "x").encode()) > 64 for one in buttons):
            return error(400, "Bad Request: BUTTON_DATA_INVALID")
        message = {
            "message_id": len(self.messages) + 1, "date": 1_795_000_000, "chat": {"id": fields["chat_id"], "type": "private"},
            "from": {"id": 123456, "is_bot": True, "first_name": "Aurora"}, "text": fields["text"],
            **({"reply_markup": fields["reply_markup"]} if "reply_markup" in fields else {}),
        }  # fmt: skip
        self.messages.append(message)
        return self._yes(message)

    def _yes(self, result: Any) -> Said:
        return Said(200, {"ok": True, "result": result})

    def update(self, **content: Any) -> dict[str, Any]:
        """The next update, with a message, a pressed button or a change of membership."""
        self._updates += 1
        return {"update_id": self._updates, **content}

    def written(self, by: int, text: str | None, **more: Any) -> dict[str, Any]:
        """A person writes."""
        message = {"message_id": 9000, "date": 1_795_000_000, **_who(by), "text": text, **more}
        return self.update(message={name: value for name, value in message.items() if value is not None})

    def pressed(self, message: dict[str, Any], data: str) -> dict[str, Any]:
        """A person presses a button beneath one of our messages."""
        chat = message["chat"]["id"]
        query = {
            "id": "4382bfdwdsb323b2d9",
            "from": _who(chat)["from"],
            "message": message,
            "chat_instance": "1",
            "data": data,
        }
        return self.update(callback_query=query)

    def member(self, chat: int, status: str) -> dict[str, Any]:
        """A person blocks the bot ("kicked") or lets it write again ("member")."""
        bot = {"id": 123456, "is_bot": True, "first_name": "Aurora"}
        change = {
            "date": 1_795_000_000,
            **_who(chat),
            "old_chat_member": {},
            "new_chat_member": {"user": bot, "status": status},
        }
        return self.update(my_chat_member=change)


def _who(chat: int) -> dict[str, Any]:
    person = {"id": chat, "is_bot": False, "first_name": "Ana", "last_name": "Ruiz", "language_code": "es"}
    return {"from": person, "chat": {"id": chat, "type": "private", "first_name": "Ana"}}


@cache
def _description() -> dict[str, Any]:
    told: dict[str, Any] = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    return told


def faults(method: str, fields: dict[str, Any]) -> list[str]:
    """What in a request is not as the description wants it, as words; a skipped test where the description is not at hand."""
    if not PUBLISHED.exists():
        pytest.skip(f"Telegram's published description is not at ../shared/conformance/{PUBLISHED.name}")
    return _faults(fields, _description()["methods"][method], method)


def _faults(value: dict[str, Any], described: dict[str, Any], where: str) -> list[str]:
    known = {one["name"]: one for one in described.get("fields", [])}
    wrong = [f"{where}: {name} is missing" for name, one in known.items() if one["required"] and name not in value]
    for name, part in value.items():
        if name not in known:
            wrong.append(f"{where}: {name} is not described")
            continue
        tried = [_as(part, kind, f"{where}.{name}") for kind in known[name]["types"]]
        wrong += [] if [] in tried else tried[0]
    return wrong


def _as(value: Any, kind: str, where: str) -> list[str]:
    if kind.startswith("Array of "):
        if not isinstance(value, list):
            return [f"{where}: no array"]
        return [fault for one in value for fault in _as(one, kind.removeprefix("Array of "), where)]
    if kind in _PLAIN:
        good = isinstance(value, _PLAIN[kind]) and (kind == "Boolean") == isinstance(value, bool)
        return [] if good else [f"{where}: {value!r} is no {kind}"]
    if not isinstance(value, dict):
        return [f"{where}: no object"]
    return _faults(value, _description()["types"][kind], where)
