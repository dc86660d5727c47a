"""The starts that were made: when, of what, for whom, how far; a planned one can be taken back."""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from uuid import UUID

from django.contrib import admin, messages
from django.db.models import Count, IntegerField, OuterRef, Q, QuerySet, Subquery, Value
from django.db.models.functions import Coalesce
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils.html import format_html
from django.utils.translation import gettext as __
from django.utils.translation import gettext_lazy as _
from django.views.decorators.http import require_POST
from unfold.contrib.filters.admin import ChoicesDropdownFilter, RangeDateFilter
from unfold.decorators import display

from cascades import runner
from cascades.admin import checking, picture
from cascades.admin.controls import MAY_LAUNCH
from cascades.admin.selecting import whom
from cascades.models import Enrollment, Launch, LaunchState, Outcome
from contacts import territory
from contacts.admin.limited import ModelAdmin
from contacts.models import Business

FINISHED, RUNNING = "finished", "running"
TONES = {
    LaunchState.PLANNED: "info", LaunchState.ENROLLING: "info", RUNNING: "success", FINISHED: "primary",
    LaunchState.CANCELLED: "danger",
}  # fmt: skip


@admin.register(Launch)
class LaunchAdmin(ModelAdmin):
    """Written by the start page; read here."""

    list_display = ("when", "cascade_link", "state_shown", "people", "through", "created_by")
    list_display_links = ("when",)
    list_filter = (("state", ChoicesDropdownFilter), ("start_at", RangeDateFilter))
    list_filter_submit = True
    list_select_related = ("cascade", "created_by")
    search_fields = ("cascade__name",)
    search_help_text = _("Name of the cascade")
    list_per_page = 50
    show_full_result_count = False
    actions = None
    fields = (
        "cascade_link",
        "state_said",
        "when",
        "whom",
        "people",
        "through",
        "foreseen",
        "created_by",
        "made",
        "problem",
    )
    readonly_fields = fields
    change_form_outer_before_template = "cascades/launch/planned.html"

    class Media:
        css = {"all": ("cascades/builder.css",)}

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Launch | None = None) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Launch | None = None) -> bool:
        return False

    def get_queryset(self, request: HttpRequest) -> QuerySet[Launch]:
        """With how many are in, and how many of these are not yet through."""
        counted = {"entered": _counted(Q()), "still_open": _counted(Q(outcome=Outcome.OPEN))}
        found: QuerySet[Launch] = super().get_queryset(request)
        return found.annotate(**counted, our_zone=Value(Business.current().time_zone))

    def get_urls(self) -> list[URLPattern]:
        cancel = self.admin_site.admin_view(require_POST(self.cancel))
        return [path("<uuid:pk>/cancel/", cancel, name="cascades_launch_cancel"), *super().get_urls()]

    def cancel(self, request: HttpRequest, pk: UUID) -> HttpResponse:
        """Take back a start that has not begun."""
        launch = territory.found(Launch, request.user, pk=pk)
        if not request.user.has_perm(MAY_LAUNCH):
            messages.error(request, __("Your account may not cancel starts."))
        elif runner.cancel(launch.pk):
            messages.success(request, __("The start is cancelled. Nobody gets a message of it."))
        else:
            messages.info(request, __("This start has begun already. Stop or pause the cascade instead."))
        return HttpResponseRedirect(reverse("admin:cascades_launch_change", args=[launch.pk]))

    def changeform_view(
        self,
        request: HttpRequest,
        object_id: str | None = None,
        form_url: str = "",
        extra_context: dict[str, Any] | None = None,
    ) -> HttpResponse:
        launch: Any = self.get_object(request, object_id) if object_id else None
        may_cancel = launch is not None and launch.state == LaunchState.PLANNED and request.user.has_perm(MAY_LAUNCH)
        more = {**(extra_context or {}), "launch": launch, "may_cancel": may_cancel, "title": __("Start")}
        answer: HttpResponse = super().changeform_view(request, object_id, form_url, more)
        return answer

    @display(description=_("begins"), ordering="start_at")
    def when(self, launch: Any) -> str:
        return checking.local(launch.start_at, launch.start_zone or launch.our_zone)

    @display(description=_("cascade"), ordering="cascade__name")
    def cascade_link(self, launch: Launch) -> str:
        url = reverse("admin:cascades_cascade_report", args=[launch.cascade_id])
        return format_html(
            '<a class="font-semibold text-primary-600 dark:text-primary-500" href="{}">{}</a>', url, launch.cascade
        )

    @display(description=_("state"), ordering="state", label=TONES)
    def state_shown(self, launch: Any) -> tuple[str, str]:
        return how_far(launch)

    @display(description=_("state"))
    def state_said(self, launch: Any) -> str:
        return how_far(launch)[1]

    @display(description=_("people"), ordering="audience")
    def people(self, launch: Any) -> int | str:
        people: int | str = launch.audience if launch.audience is not None else launch.forecast.get("people", "–")
        return people

    @display(description=_("through"))
    def through(self, launch: Any) -> str:
        if not launch.entered:
            return "–"
        return __("%(done)s of %(all)s") % {"done": launch.entered - launch.still_open, "all": launch.entered}

    @display(description=_("whom"))
    def whom(self, launch: Launch) -> str:
        return whom(launch.selection, Business.current())

    @display(description=_("foreseen"))
    def foreseen(self, launch: Launch) -> str:
        """What the page said before the start."""
        seen = launch.forecast
        if not seen:
            return "–"
        return __("%(people)s people, %(reachable)s of them reachable, at most %(cost)s") % {
            "people": seen.get("people"), "reachable": seen.get("reachable"),
            "cost": picture.money(Decimal(seen.get("cost") or 0), Business.current().currency),
        }  # fmt: skip

    @display(description=_("prepared"))
    def made(self, launch: Any) -> str:
        return checking.local(launch.created_at, launch.our_zone)


def how_far(launch: Any) -> tuple[str, str]:
    """The state as staff mean it, as code and word; "finished" is derived: nobody is left in it."""
    if launch.state != LaunchState.ENROLLED:
        return launch.state, launch.get_state_display()
    return (RUNNING, __("running")) if launch.still_open else (FINISHED, __("finished"))


def _counted(which: Q) -> Coalesce:
    theirs = Enrollment.objects.filter(which, launch=OuterRef("pk")).order_by().values("launch")
    return Coalesce(Subquery(theirs.annotate(n=Count("pk")).values("n")), Value(0), output_field=IntegerField())
