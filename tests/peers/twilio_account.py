"""What Twilio's Messages resource knows and decides: its messages, its checks of a request, its words for errors.

Source: Twilio's OpenAPI description of Messages (2026-04-14) and the pages docs/api/errors/<code>. `twilio` serves it.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import re
import secrets
import threading
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import format_datetime
from fnmatch import fnmatchcase
from typing import Any, Literal
from urllib.parse import urlsplit

Pairs = list[tuple[str, str]]

SID, TOKEN = "AC" + "0123456789abcdef" * 2, "a-token-for-tests"
_GSM = frozenset("@£$¥èéùìòÇ\nØø\rÅåΔ_ΦΓΛΩΠΨΣΘΞÆæßÉ !\"#¤%&'()*+,-./0123456789:;<=>?¡ÄÖÑÜ§¿äöñüà") | frozenset(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
)
_GSM_TWICE = frozenset("^{}[]~\\|€\f")
_E164 = re.compile(r"^(?:whatsapp:)?\+[1-9]\d{6,14}$")
_SENDER = re.compile(r"^(?:whatsapp:)?\+[1-9]\d{6,14}$|^\d{3,8}$|^(?=.*[A-Za-z])[A-Za-z0-9 ]{1,11}$")
_HOST = re.compile(r"^[A-Za-z0-9.-]+$|^[0-9a-fA-F:]+$")

_STATUS_OF_CODE = {20003: 401, 20404: 404, 20429: 429, 20500: 500}
_WORDS = {
    20003: "Authenticate",
    20404: "The requested resource was not found",
    20429: "Too Many Requests",
    20500: "An internal server error has occurred",
    21211: "Invalid 'To' Phone Number",
    21212: "Invalid From Number (caller ID)",
    21265: "'To' number cannot be a Short Code",
    21602: "Message body is required.",
    21603: "A 'From' phone number is required.",
    21604: "A 'To' phone number is required.",
    21609: "Invalid 'StatusCallback' URL",
    21610: "Attempt to send to unsubscribed recipient",
    21614: "'To' number is not a valid mobile number",
    21617: "The concatenated message body exceeds the 1600 character limit",
    21620: "Invalid media URL(s)",
    21624: "Invalid validity period value",
    21656: "The ContentVariables Parameter is invalid",
    21910: "Invalid From and To pair. From and To should be of the same channel",
    63016: "Failed to send freeform message because you are outside the allowed window",
}


@dataclass(frozen=True, slots=True)
class Act:
    """What happens to a request instead of a plain yes. `taken`: the message was created before the answer got lost."""

    kind: Literal["refuse", "hang", "close", "garbage", "later"]
    code: int = 0
    retry_after: int | None = None
    taken: bool = True
    outcome: str = "undelivered"


def refuse(code: int, *, retry_after: int | None = None) -> Act:
    """Twilio's error JSON, with the HTTP status that goes with the code (400 for most; 20500 is an internal error)."""
    return Act("refuse", code, retry_after)


def hang(*, taken: bool = True) -> Act:
    """No answer until `release()`."""
    return Act("hang", taken=taken)


def close(*, taken: bool = True) -> Act:
    """The connection ends without an answer."""
    return Act("close", taken=taken)


def garbage(*, taken: bool = True) -> Act:
    """A page of HTML with status 200, as a proxy on the way gives it."""
    return Act("garbage", taken=taken)


def later(code: int, outcome: str = "undelivered") -> Act:
    """Accepted now; the status that follows is `undelivered` or `failed` with this code (30003 ...)."""
    return Act("later", code, outcome=outcome)


@dataclass(slots=True)
class Message:
    """One message as Twilio keeps it."""

    sid: str
    account: str
    to: str
    sender: str | None
    service: str | None
    body: str
    callback: str
    media: int
    created: datetime
    status: str = "queued"
    error: int | None = None
    sent: datetime | None = None
    ending: tuple[str, int | None] = ("delivered", None)

    def json(self) -> dict[str, Any]:
        """As the API shows it: numbers as strings, dates by RFC 2822, the price not yet known."""
        uri = f"/2010-04-01/Accounts/{self.account}/Messages/{self.sid}"
        created = format_datetime(self.created)
        return {
            "sid": self.sid, "account_sid": self.account, "api_version": "2010-04-01", "body": self.body,
            "to": self.to, "from": self.sender, "messaging_service_sid": self.service, "direction": "outbound-api",
            "status": self.status, "error_code": self.error, "error_message": None, "num_media": str(self.media),
            "num_segments": "0" if self.service else str(segments(self.body)), "price": None, "price_unit": None,
            "date_created": created, "date_updated": created, "date_sent": self.sent and format_datetime(self.sent),
            "uri": f"{uri}.json", "subresource_uris": {"media": f"{uri}/Media.json"},
        }  # fmt: skip

    def reported(self, status: str) -> Pairs:
        """The form of a status callback."""
        form = [
            ("MessageSid", self.sid), ("MessageStatus", status), ("SmsSid", self.sid), ("SmsStatus", status),
            ("AccountSid", self.account), ("To", self.to), ("From", self.sender or ""), ("ApiVersion", "2010-04-01"),
        ]  # fmt: skip
        form += [("MessagingServiceSid", self.service)] if self.service else []
        form += [("ErrorCode", str(self.error))] if self.error else []
        return form + ([("RawDlrDoneDate", f"{datetime.now(UTC):%y%m%d%H%M}")] if status == "delivered" else [])


@dataclass(slots=True)
class Account:
    """The messages of one account, and the script of how its recipients are treated."""

    sid: str = SID
    token: str = TOKEN
    messages: dict[str, Message] = field(default_factory=dict)
    requests: list[Pairs] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    rules: list[tuple[str, Act, list[int] | None]] = field(default_factory=list)
    balance: dict[str, str] = field(default_factory=lambda: {"balance": "12.3456", "currency": "USD"})
    talking: set[str] = field(default_factory=set)  # who wrote to us on WhatsApp within 24 hours
    changed: threading.Condition = field(default_factory=threading.Condition)

    def act_for(self, number: str) -> Act | None:
        """The first act scripted for a recipient, used up once if it is counted."""
        with self.changed:
            for pattern, act, left in self.rules:
                if left != [0] and fnmatchcase(number, pattern):
                    if left:
                        left[0] -= 1
                    return act
        return None

    def create(self, form: Pairs) -> Message:
        """Keep a message that passed `fault`; from now on it counts."""
        values = dict(form)
        service = values.get("MessagingServiceSid")
        message = Message(
            sid=("MM" if "MediaUrl" in values else "SM") + secrets.token_hex(16), account=self.sid, to=values["To"],
            sender=values.get("From"), service=service, body=values.get("Body", values.get("ContentVariables", "")),
            callback=values.get("StatusCallback", ""), media=sum(name == "MediaUrl" for name, _ in form),
            created=datetime.now(UTC), status="accepted" if service else "queued",
        )  # fmt: skip
        with self.changed:
            self.messages[message.sid] = message
            self.counts[message.to] += 1
            self.changed.notify_all()
        return message

    def found(self, query: dict[str, str]) -> list[Message]:
        """The messages that a list request asks for, newest first."""
        day, after, before = (query.get(name, "")[:10] for name in ("DateSent", "DateSent>", "DateSent<"))

        def fits(message: Message) -> bool:
            date = (message.sent or message.created).date().isoformat()
            named = message.to == query.get("To", message.to) and message.sender == query.get("From", message.sender)
            return named and (not day or date == day) and after <= date <= (before or date)

        with self.changed:
            kept = list(self.messages.values())
        return [message for message in reversed(kept) if fits(message)]

    def record(self, message: Message, status: str, error: int | None) -> None:
        """The message moves on."""
        message.status, message.error = status, error
        message.sent = message.sent or datetime.now(UTC)


def fault(form: Pairs, talking: Collection[str] = ()) -> int | None:
    """The error code with which Twilio refuses this request to create a message, or None.

    In truth it accepts free text outside the window and reports 63016 later; refusing at once tests more.
    """
    values = dict(form)
    to, sender, body = values.get("To", ""), values.get("From", ""), values.get("Body", "")
    media = [value for name, value in form if name == "MediaUrl"]
    checks: list[tuple[int, bool]] = [
        (21604, not to),
        (21603, not sender and not values.get("MessagingServiceSid")),
        (21602, not body and not media and not values.get("ContentSid")),
        (21265, bool(re.fullmatch(r"\d{3,6}", to))),
        (21211, not _E164.match(to)),
        (21212, bool(sender) and not _SENDER.match(sender)),
        (21617, len(body) > 1600),
        (21620, len(media) > 10),
        (21609, "StatusCallback" in values and not _reachable(values["StatusCallback"])),
        (21624, not _valid_period(values.get("ValidityPeriod", "36000"))),
        (21910, bool(sender) and to.startswith("whatsapp:") != sender.startswith("whatsapp:")),
        (21656, "ContentVariables" in values and not _are_variables(values["ContentVariables"])),
        (63016, to.startswith("whatsapp:") and not values.get("ContentSid") and to not in talking),
    ]
    return next((code for code, wrong in checks if wrong), None)


def error_json(code: int) -> tuple[int, dict[str, Any]]:
    """HTTP status and body of a refusal."""
    status = _STATUS_OF_CODE.get(code, 400)
    more = f"https://www.twilio.com/docs/errors/{code}"
    return status, {"code": code, "message": _WORDS.get(code, f"Error {code}"), "more_info": more, "status": status}


def sign(token: str, url: str, form: Iterable[tuple[str, str]]) -> str:
    """X-Twilio-Signature of a form: HMAC-SHA1 of the URL and each name and value once, in order; base64."""
    text = url + "".join(name + value for name, value in sorted(set(form)))
    return base64.b64encode(hmac.new(token.encode(), text.encode(), hashlib.sha1).digest()).decode()


def segments(body: str) -> int:
    """How many SMS a text takes (characters that may not straddle two parts are not moved: near enough for a peer)."""
    if all(mark in _GSM or mark in _GSM_TWICE for mark in body):
        length, single, part = sum(2 if mark in _GSM_TWICE else 1 for mark in body), 160, 153
    else:
        length, single, part = len(body.encode("utf-16-le")) // 2, 70, 67
    return 1 if length <= single else -(-length // part)


def _reachable(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and bool(_HOST.match(parts.hostname or ""))


def _valid_period(seconds: str) -> bool:
    return seconds.isascii() and seconds.isdigit() and 1 <= int(seconds) <= 36_000


def _are_variables(text: str) -> bool:
    """A JSON object of texts, none of them empty (docs/content/using-variables-with-content-api)."""
    try:
        values = json.loads(text)
    except ValueError:
        return False
    return isinstance(values, dict) and all(isinstance(value, str) and value for value in values.values())
