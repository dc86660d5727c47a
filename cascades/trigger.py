"""The contract of a way into a cascade, and its lookup by name.

A trigger is a class in one file under `cascades/triggers/` and one line in `settings.TRIGGERS`. It answers one question: who is
to enter now, and for which occasion. It writes nothing: enrolling, and that nobody enters twice, belongs to the runner.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db.models import QuerySet
from django.utils.module_loading import import_string

from contacts.models import Contact

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

OCCASION_LENGTH = 120


@dataclass(frozen=True, slots=True)
class Entry:
    """People who are to enter for the same occasion.

    people: each once, unordered and unsliced; occasion: 1 to 120 characters, the same whenever the same occasion is met again
    ("launch:<id>", "birthday:2026", "cart:81"); shared: it is one and the same occasion for all of them, so that identical text goes to an
    address that they share only once.
    """

    people: QuerySet[Contact]
    occasion: str
    shared: bool = False

    def __post_init__(self) -> None:
        if not 0 < len(self.occasion) <= OCCASION_LENGTH:
            raise ValueError(f"an occasion has 1 to {OCCASION_LENGTH} characters")


class Trigger:
    """Base class and manual. You **must** set `name` and `label` and write `due()`; you need not know who was enrolled before."""

    name: ClassVar[str]
    label: ClassVar[StrOrPromise]

    def due(self, params: Mapping[str, Any], now: datetime) -> Iterable[Entry]:
        """Who is to enter at `now`. params: the trigger's settings in this cascade, as JSON. Naming someone again does no harm."""
        raise TypeError(f"{type(self).__name__} must write due()")


def names() -> list[str]:
    """Names of the registered triggers, in the order of the settings."""
    return list(settings.TRIGGERS)


@cache
def trigger(name: str) -> Trigger:
    """The trigger by its registered name; `LookupError` if there is none."""
    try:
        dotted = settings.TRIGGERS[name]
    except KeyError:
        raise LookupError(f"no trigger is registered as {name!r}") from None
    found: Trigger = import_string(dotted)()
    return found
