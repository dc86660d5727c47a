"""The measure of the public pages. Never for providers' calls, for pictures or for links: what comes there comes from few machines."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any

from django.db.models import Manager
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation

from channels import limits
from channels.models import Confirmation, Delivery, Invitation
from channels.views import speaking
from channels.views.visits import address_of, page

_MESSAGE, _INVITATION = 16, 22  # characters of a message's token, and of an invitation's or a confirmation's

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
    with translation.override(speaking.spoken(request, *_known(who))):
        answer = page(request, "too_many", {"minutes": -(-seconds // 60)}, status=429)
    answer["Retry-After"] = str(seconds)
    return answer


def _known(who: list[str]) -> list[str]:
    """The languages of whoever a token among these belongs to, the surest first: a message's, an invitation's or a confirmation's."""
    for token in who:
        if len(token) == _MESSAGE and (told := _spoken(Delivery.objects, token, "contact__language", "language")):
            return told
        if len(token) == _INVITATION:
            told = _spoken(Invitation.objects, token, "contact__language", "language") or _spoken(
                Confirmation.objects, token, "language"
            )
            if told:
                return told
    return []


def _spoken(rows: Manager[Any], token: str, *columns: str) -> list[str]:
    found = rows.filter(token=token).values_list(*columns).first() or ()
    return [language for language in found if language]
