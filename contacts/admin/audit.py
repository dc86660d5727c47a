"""One list of all changes: who, what, when, of which kind. Details of one thing stand on its own history page, too."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter, DropdownFilter, RangeDateFilter, RelatedDropdownFilter

from contacts import changes
from contacts.admin.read_only import ReadOnlyAdmin
from contacts.models import Change


class KindFilter(DropdownFilter):
    """By the sort of thing that was changed."""

    title = _("kind")
    parameter_name = "kind"

    def lookups(self, request: HttpRequest, model_admin: Any) -> Sequence[tuple[str, Any]]:
        registered = sorted(model._meta.label_lower for model in admin.site._registry)  # noqa: SLF001
        return [(label, changes.kind(Change(model=label))) for label in registered]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Change]) -> QuerySet[Change]:
        return queryset.filter(model=self.value()) if self.value() else queryset


@admin.register(Change)
class ChangeAdmin(ReadOnlyAdmin):
    list_display = ("at", "shown_who", "shown_kind", "shown_name", "act", "shown_what")
    list_display_links = ("at",)
    list_filter = (
        ("by", ChoicesDropdownFilter), ("user", RelatedDropdownFilter), KindFilter, ("act", ChoicesDropdownFilter), ("at", RangeDateFilter),
    )  # fmt: skip
    list_select_related = ("user",)
    fields = ("at", "shown_who", "by", "shown_kind", "shown_name", "act", "shown_lines", "people")

    @admin.display(description=_("who"))
    def shown_who(self, change: Change) -> str:
        return changes.who(change)

    @admin.display(description=_("kind"), ordering="model")
    def shown_kind(self, change: Change) -> str:
        return changes.kind(change)

    @admin.display(description=_("name"))
    def shown_name(self, change: Change) -> SafeString | str:
        app, _dot, model = change.model.partition(".")
        try:
            address = reverse(f"admin:{app}_{model}_change", args=[change.object_id])
        except NoReverseMatch:
            return change.name or "–"
        shown = change.name or change.object_id
        return format_html('<a class="text-primary-600 dark:text-primary-500" href="{}">{}</a>', address, shown)

    @admin.display(description=_("what"))
    def shown_what(self, change: Change) -> str:
        said = changes.summary(change)
        return f"{said[:157]}…" if len(said) > 160 else said

    @admin.display(description=_("what"))
    def shown_lines(self, change: Change) -> SafeString:
        told = changes.told(change)
        lines = [f"{what}: {was or '–'} → {now or '–'}" for what, was, now in told.lines]
        return format_html_join("", "<p>{}</p>", ((line,) for line in [*lines, told.sentence] if line))
