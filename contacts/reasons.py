"""Every reason of the house, as a code with its sentence: why someone was skipped, deferred, stopped or not reached.

Codes are stored, sentences are shown; `say()` is the only way from one to the other. Upper rooms add theirs with `register()`.
Parameters are stored as codes too: an instant as ISO text (shown in the zone that the parameter `zone` names), a cause as its code.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext_lazy as _

from contacts import timezones

if TYPE_CHECKING:
    from zoneinfo import ZoneInfo

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
    "closed_day": _("Waits until %(when)s, because it is a holiday or a closed day where the person lives."),
    "no_hour_left": _("Waits until %(when)s, because the quiet hours and closed days leave no hour before."),
    "contact_gone": _("The contact no longer exists."),
    "erased": _("The person asked to be forgotten."),
}

_words: dict[str, StrOrPromise] = {}


def register(sentences: Mapping[str, StrOrPromise]) -> None:
    """Add a room's sentences; a code means one thing only."""
    for code, sentence in sentences.items():
        if _sentences.get(code, sentence) is not sentence:
            raise ValueError(f"the reason {code!r} has a sentence already")
        _sentences[code] = sentence


def register_words(words: Mapping[str, StrOrPromise]) -> None:
    """Name the codes that may stand as a cause inside a sentence ("stop": "answered STOP")."""
    _words.update(words)


def say(code: str, params: Mapping[str, Any] | None = None) -> str:
    """The sentence for a code in the language in force; "" for no code. Missing parameters show as a dash."""
    if not code:
        return ""
    sentence = str(_sentences.get(code, code))
    return sentence % _shown(params or {}) if "%(" in sentence else sentence


def codes() -> list[str]:
    """All known codes."""
    return list(_sentences)


def _shown(params: Mapping[str, Any]) -> _Dashes:
    zone = timezones.named(str(params.get("zone", "")))
    return _Dashes({name: _word(value, zone) for name, value in params.items() if value not in ("", None)})


def _word(value: Any, zone: ZoneInfo | None) -> Any:
    """A stored value as people read it."""
    if not isinstance(value, str):
        return value
    if value in _words:
        return str(_words[value])
    try:
        instant = datetime.fromisoformat(value)
    except ValueError:
        return value
    if instant.tzinfo is None:
        return value
    shown = localtime(instant, zone)
    return f"{date_format(shown, 'DATE_FORMAT')} {date_format(shown, 'H:i')}"


class _Dashes(dict[str, Any]):
    def __missing__(self, key: str) -> str:
        return "–"
