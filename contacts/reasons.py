"""Every reason of the house, as a code with its sentence: why someone was skipped, deferred, stopped or not reached.

Codes are stored, sentences are shown; `say()` is the only way from one to the other. Upper rooms add theirs with `register()`.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_sentences: dict[str, StrOrPromise] = {
    # the gate (contacts.consent)
    "no_address": _("No address for this channel."),
    "address_invalid": _("The address does not work: %(why)s."),
    "no_consent": _("No consent to marketing on this channel."),
    "consent_withdrawn": _("Consent was withdrawn on %(when)s."),
    "consent_expired": _("Consent expired on %(when)s."),
    "suppressed": _("The address is suppressed: %(why)s."),
    "quiet_hours": _("Waits until %(when)s, because it is quiet time where the person lives."),
    "quiet_hours_unknown_zone": _(
        "Waits until %(when)s, business time, because the person's time zone cannot be told."
    ),
    "contact_gone": _("The contact no longer exists."),
}


def register(sentences: Mapping[str, StrOrPromise]) -> None:
    """Add a room's sentences; a code means one thing only."""
    for code, sentence in sentences.items():
        if _sentences.get(code, sentence) is not sentence:
            raise ValueError(f"the reason {code!r} has a sentence already")
        _sentences[code] = sentence


def say(code: str, params: Mapping[str, Any] | None = None) -> str:
    """The sentence for a code in the language in force; "" for no code. Missing parameters show as a dash."""
    if not code:
        return ""
    sentence = str(_sentences.get(code, code))
    return sentence % _Dashes(params or {}) if "%(" in sentence else sentence


def codes() -> list[str]:
    """All known codes."""
    return list(_sentences)


class _Dashes(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "–"
