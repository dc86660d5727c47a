"""Shops and booking programs that tell us what happens there, and what they told, as it came."""

from __future__ import annotations

from typing import Any

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.urls import reverse
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from contacts import adapter
from contacts.admin.limited import ModelAdmin, RelatedDropdownFilter
from contacts.admin.long_list import DayFilter
from contacts.admin.read_only import ReadOnlyAdmin
from contacts.forms.connection import ConnectionForm
from contacts.models import Business, Connection, Received, ReceivedState

TONES = {ReceivedState.STORED: "info", ReceivedState.APPLIED: "success", ReceivedState.REFUSED: "danger"}
SHOWN = 20_000  # characters of a body


@admin.register(Connection)
class ConnectionAdmin(ModelAdmin):
    """What was told stays: a connection is switched off, not deleted."""

    form = ConnectionForm
    list_display = ("name", "shown_program", "active", "created_at")
    ordering = ("name",)
    show_full_result_count = False
    warn_unsaved_form = True

    def get_fields(self, request: HttpRequest, obj: Connection | None = None) -> tuple[str, ...]:
        if obj is None:
            return ("name", "adapter", "secret", "create_people")
        return ("name", "shown_program", "shown_address", "secret", "create_people", "active")

    def get_readonly_fields(self, request: HttpRequest, obj: Connection | None = None) -> tuple[str, ...]:
        return ("shown_program", "shown_address") if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Connection | None = None) -> bool:
        return False

    @admin.display(description=_("program"))
    def shown_program(self, connection: Connection) -> str:
        known = connection.adapter in adapter.names()
        return str(adapter.adapter(connection.adapter).label) if known else connection.adapter

    @admin.display(description=_("address to paste into the other program as its webhook"))
    def shown_address(self, connection: Connection) -> str:
        path = reverse("connection_hook", args=[connection.hook])
        address = Business.current().public_address
        return f"{address}{path}" if address else gettext("Enter the public address of your business first.")


@admin.register(Received)
class ReceivedAdmin(ReadOnlyAdmin):
    """One line per call."""

    list_display = ("received_at", "connection", "shown_state", "shown_problem", "applied_at")
    list_filter = (
        ("connection", RelatedDropdownFilter), ("state", ChoicesDropdownFilter), ("received_at", DayFilter),
    )  # fmt: skip
    written_at = "received_at"
    list_select_related = ("connection",)
    fields = ("connection", "received_at", "shown_state", "shown_problem", "applied_at", "shown_headers", "shown_body")

    def get_queryset(self, request: HttpRequest) -> QuerySet[Received]:
        found: QuerySet[Received] = super().get_queryset(request)
        return found.defer("body", "headers")

    @display(description=_("state"), label=TONES)
    def shown_state(self, call: Received) -> tuple[str, Any]:
        return call.state, call.get_state_display()

    @display(description=_("problem"))
    def shown_problem(self, call: Received) -> str:
        return gettext(call.problem) if call.problem else ""

    @display(description=_("headers"))
    def shown_headers(self, call: Received) -> str:
        return _block("\n".join(f"{name}: {value}" for name, value in sorted(call.headers.items())))

    @display(description=_("body"))
    def shown_body(self, call: Received) -> str:
        return _block(bytes(call.body).decode("utf-8", "replace")[:SHOWN])


def _block(text: str) -> str:
    return format_html('<pre class="text-xs whitespace-pre-wrap break-all">{}</pre>', text)
