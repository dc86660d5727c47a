"""The health page: does the machine keep its promises right now, and what waits where."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.core.exceptions import PermissionDenied
from django.db.models import Count, Min
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse
from django.urls import URLPattern, path
from django.utils import timezone
from django.utils.translation import gettext as _
from django_celery_beat.models import PeriodicTask
from unfold.admin import ModelAdmin

from cascades import invariant
from cascades.models import Enrollment, Outcome
from cascades.reasons import say_together
from channels.models import Channel, Delivery, DeliveryStatus, InboundCall, InboundState
from channels.sending.checks import BUDGET

if TYPE_CHECKING:
    from django.contrib.admin import AdminSite

# A periodic task that has not run for this long although it is switched on means that the worker or the clock stands still.
SILENT_AFTER = timedelta(minutes=15)


@dataclass(frozen=True, slots=True)
class Line:
    """One line of the page: fine or not, and a sentence."""

    fine: bool
    title: str
    sentence: str


def urls(owner: ModelAdmin) -> list[URLPattern]:
    """`admin:health`."""

    def health(request: HttpRequest) -> HttpResponse:
        return _page(request, owner.admin_site)

    return [path("health/", owner.admin_site.admin_view(health), name="health")]


def _page(request: HttpRequest, site: AdminSite) -> HttpResponse:
    if not request.user.has_perm("cascades.view_launch"):
        raise PermissionDenied
    context: dict[str, Any] = {**site.each_context(request), "title": _("Health"), "lines": lines(timezone.now())}
    return TemplateResponse(request, "cascades/health.html", context)


def lines(now: datetime) -> list[Line]:
    """What is looked at, each with its finding; a handful of statements through partial indexes."""
    return [_promise(now), _clock(now), *_queues(now), *_held(), *_channels(now)]


def _promise(now: datetime) -> Line:
    broken = invariant.check(now).problems
    fine = _("Everyone who was to be reached is accounted for, and nobody waits longer than planned.")
    return Line(not broken, _("The sums"), " ".join(str(sentence) for sentence in broken) or fine)


def _clock(now: datetime) -> Line:
    last = (
        PeriodicTask.objects.filter(enabled=True, task__startswith="cascades.")
        .order_by("-last_run_at")
        .values_list("last_run_at", flat=True)
    )
    at = next((one for one in last if one), None)
    if at is None or now - at > SILENT_AFTER:
        return Line(
            fine=False,
            title=_("Periodic tasks"),
            sentence=_("They have not run lately. Are the worker and the clock running?"),
        )
    return Line(
        fine=True,
        title=_("Periodic tasks"),
        sentence=_("Last run %(seconds)s seconds ago.") % {"seconds": int((now - at).total_seconds())},
    )


def _queues(now: datetime) -> list[Line]:
    queued = Delivery.objects.filter(status=DeliveryStatus.QUEUED).aggregate(n=Count("id"), first=Min("not_before"))
    unclear = Delivery.objects.filter(status=DeliveryStatus.UNKNOWN).count()
    waiting = InboundCall.objects.filter(state__in=[InboundState.STORED, InboundState.PARKED]).count()
    due = Enrollment.objects.filter(
        outcome=Outcome.OPEN, cascade__status="running", next_due_at__lte=now - SILENT_AFTER
    ).count()
    late = queued["first"] is not None and queued["first"] < now - SILENT_AFTER
    return [
        Line(not late, _("Messages waiting to leave"), str(queued["n"])),
        Line(due == 0, _("People whose next step is overdue"), str(due)),
        Line(unclear == 0, _("Messages whose fate is unclear"), str(unclear)),
        Line(fine=True, title=_("Reports from providers not yet taken in"), sentence=str(waiting)),
    ]


def _held() -> list[Line]:
    """How many messages wait for what reason; what waits for money needs somebody who decides."""
    held = Delivery.objects.filter(status=DeliveryStatus.QUEUED).exclude(reason="").order_by()
    counts = sorted(held.values_list("reason").annotate(n=Count("id")), key=lambda row: -row[1])
    return [
        Line(reason not in BUDGET, _("%(count)s messages wait") % {"count": count}, say_together(reason))
        for reason, count in counts
    ]


def _channels(now: datetime) -> list[Line]:
    found = []
    for channel in Channel.objects.filter(active=True):
        stopped = channel.breaker_until is not None and channel.breaker_until > now
        said = channel.breaker_reason if stopped else _("works") if channel.last_success_at else _("not used yet")
        found.append(Line(not stopped, channel.name, said))
    return found
