"""What the engine reads and what it answers: the frozen plan, what is known of one person's way, and the intents.

Standard library only. All instants are aware and in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

# A wait for something that never comes ends after this, where staff gave no longest wait and the wait itself is nothing.
DEFAULT_LONGEST_WAIT = timedelta(days=1)
# How long a message may be in the air beyond its validity before the cascade stops waiting for news of it.
HAND_OVER_GRACE = timedelta(hours=1)


class Base(StrEnum):
    """What a wait counts from (`cascades.models.WaitFrom`)."""

    START = "start"
    SENT = "sent"
    DELIVERED = "delivered"
    OPENED = "opened"
    CLICKED = "clicked"


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
    """One step as it was frozen. `reports_*`: what the step's channel is able to tell."""

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

    @property
    def patience(self) -> timedelta:
        """How long something that may never come is waited for."""
        if self.longest_wait is not None:
            return max(self.longest_wait, self.wait)
        return self.wait or DEFAULT_LONGEST_WAIT


@dataclass(frozen=True, slots=True)
class Plan:
    """A frozen cascade: its steps in order, and how long reactions are awaited after the last one."""

    steps: tuple[StepPlan, ...]
    final_wait: timedelta = timedelta(0)

    @property
    def longest(self) -> timedelta:
        """No enrollment stays open longer than this after its start (every wait, every validity, each prolonged once)."""
        each = (2 * step.patience + step.validity + HAND_OVER_GRACE for step in self.steps)
        return sum(each, timedelta(0)) + 2 * self.final_wait + HAND_OVER_GRACE


@dataclass(frozen=True, slots=True)
class StepProgress:
    """What is known of a decided step. Openings and clicks here are those of a person; an unsure opening stands apart.

    tracked: this very opening could be known (pixel present and channel reports it); unreachable: it was skipped because the person could
    not be reached there (and not because the step was not meant for them).
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
    tracked: bool = True
    unreachable: bool = False

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


@dataclass(frozen=True, slots=True)
class Progress:
    """One person's way so far.

    steps: decided ones, in the order of the plan; ended_by: the reason code of what ends everything (a goal, an opt-out, a stop by staff);
    unreachable: by step key, the reason code why the person cannot be reached there now; prolonged: key of the step whose wait an unsure
    opening has already prolonged ("final" for the last wait); paused: keys of steps that are held; unknown_goes_on: whether
    someone whose opening cannot be known counts as "not opened".
    """

    started_at: datetime
    steps: tuple[StepProgress, ...] = ()
    ended_by: Ended | None = None
    unreachable: Mapping[str, str] = field(default_factory=dict)
    paused: frozenset[str] = frozenset()
    prolonged: str = ""
    unknown_goes_on: bool = False


class Ending(StrEnum):
    """How an enrollment ends (`cascades.models.Outcome`)."""

    REACHED = "reached"
    EXHAUSTED = "exhausted"
    UNREACHABLE = "unreachable"
    STOPPED = "stopped"
    FAILED = "failed"


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
    """Look again at `until`, or earlier when news comes. `prolonged` as in `Progress`, to be stored."""

    until: datetime
    reason: str
    prolonged: str = ""


@dataclass(frozen=True, slots=True)
class Stop:
    """It is over because of what happened: seen, goal, opt-out, staff."""

    outcome: Ending
    reason: str


@dataclass(frozen=True, slots=True)
class Finish:
    """It is over because there is nothing left to do."""

    outcome: Ending
    reason: str


Intent = Send | Skip | Wait | Stop | Finish
