"""The start page as a marketer uses it, for the tests of it and of what it leads to."""

from __future__ import annotations

from typing import Any

from django.test import Client
from django.urls import reverse

from cascades.models import Cascade
from tests import factories


def url_of(client: Client, cascade: Cascade, query: str = "") -> str:
    """The first page, with the id of the start in its address."""
    answer = client.get(reverse("admin:cascades_cascade_launch", args=[cascade.pk]) + query)
    assert answer.status_code == 302
    return str(answer["Location"])


def choose(client: Client, url: str, **chosen: Any) -> Any:
    """Fill in the first page and look at the second."""
    return client.post(url, {"when": "now", **chosen}, follow=True)


def go(client: Client, url: str, page: Any, **more: Any) -> Any:
    return client.post(f"{url}go/", {"stamp": page.context["draft"].stamp, **more}, follow=True)


def text(answer: Any) -> str:
    return " ".join(answer.content.decode().split())


def family() -> Any:
    """Eight people: three with both, one with email, one with a phone, one without consent, one without anything, one bounced."""
    group = factories.make_group()
    for n in range(3):
        factories.make_contact(f"Both{n}", email=f"both{n}@x.example", phone=f"+3460000000{n}", groups=[group])
    factories.make_contact("Mail", email="mail@x.example", groups=[group])
    factories.make_contact("Phone", phone="+34600000009", groups=[group])
    factories.make_contact("Silent", email="silent@x.example", phone="+34600000008", consent=(), groups=[group])
    factories.make_contact("Nobody", groups=[group])
    broken = factories.make_contact("Broken", email="broken@x.example", consent=("email",), groups=[group])
    broken.addresses.update(validity="invalid", invalid_reason="bounced")
    return group
