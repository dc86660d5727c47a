"""Addresses that must not be written to: staff may close one, and with permission open one again."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied, ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter

from contacts import consent, kinds
from contacts.admin.read_only import ReadOnlyAdmin
from contacts.forms.house import SuppressionForm
from contacts.forms.person import normalise
from contacts.models import Business, Suppression, SuppressionReason
from contacts.models.contact import fingerprint


class OpenFilter(DropdownFilter):
    title = _("state")
    parameter_name = "state"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, Any]]:
        return [("open", _("holds")), ("lifted", _("lifted"))]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Suppression]) -> QuerySet[Suppression]:
        return queryset.filter(lifted_at__isnull=self.value() == "open") if self.value() else queryset


@admin.action(description=_("Write to these addresses again"), permissions=["lift"])
def lift(model_admin: Any, request: HttpRequest, rows: QuerySet[Suppression]) -> None:
    """Staff open addresses again; consent does not come back with it."""
    chosen = list(rows)
    lifted = consent.lift_rows([row.pk for row in chosen], now=timezone.now())
    for row in chosen:
        model_admin.log_change(request, row, _now("Opened again"))
    told = ngettext(
        "%(count)s address may be written to again.", "%(count)s addresses may be written to again.", lifted
    )
    messages.success(
        request, told % {"count": lifted} + " " + _now("Consent that was withdrawn does not come back with it.")
    )
    if lifted < len(chosen):
        messages.warning(
            request, _now("Some stay closed: they were open already, or the person asked to be forgotten.")
        )


@admin.register(Suppression)
class SuppressionAdmin(ReadOnlyAdmin):
    list_display = ("hint", "shown_channel", "scope", "reason", "source", "at", "lifted_at")
    list_filter = (OpenFilter, ("reason", ChoicesDropdownFilter), ("scope", ChoicesDropdownFilter))
    search_fields = ("hint",)
    search_help_text = _("The whole address")
    fields = ("hint", "shown_channel", "scope", "reason", "source", "at", "lifted_at")
    actions = [lift]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("contacts.add_suppression")

    def has_lift_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("contacts.change_suppression")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Suppression], search_term: str
    ) -> tuple[QuerySet[Suppression], bool]:
        """Only a whole address can be looked for: no more is kept of it than a hash."""
        return (queryset.filter(fingerprint__in=_marks(search_term)) if search_term.strip() else queryset), False

    def add_view(
        self, request: HttpRequest, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        if not self.has_add_permission(request):
            raise PermissionDenied
        form = SuppressionForm(request.POST if request.method == "POST" else None, country=Business.current().country)
        if form.is_bound and form.is_valid():
            self._close(request, form)
            return HttpResponseRedirect(reverse("admin:contacts_suppression_changelist"))
        page = {
            **self.admin_site.each_context(request), "title": _("Suppress an address"), "form": form, "opts": self.opts,
            "media": self.media + form.media,
        }  # fmt: skip
        return TemplateResponse(request, "contacts/suppress.html", page)

    def _close(self, request: HttpRequest, form: SuppressionForm) -> None:
        said = form.cleaned_data
        row = consent.suppress(
            kind=said["kind"], normal=said["normal"], channel=said["channel"], scope=said["scope"], reason=SuppressionReason.STAFF.value,
            source=said["source"], now=timezone.now(), operator_id=request.user.pk,
        )  # fmt: skip
        self.log_addition(request, row, _now("Suppressed"))
        messages.success(request, _now("%(address)s gets nothing more of what you chose.") % {"address": row.hint})

    @admin.display(description=_("channel"), ordering="channel")
    def shown_channel(self, row: Suppression) -> str:
        return str(kinds.label(row.channel)) if row.channel else str(_("every channel"))


def _marks(term: str) -> list[str]:
    """The hashes of a term read as an email address and as a phone number."""
    marks, country = [], Business.current().country
    for kind in ("email", "phone"):
        try:
            marks.append(fingerprint(kind, normalise(kind, term, country)))
        except ValidationError:
            continue
    return marks
