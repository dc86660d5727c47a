"""A link of a message: the click is recorded, and the person goes on to the target that is stored with the delivery; to a shop that has
our script with a pass, see `channels.sites`."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.utils import timezone
from django.views.decorators.http import require_safe

from channels import sites
from channels.models import Delivery
from channels.rendering import TRAP
from channels.tracking import is_program
from channels.transport import Fact
from channels.views.visits import Visit, delivery_of, not_found, tell
from contacts.models import Business


@require_safe
def click(request: HttpRequest, token: str, n: int) -> HttpResponse:
    """Redirect to the stored target and to nothing else; programs are sent on as well, and graded."""
    delivery = delivery_of(token)
    if delivery is not None and n == TRAP:
        return _trapped(request, delivery)
    if delivery is None or not 0 <= n < len(delivery.links):
        return not_found(request)
    target = str(delivery.links[n])
    visit, now = Visit.of(request), timezone.now()
    tell(delivery, Fact.CLICKED, visit, now=now, n=n, url=target)
    if visit.method == "GET" and not is_program(visit.user_agent, visit.headers):
        target = sites.led_on(target, delivery.contact_id, played=delivery.sandbox, now=now)
    return _unkept(HttpResponseRedirect(target))


def _trapped(request: HttpRequest, delivery: Delivery) -> HttpResponse:
    """Who follows the link that no person sees is a program, from now on and a little backwards. It is led to the shop."""
    tell(delivery, Fact.CLICKED, Visit.of(request), now=timezone.now(), n=TRAP)
    website = Business.current().website
    led = website.startswith(("https://", "http://"))
    return _unkept(HttpResponseRedirect(website) if led else HttpResponse(status=204))


def _unkept(response: HttpResponse) -> HttpResponse:
    response["Cache-Control"] = "no-store"
    response["X-Robots-Tag"] = "noindex"
    return response
