"""The first page of a rehearsal: who takes part, from when on, and what it is about."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from functools import partial
from typing import Any
from zoneinfo import ZoneInfo

from django import forms
from django.utils.translation import get_language_info, gettext
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminCheckboxSelectMultipleWidget,
    UnfoldAdminTextInputWidget,
    UnfoldBooleanSwitchWidget,
)

from cascades.models import Cascade
from cascades.rehearsal import Script, cast, occasions
from cascades.rehearsal.script import MOST
from contacts import calendar, kinds
from contacts.models import Business

_Day, _Clock = (
    partial(UnfoldAdminTextInputWidget, {"type": "date"}),
    partial(UnfoldAdminTextInputWidget, {"type": "time"}),
)
PROPOSED = (cast.PHONE, cast.NO_CONSENT)  # of the made-up people, on a fresh page


class PeopleForm(forms.Form):
    """People as they are and made-up ones, a moment to begin, and a date where the cascade is about one."""

    people = forms.MultipleChoiceField(
        label=_("People as they are"), required=False, widget=UnfoldAdminCheckboxSelectMultipleWidget,
        help_text=_("Their language, consent, quiet hours and what they had before count as they would."),
    )  # fmt: skip
    search = forms.CharField(
        label=_("Find others"), required=False, max_length=120, widget=UnfoldAdminTextInputWidget({"type": "search"}),
        help_text=_("Name, email or phone."),
    )  # fmt: skip
    made_up = forms.MultipleChoiceField(
        label=_("Made-up people"), required=False, choices=list(cast.MADE_UP.items()),
        widget=UnfoldAdminCheckboxSelectMultipleWidget, help_text=_("They live for this rehearsal only."),
    )  # fmt: skip
    day = forms.DateField(label=_("Begins on"), widget=_Day())
    clock = forms.TimeField(label=_("at"), widget=_Clock())
    about_day = forms.DateField(label=_("The booking is on"), required=False, widget=_Day())
    about_clock = forms.TimeField(label=_("at"), required=False, widget=_Clock())
    unknown_goes_on = forms.BooleanField(
        label=_("Whose opening cannot be known gets the next message too"),
        required=False,
        widget=UnfoldBooleanSwitchWidget,
    )

    def __init__(
        self, data: Any = None, *, cascade: Cascade, script: Script | None, business: Business, now: datetime
    ) -> None:
        self.cascade, self.zone = cascade, ZoneInfo(business.time_zone or "UTC")
        start = script.start if script else now.replace(second=0, microsecond=0)
        about = (
            script.about
            if script
            else occasions.default_date(cascade.trigger, cascade.trigger_params, start, str(self.zone))
        )
        super().__init__(
            data, initial=_initial(script, start.astimezone(self.zone), about and about.astimezone(self.zone))
        )
        self.now = now
        asked = [int(one) for one in data.getlist("people") if one.isdecimal()][:100] if data is not None else []
        self.fields["people"].choices = self._choices(script, asked)  # type: ignore[attr-defined]
        if script is None:
            self.initial["people"] = [value for value, _label in self.fields["people"].choices][: cast.SAMPLE - 2]  # type: ignore[attr-defined]
        for name in self._not_asked():
            del self.fields[name]

    def _not_asked(self) -> Iterator[str]:
        if self.cascade.trigger not in (*occasions.DATED, "yearly"):
            yield "about_day"
        if self.cascade.trigger == "yearly":
            self.fields["about_day"].label = gettext("Their day is on")
        if self.cascade.trigger == "event_date":
            self.fields["about_day"].label = gettext("The date that it is about")
        if self.cascade.trigger not in occasions.DATED:
            yield "about_clock"
        if self.cascade.trigger != "manual":
            yield "unknown_goes_on"

    def _choices(self, script: Script | None, asked: Sequence[int]) -> list[tuple[str, str]]:
        """Those who were chosen, those who were searched for, and a sample."""
        chosen = [one for one in script.people if isinstance(one, int)] if script else []
        found = cast.found(self.data.get("search", "")) if self.is_bound else []
        known = {one.id: one for one in cast.described([*asked, *chosen, *found])}
        known |= {one.id: one for one in cast.sample() if one.id not in known}
        return [(str(one.id), _line(one)) for one in known.values()]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        count = len(cleaned.get("people") or ()) + len(cleaned.get("made_up") or ())
        if not self.errors and not count:
            raise forms.ValidationError(gettext("Choose somebody, or a made-up person."))
        if count > MOST:
            raise forms.ValidationError(gettext("Choose %(most)s people at most.") % {"most": MOST})
        if not self.errors and abs(self._start() - self.now) > timedelta(days=730):
            self.add_error("day", gettext("Choose a day within two years."))
        return cleaned

    def _start(self) -> datetime:
        given = self.cleaned_data
        return calendar.at_local(given["day"], given["clock"], self.zone)

    def script(self) -> Script:
        """The script of a rehearsal that begins anew."""
        given = self.cleaned_data
        people = (*(int(one) for one in given["people"]), *given["made_up"])
        day = given.get("about_day")
        about = calendar.at_local(day, given.get("about_clock") or time(12), self.zone) if day else None
        return Script(self.cascade.pk, self._start(), people, about, given.get("unknown_goes_on", False))


def _initial(script: Script | None, start: datetime, about: datetime | None) -> dict[str, Any]:
    people = script.people if script else PROPOSED
    dates = {"about_day": about.date().isoformat(), "about_clock": f"{about:%H:%M}"} if about else {}
    return {
        "people": [str(one) for one in people if isinstance(one, int)], "made_up": [one for one in people if isinstance(one, str)],
        "day": start.date().isoformat(), "clock": f"{start:%H:%M}", "unknown_goes_on": bool(script and script.unknown_goes_on), **dates,
    }  # fmt: skip


def _line(known: cast.Known) -> str:
    """A person with what makes them different from the next one."""
    addresses = dict(kinds.address_choices())
    has = ", ".join(str(addresses.get(one, one)) for one in known.addresses) or gettext("no address")
    agreed = ", ".join(str(kinds.label(one)) for one in known.agreed)
    said = gettext("agreed to %(channels)s") % {"channels": agreed} if agreed else gettext("agreed to nothing")
    return " · ".join(part for part in (known.name, has, said, _language(known.language)) if part)


def _language(code: str) -> str:
    try:
        return str(get_language_info(code)["name_translated"]) if code else ""
    except KeyError:
        return code
