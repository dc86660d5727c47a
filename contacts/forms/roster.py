"""A class as staff enter it, and the people whom they put on its roster."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django import forms
from django.contrib.admin.sites import AdminSite
from django.contrib.admin.widgets import AutocompleteSelectMultiple
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelect2Widget, UnfoldBooleanWidget

from contacts import territory, timezones
from contacts.calendar import at_local
from contacts.forms import choices
from contacts.forms.booking import WallField
from contacts.models import Business, ClassSession, Contact, Group, Membership
from contacts.rosters import MOST, MOST_WEEKS, Plan

FOLLOWING = _("and the same classes in the weeks after it")


def _following() -> forms.BooleanField:
    return forms.BooleanField(label=FOLLOWING, required=False, widget=UnfoldBooleanWidget)


class ClassForm(forms.ModelForm):  # type: ignore[type-arg]
    """Times by the clock of the place; moving it is asked of everyone on it anew."""

    starts_at = WallField(label=capfirst(_("starts")))
    minutes = forms.IntegerField(
        label=capfirst(_("minutes")), min_value=5, max_value=24 * 60, initial=60, widget=UnfoldAdminIntegerFieldWidget
    )
    zone = forms.ChoiceField(
        label=capfirst(_("time zone")), required=False, widget=UnfoldAdminSelect2Widget,
        help_text=_("The clock by which the times are meant. Empty: the branch's, else the one of your business."),
    )  # fmt: skip
    weeks = forms.IntegerField(
        label=capfirst(_("weeks")), min_value=1, max_value=MOST_WEEKS, initial=1, widget=UnfoldAdminIntegerFieldWidget,
        help_text=_("12 makes twelve classes, one a week, at the same hour."),
    )  # fmt: skip
    following = _following()

    class Meta:
        model = ClassSession
        fields = ("title", "teacher", "starts_at", "branch", "place", "places", "zone")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        session = self.instance
        if "zone" in self.fields:
            self.fields["zone"].choices = choices.zones(_("as the branch"), kept=session.zone)  # type: ignore[attr-defined]
        if session.pk:
            self.initial["starts_at"] = session.local().replace(tzinfo=None)
            if session.ends_at:
                self.initial["minutes"] = int((session.ends_at - session.starts_at).total_seconds() // 60)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        branch = cleaned.get("branch")
        name = cleaned.get("zone") or (branch.time_zone if branch else "") or Business.current().time_zone
        zone = timezones.named(name) or timezones.UTC
        if wall := cleaned.get("starts_at"):
            cleaned["starts_at"] = at_local(wall.date(), wall.time(), zone)
        cleaned["zone"] = str(zone)
        return cleaned

    def plan(self) -> Plan:
        """What was entered, for `contacts.rosters`."""
        given = self.cleaned_data
        return Plan(
            title=given["title"], teacher=given["teacher"], starts_at=given["starts_at"], zone=given["zone"],
            ends_at=given["starts_at"] + timedelta(minutes=given["minutes"]), place=given["place"], places=given["places"],
            branch_id=given["branch"].pk if given["branch"] else None,
        )  # fmt: skip


class PeopleForm(forms.Form):
    """People by name, a whole group, or both."""

    people = forms.ModelMultipleChoiceField(label=capfirst(_("people")), queryset=Contact.objects.all(), required=False)
    group = forms.ModelChoiceField(
        label=capfirst(_("or everyone in a group")), queryset=Group.objects.offered(), required=False, widget=UnfoldAdminSelect2Widget
    )  # fmt: skip
    following = _following()

    def __init__(
        self, *args: Any, site: AdminSite, in_series: bool, mine: territory.Territory = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.mine = mine
        self.fields["people"].queryset = Contact.objects.filter(territory.within(Contact, mine))  # type: ignore[attr-defined]
        relation: Any = Membership._meta.get_field("contact")
        self.fields["people"].widget = AutocompleteSelectMultiple(relation, site, choices=self.fields["people"].choices)  # type: ignore[attr-defined]
        if not in_series:
            del self.fields["following"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if not cleaned.get("people") and not cleaned.get("group") and not self.errors:
            raise ValidationError(_("Choose people, or a group."))
        if not self.errors and len(self.chosen()) > MOST:
            raise ValidationError(_("At most %(most)d people can be put on a roster at once."), params={"most": MOST})
        return cleaned

    def chosen(self) -> set[int]:
        """The contacts' ids; of a group no more than are asked about."""
        given = self.cleaned_data
        chosen = {one.pk for one in given["people"]}
        if given["group"]:
            everyone = Membership.objects.filter(territory.within(Membership, self.mine), group=given["group"])
            members = everyone.values_list("contact_id", flat=True)
            chosen |= set(members[: MOST + 1])
        return chosen


class CancelForm(forms.Form):
    """Whether only this class, or all that follow."""

    following = _following()

    def __init__(self, *args: Any, in_series: bool, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if not in_series:
            del self.fields["following"]
