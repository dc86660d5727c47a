"""Using the changes of a cascade that runs: what is published, who is in flight and where, and what becomes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.admin import ModelAdmin

from cascades import runner
from cascades.admin import checking
from cascades.admin.controls import MAY_LAUNCH
from cascades.models import Cascade, CascadeStatus, Step
from cascades.runner import Place, Then
from contacts import audit
from contacts.models import Business

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

CHOICES: dict[Then, tuple[StrOrPromise, StrOrPromise]] = {
    Then.STAY: (
        gettext_lazy("They stay on their version to the end"),
        gettext_lazy("Only who comes in from now on gets what you changed."),
    ),
    Then.MOVE: (
        gettext_lazy("They go on with the new version"),
        gettext_lazy(
            "Nobody gets a step twice. A step that you put in before what they had already is not for them. Whose next step was removed "
            "goes on with the first one after the last that they had."
        ),
    ),
    Then.STOP: (
        gettext_lazy("It ends for them now"),
        gettext_lazy("What waits to leave is called back. This cannot be taken back."),
    ),
}


def urls(owner: ModelAdmin) -> list[URLPattern]:
    """`admin:cascades_cascade_publish` (pk)."""

    def publish(request: HttpRequest, pk: int) -> HttpResponse:
        if not request.user.has_perm(MAY_LAUNCH):
            raise PermissionDenied
        cascade = get_object_or_404(Cascade, pk=pk)
        return _use(request, cascade) if request.method == "POST" else _ask(owner, request, cascade)

    return [path("<int:pk>/publish/", owner.admin_site.admin_view(publish), name="cascades_cascade_publish")]


def _use(request: HttpRequest, cascade: Cascade) -> HttpResponse:
    back = HttpResponseRedirect(reverse("admin:cascades_cascade_change", args=[cascade.pk]))
    if request.POST.get("then") not in set(Then):
        messages.error(request, _("Choose what becomes of those who are in it."))
        return HttpResponseRedirect(request.path)
    then, before = Then(request.POST["then"]), cascade.version_id
    try:
        version, people = runner.publish(cascade, then, user=request.user, now=timezone.now())  # type: ignore[arg-type]
    except runner.NotReady as error:
        messages.error(request, " ".join(error.problems))
        return back
    said = (
        _("Nothing had changed.")
        if version.pk == before
        else _("Version %(number)s is in use.") % {"number": version.number}
    )
    audit.done(cascade, f"{said} {_told(then, people)}".strip(), people or None)
    messages.success(request, f"{said} {_told(then, people)}".strip())
    return back


def _told(then: Then, people: int) -> str:
    if then is Then.STAY or not people:
        return ""
    if then is Then.MOVE:
        return ngettext("%(count)s person goes on with it.", "%(count)s people go on with it.", people) % {
            "count": people
        }
    return ngettext("It ended for %(count)s person.", "It ended for %(count)s people.", people) % {"count": people}


def _ask(owner: ModelAdmin, request: HttpRequest, cascade: Cascade) -> HttpResponse:
    back = reverse("admin:cascades_cascade_change", args=[cascade.pk])
    if cascade.status != CascadeStatus.RUNNING:
        messages.info(request, _("The cascade is not running. Start it, or resume it, before publishing changes."))
        return HttpResponseRedirect(back)
    found = runner.places(cascade)
    context = {
        **owner.admin_site.each_context(request), "title": _("Use the changes?"), "subtitle": cascade.name, "opts": Cascade._meta,
        "cascade": cascade, "problems": checking.problems(cascade, Business.current()), "back": back,
        "automatic": cascade.trigger != "manual",
        "people": sum(place.people for place in found), "rows": _rows(cascade, found), "gone": any(place.next_is_gone for place in found),
        "choices": [(then.value, *said) for then, said in CHOICES.items()], "stay": Then.STAY.value,
    }  # fmt: skip
    return TemplateResponse(request, "cascades/launch/publish.html", context)


def _rows(cascade: Cascade, found: list[Place]) -> list[dict[str, object]]:
    """Each place in words; a step goes by the name of its message, of the newest version that has it."""
    steps = Step.objects.filter(cascade=cascade).select_related("message", "channel").order_by("version_id")
    names = {step.key: f"{step.message} ({step.channel})" for step in steps}
    nothing, end = _("nothing yet"), _("nothing more: its reactions are awaited")
    return [
        {
            "version": place.version, "people": place.people, "had": names.get(place.had, "–") if place.had else nothing,
            "next": names.get(place.next, "–") if place.next else end, "gone": place.next_is_gone,
            "goes_on": names.get(place.goes_on, "–") if place.goes_on else end,
        }
        for place in found
    ]  # fmt: skip
