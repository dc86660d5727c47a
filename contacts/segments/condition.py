"""What a condition of a segment is: a small class that says what staff choose, whom it finds, and how it is told. And their registry.

A new kind is one class, registered when its room is ready; the page, the checks and the explanations are made from what it says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from enum import StrEnum
from typing import TYPE_CHECKING, Any, ClassVar

from django.db.models import Model, Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from contacts.segments.scope import Scope

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

    from contacts.models import Contact

Params = Mapping[str, Any]
Choices = Iterable[tuple[str, "StrOrPromise"]]
LONGEST_TEXT = 200
MOST_DAYS = 3660

PERSON = gettext_lazy("The person")
REACH = gettext_lazy("Consent and channels")
DOINGS = gettext_lazy("What they did")
LISTS = gettext_lazy("Groups and segments")


class Type(StrEnum):
    """How a field is filled in."""

    TEXT = "text"
    NUMBER = "number"
    DATE = "date"
    CHOICE = "choice"
    CHOICES = "choices"
    ONE = "one"  # a row of another table
    SOME = "some"  # rows of another table


@dataclass(frozen=True, slots=True)
class Field:
    """Something to fill in. choices: of a CHOICE or CHOICES, or what is suggested for a TEXT; model: what ONE and SOME refer to;
    open: what is chosen need not be among them; whole: a number without a fraction; unit: what stands behind the number."""

    name: str
    label: StrOrPromise
    shape: Type = Type.TEXT
    choices: Callable[[], Choices] | None = None
    model: type[Model] | None = None
    optional: bool = False
    open: bool = False
    default: Any = None
    low: float = 0
    high: float = 1_000_000_000
    whole: bool = True
    unit: StrOrPromise = ""

    def clean(self, value: Any) -> Any:
        """The value as it is kept; None where an optional one is empty. `ValueError` with a sentence."""
        if value is None or value in ("", []):
            if self.optional:
                return None
            raise ValueError(_("“%(field)s” is empty.") % {"field": self.label})
        return _CLEANERS[self.shape](self, value)


def _text(field: Field, value: Any) -> str:
    text = str(value).strip()
    if not isinstance(value, str | int | float) or not text or len(text) > LONGEST_TEXT or "\0" in text:
        raise ValueError(_("“%(field)s” is empty or too long.") % {"field": field.label})
    return text


def _number(field: Field, value: Any) -> int | float:
    try:
        found = Decimal(str(value).strip().replace(",", "."))
    except InvalidOperation:
        found = Decimal("NaN")
    if isinstance(value, bool) or not found.is_finite() or not field.low <= found <= field.high:
        said = {"field": field.label, "low": f"{field.low:g}", "high": f"{field.high:.0f}"}
        raise ValueError(_("“%(field)s” must be a number from %(low)s to %(high)s.") % said)
    if found == found.to_integral_value():
        return int(found)
    if field.whole:
        raise ValueError(_("“%(field)s” must be a whole number.") % {"field": field.label})
    return float(found)


def _day(field: Field, value: Any) -> str:
    try:
        return date.fromisoformat(str(value)).isoformat()
    except ValueError:
        raise ValueError(_("“%(field)s” is not a date.") % {"field": field.label}) from None


def _choice(field: Field, value: Any) -> str:
    known = field.open or value in dict(field.choices() if field.choices else ())
    if not isinstance(value, str) or not known or len(value) > LONGEST_TEXT or "\0" in value:
        raise ValueError(_("“%(field)s”: what was chosen does not exist any more.") % {"field": field.label})
    return value


def _choices(field: Field, value: Any) -> list[str]:
    return [_choice(field, one) for one in (value if isinstance(value, list) else [value])]


def _one(field: Field, value: Any) -> int:
    text = str(value)
    if isinstance(value, bool) or not (text.isascii() and text.isdecimal() and len(text) < 19):
        raise ValueError(_("“%(field)s”: what was chosen does not exist any more.") % {"field": field.label})
    return int(text)


def _some(field: Field, value: Any) -> list[int]:
    return sorted({_one(field, one) for one in (value if isinstance(value, list) else [value])})


_CLEANERS: dict[Type, Callable[[Field, Any], Any]] = {
    Type.TEXT: _text, Type.NUMBER: _number, Type.DATE: _day, Type.CHOICE: _choice, Type.CHOICES: _choices, Type.ONE: _one, Type.SOME: _some,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Operator:
    """What is asked, and which of the condition's fields it needs, in their order."""

    name: str
    label: StrOrPromise
    fields: tuple[str, ...] = ()


class Condition:
    """A kind of condition. `plain`: it asks columns of the contact alone, none of which can be NULL, so that NOT is its opposite."""

    name: ClassVar[str]
    label: ClassVar[StrOrPromise]
    heading: ClassVar[StrOrPromise] = PERSON
    operators: ClassVar[Sequence[Operator]]
    fields: ClassVar[Sequence[Field]] = ()
    plain: ClassVar[bool] = False

    def q(self, p: Params, scope: Scope) -> Q:
        """For `Contact.objects.filter()`: set-based, without joins. p: cleaned, with "op"."""
        raise AssertionError(f"{self.name} does not say whom it finds")

    def guard(self, p: Params) -> Q:
        """What must be true for the condition, and for its opposite, to find anybody; nothing for most."""
        return Q()

    def gone(self, p: Params) -> str:
        """For the page: a sentence where the guard lets nobody through; "" where all is well."""
        return ""

    def say(self, p: Params, scope: Scope) -> str:
        """The condition as a phrase, in the language in force."""
        raise AssertionError(f"{self.name} does not say what it asks")

    def known(self, p: Params, contact: Contact, scope: Scope) -> str:
        """What is known of this person about it; "" where the phrase says all."""
        return ""

    def needs(self, p: Params) -> str:
        """What is wrong with the values taken together, as a sentence; "" for nothing."""
        return ""

    def field(self, name: str) -> Field:
        return next(field for field in self.fields if field.name == name)

    def operator(self, name: Any) -> Operator:
        """`ValueError` with a sentence for one that there is not."""
        for operator in self.operators:
            if operator.name == name:
                return operator
        raise ValueError(_("Choose what is asked."))

    def clean(self, given: Mapping[str, Any]) -> dict[str, Any]:
        """The condition as it is kept: nothing but what its operator needs. `ValueError` with a sentence."""
        operator = self.operator(given.get("op"))
        kept = {"kind": self.name, "op": operator.name}
        for name in operator.fields:
            if (value := self.field(name).clean(given.get(name))) is not None:
                kept[name] = value
        if trouble := self.needs(kept):
            raise ValueError(trouble)
        return kept

    def refers(self, p: Params) -> list[tuple[type[Model], int]]:
        """The rows of other tables that the values name."""
        fields = [self.field(name) for name in self.operator(p["op"]).fields if name in p]
        return [
            (field.model, pk)
            for field in fields
            if field.model
            for pk in (p[field.name] if field.shape == Type.SOME else [p[field.name]])
        ]


_conditions: dict[str, Condition] = {}


def register(condition: Condition) -> None:
    """Make a kind known; called when its room is ready."""
    _conditions.setdefault(condition.name, condition)


def all_conditions() -> list[Condition]:
    """In the order in which the rooms brought them."""
    return list(_conditions.values())


def get(name: Any) -> Condition:
    """`ValueError` with a sentence where no room brings it."""
    if not isinstance(name, str) or name not in _conditions:
        raise ValueError(_("This kind of condition does not exist any more."))
    return _conditions[name]
