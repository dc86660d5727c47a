"""Programs that are told what happens here, and every call to them, with “send again”."""

from __future__ import annotations

import json
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import HttpRequest
from django.utils import timezone
from django.utils.html import format_html
from django.utils.text import capfirst
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _
from unfold.contrib.filters.admin import ChoicesDropdownFilter
from unfold.decorators import action, display
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminURLInputWidget

from channels import hooks
from channels.hooks import posting
from channels.models import HookCall, HookState, OutgoingHook, Topic
from contacts.admin.limited import ModelAdmin, RelatedDropdownFilter
from contacts.admin.long_list import DayFilter
from contacts.admin.read_only import ReadOnlyAdmin

TONES = {HookState.WAITING: "info", HookState.DONE: "success", HookState.FAILED: "danger"}


class OutgoingHookForm(forms.ModelForm):  # type: ignore[type-arg]
    """An address of the open internet, and what it is told of."""

    url = forms.URLField(
        label=capfirst(_("address")), assume_scheme="https", max_length=500, widget=UnfoldAdminURLInputWidget
    )
    topics = forms.MultipleChoiceField(
        label=capfirst(_("is told of")), choices=Topic.choices, widget=UnfoldAdminCheckboxSelectMultipleWidget
    )

    class Meta:
        model = OutgoingHook
        fields = ("name", "url", "topics", "active")

    def clean_url(self) -> str:
        url: str = self.cleaned_data["url"]
        try:
            posting.check(url)
        except ValueError as error:
            raise ValidationError(str(error)) from None
        return url


@admin.register(OutgoingHook)
class OutgoingHookAdmin(ModelAdmin):
    form = OutgoingHookForm
    list_display = ("name", "url", "active", "failing_since", "shown_problem")
    show_full_result_count = False
    warn_unsaved_form = True

    def get_fields(self, request: HttpRequest, obj: OutgoingHook | None = None) -> tuple[str, ...]:
        return (
            ("name", "url", "topics", "active", "shown_problem", "shown_secret") if obj else ("name", "url", "topics")
        )

    def get_readonly_fields(self, request: HttpRequest, obj: OutgoingHook | None = None) -> tuple[str, ...]:
        return ("shown_problem", "shown_secret") if obj else ()

    def save_model(self, request: HttpRequest, obj: OutgoingHook, form: Any, change: bool) -> None:
        if "active" in form.changed_data and obj.active:
            obj.failing_since, obj.problem = None, ""
        super().save_model(request, obj, form, change)
        if not change:
            hooks.begin(obj)

    @admin.display(description=_("problem"))
    def shown_problem(self, hook: OutgoingHook) -> str:
        return gettext(hook.problem) if hook.problem else "–"

    @admin.display(description=_("secret by which the calls are signed (Standard Webhooks)"))
    def shown_secret(self, hook: OutgoingHook) -> str:
        return hook.secret


@admin.register(HookCall)
class HookCallAdmin(ReadOnlyAdmin):
    """One line per call."""

    list_display = ("created_at", "hook", "shown_type", "shown_state", "attempts", "status", "next_attempt")
    list_filter = (("hook", RelatedDropdownFilter), ("state", ChoicesDropdownFilter), ("created_at", DayFilter))
    written_at = "created_at"
    list_select_related = ("hook",)
    fields = (
        "hook", "created_at", "shown_state", "attempts", "next_attempt", "done_at", "status", "response", "shown_payload",
    )  # fmt: skip
    actions = ["again"]

    @action(description=_("Send again"), permissions=["again"])
    def again(self, request: HttpRequest, queryset: QuerySet[HookCall]) -> None:
        done = hooks.send_again(list(queryset.values_list("pk", flat=True)), now=timezone.now())
        told = ngettext("%(count)s call is made again.", "%(count)s calls are made again.", done) % {"count": done}
        messages.success(request, told)

    def has_again_permission(self, request: HttpRequest) -> bool:
        return request.user.has_perm("channels.change_hookcall")

    @admin.display(description=_("about"))
    def shown_type(self, call: HookCall) -> str:
        return str(call.payload.get("type", ""))

    @display(description=_("state"), label=TONES)
    def shown_state(self, call: HookCall) -> tuple[str, Any]:
        return call.state, call.get_state_display()

    @display(description=_("what is told"))
    def shown_payload(self, call: HookCall) -> str:
        text = json.dumps(call.payload, ensure_ascii=False, indent=2)
        return format_html('<pre class="text-xs whitespace-pre-wrap break-all">{}</pre>', text)
