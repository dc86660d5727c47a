"""What people answered in forms, as a list, one by one, and as a file."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import action, display

from channels.admin.form import EXPORT, export
from channels.models import FormAnswer
from contacts.admin.limited import RelatedDropdownFilter
from contacts.admin.long_list import DayFilter
from contacts.admin.read_only import ReadOnlyAdmin, link_to
from contacts.models import Contact
from contacts.searching import found_by

_SHOWN = 90  # characters of all answers in the list


@admin.register(FormAnswer)
class FormAnswerAdmin(ReadOnlyAdmin):
    list_display = ("at", "shown_contact", "form", "summary", "state")
    list_display_links = ("at",)
    list_filter = (("form", RelatedDropdownFilter), ("at", DayFilter))
    written_at = "at"
    list_select_related = ("form", "contact")
    search_fields = ("form__name",)
    search_help_text = _("The person's name, city, address or number")
    fields = ("form", "shown_contact", "at", "language", "in_words", "said")
    readonly_fields = fields
    actions = ["export_answers"]

    class Media:
        css = {"all": ("channels/form.css",)}

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[FormAnswer], search_term: str
    ) -> tuple[QuerySet[FormAnswer], bool]:
        if not search_term.strip():
            return queryset, False
        return queryset.filter(contact__in=found_by(Contact.objects.order_by(), search_term).values("pk")), False

    def has_export_permission(self, request: HttpRequest, *_args: object) -> bool:
        return request.user.has_perm(EXPORT)

    @action(description=_("Export as CSV"), permissions=["export"])
    def export_answers(self, request: HttpRequest, queryset: QuerySet[FormAnswer]) -> HttpResponse:
        return export(request, FormAnswer.objects.filter(pk__in=queryset.order_by().values("pk")), str(_("answers")))

    @admin.display(description=_("contact"))
    def shown_contact(self, answer: FormAnswer) -> SafeString:
        return link_to(answer.contact)

    @admin.display(description=_("answers"))
    def summary(self, answer: FormAnswer) -> str:
        said = " · ".join(one["said"] for one in answer.in_order)
        return f"{said[:_SHOWN]}…" if len(said) > _SHOWN else said

    @display(description=_("state"), label={"counts": "success", "replaced": "warning", "played": "info"})
    def state(self, answer: FormAnswer) -> tuple[str, object]:
        if answer.replaced_at:
            return "replaced", _("replaced by a later answer")
        return ("played", _("played in the sandbox")) if answer.played else ("counts", _("counts"))

    @admin.display(description=_("state"))
    def in_words(self, answer: FormAnswer) -> str:
        return str(self.state(answer)[1])

    @admin.display(description=_("answers"))
    def said(self, answer: FormAnswer) -> SafeString:
        pairs = ((one["label"], one["said"]) for one in answer.in_order)
        return format_html(
            '<dl class="form-said">{}</dl>', format_html_join("", "<div><dt>{}</dt><dd>{}</dd></div>", pairs)
        )
