"""When a step's time has come for one person: what its wait counts from, the date it may be about, and the person's own clock. Pure."""

from __future__ import annotations

from datetime import datetime, timedelta

from cascades.plan import HAND_OVER_GRACE, Base, Mode, Plan, Progress, StepPlan, StepProgress, Went
from contacts.calendar import last_allowed, next_local

# How long before the quiet time begins a reminder leaves that would fall into it: the queue takes its while.
BEFORE_QUIET = timedelta(minutes=15)


def due(plan: Plan, step: StepPlan, progress: Progress) -> tuple[datetime, str]:
    """When the step's time has come, and what the waiting is for."""
    previous = progress.last
    if step.wait_from.is_dated and progress.anchor_at:
        return progress.anchor_at + (-step.wait if step.wait_from is Base.BEFORE else step.wait), "step_time"
    if previous is None or plan.mode is Mode.PARALLEL:
        return _start(plan, progress) + step.wait, "step_time"
    if step.wait_from is Base.START or step.wait_from.is_dated:
        return _from_start(plan, step, previous, progress)
    if previous.moves_on_at_once:
        return previous.ended_at or previous.decided_at, "previous_did_not_go"
    if previous.went is not Went.SKIPPED:
        return _counted(plan, step, previous)
    # The previous step was not meant for this person. A plain wait counts from its time, other waits from the last message that went.
    earlier = next((one for one in reversed(progress.steps) if one.went not in (Went.SKIPPED, Went.LOST)), None)
    if earlier is None or step.wait_from is Base.SENT:
        return previous.decided_at + step.wait, "step_time"
    return _counted(plan, step, earlier)


def _start(plan: Plan, progress: Progress) -> datetime:
    """When it begins for this person: where it is about a date, so long before or after that."""
    return progress.anchor_at + plan.offset if progress.anchor_at and plan.offset is not None else progress.started_at


def is_reminder(plan: Plan, step: StepPlan, progress: Progress) -> bool:
    """Whether the step's time is fixed by a date that lies after it: nobody wants it later than that."""
    if progress.anchor_at is None or (step.wait_from is Base.AFTER):
        return False
    if step.wait_from is Base.BEFORE:
        return bool(step.wait)
    first = bool(plan.steps) and plan.steps[0].key == step.key
    from_start = first or step.wait_from is Base.START or plan.mode is Mode.PARALLEL
    return from_start and _start(plan, progress) + step.wait < progress.anchor_at


def too_late(plan: Plan, step: StepPlan, progress: Progress, due: datetime, now: datetime) -> str:
    """Why a step that a date fixes is no longer worth anything, or ""."""
    if not is_reminder(plan, step, progress):
        return ""
    if progress.anchor_at and now >= progress.anchor_at:
        return "date_has_passed"
    return "time_was_past" if due < progress.started_at else ""


def may_come_forward(plan: Plan, step: StepPlan, progress: Progress) -> bool:
    """A reminder that may fall into quiet hours: only the person's clock can say."""
    return progress.clock is None and not step.urgent and is_reminder(plan, step, progress)


def by_the_clock(plan: Plan, step: StepPlan, progress: Progress, due: datetime, reason: str) -> tuple[datetime, str]:
    """The step's time on the person's own clock: on for its hour and its day, and back to before the quiet hours where it is a reminder."""
    clock = progress.clock
    if clock is None or reason not in ("step_time", "previous_did_not_go"):
        return due, reason
    if step.by_the_clock:
        shown = next_local(due, step.at_time, step.weekdays, clock.zones[0])
        due, reason = shown, reason if shown == due else "waits_hour"
    if step.urgent or step.key not in clock.opening or not is_reminder(plan, step, progress):
        return due, reason
    windows, still = clock.opening[step.key]
    early = last_allowed(due, clock.zones, windows, still, margin=BEFORE_QUIET)
    return (early, "before_quiet_hours") if early and early < due else (due, reason)


def _from_start(plan: Plan, step: StepPlan, previous: StepProgress, progress: Progress) -> tuple[datetime, str]:
    """Steps that count from the start do not overtake a message that is still on its way out, unless that takes too long."""
    time = _start(plan, progress) + step.wait
    if previous.went is Went.WAITING:
        return max(time, news_by(plan, previous)), "previous_on_its_way"
    return time, "step_time"


def news_by(plan: Plan, step: StepProgress) -> datetime:
    """By then the message has left or has expired: beyond it no news is waited for."""
    validity = next((one.validity for one in plan.steps if one.key == step.key), timedelta(0))
    return step.decided_at + validity + HAND_OVER_GRACE


def _counted(plan: Plan, step: StepPlan, previous: StepProgress) -> tuple[datetime, str]:
    """The time of a step that counts from what became of the previous message."""
    if previous.went is Went.WAITING:
        return news_by(plan, previous) + step.wait, "previous_on_its_way"
    sent = previous.sent_at or previous.decided_at
    channel = next((one for one in plan.steps if one.key == previous.key), step)
    base: datetime | None = sent
    if step.wait_from is Base.DELIVERED:
        # Where a channel cannot report delivery, accepted counts.
        base = previous.delivered_at or previous.opened_at or (None if channel.reports_delivery else sent)
    elif step.wait_from is Base.OPENED:
        base = previous.opened_at or previous.clicked_at or previous.replied_at
    elif step.wait_from is Base.CLICKED:
        base = previous.clicked_at or previous.replied_at
    if base is None:
        return sent + step.patience, f"waits_{step.wait_from}"
    return base + step.wait, "step_time"
