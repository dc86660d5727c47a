"""Purchases and bookings from a table: a second time doubles nothing, and a booking moves."""

from __future__ import annotations

from datetime import timedelta
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from contacts import tables
from contacts.models import Booking, Branch, Contact, Event
from tests.contacts.staff import said_of, sign_in
from tests.factories import NOW, make_business, make_contact

pytestmark = pytest.mark.django_db


@pytest.fixture
def ana() -> Contact:
    make_business()
    return make_contact("Ana Ruiz", email="ana@example.com", phone="+34600123456")


def buy(text: str) -> list[tables.Line]:
    return tables.purchases(BytesIO(text.encode()), now=NOW, operator_id=None)


def book(text: str) -> list[tables.Line]:
    return tables.appointments(BytesIO(text.encode()), now=NOW, operator_id=None)


def test_lines_of_one_number_are_one_purchase_and_count_once(ana: Contact) -> None:
    text = (
        "Order number;Date;Email;Total;Product;Quantity;Price\n"
        "A1;2026-11-20 18:30;ana@example.com;1.234,50;Shampoo;2;600\n"
        "A1;2026-11-20 18:30;ana@example.com;1.234,50;Comb;1;34,5\n"
        ";2026-11-21;ana@example.com;9;Soap;1;9\n"
    )
    assert [(one.line, one.taken, one.sentence) for one in buy(text)] == [(n, True, "Noted.") for n in (2, 3, 4)]
    assert {one.sentence for one in buy(text)} == {"Was here already."}
    order = Event.objects.get(key="A1")
    assert order.data == {
        "order": "A1", "total": 1234.5, "currency": "EUR", "amount": "1234.50 EUR",
        "items": [{"name": "Shampoo", "quantity": 2, "price": 600}, {"name": "Comb", "quantity": 1, "price": 34.5}],
    }  # fmt: skip
    assert (order.name, order.contact, order.at.isoformat()) == ("order", ana, "2026-11-20T17:30:00+00:00")
    assert Event.objects.count() == 2


def test_a_row_that_is_wrong_is_refused_with_a_sentence_and_the_others_are_taken(ana: Contact) -> None:
    found = buy(
        "date,phone,total\n2026-11-20,600 123 456,5\n2026-11-20,600 000 000,5\n2027-11-20,600123456,5\n2026-02-31,600123456,5\n"
        "2026-11-20,600123456,five\n2026-11-20,600123456,5..\n"
    )
    assert [one.taken for one in found] == [True, False, False, False, True, True]
    assert "Nobody here" in found[1].sentence
    assert "not a date that exists" in found[3].sentence


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a,b\n1,2\n", "no column with"), ("date,email\n03/04/2026,ana@example.com\n", "may be two dates"), ("", "empty"),
        ("date,email\n" + "2026-11-20,ana@example.com\n" * 2001, "at most 2000 rows"),
    ],
)  # fmt: skip
def test_a_table_that_cannot_be_read_says_why(ana: Contact, text: str, said: str) -> None:
    with pytest.raises(tables.BadTable, match=said):
        buy(text)


BOOKINGS = "Number;Date;Time;Ends;Service;Kind;Status;Branch;Email\n"


def test_a_table_of_bookings_enters_moves_and_ticks_off(ana: Contact) -> None:
    Branch.objects.create(name="Centre", time_zone="Atlantic/Canary")
    row = "B1;2026-12-01;10:00;11:30;Haircut;class;{};Centre;ana@example.com\n"
    assert [one.sentence for one in book(BOOKINGS + row.format(""))] == ["Entered or changed."]
    assert [one.sentence for one in book(BOOKINGS + row.format("booked"))] == ["Was here already."]
    booking = Booking.objects.get()
    assert (booking.title, booking.kind, booking.zone) == ("Haircut", "class", "Atlantic/Canary")
    assert (booking.local().hour, (booking.ends_at or NOW) - booking.starts_at) == (10, timedelta(minutes=90))
    book(BOOKINGS + row.replace("2026-12-01", "2026-12-02").format("confirmed"))
    book(BOOKINGS + row.replace("2026-12-01", "2026-12-02").format("came"))
    booking.refresh_from_db()
    assert (booking.starts_at.day, booking.status, Booking.objects.count()) == (2, "attended", 1)
    names = list(Event.objects.order_by("id").values_list("name", flat=True))
    assert names == ["booking_booked", "booking_moved", "booking_confirmed", "booking_attended"]


def test_bookings_that_make_no_sense_are_refused_alone(ana: Contact) -> None:
    make_contact("Leo", email="leo@example.com")
    found = book(
        BOOKINGS + "B1;2026-12-01;10:00;;Cut;;;;ana@example.com\nB1;2026-12-01;10:00;;Cut;;;;leo@example.com\n"
        ";2026-12-01;10:00;;Cut;;;;ana@example.com\nB2;2026-12-01;10:00;09:00;Cut;;;;ana@example.com\n"
        "B3;2026-12-01;10:00;;Cut;;maybe;;ana@example.com\nB4;2026-12-01;10:00;;Cut;;;Nowhere;ana@example.com\n"
    )
    assert [one.taken for one in found] == [True, *[False] * 5]
    assert Booking.objects.count() == 1


def test_staff_see_what_a_table_would_do_before_it_does_it(ana: Contact) -> None:
    marketer, page = sign_in("Marketer"), reverse("admin:contacts_event_import_table")

    def send(**more: str) -> str:
        file = SimpleUploadedFile(
            "p.csv", b"date,email,total\n2026-11-20,ana@example.com,5\n2026-11-20,x@example.com,5\n"
        )
        return said_of(marketer.post(page, {"file": file, **more}))

    assert marketer.get(page).status_code == 200
    text = send()
    assert "It would take in 1 and refuse 1" in text
    assert not Event.objects.exists()
    assert "Taken in: 1. Refused: 1." in send(take_in="1")
    assert Event.objects.count() == 1
    assert page in said_of(marketer.get(reverse("admin:contacts_event_changelist")))
    assert marketer.get(reverse("admin:contacts_booking_import_table")).status_code == 200
    assert sign_in("Front desk").get(page).status_code == 403
