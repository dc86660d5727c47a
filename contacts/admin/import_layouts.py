"""Remembered layouts: what staff once made of a file's columns. Looked at and deleted here, made by importing."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.http import HttpRequest
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from contacts.admin.read_only import ReadOnlyAdmin
from contacts.importing.mapping import IGNORE, LABELS
from contacts.models import ImportLayout

MAY = "contacts.import_contact"


@admin.register(ImportLayout)
class ImportLayoutAdmin(ReadOnlyAdmin):
    """A layout that is deleted is guessed anew the next time such a file comes."""

    list_display = ["filename", "show_columns", "created_by", "used_at"]
    list_select_related = ["created_by"]
    list_filter_submit = False
    search_fields = ["filename"]
    fields = ["filename", "show_mapping", "created_by", "used_at"]
    readonly_fields = fields
    actions = ["delete_selected"]

    @display(description=_("columns"))
    def show_columns(self, layout: ImportLayout) -> str:
        named = [header for header in layout.headers if header]
        return ", ".join(named[:6]) + (" …" if len(named) > 6 else "")

    @display(description=_("columns"))
    def show_mapping(self, layout: ImportLayout) -> SafeString:
        pairs = zip(layout.headers, layout.mapping.get("columns", []), strict=False)
        rows = [(header, LABELS.get(name, LABELS[IGNORE])) for header, name in pairs if name != IGNORE]
        return format_html_join("", "<p>{} → <b>{}</b></p>", rows)

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(MAY)

    def has_module_permission(self, request: HttpRequest) -> bool:
        return self.has_view_permission(request)

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return request.user.has_perm(MAY)
