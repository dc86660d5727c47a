"""Frozen versions as the engine reads them, with what the shell must know beside: channels, texts, brakes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from django.db.models import Exists, F, OuterRef, QuerySet
from django.utils.text import slugify

from cascades.engine import AnswerRule, Base, Became, Condition, For, Mode, Plan, Seen, StepPlan, Then
from cascades.models import Cascade, CascadeVersion, GoalAbout, Step, StepControl
from cascades.trigger import trigger
from channels import capabilities
from channels.models import Channel, Priority
from channels.transport import Fact
from contacts.bulk import Among
from contacts.compiled import CompiledModels
from contacts.consent import Ask


@dataclass(frozen=True, slots=True)
class FrozenStep:
    """One step, ready to be planned for anyone. name: as it stands in links; title: of its message; tells_opening: its channel can report
    an opening at all."""

    id: int
    key: str
    name: str
    title: str
    channel_id: int
    message_version_id: int
    ask: Ask
    validity: timedelta
    sandbox: bool
    tells_opening: bool
    spread: timedelta = timedelta(0)


@dataclass(frozen=True, slots=True)
class Ends:
    """Beside the names of its goal: what must hold of such an event, which of them count, and the groups at the end.

    occasion: how the occasion begins whose rest is the detail `key` of the event that took the person in; "" where it is none.
    """

    where: tuple[Mapping[str, Any], ...] = ()
    about: str = GoalAbout.ANY
    key: str = ""
    occasion: str = ""
    groups: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)

    @classmethod
    def of(cls, version: CascadeVersion) -> Ends:
        params = version.trigger_params if version.trigger == "event" else {}
        occasion = f"event:{params['event']}:" if params.get("key") and params["key"] == version.goal_key else ""
        groups = {row["outcome"]: row for row in version.at_end}
        return cls(tuple(version.goal_where), version.goal_about, version.goal_key, occasion, groups)


@dataclass(frozen=True, slots=True)
class FrozenCascade:
    """A version. held: keys of the steps that are on hold; goal: names of the events that end it; exits: those that do and are no goal."""

    version_id: int
    cascade_id: int
    campaign: str
    plan: Plan
    steps: Mapping[str, FrozenStep]
    held: frozenset[str]
    goal: frozenset[str]
    exits: frozenset[str]
    ends: Ends
    priority: int = Priority.NORMAL
    budget_id: int | None = None
    trigger: str = "manual"
    trigger_params: Mapping[str, Any] = field(default_factory=dict)

    @property
    def asks(self) -> set[Ask]:
        return {step.ask for step in self.steps.values()}


def load(version_ids: Iterable[int]) -> dict[int, FrozenCascade]:
    """The versions by id, with one statement."""
    wanted = sorted(set(version_ids))
    return {pk: frozen(steps) for pk, steps in by_version(_OF_VERSIONS.rows(wanted) if wanted else []).items()}


def current(cascades: QuerySet[Cascade]) -> QuerySet[Step]:
    """The steps of the versions into which these cascades take people in: a query for `by_version`."""
    return _steps().filter(cascade__in=cascades.order_by().values("pk"), version=F("cascade__version"))


def longest(version: CascadeVersion) -> timedelta:
    """How long a person can be in it at most."""
    return load([version.pk])[version.pk].plan.longest


def by_version(steps: Iterable[Step]) -> dict[int, list[Step]]:
    found: dict[int, list[Step]] = defaultdict(list)
    for step in steps:
        found[step.version_id or 0].append(step)
    return found


def _steps() -> QuerySet[Step]:
    """Frozen steps, with all that they refer to."""
    brake = StepControl.objects.filter(
        cascade_id=OuterRef("cascade_id"), step_key=OuterRef("key"), paused_at__isnull=False
    )
    steps = Step.objects.select_related("cascade", "version__cascade", "channel", "message", "message_version")
    return (
        steps.defer("message_version__content", "channel__sealed")
        .annotate(held=Exists(brake))
        .order_by("version_id", "position")
    )


_OF_VERSIONS = CompiledModels.by_ids(lambda version_ids: _steps().filter(Among("version_id", version_ids)))


def frozen(steps: Sequence[Step]) -> FrozenCascade:
    """A version by its steps, which come in their order."""
    version = steps[0].version
    assert version is not None
    campaign = (
        version.cascade.campaign or slugify(version.cascade.name, allow_unicode=True) or f"cascade-{version.cascade_id}"
    )
    known = [_step(step) for step in steps]
    return FrozenCascade(
        version.pk, version.cascade_id, campaign,
        Plan(tuple(_step_plan(step) for step in steps), version.final_wait, _offset(version), version.deadline, Mode(version.mode)),
        {step.key: step for step in known},
        frozenset(step.key for step in steps if step.held or not _usable(step.channel)),  # type: ignore[attr-defined]
        frozenset(version.goal), frozenset(version.exits), Ends.of(version), version.cascade.priority, version.cascade.budget_id,
        version.trigger, version.trigger_params,
    )  # fmt: skip


def _offset(version: CascadeVersion) -> timedelta | None:
    """Where the way in is no longer installed, who is in counts from when they came in."""
    try:
        return trigger(version.trigger).offset(version.trigger_params)
    except LookupError:
        return None


def _step(step: Step) -> FrozenStep:
    text, channel = step.message_version, step.channel
    assert text is not None
    name = slugify(step.message.name, allow_unicode=True) or f"step-{step.position + 1}"
    sandbox = channel.is_sandbox if _installed(channel) else False
    ask = Ask(channel.kind, text.purpose, text.urgent, sandbox)
    return FrozenStep(
        step.pk,
        step.key,
        name,
        step.message.name,
        channel.pk,
        text.pk,
        ask,
        step.validity,
        sandbox,
        _tells_opening(_told(channel)),
        channel.spread,
    )


def _step_plan(step: Step) -> StepPlan:
    told = _told(step.channel)
    return StepPlan(
        key=step.key, wait=step.wait, wait_from=Base(step.wait_from), longest_wait=step.longest_wait, who=For(step.who),
        seen=Seen(step.seen), validity=step.validity, reports_delivery=Fact.DELIVERED in told, reports_opening=_tells_opening(told),
        reports_clicks=Fact.CLICKED in told, answers=rules(step.answers),
        at_time=step.at_time, weekdays=frozenset(step.weekdays), urgent=bool(step.message_version and step.message_version.urgent),
        kind=step.channel.kind, only_if=tuple(condition(one) for one in step.only_if),
    )  # fmt: skip


def condition(one: Mapping[str, Any]) -> Condition:
    """One of a step's conditions as the engine reads it."""
    return Condition(Became(one["is"]), one.get("step", ""), one.get("segment") or 0, one.get("answer", ""))


def rules(answers: Iterable[Mapping[str, Any]]) -> tuple[AnswerRule, ...]:
    """A step's answers as the engine reads them."""
    return tuple(AnswerRule(one["choice"], Then(one["then"])) for one in answers)


def _tells_opening(told: frozenset[Fact]) -> bool:
    return bool(told & {Fact.OPENED, Fact.READ})


def _told(channel: Channel) -> frozenset[Fact]:
    return capabilities.of_channel(channel) if _installed(channel) else frozenset()


def _usable(channel: Channel) -> bool:
    """A channel that staff switched off, or whose transport is gone, holds its people: nobody moves on to a dearer one for that."""
    return channel.active and _installed(channel)


def _installed(channel: Channel) -> bool:
    try:
        return bool(channel.carrier)
    except LookupError:
        return False
