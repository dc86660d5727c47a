"""Words by which people end the messages of a bot, and bring them back, in four languages; and what they are answered.

A word counts when it is the whole message, in any case, with or without accents, "/" before it or punctuation around it. Words that also
answer an ordinary question ("cancel", "yes", "no") are left out. Twilio has a list of its own, which Twilio decides.
"""

from __future__ import annotations

import unicodedata

from django.conf import settings
from django.utils import translation
from django.utils.translation import gettext as _

from channels.transport import Fact

STOP = {
    "en": ("stop", "stopall", "stop all", "unsubscribe", "opt out", "optout", "revoke", "quit", "end"),
    "es": ("parar", "para", "baja", "darme de baja", "dar de baja", "detener", "alto"),
    "fr": ("arrêt", "arrêter", "arrêtez", "désabonner", "me désabonner", "désinscrire", "désinscription", "stopper"),
    "ru": ("стоп", "отписаться", "отписка", "отпишите", "отпишите меня", "прекратить", "прекратите"),
}
RESUME = {
    "en": ("start", "unstop", "resume", "subscribe"),
    "es": ("alta", "reanudar", "iniciar", "suscribirme"),
    "fr": ("reprendre", "démarrer", "m'abonner", "réabonner"),
    "ru": ("старт", "начать", "возобновить", "подписаться"),
}


def _plain(text: str) -> str:
    letters = unicodedata.normalize("NFKD", text.casefold())
    bare = "".join(letter for letter in letters if not unicodedata.combining(letter))
    return " ".join(bare.strip(" \t\r\n/.,!¡…\"'«»“”").split())


_STOP = frozenset(_plain(word) for words in STOP.values() for word in words)
_RESUME = frozenset(_plain(word) for words in RESUME.values() for word in words)


def said(text: str) -> Fact | None:
    """`Fact.STOPPED`, `Fact.RESUMED`, or None for any other text."""
    word = _plain(text) if len(text) < 200 else ""
    return Fact.STOPPED if word in _STOP else Fact.RESUMED if word in _RESUME else None


def farewell(shop: str, language: str) -> str:
    """The one answer to STOP: that it is done, and the way back. language: as the provider tells it, e.g. "pt-br"."""
    with translation.override(_spoken(language)):
        if shop:
            return _("You get no more messages from %(shop)s here. Send START to get them again.") % {"shop": shop}
        return _("You get no more messages here. Send START to get them again.")


def welcome(shop: str, language: str) -> str:
    """The answer to who opens the conversation. It promises nothing: what follows depends on consent."""
    with translation.override(_spoken(language)):
        if shop:
            return _("Messages from %(shop)s can reach you here. Send STOP to end them.") % {"shop": shop}
        return _("Messages can reach you here. Send STOP to end them.")


def agree(language: str) -> str:
    """The label of a button by which a person asks for messages."""
    with translation.override(_spoken(language)):
        return _("Yes, write to me here")


def _spoken(language: str) -> str:
    try:
        return translation.get_supported_language_variant(language.lower())
    except LookupError:
        return settings.LANGUAGE_CODE
