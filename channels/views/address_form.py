"""What people fill in to leave an address: one field and one tick for each channel and purpose, none of them ticked beforehand."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.text import capfirst
from django.utils.translation import gettext as _

from channels import confirming, joining
from channels.models import Invitation
from channels.views import speaking
from contacts import emails, kinds, phones
from contacts.models import Business, ConsentPurpose

MARKETING, TRACKING = ConsentPurpose.MARKETING.value, ConsentPurpose.TRACKING.value
TRAP = "website"  # people do not see it; programs fill it in
_HINTS = {"email": ("email", "email", "email"), "sms": ("tel", "tel", "tel")}  # type, autocomplete, inputmode


class AddressForm(forms.Form):
    """An address for each kind asked for, at least one of them; in the language in force.

    agreed: an address without the tick for news is refused; else it may be left for orders and bookings alone.
    """

    def __init__(
        self, asked: Sequence[str], business: Business, language: str, *args: Any, agreed: bool, named: bool,
        invitation: Invitation | None = None, **kwargs: Any,
    ) -> None:  # fmt: skip
        super().__init__(*args, **kwargs)
        self.asked, self.business, self.agreed, self.invitation = asked, business, agreed, invitation
        if named:
            self.fields["name"] = forms.CharField(label=_("Your name"), required=False, max_length=120)
            self.fields["name"].widget.attrs["autocomplete"] = "name"
        for kind in asked:
            self._ask_for(kind)
        self.fields["language"] = forms.ChoiceField(
            label=_("Language of our messages"), choices=speaking.choices(), initial=language
        )
        self.fields[TRAP] = forms.CharField(required=False)

    def _ask_for(self, kind: str) -> None:
        label = capfirst(str(kinds.get(kind).address_label))
        field = forms.CharField(label=label, required=len(self.asked) == 1, max_length=254)
        typed, complete, mode = _HINTS.get(kind, ("text", "off", "text"))
        field.widget.input_type = typed
        field.widget.attrs |= {"autocomplete": complete, "inputmode": mode}
        field.error_messages["required"] = _("Please fill this in.")
        self.fields[kind] = field
        purposes = [MARKETING]
        if kinds.get(kind).rich and self.business.asks_tracking_consent:
            purposes.append(TRACKING)
        for purpose in purposes:
            wording = joining.wording(kind, purpose, self.business)
            self.fields[f"{kind}:{purpose}"] = forms.BooleanField(label=wording, required=False)

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        for kind in self.asked:
            raw = str(cleaned.get(kind) or "").strip()
            if raw:
                self._check(kind, raw, cleaned)
        if not self.errors and not self.trapped and not any(cleaned.get(kind) for kind in self.asked):
            self.add_error(self.asked[0], _("Please leave at least one address."))
        return cleaned

    def _check(self, kind: str, raw: str, cleaned: dict[str, Any]) -> None:
        try:
            if kinds.get(kind).address == "phone":
                cleaned[kind] = phones.normalise(raw, self.business.country)
                self._check_costs(kind, cleaned[kind])
            else:
                cleaned[kind] = emails.normalise(raw)
        except (emails.BadEmail, phones.BadPhone) as error:
            self.add_error(kind, str(error))
        if self.agreed and not cleaned.get(f"{kind}:{MARKETING}"):
            self.add_error(f"{kind}:{MARKETING}", _("Please tick this, so that we may write to you."))

    def _check_costs(self, kind: str, number: str) -> None:
        """An SMS goes to whatever number a stranger writes: not to dear ones, not around the world, and not without end."""
        if phones.is_dear(number) or phones.country(number) not in self.business.countries_served():
            self.add_error(kind, _("We cannot send messages to this number. Please leave another one."))
        elif self.invitation and confirming.is_full(self.invitation, kind, timezone.now()):
            self.add_error(kind, _("No more numbers can be taken here today. Please try again tomorrow."))

    @property
    def trapped(self) -> bool:
        """Whether a program filled this in."""
        return bool(self.data.get(TRAP))

    def purposes(self, kind: str) -> tuple[str, ...]:
        """What was ticked for a kind of channel."""
        return tuple(one for one in (MARKETING, TRACKING) if self.cleaned_data.get(f"{kind}:{one}"))


def askable(wanted: Sequence[str]) -> list[str]:
    """Of these kinds of channel, those by which a confirmation can be sent."""
    return [kind for kind in wanted if confirming.channel_for(kind)]
