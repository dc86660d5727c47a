"""The way out of a mail: GET shows, POST acts (RFC 8058), as often as one likes and however old the mail is."""

from __future__ import annotations

from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.utils import timezone, translation
from django.utils.translation import gettext as _
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from channels import receipts
from channels.models import Delivery, Grade
from channels.transport import Fact
from channels.views.limits import measured
from channels.views.visits import Visit, delivery_of, not_found, page
from contacts import consent, kinds
from contacts.models import Business, ConsentPurpose

MARKETING, TRACKING = ConsentPurpose.MARKETING.value, ConsentPurpose.TRACKING.value


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def unsubscribe(request: HttpRequest, token: str) -> HttpResponse:
    """No login, no cookie, no redirect: the token alone says who and what."""
    delivery = delivery_of(token)
    if delivery is None:
        return _unknown(request)
    with translation.override(_language(delivery)):
        if request.method != "POST":
            return _shown(request, delivery)
        return _done(request, delivery)


@measured
def _unknown(request: HttpRequest) -> HttpResponse:
    """Only guessing is measured: mailboxes send the clicks of all their people from a few machines, and who wants to leave may."""
    return not_found(request)


def _language(delivery: Delivery) -> str:
    wanted = delivery.language or delivery.contact.language or Business.current().language
    return wanted if translation.check_for_language(wanted) else Business.current().language


def _shown(request: HttpRequest, delivery: Delivery) -> HttpResponse:
    held = _held(delivery)
    address = consent.mask(kinds.get(delivery.kind).address, delivery.address) if delivery.address else ""
    context = {
        "address": address,
        "wanted": MARKETING in held,
        "may_stop_tracking": TRACKING in held,
        "token": delivery.token,
    }
    return page(request, "unsubscribe", context)


def _done(request: HttpRequest, delivery: Delivery) -> HttpResponse:
    purpose = TRACKING if request.POST.get("what") == "tracking" else MARKETING
    _withdraw(delivery, purpose, Visit.of(request), one_click="List-Unsubscribe" in request.POST)
    if "List-Unsubscribe" in request.POST:  # a mailbox's own button: nobody reads the answer
        return HttpResponse(status=200, content_type="text/plain")
    return page(request, "unsubscribed", {"tracking_only": purpose == TRACKING, "token": delivery.token})


def _held(delivery: Delivery) -> set[str]:
    """What the person has not withdrawn: marketing unless it was, tracking only if it was given."""
    lines = consent.newest([delivery.contact_id])
    marketing = lines.get((delivery.contact_id, delivery.kind, MARKETING))
    tracking = lines.get((delivery.contact_id, delivery.kind, TRACKING))
    return {
        *([MARKETING] if marketing is None or marketing.given else []), *([TRACKING] if tracking is not None and tracking.given else []),
    }  # fmt: skip


def _withdraw(delivery: Delivery, purpose: str, visit: Visit, *, one_click: bool) -> None:
    """Write the ledger once, and end the cascade that the mail came from."""
    now = timezone.now()
    with translation.override(Business.current().language):  # staff read it
        source = _("button “Unsubscribe” in the mailbox") if one_click else _("unsubscribe page")
    with transaction.atomic():
        if purpose in _held(delivery):
            consent.withdraw(
                delivery.contact_id, delivery.kind, source=source, now=now, purpose=purpose, language=delivery.language, ip=visit.ip,
                user_agent=visit.user_agent, address=delivery.address, delivery_token=delivery.token,
            )  # fmt: skip
        if purpose == MARKETING:
            receipts.record_own(
                delivery.token, Fact.UNSUBSCRIBED, now=now, grade=Grade.HUMAN, reasons=[],
                data={"one_click": one_click, "user_agent": visit.user_agent, "ip": visit.ip},
            )  # fmt: skip
