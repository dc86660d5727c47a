"""A person's other details as names and values, for a form: a field that keeps numbers and lists as they are unless they are changed."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.template.loader import render_to_string
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

BLANK_ROWS = 2
Pairs = list[tuple[str, str]]


def shown(value: Any) -> str:
    """A stored value as staff read it."""
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


class PairsWidget(forms.Widget):
    """Two columns of inputs, with empty rows for more."""

    template_name = "contacts/widgets/pairs.html"

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        return render_to_string(self.template_name, self.get_context(name, value, attrs))

    def get_context(self, name: str, value: Any, attrs: dict[str, Any] | None) -> dict[str, Any]:
        context = super().get_context(name, value, attrs)
        rows = value if isinstance(value, list) else [(key, shown(held)) for key, held in (value or {}).items()]
        context["rows"] = [*rows, *[("", "")] * BLANK_ROWS]
        return context

    def value_from_datadict(self, data: Mapping[str, Any], files: Any, name: str) -> Pairs:
        getlist = getattr(data, "getlist", lambda key: data.get(key, []))
        return list(zip(getlist(f"{name}-name"), getlist(f"{name}-value"), strict=False))

    def value_omitted_from_data(self, data: Mapping[str, Any], files: Any, name: str) -> bool:
        return f"{name}-name" not in data

    def id_for_label(self, id_: str) -> str:
        return ""


class DetailsField(forms.Field):
    """Gives a dict with a JSON value for each name."""

    widget = PairsWidget

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(required=False, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return value

    def has_changed(self, initial: Any, data: Any) -> bool:
        return {name: shown(value) for name, value in (initial or {}).items()} != dict(_filled(data or []))

    def clean_pairs(self, pairs: Pairs, before: Mapping[str, Any]) -> dict[str, Any]:
        """What the rows say; a value that reads as before keeps its type."""
        details: dict[str, Any] = {}
        for name, text in _filled(pairs):
            if not name:
                raise ValidationError(_("“%(value)s” needs a name beside it."), params={"value": text})
            if name in details:
                raise ValidationError(_("“%(name)s” is there twice. Keep one."), params={"name": name})
            details[name] = before[name] if name in before and shown(before[name]) == text else text
        return details


def _filled(pairs: Pairs) -> Pairs:
    trimmed = [(name.strip(), text.strip()) for name, text in pairs]
    return [pair for pair in trimmed if any(pair)]
