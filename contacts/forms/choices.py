"""What there is to choose from: languages, zones, countries, channels."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any

import phonenumbers
from django import forms
from django.conf import settings
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminCheckboxSelectMultipleWidget, UnfoldAdminSelectWidget

from contacts import phones, timezones
from contacts.models import Branch

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    _Branches = forms.ModelMultipleChoiceField[Branch]
else:  # Django's own class takes no types while running
    _Branches = forms.ModelMultipleChoiceField


class BranchesField(_Branches):
    """Some branches, or none of them for all."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(
            Branch.objects.all(),
            label=_("only these branches"),
            required=False,
            widget=UnfoldAdminCheckboxSelectMultipleWidget,
            **kwargs,
        )


def newcomers_branch(branches: Collection[int]) -> forms.ModelChoiceField[Branch]:
    """To which of several branches people belong who are added."""
    return forms.ModelChoiceField(
        Branch.objects.filter(pk__in=branches), label=_("Branch of the people who are new"), empty_label="---",
        error_messages={"required": _("Choose which of your branches new people belong to.")},
        help_text=_("Where a column names the branch, the column counts."), widget=UnfoldAdminSelectWidget(),
    )  # fmt: skip


Choices = list[tuple[str, "StrOrPromise"]]


def languages(blank: StrOrPromise | None = None, kept: str = "") -> Choices:
    """The languages of the house; `kept` is one that is in use though the house does not speak it."""
    return _with(blank, settings.LANGUAGES, kept)


def zones(blank: StrOrPromise | None = None, kept: str = "") -> Choices:
    """Time zones by their names; `kept` may be an older name of one."""
    return _with(blank, timezones.choices(), kept)


def countries(kept: str = "") -> Choices:
    """Countries by their names in the active language."""
    named = ((region, phones.country_name(region)) for region in phonenumbers.SUPPORTED_REGIONS if region.isalpha())
    return _with(None, sorted(named, key=lambda choice: choice[1]), kept)


def _with(blank: StrOrPromise | None, choices: Iterable[tuple[str, StrOrPromise]], kept: str) -> Choices:
    listed: Choices = list(choices)
    if kept and kept not in {value for value, _label in listed}:
        listed.append((kept, kept))
    return [("", blank), *listed] if blank is not None else listed
