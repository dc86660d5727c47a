"""A message that reached Ana an hour ago, for the tests of the pages that its token opens."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.test import Client
from django.utils import timezone

from channels import freezing
from channels.models import Channel, Delivery
from contacts.models import Contact
from tests.factories import NOW, make_business, make_channel, make_contact, make_message

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)


def stranger() -> Client:
    """A browser that nobody is signed in with, and that would be stopped where a page asks for a cookie's token."""
    return Client(enforce_csrf_checks=True, headers={"User-Agent": CHROME, "Accept-Language": "de"})


def delivered(contact: Contact | None = None, **fields: Any) -> Delivery:
    """An SMS, which needs no layout; `language`, `context`, `sandbox` as wanted."""
    make_business()
    contact = contact or make_contact("Ana Ruiz", phone="+34600000001")
    message = make_message(texts={("sms", "en"): "Hi"}, purpose="transactional")
    ago = timezone.now() - timedelta(hours=1)
    channel = Channel.objects.filter(kind="sms").first() or make_channel("sms")
    values = {
        "status": "delivered", "sending_at": ago, "sent_at": ago, "delivered_at": ago, "address": "+34600000001", "language": "en",
        "not_before": ago, "created_at": ago, "kind": "sms", "purpose": "transactional", **fields,
    }  # fmt: skip
    return Delivery.objects.create(
        contact=contact, channel=channel, message_version=freezing.freeze(message, now=NOW), **values
    )


def safe(answer: Any) -> None:
    """What holds for every public page of a person."""
    assert answer["Cache-Control"] == "no-store"
    assert answer["X-Robots-Tag"] == "noindex"
    assert answer["Content-Security-Policy"].startswith("default-src 'none'")
    assert not answer.cookies
    page = answer.content.decode()
    assert "<script" not in page
    assert " style=" not in page
    assert "//" not in page.replace("https://aurora.example", "").split("<body>")[1]


def said(answer: Any) -> str:
    return " ".join(answer.content.decode().split())
