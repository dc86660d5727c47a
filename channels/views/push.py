"""Notifications in the browser: the page that asks for them, its service worker, and what that worker tells of messages.

GET shows, POST acts. What scripts post is believed from our own pages and workers only (Sec-Fetch-Site, Origin), and is small.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from functools import wraps
from typing import Any, cast

from django.contrib.staticfiles import finders
from django.http import FileResponse, HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.templatetags.static import static
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from channels import joining, receipts, subscribing
from channels.models import Delivery, Grade, Invitation
from channels.transport import Fact, Inbound
from channels.transports.webpush import doors, subscription, vapid
from channels.transports.webpush.subscription import BadSubscription, Subscription
from channels.views import speaking
from channels.views.limits import measured
from channels.views.visits import Visit, delivery_of, not_found, page
from contacts.models import Business

LARGEST = 8_000  # bytes of a post
CSP = (
    "default-src 'none'; script-src 'self'; connect-src 'self'; worker-src 'self'; manifest-src 'self'; img-src 'self'; "
    "style-src 'self'; font-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_View = Callable[..., HttpResponse]
_TOLD = {"shown": Fact.DELIVERED, "clicked": Fact.CLICKED, "closed": Fact.CLOSED}


def ours(view: _View) -> _View:
    """A POST of JSON by our own page or worker; the view gets it as `said`. 403 for others, 413 and 400 for what is no JSON of ours."""

    @csrf_exempt
    @require_POST
    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if not _is_ours(request):
            return JsonResponse({}, status=403)
        if int(request.META.get("CONTENT_LENGTH") or 0) > LARGEST or len(request.body) > LARGEST:
            return JsonResponse({}, status=413)
        try:
            said = json.loads(request.body)
        except ValueError:
            said = None
        if not isinstance(said, dict) or request.content_type != "application/json":
            return JsonResponse({}, status=400)
        answer = view(request, *args, said=said, **kwargs)
        answer["Cache-Control"] = "no-store"
        return answer

    return guarded


def _is_ours(request: HttpRequest) -> bool:
    """Browsers say where a request comes from; on a page without https only by Origin."""
    if site := request.headers.get("Sec-Fetch-Site"):
        return site == "same-origin"
    own = {Business.current().public_address, f"{request.scheme}://{request.get_host()}"}
    return request.headers.get("Origin", "") in own


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@measured
def push(request: HttpRequest, token: str = "") -> HttpResponse:
    """The page, and the subscription that it posts."""
    if request.method == "POST":
        return _subscribe(request, token)
    channel, invitation = subscribing.channel_of(token)
    if channel is None or (token and invitation is None):
        return not_found(request)
    language = _language(request, invitation)
    with translation.override(language):
        context = {
            "key": vapid.public_key(), "wording": subscribing.wording(Business.current()), "token": token,
            "asks_name": invitation is None or invitation.contact_id is None, "switch": speaking.choices(),
            "closed": not subscribing.may_join(channel, invitation, None, timezone.now()), "here": request.path,
        }  # fmt: skip
        answer = page(request, "push", context)
    answer["Content-Security-Policy"] = CSP
    return answer


def _language(request: HttpRequest, invitation: Invitation | None) -> str:
    """The one chosen on the page, else the invitation's or its person's, else the browser's."""
    wanted = [request.GET.get("language", "")]
    if invitation is not None:
        wanted += [invitation.language, invitation.contact.language if invitation.contact else ""]
    spoken = (joining.language_of(one) for one in wanted)
    return next((one for one in spoken if one), joining.language_of(translation.get_language() or "")) or "en"


@ours
def _subscribe(request: HttpRequest, token: str, *, said: Mapping[str, Any]) -> HttpResponse:
    """Nothing that is answered tells whether anybody is known here."""
    channel, _invitation = subscribing.channel_of(token)
    visit, now = Visit.of(request), timezone.now()
    found = _found(said.get("subscription"), visit, look_up=True)
    if channel is None or found is None:
        return JsonResponse({}, status=400)
    if not subscribing.may_join(channel, _invitation, found, now):
        return JsonResponse({}, status=403)
    subscribing.subscribe(
        channel, found, token=token if _invitation else "", name=str(said.get("name") or "")[:120],
        language=joining.language_of(str(said.get("language") or "")) or Business.current().language, ip=visit.ip, now=now,
        user_agent=visit.user_agent,
    )  # fmt: skip
    return JsonResponse({"on": True})


def _found(told: object, visit: Visit, *, look_up: bool) -> Subscription | None:
    """The subscription, if messages may be posted to it."""
    try:
        found = subscription.given(told, visit.user_agent)
        if look_up:
            doors.look_up(doors.check(found.endpoint).hostname or "")
    except (BadSubscription, OSError, UnicodeError):
        return None
    return found


@measured
@ours
def push_here(request: HttpRequest, *, said: Mapping[str, Any]) -> HttpResponse:
    """The browser's subscription as it is now, and the endpoint that it had before. Whoever had that keeps getting messages; nobody is
    taken in here, and nothing is agreed to."""
    found = _found(said.get("subscription"), Visit.of(request), look_up=bool(said.get("before")))
    if found is None:
        return JsonResponse({}, status=400)
    before = said.get("before")
    if isinstance(before, str) and before and before != found.endpoint:
        subscribing.respell(found, before)
    return JsonResponse({"on": subscribing.is_on(found.endpoint)})


@measured
@ours
def push_left(request: HttpRequest, *, said: Mapping[str, Any]) -> HttpResponse:
    """The browser wants no more; answered the same whether it was known or not."""
    endpoint = said.get("endpoint")
    if isinstance(endpoint, str) and endpoint:
        language = joining.language_of(str(said.get("language") or ""))
        visit = Visit.of(request)
        subscribing.leave(endpoint, language=language, ip=visit.ip, user_agent=visit.user_agent, now=timezone.now())
    return JsonResponse({"on": False})


@ours
def push_told(request: HttpRequest, *, said: Mapping[str, Any]) -> HttpResponse:
    """What the worker tells of a message: shown, clicked, closed or answered. The message's token proves that it was there."""
    delivery = delivery_of(str(said.get("key") or ""))
    if delivery is None or delivery.kind != subscribing.KIND:
        return JsonResponse({}, status=404)
    visit, now, what = Visit.of(request), timezone.now(), str(said.get("what") or "")
    if what == "replied":
        choice = str(said.get("choice") or "")
        if choice not in _choices(delivery):
            return JsonResponse({}, status=400)
        answer = Inbound(
            Fact.REPLIED, f"push:{delivery.token}:{choice}"[:120], key=delivery.token, address=delivery.address, at=now, choice=choice,
            ip=visit.ip, user_agent=visit.user_agent, played=delivery.sandbox,
        )  # fmt: skip
        receipts.apply(delivery.channel, [answer], now=now)
    elif what in _TOLD:
        data = {**_link(delivery, said.get("n")), "user_agent": visit.user_agent, "ip": visit.ip}
        receipts.record_own(delivery.token, _TOLD[what], now=now, grade=Grade.HUMAN, data=data)
    else:
        return JsonResponse({}, status=400)
    return HttpResponse(status=204)


def _choices(delivery: Delivery) -> set[str]:
    content = delivery.message_version.content
    buttons = [
        button for variant in content if variant["kind"] == delivery.kind for button in variant.get("buttons", ())
    ]
    return {str(button["reply"]) for button in buttons if button.get("reply")}


def _link(delivery: Delivery, n: object) -> dict[str, Any]:
    """The link that was followed, as the visit to it is written down too: both are one click."""
    known = isinstance(n, int) and 0 <= n < len(delivery.links)
    return {"n": n, "url": delivery.links[cast(int, n)]} if known else {}


@require_safe
def push_worker(_request: HttpRequest) -> HttpResponse:
    """The service worker, from the folder that it is for. A worker has a policy of its own: that of its script."""
    answer = _static("channels/push/worker.js", "text/javascript; charset=utf-8")
    answer["Content-Security-Policy"] = "default-src 'none'; connect-src 'self'"
    answer["Service-Worker-Allowed"] = reverse("push")
    return answer


@require_safe
def push_manifest(request: HttpRequest) -> HttpResponse:
    """On iPhone and iPad only a page on the Home Screen may ask for notifications; it opens where the person was."""
    business, token = Business.current(), request.GET.get("for", "")[:22]
    start = (
        reverse("push_by", args=[token])
        if token and Invitation.objects.filter(token=token).exists()
        else reverse("push")
    )
    told = {
        "name": business.name, "short_name": business.name[:30], "start_url": start, "scope": reverse("push"), "id": start,
        "display": "standalone", "icons": [{"src": reverse("push_icon"), "sizes": "any"}],
    }  # fmt: skip
    return JsonResponse(told, content_type="application/manifest+json")


@require_safe
def push_icon(_request: HttpRequest) -> HttpResponse:
    """The picture beside a notification: the shop's, else ours."""
    logo = Business.current().logo
    return HttpResponseRedirect(logo.url if logo else static("cascades/icon.svg"))


def _static(name: str, content_type: str) -> HttpResponse:
    path = finders.find(name)
    assert isinstance(path, str)
    answer = cast(HttpResponse, FileResponse(open(path, "rb"), content_type=content_type))  # noqa: PTH123, SIM115 - the response closes it
    answer["Cache-Control"] = "no-cache"
    return answer
