"""A Viber bot: what it sends and is answered, statuses by whose fault they are, subscriptions, seen messages, answers."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from channels import accounts
from channels.models import Invitation
from channels.receipts.inbox import apply_inbound
from channels.transport import (
    Account,
    BadSignature,
    Button,
    Fact,
    Fault,
    RawCall,
    Receipt,
    Refused,
    Result,
    Sender,
    Unclear,
)
from channels.transports import viber as codes
from channels.transports.viber import ViberTransport
from channels.webhooks import accept
from contacts.models import Address, Consent
from tests.channels.bot_houses import ViberHarness
from tests.channels.harness import HOOK, HURRY
from tests.factories import NOW, make_business
from tests.peers.bots import Said
from tests.peers.viber import status, who

ANA = "3SQNc4FPUQmysaM/00000=="
BUTTONS = (Button("Yes & soon", reply="yes"), Button("Our site", url="https://shop.example/"))


@pytest.fixture
def house() -> Iterator[ViberHarness]:
    with ViberHarness() as opened:
        yield opened


def sent(house: ViberHarness, **fields: Any) -> Result:
    transport = house.open()
    ((_, result),) = transport.send_many([house.message(**fields)])
    transport.close()
    return result


def test_a_message_carries_our_key_and_its_token_stays_exact(house: ViberHarness) -> None:
    result = sent(house)
    assert result == Receipt(str(house.peer.messages[0]["message_token"]))
    assert int(result.provider_id) > 2**53
    ((_, fields, headers),) = house.peer.requests
    assert headers["x-viber-auth-token"] == house.peer.token
    assert fields == {
        "receiver": ANA, "type": "text", "text": "Hello 0", "sender": {"name": "Salon Aurora"}, "tracking_data": "key-000000000000",
        "min_api_version": 1,
    }  # fmt: skip


def test_the_senders_name_is_as_long_as_viber_takes(house: ViberHarness) -> None:
    assert isinstance(sent(house, sender=Sender("A" * 40)), Receipt)
    assert house.peer.messages[0]["sender"]["name"] == "A" * 28
    transport = house.open(sender=Sender())
    ((_, result),) = transport.send_many([house.message()])
    transport.close()
    assert isinstance(result, Receipt)


def test_buttons_send_silently_what_leads_back_and_links_open(house: ViberHarness) -> None:
    assert isinstance(sent(house, buttons=BUTTONS), Receipt)
    fields = house.peer.messages[0]
    reply, link = fields["keyboard"]["Buttons"]
    assert fields["min_api_version"] == 6
    assert (reply["ActionType"], reply["Text"], reply["Silent"]) == ("reply", "Yes &amp; soon", True)
    assert json.loads(reply["ActionBody"]) == {"d": "key-000000000000", "c": "yes", "t": "Yes & soon"}
    assert (link["ActionType"], link["ActionBody"]) == ("open-url", "https://shop.example/")


@pytest.mark.parametrize(
    ("said", "fault", "opted_out"),
    [
        (status(2), Fault.ACCOUNT, False), (status(7), Fault.ACCOUNT, False), (status(10), Fault.ACCOUNT, False),
        (status(24), Fault.ACCOUNT, False),
        (status(3), Fault.TEXT, False), (status(4), Fault.TEXT, False), (status(5), Fault.PERSON, False), (status(6), Fault.PERSON, True),
        (status(11), Fault.PERSON, False), (status(12), Fault.TEMPORARY, False), (status(13), Fault.PERSON, False),
        (status(99), Fault.PERSON, False),
        (Said(429, {}), Fault.TEMPORARY, False), (Said(403, []), Fault.ACCOUNT, False),
    ],
)  # fmt: skip
def test_a_status_is_sorted_by_whose_fault_it_is_and_keeps_the_address(
    house: ViberHarness, said: Said, fault: Fault, opted_out: bool
) -> None:
    house.peer.on(ANA, said)
    result = sent(house)
    assert isinstance(result, Refused)
    assert (result.fault, result.opted_out, result.address_dead) == (fault, opted_out, False)


def test_no_status_stands_in_two_lists() -> None:
    lists = [codes.OPTED_OUT, codes.TEMPORARY, codes.ACCOUNT, codes.TEXT]
    assert sum(map(len, lists)) == len(set().union(*lists))


@pytest.mark.parametrize(
    "act", [Said(502, {}), status(0), Said(200, {"status": "ok"}), Said(200, {"status": True}), Said(500, {"status": 6}), "huge", "hang"]
)  # fmt: skip
def test_what_does_not_say_no_may_have_been_taken(house: ViberHarness, act: Any) -> None:
    house.timeout = HURRY if act == "hang" else house.timeout
    house.peer.on(ANA, act)
    assert isinstance(sent(house), Unclear)


def test_the_settings_are_proven_and_the_webhook_is_set(house: ViberHarness) -> None:
    house.open().check()
    house.open().connect()
    (told,) = house.peer.asked("set_webhook")
    assert told["url"] == HOOK
    assert {"delivered", "seen", "failed", "subscribed", "unsubscribed", "conversation_started"} == set(
        told["event_types"]
    )
    with pytest.raises(Refused, match="aurorasalon"):
        house.open(settings={**house.account().settings, "uri": "other"}).check()
    with pytest.raises(Refused, match="invalidAuthToken"):
        house.open(secrets={"auth_token": "wrong"}).check()
    with pytest.raises(Refused):
        house.open(callback_url="").connect()


def test_people_join_by_a_link_to_the_bot(house: ViberHarness) -> None:
    assert house.open().join_url("aB3_-") == "viber://pa?chatURI=aurorasalon&context=aB3_-"
    assert house.open(settings={}).join_url("x") == ""


def test_staff_are_told_of_the_monthly_fee() -> None:
    (token,) = [field for field in ViberTransport.fields if field.secret]
    assert "monthly fee" in str(token.help_text)


# Calls


def test_the_signature_is_checked_as_vibers_own_tests_do() -> None:
    """Vector: viber-bot-python, tests/api/test_api.py (Apache-2.0)."""
    body = b'{"event":"webhook","timestamp":4977069964384421269,"message_token":1478683725125}'
    signature = "d21b343448c8aee33b8e93768ef6ceb64a6ba6163099973a2b8bd028fea510ef"
    token = "44dafb7e0f40021e-61a47a1e6778d187-f2c5a676a07050b3"

    def verified(body: bytes, signature: str, token: str) -> bool:
        transport = ViberTransport(Account(1, "viber", Sender(), {}, {"auth_token": token}))
        try:
            transport.verify(RawCall("POST", HOOK, {"x-viber-content-signature": signature}, body))
        except BadSignature:
            return False
        return transport.parse(RawCall("POST", HOOK, {}, body)) == []

    assert verified(body, signature, token)
    assert verified(body, signature.upper(), token)
    assert not verified(body.replace(b"125", b"126"), signature, token)
    assert not verified(body, signature, token + "x")
    assert not verified(body, "", token)
    assert not verified(b"", "", "")


def read(house: ViberHarness, event: dict[str, Any]) -> list[Any]:
    return house.open().parse(house.call(event))


def test_delivered_and_seen_are_told_once_for_all_devices_of_a_person(house: ViberHarness) -> None:
    result = sent(house)
    assert isinstance(result, Receipt)
    told = [
        fact
        for name in ("delivered", "delivered", "seen", "seen")
        for fact in read(house, house.status(name, result.provider_id, ANA))
    ]
    assert [fact.fact for fact in told] == [Fact.DELIVERED] * 2 + [Fact.READ] * 2
    assert len({fact.event_key for fact in told}) == 2
    assert {(fact.provider_id, fact.address) for fact in told} == {(result.provider_id, ANA)}
    (failed,) = read(house, {**house.status("failed", result.provider_id, ANA), "desc": "failure description"})
    assert (failed.fact, failed.detail, failed.address_dead) == (Fact.FAILED, "failure description", False)


def test_opening_the_bot_is_no_subscription_but_the_answer_to_its_welcome_is(house: ViberHarness) -> None:
    opened = house.peer.event("conversation_started", type="open", context="aB3_-x", user=who(ANA), subscribed=False)
    assert read(house, opened) == []
    welcome = json.loads(house.open().respond(house.call(opened)).body)
    assert (welcome["type"], welcome["sender"]) == ("text", {"name": "Salon Aurora"})
    assert "Salon Aurora" in welcome["text"]
    press = welcome["keyboard"]["Buttons"][0]["ActionBody"]
    resumed, joined = read(house, house.peer.written(ANA, press, welcome["tracking_data"]))
    assert (resumed.fact, joined.fact) == (Fact.RESUMED, Fact.JOINED)
    assert (joined.address, joined.invitation, joined.name, joined.language) == (ANA, "aB3_-x", "Ana", "es-ES")
    facts = read(house, house.peer.written(ANA, "Hello, who is there?", welcome["tracking_data"]))
    assert [fact.fact for fact in facts] == [Fact.RESUMED, Fact.JOINED, Fact.REPLIED]
    assert (facts[-1].text, facts[-1].key) == ("Hello, who is there?", "")
    (stopped,) = read(house, house.peer.written(ANA, "Stop", welcome["tracking_data"]))
    assert stopped.fact is Fact.STOPPED


def test_a_subscriber_who_opens_the_bot_again_by_a_link_joins_at_once_and_gets_no_welcome(house: ViberHarness) -> None:
    opened = house.peer.event("conversation_started", type="open", context="aB3_-x", user=who(ANA), subscribed=True)
    assert [(fact.fact, fact.invitation) for fact in read(house, opened)] == [
        (Fact.RESUMED, ""),
        (Fact.JOINED, "aB3_-x"),
    ]
    assert house.open().respond(house.call(opened)).body == b""
    subscribed = house.peer.event("subscribed", user=who(ANA))
    assert [fact.fact for fact in read(house, subscribed)] == [Fact.RESUMED, Fact.JOINED]


def test_unsubscribing_stops(house: ViberHarness) -> None:
    (told,) = read(house, house.peer.event("unsubscribed", user_id=ANA))
    assert (told.fact, told.address) == (Fact.STOPPED, ANA)


def test_answers_find_the_message_that_they_answer(house: ViberHarness) -> None:
    sent(house, buttons=BUTTONS)
    message = house.peer.messages[0]
    body = message["keyboard"]["Buttons"][0]["ActionBody"]
    (pressed,) = read(house, house.peer.written(ANA, body, "key-of-a-later-1"))
    assert (pressed.fact, pressed.key, pressed.choice, pressed.text) == (
        Fact.REPLIED,
        "key-000000000000",
        "yes",
        "Yes & soon",
    )
    (written,) = read(house, house.peer.written(ANA, "At five", message["tracking_data"]))
    assert (written.fact, written.key, written.choice, written.text) == (
        Fact.REPLIED,
        "key-000000000000",
        "",
        "At five",
    )
    (stopped,) = read(house, house.peer.written(ANA, "ПРЕКРАТИТЬ", message["tracking_data"]))
    assert (stopped.fact, stopped.key) == (Fact.STOPPED, "key-000000000000")


def test_groups_and_events_of_the_future_are_no_trouble(house: ViberHarness) -> None:
    peer = house.peer
    for event in (
        peer.event("webhook"), peer.event("teleported", user=who(ANA)), peer.written(ANA, "stop", chat_id="group"), peer.event("message"),
        peer.event("subscribed"), peer.event("unsubscribed"), peer.event("message", sender=[], message="x"),
    ):  # fmt: skip
        assert read(house, event) == []
        assert house.open().respond(house.call(event)).body == b""
    (odd,) = read(house, {**peer.written(ANA, '{"d": [1'), "timestamp": 10**30})
    assert (odd.text, odd.at) == ('{"d": [1', None)
    for unreadable in ({"event": "message"}, {"event": 1, "message_token": 2}):
        with pytest.raises(ValueError):
            read(house, unreadable)
        assert house.open().respond(house.call(unreadable)).body == b""


def test_a_person_who_answers_the_welcome_is_in(house: ViberHarness, db: None) -> None:
    make_business(public_address="https://news.aurora.example")
    channel = house.channel()
    invitation = Invitation.objects.create(source="counter")
    opened = house.call(
        house.peer.event("conversation_started", type="open", context=invitation.token, user=who(ANA), subscribed=False)
    )
    welcome = json.loads(accept(channel, opened, now=NOW).body)
    apply_inbound(now=NOW)
    assert not Address.objects.exists()
    body = welcome["keyboard"]["Buttons"][0]["ActionBody"]
    accept(channel, house.call(house.peer.written(ANA, body, welcome["tracking_data"])), now=NOW)
    apply_inbound(now=NOW)
    assert Address.objects.get().normal == ANA
    assert Consent.objects.get().given
    accounts.let_go()
