"""What providers told us, exactly as it came."""

from __future__ import annotations

from django.contrib import admin
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils.html import format_html
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import display

from channels.models import InboundCall, InboundState
from contacts.admin.limited import RelatedDropdownFilter
from contacts.admin.long_list import DayFilter
from contacts.admin.read_only import ReadOnlyAdmin

TONES = {
    InboundState.STORED: "info", InboundState.APPLIED: "success", InboundState.PARKED: "warning", InboundState.UNREADABLE: "danger",
}  # fmt: skip
SHOWN = 20_000  # characters of a body


@admin.register(InboundCall)
class InboundCallAdmin(ReadOnlyAdmin):
    """One line per call."""

    list_display = ("received_at", "channel", "outcome", "problem_said", "applied_at")
    list_filter = (
        ("channel", RelatedDropdownFilter),
        ("state", ChoicesDropdownFilter),
        ("received_at", DayFilter),
    )
    written_at = "received_at"
    list_select_related = ("channel",)
    ordering = ("-id",)
    fields = (
        "channel",
        "received_at",
        "state_said",
        "problem_said",
        "applied_at",
        "method",
        "url",
        "headers_shown",
        "body_shown",
    )
    readonly_fields = fields

    class Media:
        css = {"all": ("channels/channels.css",)}

    def get_queryset(self, request: HttpRequest) -> QuerySet[InboundCall]:
        found: QuerySet[InboundCall] = super().get_queryset(request)
        return found.defer("body", "headers")

    @display(description=_("state"), label=TONES)
    def outcome(self, call: InboundCall) -> tuple[str, str]:
        return call.state, call.get_state_display()

    @display(description=_("state"))
    def state_said(self, call: InboundCall) -> str:
        return call.get_state_display()

    @display(description=_("problem"))
    def problem_said(self, call: InboundCall) -> str:
        return gettext(call.problem) if call.problem else ""

    @display(description=_("headers"))
    def headers_shown(self, call: InboundCall) -> str:
        return _block("\n".join(f"{name}: {value}" for name, value in sorted(call.headers.items())))

    @display(description=_("body"))
    def body_shown(self, call: InboundCall) -> str:
        return _block(bytes(call.body).decode("utf-8", "replace")[:SHOWN])


def _block(text: str) -> str:
    return format_html('<pre class="channel-raw text-xs">{}</pre>', text)
