"""What became of whom, as plain values: read on the stage before it is taken back, and shown when it is gone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from cascades.models import Enrollment, Outcome, StepRun
from cascades.outcomes import LABELS, OUTCOME, TONES, sentence
from cascades.rehearsal import acts, cast
from cascades.rehearsal.stage import Stage
from channels.models import DeliveryStatus, SandboxMessage
from contacts import reasons, timezones
from contacts.consent import Person as Gated
from contacts.consent import gate
from contacts.models import Contact

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

PLANNED = "planned"


@dataclass(frozen=True, slots=True)
class Column:
    """A step of the draft. kind: of its channel."""

    key: str
    number: int
    message: str
    channel: str
    kind: str


@dataclass(frozen=True, slots=True)
class Cell:
    """One person at one step. outcome: a code of `LABELS`, or `PLANNED`; at: when that was, or will be; reason: its code, why: its
    sentence; message: what left, as the sandbox keeps it, with the acts that can be played on it."""

    step: str
    outcome: str
    at: datetime | None
    reason: str
    why: str
    decided_at: datetime | None = None
    cost: Decimal = Decimal(0)
    message: SandboxMessage | None = None
    acts: tuple[str, ...] = ()

    @property
    def label(self) -> StrOrPromise:
        return LABELS.get(self.outcome) or _("planned")

    @property
    def tone(self) -> str:
        return TONES.get(self.outcome, "")


@dataclass(slots=True)
class Person:
    """One of the people, in the order of the script. zone: of the times that they are shown; outcome: "" while it goes on; state: the
    sentence of how it stands for them; next_at: when they are looked at again."""

    number: int
    contact_id: int | None
    name: str
    language: str = ""
    zone: ZoneInfo = timezones.UTC
    outcome: str = ""
    reason: str = ""
    state: str = ""
    entered_at: datetime | None = None
    ended_at: datetime | None = None
    next_at: datetime | None = None
    cells: dict[str, Cell] = field(default_factory=dict)

    @property
    def cost(self) -> Decimal:
        return sum((cell.cost for cell in self.cells.values()), Decimal(0))


@dataclass(frozen=True, slots=True)
class Line:
    """Something that happened, for the list in order."""

    at: datetime
    person: Person
    said: str
    step: Column | None = None


@dataclass(frozen=True, slots=True)
class Story:
    """now: where the clock stands; next_at: when something happens again, None when it is all over; cut: it was stopped before that, as
    too much happens; notes: what could not be played."""

    now: datetime
    next_at: datetime | None
    columns: tuple[Column, ...]
    people: tuple[Person, ...]
    lines: tuple[Line, ...]
    currency: str
    cut: bool = False
    notes: tuple[str, ...] = ()

    @property
    def over(self) -> bool:
        return self.next_at is None and not self.cut

    @property
    def cost(self) -> Decimal:
        return sum((person.cost for person in self.people), Decimal(0))


def told(stage: Stage, now: datetime, next_at: datetime | None, *, cut: bool) -> Story:
    """The story so far; a fixed number of statements."""
    columns = tuple(
        Column(step.key, number, str(step.message), str(step.channel), step.channel.kind)
        for number, step in enumerate(stage.steps, start=1)
    )
    people = _people(stage, now)
    by_contact = {person.contact_id: person for person in people if person.contact_id}
    ways = _tell_ways(stage, by_contact)
    _tell_steps(stage, by_contact, columns, ways)
    lines = _lines(stage, people, columns, now)
    return Story(now, next_at, columns, tuple(people), lines, stage.business.currency, cut, tuple(stage.notes))


def _people(stage: Stage, now: datetime) -> list[Person]:
    names = {one.pk: str(one) for one in Contact.objects.filter(pk__in=stage.contacts)}
    known = gate(stage.contacts, (), now=now, business=stage.business)
    return [
        _person(number, contact, names, known, stage.script.people[number])
        for number, contact in enumerate(stage.people)
    ]


def _person(
    number: int, contact: int | None, names: dict[int, str], known: dict[int, Gated], asked: int | str
) -> Person:
    if contact is None or contact not in known:
        return Person(number, None, _("No longer here"), state=_("This person is not in the contacts any more."))
    person = Person(number, contact, cast.name_of(asked) if isinstance(asked, str) else names[contact])
    person.language, person.zone = known[contact].language, known[contact].zones[0]
    person.state = _("Has not come in yet.")
    return person


def _tell_ways(stage: Stage, people: dict[int, Person]) -> list[int]:
    """How it stands for each; of several occasions the newest. Returns the ids of those that began here."""
    ways = list(Enrollment.objects.filter(cascade=stage.cascade).order_by("id"))
    for way in ways:
        person = people[way.contact_id]
        if way.pk in stage.before:
            person.state = _("Was in this cascade before, and has not come in again.")
            continue
        person.entered_at, person.ended_at, person.next_at = way.started_at, way.ended_at, way.next_due_at
        person.outcome, person.reason = way.outcome, way.reason
        person.state = reasons.say(way.reason, way.reason_params) or _("Comes in.")
    return [way.pk for way in ways if way.pk not in stage.before]


def _tell_steps(stage: Stage, people: dict[int, Person], columns: Sequence[Column], ways: Sequence[int]) -> None:
    """By the ids: of a cascade made a moment ago the database knows not how few are in it."""
    runs = StepRun.objects.filter(enrollment__in=ways).order_by("id")
    found: list[Any] = list(runs.select_related("delivery", "enrollment").annotate(outcome_code=OUTCOME))
    tokens = [run.delivery.token for run in found if run.delivery]
    messages = {one.key: one for one in SandboxMessage.objects.filter(key__in=tokens).select_related("channel")}
    for run in found:
        message = messages.get(run.delivery.token) if run.delivery else None
        people[run.enrollment.contact_id].cells[run.step_key] = _cell(run, message, stage)
    for person in people.values():
        coming = next((column for column in columns if column.key not in person.cells), None)
        if coming and person.next_at and person.outcome == Outcome.OPEN and person.reason != "previous_on_its_way":
            person.cells[coming.key] = Cell(coming.key, PLANNED, person.next_at, person.reason, person.state)


def _cell(run: Any, message: SandboxMessage | None, stage: Stage) -> Cell:
    reason, delivery = (run.delivery.reason if run.delivery else "") or run.reason, run.delivery
    at = run.decided_at
    if delivery is not None:
        at = delivery.sent_at or delivery.ended_at or delivery.not_before
    offered: tuple[str, ...] = ()
    if message is not None:
        offered = tuple(acts.offered(message))
        message.channel = stage.channels.get(message.channel_id, message.channel)
        message.sent_at = delivery.sent_at or at
    cost = delivery.cost if delivery and delivery.status != DeliveryStatus.QUEUED else Decimal(0)
    return Cell(run.step_key, run.outcome_code, at, reason, sentence(run), run.decided_at, cost, message, offered)


def _lines(stage: Stage, people: Sequence[Person], columns: Sequence[Column], now: datetime) -> tuple[Line, ...]:
    """What has happened, in its order: who came in, what left or did not, what was played, how it ended."""
    by_key = {column.key: column for column in columns}
    found = [line for person in people for line in _of(person, by_key, now)]
    plays = [play for play in stage.script.plays if play.at <= now and play.person < len(people)]
    found += [Line(play.at, people[play.person], acts.say(play), by_key.get(play.step)) for play in plays]
    ended = [(person.ended_at, person) for person in people if person.ended_at]
    found += [Line(at, person, _("is through: %(why)s") % {"why": person.state}) for at, person in ended]
    return tuple(sorted(found, key=lambda line: line.at))


def _of(person: Person, columns: dict[str, Column], now: datetime) -> Iterator[Line]:
    if person.entered_at:
        yield Line(person.entered_at, person, _("comes in"))
    for key, cell in person.cells.items():
        if cell.at and cell.at <= now and cell.outcome != PLANNED and key in columns:
            said = _("gets the message") if cell.message else f"{cell.label}. {cell.why}"
            yield Line(cell.at, person, said, columns[key])
