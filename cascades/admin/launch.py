"""The start by hand: whom and when, then everything that is known beforehand, then the button that starts it once."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import wraps
from typing import Any
from uuid import UUID, uuid4

from django.contrib import admin, messages
from django.contrib.admin.exceptions import NotRegistered
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_POST
from unfold.admin import ModelAdmin

from cascades import audience, publishing, runner
from cascades.admin import checking, drafts
from cascades.admin.controls import MAY_LAUNCH
from cascades.admin.selecting import SelectionForm
from cascades.forecast import forecast
from cascades.models import Cascade, CascadeStatus, Launch, LaunchState
from contacts import territory
from contacts.admin import many
from contacts.models import Act, Business, Contact, Group, GroupKind, Membership

# More people than this are counted while the page already stands.
AT_ONCE = 2000
View = Callable[..., HttpResponse]


@dataclass(frozen=True, slots=True)
class _Start:
    """What every page of one start works with."""

    request: HttpRequest
    site: Any
    cascade: Cascade
    launch_id: UUID
    draft: drafts.Draft
    business: Business
    now: datetime

    def url(self, page: str) -> str:
        return reverse(f"admin:cascades_cascade_launch_{page}", args=[self.cascade.pk, self.launch_id])

    @property
    def as_published(self) -> bool:
        """Who is limited starts what was published, not what somebody is editing."""
        return territory.of(self.request.user) is not None

    def page(self, template: str, title: str, **more: Any) -> HttpResponse:
        context = {
            **self.site.each_context(self.request), "title": title, "subtitle": self.cascade.name, "opts": Cascade._meta,
            "cascade": self.cascade, "business": self.business, **more,
        }  # fmt: skip
        return TemplateResponse(self.request, f"cascades/launch/{template}.html", context)


def urls(owner: ModelAdmin) -> list[URLPattern]:
    """`admin:cascades_cascade_launch` (pk), and `_launch_whom`, `_launch_check`, `_launch_go` (pk, launch id); `_launch_choose`."""
    base = "<int:pk>/launch/<uuid:launch_id>"
    return [
        path(
            "launch/choose/",
            owner.admin_site.admin_view(_guarded(owner, _choose)),
            name="cascades_cascade_launch_choose",
        ),
        path("<int:pk>/launch/", owner.admin_site.admin_view(_guarded(owner, _begin)), name="cascades_cascade_launch"),
        path(f"{base}/", _view(owner, _whom), name="cascades_cascade_launch_whom"),
        path(f"{base}/check/", _view(owner, _check), name="cascades_cascade_launch_check"),
        path(f"{base}/go/", require_POST(_view(owner, _go)), name="cascades_cascade_launch_go"),
    ]


def _guarded(owner: ModelAdmin, view: View) -> View:
    """Only for those who may start cascades; the others read in plain words why not."""

    @wraps(view)
    def guarded(request: HttpRequest, **kwargs: Any) -> HttpResponse:
        if not (request.user.has_perm(MAY_LAUNCH) and owner.has_view_permission(request)):
            return _refused(owner, request)
        return view(request, **kwargs)

    return guarded


def _refused(owner: ModelAdmin, request: HttpRequest, *, wait: bool = False) -> HttpResponse:
    """wait: the cascade is not published yet."""
    context = {**owner.admin_site.each_context(request), "title": _("Not for your account"), "wait": wait}
    return TemplateResponse(request, "cascades/launch/refused.html", context, status=403)


def is_ready(cascade: Cascade, request: HttpRequest) -> bool:
    """A start publishes the draft. That is for all branches to decide, so who is limited starts what is published, as it was published."""
    if territory.of(request.user) is None:
        return True
    return cascade.status == CascadeStatus.RUNNING and cascade.version_id is not None


def _view(owner: ModelAdmin, page: Callable[[_Start], HttpResponse]) -> View:
    """A page of one start. Once it has been made, every page of it leads to what came of it."""

    def view(request: HttpRequest, pk: int, launch_id: UUID) -> HttpResponse:
        cascade = get_object_or_404(Cascade, pk=pk)
        if made := Launch.objects.filter(pk=launch_id).first():
            messages.info(request, _("This start was made already. Nobody was taken in twice."))
            return HttpResponseRedirect(result_url(made))
        if not is_ready(cascade, request):
            return _refused(owner, request, wait=True)
        draft = drafts.find(request, launch_id, pk)
        draft = replace(draft, selection=audience.limited(draft.selection, territory.of(request.user)))
        return page(_Start(request, owner.admin_site, cascade, launch_id, draft, Business.current(), timezone.now()))

    wrapped: View = owner.admin_site.admin_view(_guarded(owner, view))
    return wrapped


def result_url(launch: Launch) -> str:
    """Where a start leads: to the live results, or to the planned start."""
    if launch.state in (LaunchState.PLANNED, LaunchState.CANCELLED) and launch.start_wall:
        return reverse("admin:cascades_launch_change", args=[launch.pk])
    return reverse("admin:cascades_cascade_report", args=[launch.cascade_id])


def _begin(request: HttpRequest, pk: int) -> HttpResponse:
    """Mint the id of the start. It stands in the address, so that a second tab, a reload and the way back are the same start."""
    get_object_or_404(Cascade, pk=pk)
    launch_id = drafts.open_for(request, pk, chosen="chosen" in request.GET)
    return HttpResponseRedirect(reverse("admin:cascades_cascade_launch_whom", args=[pk, launch_id]))


def _choose(request: HttpRequest) -> HttpResponse:
    """For people chosen in the list of contacts: which cascade?"""
    if (group := request.GET.get("group", "")).isdecimal():
        drafts.choose(request, [], group=int(group))
    theirs = territory.visible(Membership.objects.all(), request.user)
    in_group = theirs.filter(group__in=drafts.chosen_groups(request)).count()
    context = {
        **admin.site.each_context(request), "title": _("Start a cascade for these people"), "opts": Cascade._meta,
        "count": len(drafts.chosen(request)) + in_group,
        "cascades": Cascade.objects.order_by("-updated_at")[:100],
    }  # fmt: skip
    return TemplateResponse(request, "cascades/launch/choose.html", context)


def _whom(start: _Start) -> HttpResponse:
    """The first page: whom, and when."""
    mine = territory.of(start.request.user)
    form = SelectionForm(
        start.request.POST or None, draft=start.draft, business=start.business, now=start.now, mine=mine
    )
    if start.request.method == "POST" and form.is_valid():
        drafts.keep(start.request, start.launch_id, form.as_draft())
        return HttpResponseRedirect(start.url("check"))
    against = [] if start.as_published else checking.problems(start.cascade, start.business)
    return start.page("whom", _("whom and when"), form=form, problems=against)


def _check(start: _Start, remark: str = "") -> HttpResponse:
    """The second page: everything that is known beforehand. For many people the numbers come in afterwards, by `?part=1`."""
    if not start.draft.selection:
        return HttpResponseRedirect(start.url("whom"))
    about = {
        "draft": start.draft,
        "remark": remark,
        "go_url": start.url("go"),
        "whom_url": start.url("whom"),
        "at_once": AT_ONCE,
    }
    asked = start.request.GET
    people = audience.people(start.draft.selection, start.now).count()
    if people > AT_ONCE and not ("part" in asked or "whole" in asked or remark):
        return start.page(
            "check", _("what will happen"), people=people, counting=True, check_url=start.url("check"), **about
        )
    as_published = start.as_published
    found = forecast(
        start.cascade, start.draft.selection, unknown_goes_on=False, now=start.now, published=as_published
    )  # fmt: skip
    shown = {**found.as_json(), "cost_with": str(found.cost_with), "cost_without": str(found.cost_without)}
    drafts.keep(start.request, start.launch_id, replace(start.draft, shown=shown))
    more = checking.context(start.cascade, start.draft, found, start.business, start.now, published=as_published)
    return start.page("numbers" if "part" in asked else "check", _("what will happen"), forecast=found, **about, **more)


def _go(start: _Start) -> HttpResponse:
    """The button. The same id starts once, whatever was clicked how often."""
    draft, given = start.draft, start.request.POST
    if given.get("stamp") != draft.stamp or not draft.selection:
        return _check(
            start,
            _("What you chose has changed in the meantime, perhaps in another tab. Please look at the numbers again."),
        )
    if draft.shown.get("unknown") and given.get("unknown") not in ("yes", "no"):
        return _check(start, _("Please say what happens with those whose opening cannot be known."))
    goes_on = given.get("unknown") == "yes"
    cost = draft.shown.get("cost_with" if goes_on else "cost_without")
    try:
        launch = runner.start(
            start.launch_id, start.cascade, draft.selection, user=start.request.user, now=start.now,  # type: ignore[arg-type]
            published=start.as_published,
            unknown_goes_on=goes_on, at=draft.at, forecast={**draft.shown, "cost": cost, "unknown_goes_on": goes_on},
        )  # fmt: skip
    except publishing.NotReady as error:
        return _check(start, " ".join(error.problems))
    drafts.forget(start.request, start.launch_id)
    messages.success(start.request, _said(launch, draft.shown.get("people", 0)))
    return HttpResponseRedirect(result_url(launch))


def _said(launch: Launch, people: int) -> str:
    if launch.start_wall:
        return _("The start is planned for %(when)s.") % {"when": checking.local(launch.start_at, launch.start_zone)}
    return _("Started for %(count)s people. The first messages leave in a moment.") % {"count": people}


@admin.action(description=gettext_lazy("Start a cascade for these people"), permissions=["launch_cascade"])
def start_for(_owner: ModelAdmin, request: HttpRequest, contacts: QuerySet[Contact]) -> HttpResponse:
    """An action of the list of contacts. A few people travel in the session, a crowd in a group of its own, filled in the background."""
    address = reverse("admin:cascades_cascade_launch_choose")
    few = list(contacts.order_by("pk").values_list("pk", flat=True)[: AT_ONCE + 1])
    if len(few) <= AT_ONCE:
        drafts.choose(request, few)
        return HttpResponseRedirect(address)
    when = date_format(timezone.localtime(), "SHORT_DATETIME_FORMAT")
    name = _("Selection of %(when)s") % {"when": when}
    group = Group.objects.create(name=f"{name} ({uuid4().hex[:6]})", kind=GroupKind.SELECTION)
    answer = many.begin(request, Act.ADD, group=group, leads_to=f"{address}?group={group.pk}")
    return answer or HttpResponseRedirect(address)


def offer_in_contacts() -> None:
    """Put the action into the list of contacts, which knows nothing of cascades. Admins are loaded room by room, so it is there already."""
    try:
        owner: Any = admin.site.get_model_admin(Contact)
    except NotRegistered:
        return
    owner.actions = [*(owner.actions or ()), start_for]
    owner.has_launch_cascade_permission = lambda request: request.user.has_perm(MAY_LAUNCH)
