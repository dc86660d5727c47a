"""Mails as they are handed to the email transport, for its tests."""

from __future__ import annotations

from typing import Any

from channels.transport import (
    Outgoing,
    Sender,
)

AURORA = Sender("Salon Aurora", "hello@aurora.example", "desk@aurora.example")


LINK = "https://news.our-very-long-salon-name.example/u/" + "k" * 60


ONE_CLICK = {"List-Unsubscribe": f"<{LINK}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def mail(**fields: Any) -> Outgoing:
    values = {
        "key": "Ab-_0123456789ab",
        "kind": "email",
        "to": "ana@example.com",
        "text": "Hello",
        "html": "<p>Hello</p>",
        **fields,
    }
    return Outgoing(**values)
