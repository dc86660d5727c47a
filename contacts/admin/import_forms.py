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
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanWidget,
)

from contacts.forms.choices import newcomers_branch
from contacts.importing import cells, doubts, encoding, mapping, profiles, reading, within
from contacts.models import GROUNDS, Basis, Group, ImportRun

_MODES = [
    ("none", _("The file says nothing about consent. Nothing is recorded.")),
    ("column", _("A column says yes or no for each person.")),
    ("all", _("Everyone in this file agreed, and we can prove it.")),
    (cells.LEFT, _("Everyone in this file unsubscribed.")),
    (cells.CLEANED, _("The emails in this file do not work any more.")),
]
_EMPTY = [
    ("keep", _("Nothing: what is known of the person stays.")),
    ("erase", _("That it is no longer so: the field is emptied.")),
]
_CHANNELS = [("email", _("Email")), ("sms", _("SMS"))]
_BASES = [(basis.value, basis.label) for basis in GROUNDS]
_ORDERS = {
    kind: [("", "---"), *found.items()] for kind, found in (("date", doubts.ORDERS), ("number", doubts.DECIMALS))
}
_SEPARATORS = [("", _("one only")), *doubts.SEPARATORS.items()]


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
    field_order = ["sheet"]
    sheet = forms.ChoiceField(label=_("Sheet"), required=False, widget=UnfoldAdminSelectWidget())

    def __init__(self, run: ImportRun, data: Any = None) -> None:
        header = run.options.get("has_header", True)
        shape = {
            "encoding": run.encoding,
            "delimiter": run.delimiter,
            "has_header": header,
            "sheet": run.options.get("sheet"),
        }
        super().__init__(data, initial=shape)
        sheets = [(name, name) for name in run.options.get("sheets", [])]
        if run.table:
            del self.fields["encoding"], self.fields["delimiter"]
        if len(sheets) < 2:
            del self.fields["sheet"]
        else:
            self.fields["sheet"].choices = sheets  # type: ignore[attr-defined]
        found = str(self.initial.get("delimiter", ""))
        if found and found not in reading.DELIMITERS and "delimiter" in self.fields:  # from a line such as sep=^
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
    several: forms.BoundField | None
    is_number: bool = False

    @property
    def is_ignored(self) -> bool:
        return not self.values and not self.target.errors and self.target.value() == mapping.IGNORE


class ColumnsForm(forms.Form):
    """Where each column goes, the group for everyone, and the statement on consent."""

    group = forms.ModelChoiceField(
        label=_("Add everyone to the group"), queryset=Group.objects.offered(), required=False, empty_label=_("no group"),
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
        label=_("When it was said"), required=False,
        help_text=_("The day on which they agreed, or left. Where a column holds it, the column counts."),
        widget=UnfoldAdminTextInputWidget(attrs={"type": "date"}),
    )  # fmt: skip
    confirmed_by = forms.CharField(
        label=_("Your name, as the one who vouches for it"),
        max_length=120,
        required=False,
        widget=UnfoldAdminTextInputWidget(),
    )

    def __init__(self, run: ImportRun, today: dt.date, data: Any = None) -> None:
        self.run, self.today = run, today
        self.asked: dict[str, dict[str, str]] = run.mapping.get("asked", {})
        self.several: dict[str, str] = run.mapping.get("several", {})
        super().__init__(data and self._looked_at_again(data), initial=_initial(run))
        if len(mine := within.limit_of(run) or ()) > 1:
            self.fields["branch"] = newcomers_branch(mine)
        for number, header in enumerate(run.headers):
            name = header or _("column %(number)d") % {"number": number + 1}
            self.fields[f"column_{number}"] = forms.ChoiceField(
                label=name, choices=list(mapping.LABELS.items()), widget=UnfoldAdminSelectWidget()
            )
            self._add_questions(number, name)

    def _looked_at_again(self, data: Any) -> Any:
        """Where staff chose another field for a column, its doubts are others too; what can be found out is filled in."""
        chosen = [data.get(f"column_{number}", "") for number in range(len(self.run.headers))]
        sample = [reading.Raw(line, cells) for line, cells in self.run.sample]
        since_1904 = self.run.options.get("since_1904")
        self.asked = doubts.asked(sample, chosen, since_1904=since_1904) | self._still(self.asked, chosen)
        found = doubts.several(sample, chosen, {})
        data = data.copy()
        for number, separator in found.items():
            if number not in self.several:
                data.setdefault(f"several_{number}", separator)
        for number, asked in self.asked.items():
            data.setdefault(f"order_{number}", asked["order"])
        self.several = found | self.several
        return data

    def _still(self, asked: dict[str, dict[str, str]], chosen: list[str]) -> dict[str, dict[str, str]]:
        """What was asked of a number is not asked where it became a day."""
        return {
            n: one for n, one in asked.items() if (one.get("kind") == "number") == (chosen[int(n)] == mapping.NUMBER)
        }

    def _add_questions(self, number: int, name: str) -> None:
        if asked := self.asked.get(str(number)):
            kind = asked.get("kind", "date")
            label = (
                _("before the decimals in %(column)s") if kind == "number" else _("order of the dates in %(column)s")
            )
            self.fields[f"order_{number}"] = forms.ChoiceField(
                label=label % {"column": name}, choices=_ORDERS[kind], required=False, widget=UnfoldAdminSelectWidget()
            )
        if str(number) in self.several:
            self.fields[f"several_{number}"] = forms.ChoiceField(
                label=_("several values in %(column)s") % {"column": name}, choices=_SEPARATORS, required=False,
                widget=UnfoldAdminSelectWidget(),
            )  # fmt: skip

    def _is_number(self, number: int) -> bool:
        return self.asked.get(str(number), {}).get("kind") == "number"

    @property
    def columns(self) -> Iterator[Column]:
        for number, header in enumerate(self.run.headers):
            values = [
                cells[number] for _line, cells in self.run.sample if len(cells) > number and cells[number].strip()
            ]
            order = self[f"order_{number}"] if str(number) in self.asked else None
            several = self[f"several_{number}"] if str(number) in self.several else None
            yield Column(header, values[:3], self[f"column_{number}"], order, several, self._is_number(number))

    @property
    def told(self) -> list[Column]:
        """The columns that are shown at once."""
        return [column for column in self.columns if not column.is_ignored]

    @property
    def ignored(self) -> list[Column]:
        """Those that can wait: nothing in them, and they go nowhere."""
        return [column for column in self.columns if column.is_ignored]

    @property
    def evidence(self) -> Iterable[forms.BoundField]:
        """What a consent must have; who left needs none of it."""
        return (self[name] for name in ("basis", "wording", "confirmed_by"))

    @property
    def chosen(self) -> list[str]:
        return [self.cleaned_data.get(f"column_{number}", "") for number in range(len(self.run.headers))]

    def clean(self) -> dict[str, Any]:
        chosen = self.chosen
        self._clean_columns(chosen)
        self._clean_orders(chosen)
        if self.cleaned_data.get("mode") in ("column", "all"):
            self._clean_statement(chosen)
        elif self.cleaned_data.get("mode") == cells.LEFT and not self.cleaned_data.get("channels"):
            self.add_error("channels", _("Choose which channels they unsubscribed from."))
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
            fields = {mapping.NUMBER} if asked.get("kind") == "number" else mapping.DATES
            wanted = chosen[int(number)] in fields
            if wanted and not self.cleaned_data.get(f"order_{number}"):
                sentence = _("“%(example)s” can be read in two ways. Choose how this column is meant.")
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
        if not day and "date" not in self.errors and not {"consented_at", "confirmed_at"} & set(chosen):
            self.add_error("date", _("Write when they agreed, or choose above which column holds it."))

    def save(self, language: str) -> None:
        """Put everything on the run, unsaved. A new group is made here."""
        data = self.cleaned_data
        orders = {number: data.get(f"order_{number}", "") for number in self.asked}
        several = {number: data.get(f"several_{number}", "") for number in self.several}
        self.run.mapping = {"columns": self.chosen, "dates": orders, "asked": self.asked, "several": several}
        consent: dict[str, Any] = {}
        if data["mode"] in (cells.LEFT, cells.CLEANED):
            channels = data["channels"] if data["mode"] == cells.LEFT else ["email"]
            consent = {
                "mode": data["mode"],
                "channels": channels,
                "date": data["date"].isoformat() if data["date"] else None,
            }
        elif data["mode"] != "none":
            consent = {name: data[name] for name in ("mode", "channels", "basis", "wording", "confirmed_by")}
            consent["date"] = data["date"].isoformat() if data["date"] else None
        self.run.options = self.run.options | {
            "consent": consent, "language": language, "empty": data["empty"] or "keep",
        }  # fmt: skip
        if data.get("branch"):
            self.run.options[within.NEWCOMERS] = data["branch"].pk
        self.run.group = data["group"]
        if data["new_group"].strip():
            self.run.group, made = Group.objects.get_or_create(name=data["new_group"].strip())
            self.run.options["group_made"] = self.run.group.pk if made else self.run.options.get("group_made")


def _initial(run: ImportRun) -> dict[str, Any]:
    profile = profiles.named(run.options.get("profile", ""))
    consent: dict[str, Any] = run.options.get("consent", dict(profile.consent) if profile else {})
    asked = {f"order_{number}": found["order"] for number, found in run.mapping.get("asked", {}).items()}
    chosen = {f"order_{number}": order for number, order in run.mapping.get("dates", {}).items() if order}
    columns = {f"column_{number}": name for number, name in enumerate(run.mapping.get("columns", []))}
    several = {f"several_{number}": found for number, found in run.mapping.get("several", {}).items()}
    return (
        {
            "group": run.group_id,
            "branch": run.options.get(within.NEWCOMERS),
            "empty": run.options.get("empty", "keep"),
            "channels": ["email", "sms"],
            "basis": Basis.EXPRESS.value,
        }
        | asked
        | chosen
        | columns
        | several
        | consent
    )
