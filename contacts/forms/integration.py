"""A program that may talk to us: its name, and what it may do."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget

from contacts import territory
from contacts.forms import choices
from contacts.models import Integration, Scope


class IntegrationForm(forms.ModelForm):  # type: ignore[type-arg]
    """The key itself is never typed: it is made."""

    scopes = forms.MultipleChoiceField(
        label=capfirst(_("may")), choices=Scope.choices, widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("Give no more than the program needs."),
    )  # fmt: skip

    branches = choices.BranchesField(
        help_text=_(
            "Nothing chosen: it reads and writes everybody. Else only the people of these branches, and nobody without a branch."
        )
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "branches" in self.fields:
            self.fields["branches"].initial = territory.of(self.instance)

    class Meta:
        model = Integration
        fields = ("name", "scopes", "per_minute")
