"""The business and its branches, and addresses that staff close."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminColorInputWidget,
    UnfoldAdminSelect2MultipleWidget,
    UnfoldAdminSelect2Widget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextInputWidget,
    UnfoldAdminTimeWidget,
    UnfoldAdminURLInputWidget,
)

from contacts import branch_hours, closed_days, kinds
from contacts.forms import choices
from contacts.forms.person import normalise
from contacts.models import Branch, Business, SuppressionScope

_CURRENCY = re.compile(r"[A-Z]{3}")


class BusinessForm(forms.ModelForm):  # type: ignore[type-arg]
    """The one row, with names to choose from instead of codes."""

    country = forms.ChoiceField(
        label=capfirst(_("country")),
        widget=UnfoldAdminSelect2Widget,
        help_text=_("Phone numbers without + are read as numbers of this country."),
    )
    language = forms.ChoiceField(
        label=capfirst(_("language")),
        widget=UnfoldAdminSelectWidget,
        help_text=_("For everyone whose own language is not known."),
    )
    time_zone = forms.ChoiceField(label=capfirst(_("time zone")), widget=UnfoldAdminSelect2Widget)
    website = forms.URLField(
        label=capfirst(_("website")), required=False, assume_scheme="https", widget=UnfoldAdminURLInputWidget
    )
    holiday_region = forms.ChoiceField(
        label=capfirst(_("holidays of")), required=False, widget=UnfoldAdminSelect2Widget,
        help_text=_("Where parts of our country have days of their own."),
    )  # fmt: skip
    join_countries = forms.MultipleChoiceField(
        label=capfirst(_("countries of phone numbers on join pages")), required=False, widget=UnfoldAdminSelect2MultipleWidget,
        help_text=_("Numbers of other countries are not taken there. Empty means our own country and those of our branches."),
    )  # fmt: skip
    public_address = forms.URLField(
        label=capfirst(_("public address")), required=False, assume_scheme="https", max_length=200, widget=UnfoldAdminURLInputWidget,
        help_text=_("Where people and providers reach this program, for example https://news.our-salon.com"),
    )  # fmt: skip

    class Meta:
        model = Business
        fields = (
            "name", "country", "language", "time_zone", "currency", "postal_address", "website", "logo", "colour", "quiet_from",
            "quiet_until", "keep_holidays", "holiday_region", "cap_messages", "cap_days", "month_budget", "tracking", "confirm_days",
            "join_countries", "utm_source", "public_address",
        )  # fmt: skip
        widgets = {
            "colour": UnfoldAdminColorInputWidget,
            "quiet_from": UnfoldAdminTimeWidget(format="%H:%M"),
            "quiet_until": UnfoldAdminTimeWidget(format="%H:%M"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, given in (
            ("country", choices.countries(self.instance.country)),
            ("join_countries", choices.countries()),
            ("language", choices.languages(kept=self.instance.language)),
            ("time_zone", choices.zones(kept=self.instance.time_zone)),
            ("holiday_region", self._regions()),
        ):
            if name in self.fields:
                self.fields[name].choices = given  # type: ignore[attr-defined]

    def _regions(self) -> choices.Choices:
        """Those of the country that is chosen; what was posted with another country is let go of in `clean`."""
        country = str(self.data.get("country") or self.instance.country)
        listed: choices.Choices = [("", _("the whole country")), *closed_days.regions(country)]
        posted = str(self.data.get("holiday_region") or "")
        self.foreign = bool(posted) and posted not in dict(listed)
        return [*listed, (posted, posted)] if self.foreign else listed

    def clean_holiday_region(self) -> str:
        return "" if self.foreign else str(self.cleaned_data["holiday_region"])

    def clean_currency(self) -> str:
        currency = str(self.cleaned_data["currency"]).strip().upper()
        if not _CURRENCY.fullmatch(currency):
            raise ValidationError(_("Write the currency with three letters, for example EUR."))
        return currency

    def clean_public_address(self) -> str:
        address = str(self.cleaned_data["public_address"] or "").rstrip("/")
        parts = urlsplit(address)
        if address and (parts.query or parts.fragment or not parts.hostname):
            raise ValidationError(_("Write only the address itself, for example https://news.our-salon.com"))
        return address


def _hours(day: str) -> forms.CharField:
    """One weekday's line of the opening hours."""
    widget = UnfoldAdminTextInputWidget({"placeholder": "09:00-13:00, 15:00-19:00"})
    return forms.CharField(label=branch_hours.DAYS[day], required=False, max_length=120, widget=widget)


class BranchForm(forms.ModelForm):  # type: ignore[type-arg]
    hours_mon, hours_tue, hours_wed, hours_thu = _hours("mon"), _hours("tue"), _hours("wed"), _hours("thu")
    hours_fri, hours_sat, hours_sun = _hours("fri"), _hours("sat"), _hours("sun")
    time_zone = forms.ChoiceField(label=capfirst(_("time zone")), required=False, widget=UnfoldAdminSelect2Widget)

    class Meta:
        model = Branch
        fields = (
            "name",
            "city",
            "address",
            "latitude",
            "longitude",
            "time_zone",
            "sender_name",
            "reply_to",
            "sms_sender",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "time_zone" in self.fields:
            self.fields["time_zone"].choices = choices.zones(_("as the business"), self.instance.time_zone)  # type: ignore[attr-defined]
        for day, spans in (self.instance.opening_hours or {}).items():
            self.initial[f"hours_{day}"] = branch_hours.written(spans)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        hours = {}
        for day in branch_hours.DAYS:
            try:
                if spans := branch_hours.read(cleaned.get(f"hours_{day}") or ""):
                    hours[day] = spans
            except ValidationError as error:
                self.add_error(f"hours_{day}", error)
        if "hours_mon" in self.fields:
            self.instance.opening_hours = hours
        if (cleaned.get("latitude") is None) != (cleaned.get("longitude") is None) and not self.errors:
            self.add_error("longitude", _("A place on the map needs both latitude and longitude."))
        return cleaned


class SuppressionForm(forms.Form):
    """An address that staff close. What is kept of it afterwards is a hash and a hint."""

    kind = forms.ChoiceField(label=capfirst(_("kind of address")), widget=UnfoldAdminSelectWidget)
    value = forms.CharField(label=capfirst(_("address")), max_length=320, widget=UnfoldAdminTextInputWidget)
    scope = forms.ChoiceField(
        label=capfirst(_("holds for")),
        choices=SuppressionScope.choices,
        initial=SuppressionScope.MARKETING,
        widget=UnfoldAdminSelectWidget,
    )
    channel = forms.ChoiceField(label=capfirst(_("channel")), required=False, widget=UnfoldAdminSelectWidget)
    source = forms.CharField(
        label=capfirst(_("who asked, and how")),
        max_length=120,
        widget=UnfoldAdminTextInputWidget,
        help_text=_("For example: called on Monday."),
    )

    def __init__(self, *args: Any, country: str, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.country = country
        self.fields["kind"].choices = kinds.typed_address_choices()  # type: ignore[attr-defined]
        self.fields["channel"].choices = [("", _("every channel")), *kinds.choices()]  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        kind, value, channel = cleaned.get("kind"), cleaned.get("value"), cleaned.get("channel")
        if kind and value:
            try:
                cleaned["normal"] = normalise(kind, value, self.country)
            except ValidationError as error:
                self.add_error("value", error)
        if kind and channel and kinds.get(channel).address != kind:
            self.add_error("channel", _("This channel does not use this kind of address."))
        return cleaned
