"""What happened outside, for reading. Staff note it on the person's page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ChangeList
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import AllValuesCheckboxFilter

from contacts import tables, walking
from contacts.admin.long_list import DayFilter
from contacts.admin.read_only import ReadOnlyAdmin, link_to
from contacts.admin.tables import ImportsTable
from contacts.models import Contact, Event
from contacts.searching import found_by
from contacts.stories import event_details, event_title


class WhatHappenedFilter(AllValuesCheckboxFilter):
    """What happened, by the names that staff know it by."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.lookup_choices = walking.values_of(Event, "name", 200)

    def choices(self, changelist: ChangeList) -> Iterator[dict[str, Any]]:
        for shown in super().choices(changelist):
            field = shown["form"].fields[self.lookup_kwarg]
            field.choices = [(name, str(label).replace(name, event_title(name), 1)) for name, label in field.choices]
            yield shown


@admin.register(Event)
class EventAdmin(ImportsTable, ReadOnlyAdmin):
    table_reader = tables.purchases
    table_title = _("Purchases from a table")
    table_columns = _(
        "Columns: date, email or phone (or the customer's number), and as you have them order number, total, currency, product, "
        "quantity, price, category. Lines with the same order number are one purchase."
    )
    actions_list = ["import_table"]
    list_display = ("at", "shown_contact", "shown_name", "shown_details", "operator")
    list_display_links = ("at",)
    list_filter = (("name", WhatHappenedFilter), ("at", DayFilter))
    indexed_filters = ("name", "at_from", "at_to")
    list_select_related = ("contact", "operator")
    search_fields = ("name",)
    search_help_text = _("The person's name, city, address or number")
    fields = ("contact", "shown_name", "at", "recorded_at", "shown_details", "operator")

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Event], search_term: str
    ) -> tuple[QuerySet[Event], bool]:
        if not search_term.strip():
            return queryset, False
        return queryset.filter(contact__in=found_by(Contact.objects.order_by(), search_term).values("pk")), False

    @admin.display(description=_("contact"))
    def shown_contact(self, event: Event) -> SafeString:
        return link_to(event.contact)

    @admin.display(description=_("what happened"))
    def shown_name(self, event: Event) -> str:
        return event_title(event.name)

    @admin.display(description=_("details"))
    def shown_details(self, event: Event) -> str:
        played = [str(_("played in the sandbox"))] if event.played else []
        return " · ".join(part for part in [*event_details(event), *played] if part) or "–"
