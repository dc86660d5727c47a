"""The measure of the public pages. Never for providers' calls, for pictures or for links: what comes there comes from few machines."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.utils import timezone

from channels import limits
from channels.views.visits import address_of, page

View = Callable[..., HttpResponse]


def measured(view: View) -> View:
    """A public view that each visitor may ask for so often, and each token be asked for: 30 times by POST, 300 times else, in ten
    minutes. The token is the view's argument `token`, if it has one."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        who = [limits.network_of(address_of(request)), str(kwargs.get("token", ""))]
        return refused(request, who) or view(request, *args, **kwargs)

    return guarded


def refused(request: HttpRequest, who: list[str]) -> HttpResponse | None:
    """Count the call; the page that asks to wait, or None while nobody needs to."""
    seconds = limits.too_many(who, posts=request.method == "POST", now=timezone.now())
    if not seconds:
        return None
    answer = page(request, "too_many", {"minutes": -(-seconds // 60)}, status=429)
    answer["Retry-After"] = str(seconds)
    return answer
