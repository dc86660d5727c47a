"""What staff should know of a message that was just saved: nothing of this forbids it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from django.utils.translation import gettext as _

from channels import capabilities, freezing, rendering
from channels.models import Channel, Message, MessageVariant, Purpose
from contacts import kinds
from contacts.models import Business, Contact

_WAY_OUT = re.compile(r"\b(STOP|BAJA|СТОП|unsubscribe_url)\b", re.IGNORECASE)
_LOOKED_AT = 200  # contacts whose other details are read, for their names


def advice(message: Message, business: Business) -> Iterator[str]:
    """Sentences, one for each thing to think of."""
    variants = list(message.variants.all())
    details = _details()
    marketing = message.purpose == Purpose.MARKETING
    for variant in variants:
        yield from _about_fields(variant, details)
        if marketing and capabilities.takes_stop(variant.kind) and not _WAY_OUT.search(variant.body):
            yield _("%(text)s: say how one can stop these messages, for example “Reply STOP to end”.") % {
                "text": _name(variant)
            }
    rich = any(kinds.get(variant.kind).rich for variant in variants)
    yield from _about_mail(business) if marketing and rich else ()
    yield from _about_languages(variants, business)


def _about_fields(variant: MessageVariant, details: set[str]) -> Iterator[str]:
    for field in sorted(set(freezing.unknown_fields(variant, details))):
        yield _("%(text)s: nobody has the field “%(field)s”. Is it spelled right?") % {
            "text": _name(variant),
            "field": field,
        }


def _about_mail(business: Business) -> Iterator[str]:
    if not business.postal_address:
        yield _("Your business has no postal address yet; a marketing email must show one.")
    if business.public_address and not rendering.unsubscribe_fits(business.public_address):
        yield _("The public address of your business is too long for the unsubscribe button of mailboxes.")


def _about_languages(variants: list[MessageVariant], business: Business) -> Iterator[str]:
    used = set(Channel.objects.filter(active=True).values_list("kind", flat=True)) & {
        variant.kind for variant in variants
    }
    for kind in sorted(used):
        if not any(variant.kind == kind and variant.language == business.language for variant in variants):
            yield _(
                "%(channel)s: there is no text in your business's language, so people of other languages would get none."
            ) % {"channel": kinds.label(kind)}


def _details() -> set[str]:
    found = Contact.objects.exclude(attributes={}).order_by("-id").values_list("attributes", flat=True)[:_LOOKED_AT]
    return {rendering.detail_name(str(name)) for attributes in found for name in attributes}


def _name(variant: MessageVariant) -> str:
    return f"{kinds.label(variant.kind)} ({variant.language})"
