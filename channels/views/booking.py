"""A booking as its person sees it: “I will come” and “Cancel”. GET shows, POST acts; cancelling is asked about on a page of its own."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone, translation
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_http_methods

from channels import receipts, wording
from channels.contention import insist
from channels.models import Delivery, Grade
from channels.transport import Fact
from channels.views.form import strange
from channels.views.limits import refused
from channels.views.visits import Visit, delivery_of, language_of, page
from contacts import bookings
from contacts.bookings import Outcome
from contacts.models import Booking, BookingStatus

_Act = Callable[..., Outcome]


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def booking(request: HttpRequest, token: str) -> HttpResponse:
    """What, when and where; POST says that the person will come, as often as they like."""
    return _page(request, token, "booking", bookings.confirm)


@csrf_exempt
@require_http_methods(["GET", "HEAD", "POST"])
def booking_cancel(request: HttpRequest, token: str) -> HttpResponse:
    """Asks once more; POST cancels."""
    return _page(request, token, "booking_cancel", bookings.cancel)


def _page(request: HttpRequest, token: str, template: str, act: _Act) -> HttpResponse:
    delivery = delivery_of(token)
    found = _of(delivery)
    if delivery is None or found is None:
        return strange(request)
    if wait := refused(request, [token]):
        return wait
    now = timezone.now()
    with translation.override(language_of(delivery)):
        if request.method != "POST":
            return _shown(request, template if _may_cancel(found, now) else "booking", delivery, found, now)
        outcome = insist(lambda: act(found.pk, now=now, revision=_seen(request)))
        if not outcome.moved:
            _tell(delivery, request, now)
        return _shown(request, "booking", delivery, outcome.booking, now, moved=outcome.moved)


def _of(delivery: Delivery | None) -> Booking | None:
    """The booking that the message was about, if it is still this person's."""
    number = delivery.context.get("booking") if delivery else None
    if delivery is None or type(number) is not int:
        return None
    found = Booking.objects.select_related("branch").filter(pk=number, contact_id=delivery.contact_id)
    return found.first()


def _seen(request: HttpRequest) -> int | None:
    """Which state of the booking the person had before them; None where the page did not say."""
    given = request.POST.get("revision", "")
    return int(given) if given.isdecimal() and len(given) < 10 else None


def _tell(delivery: Delivery, request: HttpRequest, now: datetime) -> None:
    """Whoever presses a button of ours has read the message: no program sends forms."""
    visit = Visit.of(request)
    data = {"n": "booking", "url": request.path, "user_agent": visit.user_agent, "ip": visit.ip}
    receipts.record_own(delivery.token, Fact.CLICKED, now=now, grade=Grade.HUMAN, data=data)


def _may_cancel(found: Booking, now: datetime) -> bool:
    return not found.is_over(now) and found.status != BookingStatus.CANCELLED


def _shown(
    request: HttpRequest, template: str, delivery: Delivery, found: Booking, now: datetime, *, moved: bool = False
) -> HttpResponse:
    state = _state(found, now)
    starts = found.local()
    since = delivery.sent_at or delivery.created_at
    context = {
        "booking": found, "state": state, "day": wording.moment(starts), "city": wording.city(starts),
        "until": wording.hour(found.local(found.ends_at)) if _same_day(found) and found.ends_at else "", "moved_now": moved,
        "moved": bool(found.moved_at and found.moved_at > since and state in ("booked", "confirmed")), "revision": found.revision,
        "home": reverse("booking", args=[delivery.token]), "cancel": reverse("booking_cancel", args=[delivery.token]),
    }  # fmt: skip
    return page(request, template, context, status=409 if moved else 200)


def _same_day(found: Booking) -> bool:
    return bool(found.ends_at and found.local(found.ends_at).date() == found.local().date())


def _state(found: Booking, now: datetime) -> str:
    """What the page says: "cancelled", "over", "confirmed" or "booked"."""
    if found.status == BookingStatus.CANCELLED:
        return "cancelled"
    return "over" if found.is_over(now) else str(found.status)
