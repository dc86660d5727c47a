"""A person, a booking and an order that do not exist, of whom everything is known: for trying a text out."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from django.utils.translation import gettext


def sample_context(*, born: date = date(1990, 5, 17)) -> dict[str, Any]:
    """A person who does not exist, of whom everything is known: for trying a text out."""
    contact = {
        "first_name": "Ana", "last_name": "Ruiz", "full_name": "Ana Ruiz", "city": "Madrid", "birth_date": born, "language": "en",
        "branch": "Centro", "number": "1001",
    }  # fmt: skip
    happened = dict.fromkeys(("event", "cart", "order", "page"), sample_event())
    return {
        "contact": contact,
        "student": contact,
        "booking": sample_booking(),
        "goes_with": sample_event()["items"],
        **happened,
    }


def sample_booking() -> dict[str, Any]:
    """A booking that does not exist, with all its fields."""
    starts, ends = datetime(2027, 3, 9, 10, 30, tzinfo=UTC), datetime(2027, 3, 9, 11, 15, tzinfo=UTC)
    return {
        "title": gettext("Haircut"), "kind": gettext("appointment"), "starts_at": starts, "ends_at": ends, "place": "Calle Mayor 1",
        "branch": "Centro", "status": "booked",
    }  # fmt: skip


def sample_event() -> dict[str, Any]:
    """What happened, with all the details that the API knows of a cart, an order, a visited page or a visit."""
    shop = "https://shop.example"
    oil = {"sku": "OIL-1", "name": gettext("Hair oil"), "category": "care", "quantity": 1, "price": "18.00"}
    cut = {"sku": "CUT-2", "name": gettext("Haircut"), "category": "hair", "quantity": 1, "price": "30.00"}
    items = [{**one, "link": f"{shop}/{one['sku']}", "image": f"{shop}/{one['sku']}.jpg"} for one in (oil, cut)]
    return {
        "name": "order", "at": datetime(2027, 3, 8, 17, 5, tzinfo=UTC), "order": "10045", "cart": "A-17", "total": "48.00",
        "currency": "EUR", "items": items, "link": f"{shop}/10045", "address": "Calle Mayor 1, Madrid", "place": "Centro",
        "pick_up_at": "2027-03-10T12:00:00+01:00", "note": "", "url": f"{shop}/colours", "title": gettext("Haircut"), "category": "hair",
        "branch": "Centro",
    }  # fmt: skip
