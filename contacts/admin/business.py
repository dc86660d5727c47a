"""The business: one page with what holds for everything that is sent."""

from __future__ import annotations

from functools import partial
from typing import Any

from django.contrib import admin, messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import URLPattern, path, reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from contacts import reachability
from contacts.admin.limited import ModelAdmin
from contacts.admin.limits import INLINES
from contacts.forms.house import BusinessForm
from contacts.forms.limits import say_hours
from contacts.models import Business
from contacts.signals import limits_changed


@admin.register(Business)
class BusinessAdmin(ModelAdmin):
    form = BusinessForm
    change_form_template = "contacts/business_form.html"
    warn_unsaved_form = True
    readonly_fields = ("shown_proof", "shown_hours")
    inlines = INLINES
    fieldsets = (
        (
            _("Who we are"),
            {"fields": ("name", "postal_address", "website", ("country", "language"), ("time_zone", "currency"))},
        ),
        (
            _("Quiet hours"),
            {
                "fields": (("quiet_from", "quiet_until"), ("keep_holidays", "holiday_region"), "shown_hours"),
                "description": _(
                    "By the clock of each person. What would leave then waits until they end. Equal times mean no quiet hours."
                    " Further down there are rules for single channels, and closed days."
                ),
            },
        ),
        (
            _("Not too much"),
            {
                "fields": (("cap_messages", "cap_days"), "month_budget"),
                "description": _(
                    "Counts marketing messages to one person over all cascades. Service messages are not counted."
                    " What is too much waits for a free place as long as it is valid. Further down there are caps for single channels."
                ),
            },
        ),
        (
            _("Openings and links"),
            {
                "fields": (("tracking", "utm_source"), "confirm_days", "join_countries"),
                "description": _(
                    "In France, for example, the law lets you see who opened an email only with the person's consent to that."
                ),
            },
        ),
        (_("How our emails look"), {"fields": ("logo", "colour")}),
        (
            _("Where people reach this program"),
            {
                "fields": ("public_address", "shown_proof"),
                "description": _(
                    "Links and reports of delivery lead here. No live channel starts before this address is https and has been checked."
                ),
            },
        ),
    )

    def get_urls(self) -> list[URLPattern]:
        check = self.admin_site.admin_view(partial(check_address, model_admin=self))
        return [path("check-address/", check, name="contacts_business_check"), *super().get_urls()]

    def has_add_permission(self, request: HttpRequest) -> bool:
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        return False

    def changelist_view(self, request: HttpRequest, extra_context: dict[str, Any] | None = None) -> HttpResponse:
        if not self.has_view_permission(request):
            raise PermissionDenied
        return _to_the_page()

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        transaction.on_commit(lambda: limits_changed.send(sender=Business), robust=True)

    def response_change(self, request: HttpRequest, obj: Business) -> HttpResponse:
        messages.success(request, gettext("Saved."))
        if obj.public_address and not obj.public_address.startswith("https://"):
            messages.warning(request, gettext("The public address is not https, so no live channel will start."))
        return _to_the_page()

    @admin.display(description=_("so that"))
    def shown_hours(self, business: Business) -> SafeString:
        """As it was saved last."""
        return format_html_join("", "<p>{}</p>", ((sentence,) for sentence in say_hours(business, timezone.now())))

    @admin.display(description=_("checked"))
    def shown_proof(self, business: Business) -> str:
        if business.public_checked_at and business.public_checked_address == business.public_address:
            return gettext("It answered on %(when)s.") % {
                "when": date_format(timezone.localtime(business.public_checked_at), "DATETIME_FORMAT")
            }
        return gettext("Not checked yet. Save it first, then press “Check the address”.")


def check_address(request: HttpRequest, model_admin: BusinessAdmin) -> HttpResponse:
    """POST: ask the public address for an answer that only we can give."""
    business = Business.current()
    if request.method != "POST" or not model_admin.has_change_permission(request, business):
        raise PermissionDenied
    proof = reachability.prove(business, now=timezone.now())
    (messages.success if proof.ok else messages.error)(request, str(proof.sentence))
    return _to_the_page()


def _to_the_page() -> HttpResponseRedirect:
    return HttpResponseRedirect(reverse("admin:contacts_business_change", args=[Business.current().pk]))
