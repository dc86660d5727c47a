"""A Telegram bot: requests as its description wants them, errors by whose fault they are, updates of people, one rate for all workers."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from channels import exchange, sending
from channels.models import Channel, Delivery
from channels.models.delivery import new_token
from channels.sending import Planned
from channels.transport import Button, Fault, Receipt, Refused, Result, Unclear
from channels.transports.telegram import TELEGRAM, TelegramTransport, hook_secret
from contacts.models import Address, Basis, Consent
from tests.channels.bot_houses import TelegramHarness
from tests.channels.harness import HOOK, HURRY
from tests.channels.outbox import frozen, send
from tests.channels.test_sending_waves import in_parallel
from tests.factories import NOW, make_business, make_contact, make_message
from tests.peers.bots import Said
from tests.peers.telegram import BLOCKED, DEACTIVATED, NOT_FOUND, busy, error, faults

ANA = 5_000_000_000


@pytest.fixture
def house() -> Iterator[TelegramHarness]:
    with TelegramHarness() as opened:
        yield opened


def sent(house: TelegramHarness, **fields: Any) -> Result:
    transport = house.open()
    ((_, result),) = transport.send_many([house.message(**fields)])
    transport.close()
    return result


def test_requests_are_as_telegram_describes_them(house: TelegramHarness) -> None:
    buttons = (Button("Yes", reply="yes"), Button("Our site", url="https://shop.example/"))
    assert isinstance(sent(house, buttons=buttons), Receipt)
    house.open().check()
    house.open().connect()
    assert [name for name, *_ in house.peer.requests] == ["sendMessage", "getMe", "setWebhook"]
    assert [faults(name, fields) for name, fields, _ in house.peer.requests] == [[], [], []]


def test_the_description_finds_what_is_wrong() -> None:
    assert faults("sendMessage", {"text": 1, "link_preview_options": {"is_disabled": "yes"}, "parse": "HTML"}) == [
        "sendMessage: chat_id is missing", "sendMessage.text: 1 is no String",
        "sendMessage.link_preview_options.is_disabled: 'yes' is no Boolean", "sendMessage: parse is not described",
    ]  # fmt: skip


def test_a_message_is_plain_text_without_preview_and_each_button_leads_back_to_it(house: TelegramHarness) -> None:
    buttons = (Button("Yes", reply="yes"), Button("Our site", url="https://shop.example/"))
    assert sent(house, text="a < b & *c*", buttons=buttons) == Receipt(f"{ANA}:1")
    assert house.peer.asked("sendMessage") == [
        {
            "chat_id": ANA, "text": "a < b & *c*", "link_preview_options": {"is_disabled": True},
            "reply_markup": {
                "inline_keyboard": [
                    [{"text": "Yes", "callback_data": "key-000000000000:yes"}], [{"text": "Our site", "url": "https://shop.example/"}],
                ]
            },
        }
    ]  # fmt: skip


def test_a_button_whose_answer_cannot_come_back_is_the_texts_fault_before_anything_is_sent(
    house: TelegramHarness,
) -> None:
    result = sent(house, buttons=(Button("Long", reply="ж" * 24),))  # 16 + 1 + 48 bytes
    assert isinstance(result, Refused)
    assert (result.fault, result.detail) == (Fault.TEXT, "Long")
    assert not house.peer.requests
    assert isinstance(sent(house, buttons=(Button("Fits", reply="ж" * 23),)), Receipt)


@pytest.mark.parametrize(
    ("said", "fault", "dead", "opted_out"),
    [
        (BLOCKED, Fault.PERSON, False, True), (DEACTIVATED, Fault.PERSON, True, False), (NOT_FOUND, Fault.PERSON, False, False),
        (error(403, "Forbidden: bot can't initiate conversation with a user"), Fault.PERSON, False, False),
        (error(400, "Bad Request: something new"), Fault.PERSON, False, False),
        (error(400, "Bad Request: message is too long"), Fault.TEXT, False, False),
        (error(400, "Bad Request: BUTTON_URL_INVALID"), Fault.TEXT, False, False),
        (error(401, "Unauthorized"), Fault.ACCOUNT, False, False), (error(404, "Not Found"), Fault.ACCOUNT, False, False),
        (Said(401, "no JSON object"), Fault.ACCOUNT, False, False),
    ],
)  # fmt: skip
def test_a_refusal_is_sorted_by_whose_fault_it_is(
    house: TelegramHarness, said: Said, fault: Fault, dead: bool, opted_out: bool
) -> None:
    house.peer.on(house.address(0), said)
    result = sent(house)
    assert isinstance(result, Refused)
    assert (result.fault, result.address_dead, result.opted_out) == (fault, dead, opted_out)


@pytest.mark.parametrize(
    ("said", "wait"),
    [
        (busy(31), 31), (error(429, "Too Many Requests"), None), (Said(429, [], {"Retry-After": "9"}), 9),
        (Said(429, {"parameters": {"retry_after": "soon"}}, {"Retry-After": "Sun, 22 Nov 2026 12:00:00 GMT"}), None),
    ],
)  # fmt: skip
def test_the_wait_that_telegram_asks_for_is_passed_on(house: TelegramHarness, said: Said, wait: float | None) -> None:
    house.peer.on(house.address(0), said)
    result = sent(house)
    assert isinstance(result, Refused)
    assert (result.fault, result.retry_after) == (Fault.TEMPORARY, wait)


@pytest.mark.parametrize(
    "act", [error(502, "Bad Gateway"), Said(200, {"ok": True}), Said(200, {"hello": 1}), Said(400, []), "huge", "hang", "close"]
)  # fmt: skip
def test_what_does_not_say_no_may_have_been_taken(house: TelegramHarness, act: Any) -> None:
    house.timeout = HURRY if act == "hang" else house.timeout
    house.peer.on(house.address(0), act)
    assert isinstance(sent(house), Unclear)


def test_one_that_hangs_holds_up_none(house: TelegramHarness) -> None:
    house.timeout = "3"
    house.peer.on(house.address(0), "hang")
    transport = house.open()
    results = dict(transport.send_many([house.message(number) for number in range(40)]))
    transport.close()
    assert isinstance(results.pop(house.message(0).key), Unclear)
    assert all(isinstance(result, Receipt) for result in results.values())


def test_the_token_in_the_address_reaches_no_log(house: TelegramHarness, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    sent(house)
    with exchange.hushed() as heard:
        logging.getLogger("urllib3.connectionpool").debug("only for us")
    assert heard == ["only for us"]
    assert not [record for record in caplog.records if record.name == "urllib3.connectionpool"]
    logging.getLogger("urllib3.connectionpool").debug("for all")
    assert "for all" in caplog.text


def test_the_settings_are_proven_against_the_bots_own_name(house: TelegramHarness) -> None:
    settings = house.account().settings
    for spelt in ("Aurora_Bot", "@aurora_bot", "https://t.me/aurora_bot"):
        house.open(settings={**settings, "username": spelt}).check()
    with pytest.raises(Refused, match="@aurora_bot"):
        house.open(settings={**settings, "username": "other_bot"}).check()
    with pytest.raises(Refused, match="401"):
        house.open(secrets={"bot_token": "1:wrong"}).check()
    with pytest.raises(Refused):
        house.open(secrets={"bot_token": "white space\nand more"}).check()


def test_telegram_is_told_where_to_call_with_a_word_that_is_stored_nowhere(house: TelegramHarness) -> None:
    house.open().connect()
    house.open().connect()
    told = house.peer.asked("setWebhook")
    word = hook_secret(house.peer.token)
    assert (
        told
        == [{"url": HOOK, "secret_token": word, "allowed_updates": ["message", "callback_query", "my_chat_member"]}] * 2
    )
    assert house.peer.token not in word
    with pytest.raises(Refused):
        house.open(callback_url="").connect()


def test_people_join_by_a_link_to_the_bot(house: TelegramHarness) -> None:
    assert house.open().join_url("aB3_-") == "https://t.me/aurora_bot?start=aB3_-"
    assert house.open(settings={}).join_url("x") == ""


# One rate for all workers


def crowd(channel: Channel, people: int) -> None:
    """So many people in the outbox of a bot."""
    version = frozen(make_message(texts={("telegram", "en"): "Hello {{ contact.first_name }}"}))
    planned = []
    for number in range(people):
        one = make_contact(f"P{number} X", consent=())
        Address.objects.create(contact=one, kind="telegram", value=str(ANA + number), normal=str(ANA + number))
        Consent.objects.create(
            contact=one, kind="telegram", purpose="marketing", given=True, basis=Basis.EXPRESS, at=NOW, recorded_at=NOW, handled_at=NOW
        )  # fmt: skip
        planned.append(
            Planned(
                token=new_token(), contact_id=one.pk, channel_id=channel.pk, message_version_id=version.pk, kind="telegram",
                purpose="marketing", scope="launch:1:step", not_before=NOW,
            )
        )  # fmt: skip
    sending.plan(planned, now=NOW)


@pytest.mark.django_db(transaction=True)
def test_two_workers_on_one_bot_share_its_rate(house: TelegramHarness) -> None:
    make_business()
    crowd(house.channel(rate=3.0), 16)
    assert in_parallel(send, send) == []
    assert sum(house.peer.counts.values()) == 6  # two seconds of its rate, for both together
    assert in_parallel(lambda: send(NOW + timedelta(seconds=1)), lambda: send(NOW + timedelta(seconds=1))) == []
    assert sum(house.peer.counts.values()) <= 9
    send(NOW + timedelta(seconds=1))  # whoever found the other reserving first left the rest for the next round
    assert sum(house.peer.counts.values()) == 9


@pytest.mark.django_db(transaction=True)
def test_a_wait_that_telegram_asks_one_worker_for_holds_all_of_them(house: TelegramHarness) -> None:
    make_business()
    channel = house.channel(rate=2.0)
    crowd(channel, 8)
    house.peer.on(str(ANA), busy(30))
    send()
    asked = len(house.peer.requests)
    assert asked <= 4
    assert in_parallel(*[lambda: send(NOW + timedelta(seconds=20))] * 2) == []
    assert len(house.peer.requests) == asked
    house.peer.acts.clear()
    send(NOW + timedelta(seconds=70))
    assert len(house.peer.requests) > asked
    assert not Delivery.objects.filter(status__in=["failed", "bounced"]).exists()
    assert Channel.objects.get(pk=channel.pk).breaker_until is None


def test_the_kind_says_what_a_bot_can_carry() -> None:
    assert (TELEGRAM.address, TELEGRAM.longest, TELEGRAM.typed) == ("telegram", 4096, False)
    assert {field.name for field in TelegramTransport.fields if field.secret} == {"bot_token"}
