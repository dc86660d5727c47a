"""One person's way through one cascade in memory: ask the engine until it says to wait or that it is over, and note what it decided."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from cascades import engine
from cascades.engine import (
    Clock,
    Ended,
    Ending,
    Finish,
    Intent,
    Plan,
    Progress,
    Send,
    Skip,
    StepProgress,
    Stop,
    Wait,
    Went,
)
from cascades.models import Decision
from cascades.runner.plans import FrozenCascade, FrozenStep
from cascades.runner.progress import Known, Row, skipped
from channels.models.delivery import new_token
from channels.sending import Planned, spread
from contacts.consent import Person, Verdict
from contacts.opening import Hours
from contacts.timezones import UTC

log = logging.getLogger(__name__)

# Whoever the program stumbles over is tried again after this, and the others go on.
AFTER_A_FAILURE = timedelta(minutes=15)
SCOPE_LENGTH = 120


@dataclass(frozen=True, slots=True)
class Run:
    """A decision at one step, as it will be stored; `message` for those that send."""

    step: FrozenStep
    decision: Decision
    reason: str
    params: Mapping[str, Any]
    message: Planned | None = None


@dataclass(slots=True)
class Way:
    """One open enrollment. `intent` is what came out; `runs` are the new decisions on the way there."""

    row: Row
    frozen: FrozenCascade
    known: Known
    progress: Progress
    plan: Plan
    ended_params: Mapping[str, Any] = field(default_factory=dict)
    intent: Intent | None = None
    runs: list[Run] = field(default_factory=list)

    @classmethod
    def of(cls, row: Row, frozen: FrozenCascade, known: Known) -> Way:
        steps = tuple(known.steps)
        progress = Progress(
            row.started_at, steps, paused=frozen.held, prolonged=row.prolonged, unknown_goes_on=row.unknown_goes_on,
            anchor_at=row.anchor_at,
        )  # fmt: skip
        return cls(row, frozen, known, progress, frozen.plan.preferring(row.prefers) if row.prefers else frozen.plan)

    @property
    def is_over(self) -> bool:
        return isinstance(self.intent, Stop | Finish)

    def end(self, outcome: Ending, reason: str, params: Mapping[str, Any]) -> None:
        """Something outside the steps ends it; what came first counts."""
        if self.progress.ended_by is None:
            self.progress, self.ended_params = replace(self.progress, ended_by=Ended(outcome, reason)), params


def look(way: Way, now: datetime) -> Intent:
    """What the engine says before the gate was asked. Only Send and Skip need the gate's word."""
    way.intent = _within_time(way, _guarded(way, now), now)
    return way.intent


def asks_gate(intent: Intent) -> bool:
    """Whether the gate's word is needed: to send, to leave out, or to know by which clock the person lives."""
    return isinstance(intent, Send | Skip) or (isinstance(intent, Wait) and intent.asks_clock)


def decide(
    way: Way, person: Person | None, now: datetime, hours: Hours | None = None, names: Mapping[int, str] | None = None
) -> None:
    """Go on from step to step with the gate's verdicts, until there is something to wait for or it is over.

    names: of the segments that the steps ask for, by number.
    """
    verdicts = _verdicts(way.frozen, person)
    no = {
        key: refusal for key, verdict in verdicts.items() if (refusal := _refusal(verdict, _valid_until(way, key, now)))
    }
    clock = _clock(way, person.zones if person else (UTC,), hours, now)
    way.progress = replace(way.progress, unreachable={key: reason for key, (reason, _) in no.items()}, clock=clock)
    intent = _guarded(way, now)
    while isinstance(intent, Send | Skip):
        step = way.frozen.steps[intent.key]
        if isinstance(intent, Skip):
            params = _params(intent, way.frozen, no, names or {})
            way.runs.append(Run(step, Decision.SKIP, intent.reason, params))
        else:
            assert person is not None
            message = _planned(way, step, person, verdicts[step.key], now)
            way.runs.append(Run(step, Decision.SEND, intent.reason, {}, message))
        done = (
            skipped(step.key, intent.reason, now)
            if isinstance(intent, Skip)
            else StepProgress(step.key, Went.WAITING, now)
        )
        way.progress = replace(way.progress, steps=(*way.progress.steps, done))
        intent = _guarded(way, now)
    way.intent = _within_time(way, intent, now)


def _params(
    skip: Skip,
    frozen: FrozenCascade,
    no: Mapping[str, tuple[str, Mapping[str, Any]]],
    names: Mapping[int, str],
) -> Mapping[str, Any]:
    """What fills in the sentence why the step is left out."""
    if asked := skip.condition:
        if asked.segment:
            return {"segment": names.get(asked.segment, "–")}
        earlier = frozen.steps.get(asked.step)
        return {"step": earlier.title if earlier else "–", "answer": asked.answer}
    return no[skip.key][1] if no.get(skip.key, ("", {}))[0] == skip.reason else {}


def _clock(way: Way, zones: tuple[ZoneInfo, ...], hours: Hours | None, now: datetime) -> Clock:
    """The person's clock; when each channel may disturb them matters only where there is a date that will not wait."""
    if hours is None or way.row.anchor_at is None:
        return Clock(zones)
    kinds = {key: step.ask.kind for key, step in way.frozen.steps.items()}
    return Clock(zones, {key: (hours.windows(kind), hours.still_days(kind, zones, now)) for key, kind in kinds.items()})


def _guarded(way: Way, now: datetime) -> Intent:
    """The engine's word; a person whom it cannot judge waits, so that all others go on."""
    try:
        return engine.decide(way.plan, way.progress, now)
    except Exception:
        log.exception("no decision for enrollment %s", way.row.id)
        return Wait(now + AFTER_A_FAILURE, "could_not_decide", way.row.prolonged)


def _within_time(way: Way, intent: Intent, now: datetime) -> Intent:
    """No one stays longer than the declared maximum, except where staff hold a step."""
    if not isinstance(intent, Wait) or intent.reason == "step_paused":
        return intent
    if way.row.max_until > now:
        return replace(intent, until=min(intent.until, way.row.max_until))
    went_out = any(step.went in (Went.SENT, Went.DELIVERED) for step in way.progress.steps)
    return Finish(Ending.EXHAUSTED if went_out else Ending.FAILED, "time_over")


def _verdicts(frozen: FrozenCascade, person: Person | None) -> dict[str, Verdict]:
    gone = Verdict(ok=False, reason="contact_gone")
    return {key: person.verdicts[step.ask] if person else gone for key, step in frozen.steps.items()}


def _refusal(verdict: Verdict, valid_until: datetime) -> tuple[str, Mapping[str, Any]] | None:
    """Why the person cannot be reached by this step now, if so: the gate's reason, or quiet time that outlasts the message."""
    if not verdict.ok:
        return verdict.reason, verdict.params
    if verdict.not_before and verdict.not_before >= valid_until:
        return "too_late_after_quiet_hours", {}
    return None


def _valid_until(way: Way, key: str, now: datetime) -> datetime:
    """What is sent now is worth something until then: a reminder never after its date, nothing after the deadline of the whole."""
    plan, anchor = way.plan, way.progress.anchor_at
    until = [now + way.frozen.steps[key].validity]
    if plan.deadline is not None:
        until.append(way.progress.started_at + plan.deadline)
    step = next((one for one in plan.steps if one.key == key), None)
    if anchor and step and anchor > now and engine.is_reminder(plan, step, way.progress):
        until.append(anchor)
    return min(until)


def _planned(way: Way, step: FrozenStep, person: Person, verdict: Verdict, now: datetime) -> Planned:
    waits, opens = verdict.not_before is not None and verdict.not_before > now, verdict.not_before or now
    token, until = new_token(), _valid_until(way, step.key, now)
    return Planned(
        token=token, contact_id=way.row.contact_id, channel_id=step.channel_id, message_version_id=step.message_version_id,
        kind=step.ask.kind, purpose=step.ask.purpose, urgent=step.ask.urgent, sandbox=step.sandbox, scope=_scope(way.row, step),
        campaign=way.frozen.campaign, step_name=step.name[:120], address=verdict.address, language=person.language,
        tracked=verdict.tracked and step.tells_opening, valid_until=until, context=_context(way.row),
        not_before=spread(opens, token, step.spread, verdict.open_until, until) if waits else now,
        priority=way.frozen.priority, budget_id=way.frozen.budget_id, reason=verdict.reason if waits else "",
        reason_params=verdict.params if waits else {},
    )  # fmt: skip


def _context(row: Row) -> dict[str, Any]:
    """What the text may use; the student, where the message goes to a guardian."""
    told = {name: value for name, value in row.context.items() if name != "student"}
    about = {"student": row.on_behalf_of_id} if row.on_behalf_of_id else {}
    return {**told, **about, "way": row.id}


def _scope(row: Row, step: FrozenStep) -> str:
    """Where the occasion is one for all, identical text goes to a shared address once; a personal occasion is each person's own."""
    scope = f"{row.cascade_id}:{row.own_occasion if row.shared else row.occasion}:{step.key}"
    return (scope if row.shared else f"{row.contact_id}:{scope}")[:SCOPE_LENGTH]


def asks(ways: Iterable[Way]) -> set[Any]:
    """What the gate has to be asked for these people."""
    return {ask for frozen in {id(way.frozen): way.frozen for way in ways}.values() for ask in frozen.asks}
