"""Messages of a VK community: requests without the library's own waiting, codes by whose fault they are, the Callback API."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from channels import accounts
from channels.models import InboundCall, Invitation
from channels.receipts.inbox import apply_inbound
from channels.transport import BadSignature, Button, Fact, Fault, Receipt, Refused, Result, Unclear
from channels.transports import vk as codes
from channels.transports.vk import random_id
from channels.webhooks import accept
from contacts.models import Address, Consent
from tests.channels.bot_houses import VkHarness
from tests.channels.harness import HOOK
from tests.factories import NOW, make_business
from tests.peers.bots import Said
from tests.peers.vk import SECRET, TOKEN, error, event, written

ANA = 700_000_000


@pytest.fixture
def house() -> Iterator[VkHarness]:
    with VkHarness() as opened:
        yield opened


def sent(house: VkHarness, **fields: Any) -> Result:
    transport = house.open()
    ((_, result),) = transport.send_many([house.message(**fields)])
    transport.close()
    return result


def test_a_request_is_as_vk_describes_it_and_buttons_lead_back(house: VkHarness) -> None:
    buttons = (Button("Yes", reply="yes"), Button("Our site", url="https://shop.example/"))
    assert sent(house, buttons=buttons) == Receipt("501")
    (fields,) = house.peer.asked("messages.send")
    keyboard = json.loads(fields.pop("keyboard"))
    assert fields == {
        "peer_id": str(ANA), "random_id": str(random_id("key-000000000000")), "message": "Hello 0", "dont_parse_links": "1",
        "disable_mentions": "1", "v": "5.199", "access_token": TOKEN,
    }  # fmt: skip
    ((reply,), (link,)) = keyboard["buttons"]
    assert keyboard["inline"] is True
    assert (reply["action"]["type"], reply["action"]["label"]) == ("text", "Yes")
    assert json.loads(reply["action"]["payload"]) == {"d": "key-000000000000", "c": "yes"}
    assert (link["action"]["type"], link["action"]["link"]) == ("open_link", "https://shop.example/")


def test_a_label_that_grew_with_a_name_is_cut_and_holds_up_nobody(house: VkHarness) -> None:
    buttons = (Button("L" * 60, reply="a"), Button("M" * 60, url="https://shop.example/"))
    assert isinstance(sent(house, buttons=buttons), Receipt)


def test_the_same_message_given_twice_is_one_message(house: VkHarness) -> None:
    assert sent(house) == sent(house) == Receipt("501")
    assert house.taken(str(ANA)) == 1
    ids = {random_id(f"key-{number}") for number in range(2000)}
    assert len(ids) == 2000
    assert 0 < min(ids) < max(ids) < 2**53


def test_the_library_neither_sleeps_nor_tries_twice(house: VkHarness, monkeypatch: pytest.MonkeyPatch) -> None:
    slept: list[float] = []
    monkeypatch.setattr(time, "sleep", slept.append)
    for number, code in enumerate((6, 14, 17)):
        house.peer.on(house.address(number), error(code, captcha_sid="1", captcha_img="https://vk.ru/captcha.php"))
    transport = house.open()
    results = dict(transport.send_many([house.message(number) for number in range(20)]))
    transport.close()
    assert len(house.peer.asked("messages.send")) == 20
    assert sum(isinstance(result, Receipt) for result in results.values()) == 17, results
    refused = [result for result in results.values() if isinstance(result, Refused)]
    assert sorted(result.reason for result in refused) == ["14", "17", "6"]
    assert slept == []


@pytest.mark.parametrize(
    ("code", "fault", "dead", "opted_out"),
    [
        (5, Fault.ACCOUNT, False, False), (27, Fault.ACCOUNT, False, False), (14, Fault.ACCOUNT, False, False),
        (912, Fault.ACCOUNT, False, False),
        (6, Fault.TEMPORARY, False, False), (9, Fault.TEMPORARY, False, False), (10, Fault.TEMPORARY, False, False),
        (29, Fault.TEMPORARY, False, False), (914, Fault.TEXT, False, False), (911, Fault.TEXT, False, False),
        (901, Fault.PERSON, False, True),
        (902, Fault.PERSON, False, False), (7, Fault.PERSON, False, False), (113, Fault.PERSON, True, False),
        (99999, Fault.PERSON, False, False),
    ],
)  # fmt: skip
def test_a_code_is_sorted_by_whose_fault_it_is_and_an_unknown_one_keeps_the_address(
    house: VkHarness, code: int, fault: Fault, dead: bool, opted_out: bool
) -> None:
    house.peer.on(str(ANA), error(code, f"words with {TOKEN}"))
    result = sent(house)
    assert isinstance(result, Refused)
    assert (result.fault, result.reason, result.address_dead, result.opted_out) == (fault, str(code), dead, opted_out)
    assert TOKEN not in result.detail


def test_no_code_stands_in_two_lists() -> None:
    lists = [codes.TEMPORARY, codes.ACCOUNT, codes.TEXT, codes.OPTED_OUT, codes.DEAD]
    assert sum(map(len, lists)) == len(set().union(*lists))


@pytest.mark.parametrize(
    "act",
    [
        Said(502, {}), Said(200, {}), Said(200, {"response": "taken"}), Said(200, {"response": 0}), Said(200, {"error": "no object"}),
        Said(200, {"error": {"no": "code"}}), "huge", "garbage",
    ],
)  # fmt: skip
def test_what_does_not_say_no_may_have_been_taken(house: VkHarness, act: Any) -> None:
    house.peer.on(str(ANA), act)
    assert isinstance(sent(house), Unclear)


def test_what_can_be_no_message_is_refused_before_anything_is_sent(house: VkHarness) -> None:
    for fields, fault in (
        ({"to": "ana"}, Fault.PERSON), ({"to": "2000000001"}, Fault.PERSON), ({"buttons": (Button("A", reply="x" * 250),)}, Fault.TEXT),
        ({"buttons": (Button("A", reply="x"),) * 7}, Fault.TEXT),
    ):  # fmt: skip
        result = sent(house, **fields)
        assert isinstance(result, Refused)
        assert result.fault is fault
    assert not house.peer.requests


def test_the_key_is_proven_to_have_the_right_to_messages(house: VkHarness) -> None:
    house.open().check()
    house.peer.mask = 262144
    with pytest.raises(Refused, match="right to messages"):
        house.open().check()
    with pytest.raises(Refused, match="5"):
        house.open(secrets={"token": "wrong"}).check()


def test_our_address_is_entered_once_with_its_secret_and_its_events(house: VkHarness) -> None:
    house.open().connect()
    house.open().connect()
    (server,) = house.peer.servers
    assert (server["url"], server["secret_key"]) == (HOOK, SECRET)
    assert [house.peer.settings[name] for name in codes.EVENTS] == ["1"] * 5
    with pytest.raises(Refused, match="a1b2c3d4"):
        house.open(settings={**house.account().settings, "confirmation": "old"}).connect()
    with pytest.raises(Refused):
        house.open(callback_url="").connect()


def test_people_join_by_a_link_to_the_community(house: VkHarness) -> None:
    assert house.open().join_url("aB3_-") == "https://vk.me/aurora?ref=aB3_-"
    settings = {**house.account().settings, "address": ""}
    assert house.open(settings=settings).join_url("x") == "https://vk.me/club123456?ref=x"
    assert house.open(settings={}).join_url("x") == ""


# Calls


def test_a_call_is_believed_with_the_communitys_secret_only(house: VkHarness) -> None:
    def believed(told: Any, **changes: Any) -> bool:
        try:
            house.open(**changes).verify(house.call(told))
        except BadSignature:
            return False
        return True

    assert believed(event("message_deny", {"user_id": ANA}))
    for changes in ({"secret": "wrong"}, {"secret": ""}, {"secret": None}, {"secret": [1]}, {"group_id": 5}):
        assert not believed(event("message_deny", {"user_id": ANA}, **changes))
    asked = {"type": "confirmation", "group_id": 123456}
    assert believed(asked)
    assert not believed({**asked, "secret": "wrong"})
    assert not believed({**asked, "group_id": 5})
    assert not believed(event("message_deny", secret=""), secrets={"token": TOKEN})
    assert not believed([1])


def test_the_confirmation_is_answered_with_its_string_and_all_else_with_ok(house: VkHarness) -> None:
    transport = house.open()
    assert transport.respond(house.call({"type": "confirmation", "group_id": 123456})).body == b"a1b2c3d4"
    assert transport.parse(house.call({"type": "confirmation", "group_id": 123456})) == []
    for told in (written(ANA, "Hello"), event("teleported", {}), event("message_deny", {"user_id": ANA})):
        assert transport.respond(house.call(told)).body == b"ok"


def read(house: VkHarness, told: dict[str, Any]) -> list[Any]:
    return house.open().parse(house.call(told))


def test_an_event_that_comes_twice_is_known_by_its_id(house: VkHarness) -> None:
    told = written(ANA, "Hello", ref="aB3_-x")
    assert [fact.event_key for fact in read(house, told)] == [fact.event_key for fact in read(house, told)]
    assert len({fact.event_key for fact in read(house, told)}) == 3
    (old,) = read(house, event("message_deny", {"user_id": ANA}, event_id=None))
    assert old.event_key


def test_a_first_message_by_a_link_joins_and_is_an_answer(house: VkHarness) -> None:
    facts = read(house, written(ANA, "Hello", ref="aB3_-x", ref_source="qr"))
    assert [fact.fact for fact in facts] == [Fact.RESUMED, Fact.JOINED, Fact.REPLIED]
    assert (facts[1].address, facts[1].invitation, facts[1].language) == (str(ANA), "aB3_-x", "ru")
    begun = read(house, written(ANA, "Начать", payload='{"command":"start"}'))
    assert [(fact.fact, fact.invitation) for fact in begun] == [(Fact.RESUMED, ""), (Fact.JOINED, "")]
    (stopped,) = read(house, written(ANA, "стоп", ref="aB3_-x"))
    assert stopped.fact is Fact.STOPPED


def test_who_allows_messages_joins_and_who_denies_them_is_stopped(house: VkHarness) -> None:
    allowed = read(house, event("message_allow", {"user_id": ANA, "key": "aB3_-x"}))
    assert [(fact.fact, fact.address) for fact in allowed] == [(Fact.RESUMED, str(ANA)), (Fact.JOINED, str(ANA))]
    assert allowed[1].invitation == "aB3_-x"
    (denied,) = read(house, event("message_deny", {"user_id": ANA}))
    assert (denied.fact, denied.address) == (Fact.STOPPED, str(ANA))


def test_answers_and_readings_find_their_message(house: VkHarness) -> None:
    payload = {"d": "key-000000000000", "c": "yes"}
    (pressed,) = read(house, written(ANA, "Yes", payload=json.dumps(payload)))
    assert (pressed.fact, pressed.key, pressed.choice, pressed.text) == (Fact.REPLIED, payload["d"], "yes", "Yes")
    (called,) = read(
        house, event("message_event", {"user_id": ANA, "peer_id": ANA, "event_id": "1", "payload": payload})
    )
    assert (called.fact, called.key, called.choice, called.address) == (Fact.REPLIED, payload["d"], "yes", str(ANA))
    (reply,) = read(house, written(ANA, "At five", reply_message={"id": 501, "from_id": -123456, "text": "Hello"}))
    assert (reply.provider_id, reply.text) == ("501", "At five")
    told = {"from_id": ANA, "peer_id": ANA, "read_message_id": 501, "conversation_message_id": 5}
    (seen,) = read(house, event("message_read", told))
    assert (seen.fact, seen.provider_id) == (Fact.READ, "501")


def test_chats_of_several_people_communities_and_events_of_the_future_are_no_trouble(house: VkHarness) -> None:
    for told in (
        written(ANA, "stop", peer_id=2_000_000_005), written(-5, "stop"), written(ANA, "stop", out=1),
        event("teleported", {"user_id": ANA}),
        event("message_new"), event("message_new", {"message": []}), event("message_new", {"message": {"from_id": "1"}}),
        event("message_allow", {}), event("message_deny", {"user_id": "x"}), event("message_event", {}), event("message_read", []),
    ):  # fmt: skip
        assert read(house, told) == []
    (odd,) = read(house, written(ANA, "Hello", payload="{[", date="soon"))
    assert (odd.text, odd.choice, odd.at) == ("Hello", "", None)
    with pytest.raises(ValueError):
        read(house, {"group_id": 123456})


def test_the_secret_in_a_call_is_not_stored_and_the_call_can_be_read_all_the_same(house: VkHarness, db: None) -> None:
    make_business(public_address="https://news.aurora.example")
    channel, invitation = house.channel(), Invitation.objects.create(source="counter")
    call = house.call(written(ANA, "Hello", ref=invitation.token))
    assert [accept(channel, call, now=NOW).body for _ in range(2)] == [b"ok", b"ok"]
    assert accept(channel, replace(call, body=call.body.replace(SECRET.encode(), b"x")), now=NOW).status == 403
    stored = InboundCall.objects.get()
    assert SECRET.encode() not in bytes(stored.body)
    apply_inbound(now=NOW)
    assert Address.objects.get().normal == str(ANA)
    assert Consent.objects.get().given
    accounts.let_go()
