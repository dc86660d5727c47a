"""Email addresses: from what a list holds to one that can be sent to, and when two are the same."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

import idna
from django.utils.translation import gettext_lazy as _

# One sentence per cause, for the person who made the list; told in the language of whoever reads it.
SENTENCES = {
    "empty": _("There is no email address here."),
    "several": _("“%(raw)s” holds more than one address. Keep one here and put the other into a column of its own."),
    "at": _("“%(raw)s” is not an email address: it has no @."),
    "space": _("“%(raw)s” has a space inside the address."),
    "local": _("The part before the @ in “%(raw)s” is not one that email can be sent to."),
    "domain": _("The part after the @ in “%(raw)s” is not the name of a mail domain."),
    "long": _("“%(raw)s” is too long for an email address."),
}

_BRACKETED = re.compile(r"^[^<>]*<\s*([^<>]*?)\s*>$")  # "Ana García <ana@example.com>"
_ATOM = r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+"
_LOCAL = re.compile(rf"{_ATOM}(?:\.{_ATOM})*")
_PLAIN = re.compile(rf"({_ATOM}(?:\.{_ATOM})*)@((?:(?!-)[A-Za-z0-9-]{{1,63}}(?<!-)\.)+[A-Za-z]{{2,63}})")
_LABEL = re.compile(r"(?!-)[a-z0-9-]{1,63}(?<!-)")
_MAX_LOCAL, _MAX_DOMAIN, _MAX = 64, 253, 254  # RFC 5321, 4.5.3.1 and its erratum 1690
_SPACE_LIKE = {"Cf"}


class BadEmail(ValueError):
    """An address that cannot be used. `code` is a key of SENTENCES; str() is the sentence in the active language."""

    def __init__(self, code: str, raw: str = "") -> None:
        super().__init__(code, raw)
        self.code, self.raw = code, raw

    def __str__(self) -> str:
        return str(SENTENCES[self.code]) % {"raw": self.raw.strip()[:80]}


def normalise(raw: str) -> str:
    """One address, trimmed, its domain in lower case and ASCII (IDNA); the part before the @ stays as given.

    A name around the address ("Ana <ana@example.com>") is left off. Raises BadEmail.
    """
    if plain := quickly(raw):
        return plain
    text = _tidy(raw)
    if not text:
        raise BadEmail("empty", raw)
    if text.count("@") > 1:
        raise BadEmail("several", raw)
    local, at, domain = text.partition("@")
    if not at:
        raise BadEmail("at", raw)
    if any(mark.isspace() for mark in text):
        raise BadEmail("space", raw)
    if not _LOCAL.fullmatch(local):
        raise BadEmail("local", raw)
    address = f"{local}@{_ascii_domain(domain, raw)}"
    if len(local) > _MAX_LOCAL or len(address) > _MAX:
        raise BadEmail("long", raw)
    return address


def quickly(raw: str) -> str:
    """The same of an address that needs no tidying, as nearly all are; "" of any other."""
    plain = _PLAIN.fullmatch(raw)
    if plain and raw[0] not in "'`" and len(raw) <= _MAX and len(plain[1]) <= _MAX_LOCAL:
        return f"{plain[1]}@{plain[2].lower()}"
    return ""


def compare_key(address: str) -> str:
    """What two normalised addresses share when they are the same mailbox in practice: the whole in lower case."""
    return address.strip().lower()


def _tidy(raw: str) -> str:
    """Without what spreadsheets, address books and web pages add around an address."""
    text = "".join(mark for mark in raw if unicodedata.category(mark) not in _SPACE_LIKE).strip()
    text = text.strip("'\"’‘`").strip().rstrip(",;").strip()
    bracketed = _BRACKETED.match(text)
    text = bracketed[1] if bracketed else text
    return text[len("mailto:") :] if text.lower().startswith("mailto:") else text


def _ascii_domain(domain: str, raw: str) -> str:
    """The domain as DNS knows it. A dotless or numeric end is no mail domain of a person."""
    try:
        name = domain.lower() if domain.isascii() else _idna(domain)
    except (idna.IDNAError, UnicodeError):
        raise BadEmail("domain", raw) from None
    labels = name.rstrip(".").split(".")
    sound = all(_LABEL.fullmatch(label) for label in labels)
    if len(labels) < 2 or not sound or labels[-1].isdigit() or len(name) > _MAX_DOMAIN:
        raise BadEmail("domain", raw)
    return ".".join(labels)


@lru_cache(maxsize=4096)
def _idna(domain: str) -> str:
    """A domain in other letters as DNS knows it; a list has few of them, each many times."""
    return idna.encode(domain, uts46=True).decode("ascii")
