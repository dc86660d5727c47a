"""Messages of a VK community, by the library `vk_api`; answers, permissions and readings come back by VK's Callback API.

Source: VK's own API schema (github.com/VKCOM/vk-api-schema, 2025-01-21) and dev.vk.com/method/messages.send. The library knows the format
of calls; its waiting between requests, its second tries and its captcha are switched off, and its requests go over our own connections.
"""

from __future__ import annotations

import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import timedelta
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote

from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from channels import exchange, stop_words
from channels.exchange import instant, part
from channels.redaction import redact
from channels.transport import (
    Account,
    Answer,
    BadSignature,
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

VK = Kind("vk", "vk", _("VK"), _("VK account"), dear_rank=35, buttons=6, longest=4096, typed=False, account=True)
VERSION = "5.199"
EVENTS = ("message_new", "message_allow", "message_deny", "message_read", "message_event")
MESSAGES = 1 << 12  # the permission to send messages, in the mask of a token
LONGEST_PAYLOAD, LONGEST_LABEL = 255, 40
GROUP_CHATS = 2_000_000_000  # peers from here on are chats of several people
LANGUAGES = {0: "ru", 1: "uk", 2: "be", 3: "en", 4: "es", 5: "fi", 6: "de", 7: "it"}

# VK's error codes as data. One that stands in no list fails the message and keeps the address.
TEMPORARY = {
    1,
    6,
    9,
    10,
    29,
}  # unknown (try again), per second, flood, internal, rate; random_id makes another try safe
ACCOUNT = {
    3,
    4,
    5,
    8,
    14,
    15,
    17,
    20,
    23,
    27,
    28,
    203,
    912,
    925,
}  # token, rights, captcha, validation, features of the community
TEXT = {100, 910, 911, 913, 914, 940}
OPTED_OUT = {901}  # did not allow the community to write, or no longer
DEAD = {113}  # no such user
# 7, 18, 900, 902, 936, 950: permission, deleted or banned, on our blacklist, privacy, not found, too late: the person, as all others


class VkTransport(exchange.TalkingTransport):
    """One community. Addresses are ids of users, which people bring by writing or by allowing messages.

    Idempotent: "random_id: unique (per API_ID and sender) identifier that prevents the same message from being sent again ... checked for
    uniqueness over the whole history of messages, so use a wide range (up to int64)" (vk.com/dev/messages.send, 2019-08-17);
    "unique identifier to avoid resending the message" (dev.vk.com/method/messages.send).
    """

    name = "vk"
    label = _("VK community")
    kinds = (VK,)
    reports = {
        "vk": frozenset({Fact.ACCEPTED, Fact.SENT, Fact.READ, Fact.REPLIED, Fact.STOPPED, Fact.RESUMED, Fact.JOINED})
    }
    idempotent = True
    confirms_stop = True
    timeout = timedelta(seconds=20)
    fields = (
        Field("token", _("Access key of the community"), secret=True, help_text=_("With rights to messages and to manage the community.")),
        Field("group_id", _("Number of the community"), help_text=_("The digits of its address, as in club123456.")),
        Field("secret_key", _("Secret key of the Callback API"), secret=True, help_text=_("Any long word. VK sends it with each call.")),
        Field("confirmation", _("String that the server must return"), help_text=_("VK shows it in the settings of the Callback API.")),
        Field("address", _("Short address"), required=False, help_text=_("As in vk.com/aurora. Links to join are made with it.")),
    )  # fmt: skip

    @property
    def _group(self) -> str:
        return self.account.settings.get("group_id", "").strip().removeprefix("club").removeprefix("public")

    def verify(self, call: RawCall) -> None:
        """By the secret in the body. VK's question before it uses an address may come without: it tells nothing."""
        wanted = self.account.secrets.get("secret_key", "")
        try:
            event = exchange.called(call)
        except ValueError:
            raise BadSignature("no call of VK's") from None
        given = event.get("secret", "")
        asks = event.get("type") == "confirmation" and not given
        same = hmac.compare_digest(wanted.encode(), str(given).encode())
        if not wanted or str(event.get("group_id", "")) != self._group or not (same or asks):
            raise BadSignature("not called with this community's secret key")

    def parse(self, call: RawCall) -> list[Inbound]:
        event = exchange.called(call)
        if type(event.get("type")) is not str:
            raise ValueError(gettext_noop("not an event of VK's"))
        return read(event, str(event.get("event_id") or hashlib.sha256(call.body).hexdigest())[:100])

    def respond(self, call: RawCall) -> Answer:
        """VK counts a call as failed that is not answered with "ok"."""
        if exchange.called(call).get("type") == "confirmation":
            return Answer(body=self.account.settings.get("confirmation", "").strip().encode())
        return Answer(body=b"ok")

    def kept(self, call: RawCall) -> bytes:
        return json.dumps({**exchange.called(call), "secret": ""}).encode()

    def check(self) -> None:
        mask = self._object("groups.getTokenPermissions").get("mask")
        if not isinstance(mask, int) or not mask & MESSAGES:
            raise Refused(Fault.ACCOUNT, "rights", gettext_noop("the key lacks the right to messages"))

    def connect(self) -> None:
        """Enter our address, once, with the secret and the events that we understand. Needs the right to manage the community."""
        url = self.account.callback_url
        if not url:
            raise Refused(Fault.ACCOUNT, "no_public_address")
        code = self._object("groups.getCallbackConfirmationCode", group_id=self._group).get("code")
        if code != self.account.settings.get("confirmation", "").strip():
            raise Refused(
                Fault.ACCOUNT, "confirmation", gettext_noop("the string that the server must return is") + f" {code}"
            )
        listed = self._object("groups.getCallbackServers", group_id=self._group).get("items") or []
        known = next((one["id"] for one in listed if one.get("url") == url), None)
        server: dict[str, Any] = {
            "group_id": self._group, "url": url, "title": "Cascada", "secret_key": self.account.secrets.get("secret_key", ""),
        }  # fmt: skip
        if known is None:
            known = self._object("groups.addCallbackServer", **server).get("server_id")
        else:
            self._ask("groups.editCallbackServer", server_id=known, **server)
        wanted = dict.fromkeys(EVENTS, 1)
        self._ask("groups.setCallbackSettings", group_id=self._group, server_id=known, api_version=VERSION, **wanted)

    def join_url(self, invitation: str) -> str:
        address = self.account.settings.get("address", "").strip().rstrip("/").rpartition("/")[2].lstrip("@")
        community = address or (f"club{self._group}" if self._group else "")
        return f"https://vk.me/{quote(community)}?ref={quote(invitation)}" if community else ""

    def _send(self, message: Outgoing) -> Result:
        if not message.to.isdecimal() or int(message.to) >= GROUP_CHATS:
            return Refused(Fault.PERSON, "no_user", address_dead=True)
        try:
            form = request(message)
        except ValueError as error:
            return Refused(Fault.TEXT, "keyboard", str(error))
        taken = self._ask("messages.send", **form)
        return Receipt(str(taken)) if type(taken) is int and taken > 0 else Unclear("unreadable_answer", "no message")

    def _object(self, method: str, **values: Any) -> dict[str, Any]:
        return part({"response": self._ask(method, **values)}, "response")

    def _ask(self, method: str, **values: Any) -> Any:
        """The `response` of a method; raises `Refused` or `Unclear`, never an error of the library, for these hold the key."""
        import vk_api
        from jconfig.memory import MemoryConfig

        # A client for each request: it waits between two of its own, and lets one at a time through. The channel's rate is the caller's.
        session = Session(self._line, self.account)
        token = self.account.secrets.get("token", "")
        make: Any = vk_api.vk_api.VkApi
        client = make(token=token, api_version=VERSION, config=MemoryConfig, session=session)
        client.error_handlers.clear()  # no second tries, no captcha: each error comes back as it is
        try:
            return client.method(method, values)
        except vk_api.exceptions.ApiError as error:
            raise refusal(error.code, redact(error.error.get("error_msg", ""), self.account.secrets)) from None
        except (KeyError, TypeError, AttributeError):  # an answer that the library cannot read
            raise Unclear("unreadable_answer") from None


class Session:
    """What the library takes for its HTTP session: one `post`, over our line."""

    def __init__(self, line: exchange.Line, account: Account) -> None:
        self._line = line
        self._base = account.settings.get("api_url", "").rstrip("/")  # hidden: tests and relays

    def post(self, url: str, values: Mapping[str, Any], headers: object = None) -> SimpleNamespace:
        where = f"{self._base}/{url.rpartition('/')[2]}" if self._base else url
        answer = self._line.post(where, form={name: str(value) for name, value in values.items()})
        if answer.status == 429:
            raise Refused(Fault.TEMPORARY, "429", retry_after=answer.retry_after)
        if answer.status != 200 or not isinstance(answer.told.get("error", {}), dict):
            raise Unclear("unreadable_answer", str(answer.status))
        return SimpleNamespace(ok=True, json=lambda: answer.told)


def request(message: Outgoing) -> dict[str, Any]:
    """The fields of messages.send; `ValueError` for buttons that VK cannot take."""
    form: dict[str, Any] = {
        "peer_id": message.to, "random_id": random_id(message.key), "message": message.text, "dont_parse_links": 1, "disable_mentions": 1,
    }  # fmt: skip
    if message.buttons:
        from vk_api.keyboard import VkKeyboard

        make: Any = VkKeyboard
        keyboard = make(inline=True)
        for number, button in enumerate(message.buttons):
            if number:
                keyboard.add_line()
            if button.url:
                keyboard.add_openlink_button(button.label[:LONGEST_LABEL], button.url)
            else:
                keyboard.add_button(button.label[:LONGEST_LABEL], payload=_payload(message.key, button.reply))
        form["keyboard"] = keyboard.get_keyboard()
    return form


def random_id(key: str) -> int:
    """The same for the same message, always: 53 bits, which every program between here and VK keeps exactly."""
    return int.from_bytes(hashlib.sha256(key.encode()).digest()[:8]) >> 11 or 1


def _payload(key: str, reply: str) -> str:
    payload = json.dumps({"d": key, "c": reply}, ensure_ascii=False)
    if len(payload) > LONGEST_PAYLOAD:
        raise ValueError(reply)
    return payload


def refusal(code: int, words: str) -> Refused:
    """What one of VK's errors means."""
    reason = str(code)
    for codes, fault in ((TEMPORARY, Fault.TEMPORARY), (ACCOUNT, Fault.ACCOUNT), (TEXT, Fault.TEXT)):
        if code in codes:
            return Refused(fault, reason, words)
    return Refused(Fault.PERSON, reason, words, opted_out=code in OPTED_OUT, address_dead=code in DEAD)


# Calls


def read(event: Mapping[str, Any], key: str) -> list[Inbound]:
    """The facts in an event. key: VK's id of the event, by which one that comes twice is known."""
    told, name = part(event, "object"), event["type"]
    user = told.get("user_id")
    if name == "message_new":
        return _message(told, key)
    if name == "message_allow" and _is_user(user):
        return _joined(key, {"address": str(user)}, str(told.get("key") or ""))
    if name == "message_deny" and _is_user(user):
        return [Inbound(Fact.STOPPED, key, address=str(user))]
    if name == "message_event" and _is_user(user):
        delivery, choice = _sent_back(told.get("payload"))
        return [Inbound(Fact.REPLIED, key, key=delivery, choice=choice, address=str(user))]
    if name == "message_read" and _is_user(told.get("from_id")):
        return [Inbound(Fact.READ, key, provider_id=str(told.get("read_message_id", "")), address=str(told["from_id"]))]
    return []


def _message(told: Mapping[str, Any], key: str) -> list[Inbound]:
    """What a person wrote to the community itself; the first message by a link carries the invitation as `ref`."""
    message = part(told, "message")
    user, peer = message.get("from_id"), message.get("peer_id", 0)
    if not _is_user(user) or not isinstance(peer, int) or peer >= GROUP_CHATS or message.get("out"):
        return []
    spoken = part(told, "client_info").get("lang_id")
    language = LANGUAGES.get(spoken, "") if isinstance(spoken, int) else ""
    who: dict[str, Any] = {"address": str(user), "language": language, "at": instant(message.get("date"))}
    text, ref, payload = str(message.get("text") or ""), str(message.get("ref") or ""), _object(message.get("payload"))
    begins = payload.get("command") == "start"
    said = stop_words.said(text) if not payload else None
    facts = _joined(key, who, ref) if (ref or begins) and said is not Fact.STOPPED else []
    if begins:
        return facts
    delivery, choice = _sent_back(message.get("payload"))
    about = part(message, "reply_message")
    provider_id = (
        str(about["id"]) if isinstance(about.get("from_id"), int) and about["from_id"] < 0 and about.get("id") else ""
    )
    return [
        *facts,
        Inbound(said or Fact.REPLIED, key, key=delivery, provider_id=provider_id, text=text, choice=choice, **who),
    ]


def _joined(key: str, who: dict[str, Any], invitation: str) -> list[Inbound]:
    known = invitation if len(invitation) <= 64 else ""
    return [
        Inbound(Fact.RESUMED, f"{key}:resumed", **who), Inbound(Fact.JOINED, f"{key}:joined", invitation=known, **who)
    ]  # fmt: skip


def _sent_back(payload: object) -> tuple[str, str]:
    """Our key and the reply, from the payload of one of our buttons."""
    told = _object(payload)
    return str(told.get("d") or "")[:64], str(told.get("c") or "")


def _object(payload: object) -> dict[str, Any]:
    """A payload comes as JSON in a text, or as the object itself."""
    try:
        told = json.loads(payload) if isinstance(payload, str) and payload else payload
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _is_user(number: object) -> bool:
    return isinstance(number, int) and 0 < number < GROUP_CHATS
