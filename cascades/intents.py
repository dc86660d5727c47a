"""What the engine answers: one intent for one person, each with the code of its reason. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from cascades.plan import Condition, Ending


@dataclass(frozen=True, slots=True)
class Send:
    """Hand this step's message over, now."""

    key: str
    reason: str


@dataclass(frozen=True, slots=True)
class Skip:
    """Leave this step out and look at the next one at once. condition: the one that does not hold, if it is for that."""

    key: str
    reason: str
    condition: Condition | None = None


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
