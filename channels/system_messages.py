"""Messages that the house itself writes, in every language that it speaks; they are frozen and sent like any other."""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from html import escape
from typing import Any

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from channels import freezing, rendering
from channels.models import Message, MessageVersion, Purpose
from channels.rendering import Brand, Written
from contacts import kinds
from contacts.models import Business

CONFIRM, REMIND = "confirm", "reminder"


def version(name: str, *, now: datetime) -> MessageVersion:
    """The frozen message of this name, for every kind of channel that staff can type an address for."""
    label = {CONFIRM: _("Please confirm your address"), REMIND: _("Reminder: please confirm your address")}[name]
    message, _made = Message.objects.get_or_create(
        system=name, defaults={"name": label, "purpose": Purpose.TRANSACTIONAL, "urgent": True}
    )
    content = _content(name, freezing.brand_of(Business.current()), tuple(kind.name for kind in kinds.all_kinds()))
    return freezing.keep(message, [dict(variant) for variant in content], now=now)


@lru_cache(maxsize=16)
def _content(name: str, brand: Brand, names: tuple[str, ...]) -> tuple[dict[str, Any], ...]:
    written = []
    for language, _label in settings.LANGUAGES:
        with translation.override(language):
            written += [_variant(kind, language, name, brand.name) for kind in map(kinds.get, names) if kind.typed]
    return tuple(rendering.compile_content(written, brand))


def _variant(kind: kinds.Kind, language: str, name: str, shop: str) -> Written:
    """The question in the language in force."""
    subject = _("Please confirm your address") if name == CONFIRM else _("Reminder: please confirm your address")
    shop = shop.replace("{", "").replace("%}", "")
    if not kind.rich:
        text = _("%(shop)s: please confirm that you want our messages: %(link)s") % {
            "shop": shop,
            "link": "{{ confirm_url }}",
        }
        return Written(kind.name, language, subject if kind.titled else "", "", text)
    asks = _("Somebody, surely you, left this address with %(shop)s. Press the button to confirm that it is yours.")
    button, ignore = (
        _("Confirm my address"),
        _("If it was not you, do nothing: without your confirmation nothing is sent."),
    )
    body = (
        f"<p>{escape(asks % {'shop': shop})}</p>"
        f'<p><a href="{{{{ confirm_url }}}}" class="button">{escape(button)}</a></p><p>{escape(ignore)}</p>'
    )
    return Written(kind.name, language, subject, "", body)
