"""What is known of each person's way so far: decisions and messages, read with one statement for any number of people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID

from django.db.models.fields.json import KT

from cascades.engine import Answer, StepProgress, Went
from cascades.models import Decision, StepRun
from channels.models import DeliveryEvent, DeliveryStatus, Grade
from channels.models.delivery import DID_NOT_ARRIVE, OPEN
from channels.transport import Fact
from contacts.bulk import Among


class Row(NamedTuple):
    """An open enrollment as it was claimed; the names are those of its columns."""

    id: int
    contact_id: int
    on_behalf_of_id: int | None
    version_id: int
    cascade_id: int
    occasion: str
    shared: bool
    unknown_goes_on: bool
    started_at: datetime
    max_until: datetime
    prolonged: str
    prefers: str
    context: dict[str, Any]
    anchor_at: datetime | None
    claim_token: UUID | None

    @property
    def about(self) -> int:
        """Whom it is about: the student, where a guardian is in it for one."""
        return self.on_behalf_of_id or self.contact_id

    @property
    def own_occasion(self) -> str:
        """The occasion, the same for all who are in it for the same student."""
        return self.occasion.rpartition("~")[0] if self.on_behalf_of_id else self.occasion


# The engine's reasons for leaving a step out because it was not meant for the person.
LATE = frozenset({"time_was_past", "date_has_passed"})
PASSED = "came_later"
NOT_MEANT = LATE | {"not_for_sent", "not_for_reached", "not_for_opened", "not_for_clicked", "opening_unknown", PASSED}
CONDITION = "only_"
SAME_TEXT = "same_text_same_address"
COLUMNS = tuple(Row.__annotations__)


class Message(NamedTuple):
    """The delivery of a decided step, as far as it matters who it was and whether it can still be called back."""

    id: int
    token: str
    channel_id: int
    sandbox: bool
    queued: bool
    went_out_at: datetime | None


@dataclass(slots=True)
class Known:
    """steps: decided ones in their order; messages: those that were planned."""

    steps: list[StepProgress] = field(default_factory=list)
    messages: list[Message] = field(default_factory=list)

    @property
    def all_in_sandbox(self) -> bool:
        """There are messages, and not one of them was real: only then does a fact that was played count."""
        return bool(self.messages) and all(message.sandbox for message in self.messages)


def load(enrollment_ids: Iterable[int]) -> dict[int, Known]:
    """By enrollment id; whoever has no decision yet is there with nothing in it when asked for.

    A text that went to the same address for someone else of the family counts as sent here too, and what became of it is known from there;
    that is one more statement where it happened at all, and another where somebody answered.
    """
    runs = StepRun.objects.filter(Among("enrollment_id", enrollment_ids)).order_by("id")
    found = [_Run(*values) for values in runs.values_list(*_COLUMNS)]
    twins = _twins({twin_id for run in found if (twin_id := _twin_of(run))})
    said = _said({run.delivery_id or 0 for run in (*found, *twins.values()) if run.delivery__replied_at})
    known: dict[int, Known] = defaultdict(Known)
    for run in found:
        twin = twins.get(_twin_of(run))
        step = _shared(run, twin) if twin else _step(run)
        known[run.enrollment_id].steps.append(replace(step, answers=said.get((twin or run).delivery_id or 0, ())))
        if run.delivery_id:
            known[run.enrollment_id].messages.append(_message(run))
    return known


class _Run(NamedTuple):
    enrollment_id: int
    step_key: str
    decision: str
    reason: str
    decided_at: datetime
    delivery_id: int | None
    delivery__token: str
    delivery__channel_id: int
    delivery__sandbox: bool
    delivery__status: str
    delivery__tracked: bool
    delivery__sending_at: datetime | None
    delivery__sent_at: datetime | None
    delivery__delivered_at: datetime | None
    delivery__ended_at: datetime | None
    delivery__opened_at: datetime | None
    delivery__opened_grade: str
    delivery__clicked_at: datetime | None
    delivery__clicked_grade: str
    delivery__replied_at: datetime | None
    delivery__reason: str
    delivery__reason_params: dict[str, Any] | None


_COLUMNS = tuple(_Run.__annotations__)


def skipped(key: str, reason: str, at: datetime) -> StepProgress:
    """A step that was left out; all reasons but a few say that the person could not be reached there."""
    meant = reason not in NOT_MEANT and not reason.startswith(CONDITION)
    return StepProgress(
        key, Went.SKIPPED, at, ended_at=at, unreachable=meant, late=reason in LATE, passed=reason == PASSED
    )


def _step(run: _Run) -> StepProgress:
    if run.decision == Decision.SKIP:
        return skipped(run.step_key, run.reason, run.decided_at)
    opened, unsure = _by_grade(run.delivery__opened_at, run.delivery__opened_grade)
    clicked, maybe = _by_grade(run.delivery__clicked_at, run.delivery__clicked_grade)
    return StepProgress(
        key=run.step_key, went=_went(run.delivery__status), decided_at=run.decided_at,
        sent_at=run.delivery__sent_at or run.delivery__sending_at, delivered_at=run.delivery__delivered_at,
        ended_at=run.delivery__ended_at, opened_at=opened, unsure_at=unsure or maybe, clicked_at=clicked,
        replied_at=run.delivery__replied_at, tracked=run.delivery__tracked,
    )  # fmt: skip


def _twin_of(run: _Run) -> int:
    """The delivery that brought the same text to the same address, or 0."""
    if run.delivery__reason != SAME_TEXT:
        return 0
    return int((run.delivery__reason_params or {}).get("delivery") or 0)


def _twins(delivery_ids: set[int]) -> dict[int, _Run]:
    if not delivery_ids:
        return {}
    runs = StepRun.objects.filter(Among("delivery_id", delivery_ids)).values_list(*_COLUMNS)
    return {run.delivery_id or 0: run for run in (_Run(*values) for values in runs)}


def _said(delivery_ids: set[int]) -> dict[int, tuple[Answer, ...]]:
    """What was answered to each message, in the order in which it came."""
    if not delivery_ids:
        return {}
    told = DeliveryEvent.objects.filter(Among("delivery_id", delivery_ids), fact=Fact.REPLIED).order_by("at", "id")
    said: dict[int, tuple[Answer, ...]] = defaultdict(tuple)
    for delivery_id, choice, text in told.values_list("delivery_id", KT("data__choice"), "text"):
        said[delivery_id or 0] += (Answer(choice or "", text),)
    return said


def _shared(run: _Run, twin: _Run) -> StepProgress:
    """News of the other one's message does not come here by itself, so while it is on its way it counts as sent already."""
    step = replace(_step(twin), decided_at=run.decided_at)
    return replace(step, went=Went.SENT, sent_at=run.delivery__ended_at) if step.went is Went.WAITING else step


def _went(status: str) -> Went:
    if status in OPEN:
        return Went.WAITING
    if status in DID_NOT_ARRIVE:
        return Went.LOST
    return Went.DELIVERED if status == DeliveryStatus.DELIVERED else Went.SENT


def _by_grade(at: datetime | None, grade: str) -> tuple[datetime | None, datetime | None]:
    """(a person's, perhaps a person's). A program's fetch is neither."""
    if grade == Grade.MACHINE:
        return None, None
    return (None, at) if grade == Grade.UNSURE else (at, None)


def _message(run: _Run) -> Message:
    queued = run.delivery__status == DeliveryStatus.QUEUED
    return Message(
        run.delivery_id or 0,
        run.delivery__token,
        run.delivery__channel_id,
        run.delivery__sandbox,
        queued,
        run.delivery__sending_at,
    )


def rows(found: Iterable[tuple[Any, ...]]) -> list[Row]:
    """Claimed columns as rows."""
    return [Row(*values) for values in found]
