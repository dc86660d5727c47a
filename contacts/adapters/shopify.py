"""Shopify: orders, deliveries and checkouts, by the webhooks orders/*, fulfillments/* and checkouts/*.

Source: shopify.dev, webhooks and the REST resources Order, Fulfillment and Checkout. A cart (carts/*) names nobody and is passed over;
the checkout that grows out of it does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, ClassVar

from contacts.adapter import Adapter, Call, Happened, News, Who, filled, instant, number, with_amount


class Shopify(Adapter):
    """The secret is the one that Shopify shows beneath the list of webhooks, or the app's client secret."""

    name = "shopify"
    label = "Shopify"
    signature_header: ClassVar[str] = "x-shopify-hmac-sha256"
    id_header: ClassVar[str] = "x-shopify-webhook-id"

    def read(self, call: Call) -> Iterator[News]:
        what = call.headers.get("x-shopify-topic", "").partition("/")[0]
        readers = {"orders": _order, "fulfillments": _fulfillment, "checkouts": _checkout}
        if what in readers:
            yield from readers[what](call.json())


def _order(order: dict[str, Any]) -> Iterator[News]:
    who, key = _who(order), str(order["id"])
    placed = instant(order["created_at"])
    changed = instant(order.get("updated_at"), placed)
    data = with_amount(
        filled(
            order=str(order.get("name") or key), total=number(order.get("total_price")), currency=str(order.get("currency") or ""),
            items=[_item(line) for line in order.get("line_items") or []], link=str(order.get("order_status_url") or ""),
            vouchers=[str(one["code"]) for one in order.get("discount_codes") or [] if one.get("code")],
        )
    )  # fmt: skip
    yield Happened(who, "order", key, placed, data)
    if order.get("financial_status") == "paid":
        yield Happened(who, "order_paid", key, instant(order.get("processed_at"), changed), data)
    if order.get("fulfillment_status") == "fulfilled":
        yield Happened(who, "order_shipped", key, changed, data)
    if order.get("cancelled_at"):
        yield Happened(who, "order_cancelled", key, instant(order["cancelled_at"]), data)


def _fulfillment(sent: dict[str, Any]) -> Iterator[News]:
    key, at = str(sent["order_id"]), instant(sent.get("updated_at") or sent["created_at"])
    data = filled(order=str(sent.get("name") or key).partition(".")[0], link=str(sent.get("tracking_url") or ""))
    if sent.get("shipment_status") == "delivered":
        yield Happened(_who(sent), "order_delivered", key, at, data)
    elif sent.get("status") == "success":
        yield Happened(_who(sent), "order_shipped", key, at, data)


def _checkout(checkout: dict[str, Any]) -> Iterator[News]:
    who = _who(checkout)
    if checkout.get("completed_at") or not (who.email or who.phone):
        return
    cart, at = str(checkout["token"]), instant(checkout.get("updated_at") or checkout["created_at"])
    items = [_item(line) for line in checkout.get("line_items") or []]
    data = filled(
        cart=cart, items=items, total=number(checkout.get("total_price")), currency=str(checkout.get("currency") or ""),
        link=str(checkout.get("abandoned_checkout_url") or ""),
    )  # fmt: skip
    yield Happened(who, "cart_changed" if items else "cart_emptied", f"{cart[:60]}:{at.isoformat()}", at, data)


def _who(told: dict[str, Any]) -> Who:
    """The buyer: what stands on the order itself, else on the customer or the place it is sent to."""
    others = [one for one in (told.get("customer"), told.get("shipping_address"), told.get("billing_address")) if one]
    others += [told["destination"]] if told.get("destination") else []

    def first(*names: str) -> str:
        found = (str(one[name]) for one in (told, *others) for name in names if isinstance(one, dict) and one.get(name))
        return next(found, "")

    return Who(first("email", "contact_email"), first("phone"), first("first_name"), first("last_name"))


def _item(line: dict[str, Any]) -> dict[str, Any]:
    return filled(
        sku=str(line.get("sku") or ""), name=str(line.get("title") or line.get("name") or ""), quantity=number(line.get("quantity")),
        price=number(line.get("price")), category=str(line.get("product_type") or ""),
    )  # fmt: skip
