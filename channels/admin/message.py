"""Messages in the admin: one page with a text per channel and language, written as it will be read."""

from __future__ import annotations

import re
from typing import Any, ClassVar

from django import forms
from django.conf import settings
from django.contrib import admin, messages
from django.core.exceptions import ValidationError
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.urls import URLPattern, path, reverse
from django.utils.translation import gettext as _now
from django.utils.translation import gettext_lazy as _
from unfold.admin import StackedInline
from unfold.contrib.forms.widgets import WYSIWYG_CLASSES
from unfold.decorators import action, display
from unfold.widgets import (
    UnfoldAdminRadioSelectWidget,
    UnfoldAdminSelectWidget,
    UnfoldAdminTextareaWidget,
    UnfoldAdminTextInputWidget,
)

from channels import freezing, personal_links, rendering, richtext
from channels.admin import message_pages
from channels.admin.button_rows import ButtonsField, too_many
from channels.admin.message_advice import advice
from channels.admin.template_places import PlacesField
from channels.join_links import joinable, ways
from channels.models import Form, Message, MessageVariant
from channels.rendering import BadTemplate, compile_content
from contacts import kinds
from contacts.admin.limited import ModelAdmin
from contacts.models import Business, VoucherOffer

_FIELDS = (
    (_("First name"), 'contact.first_name | default: "%s"'),
    (_("Last name"), 'contact.last_name | default: ""'),
    (_("City"), "contact.city"),
    (_("Birth date"), 'contact.birth_date | date: "%%-d %%B"'),
    (_("Branch"), "contact.branch"),
    (_("Name of the shop"), "business.name"),
    (_("Booking: what"), "booking.title"),
    (_("Booking: when"), "booking.starts_at | date"),
    (_("Booking: where"), "booking.place"),
    (_("Booking: confirm or cancel"), "booking_url"),
)
_FORMS_SHOWN = 5
_PURPOSE = _(
    "Marketing goes only to people who agreed to it, carries the way to unsubscribe and counts against the most messages per person. "
    "A message about an order, a booking or a contract goes to everyone whom it concerns. One line of advertising makes it marketing."
)


class VariantForm(forms.ModelForm):  # type: ignore[type-arg]
    """A text. What is wrong with it is said before it is kept."""

    kind = forms.ChoiceField(label=_("Channel"), choices=kinds.choices, widget=UnfoldAdminSelectWidget)
    language = forms.ChoiceField(label=_("Language"), choices=settings.LANGUAGES, widget=UnfoldAdminSelectWidget)
    body = forms.CharField(
        label=_("Text"), strip=False, widget=UnfoldAdminTextareaWidget(attrs={"rows": 6, "data-variant-body": ""})
    )

    buttons = ButtonsField(label=_("Buttons"))
    template = forms.CharField(
        label=_("Approved template"), required=False, max_length=64,
        widget=UnfoldAdminTextInputWidget(attrs={"data-template": "", "spellcheck": "false"}),
        help_text=_(
            "Its content SID at Twilio, such as HX0123…. It goes to people who have not written within the last day; the text above to "
            "those who have."
        ),
    )  # fmt: skip
    template_values = PlacesField(
        label=_("What stands in its places"), help_text=_("One line for each place: 1: {{ contact.first_name }}")
    )

    class Meta:
        model = MessageVariant
        fields = ("kind", "language", "subject", "preheader", "body", "buttons", "template", "template_values")

    def clean_template(self) -> str:
        """Source of the form of a content SID: Twilio's OpenAPI description of Messages."""
        template = str(self.cleaned_data.get("template") or "").strip()
        if template and not re.fullmatch(r"HX[0-9a-fA-F]{32}", template):
            raise ValidationError(_("A content SID is HX and 32 digits or letters from a to f."))
        return template

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        kind, body = cleaned.get("kind"), cleaned.get("body")
        if not kind or not body or not cleaned.get("language") or cleaned.get("DELETE"):
            return cleaned
        if kinds.get(kind).rich:
            self._clean_rich(cleaned)
        else:
            title = " ".join(cleaned.get("subject", "").split()) if kinds.get(kind).titled else ""
            cleaned |= {"subject": title, "preheader": "", "body": body.replace("\r\n", "\n").strip()}
        if not kinds.get(kind).templates:
            cleaned |= {"template": "", "template_values": {}}
        elif cleaned.get("template_values") and not cleaned.get("template") and "template" not in self.errors:
            self.add_error("template", _("Which template are these places of?"))
        if problem := too_many(kind, cleaned.get("buttons") or []):
            self.add_error("buttons", problem)
        if not self.errors:
            self._try_out(cleaned)
        return cleaned

    def _clean_rich(self, cleaned: dict[str, Any]) -> None:
        cleaned["body"] = richtext.clean(cleaned["body"])
        if not cleaned.get("subject", "").strip():
            self.add_error("subject", _("An email needs a subject."))
        if richtext.is_empty(cleaned["body"]):
            self.add_error("body", _("Write a text."))

    def _try_out(self, cleaned: dict[str, Any]) -> None:
        brand = freezing.brand_of(Business.current())
        kind, language, body = cleaned["kind"], cleaned["language"], cleaned["body"]
        subject, preheader = cleaned.get("subject", ""), cleaned.get("preheader", "")
        try:
            freezing.check(kind, language, subject, preheader, body, brand)
            links = compile_content([(kind, language, subject, preheader, body)], brand)[0]["links"]
        except BadTemplate as bad:
            self.add_error("body", str(bad))
            return
        for slug in freezing.unknown_forms(subject, preheader, body):
            self.add_error("body", _("There is no form with the address “%(form)s”.") % {"form": f"forms.{slug}"})
        self._check_names([subject, preheader, richtext.clean(body), *_short(cleaned)])
        for link in richtext.lost_links(links):
            self.add_error(
                "body", _("The link “%(link)s” leads nowhere. Does it need https:// in front?") % {"link": link}
            )

    def _check_names(self, sources: list[str]) -> None:
        for slug in freezing.unknown_vouchers(sources):
            self.add_error(
                "body", _("There is no voucher offer with the name “%(name)s”.") % {"name": f"voucher.{slug}"}
            )
        known = joinable()
        for name in sorted(rendering.joins_in(sources) - known - set(personal_links.NAMES)):
            said = _("There is no link to join “%(name)s”. There are: %(names)s.")
            names = ", ".join(f"join.{one}" for one in sorted(known))
            self.add_error("body", said % {"name": f"join.{name}", "names": names})


def _short(cleaned: dict[str, Any]) -> list[str]:
    """The labels, addresses and values beside the text, which are Liquid like it."""
    buttons = [button.get(part, "") for button in cleaned.get("buttons") or [] for part in ("label", "url")]
    return [*buttons, *(cleaned.get("template_values") or {}).values()]


class VariantInline(StackedInline):
    model = MessageVariant
    form = VariantForm
    fields = (("kind", "language"), "subject", "preheader", "body", "buttons", "template", "template_values")
    verbose_name = _("text")
    verbose_name_plural = _("Texts, one for each channel and language")

    def get_extra(self, request: HttpRequest, obj: Message | None = None, **kwargs: Any) -> int:
        return 0 if obj else 1

    class Media:
        css = {"all": ("unfold/forms/css/trix/trix.css", "channels/message.css")}
        js = ("unfold/forms/js/trix/trix.js", "unfold/forms/js/trix.config.js", "channels/message.js")


class MessageForm(forms.ModelForm):  # type: ignore[type-arg]
    class Meta:
        model = Message
        fields = ("name", "purpose", "urgent")
        widgets: ClassVar[dict[str, Any]] = {"purpose": UnfoldAdminRadioSelectWidget()}
        help_texts: ClassVar[dict[str, Any]] = {"purpose": _PURPOSE}

    def clean(self) -> dict[str, Any]:
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("urgent") and cleaned.get("purpose") == "marketing":
            raise ValidationError(
                {"urgent": _("Only a message about an order, a booking or a contract can be urgent.")}
            )
        return cleaned


@admin.register(Message)
class MessageAdmin(ModelAdmin):
    form = MessageForm
    inlines = (VariantInline,)
    list_display = ("name", "purpose_label", "texts", "updated_at")
    list_filter = ("purpose", "urgent")
    search_fields = ("name",)
    ordering = ("-updated_at",)
    actions_detail = ("preview",)
    show_full_result_count = False
    warn_unsaved_form = True
    change_form_after_template = "channels/message_editor.html"

    def get_queryset(self, request: HttpRequest) -> QuerySet[Message]:
        messages: QuerySet[Message] = super().get_queryset(request)
        return messages.filter(system="").prefetch_related("variants")

    @display(
        description=_("for"),
        ordering="purpose",
        label={"marketing": "info", "transactional": "success", "urgent": "warning"},
    )
    def purpose_label(self, message: Message) -> tuple[str, str]:
        return ("urgent", _now("urgent")) if message.urgent else (message.purpose, message.get_purpose_display())

    @display(description=_("texts"))
    def texts(self, message: Message) -> str:
        names = dict(settings.LANGUAGES)
        shown = {
            f"{kinds.label(v.kind)} · {_now(str(names.get(v.language, v.language)))}": None
            for v in message.variants.all()
        }
        return ", ".join(shown) or "–"

    def get_readonly_fields(self, request: HttpRequest, obj: Message | None = None) -> tuple[str, ...]:
        return () if request.user.has_perm("channels.send_urgent") else ("urgent",)

    def get_formset_kwargs(self, request: HttpRequest, obj: Any, inline: Any, prefix: str) -> dict[str, Any]:
        given: dict[str, Any] = super().get_formset_kwargs(request, obj, inline, prefix)
        if not obj.pk and request.method == "GET":
            given["initial"] = [{"kind": "email", "language": Business.current().language}]
        return given

    def construct_change_message(self, request: HttpRequest, form: Any, formsets: Any, add: bool = False) -> Any:
        """Who marked a message as urgent stands in its history, also when it was born so."""
        told = super().construct_change_message(request, form, formsets, add)
        if add and form.cleaned_data.get("urgent"):
            told.append({"changed": {"fields": ["urgent"]}})
        return told

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        super().save_related(request, form, formsets, change)
        for sentence in advice(form.instance, Business.current()):
            messages.warning(request, sentence)

    def get_urls(self) -> list[URLPattern]:
        own = [
            path("count/", self.admin_site.admin_view(self.count), name="channels_message_count"),
            path("pictures/", self.admin_site.admin_view(self.picture), name="channels_message_picture"),
        ]
        return [*own, *super().get_urls()]

    def may_write(self, request: HttpRequest) -> bool:
        return bool(self.has_change_permission(request) or self.has_add_permission(request))

    def count(self, request: HttpRequest) -> HttpResponse:
        return message_pages.count(request) if self.may_write(request) else HttpResponse(status=403)

    def picture(self, request: HttpRequest) -> HttpResponse:
        return message_pages.picture(request) if self.may_write(request) else HttpResponse(status=403)

    @action(description=_("Preview"), url_path="preview", icon="visibility", permissions=["view"])
    def preview(self, request: HttpRequest, object_id: str) -> HttpResponse:
        message = self.get_object(request, object_id)
        if message is None:
            raise Http404
        return message_pages.preview(request, message, self.admin_site.each_context(request))

    def render_change_form(
        self, request: HttpRequest, context: dict[str, Any], *args: Any, **kwargs: Any
    ) -> HttpResponse:
        context["editor"] = editor(self.may_write(request))
        answer: HttpResponse = super().render_change_form(request, context, *args, **kwargs)
        return answer


def editor(may_write: bool) -> dict[str, Any]:
    """What the page's script needs to know, as JSON in the page."""
    return {
        "rich": [kind.name for kind in kinds.all_kinds() if kind.rich],
        "titled": [kind.name for kind in kinds.all_kinds() if kind.titled],
        "buttons": {kind.name: kind.buttons for kind in kinds.all_kinds()},
        "templates": [kind.name for kind in kinds.all_kinds() if kind.templates],
        "fields": [[str(label), "{{ " + _filled(source) + " }}"] for label, source in (*_FIELDS, *_joins(), *_forms(), *_vouchers())],
        "classes": " ".join(WYSIWYG_CLASSES),
        "count": reverse("admin:channels_message_count"),
        "picture": reverse("admin:channels_message_picture"),
        "writable": may_write,
        "words": {
            "insert": _now("Insert:"), "picture": _now("Picture"), "button": _now("Show a link as a button"),
            "failed": _now("The picture could not be stored."), "counting": _now("counting …"),
        },
    }  # fmt: skip


def _joins() -> list[tuple[str, str]]:
    """The channels that people can join by a link of their own."""
    spoken = {kind: name for name, kind in personal_links.NAMES.items()}
    said = _now("Link to join: %(channel)s")
    return [
        (said % {"channel": kinds.label(kind)}, f"join.{spoken.get(kind, kind)}") for kind in ways(Business.current())
    ]


def _forms() -> list[tuple[str, str]]:
    """The forms that are open, the newest first."""
    found = Form.objects.filter(active=True).order_by("-id")[:_FORMS_SHOWN]
    return [(_now("Form: %(name)s") % {"name": form.name}, f"forms.{form.slug}") for form in found]


def _vouchers() -> list[tuple[str, str]]:
    """The codes of the offers that are on, and how long they are good."""
    found = VoucherOffer.objects.filter(active=True).order_by("-id")[:_FORMS_SHOWN]
    code, until = _now("Voucher: %(name)s"), _now("Voucher: %(name)s, its last day")
    return [
        (said % {"name": offer.name}, f"voucher.{offer.slug}{part}") for offer in found for said, part in ((code, ""), (until, ".until"))
    ]  # fmt: skip


def _filled(source: str) -> str:
    return source % _now("there") if source.count("%s") else source.replace("%%", "%")
