"""S18: a messenger message with buttons; the answer moves the person to a group and stops or continues the cascade, words reach staff."""

from __future__ import annotations

import re
from datetime import timedelta
from html import unescape

import pytest

from tests.scenarios.conftest import Clock
from tests.scenarios.pages import filled, form_with
from tests.scenarios.staff import ADMIN, DAYS, MINUTES, Staff, first_link, links

PEOPLE = """Customer ID,First name,Last name,Mobile,Language
1,Ana,Ruiz,+34600100001,en
2,Bea,Soto,+34600100002,es
3,Cleo,Hart,+34600100003,en
4,Dora,Lind,+34600100004,en
5,Eva,Mora,+34600100005,en
"""
ANA, BEA, CLEO, DORA, EVA = (f"+3460010000{number}" for number in range(1, 6))
TEXTS = {
    ("chat", "en"): ("", "Would you try our new colours, {{ contact.first_name }}?"),
    ("chat", "es"): ("", "¿Probarías nuestros colores, {{ contact.first_name }}?"),
    ("sms", "en"): ("", "Our new colours are here: https://aurora.example/colours"),
}
BUTTONS = {"reply": ["yes", "no", "later"], "url": ["", "", ""]}


def in_group(staff: Staff, group: str) -> set[str]:
    page = staff.see(f"{ADMIN}/contacts/contact/?groups__id__exact={staff.number_of('contacts/group', group)}")
    return {text for _, text in links(page, "contacts/contact")}


def set_up(staff: Staff, clock: Clock) -> str:
    """A chat with yes, no and later, and an SMS a day later. Returns the cascade's number."""
    staff.set_up_shop()
    staff.add_channel("Chat", "chat", "0", "message", "aurora")
    staff.import_people(clock, PEOPLE, group="Regulars", consent=False)
    staff.send(f"{ADMIN}/contacts/group/add/", "name", name="Wants colours")
    buttons = {
        f"variants-0-buttons-{part}": given for part, given in {"label": ["Yes", "No", "Later"], **BUTTONS}.items()
    }
    buttons |= {
        f"variants-1-buttons-{part}": given for part, given in {"label": ["Sí", "No", "Luego"], **BUTTONS}.items()
    }
    staff.write("Colours", TEXTS, purpose="transactional", **buttons)
    wants = staff.number_of("contacts/group", "Wants colours")
    regulars = staff.number_of("contacts/group", "Regulars")
    answers = {
        "answers-choice": ["yes", "no", "later"], "answers-then": ["stop", "stop", "continue"], "answers-group": [wants, "", ""],
        "answers-from_group": ["", regulars, ""],
    }  # fmt: skip
    return staff.build(
        "Promotion",
        [
            {"channel": "Chat", "message": "Colours", "wait": (0, MINUTES), "seen": "replied", **answers},
            {"channel": "SMS", "message": "Colours", "wait": (1, DAYS), "seen": "clicked"},
        ],
        goal=[],
    )


@pytest.mark.usefixtures("chat_kind")
def test_the_answer_moves_the_person_and_stops_or_continues_and_words_are_answered(staff: Staff, clock: Clock) -> None:
    cascade = set_up(staff, clock)
    assert "“yes”: ends here for them, into “Wants colours”" in staff.see(f"{ADMIN}/cascades/cascade/{cascade}/change/")
    staff.start(cascade, "Regulars")
    clock.work()
    assert {what for what, _why in staff.recipients(cascade).values()} == {"sent"}

    staff.press(ANA, "Yes")
    staff.press(BEA, "Luego")
    staff.press(CLEO, "No")
    staff.play(DORA, "answer", "Is it {{ vegan }}?")
    clock.work()
    assert in_group(staff, "Wants colours") == {"Ana Ruiz"}
    assert in_group(staff, "Regulars") == {"Ana Ruiz", "Bea Soto", "Dora Lind", "Eva Mora"}
    answered = staff.see(f"{ADMIN}/cascades/steprun/?cascade={cascade}&outcome=answered")
    for words in ("“Yes”", "“Luego”", "“No”", "“Is it {{ vegan }}?”"):
        assert words in answered

    # Words wait in the inbox; what a button said needs nobody.
    inbox = staff.see(f"{ADMIN}/channels/conversation/")
    thread = f"{ADMIN}/channels/conversation/{first_link(inbox, 'channels/conversation')}/change/"
    assert "Dora Lind" in inbox
    assert "Ana Ruiz" not in inbox
    page = staff.see(thread)
    assert "Would you try our new colours, Dora?" in page
    form = form_with(page, "text")
    for _click in range(2):
        staff.client.post(form.action, filled(form, {"text": "Yes, {{ all }} of it & more"}), follow=True)
    clock.work()
    assert re.search(r"olga .* · <span[^>]*>sent", staff.see(f"{thread}?part=1"))
    got = staff.see(f"{ADMIN}/channels/sandboxmessage/?q={DORA.replace('+', '%2B')}")
    assert unescape(got).count("Yes, {{ all }} of it & more") == 1

    clock.go(timedelta(days=1, hours=1))
    then = staff.recipients(cascade)
    assert {person for person, step in then if step == "Colours/SMS"} == {"Bea Soto", "Eva Mora"}
    clock.go(timedelta(days=2))
    assert staff.ended(cascade) == {
        "Ana Ruiz": "reached", "Bea Soto": "reached", "Cleo Hart": "reached", "Dora Lind": "reached", "Eva Mora": "no reaction",
    }  # fmt: skip
    assert "Pressed a button by Chat" in staff.see(
        f"{ADMIN}/contacts/contact/{staff.number_of('contacts/contact', 'Ana Ruiz')}/change/"
    )
