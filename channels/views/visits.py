"""What the public pages share: the delivery behind a token, and who is asking."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
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
from channels.rendering import TRAP
from channels.tracking import HIDDEN, SOON, grade
from channels.transport import Fact
from contacts.models import Business

_log = logging.getLogger(__name__)

_MOST = 200  # events of one message that are looked at
# What is learned only later and holds for what the same visitor did just before.
TELLING = (HIDDEN, "all_at_once")


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
        known = {**data, "user_agent": visit.user_agent, "ip": visit.ip}
        before = Before(delivery, visit, now)
        found, reasons = grade(
            fact,
            method=visit.method,
            headers=visit.headers,
            user_agent=visit.user_agent,
            ip=visit.ip,
            trapped=data.get("n") == TRAP or before.trapped(),
            **({} if delivery.sandbox or fact != Fact.CLICKED else before.haste(data.get("url"))),
        )
        receipts.record_own(delivery.token, fact, now=now, grade=found, reasons=reasons, data=known)
        if suspects := before.suspects(reasons):
            receipts.regrade(delivery.pk, suspects, next(code for code in TELLING if code in reasons))
    except DatabaseError:
        _log.exception("%s of delivery %s could not be recorded", fact, delivery.pk)


class Before:
    """What was heard of a message before this visit; one statement."""

    def __init__(self, delivery: Delivery, visit: Visit, now: datetime) -> None:
        self.delivery, self.visit, self.now = delivery, visit, now
        told = DeliveryEvent.objects.filter(delivery=delivery, fact__in=[Fact.OPENED, Fact.CLICKED]).order_by("-id")
        self.events = list(told.values_list("id", "fact", "at", "grade", "data")[:_MOST])

    def trapped(self) -> bool:
        """Whether this visitor has followed the link that no person sees."""
        return any(self._same(data) and HIDDEN in data.get("grade_reasons", ()) for *_, data in self.events)

    def haste(self, url: str | None) -> dict[str, Any]:
        """How fast the visitor was. Nothing scans what never left the house, so the sandbox is not asked."""
        arrived = self.delivery.delivered_at or self.delivery.sent_at
        return {
            "seconds_since_delivered": (self.now - arrived).total_seconds() if arrived else None,
            "others_in_last_second": len({data.get("url") for _, data in self._lately(1) if data.get("url")} - {url}),
        }

    def suspects(self, reasons: Sequence[str]) -> list[int]:
        """Earlier events that were the same program's: all links of this second, or what the visitor of the hidden link did just before."""
        if HIDDEN in reasons:
            return [pk for pk, data in self._lately(SOON, opened=True) if self._same(data)]
        return [pk for pk, _ in self._lately(1)] if "all_at_once" in reasons else []

    def _same(self, data: Mapping[str, Any]) -> bool:
        return (data.get("ip", ""), data.get("user_agent", "")) == (self.visit.ip, self.visit.user_agent)

    def _lately(self, seconds: float, *, opened: bool = False) -> list[tuple[int, Mapping[str, Any]]]:
        since = self.now - timedelta(seconds=seconds)
        return [(pk, data) for pk, fact, at, _, data in self.events if at > since and (opened or fact == Fact.CLICKED)]


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
