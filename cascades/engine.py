"""The heart, and pure: what is to happen with one person in one cascade, given the plan, what is known so far, and the time.

`decide()` looks at nothing but its arguments and answers with one intent and its reason; `cascades.runner` loads, asks,
applies and stores. Rules, in this order: what ends everything; what counts as seen; the next step's time; whom the step is
for; whether the person can be reached. No Django; what it reads and answers stands in `cascades.plan`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from cascades.plan import (
    HAND_OVER_GRACE,
    Answer,
    AnswerRule,
    Base,
    Clock,
    Ended,
    Ending,
    Finish,
    For,
    Intent,
    Plan,
    Progress,
    Seen,
    Send,
    Skip,
    StepPlan,
    StepProgress,
    Stop,
    Then,
    Wait,
    Went,
    rule_for,
)
from contacts.calendar import last_allowed, next_local

__all__ = [
    "HAND_OVER_GRACE",
    "RECHECK_PAUSED",
    "Answer",
    "AnswerRule",
    "Base",
    "Clock",
    "Ended",
    "Ending",
    "Finish",
    "For",
    "Intent",
    "Plan",
    "Progress",
    "Seen",
    "Send",
    "Skip",
    "StepPlan",
    "StepProgress",
    "Stop",
    "Then",
    "Wait",
    "Went",
    "decide",
]

RECHECK_PAUSED = timedelta(minutes=10)
# How long before the quiet time begins a reminder leaves that would fall into it: the queue takes its while.
BEFORE_QUIET = timedelta(minutes=15)


def decide(plan: Plan, progress: Progress, now: datetime) -> Intent:
    """The one intent for this person now. Called again after each `Skip`, with the skip added to the progress."""
    if progress.ended_by:
        return Stop(progress.ended_by.outcome, progress.ended_by.reason)
    if seen := _seen(plan, progress):
        return seen
    if plan.deadline is None:
        return _next(plan, progress, now)
    over = progress.started_at + plan.deadline
    if over <= now:
        return _out_of_time(progress)
    intent = _next(plan, progress, now)
    return replace(intent, until=over) if isinstance(intent, Wait) and intent.until > over else intent


def _out_of_time(progress: Progress) -> Finish:
    went = any(step.went in (Went.SENT, Went.DELIVERED) for step in progress.steps)
    return Finish(Ending.EXHAUSTED if went else Ending.FAILED, "deadline_over")


def _next(plan: Plan, progress: Progress, now: datetime) -> Intent:
    """What is next of the steps, as if there were all the time in the world."""
    done = {step.key for step in progress.steps}
    step = next((step for step in plan.steps if step.key not in done), None)
    if step is None:
        return _after_last(plan, progress, now)
    if step.key in progress.paused:
        return Wait(now + RECHECK_PAUSED, "step_paused", progress.prolonged)
    due, reason = _due(plan, step, progress)
    if too_late := _too_late(plan, step, progress, due, now):
        return Skip(step.key, too_late)
    due, reason = _by_the_clock(plan, step, progress, due, reason)
    if due > now:
        return Wait(due, reason, progress.prolonged, asks_clock=_may_come_forward(plan, step, progress))
    if _opening_matters(plan, step) and (waits := _unsure(step.key, step.wait or step.patience, progress, now)):
        return waits
    if left_out := _left_out(plan, step, progress):
        return Skip(step.key, left_out)
    if why := progress.unreachable.get(step.key):
        return Skip(step.key, why)
    return Send(step.key, reason)


def _seen(plan: Plan, progress: Progress) -> Stop | None:
    """The reaction that ends it, judged by each step's own rule, also when it comes late."""
    rules = {step.key: step for step in plan.steps}
    for step in progress.steps:
        if step.key not in rules:
            continue
        rule = rules[step.key]
        if stop := _answered(rule, step):
            return stop
        if step.clicked_at and rule.seen in (Seen.OPENED, Seen.CLICKED):
            return Stop(Ending.REACHED, "seen_clicked")
        if step.opened_at and rule.seen is Seen.OPENED:
            return Stop(Ending.REACHED, "seen_opened")
    return None


def _answered(rule: StepPlan, step: StepProgress) -> Stop | None:
    """What staff chose for this answer; any other ends it, unless nothing that is seen does."""
    for answer in step.said:
        chosen = rule_for(answer, rule.answers)
        if chosen is None and rule.seen is not Seen.NOTHING:
            return Stop(Ending.REACHED, "seen_replied")
        if chosen is not None and chosen.then is Then.STOP:
            named = chosen.names(answer)
            return Stop(Ending.REACHED, "answered_choice" if named else "seen_replied", _words(answer) if named else "")
    return None


def _words(answer: Answer) -> str:
    return answer.text.strip() or answer.choice


def _due(plan: Plan, step: StepPlan, progress: Progress) -> tuple[datetime, str]:
    """When the step's time has come, and what the waiting is for."""
    previous = progress.steps[-1] if progress.steps else None
    if step.wait_from.is_dated and progress.anchor_at:
        return progress.anchor_at + (-step.wait if step.wait_from is Base.BEFORE else step.wait), "step_time"
    if previous is None:
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
    return (first or step.wait_from is Base.START) and _start(plan, progress) + step.wait < progress.anchor_at


def _too_late(plan: Plan, step: StepPlan, progress: Progress, due: datetime, now: datetime) -> str:
    """Why a step that a date fixes is no longer worth anything, or ""."""
    if not is_reminder(plan, step, progress):
        return ""
    if progress.anchor_at and now >= progress.anchor_at:
        return "date_has_passed"
    return "time_was_past" if due < progress.started_at else ""


def _may_come_forward(plan: Plan, step: StepPlan, progress: Progress) -> bool:
    """A reminder that may fall into quiet hours: only the person's clock can say."""
    return progress.clock is None and not step.urgent and is_reminder(plan, step, progress)


def _by_the_clock(plan: Plan, step: StepPlan, progress: Progress, due: datetime, reason: str) -> tuple[datetime, str]:
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
    due = _start(plan, progress) + step.wait
    if previous.went is Went.WAITING:
        return max(due, _news_by(plan, previous)), "previous_on_its_way"
    return due, "step_time"


def _news_by(plan: Plan, step: StepProgress) -> datetime:
    """By then the message has left or has expired: beyond it no news is waited for."""
    validity = next((one.validity for one in plan.steps if one.key == step.key), timedelta(0))
    return step.decided_at + validity + HAND_OVER_GRACE


def _counted(plan: Plan, step: StepPlan, previous: StepProgress) -> tuple[datetime, str]:
    """The time of a step that counts from what became of the previous message."""
    if previous.went is Went.WAITING:
        return _news_by(plan, previous) + step.wait, "previous_on_its_way"
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


def _opening_matters(plan: Plan, step: StepPlan) -> bool:
    return step.who is For.NOT_OPENED or any(one.seen is Seen.OPENED for one in plan.steps)


def _unsure(key: str, again: timedelta, progress: Progress, now: datetime) -> Wait | None:
    """An opening that may have been a program's stops nothing; it prolongs the wait, once."""
    if progress.prolonged:
        return None
    if not any(step.unsure_at and not step.was_opened for step in progress.steps):
        return None
    return Wait(now + again, "unsure_opening", key)


def _left_out(plan: Plan, step: StepPlan, progress: Progress) -> str:
    """Why the step is not for this person, or ""."""
    earlier = [one for one in progress.steps if one.went is not Went.SKIPPED]
    if step.who is For.FAILED:
        last = progress.steps[-1] if progress.steps else None
        return "" if last and last.went in (Went.SKIPPED, Went.LOST) else "not_for_sent"
    if step.who is For.NOT_REACHED:
        return "not_for_reached" if any(_reached(plan, one) for one in earlier) else ""
    if step.who is For.NOT_CLICKED:
        return "not_for_clicked" if any(one.was_clicked for one in earlier) else ""
    if step.who is For.NOT_OPENED:
        return _opened_or_unknown(earlier, progress)
    return _unknown_of_seen(plan, earlier, progress)


def _reached(plan: Plan, one: StepProgress) -> bool:
    """Delivered, or accepted where the channel cannot tell delivery."""
    reports = next((step.reports_delivery for step in plan.steps if step.key == one.key), True)
    return one.arrived or (not reports and one.went is Went.SENT)


def _opened_or_unknown(earlier: list[StepProgress], progress: Progress) -> str:
    if any(one.was_opened for one in earlier):
        return "not_for_opened"
    return _unknown(earlier, progress)


def _unknown_of_seen(plan: Plan, earlier: list[StepProgress], progress: Progress) -> str:
    """A later step after one that an opening would have ended is meant for those who did not open, said or not."""
    ends_by_opening = {step.key for step in plan.steps if step.seen is Seen.OPENED}
    return _unknown([one for one in earlier if one.key in ends_by_opening], progress)


def _unknown(earlier: list[StepProgress], progress: Progress) -> str:
    """ "Not opened" of someone whose opening cannot be known is unknown: staff decided at the start what it then means."""
    blind = any(not one.tracked and one.went in (Went.SENT, Went.DELIVERED) for one in earlier)
    return "opening_unknown" if blind and not progress.unknown_goes_on else ""


def _after_last(plan: Plan, progress: Progress, now: datetime) -> Intent:
    """After the last step reactions are awaited for a while; then it is over, and the outcome says how."""
    out = [one for one in progress.steps if one.went not in (Went.SKIPPED, Went.LOST)]
    if not out:
        lost = any(one.went is Went.LOST for one in progress.steps)
        if not lost and any(one.late for one in progress.steps) and not any(one.unreachable for one in progress.steps):
            return Finish(Ending.STOPPED, "came_too_late")
        return Finish(Ending.FAILED, "all_failed") if lost else Finish(Ending.UNREACHABLE, "no_channel_left")
    waiting = [one for one in out if one.went is Went.WAITING]
    if waiting and (until := max(_news_by(plan, one) for one in waiting)) > now:
        return Wait(until, "previous_on_its_way", progress.prolonged)
    until = max(one.sent_at or one.decided_at for one in out) + plan.final_wait
    if until > now:
        return Wait(until, "awaits_reactions", progress.prolonged)
    if waits := _unsure("final", plan.final_wait, progress, now):
        return waits if plan.final_wait else _end(plan, out)
    return _end(plan, out)


def _end(plan: Plan, out: list[StepProgress]) -> Finish:
    """Whoever gave an answer that let the cascade go on has reacted all the same."""
    rules = {step.key: step.answers for step in plan.steps}
    went_on = any(rule_for(answer, rules.get(one.key, ())) for one in out for answer in one.said)
    return Finish(Ending.REACHED, "answered_went_on") if went_on else Finish(Ending.EXHAUSTED, "no_reaction")
