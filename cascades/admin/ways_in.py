"""How people get in, as the builder's form: a choice of the triggers, and for each its settings, drawn from what it declares."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import timedelta
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.widgets import (
    UnfoldAdminIntegerFieldWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from cascades.admin.durations import LengthField
from cascades.parameters import ROWS, BadParameters, Field, Parameter
from cascades.trigger import Trigger, names, trigger
from contacts import events
from contacts.forms.limits import Weekdays
from contacts.models import Branch, Group, Segment

SIGNS = {">=": "least", "<=": "most", "!=": "not", "=": "is"}
_CONDITION = re.compile(r"\s*([\w.\[\]]+)\s*(>=|<=|!=|=)\s*(.+?)\s*\Z")


class WeekdaysField(forms.TypedMultipleChoiceField):
    """Days of the week as a list of numbers, Monday is 0."""

    widget = Weekdays

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=list(WEEKDAYS_ABBR.items()), coerce=int, empty_value=[], required=False, **kwargs)

    def has_changed(self, initial: Any, data: Any) -> bool:
        return sorted(map(str, initial or ())) != sorted(map(str, data or ()))


class ConditionsField(forms.CharField):
    """One condition in each line: a detail, a sign, a value."""

    widget = UnfoldAdminTextareaWidget({"rows": 2, "placeholder": "total >= 50"})

    def prepare_value(self, value: Any) -> Any:
        if not isinstance(value, list):
            return value
        signs = {name: sign for sign, name in SIGNS.items()}
        return "\n".join(f"{one['field']} {signs[one['is']]} {one['value']}" for one in value)

    def clean(self, value: Any) -> Any:
        found = []
        for line in filter(None, (line.strip() for line in (super().clean(value) or "").splitlines())):
            if not (parts := _CONDITION.match(line)):
                raise ValidationError(
                    _("“%(line)s” cannot be understood. Write, for example: total >= 50") % {"line": line}
                )
            found.append({"field": parts[1], "is": SIGNS[parts[2]], "value": parts[3]})
        return found


class NamesField(forms.CharField):
    """Names with commas between them."""

    widget = UnfoldAdminTextInputWidget({"list": "cascada-events"})

    def prepare_value(self, value: Any) -> Any:
        return ", ".join(value) if isinstance(value, list) else value

    def clean(self, value: Any) -> Any:
        return [name for part in (super().clean(value) or "").split(",") if (name := part.strip())]


def choices() -> list[tuple[str, Any]]:
    return [(name, trigger(name).label) for name in names()]


def field_name(way_in: Trigger, one: Parameter) -> str:
    return f"way_{way_in.name}_{one.name}"


def fields() -> dict[str, forms.Field]:
    """The form field of each setting of each trigger, by its name in the form."""
    every = (trigger(name) for name in names())
    return {field_name(way_in, one): _field(one) for way_in in every for one in way_in.parameters}


def fill(form: forms.Form | Any, chosen: str, params: Mapping[str, Any]) -> None:
    """Rows to choose from, and what the cascade has set already."""
    rows: dict[Field, Iterable[Any]] = {
        Field.GROUP: Group.objects.offered(), Field.BRANCH: Branch.objects.all(), Field.SEGMENT: Segment.objects.all(),
    }  # fmt: skip
    known: dict[Field, list[tuple[Any, str]]] = {}
    for name in names():
        for one in trigger(name).parameters:
            field: Any = form.fields.get(field_name(trigger(name), one))
            if field is not None and one.field in rows:
                if one.field not in known:
                    known[one.field] = [("", "---------"), *((row.pk, str(row)) for row in rows[one.field])]
                field.choices = known[one.field]
            value = params.get(one.name) if name == chosen else None
            value = one.default if value is None else value
            form.initial[field_name(trigger(name), one)] = (
                timedelta(seconds=value) if one.field is Field.LENGTH and value is not None else value
            )


def collect(form: forms.Form | Any, chosen: str) -> dict[str, Any]:
    """The settings of the chosen trigger; what is wrong with them stands at their fields."""
    way_in, given = trigger(chosen), form.cleaned_data
    values: dict[str, Any] = {one.name: given.get(field_name(way_in, one)) for one in way_in.parameters}
    plain = {
        name: int(value.total_seconds())
        if isinstance(value, timedelta)
        else value.strftime("%H:%M")
        if hasattr(value, "hour")
        else value
        for name, value in values.items()
    }
    try:
        return way_in.clean(plain)
    except BadParameters as error:
        for name, said in error.problems.items():
            form.add_error(f"way_{chosen}_{name}", said)
        return dict(plain)


def known_events() -> list[str]:
    return list(events.GOALS)


def _field(one: Parameter) -> forms.Field:
    about: dict[str, Any] = {"label": one.label, "help_text": one.help, "required": False}
    if one.field is Field.LENGTH:
        return LengthField(**about)
    if one.field is Field.NUMBER:
        return forms.IntegerField(
            min_value=one.least, max_value=one.most, widget=UnfoldAdminIntegerFieldWidget, **about
        )
    if one.field is Field.CHOICE:
        plain = [] if one.default else [("", gettext_lazy("all"))]
        return forms.ChoiceField(choices=[*plain, *one.choices], widget=UnfoldAdminSelectWidget, **about)
    if one.field in ROWS:
        return forms.TypedChoiceField(coerce=int, empty_value=None, widget=UnfoldAdminSelectWidget, **about)
    if one.field is Field.TIME:
        return forms.TimeField(widget=UnfoldAdminTextInputWidget({"type": "time"}), **about)
    if one.field is Field.FILTERS:
        return ConditionsField(**about)
    if one.field is Field.NAMES:
        return NamesField(**about)
    return forms.CharField(max_length=60, widget=UnfoldAdminTextInputWidget({"list": "cascada-events"}), **about)
