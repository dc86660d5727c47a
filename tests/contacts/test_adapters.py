"""Every registered adapter keeps the contract, and each of them reads what its system's manual shows."""

from __future__ import annotations

import json
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from contacts import adapter, connections
from contacts.models import Booking, Connection, Contact, Event, Received
from tests.contacts.adapter_calls import (
    SAMPLES,
    SECRET,
    SHOPIFY_CHECKOUT,
    SHOPIFY_ORDER,
    WOO_ORDER,
    YCLIENTS_RECORD,
    Sample,
    changed,
    signed,
)
from tests.contacts.staff import said_of, sign_in
from tests.factories import NOW, make_business

pytestmark = pytest.mark.django_db


class Shop:
    """A system that calls us."""

    def __init__(self, name: str) -> None:
        make_business()
        self.sample: Sample = SAMPLES[name]
        self.connection = Connection(name=f"Our {name}", adapter=name)
        self.connection.secret = SECRET
        self.connection.save()

    def call(self, body: bytes | None = None, number: str = "1", **headers: str) -> int:
        raw = json.dumps(self.sample.body).encode() if body is None else body
        return self.send(raw, signed(self.sample, raw, number, **headers))

    def send(self, raw: bytes, headers: dict[str, str]) -> int:
        address = reverse("connection_hook", args=[self.connection.hook])
        return Client().post(address, raw, content_type="application/json", headers=headers).status_code

    def applied(self) -> list[tuple[str, str]]:
        connections.apply_received(NOW)
        return list(Received.objects.order_by("id").values_list("state", "problem"))


@pytest.fixture(params=adapter.names())
def shop(request: Any) -> Shop:
    return Shop(request.param)


def test_every_adapter_has_a_sample_to_be_tried_with() -> None:
    assert set(adapter.names()) == set(SAMPLES)


def test_what_the_manual_shows_becomes_events_of_a_new_person_without_consent(shop: Shop) -> None:
    assert shop.call() == 200
    assert not Event.objects.exists()
    assert shop.applied() == [("applied", "")]
    ana = Contact.objects.get()
    assert (ana.first_name, ana.consents.count()) == ("Ana", 0)
    assert "ana@example.com" in ana.addresses.values_list("normal", flat=True)
    assert set(ana.events.values_list("name", flat=True)) == shop.sample.names


def test_a_call_that_comes_again_is_stored_once_and_one_that_says_the_same_anew_changes_nothing(shop: Shop) -> None:
    assert [shop.call(), shop.call()] == [200, 200]
    assert Received.objects.count() == 1
    shop.call(json.dumps({**shop.sample.body, "more": 1}).encode(), number="2")
    assert len(shop.applied()) == 2
    assert Event.objects.count() == len(shop.sample.names)
    assert Booking.objects.count() <= 1


def test_a_call_that_is_not_proven_is_refused_and_not_kept(shop: Shop) -> None:
    raw = json.dumps(shop.sample.body).encode()
    if shop.sample.signature:
        assert shop.send(raw, shop.sample.headers) == 403
        assert shop.send(raw + b" ", signed(shop.sample, raw, "1")) == 403
        shop.connection.secret = ""
        shop.connection.save()
        assert shop.call() == 403
    shop.connection.hook = "guessed"
    assert shop.send(raw, signed(shop.sample, raw, "1")) == 404
    assert not Received.objects.exists()


NONSENSE = (
    b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"id": 1}', b'{"billing": 5, "id": []}', b'{"resource": "record", "data": 5}', b"[" * 9000,
    b'{"id": 1, "created_at": "never", "billing": {}, "line_items": 5}', b'{"resource": "record", "data": {"client": {"phone": "x"}}}',
    b'{"resource": "record", "data": {"id": 1, "client": {"phone": "+34600123456"}, "datetime": "x", "services": 4}}',
)  # fmt: skip


@pytest.mark.parametrize("where", range(len(NONSENSE)))
def test_nonsense_is_kept_and_never_an_error(shop: Shop, where: int) -> None:
    assert shop.call(NONSENSE[where]) == 200
    ((state, problem),) = shop.applied()
    assert bool(problem) is (state == "refused")
    assert not Event.objects.exists()


def test_a_call_beyond_all_measure_is_refused(shop: Shop) -> None:
    assert shop.call(b" " * 1_000_001) == 413
    assert shop.call(b" " * 2_700_000) == 413


def test_where_nobody_is_to_be_added_a_stranger_is_told_to_staff(shop: Shop) -> None:
    Connection.objects.update(create_people=False)
    shop.call()
    assert shop.applied() == [("refused", "Nobody here has this number or address.")]
    assert not Contact.objects.exists()


# --- each by itself ---------------------------------------------------------------------------------------------------


def test_woocommerce_tells_an_order_with_its_items_and_how_it_goes_on() -> None:
    shop = Shop("woocommerce")
    shop.call()
    shop.call(changed(WOO_ORDER, status="completed", date_completed_gmt="2026-11-21T10:00:00"), "2")
    shop.call(changed(WOO_ORDER, id=728, number="728", status="cancelled", date_paid=None, date_paid_gmt=None), "3")
    shop.call(changed(WOO_ORDER, id=729, status="checkout-draft"), "4")
    shop.applied()
    order = Event.objects.get(name="order", key="727")
    assert order.data == {
        "order": "727", "total": 39.35, "currency": "EUR", "amount": "39.35 EUR", "address": "Calle Mayor 1, 28001, Madrid",
        "items": [{"sku": "S-1", "name": "Shampoo", "quantity": 2, "price": 3, "image": "https://shop.example/s.jpg"}],
    }  # fmt: skip
    assert order.at.isoformat() == "2026-11-20T17:01:14+00:00"
    told = list(Event.objects.order_by("key", "name").values_list("key", "name"))
    assert told == [
        ("727", "order"), ("727", "order_delivered"), ("727", "order_paid"), ("728", "order"), ("728", "order_cancelled"),
    ]  # fmt: skip


def test_woocommerce_greets_when_a_webhook_is_saved() -> None:
    shop = Shop("woocommerce")
    assert shop.send(b"webhook_id=17", {}) == 200
    assert not Received.objects.exists()


def test_shopify_tells_of_a_checkout_that_was_left_and_of_the_parcel() -> None:
    shop = Shop("shopify")
    checkout = json.dumps(SHOPIFY_CHECKOUT).encode()
    shop.call(checkout, "1", **{"X-Shopify-Topic": "checkouts/update"})
    done = changed(SHOPIFY_CHECKOUT, completed_at="2026-11-20T13:00:00-05:00", updated_at="2026-11-20T13:00:00-05:00")
    shop.call(done, "2", **{"X-Shopify-Topic": "checkouts/update"})
    parcel = {
        "id": 1, "order_id": 820982911946154508, "status": "success", "created_at": "2026-11-21T12:00:00-05:00", "name": "#9999.1",
        "email": "ana@example.com", "shipment_status": None, "tracking_url": "https://parcel.example/1",
    }  # fmt: skip
    shop.call(json.dumps(parcel).encode(), "3", **{"X-Shopify-Topic": "fulfillments/create"})
    shop.call(changed(parcel, shipment_status="delivered"), "4", **{"X-Shopify-Topic": "fulfillments/update"})
    shop.call(
        changed(SHOPIFY_ORDER, cancelled_at="2026-11-22T12:00:00-05:00"), "5", **{"X-Shopify-Topic": "orders/updated"}
    )
    shop.call(b'{"token": "eeafa272", "line_items": []}', "6", **{"X-Shopify-Topic": "carts/update"})
    assert {state for state, _problem in shop.applied()} == {"applied"}
    cart = Event.objects.get(name="cart_changed")
    assert (cart.data["cart"], cart.data["total"], cart.data["items"][0]["name"]) == (
        "123123123",
        374.95,
        "Big Brown Bear Boots",
    )
    names = list(Event.objects.order_by("name").values_list("name", flat=True))
    assert names == ["cart_changed", "order", "order_cancelled", "order_delivered", "order_paid", "order_shipped"]
    assert Event.objects.get(name="order_shipped").data["order"] == "#9999"


def test_yclients_books_moves_confirms_and_cancels() -> None:
    shop = Shop("yclients")

    def tell(status: str = "update", **fields: Any) -> Booking:
        shop.call(changed(YCLIENTS_RECORD, status=status, data={**YCLIENTS_RECORD["data"], **fields}))
        shop.applied()
        return Booking.objects.get()

    booking = tell("create")
    assert (booking.title, booking.starts_at.hour, booking.source) == ("Haircut", 10, shop.connection.source)
    assert booking.ends_at is not None
    assert (booking.ends_at - booking.starts_at).seconds == 3600
    assert tell(attendance=2).status == "confirmed"
    assert tell(datetime="2026-12-02T13:00:00+03:00").starts_at.day == 2
    assert tell(datetime="2026-12-02T13:00:00+03:00", attendance=1).status == "attended"
    assert tell("delete", attendance=0).status == "attended"
    names = list(Event.objects.order_by("id").values_list("name", flat=True))
    assert names == ["booking_booked", "booking_confirmed", "booking_moved", "booking_attended"]


def test_staff_connect_a_shop_and_never_see_its_secret_again() -> None:
    make_business()
    owner = sign_in("Owner")
    add = reverse("admin:contacts_connection_add")
    wanted = {"name": "Shop", "adapter": "shopify", "create_people": "on"}
    assert "enter the secret" in said_of(owner.post(add, wanted))
    assert owner.post(add, {**wanted, "secret": SECRET}).status_code == 302
    made = Connection.objects.get()
    page = reverse("admin:contacts_connection_change", args=[made.pk])
    text = said_of(owner.get(page))
    assert f"http://127.0.0.1:8000/hooks/in/{made.hook}/" in text
    assert SECRET not in text
    owner.post(page, {"name": "Our shop", "secret": "", "create_people": "on", "active": "on"})
    made.refresh_from_db()
    assert (made.name, made.secret, SECRET in made.sealed) == ("Our shop", SECRET, False)
    assert sign_in("Marketer").get(page).status_code == 403
