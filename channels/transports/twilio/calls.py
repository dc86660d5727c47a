"""What Twilio calls to tell: statuses of our messages, and what people write. Signed with the account's token."""

from __future__ import annotations

import hashlib
import hmac
import re
from typing import Any
from urllib.parse import parse_qs, parse_qsl, urlparse

from django.utils.translation import gettext_noop

from channels import stop_words
from channels.transport import Fact, Inbound, RawCall
from channels.transports.twilio.codes import failure

# Twilio's default opt-out words; a word counts when it is the whole message (twilio.com/docs/messaging/guides/how-to-use-opt-out-keywords).
STOP_WORDS = {"STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "CANCEL"}
START_WORDS = {"START", "YES", "UNSTOP"}
STATUSES = {
    "accepted": Fact.ACCEPTED, "scheduled": Fact.ACCEPTED, "queued": Fact.ACCEPTED, "sending": Fact.ACCEPTED, "sent": Fact.SENT,
    "delivered": Fact.DELIVERED, "read": Fact.READ, "partially_delivered": Fact.DELIVERED, "canceled": Fact.FAILED,
}  # fmt: skip
# A wa.me link of ours opens WhatsApp with these words ready to be sent: the word and the token of the invitation.
JOIN = "JOIN"
_JOINING = re.compile(rf"{JOIN}\s+([\w-]{{22}})", re.IGNORECASE)
_WHATSAPP = "whatsapp:"
_BY_OPT_OUT_TYPE = {"STOP": Fact.STOPPED, "START": Fact.RESUMED}


def is_signed(call: RawCall, token: str) -> bool:
    """Twilio's rule: HMAC of the public URL (with and without port) and the sorted form; else of the URL with `bodySHA256`."""
    from twilio import request_validator

    rules: Any = request_validator
    validator = rules.RequestValidator(token)
    url, given = urlparse(call.url), call.headers.get("x-twilio-signature", "").encode()
    algorithm = rules.get_signature_algorithm(call.headers.get("x-twilio-webhooks-signature-settings", ""))
    form: _Form | None = None
    if hashes := parse_qs(url.query).get("bodySHA256"):
        computed = hashlib.sha256(call.body).hexdigest()
        if not hmac.compare_digest(computed.encode(), hashes[0].lower().encode()):
            return False
    else:
        form = _Form(parse_qsl(call.body.decode("utf-8", "replace"), keep_blank_values=True))
    try:
        spellings = {rules.remove_port(url), rules.add_port(url)}
        expected = [validator.compute_signature(spelt, form, algorithm) for spelt in spellings]
    except ValueError:
        return False
    return any(hmac.compare_digest(one.encode(), given) for one in expected)


class _Form(dict[str, list[str]]):
    """All values of each field; the validator asks by `getlist`."""

    def __init__(self, pairs: list[tuple[str, str]]) -> None:
        super().__init__()
        for name, value in pairs:
            self.setdefault(name, []).append(value)

    def getlist(self, name: str) -> list[str]:
        return self[name]


def read(call: RawCall) -> list[Inbound]:
    """The facts in a call; `ValueError` when it is neither a status nor a message."""
    try:
        form = dict(parse_qsl(call.body.decode("utf-8"), keep_blank_values=True))
    except UnicodeDecodeError:
        raise ValueError(gettext_noop("not a form")) from None
    sid = form.get("MessageSid") or form.get("SmsSid") or ""
    status = form.get("MessageStatus") or form.get("SmsStatus") or ""
    if not sid:
        raise ValueError(gettext_noop("not a call about a message"))
    if status == "received" or ("Body" in form and not form.get("MessageStatus")):
        return [_written(form, sid)]
    return _status(form, sid, status.lower())


def _status(form: dict[str, str], sid: str, status: str) -> list[Inbound]:
    """A status never tells its time: `RawDlrDoneDate` has minutes and no zone. The same status comes more than once."""
    code = int(form["ErrorCode"]) if form.get("ErrorCode", "").isdecimal() else None
    if status in ("failed", "undelivered"):
        fact, dead = failure(code)
    elif status in STATUSES:
        fact, dead = STATUSES[status], False
    else:
        return []  # a status of the future, or one that does not concern us
    return [
        Inbound(
            fact,
            f"{sid}:{status}",
            provider_id=sid,
            address=form.get("To", "").removeprefix(_WHATSAPP),
            reason=str(code or ""),
            detail=form.get("ErrorMessage", "")[:240],
            address_dead=dead,
        )
    ]


def _written(form: dict[str, str], sid: str) -> Inbound:
    """What a person wrote or pressed. A pressed button names the message that it stood under, where WhatsApp tells."""
    sender, text = form.get("From", ""), form.get("Body", "")
    joining = _JOINING.fullmatch(text.strip()) if sender.startswith(_WHATSAPP) else None
    pressed = form.get("ButtonPayload", "")
    return Inbound(
        Fact.JOINED if joining else Fact.REPLIED if pressed else _said(form, text), f"{sid}:received",
        address=sender.removeprefix(_WHATSAPP), text=form.get("ButtonText") or text, choice=pressed,
        provider_id=form.get("OriginalRepliedMessageSid", ""), invitation=joining[1] if joining else "", name=form.get("ProfileName", ""),
    )  # fmt: skip


def _said(form: dict[str, str], text: str) -> Fact:
    """A whole-message keyword in any case stops or resumes; with Advanced Opt-Out Twilio says so itself, in its languages. People stop in
    theirs, whatever Twilio knows of it; what restores at Twilio is Twilio's list alone.

    On WhatsApp "yes" is an answer like any other: Twilio restores by it for SMS only.
    """
    if fact := _BY_OPT_OUT_TYPE.get(form.get("OptOutType", "").upper()):
        return fact
    word = text.strip().upper()
    if word in STOP_WORDS or stop_words.said(text) is Fact.STOPPED:
        return Fact.STOPPED
    by_sms = not form.get("From", "").startswith(_WHATSAPP)
    return Fact.RESUMED if word in START_WORDS and (by_sms or word != "YES") else Fact.REPLIED
