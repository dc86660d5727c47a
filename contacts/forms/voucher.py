"""Voucher offers, lists of codes, and what is typed at the counter."""

from __future__ import annotations

import uuid
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminFileFieldWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from contacts.models import Branch, Business, CodeKind, Voucher, VoucherOffer
from contacts.vouchers.codes import LEAST, normal

LARGEST = 4_000_000  # bytes


class OfferForm(forms.ModelForm):  # type: ignore[type-arg]
    """An offer whose codes cannot be mistaken for another's."""

    class Meta:
        model = VoucherOffer
        fields = (
            "name", "slug", "gives", "terms", "kind", "code", "pattern", "valid_days", "valid_until", "most", "active",
        )  # fmt: skip

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk and self.instance.vouchers.exists():  # what went out must go on meaning the same
            for name in {"slug", "kind", "code"} & self.fields.keys():
                self.fields[name].disabled = True

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        kind = found.get("kind") or self.instance.kind
        if kind == CodeKind.FIXED:
            self._check_code(normal(found.get("code", "")))
        elif found.get("pattern", "").count("#") < LEAST:
            raise ValidationError({"pattern": _("Write at least eight #, so that nobody can guess a code.")})
        return found

    def _check_code(self, code: str) -> None:
        if len(code) < 4:
            raise ValidationError({"code": _("Write the code that everybody gets, with at least four characters.")})
        others = VoucherOffer.objects.filter(kind=CodeKind.FIXED).exclude(pk=self.instance.pk)
        taken = any(normal(other) == code for other in others.values_list("code", flat=True))
        if taken or Voucher.objects.filter(normal=code, single=True).exists():
            raise ValidationError({"code": _("This code is in use already.")})


class CodesForm(forms.Form):
    """A list of codes as a file."""

    file = forms.FileField(
        label=capfirst(_("file")), widget=UnfoldAdminFileFieldWidget(attrs={"accept": ".csv,.txt"}),
        help_text=_("One code in each line."),
    )  # fmt: skip

    def clean_file(self) -> Any:
        file = self.cleaned_data["file"]
        if file.size > LARGEST:
            raise ValidationError(_("The file has more than 4 MB. Divide it."))
        return file


class CounterForm(forms.Form):
    """A code as it was typed or scanned; who: for a code that many have."""

    code = forms.CharField(
        label=capfirst(_("code")), max_length=60,
        widget=UnfoldAdminTextInputWidget(attrs={"autofocus": True, "autocomplete": "off", "autocapitalize": "characters"}),
    )  # fmt: skip
    who = forms.CharField(
        label=capfirst(_("person")), max_length=120, required=False, widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "off"}),
        help_text=_("Name, email or phone; only for a code that everybody has."),
    )  # fmt: skip


class RedeemForm(forms.Form):
    """The press of the button. `nonce` is minted with the page, so that a second press is the same redemption."""

    voucher = forms.IntegerField(widget=forms.HiddenInput)
    nonce = forms.UUIDField(widget=forms.HiddenInput)
    where = forms.ChoiceField(label=capfirst(_("where")), widget=UnfoldAdminSelectWidget, required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        places = list(Branch.objects.order_by("name").values_list("name", flat=True))
        self.fields["where"].choices = [(name, name) for name in places]  # type: ignore[attr-defined]
        if len(places) < 2:
            self.fields["where"].widget = forms.HiddenInput()
            self.fields["where"].initial = places[0] if places else ""

    @classmethod
    def fresh(cls, voucher: Voucher, where: str) -> RedeemForm:
        return cls(initial={"voucher": voucher.pk, "nonce": uuid.uuid4(), **({"where": where} if where else {})})

    def place(self) -> str:
        """The branch, or the house where it has none."""
        return self.cleaned_data["where"] or Business.current().name
