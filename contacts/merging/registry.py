"""Who moves what when two contacts are made one: each room says it of its own tables, when it is ready."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db.models import Model

from contacts.models import Contact


@dataclass(frozen=True, slots=True)
class Pair:
    """Both are locked; `gone` becomes part of `kept`. choices: by field, "kept", "gone" or "both" (see `contacts.merging.fields`)."""

    kept: Contact
    gone: Contact
    now: datetime
    choices: Mapping[str, str] = field(default_factory=dict)

    @property
    def ids(self) -> list[int]:
        return sorted((self.kept.pk, self.gone.pk))


# What a room remembers for undoing; plain JSON.
Moved = dict[str, Any]


def _nothing(*_: Any) -> list[str]:
    return []


def _none(*_: Any) -> Moved:
    return {}


def _leave(*_: Any) -> None:
    pass


@dataclass(frozen=True, slots=True)
class Part:
    """What one room does. models: those of its tables with a contact that it takes care of (`contacts.merging.tables` moves the rows).

    ready: locks what it will write, in the house's order, and says why it cannot be done at this moment; settle: before the rows are moved,
    what would clash; restore: undoes what `settle` did, after the rows were moved back; foresee: what will happen, for the page;
    after: what it remembers besides, when all is done;
    since: what happened to the merged person since, which undoing would make wrong; it is given all that was moved, with the newest rows
    of then under "newest" (see `contacts.merging.tables.came_since`).
    """

    name: str
    models: frozenset[type[Model]]
    ready: Callable[[Pair], list[str]] = field(default=_nothing)
    settle: Callable[[Pair], Moved] = field(default=_none)
    restore: Callable[[Pair, Moved], None] = field(default=_leave)
    foresee: Callable[[Pair], list[str]] = field(default=_nothing)
    since: Callable[[int, Moved], list[str]] = field(default=_nothing)
    after: Callable[[int], Moved] = field(default=_none)


_parts: dict[str, Part] = {}


def register(part: Part) -> None:
    """Called once, when the room is ready."""
    _parts[part.name] = part


def parts() -> list[Part]:
    """The outer rooms first: what they hold refers to what the inner ones hold, and their locks come first."""
    return list(reversed(_parts.values()))


def known_models() -> set[type[Model]]:
    return {model for part in _parts.values() for model in part.models}


def sentences(found: Iterable[Iterable[str]]) -> list[str]:
    return [sentence for some in found for sentence in some]
