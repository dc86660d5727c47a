"""Calls as WooCommerce, Shopify and YCLIENTS make them: their documented bodies, shortened, and signed as they sign."""

from __future__ import annotations

import base64
import hmac
import json
from dataclasses import dataclass, field
from typing import Any

SECRET = "the shop's own secret"

WOO_ORDER: dict[str, Any] = {
    "id": 727, "parent_id": 0, "number": "727", "order_key": "wc_order_58d2d042d1d", "created_via": "checkout", "status": "processing",
    "currency": "EUR", "date_created": "2026-11-20T18:01:14", "date_created_gmt": "2026-11-20T17:01:14",
    "date_modified": "2026-11-20T18:02:00", "date_modified_gmt": "2026-11-20T17:02:00", "total": "39.35", "customer_id": 26,
    "billing": {
        "first_name": "Ana", "last_name": "Ruiz", "address_1": "Calle Mayor 1", "city": "Madrid", "postcode": "28001", "country": "ES",
        "email": "ana@example.com", "phone": "600 123 456",
    },
    "shipping": {"first_name": "Ana", "last_name": "Ruiz", "address_1": "Calle Mayor 1", "city": "Madrid", "postcode": "28001"},
    "payment_method": "bacs", "date_paid": "2026-11-20T18:01:30", "date_paid_gmt": "2026-11-20T17:01:30", "date_completed_gmt": None,
    "line_items": [
        {"id": 315, "name": "Shampoo", "product_id": 93, "quantity": 2, "subtotal": "6.00", "total": "6.00", "sku": "S-1", "price": 3,
         "image": {"id": "12", "src": "https://shop.example/s.jpg"}},
    ],
}  # fmt: skip
SHOPIFY_ORDER: dict[str, Any] = {
    "id": 820982911946154508, "admin_graphql_api_id": "gid://shopify/Order/820982911946154508", "email": "ana@example.com",
    "contact_email": "ana@example.com", "phone": None, "name": "#9999", "order_number": 1234, "currency": "USD",
    "created_at": "2026-11-20T12:20:53-05:00", "updated_at": "2026-11-20T12:21:53-05:00", "processed_at": "2026-11-20T12:20:53-05:00",
    "cancelled_at": None, "financial_status": "paid", "fulfillment_status": None, "total_price": "388.00",
    "order_status_url": "https://shop.example/orders/123456abcd/authenticate?key=abcdefg",
    "customer": {"id": 115310627314723954, "email": "ana@example.com", "first_name": "Ana", "last_name": "Ruiz", "phone": None},
    "line_items": [{"id": 866550311766439020, "title": "IPod Nano", "name": "IPod Nano", "quantity": 1, "price": "199.00", "sku": "IPOD"}],
}  # fmt: skip
SHOPIFY_CHECKOUT: dict[str, Any] = {
    "id": 981820079255243500, "token": "123123123", "cart_token": "eeafa272cebfd4b22385bc4b645e762c", "email": "ana@example.com",
    "created_at": "2026-11-20T12:20:53-05:00", "updated_at": "2026-11-20T12:20:53-05:00", "completed_at": None, "phone": None,
    "line_items": [{"key": "1", "quantity": 5, "sku": "", "title": "Big Brown Bear Boots", "price": "74.99"}], "currency": "USD",
    "abandoned_checkout_url": "https://shop.example/548380009/checkouts/123123123/recover?key=example-secret-token",
    "total_price": "374.95", "customer": {"email": "ana@example.com", "first_name": "Ana", "last_name": "Ruiz"},
}  # fmt: skip
YCLIENTS_RECORD: dict[str, Any] = {
    "company_id": 4564, "resource": "record", "resource_id": 28194, "status": "create",
    "data": {
        "id": 28194, "company_id": 4564, "staff_id": 9, "services": [{"id": 1, "title": "Haircut", "cost": 100, "amount": 1}],
        "staff": {"id": 9, "name": "Vera", "specialization": "hairdresser"},
        "client": {"id": 2, "name": "Ana Ruiz", "phone": "+34600123456", "email": "ana@example.com"},
        "date": "2026-12-01 13:00:00", "datetime": "2026-12-01T13:00:00+03:00", "create_date": "2026-11-20T12:00:00+03:00",
        "seance_length": 3600, "attendance": 0, "visit_attendance": 0, "confirmed": 1, "deleted": False, "activity_id": 0,
    },
}  # fmt: skip


@dataclass(frozen=True)
class Sample:
    """An adapter's first call: its body, the headers beside the signature, and what it must become."""

    adapter: str
    body: dict[str, Any]
    names: set[str]
    headers: dict[str, str] = field(default_factory=dict)
    id_header: str = ""
    signature: str = ""


SAMPLES = {
    one.adapter: one
    for one in (
        Sample(
            "woocommerce", WOO_ORDER, {"order", "order_paid"}, {"X-WC-Webhook-Topic": "order.created", "X-WC-Webhook-Resource": "order"},
            "X-WC-Webhook-Delivery-ID", "X-WC-Webhook-Signature",
        ),
        Sample(
            "shopify", SHOPIFY_ORDER, {"order", "order_paid"}, {"X-Shopify-Topic": "orders/create"}, "X-Shopify-Webhook-Id",
            "X-Shopify-Hmac-Sha256",
        ),
        Sample("yclients", YCLIENTS_RECORD, {"booking_booked"}),
    )
}  # fmt: skip


def signed(sample: Sample, body: bytes, number: str, **headers: str) -> dict[str, str]:
    """The headers of a call with this body."""
    found = {**sample.headers, **headers}
    if sample.id_header:
        found[sample.id_header] = number
    if sample.signature:
        digest = hmac.digest(SECRET.encode(), body, "sha256")
        found[sample.signature] = base64.b64encode(digest).decode()
    return found


def changed(body: dict[str, Any], **fields: Any) -> bytes:
    return json.dumps({**body, **fields}).encode()
