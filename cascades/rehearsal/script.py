"""The script of a rehearsal: who takes part, from when on, and what was played on them at which moment. As JSON it is kept for later."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from typing import Any, Self

MOST = 20  # people; a rehearsal is looked at line by line


@dataclass(frozen=True, slots=True)
class Play:
    """One thing that a person does. person: their number in the script, from 0; step: the key of the step whose message it is done to, ""
    for what is done without one; act: see `acts`; text: what is written, or which goal; link: which link or button, from 0."""

    at: datetime
    person: int
    act: str
    step: str = ""
    text: str = ""
    link: int = 0


@dataclass(frozen=True, slots=True)
class Script:
    """people: contacts by their ids, made-up ones by their names (`cast.MADE_UP`); about: the date that it is about, for a cascade around
    one; unknown_goes_on: as on the start page."""

    cascade: int
    start: datetime
    people: tuple[int | str, ...]
    about: datetime | None = None
    unknown_goes_on: bool = False
    plays: tuple[Play, ...] = ()

    def with_play(self, play: Play) -> Self:
        return replace(self, plays=(*self.plays, play))

    def without_last(self) -> Self:
        return replace(self, plays=self.plays[:-1])

    def back_to(self, moment: datetime) -> Self:
        """Without what was played after that moment."""
        return replace(self, plays=tuple(play for play in self.plays if play.at <= moment))

    def as_json(self) -> dict[str, Any]:
        plays = [{**asdict(play), "at": play.at.isoformat()} for play in self.plays]
        about = self.about.isoformat() if self.about else None
        return {
            **asdict(self),
            "start": self.start.isoformat(),
            "about": about,
            "people": list(self.people),
            "plays": plays,
        }

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> Self:
        plays = tuple(Play(**{**play, "at": datetime.fromisoformat(play["at"])}) for play in kept["plays"])
        about = datetime.fromisoformat(kept["about"]) if kept["about"] else None
        start = datetime.fromisoformat(kept["start"])
        return cls(kept["cascade"], start, tuple(kept["people"]), about, kept["unknown_goes_on"], plays)
