"""What was decided, written down: messages into the outbox, decisions, and each person's new state; one statement for each kind of row."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from cascades.engine import Finish, Send, Skip, Stop, Wait
from cascades.models import Enrollment, StepRun
from cascades.runner.deciding import Run, Way
from cascades.runner.moving import move_at_end
from channels import sending
from contacts import bulk

_RUN = ("enrollment_id", "step_id", "step_key", "decision", "reason", "reason_params", "decided_at", "delivery_id")
_STATE = ("outcome", "reason", "reason_params", "next_due_at", "prolonged", "ended_at")

LONGEST_ANSWER = 60


class Overtaken(Exception):
    """Another worker holds these people: nothing of this batch may be kept."""


def write(ways: Sequence[Way], *, now: datetime, **only: Any) -> None:
    """Store the outcome of all ways, in the caller's transaction. only: what must still hold for each enrollment (the claim's token)."""
    if not ways:
        return
    _plan(ways, now)
    states = [(way.row.id, *_state(way, now)) for way in ways]
    stored = bulk.update(Enrollment, _STATE, states, only={"outcome": "", **only}, returning=("id",))
    if len(stored) != len(ways):
        raise Overtaken
    _call_back(ways, now)
    move_at_end(ways, now)


def _plan(ways: Sequence[Way], now: datetime) -> None:
    runs = [(way.row.id, run) for way in ways for run in way.runs]
    messages = [run.message for _, run in runs if run.message]
    ids = sending.plan(messages, now=now) if messages else {}
    bulk.insert(StepRun, _RUN, [_run_row(enrollment_id, run, ids, now) for enrollment_id, run in runs])


def _run_row(enrollment_id: int, run: Run, ids: dict[str, int], now: datetime) -> tuple[Any, ...]:
    delivery_id = ids[run.message.token] if run.message else None
    return (enrollment_id, run.step.id, run.step.key, run.decision, run.reason, dict(run.params), now, delivery_id)


def _state(way: Way, now: datetime) -> tuple[Any, ...]:
    """The columns of `_STATE`."""
    match way.intent:
        case Stop(outcome, reason) | Finish(outcome, reason):
            return outcome, reason, ended_params(way), None, way.row.prolonged, now
        case Wait(until, reason, prolonged, asks_clock):  # whose clock is to be asked is looked at by the next tick
            return "", reason, {"when": until.isoformat()}, now if asks_clock else until, prolonged, None
        case Send(_, reason) | Skip(_, reason):  # not taken here: the next tick asks the gate and does it
            return "", reason, {}, now, way.row.prolonged, None
        case None:
            raise ValueError("nothing was decided")


def ended_params(way: Way) -> dict[str, Any]:
    """What fills in the sentence about its end."""
    answer = way.intent.answer if isinstance(way.intent, Stop) else ""
    return {**way.ended_params, **({"answer": answer[:LONGEST_ANSWER]} if answer else {})}


def _call_back(ways: Sequence[Way], now: datetime) -> None:
    """Messages that wait in the outbox for someone for whom it is over do not leave."""
    by_end: dict[tuple[str, str], tuple[list[int], dict[str, Any]]] = {}
    for way in ways:
        if way.is_over and isinstance(way.intent, Stop | Finish):
            params = ended_params(way)
            queued = [message.id for message in way.known.messages if message.queued]
            if queued:
                by_end.setdefault((way.intent.reason, params.get("answer", "")), ([], params))[0].extend(queued)
    for (reason, _answer), (ids, params) in by_end.items():
        sending.cancel(ids, reason=reason, params=params, now=now)
