"""The ledger of consent, for reading. Lines are added on a person's page, by the person, or by an import."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter
from unfold.decorators import display

from contacts import kinds
from contacts.admin.long_list import DayFilter
from contacts.admin.read_only import ReadOnlyAdmin, link_to
from contacts.models import Consent, Contact
from contacts.searching import found_by


class KindFilter(DropdownFilter):
    """By the kind of channel."""

    title = _("channel")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, Any]]:
        return kinds.choices()

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        return queryset.filter(**{self.parameter_name: self.value()}) if self.value() else queryset


@admin.register(Consent)
class ConsentAdmin(ReadOnlyAdmin):
    list_display = ("at", "shown_contact", "shown_kind", "purpose", "shown_given", "basis", "source", "operator")
    list_display_links = ("at",)
    list_filter = (
        KindFilter, ("purpose", ChoicesDropdownFilter), "given", ("basis", ChoicesDropdownFilter), ("at", DayFilter),
    )  # fmt: skip
    list_select_related = ("contact", "operator")
    search_fields = ("source",)
    search_help_text = _("The person's name, city, address or number")
    fields = (
        "contact", "shown_kind", "purpose", "given", "basis", "source", "wording", "language", "at", "expires_at", "recorded_at",
        "operator", "ip", "shown_address",
    )  # fmt: skip

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Consent], search_term: str
    ) -> tuple[QuerySet[Consent], bool]:
        if not search_term.strip():
            return queryset, False
        return queryset.filter(contact__in=found_by(Contact.objects.order_by(), search_term).values("pk")), False

    @admin.display(description=_("contact"))
    def shown_contact(self, line: Consent) -> SafeString:
        return link_to(line.contact)

    @admin.display(description=_("channel"))
    def shown_kind(self, line: Consent) -> str:
        return str(kinds.label(line.kind))

    @admin.display(description=_("address"))
    def shown_address(self, line: Consent) -> str:
        return kinds.shown(kinds.address_of(line.kind), line.address) if line.address else ""

    @display(
        description=_("the person"),
        label={"given": "success", "withdrawn": "danger"},
    )
    def shown_given(self, line: Consent) -> tuple[str, str]:
        return ("given", str(_("agreed"))) if line.given else ("withdrawn", str(_("withdrew")))
