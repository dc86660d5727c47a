"""The places of an approved template, as lines of a form: `1: {{ contact.first_name }}`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _
from unfold.widgets import UnfoldAdminTextareaWidget

from channels import liquid
from channels.rendering import BadTemplate, sample_context

_LINE = re.compile(r"\s*([\w-]{1,40})\s*[:=]\s*(.*?)\s*")
LONGEST = 500  # characters of one place


class PlacesField(forms.CharField):
    """Gives `{place: Liquid}` in the order written; each place must have something to stand there."""

    def __init__(self, **kwargs: Any) -> None:
        widget = UnfoldAdminTextareaWidget(attrs={"rows": 3, "data-template": "", "spellcheck": "false"})
        super().__init__(required=False, widget=widget, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return (
            "\n".join(f"{place}: {source}" for place, source in value.items()) if isinstance(value, Mapping) else value
        )

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(super().has_changed(self.prepare_value(initial) or "", (data or "").replace("\r\n", "\n")))

    def clean(self, value: Any) -> dict[str, str]:
        filled: dict[str, str] = {}
        for number, line in enumerate(str(value or "").splitlines(), start=1):
            if not line.strip():
                continue
            found = _LINE.fullmatch(line)
            if not found or not found[2]:
                raise ValidationError(
                    _("Line %(line)s is not a place and what stands there, such as 1: {{ contact.first_name }}")
                    % {"line": number}
                )
            filled[found[1]] = _checked(found[1], found[2])
        return filled


def _checked(place: str, source: str) -> str:
    if len(source) > LONGEST:
        raise ValidationError(
            _("What stands at %(place)s is longer than %(most)s characters.") % {"place": place, "most": LONGEST}
        )
    try:
        liquid.try_out(source, sample_context(), escape=False)
    except BadTemplate as bad:
        raise ValidationError(_("What stands at %(place)s: %(problem)s") % {"place": place, "problem": bad}) from bad
    return source
