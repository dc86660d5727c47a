"""The dry run before a start: how many people, by which channels, who cannot be reached and why, and what it costs at most.

It asks the same gate as the sending and follows the engine's rules for someone who reacts to nothing, which is the dearest case.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from itertools import islice
from typing import Any

from cascades import audience, plan
from cascades.models import Cascade, CascadeVersion, Mode, Seen, Step, Who
from cascades.publishing import steps_of
from cascades.reasons import say_together
from channels import capabilities, engagement, liquid, rendering, sending
from channels.models import PriceUnit
from channels.transport import Fact
from contacts import guardians, vouchers
from contacts.bulk import Among
from contacts.consent import Ask, Person, gate
from contacts.models import Business, Contact

CHUNK = 1000
_PERSONAL = re.compile(r"\{[{%]")
_TOKEN = "x" * 16
_NOBODY_THERE = ("no_address", "contact_gone")


@dataclass(frozen=True, slots=True)
class StepForecast:
    """people: at most so many get this step; cost: theirs, in the business's currency."""

    number: int
    message: str
    channel: str
    people: int
    cost: Decimal


@dataclass(frozen=True, slots=True)
class Forecast:
    """What staff see before they press the button.

    first_by_channel: (channel, people whose first message comes by it); reasons: (sentence, people) for those who cannot be reached;
    unknown: people for whom it cannot be known whether they open, where a later step asks; cost_with and cost_without: at most, with and
    without the later steps for these; shared: copies saved because people share an address; steps: by the choice that was made;
    waiting: people for whom it is quiet time now; capped: those who have had the most per person; students: those who are spoken to through
    others, and guardians: those others, who are counted among the people, once for each student.
    """

    people: int
    reachable: int
    first_by_channel: tuple[tuple[str, int], ...]
    reasons: tuple[tuple[str, int], ...]
    unknown: int
    shared: int
    cost_with: Decimal
    cost_without: Decimal
    unknown_goes_on: bool
    steps: tuple[StepForecast, ...]
    waiting: int = 0
    capped: int = 0
    students: int = 0
    guardians: int = 0

    @property
    def unreachable(self) -> int:
        return self.people - self.reachable

    @property
    def cost(self) -> Decimal:
        """At most, by the choice that was made."""
        return self.cost_with if self.unknown_goes_on else self.cost_without

    def as_json(self) -> dict[str, Any]:
        """For `Launch.forecast`, so that it can be compared with what came of it."""
        return {
            "people": self.people, "reachable": self.reachable, "unknown": self.unknown, "shared": self.shared, "cost": str(self.cost),
        }  # fmt: skip


def forecast(
    cascade: Cascade, selection: audience.Selection, *, unknown_goes_on: bool, now: datetime, published: bool = False
) -> Forecast:  # fmt: skip
    """The draft's dry run over the people selected now, or that of what was published; three statements for every thousand people, four
    where a channel is preferred."""
    business = Business.current()
    found = steps_of(cascade, published=published)
    steps = [_Step.of(step, number, business, now) for number, step in enumerate(found, start=1)]
    whole = cascade.version if published and cascade.version else cascade
    count = _Count(steps, Mode(whole.mode))
    asks = {step.ask for step in steps}
    whom, any_guardians = audience.people(selection, now), guardians.any_receives()
    for chosen in _chunks(whom.order_by("pk").values_list("pk", flat=True).iterator(CHUNK)):
        ids = count.through(guardians.of(chosen) if any_guardians else {}, chosen)
        people = gate(ids, asks, now=now, business=business)
        count.people += len(ids)
        full = sending.Full(people, business.limits, now)
        prefers = _preferences(whole, steps, ids, now)
        for pk in ids:
            if person := people.get(pk):
                count.add(person, full, prefers.get(pk, ""))
    return count.result(unknown_goes_on)


def _preferences(
    whole: Cascade | CascadeVersion, steps: Sequence[_Step], ids: Sequence[int], now: datetime
) -> dict[int, str]:
    """By contact, the kind of channel that would come first for them."""
    if not whole.preferred_first or whole.mode == Mode.PARALLEL:
        return {}
    of, played = sorted({step.ask.kind for step in steps}), all(step.ask.played for step in steps)
    people = Contact.objects.filter(Among("id", ids)).order_by()
    return dict(people.values_list("pk", engagement.preferred(of, "pk", now, played=played)))


def _chunks(ids: Iterator[int]) -> Iterator[list[int]]:
    while chunk := list(islice(ids, CHUNK)):
        yield chunk


@dataclass(slots=True)
class _Step:
    """A step and what a copy of it costs, by language (asked once, of the first person who speaks it)."""

    step: Step
    number: int
    business: Business
    ask: Ask
    tells_opening: bool
    content: list[dict[str, Any]]
    vouchers: dict[str, Any]
    costs: dict[str, Decimal] = field(default_factory=dict)
    personal: dict[str, bool] = field(default_factory=dict)

    @classmethod
    def of(cls, step: Step, number: int, business: Business, now: datetime) -> _Step:
        try:
            told, in_sandbox = capabilities.of_channel(step.channel), step.channel.is_sandbox
        except LookupError:
            told, in_sandbox = frozenset(), False
        text: Any = step.message_version or step.message
        content = [one for one in _content(step) if one["kind"] == step.channel.kind]
        ask = Ask(step.channel.kind, text.purpose, text.urgent, in_sandbox)
        given = _given(content, business, now)
        return cls(step, number, business, ask, bool(told & {Fact.OPENED, Fact.READ}), content, given)

    def comes_first_by(self, kind: str) -> bool:
        """Whether it may be brought to the front: a step that asks about an earlier one keeps its place."""
        return self.ask.kind == kind and not any(row.get("step") for row in self.step.only_if)

    def cost(self, person: Person) -> Decimal:
        if person.language not in self.costs:
            channel = self.step.channel
            units = self._segments(person) if channel.price_unit == PriceUnit.SEGMENT else 1
            self.costs[person.language] = channel.price * units
        return self.costs[person.language]

    def is_personal(self, person: Person) -> bool:
        """Whether the text says something of the person, so that people who share an address get one each."""
        if person.language not in self.personal:
            variant = rendering.choose(self.content, self.ask.kind, person.language, self.business.language)
            said = f"{variant['subject']}{variant['text']}" if variant else ""
            self.personal[person.language] = bool(_PERSONAL.search(said))
        return self.personal[person.language]

    def _segments(self, person: Person) -> int:
        variant = rendering.choose(self.content, self.ask.kind, person.language, self.business.language)
        if variant is None:
            return 1
        frame = rendering.Frame(
            self.business.public_address or "https://example.org", _TOKEN, self.ask.purpose, language=person.language,
            utm={"source": self.business.utm_source},
        )  # fmt: skip
        try:
            context = rendering.context_for(person, {})
            given = {rendering.VOUCHER: self.vouchers} if self.vouchers else {}
            return rendering.render(variant, context | given, frame).segments or 1
        except (rendering.MissingField, rendering.BadTemplate):
            return 1


def _given(content: list[dict[str, Any]], business: Business, now: datetime) -> dict[str, Any]:
    """How the vouchers in a step's texts will look; none for a text that cannot be read yet."""
    try:
        named = liquid.named_in([variant["text"] for variant in content], rendering.VOUCHER)
    except rendering.BadTemplate:
        return {}
    return dict(vouchers.sample(named, business, now))


def _content(step: Step) -> list[dict[str, Any]]:
    """The variants of a step's text: as they were frozen, or as they stand now."""
    if step.message_version is not None:
        return [{**one, "html": ""} for one in step.message_version.content]
    return [_plain(variant) for variant in step.message.variants.all()]


def _plain(variant: Any) -> dict[str, Any]:
    """A variant as the rendering takes it, without the layout of a mail: that costs time and no segments."""
    return {
        "kind": variant.kind, "language": variant.language, "subject": variant.subject, "text": variant.body, "html": "",
        "business": {},
    }  # fmt: skip


class _Count:
    """The sums, person by person."""

    def __init__(self, steps: Sequence[_Step], mode: Mode = Mode.SERIES) -> None:
        self.steps, self.mode = steps, mode
        self.for_some = plan.Mode(mode).asks_for_whom
        self.students = self.guardians = 0
        self.people = self.reachable = self.unknown = self.shared = self.waiting = self.capped = 0
        self.first: Counter[str] = Counter()
        self.reasons: Counter[str] = Counter()
        self.with_unknown: list[tuple[int, Decimal]] = [(0, Decimal(0)) for _ in steps]
        self.without: list[tuple[int, Decimal]] = [(0, Decimal(0)) for _ in steps]
        self.taken: set[tuple[int, str, str]] = set()

    def through(self, answering: Mapping[int, Sequence[int]], ids: Sequence[int]) -> list[int]:
        """Who is written to: in a student's stead those who answer for them."""
        self.students += len(answering)
        self.guardians += sum(len(theirs) for theirs in answering.values())
        return [one for pk in ids for one in answering.get(pk, (pk,))]

    def add(self, person: Person, full: sending.Full, prefers: str = "") -> None:
        ways = [person.verdicts[step.ask] for step in self.steps]
        if not any(verdict.ok for verdict in ways):
            self.reasons[_why([verdict.reason for verdict in ways])] += 1
            return
        self.reachable += 1
        sent: list[int] = []
        blind = False
        before = -1
        for place, n in enumerate(self._order(prefers)):
            step, verdict, previous, before = self.steps[n], ways[n], before, n
            who = self.steps[place].step.who if self.for_some else Who.EVERYONE  # it belongs to the place
            if not verdict.ok or (who == Who.FAILED and previous in sent):
                continue
            if not sent:
                self.first[str(step.step.channel)] += 1
                self.waiting += verdict.not_before is not None
                self.capped += full.holds(person, step.ask)
            blind = blind or self._is_blind(who, [(self.steps[k], ways[k].tracked) for k in sent])
            self._pay(n, person, verdict.address, blind)
            sent.append(n)
            if self.mode == Mode.FIRST:
                break
        self.unknown += blind

    def _order(self, prefers: str) -> list[int]:
        """The steps as this person gets them (see `cascades.plan.Plan.preferring`)."""
        plain = list(range(len(self.steps)))
        first = next((n for n in plain if prefers and self.steps[n].comes_first_by(prefers)), None)
        return plain if first is None else [first, *(n for n in plain if n != first)]

    def _is_blind(self, who: str, sent: list[tuple[_Step, bool]]) -> bool:
        """Whether this step asks for an opening that cannot be known of the person (see `engine`)."""
        if not self.for_some or who not in (Who.EVERYONE, Who.NOT_OPENED):
            return False
        asked = [one for one in sent if who == Who.NOT_OPENED or self._ends_by_opening(one[0])]
        return any(not (tracked and earlier.tells_opening) for earlier, tracked in asked)

    def _ends_by_opening(self, step: _Step) -> bool:
        return (
            step.step.seen == Seen.OPENED if self.mode == Mode.SERIES else self.mode == Mode.SEEN and step.tells_opening
        )

    def _pay(self, n: int, person: Person, address: str, blind: bool) -> None:
        step = self.steps[n]
        if not step.is_personal(person):
            key = (n, address, person.language)
            if key in self.taken:
                self.shared += 1
                return
            self.taken.add(key)
        cost = step.cost(person)
        for sums in (self.with_unknown, *(() if blind else (self.without,))):
            people, paid = sums[n]
            sums[n] = (people + 1, paid + cost)

    def result(self, unknown_goes_on: bool) -> Forecast:
        chosen = self.with_unknown if unknown_goes_on else self.without
        lost = Counter({say_together(code): count for code, count in self.reasons.items()})
        if gone := self.people - self.reachable - sum(lost.values()):
            lost[say_together("contact_gone")] += gone
        return Forecast(
            self.people, self.reachable, tuple(self.first.most_common()), tuple(lost.most_common()), self.unknown, self.shared,
            _total(self.with_unknown), _total(self.without), unknown_goes_on,
            tuple(
                StepForecast(step.number, str(step.step.message), str(step.step.channel), people, cost)
                for step, (people, cost) in zip(self.steps, chosen, strict=True)
            ),
            self.waiting, self.capped, self.students, self.guardians,
        )  # fmt: skip


def _why(codes: Sequence[str]) -> str:
    """One reason for someone whom no step reaches: the cheapest step's, unless there simply is no address for it."""
    return next((code for code in codes if code not in _NOBODY_THERE), codes[0] if codes else "no_address")


def _total(sums: Sequence[tuple[int, Decimal]]) -> Decimal:
    return sum((cost for _, cost in sums), Decimal(0))
