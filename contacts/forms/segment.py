"""A segment's form: the rules travel as JSON, which the page's builder reads and writes."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import CHECKBOX_CLASSES, INPUT_CLASSES, SELECT_CLASSES

from contacts import segments
from contacts.models import Group, Segment
from contacts.segments.condition import Condition, Field, Type

_MOST_ROWS = 500


class SegmentForm(forms.ModelForm):  # type: ignore[type-arg]
    rules = forms.CharField(widget=forms.HiddenInput, required=False, label=gettext_lazy("rules"))

    class Meta:
        model = Segment
        fields = ("name", "description", "rules", "played")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "rules" in self.fields:
            self.initial["rules"] = json.dumps(self.instance.rules or {"all": []})

    def clean_rules(self) -> dict[str, Any]:
        try:
            return read(self.cleaned_data["rules"], own=self.instance.pk)
        except ValueError as error:
            raise ValidationError(str(error)) from None


def read(text: str, *, own: int | None = None) -> dict[str, Any]:
    """Rules that a page sent; `ValueError` with a sentence."""
    try:
        given = json.loads(text or "{}")
    except (ValueError, RecursionError):
        raise ValueError(_("These rules cannot be read.")) from None
    cleaned = segments.clean(given, own=own)
    if not segments.lines(cleaned):
        raise ValueError(_("There is no condition yet, so nobody is found. Add one."))
    return cleaned


def for_browser(own: int | None) -> dict[str, Any]:
    """What the builder needs to know: all kinds of condition, its words, and how the admin's fields look."""
    return {
        "kinds": [_kind(kind, own) for kind in segments.all_conditions()],
        "looks": {
            "input": " ".join(INPUT_CLASSES), "select": " ".join(SELECT_CLASSES), "checkbox": " ".join(CHECKBOX_CLASSES),
        },
        "words": {
            "all": _("all of these hold"), "any": _("at least one of these holds"), "none": _("none of these holds"),
            "not_all": _("not all of these hold"), "group": _("People for whom"), "inner": _("and of these"), "add": _("Add a condition"),
            "add_group": _("Add a group of conditions"), "remove": _("Remove this condition"), "remove_group": _("Remove this group"),
            "kind": _("What is looked at"), "operator": _("What is asked"), "line": _("Condition"), "anything": _("any"),
            "choose": _("choose …"), "gone": _("(deleted)"), "unknown": _("This kind of condition does not exist any more."),
            "failed": _("It cannot be counted just now. Save and look again."), "counting": _("Counting …"),
            "nothing": _("Nothing to choose from yet."),
        },
    }  # fmt: skip


def _kind(kind: Condition, own: int | None) -> dict[str, Any]:
    return {
        "name": kind.name, "label": str(kind.label), "heading": str(kind.heading),
        "operators": [{"name": o.name, "label": str(o.label), "fields": o.fields} for o in kind.operators],
        "fields": {field.name: _field(field, own) for field in kind.fields},
    }  # fmt: skip


def _field(field: Field, own: int | None) -> dict[str, Any]:
    return {
        "label": str(field.label), "type": field.shape, "optional": field.optional, "open": field.open, "default": field.default,
        "low": field.low, "high": field.high, "whole": field.whole, "unit": str(field.unit),
        "choices": [[value, str(label)] for value, label in _choices(field, own)],
    }  # fmt: skip


def _choices(field: Field, own: int | None) -> Iterable[tuple[Any, Any]]:
    if field.model is None:
        return field.choices() if field.choices else ()
    rows = Group.objects.offered() if field.model is Group else field.model._default_manager.all()
    if field.shape is Type.ONE and field.model is Segment and own:
        rows = rows.exclude(pk=own)
    return [(row.pk, row) for row in rows[:_MOST_ROWS]]
