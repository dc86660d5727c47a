"""What staff say when something is to be done to many people at once."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from contacts import calendar, kinds, timezones
from contacts.models import Basis, Business, ConsentPurpose, Group, GroupKind


class GroupChoiceForm(forms.Form):
    """A group (or a tag) to put people into or take them out of; a new one, where that makes sense and the account may."""

    group = forms.ModelChoiceField(
        label=capfirst(_("group")), queryset=Group.objects.none(), required=False, widget=UnfoldAdminSelectWidget
    )
    new = forms.CharField(
        label=capfirst(_("or a new group")), max_length=120, required=False, widget=UnfoldAdminTextInputWidget
    )

    def __init__(self, *args: Any, may_add: bool, kind: str = GroupKind.GROUP.value, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.kind = kind
        self._chooses("group").queryset = Group.objects.filter(kind=kind)
        if kind == GroupKind.TAG:
            self.fields["group"].label, self.fields["new"].label = capfirst(_("tag")), capfirst(_("or a new tag"))
        if not may_add:
            del self.fields["new"]

    def _chooses(self, name: str) -> Any:
        return self.fields[name]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        cleaned["new"] = (cleaned.get("new") or "").strip()
        if bool(cleaned.get("group")) == bool(cleaned["new"]):
            raise ValidationError(self._unsaid())
        if cleaned["new"] and Group.objects.filter(name=cleaned["new"]).exclude(kind=self.kind).exists():
            self.add_error("new", _("This name is taken already, by a group or a tag."))
        return cleaned

    def _unsaid(self) -> Any:
        if self.kind == GroupKind.TAG:
            return _("Choose a tag, or write a new one.") if "new" in self.fields else _("Choose a tag.")
        return _("Choose a group, or write the name of a new one.") if "new" in self.fields else _("Choose a group.")

    def chosen(self) -> dict[str, Any]:
        """Fields of the run."""
        group: Group | None = self.cleaned_data["group"]
        return {
            "group": group
            or Group.objects.get_or_create(name=self.cleaned_data["new"], defaults={"kind": self.kind})[0]
        }


class MoveForm(GroupChoiceForm):
    """Out of one group and into another."""

    out_of = forms.ModelChoiceField(
        label=capfirst(_("out of the group")), queryset=Group.objects.none(), widget=UnfoldAdminSelectWidget
    )
    field_order = ["out_of", "group", "new"]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._chooses("out_of").queryset = Group.objects.filter(kind=self.kind)
        self.fields["group"].label = capfirst(_("into the group"))

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean()
        if cleaned.get("group") and cleaned.get("group") == cleaned.get("out_of"):
            self.add_error("group", _("Choose two different groups."))
        return cleaned

    def chosen(self) -> dict[str, Any]:
        return {**super().chosen(), "from_group": self.cleaned_data["out_of"]}


class ManyConsentForm(forms.Form):
    """That many people agreed to the same thing, on the word of whoever confirms it."""

    kind = forms.ChoiceField(label=capfirst(_("channel")), widget=UnfoldAdminSelectWidget)
    purpose = forms.ChoiceField(
        label=capfirst(_("for")), choices=ConsentPurpose.choices, widget=UnfoldAdminSelectWidget
    )
    basis = forms.ChoiceField(
        label=capfirst(_("on what ground")), initial=Basis.EXPRESS, widget=UnfoldAdminSelectWidget,
        choices=[(basis.value, basis.label) for basis in (Basis.EXPRESS, Basis.SOFT, Basis.CONTRACT, Basis.STAFF)],
    )  # fmt: skip
    source = forms.CharField(
        label=capfirst(_("where it was said")), max_length=60, widget=UnfoldAdminTextInputWidget,
        help_text=_("For example: form at the counter, by phone."),
    )  # fmt: skip
    on = forms.DateField(label=capfirst(_("when")), widget=UnfoldAdminSingleDateWidget)
    wording = forms.CharField(
        label=capfirst(_("wording")), widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=_("What the person read and agreed to. It is your proof."),
    )  # fmt: skip
    confirmed_by = forms.CharField(
        label=_("Confirmed by"), max_length=40, widget=UnfoldAdminTextInputWidget,
        help_text=_("Your name. It stands in the ledger with each line: you confirm that all these people agreed to this."),
    )  # fmt: skip

    def __init__(self, *args: Any, now: datetime, business: Business, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.now, self.zone = now, timezones.named(business.time_zone) or timezones.UTC
        self.fields["kind"].choices = kinds.choices()  # type: ignore[attr-defined]

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def clean_on(self) -> date:
        on: date = self.cleaned_data["on"]
        if on > self.today:
            raise ValidationError(_("This day has not come yet."))
        return on

    def chosen(self) -> dict[str, Any]:
        """Fields of the run: the consent as it will stand with each person."""
        said = self.cleaned_data
        at = self.now if said["on"] == self.today else calendar.at_local(said["on"], time(23, 59, 59), self.zone)
        source = _("%(source)s, confirmed by %(name)s") % {"source": said["source"], "name": said["confirmed_by"]}
        kept = {name: said[name] for name in ("kind", "purpose", "basis", "wording")}
        return {
            "details": {
                **kept,
                "source": str(source)[:120],
                "at": at.isoformat(),
                "language": (get_language() or "en")[:8],
            }
        }
