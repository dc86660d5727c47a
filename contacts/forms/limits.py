"""The house's further quiet hours and closed days, as staff enter and read them."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, time
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet
from django.template.loader import render_to_string
from django.utils.dates import WEEKDAYS_ABBR
from django.utils.formats import date_format
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import get_language, gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import CHECKBOX_CLASSES, UnfoldAdminSelectWidget, UnfoldAdminTimeWidget

from contacts import closed_days, kinds
from contacts.calendar import EVERY_DAY, Window
from contacts.models import Business, Cap, QuietRule
from contacts.models.limits import ALL_WEEK, days_of, quiet_of
from contacts.opening import Hours

if TYPE_CHECKING:
    _Form = forms.ModelForm[QuietRule]
    _CapForm = forms.ModelForm[Cap]
    _FormSet = BaseInlineFormSet[QuietRule, Business, "QuietRuleForm"]
else:  # Django's own classes take no types while running
    _Form, _CapForm, _FormSet = forms.ModelForm, forms.ModelForm, BaseInlineFormSet

NEXT_HOLIDAYS = 4
MIDNIGHT = time(0)


class Weekdays(forms.CheckboxSelectMultiple):
    template_name = "contacts/widgets/weekdays.html"
    input_type = "checkboxes"  # the admin's theme takes "checkbox" for a single one, and puts the label behind it

    def __init__(self, attrs: dict[str, Any] | None = None, choices: Any = ()) -> None:
        super().__init__({"class": " ".join(CHECKBOX_CLASSES), **(attrs or {})}, choices)

    def render(self, name: str, value: Any, attrs: dict[str, Any] | None = None, renderer: Any = None) -> SafeString:
        return render_to_string(self.template_name, self.get_context(name, value, attrs))


class WeekdaysField(forms.TypedMultipleChoiceField):
    """Days to tick; their bits go into the row."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(coerce=int, choices=list(WEEKDAYS_ABBR.items()), widget=Weekdays, required=False, **kwargs)

    def prepare_value(self, value: Any) -> Any:
        return sorted(days_of(value)) if isinstance(value, int) else value

    def clean(self, value: Any) -> int:
        return sum(1 << day for day in super().clean(value))

    def has_changed(self, initial: Any, data: Any) -> bool:
        return bool(super().has_changed(self.prepare_value(initial), data))


class QuietRuleForm(_Form):
    """One rule: for which channel, on which days, from when until when."""

    kind = forms.ChoiceField(label=capfirst(_("channel")), required=False, widget=UnfoldAdminSelectWidget)
    weekdays = WeekdaysField(label=_("Begins on"), initial=ALL_WEEK)

    class Meta:
        model = QuietRule
        fields = ("kind", "weekdays", "start", "end", "holidays")
        widgets = {
            "start": UnfoldAdminTimeWidget(format="%H:%M"),
            "end": UnfoldAdminTimeWidget(format="%H:%M"),
        }

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = kind_choices(self.instance.kind)  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        given = super().clean() or self.cleaned_data
        if not given.get("weekdays") and not given.get("holidays"):
            self.add_error("weekdays", _("Tick at least one day, or the public holidays."))
        return given


class QuietRuleFormSet(_FormSet):
    """All rules together must leave an hour for every channel."""

    def clean(self) -> None:
        super().clean()
        kept = [form.cleaned_data for form in self.forms if _stays(form)]
        if any("weekdays" not in row for row in kept) or any(form.errors for form in self.forms):
            return
        rules = tuple(quiet_of(*(row[name] for name in QuietRuleForm.Meta.fields)) for row in kept)
        house: Any = self.instance
        hours = Hours((house.quiet_from, house.quiet_until), rules)
        for kind in sorted({rule.kind for rule in rules}):
            if not hours.windows(kind):
                raise ValidationError(_("These hours leave none in which %(what)s may leave.") % {"what": _what(kind)})


class CapForm(_CapForm):
    """At most so many, on which channel, counted how."""

    kind = forms.ChoiceField(label=capfirst(_("channel")), required=False, widget=UnfoldAdminSelectWidget)

    class Meta:
        model = Cap
        fields = ("messages", "kind", "period", "days")
        labels = {"days": _("So many days")}
        help_texts = {"days": _("Only for “in any so many days”.")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["kind"].choices = kind_choices(self.instance.kind)  # type: ignore[attr-defined]


def _stays(form: Any) -> bool:
    return bool(getattr(form, "cleaned_data", None)) and not form.cleaned_data.get("DELETE")


def kind_choices(kept: str = "") -> list[tuple[str, Any]]:
    """Kinds of channel to choose from; `kept` is one whose transport is no longer installed."""
    known = kinds.choices()
    return [("", _("every channel")), *known, *([(kept, kept)] if kept and kept not in dict(known) else [])]


def say_hours(business: Business, now: datetime) -> list[str]:
    """When what may leave, in sentences: those kinds that have rules of their own, then all others, then the closed days."""
    hours = business.hours
    special = sorted({rule.kind for rule in hours.rules} - {""})
    told = [_may_leave(hours, kind, others=False) for kind in special]
    told.append(_may_leave(hours, "", others=bool(special)))
    if any(hours.keeps_holidays(kind) for kind in (*special, "")):
        told += _next_holidays(hours, now.date())
    return told


def _may_leave(hours: Hours, kind: str, *, others: bool) -> str:
    what = gettext("Everything else") if others else capfirst(_what(kind))
    said = {"what": what, "when": say_windows(hours.windows(kind))}
    if hours.keeps_holidays(kind):
        return gettext("%(what)s may leave %(when)s, but not on public holidays.") % said
    return gettext("%(what)s may leave %(when)s.") % said


def _what(kind: str) -> str:
    return str(kinds.label(kind)) if kind else gettext("everything")


def say_windows(windows: Iterable[Window]) -> str:
    """Hours as people write them: "Mon-Sat 10:00 to 20:00"."""
    by_days: dict[frozenset[int], list[str]] = {}
    for window in windows:
        by_days.setdefault(window.weekdays, []).append(_stretch(window))
    told = sorted(by_days.items(), key=lambda item: min(item[0]))
    return "; ".join(f"{_say_days(days)} {gettext(' and ').join(stretches)}" for days, stretches in told)


def _stretch(window: Window) -> str:
    if window.start == window.end:
        return gettext("all day")
    ends = "24:00" if window.end == MIDNIGHT else f"{window.end:%H:%M}"
    return gettext("%(start)s to %(end)s") % {"start": f"{window.start:%H:%M}", "end": ends}


def _say_days(days: frozenset[int]) -> str:
    if days == EVERY_DAY:
        return gettext("every day")
    runs: list[list[int]] = []
    for day in sorted(days):
        if runs and runs[-1][-1] == day - 1:
            runs[-1].append(day)
        else:
            runs.append([day])
    name = WEEKDAYS_ABBR
    return ", ".join(str(name[run[0]]) if len(run) == 1 else f"{name[run[0]]}–{name[run[-1]]}" for run in runs)


def _next_holidays(hours: Hours, today: date) -> list[str]:
    years = (today.year, today.year + 1)
    known = closed_days.names(hours.country, hours.region, get_language() or "en", years)
    ahead = [(day, name) for day, name in known if day >= today][:NEXT_HOLIDAYS]
    if not ahead:
        return [gettext("No public holidays are known for our country.")]
    listed = ", ".join(f"{date_format(day, 'SHORT_DATE_FORMAT')} {name}" for day, name in ahead)
    return [gettext("The next public holidays here: %(days)s.") % {"days": listed}]
