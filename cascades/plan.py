"""What the engine reads and what it answers: the frozen plan, what is known of one person's way, and the intents.

Standard library only. All instants are aware and in UTC.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

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


class Then(StrEnum):
    """What an answer means for the rest of the cascade (`cascades.models.Step.answers`)."""

    STOP = "stop"
    CONTINUE = "continue"


ANY_TEXT = "*"


@dataclass(frozen=True, slots=True)
class Answer:
    """What somebody said: `choice` is the code of the button that was pressed, "" for words that were written."""

    choice: str = ""
    text: str = ""


@dataclass(frozen=True, slots=True)
class AnswerRule:
    """What one answer means. choice: a button's code, or the word itself where it is written; `ANY_TEXT` for all other words."""

    choice: str
    then: Then

    def names(self, answer: Answer) -> bool:
        """Whether the answer is this very one; capitals and blanks around it do not matter in words."""
        return (
            self.choice == answer.choice if answer.choice else self.choice.casefold() == answer.text.strip().casefold()
        )


def rule_for(answer: Answer, rules: Sequence[AnswerRule]) -> AnswerRule | None:
    """The rule that holds for an answer: the one that names it, else for words the one for any; None where staff said nothing about it."""
    named = next((rule for rule in rules if rule.names(answer)), None)
    return named or next((rule for rule in rules if rule.choice == ANY_TEXT and not answer.choice), None)


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
    the step says so."""

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

    @property
    def by_the_clock(self) -> bool:
        """Whether it waits on for an hour or a day of the person's own clock."""
        return self.at_time is not None or bool(self.weekdays)

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
    had passed.
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

    @property
    def said(self) -> tuple[Answer, ...]:
        """What was answered, in the order in which it came; an answer of which nothing else is known is one of words."""
        return self.answers or ((Answer(),) if self.replied_at else ())

    @property
    def moves_on_at_once(self) -> bool:
        """Nothing went out here and nothing will: whoever cannot be reached does not wait."""
        return self.went is Went.LOST or (self.went is Went.SKIPPED and self.unreachable)

    @property
    def arrived(self) -> bool:
        return self.went is Went.DELIVERED or self.was_opened

    @property
    def was_opened(self) -> bool:
        return bool(self.opened_at or self.clicked_at or self.replied_at)

    @property
    def was_clicked(self) -> bool:
        return bool(self.clicked_at or self.replied_at)


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
    the gate was asked.
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


@dataclass(frozen=True, slots=True)
class Send:
    """Hand this step's message over, now."""

    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class Skip:
    """Leave this step out and look at the next one at once."""

    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Look again at `until`, or earlier when news comes. `prolonged` as in `Progress`, to be stored. asks_clock: the person's clock must be
    known to say it rightly, and may say it is earlier."""

    until: datetime
    reason: str
    prolonged: str = ""
    asks_clock: bool = False


@dataclass(frozen=True, slots=True)
class Stop:
    """It is over because of what happened: seen, goal, opt-out, staff. answer: what was said, where that ended it."""

    outcome: Ending
    reason: str
    answer: str = ""


@dataclass(frozen=True, slots=True)
class Finish:
    """It is over because there is nothing left to do."""

    outcome: Ending
    reason: str


Intent = Send | Skip | Wait | Stop | Finish
