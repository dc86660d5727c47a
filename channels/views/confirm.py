"""The page behind a confirmation's link: GET shows a button, POST confirms. Mailboxes that look at links beforehand confirm nothing."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from channels import confirming
from channels.contention import insist
from channels.models import Confirmation
from channels.views import speaking
from channels.views.limits import measured
from channels.views.visits import Visit, not_found, page


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@measured
def confirm(request: HttpRequest, token: str) -> HttpResponse:
    """No login and no cookie: whoever has the link has the mailbox."""
    now = timezone.now()
    found = Confirmation.objects.select_related("invitation").filter(token=token).first() if len(token) <= 22 else None
    if found is None or (found.confirmed_at is None and found.expires_at <= now):
        return not_found(request)
    if request.method == "POST":
        visit = Visit.of(request)
        insist(lambda: confirming.confirm(found, ip=visit.ip, user_agent=visit.user_agent, now=now))
    done = request.method == "POST" or found.confirmed_at is not None
    with translation.override(speaking.spoken(request, found.language)):
        return page(request, "confirm", {"done": done, "address": found.address, "wordings": found.wordings})
