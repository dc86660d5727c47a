"""The script for a shop's website, and where it calls: from the shop's own pages only, so often, and small."""

from __future__ import annotations

from hashlib import sha256
from pathlib import Path

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.utils import timezone
from django.views.decorators.cache import cache_control
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import condition, require_http_methods, require_safe

from channels import limits, sites
from channels.models import Site
from channels.tracking import is_program
from channels.views.visits import address_of
from contacts.api.door import Reader

SCRIPT = Path(__file__).parent.parent / "static" / "channels" / "site.js"
LARGEST = 32_000  # bytes of a call
# Calls in ten minutes: one household or office, one visitor, one shop; and addresses given by one household.
PER_NETWORK, PER_VISITOR, PER_SITE, PER_GIVER = 600, 100, 30_000, 15


def _etag(_request: HttpRequest) -> str:
    return f'"{sha256(_script()).hexdigest()[:16]}"'


def _script() -> bytes:
    return SCRIPT.read_bytes()


@require_safe
@cache_control(public=True, max_age=3600)
@condition(etag_func=_etag)
def site_script(_request: HttpRequest) -> HttpResponse:
    """The same for every shop; which one it is stands in the page that includes it."""
    answer = HttpResponse(_script(), content_type="text/javascript; charset=utf-8")
    answer["Cross-Origin-Resource-Policy"] = "cross-origin"
    answer["X-Content-Type-Options"] = "nosniff"
    return answer


@csrf_exempt
@require_http_methods(["POST", "OPTIONS"])
def site_call(request: HttpRequest, key: str) -> HttpResponse:
    """204 whether anybody is known or not; 200 with the number to keep for who came by a link or gave an address."""
    now, origin = timezone.now(), request.headers.get("Origin", "")
    site = Site.objects.filter(key=key, active=True).first()
    if site is None:
        return HttpResponse(status=404)
    if origin not in site.origins:
        if origin:
            sites.refused(site, origin, now)
        return HttpResponse(status=403)
    answer = HttpResponse(status=204) if request.method == "OPTIONS" else _heard(request, site)
    answer["Access-Control-Allow-Origin"] = origin
    answer["Access-Control-Allow-Methods"] = "POST"
    answer["Access-Control-Allow-Headers"] = "content-type"
    answer["Access-Control-Max-Age"] = "7200"
    answer["Vary"] = "Origin"
    answer["Cache-Control"] = "no-store"
    return answer


def _heard(request: HttpRequest, site: Site) -> HttpResponse:
    now = timezone.now()
    if is_program(request.headers.get("User-Agent", ""), request.headers):
        return HttpResponse(status=204)
    network = limits.network_of(address_of(request))
    if limits.over({f"site:{site.pk}": PER_SITE, f"network:{network}" if network else "": PER_NETWORK}, now=now):
        return HttpResponse(status=429)
    try:
        if int(request.headers.get("Content-Length") or 0) > LARGEST or len(request.body) > LARGEST:
            return HttpResponse(status=413)
        call = sites.Call.model_validate(Reader().parse_body(request))
        told = call.happenings()
    except RequestDataTooBig:
        return HttpResponse(status=413)
    except (ValueError, RecursionError, UnreadablePostError):  # pydantic's errors are ValueErrors
        return HttpResponse(status=400)
    giver = f"giver:{network}" if call.email and network else ""
    visitor = f"visitor:{call.visitor}" if call.visitor else ""
    if limits.over({giver: PER_GIVER, visitor: PER_VISITOR}, now=now):
        return HttpResponse(status=429)
    sites.heard(site, now)
    number = sites.recognise(site, call, now=now)
    if told:
        sites.take(site, number or call.visitor, told, now=now)
    return JsonResponse({"visitor": number}) if number else HttpResponse(status=204)
