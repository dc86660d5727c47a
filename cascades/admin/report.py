"""The results of a cascade: the numbers of every step and of the whole, live, and the brakes of its steps."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin

from cascades import reports, runner, spending
from cascades.admin import picture
from cascades.models import Cascade, CascadeStatus, LaunchState, Outcome
from contacts import audit, territory
from contacts.models import Business

REFRESH_SECONDS = 3
# A start so near is waited for on the page.
SOON = timedelta(minutes=5)


def urls(owner: ModelAdmin) -> list[URLPattern]:
    """`admin:cascades_cascade_report` (pk) with `?part=1` for the numbers alone, and `.._brake` (pk, step key)."""

    def report(request: HttpRequest, pk: int) -> HttpResponse:
        if not owner.has_view_permission(request):
            raise PermissionDenied
        template = "cascades/report_numbers.html" if "part" in request.GET else "cascades/report.html"
        return TemplateResponse(request, template, {**owner.admin_site.each_context(request), **_page(request, pk)})

    def brake(request: HttpRequest, pk: int, key: str) -> HttpResponse:
        if request.method != "POST" or not request.user.has_perm("cascades.launch_cascade"):
            raise PermissionDenied
        _brake(request, get_object_or_404(Cascade, pk=pk), key)
        return HttpResponseRedirect(reverse("admin:cascades_cascade_report", args=[pk]))

    wrap = owner.admin_site.admin_view
    return [
        path("<int:pk>/results/", wrap(report), name="cascades_cascade_report"),
        path("<int:pk>/results/<str:key>/brake/", wrap(brake), name="cascades_cascade_brake"),
    ]


def _brake(request: HttpRequest, cascade: Cascade, key: str) -> None:
    now = timezone.now()
    if request.POST.get("act") == "hold":
        runner.pause_step(cascade.pk, key, reason=_("Held by %(name)s.") % {"name": request.user}, now=now)
        audit.done(cascade, _("The step is on hold. Nobody gets its message until you release it."))
        messages.success(request, _("The step is on hold. Nobody gets its message until you release it."))
    else:
        runner.resume_step(cascade.pk, key, now=now)
        audit.done(cascade, _("The step goes on."))
        messages.success(request, _("The step goes on."))


def _page(request: HttpRequest, pk: int) -> dict[str, Any]:
    cascade = get_object_or_404(Cascade.objects.select_related("version"), pk=pk)
    now, currency = timezone.now(), Business.current().currency
    begins = _begins(cascade, now)  # asked first: whoever is taken in between the two is counted
    mine = territory.of(request.user)
    found = reports.numbers(cascade, mine)
    moving = begins or bool(found.running)
    return {
        "title": cascade.name,
        "opts": Cascade._meta,
        "original": cascade,
        "cascade": cascade,
        "numbers": found,
        "totals": _totals(found),
        "outcomes": [
            (value, label, found.outcomes[value]) for value, label in Outcome.choices if found.outcomes.get(value)
        ],
        "currency": currency,
        **(money_of(cascade, currency) if mine is None else {}),  # the budget is everybody's
        "only": territory.names(request.user),
        "refresh": REFRESH_SECONDS if moving else 0,
        "finished": cascade.status == CascadeStatus.RUNNING and bool(found.people) and not moving,
        "may_launch": request.user.has_perm("cascades.launch_cascade") and mine is None,
        "read_at": now,
    }


def money_of(cascade: Cascade, currency: str) -> dict[str, Any]:
    """What `cascades/spending.html` says of the budget."""
    found = spending.of(cascade)
    if found.amount is None:
        return {"spending": found}
    said = {"spent": picture.money(found.spent, currency), "amount": picture.money(found.amount, currency)}
    return {"spending": found, "spending_said": _("%(spent)s of the budget of %(amount)s are spent.") % said}


def _begins(cascade: Cascade, now: datetime) -> bool:
    """Is a start about to take people in, or doing it now? Nobody is counted yet, but the page should not stand still."""
    at_work = Q(state=LaunchState.ENROLLING) | Q(state=LaunchState.PLANNED, start_at__lte=now + SOON)
    return cascade.launches.filter(at_work).exists()


def _totals(found: reports.Numbers) -> list[tuple[str, Any, str]]:
    """(title, value, remark) of each card; the values are numbers, money as Decimal."""
    share = f"{round(100 * found.reached / found.people)} %" if found.people else ""
    per_reached = found.cost_per_reached
    return [
        (_("People"), found.people, _("%(count)s still running") % {"count": found.running} if found.running else ""),
        (_("Reached"), found.reached, share),
        (
            _("Cost"),
            found.cost,
            _("%(cost)s for each one reached") % {"cost": _money(per_reached)} if per_reached else "",
        ),
        (_("Saved"), found.saved, _("against all by %(channel)s") % {"channel": found.dearest} if found.saved else ""),
    ]


def _money(value: Decimal) -> str:
    return f"{value:.2f}" if value >= 1 else f"{value.normalize():f}"
