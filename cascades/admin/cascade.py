"""The cascade's own pages: the list with its numbers, and the builder on one page."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.db.models import Count, DecimalField, IntegerField, OuterRef, Q, QuerySet, Subquery, Sum, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, reverse
from django.utils import timezone
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter, RangeDateFilter
from unfold.decorators import action, display

from cascades import publishing, spending
from cascades.admin import (
    controls,
    gallery,
    launch,
    options,
    picture,
    publish,
    recipients,
    rehearsal,
    report,
    switching,
    ways_in,
)
from cascades.admin.form import CascadeForm
from cascades.admin.steps import StepInline
from cascades.models import Cascade, CascadeStatus, Enrollment, Outcome, StepRun
from contacts import events, kinds, territory
from contacts.admin.limited import ModelAdmin
from contacts.models import Business

if TYPE_CHECKING:
    from collections.abc import Iterable

    from django_stubs_ext import StrOrPromise

FINISHED, PLANNED = "finished", "planned"
STATES: dict[str, tuple[StrOrPromise, str]] = {
    CascadeStatus.DRAFT: (_("draft"), ""),
    CascadeStatus.RUNNING: (_("running"), "success"),
    CascadeStatus.PAUSED: (_("on hold"), "warning"),
    CascadeStatus.STOPPED: (_("stopped"), "danger"),
    PLANNED: (_("about to start"), "info"),
    FINISHED: (_("finished"), "primary"),
}


class UsesChannel(DropdownFilter):
    """Cascades with a step on this kind of channel."""

    title = _("channel")
    parameter_name = "channel"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Iterable[tuple[str, StrOrPromise]]:
        return kinds.choices()

    def queryset(self, request: HttpRequest, queryset: QuerySet[Cascade]) -> QuerySet[Cascade]:
        return queryset.filter(steps__channel__kind=self.value()).distinct() if self.value() else queryset


@admin.register(Cascade)
class CascadeAdmin(ModelAdmin):
    """Where cascades are built and watched."""

    form = CascadeForm
    fieldsets = (
        (None, {"fields": ("name", "trigger", *ways_in.fields(), "reentry", "reentry_after")}),
        (_("How it goes"), {"fields": ("mode", "preferred_first")}),
        (
            _("How it ends"),
            {
                "fields": (
                    "goal",
                    "goal_where",
                    ("goal_about", "goal_key"),
                    "exits",
                    "final_wait",
                    "deadline",
                    "at_end",
                    "campaign",
                    ("priority", "spend_at_most"),
                )
            },
        ),
    )
    inlines = (StepInline,)
    list_display = ("name", "state", "people", "reached", "running", "cost", "created_at")
    list_filter = (("status", ChoicesDropdownFilter), UsesChannel, ("created_at", RangeDateFilter))
    list_filter_submit = True
    search_fields = ("name",)
    search_help_text = _("Name of the cascade")
    list_per_page = 50
    show_full_result_count = False
    actions = None
    actions_list = ["ready_cascades"]
    list_before_template = "cascades/list_before.html"
    warn_unsaved_form = True
    change_form_outer_before_template = "cascades/builder/head.html"

    class Media:
        css = {"all": ("cascades/builder.css",)}
        js = ("cascades/builder.js", "cascades/ways_in.js")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Cascade]:
        """Only the list shows what each has cost, which takes a look at every message of it."""
        match, mine = request.resolver_match, territory.of(request.user)
        listed = match is not None and match.url_name == "cascades_cascade_changelist"
        found = (with_numbers if listed else with_people)(super().get_queryset(request), mine)
        return found.annotate(currency=Value(Business.current().currency))

    def get_urls(self) -> list[URLPattern]:
        return [
            *report.urls(self),
            *recipients.urls(self),
            *controls.urls(self),
            *launch.urls(self),
            *gallery.urls(self),
            *switching.urls(self),
            *publish.urls(self),
            *rehearsal.urls(self),
            *super().get_urls(),
        ]

    @action(description=_("Ready cascades"), url_path="ready", permissions=["add"], icon="auto_awesome_motion")
    def ready_cascades(self, request: HttpRequest) -> HttpResponse:
        return HttpResponseRedirect(reverse("admin:cascades_cascade_gallery"))

    def has_delete_permission(self, request: HttpRequest, obj: Cascade | None = None) -> bool:
        """What was started once stays, for it is people's history."""
        return bool(super().has_delete_permission(request, obj)) and not (obj and obj.version_id)

    def save_model(self, request: HttpRequest, obj: Cascade, form: Any, change: bool) -> None:
        if not change:
            obj.created_by_id = request.user.pk
        super().save_model(request, obj, form, change)
        if "spend_at_most" in form.changed_data:
            spending.limit(obj, form.cleaned_data["spend_at_most"], now=timezone.now())

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        cascade = self.get_object(request, object_id) if object_id else None
        more = {
            **(extra_context or {}),
            "show_save_and_add_another": False,
            "event_names": list(events.GOALS.items()),
            **(self._head(request, cascade) if cascade else {}),
        }
        answer: HttpResponse = super().changeform_view(request, object_id, form_url, more)
        return answer

    def _head(self, request: HttpRequest, cascade: Any) -> dict[str, Any]:
        """What stands above the form: how it goes, the steps as a picture, what is missing, and what can be done."""
        business, steps = Business.current(), publishing.draft_steps(cascade)
        state = state_of(cascade)
        may_launch = request.user.has_perm(controls.MAY_LAUNCH)
        return {
            "cascade": cascade,
            "state_label": STATES[state][0],
            "state_tone": STATES[state][1],
            "stairs": picture.stairs(steps, business.currency, cascade.mode),
            "problems": publishing.problems(cascade, business=business),
            "order_hints": [*options.hints(steps, cascade.mode), *picture.whole(cascade)],
            "acts": controls.offered(cascade) if may_launch and territory.of(request.user) is None else [],
            "automatic": is_automatic(cascade),
            "listens": is_automatic(cascade) and cascade.status == CascadeStatus.RUNNING,
            "may_start": may_launch and cascade.status != CascadeStatus.PAUSED and launch.is_ready(cascade, request),
            "may_duplicate": self.has_add_permission(request),
            "may_rehearse": rehearsal.allowed(request) and bool(steps),
            **(report.money_of(cascade, business.currency) if territory.of(request.user) is None else {}),
            "in_flight": cascade.status in (CascadeStatus.RUNNING, CascadeStatus.PAUSED),
        }

    @display(description=_("status"), ordering="status", label={code: tone for code, (_label, tone) in STATES.items()})
    def state(self, cascade: Any) -> tuple[str, StrOrPromise]:
        return state_of(cascade), STATES[state_of(cascade)][0]

    @display(description=_("people"), ordering="people")
    def people(self, cascade: Any) -> int:
        return int(cascade.people)

    @display(description=_("reached"), ordering="reached")
    def reached(self, cascade: Any) -> str:
        if not cascade.people:
            return "–"
        return __("%(count)s (%(share)s %%)") % {
            "count": cascade.reached,
            "share": round(100 * cascade.reached / cascade.people),
        }

    @display(description=_("still running"), ordering="running")
    def running(self, cascade: Any) -> int:
        return int(cascade.running)

    @display(description=_("cost"), ordering="cost")
    def cost(self, cascade: Any) -> str:
        return picture.money(cascade.cost, cascade.currency) if cascade.cost else "–"


def state_of(cascade: Any) -> str:
    """The status as staff mean it: a running one with nobody left in it is finished."""
    if cascade.status == CascadeStatus.RUNNING and not cascade.running and not is_automatic(cascade):
        return FINISHED if cascade.people else PLANNED
    return str(cascade.status)


def is_automatic(cascade: Any) -> bool:
    return bool(cascade.trigger != "manual")


def with_numbers(cascades: QuerySet[Cascade], mine: territory.Territory = None) -> QuerySet[Cascade]:
    """Each cascade with `people`, `reached`, `running` and `cost` of these branches, in the same statement."""
    return with_people(cascades, mine).annotate(cost=_spent(territory.within(StepRun, mine)))


def with_people(cascades: QuerySet[Cascade], mine: territory.Territory = None) -> QuerySet[Cascade]:
    """The same without `cost`."""
    theirs = territory.within(Enrollment, mine)
    return cascades.annotate(
        people=_counted(theirs),
        reached=_counted(theirs & Q(outcome=Outcome.REACHED)),
        running=_counted(theirs & Q(outcome=Outcome.OPEN)),
    )


def _counted(which: Q) -> Coalesce:
    theirs = Enrollment.objects.filter(which, cascade=OuterRef("pk")).order_by().values("cascade")
    return Coalesce(Subquery(theirs.annotate(n=Count("pk")).values("n")), Value(0), output_field=IntegerField())


def _spent(which: Q) -> Coalesce:
    money = DecimalField(max_digits=14, decimal_places=4)
    theirs = StepRun.objects.filter(which, enrollment__cascade=OuterRef("pk")).order_by().values("enrollment__cascade")
    return Coalesce(Subquery(theirs.annotate(n=Sum("delivery__cost")).values("n")), Value(0), output_field=money)
