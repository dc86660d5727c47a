"""What the public pages share: the delivery behind a token, and who is asking."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from typing import Any

from django.conf import settings
from django.db import DatabaseError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation

from channels import receipts
from channels.models import Delivery, DeliveryEvent
from channels.tracking import grade
from channels.transport import Fact
from contacts.models import Business

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Visit:
    """One call to a public page."""

    method: str
    headers: dict[str, str]
    user_agent: str
    ip: str

    @classmethod
    def of(cls, request: HttpRequest) -> Visit:
        return cls(
            request.method or "GET",
            dict(request.headers),
            request.headers.get("User-Agent", "")[:500],
            address_of(request),
        )


def address_of(request: HttpRequest) -> str:
    """The visitor's address; behind a proxy of ours, the one that the proxy saw."""
    proxied = getattr(settings, "SECURE_PROXY_SSL_HEADER", None) is not None
    forwarded = request.headers.get("X-Forwarded-For", "") if proxied else ""
    found = forwarded.rsplit(",", 1)[-1].strip() or request.META.get("REMOTE_ADDR", "")
    try:
        return str(ip_address(found))
    except ValueError:  # a unix socket, or nonsense
        return ""


def delivery_of(token: str) -> Delivery | None:
    """The delivery behind a token, however old; with its contact."""
    return Delivery.objects.select_related("contact").filter(token=token).first() if len(token) <= 16 else None


def language_of(delivery: Delivery) -> str:
    """The language of a page about this delivery: the message's, else the person's, else the business's."""
    wanted = delivery.language or delivery.contact.language or Business.current().language
    return wanted if translation.check_for_language(wanted) else Business.current().language


def tell(delivery: Delivery, fact: Fact, visit: Visit, *, now: datetime, **data: Any) -> None:
    """Record an opening or a click with its grade. What the visitor came for goes on even when the database cannot take it now."""
    try:
        found, reasons = grade(
            fact,
            method=visit.method,
            headers=visit.headers,
            user_agent=visit.user_agent,
            ip=visit.ip,
            **_haste(delivery, fact, now, data),
        )
        data |= {"user_agent": visit.user_agent, "ip": visit.ip}
        receipts.record_own(delivery.token, fact, now=now, grade=found, reasons=reasons, data=data)
    except DatabaseError:
        _log.exception("%s of delivery %s could not be recorded", fact, delivery.pk)


def _haste(delivery: Delivery, fact: Fact, now: datetime, data: dict[str, Any]) -> dict[str, Any]:
    """How fast the visitor was. Nothing scans what never left the house, so the sandbox is not timed."""
    if delivery.sandbox or fact != Fact.CLICKED:
        return {}
    arrived = delivery.delivered_at or delivery.sent_at
    lately = DeliveryEvent.objects.filter(delivery=delivery, fact=Fact.CLICKED, at__gt=now - timedelta(seconds=1))
    others = {row.get("url") for row in lately.values_list("data", flat=True)} - {data.get("url")}
    return {
        "seconds_since_delivered": (now - arrived).total_seconds() if arrived else None, "others_in_last_second": len(others),
    }  # fmt: skip


def page(request: HttpRequest, template: str, context: dict[str, Any], *, status: int = 200) -> HttpResponse:
    """A public page of the shop: never kept by anybody on the way, never in a search engine."""
    response = render(request, f"public/{template}.html", {"business": Business.current(), **context}, status=status)
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex"
    response["Referrer-Policy"] = "no-referrer"
    return response


def not_found(request: HttpRequest) -> HttpResponse:
    """A friendly page for a link that leads nowhere."""
    return page(request, "not_found", {}, status=404)
