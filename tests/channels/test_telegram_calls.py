"""What a Telegram bot hears: joining, answers, pressed buttons, STOP, and updates that are none of ours."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.utils.crypto import salted_hmac

from channels import accounts
from channels.models import InboundCall, Invitation
from channels.receipts.inbox import apply_inbound
from channels.transport import BadSignature, Button, Fact, Receipt
from channels.transports.telegram import hook_secret
from channels.webhooks import accept
from contacts.models import Consent
from tests.channels.bot_houses import TelegramHarness
from tests.factories import NOW, make_business, make_contact
from tests.peers.telegram import faults

ANA = 5_000_000_000


@pytest.fixture
def house() -> Iterator[TelegramHarness]:
    with TelegramHarness() as opened:
        yield opened


def sent(house: TelegramHarness, **fields: Any) -> Receipt:
    transport = house.open()
    ((_, result),) = transport.send_many([house.message(**fields)])
    transport.close()
    assert isinstance(result, Receipt)
    return result


def test_a_word_made_with_an_older_key_still_counts_while_that_key_is_kept(
    house: TelegramHarness, settings: Any
) -> None:
    call = house.call(house.peer.written(ANA, "Hello"))
    settings.SECRET_KEY, settings.SECRET_KEY_FALLBACKS = "new" * 20, [settings.SECRET_KEY]
    house.open().verify(call)
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(BadSignature):
        house.open().verify(call)


def test_an_account_without_a_token_believes_nobody(house: TelegramHarness) -> None:
    call = house.call(house.peer.written(ANA, "Hello"))
    word = salted_hmac("channels.telegram.hook", "", algorithm="sha256").hexdigest()
    for header in (word, ""):
        with pytest.raises(BadSignature):
            house.open(secrets={}).verify(replace(call, headers={"x-telegram-bot-api-secret-token": header}))


def read(house: TelegramHarness, update: dict[str, Any]) -> list[Any]:
    return house.open().parse(house.call(update))


def test_a_start_with_an_invitation_joins_and_lifts_a_stop(house: TelegramHarness) -> None:
    update = house.peer.written(ANA, "/start aB3_-x")
    resumed, joined = read(house, update)
    assert (resumed.fact, joined.fact) == (Fact.RESUMED, Fact.JOINED)
    assert (joined.address, joined.invitation, joined.name, joined.language) == (str(ANA), "aB3_-x", "Ana Ruiz", "es")
    assert resumed.event_key != joined.event_key
    (_, bare) = read(house, house.peer.written(ANA, "/start"))
    assert (bare.fact, bare.invitation) == (Fact.JOINED, "")
    (_, long) = read(house, house.peer.written(ANA, "/start " + "x" * 65))
    assert long.invitation == ""


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("/stop", Fact.STOPPED), ("/STOP@aurora_bot", Fact.STOPPED), ("Стоп!", Fact.STOPPED), ("arret", Fact.STOPPED),
        (" ARRÊT ", Fact.STOPPED),
        ("Parar", Fact.STOPPED), ("me désabonner", Fact.STOPPED), ("/stop now", Fact.REPLIED), ("please stop writing", Fact.REPLIED),
        ("Cancel", Fact.REPLIED), ("yes", Fact.REPLIED), ("Start", Fact.RESUMED), ("СТАРТ", Fact.RESUMED), ("At five?", Fact.REPLIED),
        ("stop" + " " * 100 + "writing", Fact.REPLIED),
    ],
)  # fmt: skip
def test_a_word_counts_when_it_is_the_whole_message(house: TelegramHarness, text: str, fact: Fact) -> None:
    (told,) = read(house, house.peer.written(ANA, text))
    assert (told.fact, told.address, told.text, told.name) == (fact, str(ANA), text, "Ana Ruiz")
    assert told.at is not None


def test_a_pressed_button_tells_its_message_its_reply_and_its_label(house: TelegramHarness) -> None:
    sent(house, buttons=(Button("Yes, gladly", reply="yes:1"),))
    update = house.peer.pressed(house.peer.messages[0], "key-000000000000:yes:1")
    (told,) = read(house, update)
    assert (told.fact, told.key, told.choice, told.text) == (Fact.REPLIED, "key-000000000000", "yes:1", "Yes, gladly")
    update["callback_query"]["message"] = {
        "chat": update["callback_query"]["message"]["chat"],
        "message_id": 1,
        "date": 0,
    }
    (old,) = read(house, update)  # Telegram no longer shows a message that is too old
    assert (old.key, old.choice, old.text) == ("key-000000000000", "yes:1", "")


def test_a_reply_to_one_of_our_messages_names_it(house: TelegramHarness) -> None:
    result = sent(house)
    assert isinstance(result, Receipt)
    (told,) = read(house, house.peer.written(ANA, "At five", reply_to_message=house.peer.messages[0]))
    assert told.provider_id == result.provider_id


def test_who_blocks_the_bot_is_stopped_and_who_lets_it_write_again_resumes(house: TelegramHarness) -> None:
    facts = [read(house, house.peer.member(ANA, status)) for status in ("kicked", "member", "restricted")]
    assert [[fact.fact for fact in told] for told in facts] == [[Fact.STOPPED], [Fact.RESUMED], []]
    assert facts[0][0].address == str(ANA)


def test_groups_channels_bots_and_updates_of_the_future_are_no_trouble(house: TelegramHarness) -> None:
    group = {"id": -100, "type": "supergroup", "title": "Friends"}
    peer = house.peer
    elsewhere = peer.written(ANA, "/stop")
    elsewhere["message"]["chat"] = group
    for update in (
        elsewhere, peer.written(ANA, "Hi", **{"from": {"id": 2, "is_bot": True}}),
        peer.written(ANA, None),
        peer.update(channel_post={"text": "x"}), peer.update(teleported={"from": 1}), peer.update(message=[]), peer.update(message={}),
        peer.update(callback_query={"id": "1"}),
        peer.update(callback_query={"data": 5, "message": {"reply_markup": {"inline_keyboard": [3]}}}),
        peer.update(my_chat_member={"chat": group, "new_chat_member": {"status": "kicked"}}), peer.update(),
    ):  # fmt: skip
        assert read(house, update) == []
    photo = peer.written(ANA, None, photo=[{}], caption="My hair")
    assert [(told.fact, told.text) for told in read(house, photo)] == [(Fact.REPLIED, "My hair")]
    with pytest.raises(ValueError):
        read(house, {"update_id": "1"})


def answered(house: TelegramHarness, update: dict[str, Any]) -> Any:
    answer = house.open().respond(house.call(update))
    return json.loads(answer.body) if answer.body else None


def test_the_call_is_answered_with_what_the_person_waits_for(house: TelegramHarness) -> None:
    sent(house, buttons=(Button("Yes", reply="yes"),))
    pressed = house.peer.pressed(house.peer.messages[0], "key-000000000000:yes")
    stopped, joined = house.peer.written(ANA, "/stop"), house.peer.written(ANA, "/start abc")
    answers = [answered(house, update) for update in (pressed, stopped, joined)]
    assert [one["method"] for one in answers] == ["answerCallbackQuery", "sendMessage", "sendMessage"]
    assert [faults(one.pop("method"), one) for one in answers] == [[], [], []]
    assert "Salon Aurora" in answers[1]["text"]
    assert "START" in answers[1]["text"]
    assert "STOP" in answers[2]["text"]
    others: list[dict[str, Any]] = [
        house.peer.written(ANA, "Hello"),
        house.peer.member(ANA, "kicked"),
        {"update_id": []},
    ]
    for update in others:
        assert answered(house, update) is None


def test_the_door_takes_each_update_once_and_answers_it_each_time(house: TelegramHarness, db: None) -> None:
    make_business(public_address="https://news.aurora.example")
    channel = house.channel()
    call = replace(
        house.call(house.peer.written(ANA, "/stop")), url=channel.account("https://news.aurora.example").callback_url
    )
    answers = [accept(channel, call, now=NOW) for _ in range(2)]
    assert [answer.status for answer in answers] == [200, 200]
    assert b"sendMessage" in answers[0].body == answers[1].body
    assert InboundCall.objects.count() == 1
    assert hook_secret(house.peer.token) not in str(InboundCall.objects.get().headers)
    assert accept(channel, house.tampered(call), now=NOW).status == 403
    accounts.let_go()


def test_a_person_who_opens_the_link_is_in_by_one_call(house: TelegramHarness, db: None) -> None:
    make_business(public_address="https://news.aurora.example")
    channel, ana = house.channel(), make_contact(consent=())
    invitation = Invitation.objects.create(source="receipt", contact=ana, single_use=True)
    for _ in range(2):  # pressed again, and told again
        call = house.call(house.peer.written(ANA, f"/start {invitation.token}"))
        assert accept(channel, call, now=NOW).status == 200
        apply_inbound(now=NOW)
    assert list(ana.addresses.values_list("kind", "normal")) == [("telegram", str(ANA))]
    assert Consent.objects.filter(contact=ana, kind="telegram", given=True).count() == 1
    accounts.let_go()
