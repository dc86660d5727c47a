"""Freezing: a message as it stands now becomes a version that never changes, and that sending works from."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime
from hashlib import sha256
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from channels import liquid, rendering, richtext
from channels.models import Form, Message, MessageVariant, MessageVersion, Purpose
from channels.rendering import BadTemplate, Brand, Written
from contacts import kinds
from contacts.models import Business, VoucherOffer

_ATTEMPTS = 5


def brand_of(business: Business) -> Brand:
    """The shop as its mails show it."""
    logo = business.logo.url if business.logo else ""
    return Brand(business.name, business.colour, logo, business.website, business.postal_address)


def freeze(message: Message, *, now: datetime) -> MessageVersion:
    """The version that says exactly what the message says now; the same words give the same version. `BadTemplate` for a bad text."""
    content = _content(message.variants.order_by("kind", "language"), brand_of(Business.current()))
    return _kept(message, {"purpose": message.purpose, "urgent": message.urgent, "content": content}, now)


def reply_frame(kind: str, *, now: datetime) -> MessageVersion:
    """What carries words of staff as they wrote them: the text is data ("reply" of the delivery's context, with "title" above it where
    the kind has one), so that nothing in it is read as Liquid. One frozen version for each kind of channel and look of the shop."""
    business = Business.current()
    name = {"name": _("Answer"), "purpose": Purpose.TRANSACTIONAL}
    message = Message.objects.get_or_create(system="reply", defaults=name)[0]
    known = kinds.get(kind)
    body = "<p>{{ reply | newline_to_br }}</p>" if known.rich else "{{ reply }}"
    title = "{{ title }}" if known.rich or known.titled else ""
    content = rendering.compile_content([Written(kind, business.language, title, "", body)], brand_of(business))
    for made in content:
        made["text"] = made["text"].replace(" | newline_to_br", "")
    return _kept(message, {"purpose": message.purpose, "urgent": False, "content": content}, now)


def template_frame(variant: MessageVariant, *, now: datetime) -> MessageVersion:
    """What carries an approved template with values of staff's own: these are data ("places" of the delivery's context), as is the text
    beside it ("reply"). One frozen version for each template."""
    business = Business.current()
    message = Message.objects.get_or_create(
        system="template", defaults={"name": _("Template"), "purpose": Purpose.TRANSACTIONAL}
    )[0]
    places = {place: f'{{{{ places["{place}"] }}}}' for place in variant.template_values}
    written = Written(variant.kind, business.language, "", "", "{{ reply }}", (), variant.template, places)
    content = rendering.compile_content([written], brand_of(business))
    return _kept(message, {"purpose": variant.message.purpose, "urgent": False, "content": content}, now)


def keep(message: Message, content: list[dict[str, Any]], *, now: datetime) -> MessageVersion:
    """The version with this content, made if there is none yet."""
    return _kept(message, {"purpose": message.purpose, "urgent": message.urgent, "content": content}, now)


def _kept(message: Message, frozen: Mapping[str, Any], now: datetime) -> MessageVersion:
    digest = sha256(json.dumps(frozen, sort_keys=True, ensure_ascii=False).encode()).hexdigest()
    for _attempt in range(_ATTEMPTS):
        if found := MessageVersion.objects.filter(message=message, digest=digest).first():
            return found
        try:
            with transaction.atomic():
                newest = MessageVersion.objects.filter(message=message).aggregate(newest=Max("number"))["newest"] or 0
                return MessageVersion.objects.create(
                    message=message, number=newest + 1, digest=digest, created_at=now, **frozen
                )
        except IntegrityError:  # somebody else froze it at the same moment
            continue
    raise RuntimeError("the message is being frozen by too many at once")


def _content(variants: Iterable[MessageVariant], brand: Brand) -> list[dict[str, Any]]:
    if content := rendering.compile_content([told(variant) for variant in variants], brand):
        return content
    raise BadTemplate(_("The message has no text yet."))


def told(variant: MessageVariant) -> Written:
    """A variant as rendering takes it."""
    return Written(
        variant.kind, variant.language, variant.subject, variant.preheader, variant.body, variant.buttons, variant.template,
        variant.template_values,
    )  # fmt: skip


def check(kind: str, language: str, subject: str, preheader: str, body: str, brand: Brand) -> None:
    """Try a text out on an invented person; `BadTemplate` says what is wrong with it and where."""
    known = kinds.get(kind)
    for part in (subject, preheader) if known.rich else (subject,) if known.titled else ():
        liquid.try_out(part, rendering.sample_context(), escape=False)
    source = richtext.body(body, colour=brand.colour) if known.rich else None
    liquid.try_out(source.text if source else body, rendering.sample_context(), escape=False)
    rendering.compile_content([(kind, language, subject, preheader, body)], brand)


def unknown_fields(variant: MessageVariant, details: Iterable[str]) -> Iterator[str]:
    """Fields of `contact` in the text that nobody can have: neither ours nor among the details (names as Liquid writes them)."""
    known = {*rendering.sample_context()["contact"], *details}
    buttons = [part for button in variant.buttons for part in (button["label"], button.get("url", ""))]
    for source in (variant.subject, variant.preheader, richtext.clean(variant.body), *buttons):
        for path in liquid.fields(source):
            if len(path) > 1 and path[0] == "contact" and path[1] not in known:
                yield ".".join(path[:2])


def unknown_forms(subject: str, preheader: str, body: str) -> list[str]:
    """Names after `forms.` in the text that no form has; no statement for a text without any."""
    named = {
        path[1] for source in (subject, preheader, richtext.clean(body)) for path in liquid.fields(source)
        if len(path) > 1 and path[0] == "forms"
    }  # fmt: skip
    return sorted(named - set(Form.objects.filter(slug__in=named).values_list("slug", flat=True))) if named else []


def unknown_vouchers(sources: Iterable[str]) -> list[str]:
    """Names after `voucher.` in the texts that no offer has; no statement for texts without any."""
    named = liquid.named_in(sources, rendering.VOUCHER)
    return (
        sorted(named - set(VoucherOffer.objects.filter(slug__in=named).values_list("slug", flat=True))) if named else []
    )
