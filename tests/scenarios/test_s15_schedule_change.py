"""S15: the class moved. Urgent and transactional: all the way down the cascade within minutes, at night and without marketing consent."""

from __future__ import annotations

from datetime import timedelta

from tests.scenarios.conftest import Clock
from tests.scenarios.staff import MINUTES, Staff

PEOPLE = """Name,Surname,Email,Phone,Language
Ana,Ruiz,ana@x.example,+34600100001,es
Bea,Soto,bea@x.example,+34600100002,es
Cleo,Hart,,+34600100003,en
Dora,Lind,dora@x.example,+34600100004,en
"""

TEXTS = {
    ("email", "en"): (
        "Your class moves",
        '<p>Today at six instead of five. <a href="https://aurora.example/ok">Fine</a></p>',
    ),
    ("sms", "en"): ("", "Your class moves: today at six instead of five. https://aurora.example/ok"),
}


def test_everyone_hears_of_it_within_minutes_even_at_night_and_without_consent(staff: Staff, clock: Clock) -> None:
    staff.set_up_shop()
    staff.import_people(clock, PEOPLE, group="Monday class", consent=False)
    staff.write("Moved", TEXTS, purpose="transactional", urgent="on")
    cascade = staff.build(
        "Class moved",
        [
            {"channel": "Email", "message": "Moved", "wait": (0, MINUTES), "valid": (30, MINUTES)},
            {"channel": "SMS", "message": "Moved", "wait": (10, MINUTES), "seen": "clicked", "valid": (30, MINUTES)},
        ],
        goal=[],
    )
    clock.traveller.shift(timedelta(hours=13, minutes=30))  # half past eleven at night in Madrid
    staff.start(cascade, "Monday class")
    clock.work()

    first = staff.recipients(cascade)
    assert first["Ana Ruiz", "Moved/Email"][0] == "sent"
    assert first["Cleo Hart", "Moved/SMS"][0] == "sent"

    staff.play("ana@x.example", "open")
    clock.go(timedelta(minutes=5))
    assert ("Bea Soto", "Moved/SMS") not in staff.recipients(cascade)
    clock.go(timedelta(minutes=6))
    then = staff.recipients(cascade)
    assert then["Bea Soto", "Moved/SMS"][0] == "sent"
    assert then["Dora Lind", "Moved/SMS"][0] == "sent"
    assert ("Ana Ruiz", "Moved/SMS") not in then

    staff.play("+34600100002", "click")
    staff.play("+34600100004", "answer", "ok")
    clock.go(timedelta(days=2))
    assert staff.ended(cascade) == {
        "Ana Ruiz": "reached", "Bea Soto": "reached", "Cleo Hart": "no reaction", "Dora Lind": "reached",
    }  # fmt: skip


def test_what_is_not_urgent_waits_for_the_morning_and_says_so(staff: Staff, clock: Clock) -> None:
    staff.set_up_shop()
    staff.import_people(clock, PEOPLE, group="Monday class", consent=False)
    staff.write("Receipt", TEXTS, purpose="transactional")
    cascade = staff.build("Receipts", [{"channel": "Email", "message": "Receipt", "wait": (0, MINUTES)}], goal=[])
    clock.traveller.shift(timedelta(hours=13, minutes=30))
    staff.start(cascade, "Monday class")
    clock.work()
    outcome, why = staff.recipients(cascade)["Ana Ruiz", "Receipt/Email"]
    assert outcome == "waiting"
    assert "08:00" in why
    clock.go(timedelta(hours=8, minutes=29))
    assert staff.recipients(cascade)["Ana Ruiz", "Receipt/Email"][0] == "waiting"
    clock.go(timedelta(minutes=2))
    assert staff.recipients(cascade)["Ana Ruiz", "Receipt/Email"][0] == "sent"
