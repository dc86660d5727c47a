"""S04: different texts on one channel. Three emails at different times; only an order ends it."""

from __future__ import annotations

from datetime import timedelta

from tests.scenarios.conftest import Clock
from tests.scenarios.staff import DAYS, MINUTES, Staff

PEOPLE = """First name,Last name,Email,Language
Ana,Ruiz,ana@x.example,es
Bea,Soto,bea@x.example,es
Cleo,Hart,cleo@x.example,en
Dora,Lind,dora@x.example,en
"""


def one(subject: str, line: str) -> dict[tuple[str, str], tuple[str, str]]:
    return {("email", "en"): (subject, f'<p>{line} <a href="https://aurora.example/book">Book</a></p>')}


def test_three_emails_at_their_times_until_the_order_and_not_a_minute_longer(staff: Staff, clock: Clock) -> None:
    staff.set_up_shop()
    staff.import_people(clock, PEOPLE, group="Everyone")
    for name, line in (("Offer", "A new colour."), ("Reminder", "Still there."), ("Product", "This one is yours.")):
        staff.write(name, one(name, line))
    cascade = staff.build(
        "Three emails",
        [
            {"channel": "Email", "message": "Offer", "wait": (0, MINUTES), "seen": "nothing"},
            {"channel": "Email", "message": "Reminder", "wait": (1, DAYS), "seen": "nothing"},
            {"channel": "Email", "message": "Product", "wait": (2, DAYS), "seen": "nothing"},
        ],
        goal=["order"],
    )
    staff.start(cascade, "Everyone")
    clock.work()
    assert {step for (_, step) in staff.recipients(cascade)} == {"Offer/Email"}

    # An opening and a click end nothing here; an order, played or told at the counter, does.
    staff.play("ana@x.example", "open")
    staff.play("bea@x.example", "click")
    staff.play("cleo@x.example", "order")
    clock.work()
    assert staff.ended(cascade)["Cleo Hart"] == "reached"

    clock.go(timedelta(hours=23))
    assert {step for (_, step) in staff.recipients(cascade)} == {"Offer/Email"}
    clock.go(timedelta(hours=2))
    second = {person for (person, step) in staff.recipients(cascade) if step == "Reminder/Email"}
    assert second == {"Ana Ruiz", "Bea Soto", "Dora Lind"}

    staff.bought("Dora")
    clock.go(timedelta(days=2, hours=1))
    third = {person for (person, step) in staff.recipients(cascade) if step == "Product/Email"}
    assert third == {"Ana Ruiz", "Bea Soto"}

    clock.go(timedelta(days=2))
    assert staff.ended(cascade) == {
        "Ana Ruiz": "no reaction", "Bea Soto": "no reaction", "Cleo Hart": "reached", "Dora Lind": "reached",
    }  # fmt: skip
