"""The exports that are recognised by themselves, the more particular first."""

from __future__ import annotations

from collections.abc import Sequence

from contacts.importing.profile import Profile
from contacts.importing.profiles import brevo, fresha, google, mailchimp, outlook, shopify, square, yclients

ALL: tuple[Profile, ...] = (
    *mailchimp.PROFILES,
    *google.PROFILES,
    *outlook.PROFILES,
    *shopify.PROFILES,
    *square.PROFILES,
    *fresha.PROFILES,
    *brevo.PROFILES,
    *yclients.PROFILES,
)


def recognise(headers: Sequence[str], filename: str) -> Profile | None:
    """The first profile that the file fits, by its headers and its name."""
    return next((one for one in ALL if one.is_of(headers, filename)), None)


def named(key: str) -> Profile | None:
    return next((one for one in ALL if one.key == key), None)
