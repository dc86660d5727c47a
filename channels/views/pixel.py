"""The picture of one point that tells of a mail's opening."""

from __future__ import annotations

from base64 import b64decode

from django.http import HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from channels.models import Delivery
from channels.transport import Fact
from channels.views.visits import Visit, delivery_of, tell
from contacts import consent
from contacts.models import Business, ConsentPurpose

_POINT = b64decode("R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7")


@require_safe
def pixel(request: HttpRequest, token: str) -> HttpResponse:
    """The picture, always, for whatever token; the opening is recorded where it may be."""
    delivery = delivery_of(token)
    if delivery is not None and delivery.tracked and _may_know(delivery):
        tell(delivery, Fact.OPENED, Visit.of(request), now=timezone.now())
    response = HttpResponse(_POINT, content_type="image/gif")
    response["Cache-Control"] = "no-store, no-cache, must-revalidate, private"
    return response


def _may_know(delivery: Delivery) -> bool:
    """A tracking consent that was withdrawn holds for mails already sent, too (CNIL deliberation 2026-042)."""
    if not Business.current().asks_tracking_consent:
        return True
    purpose = ConsentPurpose.TRACKING.value
    line = consent.newest([delivery.contact_id], [purpose]).get((delivery.contact_id, delivery.kind, purpose))
    return line is not None and line.given
