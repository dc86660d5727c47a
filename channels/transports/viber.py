"""A Viber bot: texts with a keyboard; delivered, seen, answers and subscriptions come back by its signed webhook.

Source: Viber's REST bot API 7.3 (developers.viber.com/docs/api/rest-bot-api, /docs/tools/keyboards). Its answers have HTTP status 200 even
when they say no; what counts is `status`.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from urllib.parse import quote

from django.utils.html import escape
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from channels import exchange, stop_words
from channels.exchange import instant, part
from channels.redaction import redact
from channels.transport import (
    Answer,
    BadSignature,
    Button,
    Fact,
    Fault,
    Field,
    Inbound,
    Outgoing,
    RawCall,
    Receipt,
    Refused,
    Result,
    Unclear,
)
from contacts.kinds import Kind

VIBER = Kind(
    "viber", "viber", _("Viber"), _("Viber account"), dear_rank=50, buttons=6, longest=7000, typed=False, account=True
)
EVENTS = ["delivered", "seen", "failed", "subscribed", "unsubscribed", "conversation_started"]
LONGEST_SENDER = 28
JOINING = "join:"  # before an invitation, in the tracking data of the welcome

# Viber's statuses as data. One that stands in no list fails the message and keeps the address.
OK = 0
OPTED_OUT = {6}  # receiverNotSubscribed
TEMPORARY = {12}  # tooManyRequests
ACCOUNT = {
    1,
    2,
    7,
    8,
    9,
    10,
    15,
    23,
    24,
}  # address of calls, token, bot blocked, unknown, suspended, no webhook, not authorised, money
TEXT = {3, 4, 14, 16, 22}  # bad or missing data, not for this version, inline and paid messages
# 5 receiverNotRegistered, 11 receiverNoSuitableDevice, 13 apiVersionNotSupported, 21 unsupportedCountry: the person, as all others


class ViberTransport(exchange.TalkingTransport):
    """One bot. Addresses are ids of subscribers, which people bring by writing to the bot."""

    name = "viber"
    label = _("Viber bot")
    kinds = (VIBER,)
    reports = {
        "viber": frozenset(
            {
                Fact.ACCEPTED, Fact.SENT, Fact.DELIVERED, Fact.READ, Fact.FAILED, Fact.REPLIED, Fact.STOPPED, Fact.RESUMED, Fact.JOINED,
            }
        )
    }  # fmt: skip
    confirms_stop = True
    timeout = timedelta(seconds=20)
    fields = (
        Field(
            "auth_token", _("Token of the bot"), secret=True,
            help_text=_("Viber takes a monthly fee for each bot, and one for each message that the bot begins."),
        ),
        Field("uri", _("Name of the bot"), help_text=_("Its URI, as Viber's admin panel shows it. Links to join are made with it.")),
    )  # fmt: skip

    @property
    def _token(self) -> str:
        return self.account.secrets.get("auth_token", "")

    @property
    def _uri(self) -> str:
        return self.account.settings.get("uri", "").strip()

    def verify(self, call: RawCall) -> None:
        wanted = hmac.new(self._token.encode(), call.body, hashlib.sha256).hexdigest()
        given = call.headers.get("x-viber-content-signature", "").lower()
        if not self._token or not hmac.compare_digest(wanted.encode(), given.encode()):
            raise BadSignature("not signed with this bot's token")

    def parse(self, call: RawCall) -> list[Inbound]:
        return read(_event(call))

    def respond(self, call: RawCall) -> Answer:
        """Who opens the bot and is no subscriber yet may be sent one message, and only as the answer to that call."""
        try:
            event = _event(call)
        except ValueError:
            return Answer()
        if event["event"] != "conversation_started" or event.get("subscribed"):
            return Answer()
        said = welcome(event, self.account.sender.name)
        return Answer(body=json.dumps(said).encode(), content_type="application/json")

    def check(self) -> None:
        called = str(self._ask("get_account_info", {}).get("uri", ""))
        if called.lower() != self._uri.lower():
            raise Refused(Fault.ACCOUNT, "uri", gettext_noop("the bot of this token is called") + f" {called}")

    def connect(self) -> None:
        """Viber calls back at once, before it answers."""
        if not self.account.callback_url:
            raise Refused(Fault.ACCOUNT, "no_public_address")
        told = {"url": self.account.callback_url, "event_types": EVENTS, "send_name": True, "send_photo": False}
        self._ask("set_webhook", told)

    def join_url(self, invitation: str) -> str:
        return f"viber://pa?chatURI={quote(self._uri)}&context={quote(invitation)}" if self._uri else ""

    def _send(self, message: Outgoing) -> Result:
        sender = message.sender.name or self.account.sender.name
        token = self._ask("send_message", request(message, sender)).get("message_token")
        if not isinstance(token, int | str) or not token:
            return Unclear("unreadable_answer", "no message_token")
        return Receipt(str(token))  # exceeds what a float can hold

    def _ask(self, method: str, told: Mapping[str, Any]) -> Mapping[str, Any]:
        """Viber's answer; raises `Refused` or `Unclear`."""
        base = self.account.settings.get("api_url") or "https://chatapi.viber.com/pa"  # hidden: tests and relays
        answer = self._line.post(f"{base.rstrip('/')}/{method}", told=told, headers={"X-Viber-Auth-Token": self._token})
        if answer.status == 200 and answer.told.get("status") == OK:
            return answer.told
        raise refusal(answer, self.account.secrets)


def request(message: Outgoing, sender: str) -> dict[str, Any]:
    """The fields of send_message. What a person writes next carries our key back as `tracking_data`."""
    told: dict[str, Any] = {
        "receiver": message.to, "type": "text", "text": message.text, "sender": {"name": sender[:LONGEST_SENDER] or "-"},
        "tracking_data": message.key, "min_api_version": 1,
    }  # fmt: skip
    if message.buttons:
        told["min_api_version"] = 6  # older apps would show what a button sends back
        told["keyboard"] = _keyboard(_button(button, message.key) for button in message.buttons)
    return told


def welcome(event: Mapping[str, Any], shop: str) -> dict[str, Any]:
    """The one message before a subscription. Whoever answers it subscribes by that, and the invitation comes back with the answer."""
    language = str(part(event, "user").get("language", ""))
    label = stop_words.agree(language)
    invitation = f"{JOINING}{str(event.get('context') or '')[:64]}"
    press = _pressable(label, json.dumps({"j": 1, "t": label}, ensure_ascii=False))
    return {
        "sender": {"name": shop[:LONGEST_SENDER] or "-"}, "type": "text", "text": stop_words.welcome(shop, language),
        "tracking_data": invitation, "min_api_version": 6, "keyboard": _keyboard([press]),
    }  # fmt: skip


def _keyboard(buttons: Any) -> dict[str, Any]:
    return {"Type": "keyboard", "DefaultHeight": False, "Buttons": list(buttons)}


def _button(button: Button, key: str) -> dict[str, Any]:
    if button.url:
        return {**_pressable(button.label, button.url), "ActionType": "open-url", "Silent": True}
    return _pressable(button.label, json.dumps({"d": key, "c": button.reply, "t": button.label}, ensure_ascii=False))


def _pressable(label: str, body: str) -> dict[str, Any]:
    """Silent: what it sends is for us, and is not shown as if the person had written it."""
    return {"Columns": 6, "Rows": 1, "Text": escape(label), "ActionType": "reply", "ActionBody": body, "Silent": True}


def refusal(answer: exchange.Reply, secrets: Mapping[str, str]) -> Refused | Unclear:
    """What an answer that is no yes means."""
    if answer.status == 429:
        return Refused(Fault.TEMPORARY, "429", retry_after=answer.retry_after)
    if answer.status in (401, 403):
        return Refused(Fault.ACCOUNT, str(answer.status))
    status = answer.told.get("status")
    if answer.status != 200 or type(status) is not int or status == OK:
        return Unclear("unreadable_answer", str(answer.status))
    reason, words = str(status), redact(answer.told.get("status_message", ""), secrets)
    for codes, fault in ((TEMPORARY, Fault.TEMPORARY), (ACCOUNT, Fault.ACCOUNT), (TEXT, Fault.TEXT)):
        if status in codes:
            return Refused(fault, reason, words, retry_after=answer.retry_after)
    return Refused(Fault.PERSON, reason, words, opted_out=status in OPTED_OUT)


# Calls


def _event(call: RawCall) -> dict[str, Any]:
    event = exchange.called(call)
    if type(event.get("event")) is not str or type(event.get("message_token")) not in (int, str):
        raise ValueError(gettext_noop("not an event of Viber's"))
    return event


# What is told of a message of ours; each device tells it once more, under the same message token.
STATUSES = {"delivered": Fact.DELIVERED, "seen": Fact.READ, "failed": Fact.FAILED}


def read(event: Mapping[str, Any]) -> list[Inbound]:
    """The facts in an event; nothing for groups and for kinds that do not concern us."""
    name = event["event"]
    key = f"{name}:{event['message_token']}"[:110]
    stamp = event.get("timestamp")
    at = instant(stamp / 1000) if isinstance(stamp, int) else None
    if name in STATUSES:
        why = str(event.get("desc", ""))[:240]
        address, token = str(event.get("user_id", "")), str(event["message_token"])
        return [Inbound(STATUSES[name], key, provider_id=token, address=address, at=at, detail=why)]
    if name == "unsubscribed" and event.get("user_id"):
        return [Inbound(Fact.STOPPED, key, address=str(event["user_id"]), at=at)]
    if name == "message":
        return _message(event, key, {"at": at, **_person(part(event, "sender"))})
    who = {"at": at, **_person(part(event, "user"))}
    if name == "subscribed" or (name == "conversation_started" and event.get("subscribed")):
        return _joined(key, who, str(event.get("context") or ""))
    return []  # `conversation_started` alone lets nobody be written to: the answer to the welcome does


def _message(event: Mapping[str, Any], key: str, who: dict[str, Any]) -> list[Inbound]:
    message = part(event, "message")
    if not who["address"] or event.get("chat_id"):
        return []
    text, tracking = str(message.get("text") or ""), str(message.get("tracking_data") or "")
    pressed = _sent_back(text)
    facts = _joined(key, who, tracking.removeprefix(JOINING)) if tracking.startswith(JOINING) else []
    if facts and "j" in pressed:
        return facts
    delivery = str(pressed.get("d") or ("" if tracking.startswith(JOINING) else tracking))
    choice, text = str(pressed.get("c") or ""), str(pressed.get("t") or text)
    fact = None if pressed else stop_words.said(text)
    if fact is Fact.STOPPED:
        facts = []
    return [*facts, Inbound(fact or Fact.REPLIED, key, key=delivery[:64], text=text, choice=choice, **who)]


def _sent_back(text: str) -> dict[str, Any]:
    """What one of our buttons sent, or {} for what a person wrote."""
    try:
        told = json.loads(text) if text.startswith("{") else {}
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) and told.keys() & {"d", "j"} else {}


def _joined(key: str, who: dict[str, Any], invitation: str) -> list[Inbound]:
    if not who["address"]:
        return []
    return [
        Inbound(Fact.RESUMED, f"{key}:resumed", **who),
        Inbound(Fact.JOINED, f"{key}:joined", invitation=invitation if len(invitation) <= 64 else "", **who),
    ]


def _person(told: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "address": str(told.get("id") or ""), "name": str(told.get("name") or ""), "language": str(told.get("language") or ""),
    }  # fmt: skip
