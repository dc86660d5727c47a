"""Where shops and booking programs call."""

from __future__ import annotations

from django.core.exceptions import RequestDataTooBig
from django.db import transaction
from django.http import HttpRequest, HttpResponse, UnreadablePostError
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from contacts import connections, hints
from contacts.models import Connection
from contacts.tasks import apply_received


@csrf_exempt
@require_POST
def hook(request: HttpRequest, hook: str) -> HttpResponse:
    """Hand the call, as it came, to `connections.accept`."""
    connection = get_object_or_404(Connection, hook=hook, active=True)
    try:
        announced = request.headers.get("Content-Length", "")
        if announced.isdecimal() and int(announced) > connections.LARGEST_BODY:
            return HttpResponse(status=connections.TOO_LARGE)
        body = request.body
    except RequestDataTooBig:
        return HttpResponse(status=connections.TOO_LARGE)
    except UnreadablePostError:  # the caller hung up
        return HttpResponse(status=400)
    headers = {name.lower(): value for name, value in request.headers.items()}
    status = connections.accept(connection, headers, body, now=timezone.now())
    if status == connections.OK:
        transaction.on_commit(lambda: hints.give(apply_received), robust=True)
    return HttpResponse(status=status)
