"""Programs that may talk to us: made, given a new key, and shut out. A key is shown once, on the page that answers its making."""

from __future__ import annotations

from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect
from django.shortcuts import get_object_or_404
from django.template.response import TemplateResponse
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.decorators import display

from contacts import integrations, territory
from contacts.admin.limited import ModelAdmin
from contacts.forms.integration import IntegrationForm
from contacts.models import Integration, Scope

ACTS = {
    "rotate": (_("Make a new key"), "key", _("The old key stops working at once.")),
    "revoke": (_("Shut out"), "block", _("The program can no longer tell or ask anything.")),
}


@admin.register(Integration)
class IntegrationAdmin(ModelAdmin):
    """Nobody is deleted here: what a program told stays marked with its name."""

    form = IntegrationForm
    list_display = ("name", "shown_scopes", "shown_key", "last_used_at", "shown_today", "shown_state")
    ordering = ("name",)
    show_full_result_count = False
    list_select_related = ("created_by",)
    change_form_outer_before_template = "contacts/integration_acts.html"
    warn_unsaved_form = True

    def get_fields(self, request: HttpRequest, obj: Integration | None = None) -> tuple[str, ...]:
        seen = ("shown_key", "rotated_at", "last_used_at", "shown_today", "created_by", "created_at")
        return ("name", "scopes", "branches", "per_minute", *(seen if obj else ()))

    def get_readonly_fields(self, request: HttpRequest, obj: Integration | None = None) -> tuple[str, ...]:
        return ("shown_key", "rotated_at", "last_used_at", "shown_today", "created_by", "created_at") if obj else ()

    def has_delete_permission(self, request: HttpRequest, obj: Integration | None = None) -> bool:
        return False

    def get_urls(self) -> list[URLPattern]:
        act = self.admin_site.admin_view(self.act)
        return [path("<int:pk>/act/<str:name>/", act, name="contacts_integration_act"), *super().get_urls()]

    def save_model(self, request: HttpRequest, obj: Integration, form: Any, change: bool) -> None:
        if change:
            obj.save(update_fields=["name", "scopes", "per_minute"])
            territory.replace(obj, form.cleaned_data["branches"])
            return
        wanted = form.cleaned_data
        made, token = integrations.create(
            wanted["name"], wanted["scopes"], per_minute=wanted["per_minute"], operator_id=request.user.pk, now=timezone.now()
        )  # fmt: skip
        territory.replace(made, wanted["branches"])
        obj.pk = made.pk
        request.new_key = token  # type: ignore[attr-defined]

    def response_add(self, request: HttpRequest, obj: Integration, post_url_continue: Any = None) -> HttpResponse:
        return self._shown_once(request, obj, request.new_key)  # type: ignore[attr-defined]

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:  # fmt: skip
        found = self.get_object(request, object_id) if object_id else None
        may = found is not None and self.has_change_permission(request, found)
        more = {**(extra_context or {}), "integration": found, "acts": _acts(found) if may and found else []}
        answer: HttpResponse = super().changeform_view(request, object_id, form_url, more)
        return answer

    def act(self, request: HttpRequest, pk: int, name: str) -> HttpResponse:
        """POST: a new key, or none that works."""
        if request.method != "POST":
            return HttpResponseNotAllowed(["POST"])
        found = get_object_or_404(Integration, pk=pk)
        if name not in ACTS or not self.has_change_permission(request, found):
            raise PermissionDenied
        self.log_change(request, found, str(ACTS[name][0]))
        if name == "rotate":
            Integration.objects.filter(pk=pk).update(active=True)
            return self._shown_once(request, found, integrations.rotate(pk, now=timezone.now()))
        integrations.revoke(pk)
        messages.success(request, gettext("“%(name)s” is shut out.") % {"name": found.name})
        return HttpResponseRedirect(reverse("admin:contacts_integration_change", args=[pk]))

    def _shown_once(self, request: HttpRequest, found: Integration, token: str) -> HttpResponse:
        page = {
            **self.admin_site.each_context(request), "title": _("The key of “%(name)s”") % {"name": found.name}, "token": token,
            "opts": Integration._meta, "integration": found, "api_page": reverse("api-1:openapi-view"),
        }  # fmt: skip
        return TemplateResponse(
            request, "contacts/integration_key.html", page
        )  # which, as all of the admin, no browser stores

    @admin.display(description=_("may"))
    def shown_scopes(self, integration: Integration) -> str:
        labels = dict(Scope.choices)
        return ", ".join(str(labels.get(scope, scope)) for scope in integration.scopes)

    @admin.display(description=_("key"))
    def shown_key(self, integration: Integration) -> str:
        return f"…{integration.hint}"

    @admin.display(description=_("calls today"))
    def shown_today(self, integration: Integration) -> int:
        return integration.day_calls if integration.day == timezone.now().date() else 0

    @display(description=_("state"), label={"active": "success", "shut": "danger"})
    def shown_state(self, integration: Integration) -> tuple[str, Any]:
        return ("active", _("active")) if integration.active else ("shut", _("shut out"))


def _acts(integration: Integration) -> list[dict[str, Any]]:
    offered = ("rotate", "revoke") if integration.active else ("rotate",)
    return [
        {"url": reverse("admin:contacts_integration_act", args=[integration.pk, name]), "label": ACTS[name][0], "icon": ACTS[name][1],
         "hint": ACTS[name][2]}
        for name in offered
    ]  # fmt: skip
