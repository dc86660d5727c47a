"""S18 by a real bot: the same story over the Bot API, spoken with a server on loopback that behaves as Telegram does."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from urllib.parse import urlsplit

import pytest

from channels.models import Channel
from tests.peers.telegram import TOKEN, TelegramPeer
from tests.scenarios.conftest import Clock
from tests.scenarios.staff import ADMIN, DAYS, MINUTES, Staff
from tests.scenarios.test_s18_interactive_promotion import in_group

PEOPLE = """Customer ID,First name,Last name,Mobile,Language
1,Ana,Ruiz,+34600100001,en
2,Bea,Soto,+34600100002,es
3,Cleo,Hart,+34600100003,en
4,Dora,Lind,+34600100004,en
"""
ANA, BEA, CLEO, DORA = 5_000_000_001, 5_000_000_002, 5_000_000_003, 5_000_000_004
CHATS = {"Ana Ruiz": ANA, "Bea Soto": BEA, "Cleo Hart": CLEO, "Dora Lind": DORA}
TEXTS = {
    ("telegram", "en"): ("", "Would you try our new colours, {{ contact.first_name }}?"),
    ("telegram", "es"): ("", "¿Probarías nuestros colores, {{ contact.first_name }}?"),
    ("sms", "en"): ("", "Our new colours are here."),
}
LABELS = (["Yes", "No", "Later"], ["Sí", "No", "Luego"])


class Bot:
    """The bot as its people have it before them: what they were written, and what they press and write."""

    def __init__(self, peer: TelegramPeer, staff: Staff) -> None:
        self.peer, self.staff = peer, staff

    def call(self, update: dict[str, Any], secret: str | None = None) -> int:
        """Telegram knocks where it was told to, with the word that it was given; what we answer is one more request to it."""
        told = self.peer.asked("setWebhook")[-1]
        answer = self.staff.client.post(
            urlsplit(told["url"]).path, update, content_type="application/json",
            headers={"X-Telegram-Bot-Api-Secret-Token": told["secret_token"] if secret is None else secret},
        )  # fmt: skip
        if answer.status_code == 200 and answer.content:
            self.peer.asks_back(answer.json())
        return int(answer.status_code)

    def press(self, chat: int, label: str, secret: str | None = None) -> int:
        message = self.newest(chat)
        buttons = [one for row in message["reply_markup"]["inline_keyboard"] for one in row]
        data = next(one["callback_data"] for one in buttons if one["text"] == label)
        return self.call(self.peer.pressed(message, data), secret)

    def newest(self, chat: int) -> dict[str, Any]:
        return next(message for message in reversed(self.peer.messages) if message["chat"]["id"] == chat)


@pytest.fixture
def bot(staff: Staff) -> Iterator[Bot]:
    with TelegramPeer(username="aurora_bot") as peer:
        yield Bot(peer, staff)


def connect(staff: Staff, bot: Bot) -> None:
    """The account is entered and checked; checking it tells Telegram where to call."""
    staff.set_up_shop()
    staff.send(f"{ADMIN}/contacts/business/", "quiet_from", public_address="https://news.aurora.example")
    what = {"name": "Telegram", "kind": "telegram", "transport": "telegram", "price": "0", "rate": "1000"}
    staff.send(f"{ADMIN}/channels/channel/add/", "name", **what)
    number = staff.number_of("channels/channel", "Telegram")
    page = f"{ADMIN}/channels/channel/{number}/change/"
    staff.send(page, "account_username", account_bot_token=TOKEN, account_username="aurora_bot", active="on")
    channel = Channel.objects.get(pk=number)
    Channel.objects.filter(pk=number).update(
        settings={**channel.settings, "api_url": bot.peer.url}
    )  # no field of the form
    staff.client.post(f"{ADMIN}/channels/channel/{number}/do/check/")
    assert bot.peer.asked("setWebhook"), staff.see(page)


def invite(staff: Staff, bot: Bot, clock: Clock) -> None:
    """Each person opens the bot by a link of their own, which staff made for them."""
    for person, chat in CHATS.items():
        contact = staff.number_of("contacts/contact", person)
        staff.send(f"{ADMIN}/channels/invitation/add/", "source", source=f"for {person}", contact=contact)
        number = staff.number_of("channels/invitation", f"for {person}")
        link = re.search(
            r"https://t\.me/aurora_bot\?start=([\w-]+)", staff.see(f"{ADMIN}/channels/invitation/{number}/change/")
        )
        assert link
        assert bot.call(bot.peer.written(chat, f"/start {link[1]}")) == 200
    clock.work()


def build(staff: Staff) -> str:
    staff.send(f"{ADMIN}/contacts/group/add/", "name", name="Wants colours")
    buttons = {
        f"variants-{number}-buttons-{part}": given
        for number, labels in enumerate(LABELS)
        for part, given in {"label": labels, "reply": ["yes", "no", "later"], "url": ["", "", ""]}.items()
    }
    staff.write("Colours", TEXTS, **buttons)
    wants, regulars = (staff.number_of("contacts/group", name) for name in ("Wants colours", "Regulars"))
    answers = {
        "answers-choice": ["yes", "no", "later"], "answers-then": ["stop", "stop", "continue"], "answers-group": [wants, "", ""],
        "answers-from_group": ["", regulars, ""],
    }  # fmt: skip
    return staff.build(
        "Promotion",
        [
            {"channel": "Telegram", "message": "Colours", "wait": (0, MINUTES), "seen": "replied", **answers},
            {"channel": "SMS", "message": "Colours", "wait": (1, DAYS), "seen": "clicked"},
        ],
        goal=[],
    )


def test_buttons_leave_by_telegram_and_what_was_pressed_moves_the_person_and_stops_or_goes_on(
    staff: Staff, clock: Clock, bot: Bot
) -> None:
    connect(staff, bot)
    staff.import_people(clock, PEOPLE, group="Regulars")
    invite(staff, bot, clock)
    cascade = build(staff)
    staff.start(cascade, "Regulars")
    clock.work()
    keyboard = bot.newest(BEA)["reply_markup"]["inline_keyboard"]
    assert bot.newest(BEA)["text"] == "¿Probarías nuestros colores, Bea?"
    assert [[one["text"] for one in row] for row in keyboard] == [["Sí"], ["No"], ["Luego"]]

    assert bot.press(CLEO, "Yes", secret="guessed") == 403
    assert [bot.press(ANA, "Yes"), bot.press(BEA, "Luego"), bot.press(CLEO, "No"), bot.press(ANA, "Yes")] == [200] * 4
    assert len(bot.peer.asked("answerCallbackQuery")) == 4  # no button glows on, pressed twice or not
    clock.work()
    assert in_group(staff, "Wants colours") == {"Ana Ruiz"}
    assert in_group(staff, "Regulars") == {"Ana Ruiz", "Bea Soto", "Dora Lind"}

    clock.go(timedelta(days=1, hours=1))
    sms = {person for person, step in staff.recipients(cascade) if step == "Colours/SMS"}
    assert sms == {"Bea Soto", "Dora Lind"}
    clock.go(timedelta(days=2))
    assert staff.ended(cascade) == {
        "Ana Ruiz": "reached", "Bea Soto": "reached", "Cleo Hart": "reached", "Dora Lind": "no reaction",
    }  # fmt: skip
    assert all(bot.peer.counts[str(chat)] == 2 for chat in CHATS.values())  # one welcome, one question
