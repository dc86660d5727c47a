"""Staff read times by the business's own clock."""

from __future__ import annotations

from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from contacts import timezones
from contacts.models import Business


def business_time(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Middleware, for pages that someone is logged in to; public pages show no times."""

    def respond(request: HttpRequest) -> HttpResponse:
        if not request.path.startswith("/admin/"):
            return get_response(request)
        name = Business.objects.values_list("time_zone", flat=True).first()
        zone = timezones.named(name) if name else None
        with timezone.override(zone) if zone else timezone.override(None):
            return get_response(request)

    return respond
