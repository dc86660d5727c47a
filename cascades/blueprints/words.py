"""What customers read: one message, said in every language once, and from that its text for every kind of channel.

A mail has paragraphs and a button; a messenger, an SMS and a notification have the short text and the link. All of it is Liquid.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from channels import capabilities, richtext, segments
from channels.models import Purpose
from channels.rendering import Written
from contacts import kinds

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

LANGUAGES = ("en", "es", "fr", "ru")
# The shop's own site, or where there is none the page of ours that is there for everybody.
WEBSITE = "{{ business.website | default: public_address }}"
_HELLO = {"en": "Hello", "es": "Hola", "fr": "Bonjour", "ru": "Здравствуйте"}
_NAMED = "{% if contact.first_name %}, {{ contact.first_name }}{% endif %}!"
_WAY_OUT = {"en": "STOP to opt out", "es": "Baja: STOP", "fr": "Refus : STOP", "ru": "Отказ: STOP"}


@dataclass(frozen=True, slots=True)
class Said:
    """A message in one language. subject: of a mail, and title of a notification; mail: its paragraphs (what begins with "<" or "{%"
    is taken as it is); short: for SMS, messengers and notifications, without the link; button: of the mail;
    labels: of the buttons to answer with; chat: longer words for messengers."""

    subject: str
    mail: tuple[str, ...]
    short: str
    button: str = ""
    labels: tuple[str, ...] = ()
    chat: str = ""


@dataclass(frozen=True, slots=True)
class Letter:
    """A message. link: an address or Liquid for it, "" for none; replies: codes of the buttons to answer with, one for each label."""

    name: StrOrPromise
    said: Mapping[str, Said]
    link: str = ""
    purpose: str = Purpose.MARKETING.value
    urgent: bool = False
    replies: tuple[str, ...] = ()

    def texts(self) -> Iterator[Written]:
        """Its text for every kind of channel that there is, in every language in which it is said."""
        for kind in kinds.all_kinds():
            for language, said in self.said.items():
                yield self._mail(kind.name, language, said) if kind.rich else self._short(kind, language, said)

    def _mail(self, kind: str, language: str, said: Said) -> Written:
        parts = [part if part.startswith(("<", "{%")) else f"<p>{part}</p>" for part in said.mail]
        button = f'<p><a href="{self.link}"><mark>{said.button}</mark></a></p>' if self.link and said.button else ""
        body = f"<p>{_HELLO[language]}{_NAMED}</p>{''.join(parts)}{button}"
        return Written(kind, language, said.subject, "", richtext.clean(body))

    def _short(self, kind: kinds.Kind, language: str, said: Said) -> Written:
        text = said.short if kind.segmented or kind.titled else said.chat or said.short
        ends = self.purpose == Purpose.MARKETING and capabilities.takes_stop(kind.name)
        body = " ".join(part for part in (text, self.link, _WAY_OUT[language] if ends else "") if part)
        labels = list(zip(self.replies, said.labels, strict=True))[: kind.buttons]
        buttons = [{"label": label, "reply": code, "url": ""} for code, label in labels]
        title = said.subject if kind.titled else ""
        return Written(kind.name, language, title, "", spare(body) if kind.segmented else body, buttons)


def spare(text: str) -> str:
    """The text with the letters of an SMS's cheap alphabet where it is Latin: "Te esperamos mañana" stays, "sábado" becomes "sabado"."""
    if any("CYRILLIC" in unicodedata.name(letter, "") for letter in text):
        return text
    return "".join(letter if segments.count(letter).encoding == segments.GSM else _plain(letter) for letter in text)


_SIGNS = {
    "’": "'",
    "‘": "'",
    "“": '"',
    "”": '"',
    "«": '"',
    "»": '"',
    "–": "-",
    "—": "-",
    "…": "...",
    "œ": "oe",
    "\N{NO-BREAK SPACE}": " ",
}


def _plain(letter: str) -> str:
    return _SIGNS.get(letter) or unicodedata.normalize("NFD", letter)[0]
