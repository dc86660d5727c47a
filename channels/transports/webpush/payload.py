"""What the service worker is told: a small JSON that fits into one push message of any push service (RFC 8030: 4,096 bytes)."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from typing import Any

from channels.transport import Fault, Outgoing, Refused

MOST_BYTES = 3900  # 4,096 less 86 of header, 17 of padding and seal, and some air
_LINK = re.compile(r"https?://[^\s<>\"]+")
_RIGHT_TO_LEFT = ("ar", "fa", "he", "ur")
_AFTER_LINK = ".,;:!?)…"


def notification(message: Outgoing, *, name: str, icon: str) -> bytes:
    """The message as JSON. name: the title where the text has none; icon: absolute address, or "".

    The first link of the text is where a touch leads; where the text ends with it, it need not be read. A text that is too long ends
    with an ellipsis. `Refused` if even without a text it is too large.
    """
    url, body = _link_and_rest(message.text)
    told: dict[str, Any] = {
        "title": message.subject or name, "body": body, "url": url or next((b.url for b in message.buttons if b.url), ""),
        "key": message.key, "icon": icon, "language": message.language, "tag": topic(message.topic or message.key),
        "dir": "rtl" if message.language.split("-", 1)[0] in _RIGHT_TO_LEFT else "ltr",
        "buttons": [{"label": b.label, "reply": b.reply, "url": b.url} for b in message.buttons],
    }  # fmt: skip
    return _fitted(told)


def topic(name: str) -> str:
    """Any name as a Topic: 32 characters of base64url (RFC 8030, 5.4)."""
    return base64.urlsafe_b64encode(hashlib.sha256(name.encode()).digest()[:24]).decode()


def _fitted(told: dict[str, Any]) -> bytes:
    made = _json(told)
    while (excess := len(made) - MOST_BYTES) > 0:
        body = told["body"].removesuffix("…")
        if not body:
            raise Refused(Fault.TEXT, "too_long", f"{len(made)} bytes, {MOST_BYTES} are possible")
        told["body"] = _shorter(body, excess + len("…".encode())).rstrip() + "…"
        made = _json(told)
    return made


def _shorter(text: str, by: int) -> str:
    """Shorter by about as many bytes of JSON, in which a quotation mark has two, and without half a letter at its end."""
    plain, written = text.encode(), len(json.dumps(text, ensure_ascii=False).encode()) - 2
    return plain[: max(0, len(plain) - max(1, by * len(plain) // written))].decode(errors="ignore")


def _link_and_rest(text: str) -> tuple[str, str]:
    found = _LINK.search(text)
    if found is None:
        return "", text.strip()
    url = found[0].rstrip(_AFTER_LINK)
    before, after = text[: found.start()], text[found.start() + len(url) :]
    return url, before.rstrip(" \n:–—-") if not after.strip(_AFTER_LINK + " \n") and before.strip() else text.strip()


def _json(told: dict[str, Any]) -> bytes:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
