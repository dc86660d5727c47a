"""A path into what was told, also to the things in a list: the databases and plain Python read it alike, whatever was put in."""

from __future__ import annotations

from typing import Any

import pytest

from contacts import details
from contacts.events import Fact, record_many
from contacts.models import Event
from tests.factories import NOW, make_contact

pytestmark = pytest.mark.django_db

ORDERS: dict[str, Any] = {
    "hair": {"total": 60, "items": [{"sku": "S1", "category": "Hair", "price": "12.50"}, {"sku": "S2", "category": "Nails"}]},
    "nails": {"total": "49.90", "paid": True, "items": [{"sku": "S2", "category": "nails", "quantity": 3, "maker": {"city": "Lyon"}}]},
    "empty": {"items": []},
    "bare": {},
    "odd": {"items": ["Hair", 7, None, {"category": None}, [{"category": "Hair"}]]},
    "text": {"items": "Hair", "total": "much"},
    "object": {"items": {"category": "Hair"}},
    "nested": {"items": {"list": [{"category": "Hair"}]}, "total": ""},
}  # fmt: skip
ASKED: list[tuple[str, str, Any, str]] = [
    ("items[].category", "is", "hair", "hair"),
    ("items[].category", "not", "hair", "bare empty nails nested object odd text"),
    ("items[].category", "contains", "AIL", "hair nails"),
    ("items[].sku", "is", "S2", "hair nails"),
    ("items[].quantity", "least", 3, "nails"),
    ("items[].price", "most", 12.5, "hair"),
    ("items[].maker.city", "is", "lyon", "nails"),
    ("items.list[].category", "is", "Hair", "nested"),
    ("total", "least", 50, "hair"),
    ("total", "most", 49.9, "nails"),
    ("total", "is", "60.0", "hair"),
    ("total", "not", 60, "bare empty nails nested object odd text"),
    ("paid", "is", True, "nails"),
    ("total", "least", "much", ""),
]


@pytest.mark.parametrize(("path", "how", "value", "found"), ASKED)
def test_a_path_leads_to_the_things_in_a_list_the_same_in_the_database_and_at_hand(
    path: str, how: str, value: Any, found: str
) -> None:
    ana = make_contact("Ana", consent=())
    record_many([Fact(ana.pk, "order", NOW, key, data) for key, data in ORDERS.items()], now=NOW)
    assert details.PATH.match(path)
    asked = [{"field": path, "is": how, "value": value}]
    rows = Event.objects.filter(details.fulfilling(asked)).values_list("key", flat=True)
    assert " ".join(sorted(str(key) for key in rows)) == found
    assert " ".join(sorted(key for key, data in ORDERS.items() if details.fulfils(data, asked))) == found


def test_all_conditions_must_hold_and_none_asks_for_nothing() -> None:
    ana = make_contact("Ana", consent=())
    record_many([Fact(ana.pk, "order", NOW, key, data) for key, data in ORDERS.items()], now=NOW)
    nails = {"field": "items[].category", "is": "is", "value": "nails"}
    both: list[dict[str, Any]] = [nails, {"field": "total", "is": "most", "value": 50}]
    assert [event.key for event in Event.objects.filter(details.fulfilling(both))] == ["nails"]
    assert Event.objects.filter(details.fulfilling([])).count() == len(ORDERS)
    assert details.fulfils({}, [])


@pytest.mark.parametrize("path", ["", "1st", "items[]", "items[].", "items[].a[].b", "a b", "items[0].sku", "a;b"])
def test_what_is_no_path_is_none(path: str) -> None:
    assert not details.PATH.match(path)
