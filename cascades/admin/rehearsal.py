"""Trying a cascade out: choose people, wind the clock, watch what would happen to whom, and play what they do. Nothing is really sent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from functools import wraps
from typing import Any
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin

from cascades import rehearsal
from cascades.admin import checking, rehearsal_page
from cascades.admin.controls import MAY_LAUNCH
from cascades.admin.rehearsal_form import PeopleForm
from cascades.models import Cascade, Rehearsal
from cascades.publishing import NotReady
from cascades.rehearsal import Play, Script, Story
from contacts import calendar
from contacts.models import Business

START, END = "start", "end"
FURTHEST = timedelta(days=1100)
View = Callable[..., HttpResponse]


def allowed(request: HttpRequest) -> bool:
    """Who may start cascades and see people may also try a cascade out."""
    return bool(request.user.has_perm(MAY_LAUNCH) and request.user.has_perm("contacts.view_contact"))


def urls(owner: ModelAdmin) -> list[URLPattern]:
    """`admin:cascades_cascade_try` (pk), and `_try_people`, `_try_wind`, `_try_play` (pk)."""

    def view(act: Callable[[ModelAdmin, HttpRequest, Cascade], HttpResponse]) -> View:
        @wraps(act)
        def guarded(request: HttpRequest, pk: int) -> HttpResponse:
            if not (allowed(request) and owner.has_view_permission(request)):
                raise PermissionDenied
            return act(owner, request, get_object_or_404(Cascade, pk=pk))

        wrapped: View = owner.admin_site.admin_view(guarded)
        return wrapped

    return [
        path("<int:pk>/try/", view(_watch), name="cascades_cascade_try"),
        path("<int:pk>/try/people/", view(_people), name="cascades_cascade_try_people"),
        path("<int:pk>/try/wind/", require_POST(view(_wind)), name="cascades_cascade_try_wind"),
        path("<int:pk>/try/play/", require_POST(view(_play)), name="cascades_cascade_try_play"),
    ]


def _page(owner: ModelAdmin, request: HttpRequest, cascade: Cascade, template: str, **more: Any) -> HttpResponse:
    context = {
        **owner.admin_site.each_context(request), "title": _("Try it out"), "subtitle": cascade.name, "opts": Cascade._meta,
        "cascade": cascade, "business": Business.current(), **more,
    }  # fmt: skip
    return TemplateResponse(request, f"cascades/rehearsal/{template}.html", context)


def _who(request: HttpRequest) -> int:
    assert request.user.pk is not None
    return request.user.pk


def _kept(request: HttpRequest, cascade: Cascade) -> Rehearsal | None:
    return Rehearsal.objects.filter(cascade=cascade, user_id=_who(request)).first()


def _keep(request: HttpRequest, script: Script, until: datetime) -> None:
    changes = {"script": script.as_json(), "until": until}
    Rehearsal.objects.update_or_create(cascade_id=script.cascade, user_id=_who(request), defaults=changes)


def _people(owner: ModelAdmin, request: HttpRequest, cascade: Cascade) -> HttpResponse:
    """The first page; its other button only finds more people."""
    kept, business = _kept(request, cascade), Business.current()
    script = Script.from_json(kept.script) if kept else None
    form = PeopleForm(request.POST or None, cascade=cascade, script=script, business=business, now=timezone.now())
    finding = "find" in request.POST
    if request.method == "POST" and not finding and form.is_valid():
        chosen = form.script()
        _keep(request, chosen, chosen.start)
        return HttpResponseRedirect(_back(cascade))
    problems = checking.problems(cascade, business)
    return _page(owner, request, cascade, "people", form=form, problems=problems, finding=finding)


def _watch(owner: ModelAdmin, request: HttpRequest, cascade: Cascade) -> HttpResponse:
    """The script played as far as its clock was wound."""
    kept = _kept(request, cascade)
    if kept is None:
        return HttpResponseRedirect(reverse("admin:cascades_cascade_try_people", args=[cascade.pk]))
    script = Script.from_json(kept.script)
    story = _told(script, kept.until)
    if story is None:
        problems = checking.problems(cascade, Business.current())
        return _page(owner, request, cascade, "refused", problems=problems, busy=not problems)
    shown = rehearsal_page.shown(script, story, cascade, request.GET.get("who", ""), request.GET.get("step", ""))
    return _page(owner, request, cascade, "watch", script=script, story=story, **shown)


def _told(script: Script, until: datetime | None) -> Story | None:
    """The story, or None where the draft is not ready or the house is too busy for it."""
    try:
        return rehearsal.play(script, until=until)
    except (NotReady, rehearsal.Busy):
        return None


def _wind(_owner: ModelAdmin, request: HttpRequest, cascade: Cascade) -> HttpResponse:
    """To a moment, on or back; what was played after it is forgotten."""
    kept, wanted = _kept(request, cascade), request.POST.get("to", "")
    if kept is None:
        return HttpResponseRedirect(_back(cascade))
    script = Script.from_json(kept.script)
    moment = _moment(request, script, wanted)
    if moment is None:
        messages.error(request, _("Choose a day and a time to wind the clock to."))
    else:
        _keep(
            request, script.back_to(moment) if wanted != START else script.back_to(script.start - timedelta(1)), moment
        )
    return HttpResponseRedirect(_back(cascade, request.POST))


def _moment(request: HttpRequest, script: Script, wanted: str) -> datetime | None:
    """Where the clock is to stand, not before the start and not years after it."""
    if wanted == START:
        return script.start
    if wanted == END:
        story = _told(script, None)
        return story.now if story else script.start
    try:
        if wanted:
            found = datetime.fromisoformat(wanted)
        else:
            wall = datetime.fromisoformat(request.POST.get("moment", ""))
            found = calendar.at_local(wall.date(), wall.time(), ZoneInfo(Business.current().time_zone or "UTC"))
    except ValueError:
        return None
    if found.tzinfo is None:
        return None
    return min(max(found, script.start), script.start + FURTHEST)


def _play(_owner: ModelAdmin, request: HttpRequest, cascade: Cascade) -> HttpResponse:
    """Play a person at the moment at which the clock stands, or take the last play back."""
    kept, given = _kept(request, cascade), request.POST
    if kept is None:
        return HttpResponseRedirect(_back(cascade))
    script = Script.from_json(kept.script)
    if "undo" in given:
        _keep(request, script.without_last(), kept.until)
        return HttpResponseRedirect(_back(cascade, given))
    who, link = given.get("who", ""), given.get("link", "0")
    act, text = given.get("act", ""), given.get("text", "").strip()[:500]
    if act == rehearsal_page.MOVE:
        text = _as_instant(text)
    if not who.isdecimal() or int(who) >= len(script.people) or not act or (act in rehearsal_page.WORDS and not text):
        messages.error(request, _("Say what the person does."))
        return HttpResponseRedirect(_back(cascade, given))
    number = int(link) if link.isdecimal() else 0
    play = Play(kept.until, int(who), act[:20], given.get("step", "")[:12], text, number)
    _keep(request, script.with_play(play), kept.until)
    return HttpResponseRedirect(_back(cascade, given))


def _as_instant(text: str) -> str:
    """A wall time of the house as an instant, "" for nonsense."""
    try:
        wall = datetime.fromisoformat(text)
    except ValueError:
        return ""
    return calendar.at_local(wall.date(), wall.time(), ZoneInfo(Business.current().time_zone or "UTC")).isoformat()


def _back(cascade: Cascade, given: Any = None) -> str:
    """The page with the same message open."""
    chosen = {name: given[name] for name in ("who", "step") if given and given.get(name)}
    query = f"?{urlencode(chosen)}#message" if chosen else ""
    return reverse("admin:cascades_cascade_try", args=[cascade.pk]) + query
