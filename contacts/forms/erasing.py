"""The form by which a person is erased: their name, typed, so that it happens to nobody by a slip."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from contacts.models import Contact
from contacts.models.contact import fold


class EraseForm(forms.Form):
    """typed: the person's name, or where there is none, an address of theirs, else the word that the page names."""

    typed = forms.CharField(label=_("to confirm, type"), max_length=300, widget=UnfoldAdminTextInputWidget)
    asked = forms.CharField(
        label=_("how they asked"), max_length=200, required=False, widget=UnfoldAdminTextInputWidget,
        help_text=_("For example: by email on 3 May. Write no name and no address here."),
    )  # fmt: skip

    def __init__(self, *args: Any, contact: Contact, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.contact, self.word = contact, word_for(contact)
        self.fields["typed"].label = _now("To confirm, type: %(word)s") % {"word": self.word}
        self.fields["typed"].widget.attrs["autocomplete"] = "off"

    def clean_typed(self) -> str:
        typed: str = self.cleaned_data["typed"]
        if fold(typed) != fold(self.word):
            raise ValidationError(_now("This is not “%(word)s”. Nobody was erased.") % {"word": self.word})
        return typed

    def clean_asked(self) -> str:
        asked: str = self.cleaned_data["asked"]
        known = [self.contact.full_name, *self.contact.addresses.values_list("normal", flat=True)]
        if any(fold(one) in fold(asked) for one in known if len(one) > 3):
            raise ValidationError(_now("This note stays after the person is gone. Leave name and address out of it."))
        return asked


def word_for(contact: Contact) -> str:
    """What has to be typed."""
    address = contact.addresses.first()
    return contact.full_name or (address.shown if address else "") or _now("erase")
