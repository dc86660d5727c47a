"""Every recipient of every step: what became of it and why, filtered by channel and outcome, and as CSV."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.admin import ModelAdmin
from unfold.contrib.filters.admin import DropdownFilter
from unfold.decorators import display

from cascades.admin import health
from cascades.models import Cascade, Enrollment, Outcome, StepRun
from cascades.outcomes import LABELS, OUTCOME, TONES, implied, sentence
from channels.models import DeliveryEvent
from channels.transport import Fact
from contacts import kinds, reasons
from contacts.admin.read_only import ReadOnlyAdmin
from contacts.exporting import csv_response, safe
from contacts.models import Contact, Taken
from contacts.privacy import handouts
from contacts.searching import found_by

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

ANSWER = 160  # characters of it in the list; the table that is downloaded has all
Choices = Iterable[tuple[str, "StrOrPromise"]]


class CascadeFilter(DropdownFilter):
    """Only one cascade's people; all of them when none is chosen."""

    title = _("cascade")
    parameter_name = "cascade"
    lookup_name = "enrollment__cascade"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return [(str(pk), name) for pk, name in Cascade.objects.order_by("-id").values_list("pk", "name")[:200]]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        value = self.value()
        return queryset.filter(**{self.lookup_name: value}) if value and value.isdecimal() else queryset


class PeopleCascadeFilter(CascadeFilter):
    """The same for the people themselves."""

    lookup_name = "cascade"


class StepFilter(DropdownFilter):
    """One step of the chosen cascade."""

    title = _("step")
    parameter_name = "step"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        cascade = request.GET.get("cascade", "")
        if not cascade.isdecimal():
            return []
        steps = Cascade.objects.filter(pk=cascade, steps__version__isnull=False).order_by("steps__position")
        rows = steps.values_list("steps__key", "steps__message__name", "steps__channel__name").distinct()
        return list({key: (key, f"{message} · {channel}") for key, message, channel in rows}.values())

    def has_output(self) -> bool:
        return True

    def queryset(self, request: HttpRequest, queryset: QuerySet[StepRun]) -> QuerySet[StepRun]:
        return queryset.filter(step_key=self.value()) if self.value() else queryset


class KindFilter(DropdownFilter):
    """By kind of channel."""

    title = _("channel")
    parameter_name = "channel"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return kinds.choices()

    def queryset(self, request: HttpRequest, queryset: QuerySet[StepRun]) -> QuerySet[StepRun]:
        return queryset.filter(step__channel__kind=self.value()) if self.value() else queryset


class OutcomeFilter(DropdownFilter):
    """By what became of it."""

    title = _("outcome")
    parameter_name = "outcome"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Choices:
        return LABELS.items()

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        code = self.value()
        return queryset.filter(implied(code), outcome_code=code) if code else queryset


@admin.register(StepRun)
class RecipientAdmin(ReadOnlyAdmin):
    """One line per person and step."""

    list_display = ("person", "where", "outcome", "why", "sent", "opened", "cost")
    list_display_links = None
    list_filter = (CascadeFilter, StepFilter, KindFilter, OutcomeFilter)
    indexed_filters = ("cascade", "step", "outcome")
    search_fields = ("enrollment__contact__search",)
    search_help_text = _("Name, email or phone")
    list_select_related = ("enrollment__contact", "enrollment__cascade", "step__channel", "step__message", "delivery")
    list_before_template = "cascades/recipients_before.html"
    ordering = ("-id",)

    def get_queryset(self, request: HttpRequest) -> QuerySet[StepRun]:
        runs: QuerySet[StepRun] = super().get_queryset(request)
        said = DeliveryEvent.objects.filter(delivery=OuterRef("delivery"), fact=Fact.REPLIED).order_by("-at", "-id")
        return runs.annotate(outcome_code=OUTCOME, answer=Subquery(said.values("text")[:1]))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[StepRun], search_term: str
    ) -> tuple[QuerySet[StepRun], bool]:
        if not search_term.strip():
            return queryset, False
        people = found_by(Contact.objects.order_by(), search_term).values("pk")
        return queryset.filter(enrollment__contact__in=people), False

    def get_urls(self) -> list[URLPattern]:
        export = path("export/", self.admin_site.admin_view(self.export), name="cascades_recipients_export")
        return [export, *super().get_urls()]

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        more = {
            "title": gettext("Recipients"),
            "export_query": request.GET.urlencode(),
            "may_export": request.user.has_perm("cascades.export_recipients"),
            "one_cascade": request.GET.get("cascade", "") if request.GET.get("cascade", "").isdecimal() else "",
        }
        answer: HttpResponse = super().changelist_view(request, {**(extra_context or {}), **more})
        return answer

    @display(description=_("person"))
    def person(self, run: StepRun) -> str:
        contact = run.enrollment.contact
        address = run.delivery.shown_address if run.delivery else ""
        url = reverse("admin:contacts_contact_change", args=[contact.pk])
        return format_html(
            '<a class="font-semibold" href="{}">{}</a><br><span class="text-xs">{}</span>', url, contact, address
        )

    @display(description=_("step"))
    def where(self, run: StepRun) -> str:
        return format_html('{}<br><span class="text-xs">{}</span>', run.step.message, run.step.channel)

    @display(description=_("outcome"), label=TONES)
    def outcome(self, run: Any) -> tuple[str, StrOrPromise]:
        return run.outcome_code, LABELS[run.outcome_code]

    @display(description=_("why"))
    def why(self, run: Any) -> str:
        """What was answered says more than why the step was taken."""
        said = f"“{run.answer[:ANSWER]}”" if run.answer else sentence(run)
        return format_html('<span class="whitespace-normal">{}</span>', said or "–")

    @display(description=_("sent"))
    def sent(self, run: StepRun) -> Any:
        return run.delivery.sent_at if run.delivery else None

    @display(description=_("opened or clicked"))
    def opened(self, run: StepRun) -> Any:
        return (run.delivery.clicked_at or run.delivery.opened_at) if run.delivery else None

    @display(description=_("cost"))
    def cost(self, run: StepRun) -> Any:
        return run.delivery.cost.normalize() if run.delivery and run.delivery.cost else None

    def export(self, request: HttpRequest) -> StreamingHttpResponse:
        """The list as it is filtered now, as CSV; rows are read and sent on one by one."""
        if not (request.user.has_perm("cascades.export_recipients") and self.has_view_permission(request)):
            raise PermissionDenied
        found = self.get_changelist_instance(request).get_queryset(request)
        chosen = handouts.filter_said(request.META.get("QUERY_STRING", ""))
        handouts.note(request.user, Taken.RECIPIENTS, handouts.size(found), now=timezone.now(), chosen=chosen)
        return csv_response(_lines(found), f"{gettext('recipients')} {timezone.localdate():%Y-%m-%d}.csv")


COLUMNS: tuple[tuple[StrOrPromise, Callable[[Any], Any]], ...] = (
    (_("cascade"), lambda run: run.enrollment.cascade.name),
    (_("person"), lambda run: run.enrollment.contact.full_name),
    (_("step"), lambda run: run.step.message.name),
    (_("channel"), lambda run: run.step.channel.name),
    (_("address"), lambda run: run.delivery and run.delivery.shown_address),
    (_("outcome"), lambda run: LABELS[run.outcome_code]),
    (_("why"), sentence),
    (_("decided"), lambda run: _stamp(run.decided_at)),
    (_("sent"), lambda run: run.delivery and _stamp(run.delivery.sent_at)),
    (_("delivered"), lambda run: run.delivery and _stamp(run.delivery.delivered_at)),
    (_("opened"), lambda run: run.delivery and _stamp(run.delivery.opened_at)),
    (_("clicked"), lambda run: run.delivery and _stamp(run.delivery.clicked_at)),
    (_("answered"), lambda run: run.delivery and _stamp(run.delivery.replied_at)),
    (_("answer"), lambda run: run.answer),
    (_("cost"), lambda run: run.delivery and run.delivery.cost),
)


def _stamp(at: Any) -> str:
    return timezone.localtime(at).strftime("%Y-%m-%d %H:%M:%S") if at else ""


def _lines(found: QuerySet[StepRun]) -> Iterator[list[str]]:
    """The header and a line for each recipient; cells that a spreadsheet would take for a formula are made safe."""
    yield [str(title) for title, _cell in COLUMNS]
    for run in found.iterator(chunk_size=2000):
        cells = (cell(run) for _title, cell in COLUMNS)
        yield [safe(str(cell)) if cell is not None else "" for cell in cells]


@admin.register(Enrollment)
class PeopleAdmin(ReadOnlyAdmin):
    """One line per person in a cascade, with how it ended for them and why."""

    list_display = ("person", "cascade", "result", "why", "started_at", "next_due_at", "ended_at")
    list_display_links = None
    list_filter = (PeopleCascadeFilter, "outcome")
    indexed_filters = ("cascade", "outcome__exact")
    search_fields = ("contact__search",)
    search_help_text = _("Name, email or phone")
    list_select_related = ("contact", "cascade")
    ordering = ("-id",)

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Enrollment], search_term: str
    ) -> tuple[QuerySet[Enrollment], bool]:
        if not search_term.strip():
            return queryset, False
        return queryset.filter(contact__in=found_by(Contact.objects.order_by(), search_term).values("pk")), False

    def get_urls(self) -> list[URLPattern]:
        return [*health.urls(self), *super().get_urls()]

    @display(description=_("person"))
    def person(self, enrollment: Enrollment) -> str:
        url = reverse("admin:contacts_contact_change", args=[enrollment.contact_id])
        return format_html('<a class="font-semibold" href="{}">{}</a>', url, enrollment.contact)

    @display(
        description=_("outcome"),
        label={
            Outcome.REACHED: "success",
            Outcome.FAILED: "danger",
            Outcome.UNREACHABLE: "warning",
            Outcome.OPEN: "info",
            Outcome.EXHAUSTED: "",  # named too: a code without a tone would be shown instead of its words
            Outcome.STOPPED: "",
            Outcome.MOVED: "",
            Outcome.GUARDIANS: "",
        },
    )
    def result(self, enrollment: Enrollment) -> tuple[str, str]:
        return enrollment.outcome, enrollment.get_outcome_display()

    @display(description=_("why"))
    def why(self, enrollment: Enrollment) -> str:
        said = reasons.say(enrollment.reason, enrollment.reason_params)
        return format_html('<span class="whitespace-normal">{}</span>', said or "–")


def urls(owner: ModelAdmin) -> list[URLPattern]:
    """`admin:cascades_cascade_recipients` (pk): the list of one cascade."""

    def recipients(_request: HttpRequest, pk: int) -> HttpResponse:
        return HttpResponseRedirect(f"{reverse('admin:cascades_steprun_changelist')}?cascade={pk}")

    view = owner.admin_site.admin_view(recipients)
    return [path("<int:pk>/recipients/", view, name="cascades_cascade_recipients")]
