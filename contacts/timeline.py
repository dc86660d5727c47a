"""The story of one person: a registry of who can tell a piece of it, and the pieces put in order."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING

from contacts.models import Contact

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

TONES = ("neutral", "good", "bad", "wait")


@dataclass(frozen=True, slots=True)
class Entry:
    """One thing that happened, for people. tone: one of TONES; icon: a name of Material Symbols; url: where more is to be seen."""

    at: datetime
    title: StrOrPromise
    detail: StrOrPromise = ""
    tone: str = "neutral"
    icon: str = ""
    url: str = ""


# Tells all that its room knows of a contact, in any order, with the same few statements however much that is.
Teller = Callable[[Contact], Iterable[Entry]]

_tellers: list[Teller] = []


def register(teller: Teller) -> None:
    """Let a room tell its part; called when the room is ready."""
    if teller not in _tellers:
        _tellers.append(teller)


def story(contact: Contact, *, limit: int | None = None) -> list[Entry]:
    """What all tellers tell, newest first; the newest `limit` of it, or all."""
    entries = [entry for teller in _tellers for entry in teller(contact)]
    return sorted(entries, key=lambda entry: entry.at, reverse=True)[:limit]
