"""The forms of an import: which file, how it is read, what its columns are, and what may be said of the people's consent."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django import forms
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminFileFieldWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from contacts.importing import encoding, mapping, reading
from contacts.models import Basis, Group, ImportRun

_MODES = [
    ("none", _("The file says nothing about consent. Nothing is recorded.")),
    ("column", _("A column says yes or no for each person.")),
    ("all", _("Everyone in this file agreed, and we can prove it.")),
]
_EMPTY = [
    ("keep", _("Nothing: what is known of the person stays.")),
    ("erase", _("That it is no longer so: the field is emptied.")),
]
_CHANNELS = [("email", _("Email")), ("sms", _("SMS"))]
_BASES = [(basis.value, basis.label) for basis in Basis if basis != Basis.WITHDRAWAL]
_ORDERS = [
    ("", "---"),
    (mapping.DAY_FIRST, _("day first: 31.12.1990")),
    (mapping.MONTH_FIRST, _("month first: 12/31/1990")),
]


class UploadForm(forms.Form):
    """Choose a file."""

    file = forms.FileField(
        label=_("CSV file"), widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,.txt,.tsv,text/csv,text/plain"})
    )

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > encoding.MAX_BYTES:
            raise forms.ValidationError(_("The file is larger than %(most)d MB.") % {"most": encoding.MAX_BYTES >> 20})
        return file


class ReadingForm(forms.Form):
    """How the file is read: found out, and correctable."""

    encoding = forms.ChoiceField(
        label=_("Encoding"), choices=list(encoding.CHOICES.items()), widget=UnfoldAdminSelectWidget()
    )
    delimiter = forms.ChoiceField(
        label=_("Separator"), choices=list(reading.DELIMITERS.items()), widget=UnfoldAdminSelectWidget()
    )
    has_header = forms.BooleanField(
        label=_("The first row holds the names of the columns"), required=False, widget=UnfoldBooleanWidget()
    )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        found = str(self.initial.get("delimiter", ""))
        if found and found not in reading.DELIMITERS:  # from a line such as sep=^
            field = self.fields["delimiter"]
            assert isinstance(field, forms.ChoiceField)
            field.choices = [*reading.DELIMITERS.items(), (found, found)]


@dataclass(frozen=True, slots=True)
class Column:
    """One line of the form: a column of the file, some of what is in it, and where it goes."""

    header: str
    values: list[str]
    target: forms.BoundField
    order: forms.BoundField | None


class ColumnsForm(forms.Form):
    """Where each column goes, the group for everyone, and the statement on consent."""

    group = forms.ModelChoiceField(
        label=_("Add everyone to the group"), queryset=Group.objects.all(), required=False, empty_label=_("no group"),
        widget=UnfoldAdminSelectWidget(),
    )  # fmt: skip
    new_group = forms.CharField(
        label=_("or to a new group"), max_length=120, required=False, widget=UnfoldAdminTextInputWidget()
    )
    empty = forms.ChoiceField(
        label=_("What an empty cell means"), choices=_EMPTY, initial="keep", required=False,
        widget=UnfoldAdminRadioSelectWidget(),
        help_text=_("Addresses, groups, the number in your other system and consent are never taken away."),
    )  # fmt: skip
    mode = forms.ChoiceField(
        label=_("Consent to marketing"), choices=_MODES, initial="none", widget=UnfoldAdminRadioSelectWidget()
    )
    channels = forms.MultipleChoiceField(
        label=_("For which channels"),
        choices=_CHANNELS,
        required=False,
        widget=UnfoldAdminCheckboxSelectMultipleWidget(),
    )
    basis = forms.ChoiceField(
        label=_("On what ground"), choices=_BASES, required=False, widget=UnfoldAdminSelectWidget()
    )
    wording = forms.CharField(
        label=_("What the people read and agreed to"),
        required=False,
        widget=UnfoldAdminTextareaWidget(attrs={"rows": 3}),
    )
    date = forms.DateField(
        label=_("When they agreed"), required=False,
        help_text=_("Where a column holds the date, the column counts."),
        widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}),
    )  # fmt: skip
    confirmed_by = forms.CharField(
        label=_("Your name, as the one who vouches for it"),
        max_length=120,
        required=False,
        widget=UnfoldAdminTextInputWidget(),
    )

    def __init__(self, run: ImportRun, today: dt.date, data: Any = None) -> None:
        super().__init__(data, initial=_initial(run))
        self.run, self.today = run, today
        self.asked: dict[str, dict[str, str]] = run.mapping.get("asked", {})
        for number, header in enumerate(run.headers):
            name = header or _("column %(number)d") % {"number": number + 1}
            self.fields[f"column_{number}"] = forms.ChoiceField(
                label=name, choices=list(mapping.LABELS.items()), widget=UnfoldAdminSelectWidget()
            )
            if str(number) in self.asked:
                self.fields[f"order_{number}"] = forms.ChoiceField(
                    label=_("order of the dates in %(column)s") % {"column": name}, choices=_ORDERS, required=False,
                    widget=UnfoldAdminSelectWidget(),
                )  # fmt: skip

    @property
    def columns(self) -> Iterator[Column]:
        for number, header in enumerate(self.run.headers):
            values = [
                cells[number] for _line, cells in self.run.sample if len(cells) > number and cells[number].strip()
            ]
            order = self[f"order_{number}"] if str(number) in self.asked else None
            yield Column(header, values[:3], self[f"column_{number}"], order)

    @property
    def statement(self) -> Iterable[forms.BoundField]:
        return (self[name] for name in ("channels", "basis", "wording", "date", "confirmed_by"))

    @property
    def chosen(self) -> list[str]:
        return [self.cleaned_data.get(f"column_{number}", "") for number in range(len(self.run.headers))]

    def clean(self) -> dict[str, Any]:
        chosen = self.chosen
        self._clean_columns(chosen)
        self._clean_orders(chosen)
        if self.cleaned_data.get("mode") in ("column", "all"):
            self._clean_statement(chosen)
        data: dict[str, Any] = self.cleaned_data
        return data

    def _clean_columns(self, chosen: list[str]) -> None:
        if not set(chosen) & mapping.RECOGNISING:
            self.add_error(None, _("Choose at least one column as email, phone or number in your other system."))
        for number, name in enumerate(chosen):
            if name not in mapping.REPEATABLE and name in chosen[:number]:
                sentence = _("Another column goes to “%(field)s” already.") % {"field": mapping.LABELS.get(name, name)}
                self.add_error(f"column_{number}", sentence)

    def _clean_orders(self, chosen: list[str]) -> None:
        for number, asked in self.asked.items():
            wanted = chosen[int(number)] in ("birth_date", "consented_at")
            if wanted and not self.cleaned_data.get(f"order_{number}"):
                sentence = _("“%(example)s” can be read in two ways. Choose what comes first in this column.")
                self.add_error(f"order_{number}", sentence % asked)

    def _clean_statement(self, chosen: list[str]) -> None:
        required = {
            "channels": _("Choose the channels that the people agreed to."),
            "basis": _("Choose on what ground the consent stands."),
            "wording": _("Write what the people read; without it the consent proves nothing."),
            "confirmed_by": _("Write your name: someone must vouch for the consent."),
        }
        for name, sentence in required.items():
            if not self.cleaned_data.get(name):
                self.add_error(name, sentence)
        by_column = self.cleaned_data.get("mode") == "column"
        if by_column and not set(chosen) & set(mapping.CONSENT):
            self.add_error("mode", _("Choose above which column holds the consent."))
        day = self.cleaned_data.get("date")
        if day and day > self.today:
            self.add_error("date", _("The day lies in the future."))
        if not day and "date" not in self.errors and "consented_at" not in chosen:
            self.add_error("date", _("Write when they agreed, or choose above which column holds it."))

    def save(self, language: str) -> None:
        """Put everything on the run, unsaved. A new group is made here."""
        data = self.cleaned_data
        orders = {number: data.get(f"order_{number}", "") for number in self.asked}
        self.run.mapping = {"columns": self.chosen, "dates": orders, "asked": self.asked}
        consent: dict[str, Any] = {}
        if data["mode"] != "none":
            consent = {name: data[name] for name in ("mode", "channels", "basis", "wording", "confirmed_by")}
            consent["date"] = data["date"].isoformat() if data["date"] else None
        self.run.options = self.run.options | {
            "consent": consent, "language": language, "empty": data["empty"] or "keep",
        }  # fmt: skip
        self.run.group = data["group"]
        if data["new_group"].strip():
            self.run.group = Group.objects.get_or_create(name=data["new_group"].strip())[0]


def _initial(run: ImportRun) -> dict[str, Any]:
    consent: dict[str, Any] = run.options.get("consent", {})
    asked = {f"order_{number}": found["order"] for number, found in run.mapping.get("asked", {}).items()}
    chosen = {f"order_{number}": order for number, order in run.mapping.get("dates", {}).items() if order}
    columns = {f"column_{number}": name for number, name in enumerate(run.mapping.get("columns", []))}
    return (
        {
            "group": run.group_id,
            "empty": run.options.get("empty", "keep"),
            "channels": ["email", "sms"],
            "basis": Basis.EXPRESS.value,
        }
        | asked
        | chosen
        | columns
        | consent
    )
