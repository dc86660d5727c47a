"""Where providers call."""

from __future__ import annotations

from django.core.exceptions import RequestDataTooBig
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from channels import webhooks
from channels.models import Channel
from channels.transport import RawCall
from contacts.models import Business


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def hook(request: HttpRequest, hook: str) -> HttpResponse:
    """Hand the call, as it came, to `webhooks.accept`."""
    channel = get_object_or_404(Channel, hook=hook)
    if _announced(request) > webhooks.LARGEST_BODY:
        return HttpResponse(status=webhooks.TOO_LARGE)
    try:
        body = request.body
    except RequestDataTooBig:
        return HttpResponse(status=webhooks.TOO_LARGE)
    except UnreadablePostError:  # the caller hung up
        return HttpResponse(status=400)
    headers = {name.lower(): value for name, value in request.headers.items()}
    call = RawCall(request.method or "POST", public_url(request), headers, body)
    answer = webhooks.accept(channel, call, now=timezone.now())
    return HttpResponse(answer.body, content_type=answer.content_type, status=answer.status)


def public_url(request: HttpRequest) -> str:
    """The address as the provider called and signed it: the business's public one, not what stands behind a proxy."""
    address = Business.current().public_address or f"{request.scheme}://{request.get_host()}"
    return f"{address}{request.get_full_path()}"


def _announced(request: HttpRequest) -> int:
    given = request.headers.get("Content-Length", "")
    return int(given) if given.isdecimal() else 0
