"""A person and their addresses, as staff type them."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.forms.models import BaseInlineFormSet
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminSelect2MultipleWidget, UnfoldAdminSelect2Widget, UnfoldAdminSelectWidget

from contacts import emails, kinds, phones
from contacts.forms import choices
from contacts.forms.details import DetailsField
from contacts.models import Address, Business, Contact, Group, Validity


def normalise(kind: str, raw: str, country: str) -> str:
    """An address as it is compared and sent to; ValidationError with a sentence for the person."""
    try:
        if (own := kinds.normal(kind, raw)) is not None:
            return own
        return emails.normalise(raw) if kind == "email" else phones.normalise(raw, country)
    except ValueError as error:
        raise ValidationError(str(error)) from error


class ContactForm(forms.ModelForm):  # type: ignore[type-arg]
    """The person. `in_groups` stands for the many-to-many that goes through Membership."""

    language = forms.ChoiceField(label=capfirst(_("language")), required=False, widget=UnfoldAdminSelectWidget)
    time_zone = forms.ChoiceField(
        label=capfirst(_("time zone")), required=False, widget=UnfoldAdminSelect2Widget,
        help_text=_("Empty means: the branch's, else what the phone number tells, else the business's."),
    )  # fmt: skip
    preferred_channel = forms.ChoiceField(
        label=capfirst(_("preferred channel")), required=False, widget=UnfoldAdminSelectWidget,
        help_text=_("What the person asked for. Empty: the one that they really use."),
    )  # fmt: skip
    in_groups = forms.ModelMultipleChoiceField(
        label=capfirst(_("groups")),
        queryset=Group.objects.offered(),
        required=False,
        widget=UnfoldAdminSelect2MultipleWidget,
    )
    attributes = DetailsField(
        label=capfirst(_("other details")),
        help_text=_("Anything that messages may speak of, for example: stylist – Eva."),
    )

    class Meta:
        model = Contact
        fields = (
            "first_name",
            "last_name",
            "external_id",
            "language",
            "time_zone",
            "preferred_channel",
            "birth_date",
            "city",
            "notes",
            "branch",
            "latitude",
            "longitude",
        )

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        contact = self.instance
        if "language" in self.fields:  # a person who may only look gets no fields
            self.fields["language"].choices = choices.languages(_("as the business"), contact.language)  # type: ignore[attr-defined]
            self.fields["time_zone"].choices = choices.zones(_("not set"), contact.time_zone)  # type: ignore[attr-defined]
        if "preferred_channel" in self.fields:
            known = dict([*kinds.choices(), (contact.preferred_channel, kinds.label(contact.preferred_channel))])
            offered = [("", _("not said")), *((name, label) for name, label in known.items() if name)]
            self.fields["preferred_channel"].choices = offered  # type: ignore[attr-defined]
        if contact.pk and "in_groups" in self.fields:
            self.fields["in_groups"].initial = list(
                contact.groups.filter(pk__in=Group.objects.offered()).values_list("pk", flat=True)
            )
        if "attributes" in self.fields:
            self.initial["attributes"] = contact.attributes

    def clean_external_id(self) -> str | None:
        return (self.cleaned_data["external_id"] or "").strip() or None

    def clean_attributes(self) -> dict[str, Any]:
        field = self.fields["attributes"]
        assert isinstance(field, DetailsField)
        return field.clean_pairs(self.cleaned_data["attributes"] or [], self.instance.attributes or {})

    def save(self, commit: bool = True) -> Contact:
        if "attributes" in self.cleaned_data:
            self.instance.attributes = self.cleaned_data["attributes"]
        saved: Contact = super().save(commit)
        return saved


class AddressForm(forms.ModelForm):  # type: ignore[type-arg]
    """One address. A new value begins anew: that the old one did not work says nothing of it."""

    kind = forms.ChoiceField(label=capfirst(_("kind")), widget=UnfoldAdminSelectWidget)

    class Meta:
        model = Address
        fields = ("kind", "value", "validity", "position")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        address = self.instance
        self.brought = address.value if address.pk and not kinds.typed(address.kind) else ""
        if "kind" in self.fields:
            choices = kinds.address_choices() if self.brought else kinds.typed_address_choices()
            self.fields["kind"].choices = choices  # type: ignore[attr-defined]
        if "value" in self.fields:
            self.fields["value"].label = capfirst(_("address"))
        if self.brought:
            self._lock(address.shown)
        for field in self.fields.values():  # they stand in a table, where only the head of a column is to be seen
            field.widget.attrs.setdefault("aria-label", field.label)

    def _lock(self, shown: str) -> None:
        """What the person brought by joining is no text of staff's: they may only put it aside."""
        self.initial["value"] = shown
        for name in ("kind", "value"):
            if name in self.fields:
                self.fields[name].disabled = True

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        kind, value = cleaned.get("kind"), cleaned.get("value")
        if self.brought:
            cleaned["value"], cleaned["normal"] = self.brought, self.instance.normal
        elif kind and value:
            try:
                cleaned["normal"] = normalise(kind, value, Business.current().country)
            except ValidationError as error:
                self.add_error("value", error)
        return cleaned

    def save(self, commit: bool = True) -> Address:
        address, normal = self.instance, self.cleaned_data["normal"]
        if address.normal and address.normal != normal and "validity" not in self.changed_data:
            address.validity, address.bad_hits = Validity.OK, 0
        if address.validity == Validity.OK:
            address.invalid_reason = ""
        address.normal = normal
        saved: Address = super().save(commit)
        return saved


class AddressFormSet(BaseInlineFormSet):  # type: ignore[type-arg]
    """A person's addresses: each of them once."""

    def clean(self) -> None:
        super().clean()
        seen: set[tuple[str, str]] = set()
        for form in self.forms:
            if not (
                form.cleaned_data.get("normal") if hasattr(form, "cleaned_data") else None
            ) or form.cleaned_data.get("DELETE"):
                continue
            key = (form.cleaned_data["kind"], emails.compare_key(form.cleaned_data["normal"]))
            if key in seen or self._held_by_another_line(form, key):
                sentence = _(
                    "“%(value)s” is in this person's list already. To change which is used first, change the order."
                )
                form.add_error("value", ValidationError(sentence, params={"value": form.cleaned_data["value"]}))
            seen.add(key)

    def _held_by_another_line(self, form: Any, key: tuple[str, str]) -> bool:
        """Whether another line of the list holds it now: lines are saved one after the other, and two may not be alike in between."""
        others = (other.instance for other in self.initial_forms if other is not form)
        return any(key == (other.kind, emails.compare_key(other.normal)) for other in others)
