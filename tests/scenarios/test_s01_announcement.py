"""S01: an announcement by cascade, started by hand. Email to all who have one, SMS to those whom it did not reach."""

from __future__ import annotations

from datetime import timedelta

from tests.scenarios.conftest import Clock
from tests.scenarios.staff import HOURS, MINUTES, Staff

PEOPLE = """Customer ID;First name;Last name;Email;Mobile;Language
1;Ana;Ruiz;ana@x.example;600 100 001;es
2;Bea;Soto;bea@x.example;600 100 002;es
3;Cleo;Hart;cleo@x.example;600 100 003;en
4;Dora;Lind;dora@x.example;600 100 004;en
5;Ева;Орлова;;600 100 005;ru
6;Fay;Mora;fay@x.example;;es
7;Gus;Pons;;;es
8;Hugo;Rey;hugo@x.example;600 100 008;es
"""

TEXTS = {
    ("email", "en"): (
        "Autumn colours",
        '<p>Hello {{ contact.first_name }}</p><p><a href="https://aurora.example/book">Book</a></p>',
    ),
    ("email", "es"): (
        "Colores de otoño",
        '<p>Hola {{ contact.first_name }}</p><p><a href="https://aurora.example/book">Reservar</a></p>',
    ),
    ("sms", "en"): ("", "Autumn colours: https://aurora.example/book STOP to opt out"),
    ("sms", "es"): ("", "Colores: https://aurora.example/book Baja: STOP"),
    ("sms", "ru"): ("", "Осень: https://aurora.example/book Отказ: STOP"),
}


def test_email_first_then_sms_only_to_those_who_did_not_react(staff: Staff, clock: Clock) -> None:
    staff.set_up_shop()
    staff.import_people(clock, PEOPLE, group="Regulars")
    staff.write("Autumn", TEXTS)
    cascade = staff.build(
        "Announcement",
        [
            {"channel": "Email", "message": "Autumn", "wait": (0, MINUTES)},
            {"channel": "SMS", "message": "Autumn", "wait": (4, HOURS), "seen": "clicked"},
        ],
        goal=["order"],
    )

    page = staff.start(cascade, "Regulars", twice=True)
    assert "Start for 8 people" in page

    clock.work()
    # Ева has no email and gets the SMS at once, Gus has nothing at all.
    first = staff.recipients(cascade)
    assert first["Ева Орлова", "Autumn/SMS"][0] == "sent"
    assert first["Gus Pons", "Autumn/Email"] == ("skipped", "No address for this channel.")
    assert first["Ana Ruiz", "Autumn/Email"][0] == "sent"
    assert ("Ana Ruiz", "Autumn/SMS") not in first

    staff.play("ana@x.example", "open")
    staff.play("bea@x.example", "click")
    staff.play("cleo@x.example", "bounce")
    staff.play("hugo@x.example", "opt_out")
    clock.work()
    # A message that bounced moves the person on at once.
    assert staff.recipients(cascade)["Cleo Hart", "Autumn/SMS"][0] == "sent"

    clock.go(timedelta(hours=3, minutes=55))
    assert ("Dora Lind", "Autumn/SMS") not in staff.recipients(cascade)

    clock.go(timedelta(minutes=10))
    then = staff.recipients(cascade)
    assert then["Dora Lind", "Autumn/SMS"][0] == "sent"
    assert then["Fay Mora", "Autumn/SMS"] == ("skipped", "No address for this channel.")
    for reacted in ("Ana Ruiz", "Bea Soto", "Hugo Rey"):
        assert (reacted, "Autumn/SMS") not in then

    staff.play("+34600100004", "answer", "Great, see you!")
    clock.go(timedelta(days=2))
    assert staff.ended(cascade) == {
        "Ana Ruiz": "reached", "Bea Soto": "reached", "Cleo Hart": "no reaction", "Dora Lind": "reached", "Ева Орлова": "no reaction",
        "Fay Mora": "no reaction", "Gus Pons": "could not be reached", "Hugo Rey": "stopped",
    }  # fmt: skip
    numbers = staff.see(f"/admin/cascades/cascade/{cascade}/results/")
    assert "finished" in numbers
