"""What other programs tell of people: contacts, events, consent and bookings, each item taken or refused by itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts import consent
from contacts.models import Booking, Branch, Consent, Contact, Event, SuppressionReason
from tests.contacts.api_caller import Caller, error
from tests.factories import NOW, make_business, make_contact

pytestmark = pytest.mark.django_db
EARLIER = (NOW - timedelta(hours=1)).isoformat()
AGREED = {
    "channel": "email", "given": True, "basis": "express", "source": "form on the website", "wording": "Yes, write to me.", "at": EARLIER,
}  # fmt: skip


@pytest.fixture
def shop() -> Iterator[Caller]:
    make_business()
    with time_machine.travel(NOW, tick=False):
        yield Caller()


@pytest.fixture
def ana(shop: Caller) -> Contact:
    return make_contact("Ana Ruiz", email="ana@example.com", external_id="7", consent=())


# --- contacts ---------------------------------------------------------------------------------------------------------


def test_people_are_made_and_changed_and_one_that_is_wrong_refuses_nobody_else(shop: Caller, ana: Contact) -> None:
    given = [
        {"email": "new@example.com", "first_name": "Leo", "groups": ["VIP"], "attributes": {"visits": 3, "vip": True}},
        {"external_id": "7", "city": "Málaga", "phone": "600 12 34 56"},
        {"external_id": "7", "city": "Málaga"},
        {"email": "no-at-sign"},
        {"first_name": "Nobody"},
        {"email": "x@example.com", "colour": "red"},
        "nonsense",
    ]
    found = shop.results("contacts", given)
    assert [one["status"] for one in found] == ["created", "changed", "unchanged", *["refused"] * 4]
    assert found[3]["error"]["message"] == "email: “no-at-sign” is not an email address: it has no @."
    assert found[5]["error"]["field"] == "colour"
    leo = Contact.objects.get(pk=found[0]["contact"])
    assert (leo.first_name, leo.attributes, [g.name for g in leo.groups.all()]) == (
        "Leo",
        {"visits": 3, "vip": True},
        ["VIP"],
    )
    ana.refresh_from_db()
    assert (ana.city, ana.first_name, sorted(a.normal for a in ana.addresses.all())) == (
        "Málaga", "Ana", ["+34600123456", "ana@example.com"],
    )  # fmt: skip
    assert not Consent.objects.exists()


def test_a_thousand_people_cost_no_more_statements_than_their_portions(shop: Caller) -> None:
    def statements(people: int) -> int:
        rows = [{"email": f"p{people}-{n}@example.com", "first_name": "P"} for n in range(people)]
        with CaptureQueriesContext(connection) as queries:
            assert len(shop.results("contacts", rows)) == people
        return len(queries)

    assert statements(100) == statements(10)


def test_consent_comes_with_its_proof_or_not_at_all(shop: Caller, ana: Contact) -> None:
    found = shop.results(
        "contacts",
        [
            {"external_id": "7", "consents": [AGREED]},
            {"external_id": "7", "consents": [{**AGREED, "channel": "sms", "basis": None}]},
            {"external_id": "7", "consents": [{**AGREED, "channel": "pigeon"}]},
            {"external_id": "7", "consents": [{**AGREED, "at": (NOW + timedelta(1)).isoformat()}]},
        ],
    )
    assert [one["status"] for one in found] == ["unchanged", "refused", "refused", "refused"]
    line = Consent.objects.get()
    assert (line.basis, line.source, line.wording) == (
        "express", "form on the website (Web shop)", "Yes, write to me.",
    )  # fmt: skip
    assert line.at == NOW - timedelta(hours=1)


@pytest.mark.parametrize(
    ("basis", "when", "comes_back"),
    [("express", timedelta(hours=1), True), ("soft", timedelta(hours=1), False), ("express", timedelta(days=3), False)],
)
def test_what_was_withdrawn_comes_back_only_by_an_express_and_later_word(
    shop: Caller, ana: Contact, basis: str, when: timedelta, comes_back: bool
) -> None:
    consent.withdraw(ana.pk, "email", source="link", now=NOW - timedelta(days=2))
    told = {**AGREED, "basis": basis, "at": (NOW - when).isoformat()}
    by_contact = shop.results("contacts", [{"external_id": "7", "consents": [told]}])[0]
    by_line = shop.results("consents", [{**told, "person": {"external_id": "7"}}])[0]
    assert consent.newest([ana.pk])[ana.pk, "email", "marketing"].given is comes_back
    assert bool(by_contact.get("notes")) is not comes_back
    assert (by_line["status"] == "done") is comes_back


def test_who_said_stop_is_not_opened_by_a_program(shop: Caller, ana: Contact) -> None:
    consent.suppress(
        kind="email",
        normal="ana@example.com",
        scope="all",
        reason=SuppressionReason.STOP,
        source="link",
        now=NOW - timedelta(hours=2),
    )
    found = shop.results("consents", [{**AGREED, "person": {"id": ana.pk}}])
    assert found[0]["status"] == "refused"


def test_consent_is_read_as_it_stands(shop: Caller, ana: Contact) -> None:
    shop.results("consents", [{**AGREED, "person": {"id": ana.pk}}])
    withdrawn = {"channel": "email", "given": False, "source": "phone call", "at": NOW.isoformat()}
    shop.results("consents", [{**withdrawn, "person": {"email": "ana@example.com"}}])
    answer = shop.ask("consents", email="ANA@example.com").json()
    assert [(one["channel"], one["given"], one["basis"]) for one in answer["consents"]] == [
        ("email", False, "withdrawal")
    ]
    assert error(shop.ask("consents", email="nobody@example.com")) == (404, "nobody")
    assert error(shop.ask("consents", id=2**60)) == (422, "invalid")


# --- events -----------------------------------------------------------------------------------------------------------

ITEM: dict[str, Any] = {
    "sku": "S1", "name": "Shampoo", "category": "hair", "quantity": 2, "price": "12.50", "image": "https://shop.example/s.jpg",
    "link": "https://shop.example/s",
}  # fmt: skip


def test_an_order_is_the_goal_and_carries_its_items_and_counts_once(shop: Caller, ana: Contact) -> None:
    order = {
        "event": "order_placed", "person": {"email": "ana@example.com"}, "order": "A-17", "total": 25, "currency": "EUR", "items": [ITEM],
    }  # fmt: skip
    assert [one["status"] for one in shop.results("events", [order, order])] == ["done", "known"]
    assert shop.results("events", [order])[0]["status"] == "known"
    event = Event.objects.get()
    assert (event.name, event.key, event.source, event.contact) == ("order", "A-17", "Web shop", ana)
    assert event.data == {
        "order": "A-17", "total": 25, "currency": "EUR", "amount": "25.00 EUR", "items": [{**ITEM, "price": 12.5}],
    }  # fmt: skip
    assert shop.results("events", [{**order, "event": "order_paid"}])[0]["status"] == "done"


def test_every_kind_of_event_has_its_shape(shop: Caller, ana: Contact) -> None:
    who = {"person": {"id": ana.pk}}
    told: list[dict[str, Any]] = [
        {"event": "order_shipped", "order": "1"}, {"event": "order_delivered", "order": "1"}, {"event": "order_cancelled", "order": "1"},
        {"event": "cart_changed", "cart": "c", "items": [ITEM]}, {"event": "cart_emptied", "cart": "c"},
        {"event": "page_viewed", "url": "https://shop.example/hair", "category": "hair"},
        {"event": "form_answered", "form": "taste", "answers": {"colour": "red"}}, {"event": "visit"},
        {"event": "bonus_earned", "data": {"points": 5}},
    ]  # fmt: skip
    assert {one["status"] for one in shop.results("events", [{**who, **one} for one in told])} == {"done"}
    names = set(Event.objects.values_list("name", flat=True))
    assert names == {
        "order_shipped", "order_delivered", "order_cancelled", "cart_changed", "cart_emptied", "page_viewed", "answer", "visit",
        "bonus_earned",
    }  # fmt: skip
    wrong: list[dict[str, Any]] = [
        {"event": "order_placed"}, {"event": "cart_changed", "cart": "c", "items": [{"name": "x", "price": -1}]},
        {"event": "page_viewed", "url": "javascript:alert(1)"}, {"event": "Bad Name"}, {"event": "visit", "data": {}}, {"event": 5}, {},
        {"event": "visit", "at": (NOW + timedelta(days=1)).isoformat()}, {"event": "visit", "at": "2026-11-22T10:00:00"},
    ]  # fmt: skip
    assert {one["status"] for one in shop.results("events", [{**who, **one} for one in wrong])} == {"refused"}


def test_somebody_unknown_is_made_only_where_it_is_asked_for(shop: Caller) -> None:
    visit = {"event": "visit", "person": {"email": "leo@example.com", "first_name": "Leo"}}
    found = shop.results("events", [visit, {**visit, "create": True}, {**visit, "create": True}])
    assert [one["status"] for one in found] == ["refused", "done", "done"]
    assert found[0]["error"]["message"] == "Nobody here has this number or address."
    leo = Contact.objects.get()
    assert (leo.first_name, Event.objects.filter(contact=leo).count()) == ("Leo", 2)
    assert not Consent.objects.exists()


def test_a_family_that_shares_a_phone_is_told_apart_by_name_or_refused(shop: Caller) -> None:
    for name in ("Ana Ruiz", "Leo Ruiz"):
        make_contact(name, phone="+34600123456")
    phone = {"phone": "+34600123456"}
    named = {**phone, "first_name": "Leo", "last_name": "Ruiz"}
    unclear, leo = shop.results("events", [{"event": "visit", "person": phone}, {"event": "visit", "person": named}])
    assert "several people" in unclear["error"]["message"]
    assert leo["contact"] == Contact.objects.get(first_name="Leo").pk


def test_a_thousand_events_cost_as_many_statements_as_ten(shop: Caller, ana: Contact) -> None:
    def statements(count: int) -> int:
        rows = [{"event": "visit", "person": {"id": ana.pk}, "key": f"{count}-{n}"} for n in range(count)]
        with CaptureQueriesContext(connection) as queries:
            shop.results("events", rows)
        return len(queries)

    assert statements(300) == statements(10)


# --- bookings ---------------------------------------------------------------------------------------------------------

SLOT = {
    "number": "B1",
    "title": "Haircut",
    "starts_at": "2026-12-01T10:00:00+01:00",
    "ends_at": "2026-12-01T11:00:00+01:00",
}


def test_a_booking_that_is_sent_again_moves_and_never_doubles(shop: Caller, ana: Contact) -> None:
    Branch.objects.create(name="Centre", time_zone="Atlantic/Canary")
    row = {**SLOT, "person": {"id": ana.pk}, "branch": "centre"}
    assert [shop.results("bookings", [row])[0]["status"] for _ in range(2)] == ["changed", "unchanged"]
    moved = {**row, "starts_at": "2026-12-02T10:00:00+01:00", "ends_at": None}
    assert shop.results("bookings", [moved])[0]["status"] == "changed"
    booking = Booking.objects.get()
    assert (booking.starts_at.day, booking.zone, booking.source) == (2, "Atlantic/Canary", "Web shop")
    assert list(Event.objects.order_by("id").values_list("name", flat=True)) == ["booking_booked", "booking_moved"]


def test_a_known_booking_is_confirmed_ticked_off_and_cancelled_by_its_number(shop: Caller, ana: Contact) -> None:
    who = {"person": {"id": ana.pk}}
    shop.results("bookings", [{**SLOT, **who}])
    for status in ("confirmed", "cancelled", "attended"):
        shop.results("bookings", [{"number": "B1", **who, "status": status}])
    assert Booking.objects.get().status == "cancelled"
    assert list(Event.objects.order_by("id").values_list("name", flat=True)) == [
        "booking_booked",
        "booking_confirmed",
        "booking_cancelled",
    ]


def test_a_booking_that_makes_no_sense_is_refused_alone(shop: Caller, ana: Contact) -> None:
    leo, who = make_contact("Leo"), {"person": {"id": ana.pk}}
    found = shop.results(
        "bookings",
        [
            {**SLOT, **who}, {**SLOT, "person": {"id": leo.pk}}, {"number": "B2", **who},
            {**SLOT, **who, "number": "B3", "status": "cancelled"},
            {**SLOT, **who, "ends_at": "2026-11-30T10:00:00Z"}, {**SLOT, **who, "zone": "Mars/Base"}, {**SLOT, **who, "branch": "Nowhere"},
        ],
    )  # fmt: skip
    assert [one["status"] for one in found] == ["changed", *["refused"] * 6]
    assert Booking.objects.get().contact == ana


def test_bookings_may_come_as_events_too(shop: Caller, ana: Contact) -> None:
    who = {"person": {"email": "ana@example.com"}}
    told = [
        {"event": "booking_booked", "booking": SLOT, **who},
        {"event": "booking_attended", "booking": {"number": "B1"}, **who},
    ]
    assert {one["status"] for one in shop.results("events", told)} == {"changed"}
    assert Booking.objects.get().status == "attended"
