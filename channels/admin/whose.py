"""Who it is that writes from an address nobody has: one of the contacts, or somebody new."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django import forms
from django.contrib.admin import site
from django.contrib.admin.widgets import AutocompleteSelect
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminTextInputWidget

from channels import answering
from channels.models import Conversation
from contacts import territory
from contacts.models import Contact


class WhoForm(forms.Form):
    """Choose a contact, or write the name of a new one."""

    contact = forms.ModelChoiceField(
        Contact.objects.all(), label=_("It is this contact"), required=False,
        widget=AutocompleteSelect(Conversation._meta.get_field("contact"), site),
    )  # fmt: skip
    first_name = forms.CharField(
        label=_("First name"), required=False, max_length=120, widget=UnfoldAdminTextInputWidget()
    )
    last_name = forms.CharField(
        label=_("Last name"), required=False, max_length=120, widget=UnfoldAdminTextInputWidget()
    )

    def __init__(
        self, conversation: Conversation, data: Any = None, *, may_add: bool, mine: territory.Territory = None
    ) -> None:
        first, _space, last = conversation.name.partition(" ")
        super().__init__(data, initial={"first_name": first, "last_name": last})
        self.fields["contact"].queryset = Contact.objects.filter(territory.within(Contact, mine))  # type: ignore[attr-defined]
        if not may_add:
            del self.fields["first_name"], self.fields["last_name"]

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        named = (cleaned.get("first_name") or "").strip() or (cleaned.get("last_name") or "").strip()
        if not self.errors and not cleaned.get("contact") and not named:
            raise forms.ValidationError(_("Choose a contact, or write the name of a new one."))
        return cleaned

    def keep(self, conversation: Conversation, now: datetime) -> Contact:
        """Tie the conversation to the chosen contact, else to a new one."""
        given = self.cleaned_data
        if chosen := given["contact"]:
            contact: Contact = chosen
            answering.tie(conversation, contact, now=now)
            return contact
        return answering.meet(conversation, first_name=given["first_name"], last_name=given["last_name"], now=now)
