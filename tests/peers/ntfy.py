"""An HTTP server on loopback that behaves as ntfy, one of the services behind Apprise. Source: docs.ntfy.sh/publish (publish as JSON)."""

from __future__ import annotations

from typing import Any

from tests.peers.bots import BotPeer, Said


def ntfy_error(code: int) -> Said:
    """ntfy's error: its own code, which begins with the HTTP status."""
    status = int(str(code)[:3])
    return Said(status, {"code": code, "http": status, "error": "no"})


class NtfyPeer(BotPeer):
    """A server with whatever topics are posted to."""

    def __init__(self) -> None:
        super().__init__()
        self.messages: list[dict[str, Any]] = []

    def recipient(self, path: str, fields: dict[str, Any]) -> str:
        return str(fields.get("topic", ""))

    def answer(self, path: str, fields: dict[str, Any], headers: dict[str, str]) -> Said:
        if not fields.get("topic"):
            return ntfy_error(40009)
        self.messages.append(fields)
        return Said(200, {"id": f"id{len(self.messages)}", "event": "message", **fields})
