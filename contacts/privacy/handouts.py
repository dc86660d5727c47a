"""The log of what left the house: who took which data out, when, and of how many people."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from contacts.models import Handout, Taken

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

_NOISE = ("p", "o", "all", "export", "_changelist_filters", "e")


def note(
    user: AbstractBaseUser | AnonymousUser, what: Taken, people: int | None, *, now: datetime, chosen: str = "",
    contact_id: int | None = None,
) -> None:  # fmt: skip
    """Written before the first byte leaves, so that nobody gets anything unnoticed."""
    Handout.objects.create(
        at=now,
        by_id=user.pk,
        name=str(user)[:150],
        what=what,
        people=people,
        chosen=chosen[:500],
        contact_id=contact_id,
    )


def filter_said(query: str) -> str:
    """A list's filter as people read it: "city: Madrid; q: ana"; "" where nothing narrows it."""
    return "; ".join(f"{_word(name)}: {value}" for name, value in _narrowing(parse_qsl(query)))


def _narrowing(pairs: Iterable[tuple[str, str]]) -> Iterable[tuple[str, str]]:
    return ((name, value) for name, value in pairs if value and name not in _NOISE)


def _word(name: str) -> str:
    return name.removesuffix("__exact").replace("__id", "").replace("__", " ")


def size(rows: Any) -> int:
    """How many rows a table of these would have."""
    return int(rows.order_by().count())
