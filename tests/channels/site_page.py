"""A page of a shop with our script in somebody's browser, for the tests."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

from django.test import Client
from django.utils import timezone

from channels import site_passes
from channels.models import Site
from channels.site_passes import VISITOR, Visitor
from contacts.models import Contact
from tests.channels.test_public_pages import CHROME

SHOP = "https://shop.example"
CART = {
    "event": "cart_changed", "cart": "C1", "currency": "EUR", "total": 25,
    "items": [{"sku": "S1", "name": "Shampoo", "category": "hair", "quantity": 2, "price": 12.5, "link": f"{SHOP}/s1"}],
}  # fmt: skip


class Page:
    """A page of the shop in somebody's browser."""

    def __init__(self, site: Site, **headers: str) -> None:
        self.address, self.keys = f"/s/{site.key}", 0
        self.client = Client(enforce_csrf_checks=True, headers={"User-Agent": CHROME, "Origin": SHOP, **headers})

    def says(self, **told: Any) -> Any:
        return self.client.post(self.address, json.dumps(told), content_type="text/plain;charset=UTF-8")

    def tells(self, visitor: str, *told: dict[str, Any]) -> int:
        """The events of a visitor, each with a key of its own; the answer's status."""
        self.keys += len(told)
        keyed = [{"key": f"k{self.keys}-{n}", **one} for n, one in enumerate(told)]
        status: int = self.says(visitor=visitor, events=keyed).status_code
        return status

    def number(self, **told: Any) -> str:
        answer = self.says(**told)
        return str(answer.json()["visitor"]) if answer.status_code == 200 else ""


def looked_at(path: str = "/hair", **more: Any) -> dict[str, Any]:
    return {"event": "page_viewed", "url": f"{SHOP}{path}", "title": "Hair", **more}


def visitor_of(site: Site, contact: Contact) -> str:
    return site_passes.write(VISITOR, Visitor(site.pk, contact.pk), now=timezone.now())


def followed(token: str, n: int = 0, headers: dict[str, str] | None = None) -> str:
    """Where a link of a message leads."""
    client = Client(headers={"User-Agent": CHROME, **(headers or {})})
    return str(client.get(f"/c/{token}/{n}").headers["Location"])


def pass_in(address: str) -> str:
    return parse_qs(urlsplit(address).query).get("csc", [""])[0]
