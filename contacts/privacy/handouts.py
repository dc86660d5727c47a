"""The log of what left the house: who took which data out, when, and of how many people."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from django.db.models import F

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


def read_by(program: str, what: str, people: int, *, now: datetime) -> None:
    """A program read of so many people. One row for each program, thing and day (of UTC), with their number: a till asks hundreds of
    times in an hour, and a line for each would bury what staff took out."""
    today = now.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    mine = Handout.objects.filter(what=Taken.READ, name=program, chosen=what, at__gte=today)
    if not people or mine.update(people=F("people") + people):
        return
    Handout.objects.create(at=now, name=program, what=Taken.READ, people=people, chosen=what)


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
