"""The contract of a way into a cascade, and its lookup by name.

A trigger is a class in one file under `cascades/triggers/` and one line in `settings.TRIGGERS`. It answers one question: who is
to enter now, and for which occasion. It writes nothing: enrolling, and that nobody enters twice, belongs to the runner.

Occasions are rows of any table that names a contact (events, bookings, contacts themselves), and what differs from row to row are
expressions over that table, so that a thousand people or a million enter by one statement. An occasion has a moment, at which it takes
people in. The runner asks again and again, and asks for an overlap with what it asked before: naming someone twice does no harm, leaving
someone out does. What was due before the cascade was switched on (`Check.listens_since`) is nobody's business.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar

from django.conf import settings
from django.db.models import QuerySet
from django.db.models.expressions import Combinable
from django.utils.module_loading import import_string

from cascades.parameters import BadParameters, Parameter

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

__all__ = ["BadParameters", "Check", "Entry", "Over", "Parameter", "Trigger", "names", "trigger"]

OCCASION_LENGTH = 120
# Whoever could not be taken in for so long, because nothing ran, is left out, and it says so.
LATEST = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class Entry:
    """Rows of people who are to enter, each for its occasion.

    people: unordered and unsliced rows, of contacts or of anything that names one in its column `contact`; occasion: 1 to 120 characters,
    or an expression for them, the same whenever the same occasion is met again ("launch:<id>", "yearly:2026", "booking:81"); shared: it
    is one and the same occasion for all of them, so that identical text goes to an address that they share only once; context: JSON on what
    it is about, by number; anchor: the date it is about; since: when it began for them, if not now; too_late: the reason code
    for which these come in as ended at once, so that nobody is left out silently.
    """

    people: QuerySet[Any]
    occasion: str | Combinable
    shared: bool = False
    contact: str = "pk"
    context: Mapping[str, Any] | Combinable = field(default_factory=dict)
    anchor: datetime | Combinable | None = None
    since: datetime | Combinable | None = None
    too_late: str = ""

    def __post_init__(self) -> None:
        if isinstance(self.occasion, str) and not 0 < len(self.occasion) <= OCCASION_LENGTH:
            raise ValueError(f"an occasion has 1 to {OCCASION_LENGTH} characters")


@dataclass(frozen=True, slots=True)
class Check:
    """One asking. since: up to when it was asked before, less an overlap, or None at the first time; goal: names of events that end the
    cascade; played: whether what was played in the sandbox counts; cascade: its id, for what is remembered of it (0: of none yet)."""

    now: datetime
    listens_since: datetime
    since: datetime | None = None
    goal: frozenset[str] = frozenset()
    played: bool = False
    cascade: int = 0

    @property
    def floor(self) -> datetime:
        """Moments after this are asked for; those before it have been, or do not count."""
        return max(self.listens_since, self.since or self.listens_since)


@dataclass(frozen=True, slots=True)
class Over:
    """People for whom what brought them in is no more: whoever of them is still in the cascade is taken out.

    people: rows that name contacts in the column `contact`; reason: the code of the sentence that says why.
    """

    people: QuerySet[Any]
    reason: str
    contact: str = "contact_id"


class Trigger:
    """Base class and manual. You **must** set `name`, `label`, `help` and `too_late`, name the `parameters`, and write `due()`.

    You need not know who was enrolled before. `too_late` says in a sentence who is left out after an outage. `automatic`: the cascade is
    switched on and then takes people in by itself. `dated`: its occasions are about a date, so that steps can count from
    it. `overlap`: what was asked for before is asked for again, for a fact may be committed a while after the moment that it bears.
    """

    name: ClassVar[str]
    label: ClassVar[StrOrPromise]
    help: ClassVar[StrOrPromise]
    too_late: ClassVar[StrOrPromise]
    parameters: ClassVar[tuple[Parameter, ...]] = ()
    automatic: ClassVar[bool] = True
    dated: ClassVar[bool] = False
    overlap: ClassVar[timedelta] = timedelta(hours=1)

    def due(self, params: Mapping[str, Any], check: Check) -> Iterable[Entry]:
        """Whose moment has come. params: the trigger's settings in this cascade, as `clean()` gave them. A fixed number of statements."""
        raise TypeError(f"{type(self).__name__} must write due()")

    def ahead(self, params: Mapping[str, Any], check: Check, until: datetime) -> Iterable[Entry]:
        """Who will enter between now and `until`, as far as can be known: for the page on which it is switched on."""
        return self.due(params, Check(until, check.now, None, check.goal, check.played))

    def observe(self, params: Mapping[str, Any], check: Check) -> None:
        """Called when it is switched on, and before each `due()`: for those that must remember how things stood."""

    def over(self, params: Mapping[str, Any], check: Check) -> Iterable[Over]:
        """For whom it is over, asked after `due()`; nobody, for most."""
        return ()

    def heeds(self, params: Mapping[str, Any]) -> Collection[str]:
        """Names of the events that `ended_by()` is asked about; none, for most."""
        return ()

    def ended_by(
        self, params: Mapping[str, Any], context: Mapping[str, Any], name: str, data: Mapping[str, Any]
    ) -> str:
        """Why a later event makes an end of the occasion that somebody is in for (`Enrollment.context`): the reason's code, or ""."""
        return ""

    def offset(self, params: Mapping[str, Any]) -> timedelta | None:
        """How long after its date (before: negative) an occasion takes people in; None where people enter when they enter."""
        return None

    def clean(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """The settings, complete and as JSON; raises `BadParameters` with a sentence for each that is nonsense."""
        if unknown := sorted(set(params) - {one.name for one in self.parameters}):
            raise BadParameters({unknown[0]: f"{self.name} has no setting {unknown[0]!r}"})
        cleaned, problems = {}, {}
        for one in self.parameters:
            try:
                cleaned[one.name] = one.clean(params.get(one.name))
            except ValueError as error:
                problems[one.name] = str(error)
        problems = problems or dict(self.problems(cleaned))
        if problems:
            raise BadParameters(problems)
        return cleaned

    def problems(self, params: Mapping[str, Any]) -> Mapping[str, str]:
        """What stands against the settings together, by the name of the one to mend; each is in order by itself."""
        return {}

    def say(self, params: Mapping[str, Any]) -> str:
        """The way in as staff read it, in the language in force."""
        said = [text for one in self.parameters if (text := one.say(params.get(one.name)))]
        return ", ".join([str(self.label), *said])


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
