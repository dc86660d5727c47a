"""What staff note down of a person: what happened, and what the person said about being written to."""

from __future__ import annotations

import uuid
from datetime import date, datetime, time
from decimal import Decimal
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.widgets import (
    UnfoldAdminDecimalFieldWidget,
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminSingleDateWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from contacts import calendar, kinds, timezones
from contacts.consent import Line
from contacts.events import NOTED
from contacts.models import GROUNDS, Basis, Business, Consent, ConsentPurpose


class EventForm(forms.Form):
    """Bought, came or answered. `nonce` is minted with the page, so that a second click is the same fact."""

    name = forms.ChoiceField(choices=list(NOTED.items()), widget=forms.HiddenInput)
    nonce = forms.UUIDField(widget=forms.HiddenInput)
    amount = forms.DecimalField(
        label=capfirst(_("amount")), required=False, max_digits=10, decimal_places=2, validators=[MinValueValidator(Decimal(0))],
        widget=UnfoldAdminDecimalFieldWidget,
    )  # fmt: skip
    note = forms.CharField(label=capfirst(_("note")), required=False, max_length=200, widget=UnfoldAdminTextInputWidget)

    @classmethod
    def fresh(cls) -> EventForm:
        return cls(initial={"nonce": uuid.uuid4()})

    def data_for_event(self, currency: str) -> dict[str, Any]:
        """What is kept with the event: only what was filled in; the amount in words for staff and, as from a shop, as a number."""
        amount, note = self.cleaned_data["amount"], self.cleaned_data["note"].strip()
        kept: dict[str, Any] = {"amount": f"{amount} {currency}" if amount is not None else "", "note": note}
        if amount is not None:
            kept |= {"total": float(amount), "currency": currency}
        return {name: value for name, value in kept.items() if value not in ("", None)}


class ConsentForm(forms.Form):
    """What the person said. `seen` is the newest line that staff saw: what was written meanwhile must be looked at first."""

    kind = forms.ChoiceField(label=capfirst(_("channel")), widget=UnfoldAdminSelectWidget)
    purpose = forms.ChoiceField(
        label=capfirst(_("for")), choices=ConsentPurpose.choices, widget=UnfoldAdminSelectWidget
    )
    given = forms.TypedChoiceField(
        label=capfirst(_("the person")), choices=[("1", _("agreed")), ("0", _("wants no more"))], coerce=lambda value: value == "1",
        widget=UnfoldAdminRadioSelectWidget(radio_style=0), initial="1",
    )  # fmt: skip
    basis = forms.ChoiceField(
        label=capfirst(_("on what ground")), initial=Basis.EXPRESS, widget=UnfoldAdminSelectWidget,
        choices=[(basis.value, basis.label) for basis in GROUNDS],
        help_text=_("Counts where the person agreed."),
    )  # fmt: skip
    source = forms.CharField(
        label=capfirst(_("where it was said")), max_length=120, widget=UnfoldAdminTextInputWidget,
        help_text=_("For example: form at the counter, by phone."),
    )  # fmt: skip
    on = forms.DateField(label=capfirst(_("when")), widget=UnfoldAdminSingleDateWidget)
    expires = forms.DateField(
        label=capfirst(_("holds until")),
        required=False,
        widget=UnfoldAdminSingleDateWidget,
        help_text=_("Empty means: until it is withdrawn."),
    )
    wording = forms.CharField(
        label=capfirst(_("wording")), required=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": 2}),
        help_text=_("What the person read and agreed to. It is your proof."),
    )  # fmt: skip
    seen = forms.IntegerField(required=False, widget=forms.HiddenInput)

    def __init__(
        self, *args: Any, now: datetime, business: Business, newest: dict[tuple[str, str], Consent], **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.now, self.business, self.newest = now, business, newest
        self.zone = timezones.named(business.time_zone) or timezones.UTC
        self.fields["kind"].choices = kinds.choices()  # type: ignore[attr-defined]
        self.fields["on"].initial = self.today
        self.fields["seen"].initial = max((line.pk for line in newest.values()), default=0)

    @property
    def today(self) -> date:
        return self.now.astimezone(self.zone).date()

    def clean_on(self) -> date:
        on: date = self.cleaned_data["on"]
        if on > self.today:
            raise ValidationError(_("This day has not come yet."))
        return on

    def clean_expires(self) -> date | None:
        expires: date | None = self.cleaned_data["expires"]
        if expires and expires < self.today:
            raise ValidationError(_("This day has passed: the consent would hold for no moment."))
        return expires

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if (cleaned.get("seen") or 0) != max((line.pk for line in self.newest.values()), default=0):
            raise ValidationError(
                _(
                    "Something was noted about this person's consent in the meantime. Look at it, then save again if it is still right."
                )
            )
        last = self.newest.get((cleaned.get("kind", ""), cleaned.get("purpose", "")))
        if (
            last
            and not last.given
            and cleaned.get("given")
            and "on" in cleaned
            and self._instant(cleaned["on"]) < last.at
        ):
            day = date_format(timezone.localtime(last.at, self.zone), "DATE_FORMAT")
            self.add_error(
                "on",
                ValidationError(
                    _("The person withdrew on %(day)s, which is later. Only what they said after that counts."),
                    params={"day": day},
                ),
            )
        return cleaned

    def line(self, contact_id: int, operator_id: int) -> Line:
        """The line to be written."""
        said = self.cleaned_data
        basis = said["basis"] if said["given"] else Basis.WITHDRAWAL.value
        expires = (
            calendar.at_local(said["expires"], time(23, 59, 59), self.zone)
            if said["expires"] and said["given"]
            else None
        )
        return Line(
            contact_id, said["kind"], given=said["given"], basis=basis, source=said["source"], purpose=said["purpose"],
            wording=said["wording"], at=self._instant(said["on"]), expires_at=expires, operator_id=operator_id,
        )  # fmt: skip

    def _instant(self, day: date) -> datetime:
        """Now for today; for an earlier day its end, for nobody knows the hour."""
        return self.now if day == self.today else calendar.at_local(day, time(23, 59, 59), self.zone)
