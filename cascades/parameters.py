"""What staff can set on a trigger, as data: the builder draws its form from this without knowing the trigger.

Values are JSON. `clean()` answers nonsense with a sentence, `say()` reads a value back in words.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import time
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts import details

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

OF_ITEMS = "item_"
LONGEST = 730 * 86_400  # seconds
_NAME = re.compile(r"[\w.:-]{1,60}\Z")


class BadParameters(ValueError):
    """Settings that make no sense; `problems` are sentences for staff by the name of the setting."""

    def __init__(self, problems: Mapping[str, str]) -> None:
        super().__init__(" ".join(problems.values()))
        self.problems = dict(problems)


class Field(StrEnum):
    """What kind of field the form shows."""

    LENGTH = "length"  # seconds
    NUMBER = "number"
    CHOICE = "choice"  # one of the parameter's choices
    TIME = "time"  # "HH:MM"
    NAME = "name"  # of an event, or of a detail
    NAMES = "names"  # of events
    FILTERS = "filters"  # [{"field", "is", "value"}]
    GROUP = "group"  # the id of a row that the builder offers to choose from, or None
    BRANCH = "branch"
    SEGMENT = "segment"


ROWS = (Field.GROUP, Field.BRANCH, Field.SEGMENT)
COMPARISONS: dict[str, StrOrPromise] = {
    "is": gettext_lazy("is"),
    "not": gettext_lazy("is not"),
    "least": gettext_lazy("is at least"),
    "most": gettext_lazy("is at most"),
}


@dataclass(frozen=True, slots=True)
class Parameter:
    """One setting. choices: of a CHOICE, as (value, label); suggestions: of names, for the form; least, most: of numbers and lengths."""

    name: str
    label: StrOrPromise
    field: Field
    help: StrOrPromise = ""
    default: Any = None
    required: bool = False
    choices: Sequence[tuple[str, StrOrPromise]] = ()
    least: int = 0
    most: int = LONGEST

    def clean(self, value: Any) -> Any:
        """The value, or the default where there is none; `ValueError` with a sentence."""
        if value in (None, "", []):
            if self.required and self.default in (None, "", []):
                raise ValueError(_("“%(label)s” must be filled in.") % {"label": self.label})
            return self.default
        return _CLEANERS[self.field](self, value)

    def say(self, value: Any) -> str:
        """In words, or "" for what goes without saying."""
        if value in (None, "", []) or self.field in ROWS:
            return ""
        if self.field is Field.CHOICE:
            return str(dict(self.choices).get(value, value))
        if self.field is Field.FILTERS:
            return ", ".join(f"{one['field']} {COMPARISONS[one['is']]} {one['value']}" for one in value)
        return ", ".join(value) if self.field is Field.NAMES else "" if self.field is Field.LENGTH else str(value)


def _number(one: Parameter, value: Any) -> int:
    try:
        found = int(value)
    except (TypeError, ValueError):
        found = -1
    if isinstance(value, bool) or not one.least <= found <= one.most:
        raise ValueError(_("“%(label)s” is not a sensible number.") % {"label": one.label})
    return found


def _length(one: Parameter, value: Any) -> int:
    try:
        return _number(one, value)
    except ValueError:
        raise ValueError(_("“%(label)s” is not a sensible length of time.") % {"label": one.label}) from None


def _choice(one: Parameter, value: Any) -> str:
    if value not in [name for name, _label in one.choices]:
        raise ValueError(_("“%(value)s” is none of the choices of “%(label)s”.") % {"value": value, "label": one.label})
    return str(value)


def _time(one: Parameter, value: Any) -> str:
    try:
        return time.fromisoformat(str(value)).strftime("%H:%M")
    except ValueError:
        raise ValueError(_("“%(label)s” is no time of day.") % {"label": one.label}) from None


def _name(_one: Parameter, value: Any) -> str:
    if not isinstance(value, str) or not _NAME.match(value.strip()):
        raise ValueError(_("“%(value)s” is no name: write letters and digits without blanks.") % {"value": value})
    return value.strip()


def _names(one: Parameter, value: Any) -> list[str]:
    if not isinstance(value, list | tuple):
        raise ValueError(_("“%(label)s” is a list of names.") % {"label": one.label})  # noqa: TRY004
    return list(dict.fromkeys(_name(one, name) for name in value))


def _filters(one: Parameter, value: Any) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not all(isinstance(row, Mapping) for row in value):
        raise ValueError(_("“%(label)s” is a list of conditions.") % {"label": one.label})
    return [_filter(row) for row in value]


def _filter(row: Mapping[str, Any]) -> dict[str, Any]:
    name, comparison, value = str(row.get("field", "")).strip(), row.get("is"), row.get("value")
    if not details.PATH.match(name) or comparison not in COMPARISONS or not isinstance(value, str | int | float | bool):
        raise ValueError(_("The condition on “%(name)s” cannot be understood.") % {"name": name or "–"})
    if comparison in ("least", "most"):
        try:
            value = float(value)
        except ValueError:
            raise ValueError(_("“%(name)s” can only be compared with a number.") % {"name": name}) from None
        value = int(value) if value == int(value) else value
    return {"field": name, "is": comparison, "value": value}


def fulfils(data: Mapping[str, Any], conditions: Iterable[Mapping[str, Any]]) -> bool:
    """Whether an event's details fulfil all conditions of a FILTERS setting, as the database judges them for the triggers.

    A detail that is not there fulfils none but "is not". `item_category` and the like mean that of any of its `items`.
    """
    return all(_fulfils(list(_details(data, one["field"])), one["is"], one["value"]) for one in conditions)


def _details(data: Mapping[str, Any], name: str) -> Iterator[Any]:
    if name in data:
        yield data[name]
    elif details.LIST in name or "." in name:
        yield from (one for one in details.found_at(data, name) if one is not None)
    elif name.startswith(OF_ITEMS):
        items = data.get("items")
        for item in items if isinstance(items, list) else ():
            if isinstance(item, Mapping) and name.removeprefix(OF_ITEMS) in item:
                yield item[name.removeprefix(OF_ITEMS)]


def _fulfils(found: list[Any], comparison: str, wanted: Any) -> bool:
    if comparison in ("is", "not"):
        return any(_same(one, wanted) for one in found) == (comparison == "is")
    numbers = [number for one in found if (number := _as_number(one)) is not None]
    return any(number >= wanted if comparison == "least" else number <= wanted for number in numbers)


def _same(told: Any, wanted: Any) -> bool:
    if isinstance(told, bool) or isinstance(wanted, bool):
        return str(told).casefold() == str(wanted).casefold()
    one, other = _as_number(told), _as_number(wanted)
    return one == other if one is not None and other is not None else str(told).casefold() == str(wanted).casefold()


def _as_number(value: Any) -> float | None:
    try:
        return None if isinstance(value, bool) or value is None else float(value)
    except (TypeError, ValueError):
        return None


_CLEANERS: dict[Field, Any] = {
    Field.LENGTH: _length, Field.NUMBER: _number, Field.CHOICE: _choice, Field.TIME: _time, Field.NAME: _name, Field.NAMES: _names,
    Field.FILTERS: _filters, Field.GROUP: _number, Field.BRANCH: _number, Field.SEGMENT: _number,
}  # fmt: skip
