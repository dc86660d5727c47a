"""A length of time as people write it: a number and its unit."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils.html import format_html
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from unfold.widgets import UnfoldAdminIntegerFieldWidget, UnfoldAdminSelectWidget

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

UNITS: dict[str, tuple[timedelta, StrOrPromise]] = {
    "minutes": (timedelta(minutes=1), gettext_lazy("minutes")),
    "hours": (timedelta(hours=1), gettext_lazy("hours")),
    "days": (timedelta(days=1), gettext_lazy("days")),
}
# Not offered; shown only where a length that is already there needs it, so that saving a page never changes it.
SECONDS = ("seconds", timedelta(seconds=1), gettext_lazy("seconds"))
LONGEST = timedelta(days=730)


def split(length: timedelta) -> tuple[int, str]:
    """The largest unit that says it in a whole number: 90 minutes stay 90 minutes, 48 hours become 2 days."""
    for name in ("days", "hours", "minutes"):
        if length and not length % UNITS[name][0]:
            return length // UNITS[name][0], name
    return (int(length.total_seconds()), SECONDS[0]) if length else (0, "minutes")


def say(length: timedelta) -> str:
    """The length in words: "4 hours"."""
    number, unit = split(length)
    said = {
        "seconds": ngettext("%(number)s second", "%(number)s seconds", number),
        "minutes": ngettext("%(number)s minute", "%(number)s minutes", number),
        "hours": ngettext("%(number)s hour", "%(number)s hours", number),
        "days": ngettext("%(number)s day", "%(number)s days", number),
    }
    return said[unit] % {"number": number}


class LengthWidget(forms.MultiWidget):
    """The number beside its unit."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        number = UnfoldAdminIntegerFieldWidget({"min": 0, "aria-label": gettext_lazy("Number"), "inputmode": "numeric"})
        unit = UnfoldAdminSelectWidget(
            {"aria-label": gettext_lazy("Unit")}, [(name, label) for name, (_size, label) in UNITS.items()]
        )
        super().__init__([number, unit], attrs)

    def decompress(self, value: timedelta | None) -> list[Any]:
        if value is None:
            return [None, "hours"]
        number, unit = split(value)
        if unit == SECONDS[0]:
            unit_shown = self.widgets[1]
            assert isinstance(unit_shown, UnfoldAdminSelectWidget)
            unit_shown.choices = [(SECONDS[0], SECONDS[2]), *unit_shown.choices]
        return [number, unit]

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> Any:
        return format_html('<div class="cascada-length">{}</div>', super().render(name, value, attrs, renderer))


class LengthField(forms.MultiValueField):
    """A `timedelta` from 0 to two years, or None where it is not required."""

    widget = LengthWidget

    def __init__(self, *, least: timedelta = timedelta(0), **kwargs: Any) -> None:
        choices = [(name, label) for name, (_size, label) in UNITS.items()]
        fields = (
            forms.IntegerField(error_messages={"invalid": gettext_lazy("Write a whole number.")}),
            forms.ChoiceField(choices=[*choices, (SECONDS[0], SECONDS[2])]),
        )
        super().__init__(fields, require_all_fields=False, **kwargs)
        if self.required:
            self.error_messages["incomplete"] = gettext_lazy("Write how long.")
        self.validators += [MinValueValidator(least, self._too_short), MaxValueValidator(LONGEST, self._too_long)]

    _too_short = gettext_lazy("That is too short.")
    _too_long = gettext_lazy("Two years are the longest time.")

    def clean(self, value: Any) -> Any:
        """An emptied number means nothing was said, whatever unit stands beside it."""
        if isinstance(value, list | tuple) and value and value[0] in (None, ""):
            if self.required:
                raise ValidationError(_("Write how long."), code="required")
            return None
        return super().clean(value)

    def compress(self, data_list: list[Any]) -> timedelta | None:
        if not data_list or data_list[0] is None:
            return None
        number, unit = int(data_list[0]), str(data_list[1])
        try:
            return number * (SECONDS[1] if unit == SECONDS[0] else UNITS[unit][0])
        except OverflowError:
            raise ValidationError(self._too_long) from None

    def has_changed(self, initial: Any, data: Any) -> bool:
        """Sixty minutes are an hour."""
        try:
            return bool(initial != self.clean(data))
        except ValidationError:
            return True
