"""What a blueprint is: a ready cascade as data, in the words of the trade. What staff read goes through gettext, what customers read is
written here in every language of the house (see `words`). Making a draft of one is `using`."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from enum import Enum, StrEnum
from typing import TYPE_CHECKING, Any

from django.utils.translation import gettext_lazy as _

from cascades.blueprints.words import Letter
from cascades.models import Reentry, Seen, WaitFrom, Who

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

MAIL, PUSH, SMS = ("email",), ("webpush",), ("sms",)
# Messengers that people join by a link. WhatsApp is none of them: it wants its texts approved beforehand.
CHATS = ("telegram", "viber", "vk")
MINUTE, HOUR, DAY, WEEK = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1), timedelta(days=7)


class Trade(StrEnum):
    """Whom a blueprint is for."""

    SALON = "salon"
    SCHOOL = "school"
    SHOP = "shop"


TRADES: dict[Trade, StrOrPromise] = {Trade.SALON: _("Salon"), Trade.SCHOOL: _("School"), Trade.SHOP: _("Shop")}
EVERYONE = (Trade.SALON, Trade.SCHOOL, Trade.SHOP)


class Own(Enum):
    """Stands in the settings of a way in, and in the rules of a segment, for the number of what the blueprint brings along."""

    SEGMENT = "segment"
    GROUP = "group"


@dataclass(frozen=True, slots=True)
class Answer:
    """What an answer means; `into` and `out_of` are names of groups, made where they are missing. See `cascades.models.Step.answers`."""

    choice: str
    then: str = "stop"
    into: StrOrPromise = ""
    out_of: StrOrPromise = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plank:
    """One step. letter: key of the letters; kinds: of channel, the one to be preferred first; `more`: further fields of a step."""

    letter: str
    kinds: tuple[str, ...]
    wait: timedelta = timedelta(0)
    wait_from: WaitFrom = WaitFrom.SENT
    longest_wait: timedelta | None = None
    at_time: time | None = None
    weekdays: tuple[int, ...] = ()
    who: Who = Who.EVERYONE
    seen: Seen = Seen.OPENED
    validity: timedelta = timedelta(days=3)
    answers: tuple[Answer, ...] = ()
    more: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Crowd:
    """A segment that comes along; rules as in `contacts.segments`."""

    name: StrOrPromise
    rules: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Question:
    """A question of a form that comes along: see `channels.models.FormQuestion`; options: value and its words by language."""

    kind: str
    labels: Mapping[str, str]
    required: bool = False
    options: Mapping[str, Mapping[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Survey:
    """A form that comes along; a letter links to it as `{{ forms.survey }}`."""

    name: StrOrPromise
    title: Mapping[str, str]
    intro: Mapping[str, str]
    thanks: Mapping[str, str]
    questions: tuple[Question, ...]


@dataclass(frozen=True, slots=True)
class Gift:
    """A voucher offer that comes along; a letter shows the code as `{{ voucher.<slug> }}`. gives: short, the same in every language."""

    slug: str
    name: StrOrPromise
    gives: str
    valid_days: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Blueprint:
    """A whole cascade. slug: its number among the scenarios; story: what happens; stops: what ends it for a person; look_at: what staff
    should see to before they start it; needs: names in `needs.NEEDS`; group: a group that comes along empty, for the way in or the
    segment; invitation: where it is shown, for one that comes along and leads into that group; `more`: further fields of a cascade."""

    slug: str
    title: StrOrPromise
    trades: tuple[Trade, ...]
    story: StrOrPromise
    stops: StrOrPromise
    look_at: StrOrPromise = ""
    letters: Mapping[str, Letter]
    steps: tuple[Plank, ...]
    trigger: str = "manual"
    params: Mapping[str, Any] = field(default_factory=dict)
    goal: tuple[str, ...] = ()
    exits: tuple[str, ...] = ()
    final_wait: timedelta = timedelta(days=3)
    reentry: Reentry = Reentry.OCCASION
    reentry_after: timedelta | None = None
    deadline: timedelta | None = None
    needs: tuple[str, ...] = ()
    segment: Crowd | None = None
    survey: Survey | None = None
    gift: Gift | None = None
    group: StrOrPromise = ""
    invitation: StrOrPromise = ""
    more: Mapping[str, Any] = field(default_factory=dict)

    @property
    def groups(self) -> Iterator[StrOrPromise]:
        """Names of all groups that it brings along."""
        named = [name for step in self.steps for answer in step.answers for name in (answer.into, answer.out_of)]
        yield from (name for name in (self.group, *named) if name)
