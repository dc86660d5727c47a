"""The preference centre: what reaches the person, where, and in which language. GET shows, POST acts."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from channels import joining, preferences
from channels.models import Delivery
from channels.preferences import Choice, Told
from channels.views import speaking
from channels.views.limits import measured
from channels.views.visits import Visit, delivery_of, not_found, page
from contacts.models import Business, Contact


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
@measured
def choose(request: HttpRequest, token: str) -> HttpResponse:
    """No login and no cookie: the message's token says who it is, and the page shows nothing that its owner does not know."""
    delivery = delivery_of(token)
    if delivery is None:
        return not_found(request)
    if request.method == "POST":
        return _saved(request, delivery)
    with translation.override(speaking.spoken(request, delivery.contact.language, delivery.language)):
        return _shown(request, delivery)


def _shown(request: HttpRequest, delivery: Delivery, *, saved: bool = False) -> HttpResponse:
    business, now = Business.current(), timezone.now()
    offered = preferences.choices(delivery.contact, business, now, beside=delivery.kind)
    rows = [(choice, [_tick(choice, purpose, business) for purpose in choice.asks]) for choice in offered]
    context = {
        "rows": rows, "saved": saved, "languages": speaking.choices(), "chosen": translation.get_language(),
        "prefers": delivery.contact.preferred_channel, "several": len(offered) > 1,
        "shown": [f"{choice.kind}:{purpose}" for choice in offered for purpose in choice.asks],
    }  # fmt: skip
    return page(request, "preferences", context)


def _tick(choice: Choice, purpose: str, business: Business) -> dict[str, object]:
    return {
        "name": f"{choice.kind}:{purpose}", "on": purpose in choice.given and not choice.stopped,
        "wording": joining.wording(choice.kind, purpose, business),
    }  # fmt: skip


def _saved(request: HttpRequest, delivery: Delivery) -> HttpResponse:
    language = speaking.spoken(request, delivery.contact.language, delivery.language)
    visit, now, business = Visit.of(request), timezone.now(), Business.current()
    told = Told(delivery, language, visit.ip, visit.user_agent, now)
    offered = preferences.choices(delivery.contact, business, now, beside=delivery.kind)
    if request.POST.get("what") == "nothing":
        preferences.leave_all(told, offered, business)
    else:
        shown = set(request.POST.getlist("shown"))
        seen = [choice for choice in offered if f"{choice.kind}:{preferences.MARKETING}" in shown]
        ticked = {
            (kind, purpose) for kind, _, purpose in (one.partition(":") for one in request.POST.getlist("wanted"))
        }
        preferences.choose(told, seen, ticked, business)
        if joining.language_of(request.POST.get("language", "")):
            _keep(delivery.contact, language=language)
        if request.POST.get("prefers") in {"", *(choice.kind for choice in seen)}:
            _keep(delivery.contact, preferred_channel=request.POST["prefers"])
    with translation.override(language):
        return _shown(request, delivery, saved=True)


def _keep(contact: Contact, **said: str) -> None:
    """What the person said of themselves."""
    Contact.objects.filter(pk=contact.pk).update(**said, updated_at=timezone.now())
    for name, value in said.items():
        setattr(contact, name, value)
