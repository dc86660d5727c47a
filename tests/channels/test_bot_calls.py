"""Calls of messengers in which any one part is something else than their description says: no crash, no wrong kind of value."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from dataclasses import fields, replace
from datetime import datetime
from typing import Any

import pytest

from channels import accounts
from channels.receipts import apply_inbound
from channels.transport import BadSignature, Inbound, Receipt
from channels.webhooks import accept
from contacts.models import Address, Suppression
from tests.channels.bot_houses import TelegramHarness, ViberHarness, VkHarness
from tests.channels.harness import Mood
from tests.factories import NOW, make_business, make_contact
from tests.peers import vk
from tests.peers.bots import Said
from tests.peers.viber import who

ODD: tuple[Any, ...] = (None, True, 0, -1, 10**30, 1.5, "", "x", "x" * 300, [], [1], [[1]], {}, {"id": 1}, {"x": []})
Houses = TelegramHarness | ViberHarness | VkHarness


def spoilt(told: Any) -> Iterator[Any]:
    """The call with each of its parts, one at a time, left out or replaced by each odd thing."""
    for path in paths(told):
        for odd in ODD:
            changed = copy.deepcopy(told)
            place = changed
            for step in path[:-1]:
                place = place[step]
            place[path[-1]] = odd
            yield changed


def paths(told: Any, before: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    steps = list(told) if isinstance(told, dict) else range(len(told)) if isinstance(told, list) else []
    for step in steps:
        yield (*before, step)
        yield from paths(told[step], (*before, step))


def telegrams(house: TelegramHarness) -> list[Any]:
    chat = int(house.address(0))
    markup = {"inline_keyboard": [[{"text": "Yes", "callback_data": "key-0:yes"}]]}
    sent = {
        "message_id": 1,
        "date": 1,
        "from": {"is_bot": True},
        "chat": {"id": chat, "type": "private"},
        "reply_markup": markup,
    }
    peer = house.peer
    return [
        peer.written(chat, "/start abc"), peer.written(chat, "Hello", reply_to_message=sent), peer.pressed(sent, "key-0:yes"),
        peer.member(chat, "kicked"),
    ]  # fmt: skip


def vibers(house: ViberHarness) -> list[Any]:
    ana, peer = house.address(0), house.peer
    return [
        peer.written(ana, "Hello", "join:abc"), peer.written(ana, '{"d": "key-0", "c": "yes", "t": "Yes"}', "key-0"),
        peer.event("conversation_started", context="abc", user=who(ana), subscribed=True), peer.event("seen", user_id=ana),
        peer.event("conversation_started", context="abc", user=who(ana), subscribed=False), peer.event("failed", user_id=ana, desc="no"),
        peer.event("unsubscribed", user_id=ana),
    ]  # fmt: skip


def vks(house: VkHarness) -> list[Any]:
    ana, payload = int(house.address(0)), {"d": "key-0", "c": "yes"}
    return [
        vk.written(ana, "Hello", ref="abc", reply_message={"id": 1, "from_id": -1}), vk.written(ana, "Yes", payload=json.dumps(payload)),
        vk.event("message_event", {"user_id": ana, "peer_id": ana, "payload": payload}),
        vk.event("message_allow", {"user_id": ana, "key": "abc"}),
        vk.event("message_deny", {"user_id": ana}), vk.event("message_read", {"from_id": ana, "read_message_id": 1}),
    ]  # fmt: skip


def viber_wrote(house: ViberHarness, text: str) -> dict[str, Any]:
    return house.peer.written(house.address(0), text)


def vk_wrote(house: VkHarness, text: str) -> dict[str, Any]:
    return vk.written(int(house.address(0)), text)


def viber_left(house: ViberHarness) -> dict[str, Any]:
    return house.peer.event("unsubscribed", user_id=house.address(0))


def vk_left(house: VkHarness) -> dict[str, Any]:
    return vk.event("message_deny", {"user_id": int(house.address(0))})


@pytest.mark.parametrize(("made", "samples"), [(TelegramHarness, telegrams), (ViberHarness, vibers), (VkHarness, vks)])
def test_a_call_with_any_part_spoilt_is_read_or_refused(made: type[Houses], samples: Any) -> None:
    with made() as house:
        transport = house.open()
        calls = [(changed, house.call(changed)) for told in samples(house) for changed in spoilt(told)]
    assert len(calls) > 200
    for changed, call in calls:
        try:
            facts = transport.parse(call)
        except ValueError:
            facts = []
        assert all(wrong(fact) == [] for fact in facts), changed
        try:
            transport.verify(call)
        except BadSignature:
            continue
        assert isinstance(transport.respond(call).body, bytes)
        assert isinstance(transport.kept(call), bytes)


def wrong(fact: Inbound) -> list[str]:
    """Names of the fields that hold what their type does not say."""
    texts = {one.name for one in fields(fact) if one.type == "str"}
    bad = [name for name in texts if not isinstance(getattr(fact, name), str)]
    if not fact.event_key or len(fact.event_key) > 120 or (fact.at is not None and not isinstance(fact.at, datetime)):
        bad.append("event_key, at")
    return bad


@pytest.mark.parametrize("made", [TelegramHarness, ViberHarness, VkHarness])
def test_a_tampered_answer_of_the_provider_is_no_receipt(made: type[Houses]) -> None:
    """Whatever JSON comes instead of an answer, nothing raises, and nothing is taken for a yes that is none."""
    with made() as house:
        account = house.account()
        transport = house.open(settings={**account.settings, "timeout": "5"})
        for number, odd in enumerate(
            (*ODD, {"ok": True}, {"ok": True, "result": []}, {"status": 0}, {"response": []}, {"error": {}})
        ):
            house.peer.on(house.address(number), Said(200, odd))
        messages = [house.message(number) for number in range(len(ODD) + 5)]
        results = dict(transport.send_many([replace(one, text="Hello") for one in messages]))
        transport.close()
        assert len(results) == len(messages)
        assert not any(isinstance(result, Receipt) for result in results.values())


@pytest.mark.parametrize(
    ("made", "wrote", "left", "farewell"),
    [
        (ViberHarness, viber_wrote, viber_left, "Ya no recibirá aquí mensajes de Aurora."),
        (VkHarness, vk_wrote, vk_left, "Сообщений от Aurora здесь больше не будет."),
    ],
)
def test_a_written_stop_is_confirmed_once_in_the_persons_language_and_a_pressed_one_never(
    made: type[ViberHarness | VkHarness], wrote: Any, left: Any, farewell: str, db: None
) -> None:
    make_business(public_address="https://news.aurora.example")
    with made() as house:
        channel, ana = house.channel(sender_name="Aurora"), house.address(0)
        contact = make_contact(language="es")
        Address.objects.create(contact=contact, kind=house.kind, value=ana, normal=ana)

        def hears(event: dict[str, Any]) -> list[str]:
            """What the person reads after this."""
            before = len(house.peer.messages)
            call = house.call(event)
            for _again in range(2):  # providers repeat themselves
                accept(channel, call, now=NOW)
                apply_inbound(now=NOW)
            return [str(one.get("text") or one.get("message")) for one in house.peer.messages[before:]]

        said = hears(wrote(house, "Stop!"))
        assert len(said) == 1
        assert said[0].startswith(farewell)
        assert Suppression.objects.get().reason == "stop"
        assert hears(wrote(house, "stop")) == []
        assert hears(wrote(house, "START")) == []
        assert hears(left(house)) == []
        assert Suppression.objects.filter(lifted_at=None).exists()
        hears(wrote(house, "start"))
        house.treat(ana, Mood.UNREACHABLE)
        assert hears(wrote(house, "stop please")) == []
        assert hears(wrote(house, "stop")) == []  # refused: the stop holds all the same
        assert Suppression.objects.filter(lifted_at=None).exists()
    accounts.let_go()
