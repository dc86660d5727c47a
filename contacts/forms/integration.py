"""A program that may talk to us: its name, and what it may do."""

from __future__ import annotations

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from contacts.models import Integration, Scope


class IntegrationForm(forms.ModelForm):  # type: ignore[type-arg]
    """The key itself is never typed: it is made."""

    scopes = forms.MultipleChoiceField(
        label=capfirst(_("may")), choices=Scope.choices, widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("Give no more than the program needs."),
    )  # fmt: skip

    class Meta:
        model = Integration
        fields = ("name", "scopes", "per_minute")
