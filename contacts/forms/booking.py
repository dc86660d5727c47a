"""An appointment or a class as staff enter it: times by the clock of the place."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelect2Widget, UnfoldAdminSplitDateTimeWidget

from contacts import sessions, timezones
from contacts.bookings import Slot
from contacts.calendar import at_local
from contacts.forms import choices
from contacts.models import Booking, BookingKind, Branch, Business


class WallField(forms.SplitDateTimeField):
    """A day and a time as a clock on the wall shows them, without a zone."""

    widget = UnfoldAdminSplitDateTimeWidget

    def compress(self, data_list: Any) -> datetime | None:
        if not data_list or None in data_list or "" in data_list:
            if self.required or any(data_list or ()):
                raise ValidationError(_("Enter the day and the time."))
            return None
        return datetime.combine(*data_list)


class BookingForm(forms.ModelForm):  # type: ignore[type-arg]
    """Its status is not part of it: that is what the buttons are for."""

    starts_at = WallField(label=capfirst(_("starts")))
    ends_at = WallField(label=capfirst(_("ends")), required=False)
    zone = forms.ChoiceField(
        label=capfirst(_("time zone")), required=False, widget=UnfoldAdminSelect2Widget,
        help_text=_("The clock by which the times are meant. Empty: the branch's, else the one of your business."),
    )  # fmt: skip

    class Meta:
        model = Booking
        fields = ("contact", "kind", "title", "starts_at", "ends_at", "branch", "place", "zone")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        booking = self.instance
        if "zone" in self.fields:
            self.fields["zone"].choices = choices.zones(_("as the branch"), kept=booking.zone)  # type: ignore[attr-defined]
        if booking.pk:
            self.initial["starts_at"] = booking.local().replace(tzinfo=None)
            self.initial["ends_at"] = booking.local(booking.ends_at).replace(tzinfo=None) if booking.ends_at else None

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        branch = cleaned.get("branch")
        name = cleaned.get("zone") or (branch.time_zone if branch else "") or Business.current().time_zone
        zone = timezones.named(name) or timezones.UTC
        for field in ("starts_at", "ends_at"):
            if wall := cleaned.get(field):
                cleaned[field] = at_local(wall.date(), wall.time(), zone)
        cleaned["zone"] = str(zone)
        starts, ends = cleaned.get("starts_at"), cleaned.get("ends_at")
        if starts and ends and ends < starts:
            self.add_error("ends_at", _("The end must be after the start."))
        if starts and cleaned.get("kind") == BookingKind.CLASS:
            self._look_for_a_place(cleaned.get("title", ""), starts, branch)
        return cleaned

    def _look_for_a_place(self, title: str, starts: datetime, branch: Branch | None) -> None:
        session = sessions.find(title, starts, branch.pk if branch else None)
        if session is None or session.places is None or session.pk == self.instance.session_id:
            return
        if sessions.taken(session.pk) >= session.places:
            self.add_error(
                "starts_at",
                _("This class is full: %(places)s of %(places)s places are taken.") % {"places": session.places},
            )

    def slot(self) -> Slot:
        """What was entered, for `contacts.bookings`."""
        given = self.cleaned_data
        return Slot(
            title=given["title"], starts_at=given["starts_at"], ends_at=given["ends_at"], zone=given["zone"], kind=given["kind"],
            branch_id=given["branch"].pk if given["branch"] else None, place=given["place"],
        )  # fmt: skip
