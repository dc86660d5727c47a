"""Pause, resume, stop and duplicate: each asks first and says what it does."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin

from cascades import runner
from cascades.models import Cascade, CascadeStatus, Enrollment, Launch, LaunchState, Outcome, Step
from cascades.models.cascade import new_step_key
from contacts import audit

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

KEPT = (
    "mode", "preferred_first", "goal", "goal_where", "goal_about", "goal_key", "exits", "at_end", "final_wait", "trigger", "trigger_params",
    "reentry", "reentry_after", "deadline",
)  # fmt: skip
MAY_LAUNCH = "cascades.launch_cascade"


@dataclass(frozen=True, slots=True)
class Act:
    """One of the brakes. allowed: in which states; sentences: what it does; danger: it cannot be taken back."""

    name: str
    title: StrOrPromise
    sentences: tuple[StrOrPromise, ...]
    button: StrOrPromise
    done: StrOrPromise
    too_late: StrOrPromise
    allowed: tuple[str, ...]
    run: Callable[..., bool]
    icon: str
    danger: bool = False


ACTS = (
    Act(
        "pause", gettext_lazy("Put the cascade on hold?"),
        (
            gettext_lazy("Nobody gets a further message until you resume it, also those whose message is already waiting to leave."),
            gettext_lazy("What is being handed over at this very second may still leave."),
            gettext_lazy("Openings, answers, orders and opt-outs are noticed all the while."),
        ),
        gettext_lazy("Put on hold"), gettext_lazy("The cascade is on hold. Nobody gets a message until you resume it."),
        gettext_lazy("The cascade is not running, so there was nothing to put on hold."), (CascadeStatus.RUNNING,), runner.pause, "pause",
    ),
    Act(
        "resume", gettext_lazy("Resume the cascade?"),
        (
            gettext_lazy("Everyone goes on where they were. Whoever has reacted in the meantime gets nothing more."),
            gettext_lazy("Messages whose time has come while it was on hold leave now, outside quiet hours."),
        ),
        gettext_lazy("Resume"), gettext_lazy("The cascade goes on."),
        gettext_lazy("The cascade was not on hold."), (CascadeStatus.PAUSED,), runner.resume, "play_arrow",
    ),
    Act(
        "stop", gettext_lazy("Stop the cascade for good?"),
        (
            gettext_lazy("It ends for everyone who is still in it. Messages that wait to leave are not sent."),
            gettext_lazy("Starts that are planned are cancelled."),
            gettext_lazy("This cannot be taken back for these people. The results stay, and you can start it again for others."),
        ),
        gettext_lazy("Stop for good"), gettext_lazy("The cascade is stopped. Nobody gets a message of it any more."),
        gettext_lazy("The cascade is not running, so there was nothing to stop."),
        (CascadeStatus.RUNNING, CascadeStatus.PAUSED), runner.stop, "stop_circle", danger=True,
    ),
)  # fmt: skip


def urls(owner: ModelAdmin) -> list[URLPattern]:
    """`admin:cascades_cascade_pause`, `_resume`, `_stop`, `_duplicate` (pk)."""
    wrap = owner.admin_site.admin_view
    brakes = [
        path(f"<int:pk>/{act.name}/", wrap(_asking(owner, act)), name=f"cascades_cascade_{act.name}") for act in ACTS
    ]

    def duplicate(request: HttpRequest, pk: int) -> HttpResponse:
        if not owner.has_add_permission(request):
            raise PermissionDenied
        copy = copied(get_object_or_404(Cascade, pk=pk), request.user.pk)
        messages.success(request, _("This is a copy. Change it as you like; the other one stays as it is."))
        return HttpResponseRedirect(reverse("admin:cascades_cascade_change", args=[copy.pk]))

    return [*brakes, path("<int:pk>/duplicate/", wrap(require_POST(duplicate)), name="cascades_cascade_duplicate")]


def _asking(owner: ModelAdmin, act: Act) -> Callable[..., HttpResponse]:
    """The page that says what the act does (GET), and the act (POST)."""

    def ask(request: HttpRequest, pk: int) -> HttpResponse:
        if not request.user.has_perm(MAY_LAUNCH):
            raise PermissionDenied
        cascade = get_object_or_404(Cascade, pk=pk)
        back = reverse("admin:cascades_cascade_change", args=[pk])
        if request.method == "POST":
            worked = act.run(pk, now=timezone.now())
            if worked:
                audit.done(cascade, str(act.done))
            messages.add_message(
                request, messages.SUCCESS if worked else messages.INFO, str(act.done if worked else act.too_late)
            )
            return HttpResponseRedirect(back)
        if cascade.status not in act.allowed:
            messages.info(request, str(act.too_late))
            return HttpResponseRedirect(back)
        context = {
            **owner.admin_site.each_context(request), "title": act.title, "subtitle": cascade.name, "opts": Cascade._meta,
            "cascade": cascade, "act": act, "back": back, **_affected(cascade),
        }  # fmt: skip
        return TemplateResponse(request, "cascades/builder/confirm.html", context)

    return ask


def offered(cascade: Cascade) -> list[dict[str, Any]]:
    """What can be done with the cascade now, as buttons."""
    return [
        {
            "button": act.button,
            "icon": act.icon,
            "url": reverse(f"admin:cascades_cascade_{act.name}", args=[cascade.pk]),
        }
        for act in ACTS
        if cascade.status in act.allowed
    ]


def _affected(cascade: Cascade) -> dict[str, Any]:
    return {
        "people": Enrollment.objects.filter(cascade=cascade, outcome=Outcome.OPEN).count(),
        "planned": Launch.objects.filter(cascade=cascade, state=LaunchState.PLANNED).count(),
    }


def copied(cascade: Cascade, user_id: int | None) -> Cascade:
    """A new draft with the same steps, none of which remembers anyone."""
    kept = {name: getattr(cascade, name) for name in KEPT}
    with transaction.atomic():
        copy = Cascade.objects.create(
            name=_("%(name)s (copy)") % {"name": cascade.name[:100]}, created_by_id=user_id, **kept,
        )  # fmt: skip
        steps = list(Step.objects.filter(cascade=cascade, version=None))
        keys = {step.key: new_step_key() for step in steps}
        for step in steps:
            step.pk, step.cascade, step.key = None, copy, keys[step.key]
            step.only_if = [
                {**one, **({"step": keys.get(one["step"], "")} if "step" in one else {})} for one in step.only_if
            ]
        Step.objects.bulk_create(steps)
    return copy
