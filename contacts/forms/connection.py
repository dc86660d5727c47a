"""A shop or a booking program that tells us what happens there."""

from __future__ import annotations

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminSelectWidget

from contacts import adapter
from contacts.models import Connection


class ConnectionForm(forms.ModelForm):  # type: ignore[type-arg]
    """The secret is entered and never shown again."""

    adapter = forms.ChoiceField(label=capfirst(_("program")), widget=UnfoldAdminSelectWidget)
    secret = forms.CharField(
        label=capfirst(_("secret of the webhook")), required=False, max_length=200, strip=True,
        widget=UnfoldAdminPasswordWidget(render_value=False, attrs={"autocomplete": "new-password"}),
        help_text=_("As it stands in the other program. Leave it empty to keep the one that is there."),
    )  # fmt: skip

    class Meta:
        model = Connection
        fields = ("name", "adapter", "secret", "create_people", "active")

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            del self.fields["adapter"]  # what it told so far was read as this program's
        else:
            choices = [(name, adapter.adapter(name).label) for name in adapter.names()]
            self.fields["adapter"].choices = choices  # type: ignore[attr-defined]

    def clean(self) -> dict[str, Any]:
        found: dict[str, Any] = super().clean() or {}
        name = found.get("adapter") or self.instance.adapter
        if name and adapter.adapter(name).secret and not (found.get("secret") or self.instance.secret):
            raise ValidationError({"secret": _("This program signs its calls: enter the secret that it signs with.")})
        return found

    def save(self, commit: bool = True) -> Any:
        if self.cleaned_data.get("secret"):
            self.instance.secret = self.cleaned_data["secret"]
        return super().save(commit)
