"""WooCommerce: orders, by the webhooks order.created and order.updated.

Source: developer.woocommerce.com, REST API v3, webhooks and orders. An order tells all of its state every time, so calls may come in any
order: what was told before counts once by the order's number.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from contacts.adapter import Adapter, Call, Happened, News, Who, filled, instant, number, with_amount

_NOT_PLACED = {"checkout-draft", "auto-draft", "trash", "new"}
_OVER = {"cancelled", "refunded", "failed"}


class WooCommerce(Adapter):
    """The secret is the one that stands in the webhook's settings."""

    name = "woocommerce"
    label = "WooCommerce"
    signature_header: ClassVar[str] = "x-wc-webhook-signature"
    id_header: ClassVar[str] = "x-wc-webhook-delivery-id"

    def is_greeting(self, call: Call) -> bool:
        """When it is saved, a webhook calls once with its number and without a signature."""
        return call.body.startswith(b"webhook_id=") and len(call.body) < 40

    def read(self, call: Call) -> Iterator[News]:
        if call.headers.get("x-wc-webhook-resource", "order") != "order":
            return
        order = call.json()
        if "billing" not in order or order.get("status") in _NOT_PLACED:
            return
        billing, status = order["billing"], str(order.get("status", ""))
        who = Who(*(str(billing.get(name) or "") for name in ("email", "phone", "first_name", "last_name")))
        data, key = _data(order), str(order["id"])
        placed = instant(order.get("date_created_gmt") or order.get("date_created"))
        changed = instant(order.get("date_modified_gmt"), placed)
        yield Happened(who, "order", key, placed, data)
        if order.get("date_paid_gmt") or order.get("date_paid"):
            paid = instant(order.get("date_paid_gmt") or order["date_paid"], changed)
            yield Happened(who, "order_paid", key, paid, data)
        if status == "completed":
            yield Happened(who, "order_delivered", key, instant(order.get("date_completed_gmt"), changed), data)
        if status in _OVER:
            yield Happened(who, "order_cancelled", key, changed, data)


def _data(order: dict[str, Any]) -> dict[str, Any]:
    items = [_item(line) for line in order.get("line_items") or []]
    data = filled(
        order=str(order.get("number") or order["id"]), total=number(order.get("total")), currency=str(order.get("currency") or ""),
        items=items, address=_address(order.get("shipping") or {}),
        vouchers=[str(line["code"]) for line in order.get("coupon_lines") or [] if line.get("code")],
    )  # fmt: skip
    return with_amount(data)


def _item(line: dict[str, Any]) -> dict[str, Any]:
    image = line.get("image")
    return filled(
        sku=str(line.get("sku") or ""), name=str(line.get("name") or ""), quantity=number(line.get("quantity")),
        price=number(line.get("price")), image=str(image.get("src") or "") if isinstance(image, dict) else "",
    )  # fmt: skip


def _address(shipping: dict[str, Any]) -> str:
    parts = (str(shipping.get(name) or "") for name in ("address_1", "address_2", "postcode", "city"))
    return ", ".join(part for part in parts if part)
