"""Websites that tell us what people look at: where they are, what they may tell, the line to paste into them, and whether it works."""

from __future__ import annotations

import re
from typing import Any

from django import forms
from django.contrib import admin
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.urls import reverse
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from channels.models import OnEmail, Site, SiteReport
from channels.models.site import all_reports
from channels.site_passes import origin_of
from contacts.admin.limited import ModelAdmin
from contacts.models import Business

_PARAMETER = re.compile(r"[A-Za-z0-9_.\-\[\]]{1,60}")
_MOST = 20


class Origins(forms.CharField):
    """Addresses of a shop, one a line, as browsers name them."""

    widget = UnfoldAdminTextareaWidget(attrs={"rows": 3})

    def prepare_value(self, value: Any) -> Any:
        return "\n".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        found: dict[str, None] = {}
        for line in str(super().to_python(value) or "").split():
            origin = origin_of(line if "://" in line else f"https://{line}")
            if not origin:
                raise ValidationError(_("“%(text)s” is not the address of a website."), params={"text": line[:80]})
            found[origin] = None
        if len(found) > _MOST:
            raise ValidationError(_("At most %(most)d addresses."), params={"most": _MOST})
        return list(found)


class Names(forms.CharField):
    """Names of parameters, divided by commas or spaces."""

    widget = UnfoldAdminTextInputWidget

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def to_python(self, value: Any) -> Any:
        names = str(super().to_python(value) or "").replace(",", " ").split()
        for name in names:
            if not _PARAMETER.fullmatch(name):
                raise ValidationError(_("“%(text)s” is not the name of a parameter."), params={"text": name[:60]})
        return list(dict.fromkeys(names))[:_MOST]


class SiteForm(forms.ModelForm):  # type: ignore[type-arg]
    """Origins and names as text."""

    origins = Origins(
        label=capfirst(_("addresses of the shop")),
        help_text=_("One a line, for example https://our-shop.com and https://www.our-shop.com. Calls from elsewhere are refused."),
    )  # fmt: skip
    image_origins = Origins(
        label=capfirst(_("addresses of its pictures")), required=False,
        help_text=_("Where the pictures of the things are, if elsewhere, for example https://cdn.shopify.com."),
    )  # fmt: skip
    parameters = Names(
        label=capfirst(_("parameters that say which page it is")), required=False,
        help_text=_("For example product_id. All others are cut off, for they may hold secrets."),
    )  # fmt: skip
    reports = forms.MultipleChoiceField(
        label=capfirst(_("may report")), choices=SiteReport.choices, initial=all_reports, widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("Orders only where the shop does not report them itself. One that both report counts once."),
    )  # fmt: skip
    on_email = forms.ChoiceField(
        label=capfirst(_("an address given on the site")),
        choices=OnEmail.choices,
        initial=OnEmail.KNOWN,
        widget=UnfoldAdminSelectWidget,
        help_text=_("A contact made so has agreed to nothing yet."),
    )

    class Meta:
        model = Site
        fields = ("name", "origins", "image_origins", "parameters", "reports", "by_link", "on_email", "active")


@admin.register(Site)
class SiteAdmin(ModelAdmin):
    """The key is no secret: it stands in the page."""

    form = SiteForm
    list_display = ("name", "shown_origins", "active", "heard_at")
    show_full_result_count = False
    warn_unsaved_form = True
    change_form_outer_before_template = "channels/site_panel.html"
    fieldsets = (
        (None, {"fields": ("name", "origins", "image_origins", "parameters", "active")}),
        (_("What it tells, and of whom"), {"fields": ("reports", "by_link", "on_email")}),
    )

    def changeform_view(
        self, request: HttpRequest, object_id: str | None = None, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:  # fmt: skip
        found = self.get_object(request, object_id) if object_id else None
        more = {**(extra_context or {}), **(_panel(found, request) if isinstance(found, Site) else {})}
        answer: HttpResponse = super().changeform_view(request, object_id, form_url, more)
        return answer

    @admin.display(description=_("addresses of the shop"))
    def shown_origins(self, site: Site) -> str:
        return ", ".join(site.origins)


def _panel(site: Site, request: HttpRequest) -> dict[str, Any]:
    base = Business.current().public_address or f"{request.scheme}://{request.get_host()}"
    params = f' data-params="{",".join(site.parameters)}"' if site.parameters else ""
    return {
        "site_row": site,
        "snippet": f'<script src="{base}{reverse("site_script")}" data-site="{site.key}"{params} async></script>',
        "house": base, "check": f"{site.origins[0]}/?csc_check=1" if site.origins else "",
        "heard": _when(site.heard_at),
        "stranger": gettext("%(origin)s used the key on %(when)s and was refused. If it is yours, add it below.")
        % {"origin": site.refused_origin, "when": _when(site.refused_at)}
        if site.refused_at and site.refused_origin not in site.origins
        else "",
    }  # fmt: skip


def _when(instant: Any) -> str:
    return date_format(timezone.localtime(instant), "SHORT_DATETIME_FORMAT") if instant else ""
