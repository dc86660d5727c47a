"""What the engine reads: the frozen plan, and what is known of one person's way.

Standard library only. All instants are aware and in UTC.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from cascades.replies import Answer, AnswerRule
from contacts.calendar import Window

# A wait for something that never comes ends after this, where staff gave no longest wait and the wait itself is nothing.
DEFAULT_LONGEST_WAIT = timedelta(days=1)
# How long a message may be in the air beyond its validity before the cascade stops waiting for news of it.
HAND_OVER_GRACE = timedelta(hours=1)
NOTHING, WEEK = timedelta(0), timedelta(days=8)


class Base(StrEnum):
    """What a wait counts from (`cascades.models.WaitFrom`)."""

    START = "start"
    SENT = "sent"
    DELIVERED = "delivered"
    OPENED = "opened"
    CLICKED = "clicked"
    BEFORE = "before"
    AFTER = "after"

    @property
    def is_dated(self) -> bool:
        """Whether it counts from the date that the occasion is about."""
        return self in (Base.BEFORE, Base.AFTER)


class For(StrEnum):
    """Whom a step is for (`cascades.models.Who`)."""

    EVERYONE = "everyone"
    NOT_REACHED = "not_reached"
    NOT_OPENED = "not_opened"
    NOT_CLICKED = "not_clicked"
    FAILED = "failed"


class Seen(StrEnum):
    """What counts as seen (`cascades.models.Seen`)."""

    OPENED = "opened"
    CLICKED = "clicked"
    REPLIED = "replied"
    NOTHING = "nothing"


class Mode(StrEnum):
    """How the steps follow on one another, and what ends it (`cascades.models.Mode`)."""

    SERIES = "series"
    PARALLEL = "parallel"
    FIRST = "first"
    DELIVERED = "delivered"
    SEEN = "seen"
    GOAL = "goal"

    @property
    def asks_for_whom(self) -> bool:
        """Whether a step's own "for whom" counts: where each goes by itself, or one alone, nobody is left out by what became of others."""
        return self in (Mode.SERIES, Mode.SEEN, Mode.GOAL)


class Became(StrEnum):
    """What may have become of an earlier step, or where a person may be, for a step that is only for some."""

    OPENED = "opened"
    NOT_OPENED = "not_opened"
    CLICKED = "clicked"
    NOT_CLICKED = "not_clicked"
    OPENED_NOT_CLICKED = "opened_not_clicked"
    DELIVERED = "delivered"
    NOT_DELIVERED = "not_delivered"
    ANSWERED = "answered"
    NOT_ANSWERED = "not_answered"
    FAILED = "failed"
    IN = "in"
    NOT_IN = "not_in"


@dataclass(frozen=True, slots=True)
class Condition:
    """What must hold when a step is due: of an earlier one by its key, or of a segment by its number. answer: a button's code or a word, ""
    for any answer."""

    became: Became
    step: str = ""
    segment: int = 0
    answer: str = ""


class Went(StrEnum):
    """How far a decided step has come, reduced to what matters here."""

    SKIPPED = "skipped"
    WAITING = "waiting"  # queued or being sent
    # Accepted, or unclear; or the same text went to this shared address already (then `tracked` is False).
    SENT = "sent"
    DELIVERED = "delivered"
    LOST = "lost"  # failed, bounced, cancelled or too late: it did not arrive


@dataclass(frozen=True, slots=True)
class StepPlan:
    """One step as it was frozen. `reports_*`: what the step's channel is able to tell; `answers`: what these mean, the others ending it if
    the step says so; kind: of its channel; preferred: it was brought to the front for a person who prefers its channel."""

    key: str
    wait: timedelta = timedelta(0)
    wait_from: Base = Base.SENT
    longest_wait: timedelta | None = None
    who: For = For.EVERYONE
    seen: Seen = Seen.OPENED
    validity: timedelta = timedelta(days=3)
    reports_delivery: bool = True
    reports_opening: bool = True
    reports_clicks: bool = True
    answers: tuple[AnswerRule, ...] = ()
    at_time: time | None = None
    weekdays: frozenset[int] = frozenset()
    urgent: bool = False
    kind: str = ""
    only_if: tuple[Condition, ...] = ()
    preferred: bool = False

    @property
    def by_the_clock(self) -> bool:
        """Whether it waits on for an hour or a day of the person's own clock."""
        return self.at_time is not None or bool(self.weekdays)

    def in_place_of(self, other: StepPlan) -> StepPlan:
        """The same message at the time of another one, and for those for whom that one was."""
        return replace(
            self, wait=other.wait, wait_from=other.wait_from, longest_wait=other.longest_wait, who=other.who, at_time=other.at_time,
            weekdays=other.weekdays,
        )  # fmt: skip

    @property
    def patience(self) -> timedelta:
        """How long something that may never come is waited for."""
        if self.longest_wait is not None:
            return max(self.longest_wait, self.wait)
        return self.wait or DEFAULT_LONGEST_WAIT


@dataclass(frozen=True, slots=True)
class Plan:
    """A frozen cascade: its steps in order, and how long reactions are awaited after the last one.

    offset: how long after its date (before: negative) the start lies, where the occasion is about a date; deadline: nothing is sent so long
    after the person came in.
    """

    steps: tuple[StepPlan, ...]
    final_wait: timedelta = timedelta(0)
    offset: timedelta | None = None
    deadline: timedelta | None = None
    mode: Mode = Mode.SERIES

    def ended_by(self, step: StepPlan) -> Seen:
        """What counts as seen at the step: its own choice where it goes step by step, else what the mode says."""
        if self.mode is Mode.SERIES:
            return step.seen
        if self.mode is Mode.GOAL:
            return Seen.NOTHING
        return Seen.OPENED if step.reports_opening else Seen.CLICKED

    def whom(self, step: StepPlan) -> For:
        return step.who if self.mode.asks_for_whom else For.EVERYONE

    def preferring(self, kind: str) -> Plan:
        """The plan for somebody who prefers a kind of channel: its first step comes first, the others keep their order.

        The waits belong to the places and not to the messages: the first leaves when the first was to leave, and "four hours after the one
        before" stays so. A step that depends on an earlier one keeps its place; where all leave at once no order is to be changed.
        """
        found = next(
            (step for step in self.steps if step.kind == kind and not any(one.step for one in step.only_if)), None
        )
        if not kind or found is None or found is self.steps[0] or self.mode is Mode.PARALLEL:
            return self
        order = (replace(found, preferred=True), *(step for step in self.steps if step is not found))
        return replace(
            self, steps=tuple(step.in_place_of(place) for step, place in zip(order, self.steps, strict=True))
        )

    @property
    def longest(self) -> timedelta:
        """No enrollment stays open longer than this after its start (every wait, every validity, each prolonged once)."""
        each = (
            2 * step.patience + step.validity + HAND_OVER_GRACE + (WEEK if step.by_the_clock else NOTHING)
            for step in self.steps
        )
        return sum(each, timedelta(0)) + 2 * self.final_wait + HAND_OVER_GRACE


@dataclass(frozen=True, slots=True)
class StepProgress:
    """What is known of a decided step. Openings and clicks here are those of a person; an unsure opening stands apart.

    answers: what was said, if `replied_at`; tracked: this very opening could be known (pixel present and channel reports it); unreachable:
    it was skipped because the person could not be reached there (and not because the step was not meant for them); late: because its time
    had passed; passed: it was put before what the person had already, and is not for them any more.
    """

    key: str
    went: Went
    decided_at: datetime
    sent_at: datetime | None = None
    delivered_at: datetime | None = None
    ended_at: datetime | None = None
    opened_at: datetime | None = None
    unsure_at: datetime | None = None
    clicked_at: datetime | None = None
    replied_at: datetime | None = None
    answers: tuple[Answer, ...] = ()
    tracked: bool = True
    unreachable: bool = False
    late: bool = False
    passed: bool = False

    @property
    def said(self) -> tuple[Answer, ...]:
        """What was answered, in the order in which it came; an answer of which nothing else is known is one of words."""
        return self.answers or ((Answer(),) if self.replied_at else ())

    @property
    def moves_on_at_once(self) -> bool:
        """Nothing went out here and nothing will: whoever cannot be reached does not wait."""
        return self.went is Went.LOST or (self.went is Went.SKIPPED and self.unreachable)

    @property
    def is_out(self) -> bool:
        """Whether a message is on its way or has left, and is not known to be lost."""
        return self.went not in (Went.SKIPPED, Went.LOST)

    @property
    def arrived(self) -> bool:
        return self.went is Went.DELIVERED or self.was_opened

    @property
    def was_opened(self) -> bool:
        return bool(self.opened_at or self.clicked_at or self.replied_at)

    @property
    def was_clicked(self) -> bool:
        return bool(self.clicked_at or self.replied_at)


class Ending(StrEnum):
    """How an enrollment ends (`cascades.models.Outcome`)."""

    REACHED = "reached"
    EXHAUSTED = "exhausted"
    UNREACHABLE = "unreachable"
    STOPPED = "stopped"
    FAILED = "failed"
    MOVED = "moved"


@dataclass(frozen=True, slots=True)
class Ended:
    """Something outside the steps that ends everything: the outcome and its reason code."""

    outcome: Ending
    reason: str


# When something may leave, and the days on which nothing does.
Opening = tuple[Sequence[Window], Collection[date]]


@dataclass(frozen=True, slots=True)
class Clock:
    """By which a person lives: all zones in which they may be, the first for wall times; opening: when each step's channel may disturb
    them, by step key, where that matters."""

    zones: tuple[ZoneInfo, ...]
    opening: Mapping[str, Opening] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Progress:
    """One person's way so far.

    steps: decided ones, in the order of the plan; ended_by: the reason code of what ends everything (a goal, an opt-out, a stop by staff);
    unreachable: by step key, the reason code why the person cannot be reached there now; prolonged: key of the step whose wait an unsure
    opening has already prolonged ("final" for the last wait); paused: keys of steps that are held; unknown_goes_on: whether
    someone whose opening cannot be known counts as "not opened"; anchor_at: the date that the occasion is about; clock: the person's, once
    the gate was asked; segments: of those that the steps ask for, the ones in which the person is, once it was asked.
    """

    started_at: datetime
    steps: tuple[StepProgress, ...] = ()
    ended_by: Ended | None = None
    unreachable: Mapping[str, str] = field(default_factory=dict)
    paused: frozenset[str] = frozenset()
    prolonged: str = ""
    unknown_goes_on: bool = False
    anchor_at: datetime | None = None
    clock: Clock | None = None
    segments: frozenset[int] | None = None

    @property
    def last(self) -> StepProgress | None:
        """The last step that was decided on the way; those that were put before it later are none of it."""
        return next((step for step in reversed(self.steps) if not step.passed), None)
