"""The pages beside the message's form: what an SMS costs while it is written, a picture put in, and the message as a person sees it."""

from __future__ import annotations

import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from io import BytesIO
from typing import Any

from django import forms
from django.contrib.admin import site
from django.contrib.admin.widgets import AutocompleteSelect
from django.core.files.base import ContentFile
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render as render_page
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.http import require_POST
from PIL import Image, UnidentifiedImageError
from unfold.widgets import UnfoldAdminSelectWidget

from channels import freezing, liquid, personal_links, rendering, segments
from channels.models import Channel, Delivery, Message, MessageImage, MessageVariant, PriceUnit
from channels.rendering import BadTemplate, Frame, MissingField, Rendered
from contacts import consent, kinds, reasons, territory, vouchers
from contacts.consent import Ask
from contacts.models import Business, Contact

_TOKEN = "preview-preview0"  # as long as a real one  # noqa: S105
_LARGEST = 8 * 1024 * 1024
_WIDEST = 1200
_MANY = 8  # more characters than this outside of the cheap alphabet are another alphabet, and not a slip
_FORMATS = {"PNG": "png", "JPEG": "jpg", "GIF": "gif"}


def _frame(request: HttpRequest, purpose: str, language: str = "", kind: str = "") -> Frame:
    business = Business.current()
    base = business.public_address or f"{request.scheme}://{request.get_host()}"
    return Frame(base, _TOKEN, purpose, utm={"source": business.utm_source, "medium": kind}, language=language)


@require_POST
def count(request: HttpRequest) -> HttpResponse:
    """SMS and price of a text that is being written, as a sentence; 200 also for a text that cannot be read yet."""
    kind = request.POST.get("kind", "")
    try:
        if not kinds.get(kind).segmented:
            return JsonResponse({"sentence": "", "warning": ""})
        text = request.POST.get("text", "")
        joins = personal_links.examples(Business.current()) if rendering.JOIN in text else {}
        frame = _frame(request, request.POST.get("purpose", "marketing"), kind=kind)
        text = rendering.try_plain(kind, text, frame, joins, _given(liquid.named_in([text], rendering.VOUCHER)))
    except (BadTemplate, LookupError) as bad:
        return JsonResponse({"sentence": "", "warning": str(bad)})
    counted = segments.count(text)
    return JsonResponse({"sentence": cost(kind, counted), "warning": _dear(counted)})


def _given(names: Iterable[str]) -> dict[str, vouchers.InText]:
    """How these vouchers will look."""
    return vouchers.sample(names, Business.current(), timezone.now())


def cost(kind: str, counted: segments.Segments) -> str:
    """ "2 SMS · 14 characters left · 0.14 EUR (Twilio)"."""
    told = [
        ngettext("%(count)s SMS", "%(count)s SMS", counted.count) % {"count": counted.count},
        ngettext("%(left)s character left", "%(left)s characters left", counted.left) % {"left": counted.left},
    ]
    currency = Business.current().currency
    for channel in Channel.objects.filter(kind=kind, active=True):
        price = channel.price * (counted.count if channel.price_unit == PriceUnit.SEGMENT else Decimal(1))
        told.append(
            f"{number_format(price.quantize(Decimal('0.0001')).normalize(), use_l10n=True)} {currency} ({channel.name})"
        )
    return " · ".join(told)


def _dear(counted: segments.Segments) -> str:
    if not counted.offending:
        return ""
    if len(counted.offending) > _MANY:
        return _("In this alphabet an SMS holds 70 characters instead of 160.")
    shown = " ".join(counted.offending)
    return _("%(characters)s make an SMS hold 70 characters instead of 160.") % {"characters": shown}


class _Picture(forms.Form):
    file = forms.ImageField(max_length=200)


@require_POST
def picture(request: HttpRequest) -> HttpResponse:
    """Store a picture for mails: PNG, JPEG or GIF, made narrower where it is wider than any mail. Answers its address, or an error."""
    given = request.FILES.get("file")
    if given is None or given.size is None or given.size > _LARGEST:
        return JsonResponse({"error": _("A picture may have 8 MB at most.")}, status=400)
    form = _Picture(request.POST, request.FILES)
    content = _as_mail_picture(given.read()) if form.is_valid() else None
    if content is None:
        return JsonResponse(
            {"error": _("This is no picture that mail programs can show. Use PNG, JPEG or GIF.")}, status=400
        )
    stored = MessageImage.objects.create(file=content, uploaded_by_id=request.user.pk)
    return JsonResponse({"url": stored.file.url})


def _as_mail_picture(content: bytes) -> ContentFile[bytes] | None:
    try:
        with Image.open(BytesIO(content)) as opened:
            ending = _FORMATS.get(str(opened.format))
            if ending is None:
                return None
            if opened.width > _WIDEST and ending != "gif":
                content = _narrower(opened)
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return None
    return ContentFile(content, name=f"{secrets.token_urlsafe(9)}.{ending}")


def _narrower(opened: Image.Image) -> bytes:
    kept = BytesIO()
    smaller = opened.resize((_WIDEST, round(opened.height * _WIDEST / opened.width)))
    smaller.save(kept, format=opened.format, quality=85)
    return kept.getvalue()


class PreviewForm(forms.Form):
    """Which text, and for whom."""

    variant = forms.ChoiceField(label=gettext_lazy("Text"), widget=UnfoldAdminSelectWidget)
    contact = forms.ModelChoiceField(
        Contact.objects.all(), label=gettext_lazy("Contact"), required=False,
        widget=AutocompleteSelect(Delivery._meta.get_field("contact"), site),
    )  # fmt: skip

    def __init__(
        self, variants: list[MessageVariant], *args: Any, mine: territory.Territory = None, **kwargs: Any
    ) -> None:
        super().__init__(*args, **kwargs)
        self.fields["contact"].queryset = Contact.objects.filter(territory.within(Contact, mine))  # type: ignore[attr-defined]
        choices = [(str(v.pk), f"{kinds.label(v.kind)} · {v.language}") for v in variants]
        self.fields["variant"].choices = choices  # type: ignore[attr-defined]


@dataclass(frozen=True, slots=True)
class Look:
    """A message as one person would see it, or why they would not."""

    rendered: Rendered | None = None
    problem: str = ""
    note: str = ""
    cost: str = ""


def preview(request: HttpRequest, message: Message, context: dict[str, Any]) -> HttpResponse:
    """The saved message for a chosen contact, or for an invented person who has everything."""
    variants = list(message.variants.all())
    given = {"variant": str(variants[0].pk) if variants else "", **request.GET.dict()}
    if not given.get("contact", "").isdecimal():
        given.pop("contact", None)
    form = PreviewForm(variants, given, mine=territory.of(request.user))
    valid = form.is_valid()
    chosen = next(
        (v for v in variants if valid and str(v.pk) == form.cleaned_data["variant"]), variants[0] if variants else None
    )
    contact = form.cleaned_data.get("contact") if valid else None
    look = _look(request, message, chosen, contact) if chosen else Look(problem=_("The message has no text yet."))
    shown = {
        "title": _("Preview: %(message)s") % {"message": message},
        "message": message,
        "form": form,
        "look": look,
        "contact": contact,
    }
    more = {"variant": chosen, "rich": bool(chosen and kinds.get(chosen.kind).rich), "opts": Message._meta}
    return render_page(request, "channels/message_preview.html", {**context, **shown, **more})


def _look(request: HttpRequest, message: Message, variant: MessageVariant, contact: Contact | None) -> Look:
    values, note = _person(message, variant, contact)
    frame = _frame(request, message.purpose, variant.language, variant.kind)
    try:
        made = rendering.compile_content([freezing.told(variant)], freezing.brand_of(Business.current()))[0]
        joins = {rendering.JOIN: personal_links.examples(Business.current())} if made.get("joins") else {}
        given = {rendering.VOUCHER: _given(made.get("vouchers", ()))}
        rendered = rendering.render(made, {**values, **joins, **given}, frame)
    except MissingField as missing:
        sentence = _(
            "The text needs “%(field)s”, which is not known of this person. They would be left out, with this reason."
        )
        return Look(problem=sentence % {"field": missing.field}, note=note)
    except BadTemplate as bad:
        return Look(problem=str(bad), note=note)
    counted = segments.count(rendered.text)
    return Look(rendered, note=note, cost=cost(variant.kind, counted) if kinds.get(variant.kind).segmented else "")


def _person(message: Message, variant: MessageVariant, contact: Contact | None) -> tuple[dict[str, Any], str]:
    """What the text may say of the person, and whether it could be sent to them now."""
    if contact is None:
        return rendering.sample_context(), _(
            "For an invented person of whom everything is known. Choose a contact to see theirs."
        )
    ask = Ask(variant.kind, message.purpose, message.urgent)
    person = consent.gate([contact.pk], [ask], now=timezone.now(), business=Business.current())[contact.pk]
    verdict = person.verdicts[ask]
    said = reasons.say(verdict.reason, verdict.params)
    note = said or _("Would go to %(address)s.") % {"address": kinds.get(variant.kind).show(verdict.address)}
    return rendering.context_for(person, rendering.sample_context()), note
