"""Fields for what a form says: a text in each language of the house, and answers to choose from, each with its labels and a group."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.conf import settings
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.text import slugify
from django.utils.translation import gettext as _

from channels.models.form import LONGEST_TEXT, said_in
from contacts.models import Group

BLANK_ROWS = 3
LONGEST_LABEL, MOST_OPTIONS = 200, 40
Option = dict[str, Any]


def languages() -> list[tuple[str, str]]:
    return [(code, _(str(name))) for code, name in settings.LANGUAGES]


class _Drawn(forms.Widget):
    """A widget of several inputs, drawn by a template of ours."""

    template_name: str

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        return render_to_string(self.template_name, self.get_context(name, value, attrs))

    def id_for_label(self, id_: str) -> str:
        return ""


class TextsWidget(_Drawn):
    """One input for each language. `rows`: lines of each; 1 for a plain input."""

    template_name = "channels/forms/texts.html"

    def __init__(self, rows: int = 1) -> None:
        super().__init__()
        self.rows = rows

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        known = value if isinstance(value, dict) else {}
        context["texts"] = [(code, label, known.get(code, "")) for code, label in languages()]
        return {**context, "rows": self.rows, "longest": LONGEST_TEXT if self.rows > 1 else LONGEST_LABEL}

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> dict[str, str]:
        return {code: str(data.get(f"{name}-{code}", "")) for code, _label in languages()}

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return not any(f"{name}-{code}" in data for code, _label in languages())


class TextsField(forms.Field):
    """Gives {"en": "..."} without what is blank."""

    def __init__(self, *, rows: int = 1, **kwargs: Any) -> None:
        super().__init__(widget=TextsWidget(rows), **kwargs)
        self.longest = LONGEST_TEXT if rows > 1 else LONGEST_LABEL

    def prepare_value(self, value: Any) -> Any:
        return value

    def clean(self, value: Any) -> dict[str, str]:
        texts = {code: text.replace("\x00", "").strip() for code, text in (value or {}).items()}
        texts = {code: text for code, text in texts.items() if text}
        if self.required and not texts:
            raise ValidationError(_("Write it in one language at least."))
        if any(len(text) > self.longest for text in texts.values()):
            raise ValidationError(_("A text may have %(count)s characters at most.") % {"count": self.longest})
        return texts

    def has_changed(self, initial: Any, data: Any) -> bool:
        return {k: v for k, v in (initial or {}).items() if v} != {k: v for k, v in (data or {}).items() if v}


class OptionsWidget(_Drawn):
    """A row for each answer to choose from, and a few empty ones. Rows keep their order; an emptied row is taken away."""

    template_name = "channels/forms/options.html"
    groups: list[tuple[int, str]] | None = None  # read once for all questions of a page

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        filled = [one for one in value or [] if isinstance(one, dict)]
        blank: list[Option] = [{"value": "", "labels": {}, "group": None} for _row in range(BLANK_ROWS)]
        rows = [
            {
                "value": one["value"], "group": one.get("group"),
                "labels": [(code, label, one["labels"].get(code, "")) for code, label in languages()],
            }
            for one in [*filled, *blank]
        ]  # fmt: skip
        groups = Group.objects.offered().values_list("pk", "name") if self.groups is None else self.groups
        return {**context, "rows": rows, "groups": list(groups), "languages": languages(), "longest": LONGEST_LABEL}

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> list[Option]:
        getlist = getattr(data, "getlist", lambda key: data.get(key, []))
        columns = {code: getlist(f"{name}-{code}") for code, _label in languages()}
        values, groups = getlist(f"{name}-value"), getlist(f"{name}-group")
        return [
            {
                "value": value, "labels": {code: _at(column, n) for code, column in columns.items() if _at(column, n)},
                "group": int(group) if (group := _at(groups, n)).isdecimal() else None,
            }
            for n, value in enumerate(values)
        ]  # fmt: skip

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return f"{name}-value" not in data


def _at(column: list[str], n: int) -> str:
    return str(column[n]).replace("\x00", "").strip() if n < len(column) else ""


class OptionsField(forms.Field):
    """Gives [{"value", "labels", "group"}]. A new answer's value is made of its label, and stays whatever the label becomes."""

    widget = OptionsWidget

    def prepare_value(self, value: Any) -> Any:
        return value

    def clean(self, value: Any) -> list[Option]:
        filled = [one for one in value or [] if one["labels"]]
        if len(filled) > MOST_OPTIONS:
            raise ValidationError(_("There can be %(count)s answers at most.") % {"count": MOST_OPTIONS})
        if any(len(text) > LONGEST_LABEL for one in filled for text in one["labels"].values()):
            raise ValidationError(_("A text may have %(count)s characters at most.") % {"count": LONGEST_LABEL})
        taken = {one["value"] for one in filled if one["value"]}
        known = {str(one["value"]) for one in filled if one["value"]}
        if len(known) != sum(1 for one in filled if one["value"]):
            raise ValidationError(_("Two answers have the same name."))
        there = set(
            Group.objects.filter(pk__in={one["group"] for one in filled if one["group"]}).values_list("pk", flat=True)
        )
        return [
            {
                "value": one["value"][:60] or _fresh(one["labels"], taken), "labels": one["labels"],
                "group": one["group"] if one["group"] in there else None,
            }
            for one in filled
        ]  # fmt: skip

    def has_changed(self, initial: Any, data: Any) -> bool:
        return list(initial or []) != [one for one in data or [] if one["labels"]]


def _fresh(labels: Mapping[str, str], taken: set[str]) -> str:
    """A value that no other answer has: "yes", "yes-2"."""
    plain = re.sub(r"-+", "-", slugify(said_in(labels, "en"), allow_unicode=True))[:40].strip("-") or "answer"
    value, n = plain, 1
    while value in taken:
        n += 1
        value = f"{plain}-{n}"
    taken.add(value)
    return value
