"""The form of a channel: its own fields, and those that its transport asks for. Secrets go in and never come out again."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, cast

from django import forms
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminSelectWidget, UnfoldAdminTextInputWidget

from channels.models import Channel
from channels.readiness import obstacles
from channels.transport import Field, Transport, names, transport_class
from contacts import kinds
from contacts.models import Business
from contacts.vault import Unreadable

if TYPE_CHECKING:
    ChannelModelForm = forms.ModelForm[Channel]
else:
    ChannelModelForm = forms.ModelForm

PREFIX = "account_"


class _Base(ChannelModelForm):
    class Meta:
        model = Channel
        fields: ClassVar[list[str]] = []

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "kind" in self.fields:
            self.fields["kind"] = forms.ChoiceField(
                label=_("Kind"), choices=kinds.choices(), widget=UnfoldAdminSelectWidget, initial="email"
            )
        if "transport" in self.fields:
            self.fields["transport"] = forms.ChoiceField(
                label=_("Carried by"), choices=[(name, transport_class(name).label) for name in names()],
                widget=UnfoldAdminSelectWidget, initial="sandbox",
                help_text=_("The sandbox sends nothing: it shows what would have gone out. Fixed once a message has gone out."),
            )  # fmt: skip

        if "spread_minutes" in self.fields:
            self.fields["spread_minutes"].required = False

    def clean_spread_minutes(self) -> int:
        return int(self.cleaned_data["spread_minutes"] or 0)

    def clean(self) -> dict[str, Any]:
        given = super().clean() or {}
        kind, name = given.get("kind", self.instance.kind), given.get("transport", self.instance.transport)
        carrier = transport_class(name) if name in names() else None
        if carrier and kind and kind not in {one.name for one in carrier.kinds}:
            self.add_error(
                "transport" if "transport" in self.fields else None,
                _("%(carrier)s does not carry %(kind)s.") % {"carrier": carrier.label, "kind": kinds.label(kind)},
            )
        return given


class NewChannelForm(_Base):
    """The first page: what it is. The account's settings come on the next one; until then a live channel is not in use."""

    def save(self, commit: bool = True) -> Channel:
        self.instance.active = not transport_class(self.instance.transport).live
        return super().save(commit)


class AccountForm(_Base):
    """The second page. `account_fields` are the transport's own, set by `account_form()`."""

    account_fields: ClassVar[tuple[Field, ...]] = ()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kept = _readable(self.instance)
        for field in self.account_fields:
            shown = self.fields[PREFIX + field.name]
            if not field.secret:
                shown.initial = self.instance.settings.get(field.name, field.default)
            elif kept.get(field.name):
                shown.help_text = _("Kept; type to replace.")

    @property
    def changes_transport(self) -> bool:
        """Another transport asks for other settings: those of the old one are let go."""
        chosen = self.cleaned_data.get("transport", self.instance.transport)
        return bool(chosen != (self.initial.get("transport") or self.instance.transport))

    def clean(self) -> dict[str, Any]:
        given = super().clean()
        if given.get("active") and not self.errors:
            for sentence in obstacles(self._as_it_will_be(given), Business.current()):
                self.add_error("active", sentence)
        return given

    def save(self, commit: bool = True) -> Channel:
        self._fill(self.instance, self.cleaned_data)
        return super().save(commit)

    def _as_it_will_be(self, given: dict[str, Any]) -> Channel:
        draft = Channel(kind=self.instance.kind, settings=dict(self.instance.settings), sealed=self.instance.sealed)
        draft.transport = given.get("transport", self.initial.get("transport", self.instance.transport))
        self._fill(draft, given)
        return draft

    def _fill(self, channel: Channel, given: dict[str, Any]) -> None:
        if self.changes_transport:
            channel.settings, channel.sealed = {}, ""
            return
        values = {field.name: str(given.get(PREFIX + field.name) or "").strip() for field in self.account_fields}
        secret = {field.name for field in self.account_fields if field.secret}
        channel.settings = {**channel.settings, **{name: value for name, value in values.items() if name not in secret}}
        if not _readable(channel):
            channel.sealed = ""  # nothing was kept, or nothing of it can be read any more
        channel.keep_secrets({name: values[name] for name in secret})


def _readable(channel: Channel) -> dict[str, str]:
    """The kept secrets; none when their key is gone."""
    try:
        return channel.secrets()
    except Unreadable:
        return {}


def account_form(carrier: type[Transport]) -> type[AccountForm]:
    """The second page's form with the fields that this transport asks for, each as `account_<name>`."""
    made = {PREFIX + field.name: _form_field(field) for field in carrier.fields}
    return cast("type[AccountForm]", type("AccountForm", (AccountForm,), {"account_fields": carrier.fields, **made}))


def shown_when() -> dict[str, str]:
    """Which account fields show only beside a certain choice: name in the form -> expression for the page's script."""
    asked = [field for name in names() for field in transport_class(name).fields if field.only_for]
    return {PREFIX + field.name: _expression(*field.only_for) for field in asked if field.only_for}


def _expression(other: str, values: tuple[str, ...]) -> str:
    return " || ".join(f"{PREFIX}{other} == '{value}'" for value in values) or "false"


def _form_field(field: Field) -> forms.Field:
    """Nothing is required here: a draft may be incomplete, a channel in use may not (see `obstacles`)."""
    label = capfirst(field.label)
    if field.choices:
        return forms.ChoiceField(
            label=label,
            choices=field.choices,
            required=False,
            help_text=field.help_text,
            widget=UnfoldAdminSelectWidget,
        )
    attributes = {"autocomplete": "new-password" if field.secret else "off", "spellcheck": "false"}
    widget = (
        UnfoldAdminPasswordWidget(attrs=attributes) if field.secret else UnfoldAdminTextInputWidget(attrs=attributes)
    )
    return forms.CharField(label=label, required=False, help_text=field.help_text, widget=widget, max_length=4000)
