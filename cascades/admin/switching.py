"""Switching a cascade on that takes people in by itself: what stands against it, and how many would enter."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from unfold.admin import ModelAdmin

from cascades import runner
from cascades.admin import checking
from cascades.admin.controls import MAY_LAUNCH
from cascades.models import Cascade, CascadeStatus
from cascades.trigger import trigger
from contacts import audit
from contacts.models import Business

WEEK = timedelta(days=7)


def urls(owner: ModelAdmin) -> list[URLPattern]:
    """`admin:cascades_cascade_switch_on` (pk)."""

    def switch_on(request: HttpRequest, pk: int) -> HttpResponse:
        if not request.user.has_perm(MAY_LAUNCH):
            raise PermissionDenied
        cascade = get_object_or_404(Cascade, pk=pk)
        return _switch(request, cascade) if request.method == "POST" else _ask(owner, request, cascade)

    view = owner.admin_site.admin_view(switch_on)
    return [path("<int:pk>/switch-on/", view, name="cascades_cascade_switch_on")]


def _switch(request: HttpRequest, cascade: Cascade) -> HttpResponse:
    back = HttpResponseRedirect(reverse("admin:cascades_cascade_change", args=[cascade.pk]))
    try:
        runner.switch_on(cascade, user=request.user, now=timezone.now())  # type: ignore[arg-type]
    except runner.NotReady as error:
        messages.error(request, " ".join(error.problems))
    else:
        audit.done(cascade, _("The cascade is switched on."))
        messages.success(request, _("The cascade is switched on. From now on people get in by themselves."))
    return back


def _ask(owner: ModelAdmin, request: HttpRequest, cascade: Cascade) -> HttpResponse:
    now = timezone.now()
    try:
        way_in = trigger(cascade.trigger).say(cascade.trigger_params)
    except LookupError:
        way_in = ""
    context = {
        **owner.admin_site.each_context(request), "title": _("Switch the cascade on?"), "subtitle": cascade.name, "opts": Cascade._meta,
        "cascade": cascade, "way_in": way_in, "problems": checking.problems(cascade, Business.current()),
        "today": runner.expected(cascade, now, now + timedelta(days=1)), "week": runner.expected(cascade, now, now + WEEK),
        "listens": cascade.status == CascadeStatus.RUNNING, "back": reverse("admin:cascades_cascade_change", args=[cascade.pk]),
    }  # fmt: skip
    return TemplateResponse(request, "cascades/launch/switch_on.html", context)
