"""The shapes that all calls share: how a person is named, and what is answered for each item of a list."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any, TypeVar

from django.utils.translation import gettext as _
from pydantic import (
    AfterValidator,
    AwareDatetime,
    BaseModel,
    ConfigDict,
    Field,
    StringConstraints,
    ValidationError,
    WrapValidator,
)

from contacts import intake, territory
from contacts.api.door import first_fault
from contacts.intake import Cleaner, Found

_T = TypeVar("_T")
MOST = 1000  # items in one call
_YEARS = (2000, 2100)


class Shape(BaseModel):
    """What comes in. A field that is not known is a mistake that the sender wants to hear of."""

    model_config = ConfigDict(extra="forbid")


def _in_our_time(instant: datetime) -> datetime:
    if not _YEARS[0] <= instant.year < _YEARS[1]:
        raise ValueError(_("A time lies between the years 2000 and 2100."))
    return instant.astimezone(UTC)


Text = Annotated[str, StringConstraints(strip_whitespace=True, max_length=255)]
Short = Annotated[str, StringConstraints(strip_whitespace=True, max_length=120)]
Named = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=120)]
Moment = Annotated[
    AwareDatetime, AfterValidator(_in_our_time), Field(description="With its offset: 2026-11-22T10:00:00+01:00")
]
Id = Annotated[int, Field(ge=1, le=2**53)]


@dataclass(frozen=True, slots=True)
class Wrong:
    """An item that is not of its shape: the sentence, and the field that it is about."""

    field: str
    message: str


def _or_wrong(told: Any, read: Callable[[Any], Any]) -> Any:
    """One item that cannot be read does not refuse the others."""
    try:
        return read(told)
    except ValidationError as error:
        return Wrong(*first_fault(error.errors(include_url=False)))


Lenient = WrapValidator(_or_wrong)


class Person(Shape):
    """Who is meant: our number, the number in your system, an email or a phone. The names tell apart who shares an address."""

    id: Id | None = None
    external_id: Annotated[Text, Field(max_length=100)] | None = None
    email: Text | None = None
    phone: Text | None = None
    first_name: Short | None = None
    last_name: Short | None = None
    language: Annotated[Text, Field(max_length=8)] | None = None

    def told(self) -> dict[str, Any]:
        """As `intake.Cleaner` reads it."""
        one = self.model_dump(include={"external_id", "first_name", "last_name", "language"})
        return {**one, "emails": [self.email] if self.email else [], "phones": [self.phone] if self.phone else []}


class Fault(BaseModel):
    """Why an item, or a call, was refused."""

    code: str
    message: str
    field: str | None = None


class Refusal(BaseModel):
    """A call that was refused as a whole."""

    error: Fault


class Result(BaseModel):
    """What became of one item. `index`: its place in your list, from 0; `notes`: what of it could not be done, in sentences."""

    index: int
    status: str = Field(description="created, changed, unchanged, done, known, or refused")
    contact: int | None = None
    id: int | None = None
    notes: list[str] | None = None
    error: Fault | None = None


class Results(BaseModel):
    """One result for each item, in your order, and how many were taken in and refused."""

    done: int
    refused: int
    results: list[Result]

    @property
    def changed(self) -> int:
        """How many were not refused and not known before."""
        return sum(one.status not in ("refused", "known", "unchanged") for one in self.results)

    @classmethod
    def of(cls, results: Sequence[Result]) -> Results:
        refused = sum(one.error is not None for one in results)
        return cls(done=len(results) - refused, refused=refused, results=list(results))


def refused(index: int, message: str, *, field: str = "", code: str = "refused") -> Result:
    return Result(index=index, status="refused", error=Fault(code=code, message=message, field=field or None))


def sorted_out(items: Sequence[Any], shape: type[_T]) -> tuple[list[Result], list[tuple[int, _T]]]:
    """The items that could not be read, refused; and the others, each with its place."""
    wrong = [
        refused(n, one.message, field=one.field, code="invalid")
        for n, one in enumerate(items)
        if isinstance(one, Wrong)
    ]
    return wrong, [(n, one) for n, one in enumerate(items) if isinstance(one, shape)]


def find(
    people: Sequence[Person], *, now: datetime, mine: territory.Territory, create: Sequence[bool] = ()
) -> list[Found]:
    """The contacts that are meant, in the same order. mine: the branches of the key that asks; of others' people there is nobody."""
    cleaner = Cleaner(now, mine)
    known = intake.there([one.id for one in people if one.id], mine)
    others = [n for n, one in enumerate(people) if not one.id]
    rows = [cleaner.row(n, people[n].told()) for n in others]
    makes = [n < len(create) and create[n] for n in others]
    met = dict(zip(others, intake.find(rows, now=now, create=makes, cleaner=cleaner), strict=True))
    gone = Found(problem=_("There is no contact with this number."))
    return [met[n] if n in met else Found(one.id) if one.id in known else gone for n, one in enumerate(people)]
