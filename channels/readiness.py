"""May a channel be used? Nothing live starts before providers and people can reach us, and no account without what it needs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from channels.models import Channel
from contacts.models import Business
from contacts.vault import Unreadable

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


def obstacles(channel: Channel, business: Business) -> list[StrOrPromise]:
    """Sentences on what stands in the way of using the channel; none for one that may be used."""
    try:
        carrier = channel.carrier
    except LookupError:
        return [_("What carried this channel is no longer installed.")]
    found: list[StrOrPromise] = []
    if carrier.live and not business.address_is_proven:
        found.append(
            _(
                "A live channel cannot be used before the public address of the business begins with https:// and has answered us. "
                "Enter the address on the page of the business, then check it here."
            )
        )
    given = {field.name: field.default for field in carrier.fields}
    try:
        known = {**given, **channel.settings, **channel.secrets()}
    except Unreadable:
        return [*found, _("The account's secrets cannot be read any more. Enter them again.")]
    missing = [
        str(field.label)
        for field in carrier.fields
        if field.required and field.applies(known) and not known.get(field.name)
    ]
    if missing:
        found.append(_("The account still needs: %(fields)s.") % {"fields": ", ".join(missing)})
    return found
