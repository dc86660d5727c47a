"""The heart, and pure: what is to happen with one person in one cascade, given the plan, what is known so far, and the time.

`decide()` looks at nothing but its arguments and answers with one intent and its reason; `cascades.runner` loads, asks, applies and stores.
Rules, in this order: what ends everything; what counts as seen; the next step's time (`cascades.due`); whom the step is for, by itself and
by its conditions (`cascades.conditions`); whether the person can be reached. No Django; what it reads stands in `cascades.plan`.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta

from cascades.conditions import OF_OPENINGS, reached, unmet
from cascades.due import by_the_clock, due, is_reminder, may_come_forward, news_by, too_late
from cascades.intents import Finish, Intent, Send, Skip, Stop, Wait
from cascades.plan import (
    HAND_OVER_GRACE,
    Base,
    Became,
    Clock,
    Condition,
    Ended,
    Ending,
    For,
    Mode,
    Plan,
    Progress,
    Seen,
    StepPlan,
    StepProgress,
    Went,
)
from cascades.replies import Answer, AnswerRule, Then, rule_for

__all__ = [
    "HAND_OVER_GRACE",
    "RECHECK_PAUSED",
    "Answer",
    "AnswerRule",
    "Base",
    "Became",
    "Clock",
    "Condition",
    "Ended",
    "Ending",
    "Finish",
    "For",
    "Intent",
    "Mode",
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
    "is_reminder",
]

RECHECK_PAUSED = timedelta(minutes=10)


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
    left = [step for step in plan.steps if step.key not in done]
    if not left or (plan.mode is Mode.FIRST and any(step.is_out for step in progress.steps)):
        return _after_last(plan, progress, now)
    if plan.mode is Mode.PARALLEL:
        return _soonest([_of(plan, step, progress, now) for step in left])
    return _of(plan, left[0], progress, now)


def _soonest(intents: list[Intent]) -> Intent:
    """Of steps that wait for none of the others: the first that can be taken, else the shortest wait."""
    waits = [intent for intent in intents if isinstance(intent, Wait)]
    if len(waits) < len(intents):
        return next(intent for intent in intents if not isinstance(intent, Wait))
    return replace(min(waits, key=lambda wait: wait.until), asks_clock=any(wait.asks_clock for wait in waits))


def _of(plan: Plan, step: StepPlan, progress: Progress, now: datetime) -> Intent:
    """What is to happen at this step, if it is the next one."""
    if step.key in progress.paused:
        return Wait(now + RECHECK_PAUSED, "step_paused", progress.prolonged)
    time, reason = due(plan, step, progress)
    if late := too_late(plan, step, progress, time, now):
        return Skip(step.key, late)
    time, reason = by_the_clock(plan, step, progress, time, reason)
    if time > now:
        return Wait(time, reason, progress.prolonged, asks_clock=may_come_forward(plan, step, progress))
    if _opening_matters(plan, step) and (waits := _unsure(step.key, step.wait or step.patience, progress, now)):
        return waits
    if plan.mode is Mode.DELIVERED and any(reached(plan, one) for one in progress.steps):
        return Stop(Ending.REACHED, "seen_accepted")
    if left_out := _left_out(plan, step, progress):
        return Skip(step.key, left_out)
    if missing := unmet(plan, step, progress):
        return Skip(step.key, *missing)
    if why := progress.unreachable.get(step.key):
        return Skip(step.key, why)
    return Send(step.key, "preferred_first" if step.preferred and reason == "step_time" else reason)


def _seen(plan: Plan, progress: Progress) -> Stop | None:
    """The reaction that ends it, judged by what counts at each step, also when it comes late."""
    rules = {step.key: step for step in plan.steps}
    waits_for_all = plan.mode is Mode.PARALLEL and _is_under_way(plan, progress)
    for step in progress.steps:
        if step.key not in rules:
            continue
        rule = rules[step.key]
        seen = Seen.NOTHING if waits_for_all else plan.ended_by(rule)
        if stop := _answered(rule, seen, step):
            return stop
        if step.clicked_at and seen in (Seen.OPENED, Seen.CLICKED):
            return Stop(Ending.REACHED, "seen_clicked")
        if step.opened_at and seen is Seen.OPENED:
            return Stop(Ending.REACHED, "seen_opened")
        if plan.mode is Mode.DELIVERED and step.arrived:
            return Stop(Ending.REACHED, "seen_delivered")
    return None


def _is_under_way(plan: Plan, progress: Progress) -> bool:
    """Whether messages are still to leave: where all go at once, no reaction to one of them calls the others back."""
    done = {step.key for step in progress.steps}
    return any(step.went is Went.WAITING for step in progress.steps) or any(s.key not in done for s in plan.steps)


def _answered(rule: StepPlan, seen: Seen, step: StepProgress) -> Stop | None:
    """What staff chose for this answer; any other ends it, unless nothing that is seen does."""
    for answer in step.said:
        chosen = rule_for(answer, rule.answers)
        if chosen is None and seen is not Seen.NOTHING:
            return Stop(Ending.REACHED, "seen_replied")
        if chosen is not None and chosen.then is Then.STOP:
            named = chosen.names(answer)
            return Stop(Ending.REACHED, "answered_choice" if named else "seen_replied", _words(answer) if named else "")
    return None


def _words(answer: Answer) -> str:
    return answer.text.strip() or answer.choice


def _opening_matters(plan: Plan, step: StepPlan) -> bool:
    """Whether an opening that may have been a program's would make a difference to this step."""
    if any(one.became in OF_OPENINGS for one in step.only_if):
        return True
    ends = plan.mode.asks_for_whom and any(plan.ended_by(one) is Seen.OPENED for one in plan.steps)
    return ends or plan.whom(step) is For.NOT_OPENED


def _unsure(key: str, again: timedelta, progress: Progress, now: datetime) -> Wait | None:
    """An opening that may have been a program's stops nothing; it prolongs the wait, once."""
    if progress.prolonged:
        return None
    if not any(step.unsure_at and not step.was_opened for step in progress.steps):
        return None
    return Wait(now + again, "unsure_opening", key)


def _left_out(plan: Plan, step: StepPlan, progress: Progress) -> str:
    """Why the step is not for this person by the part that they have had in it, or ""."""
    if not plan.mode.asks_for_whom:
        return ""
    earlier = [one for one in progress.steps if one.went is not Went.SKIPPED]
    if step.who is For.FAILED:
        # A step that was not meant for them says nothing of the message before it.
        meant = [one for one in progress.steps if one.moves_on_at_once or one.late or one.went is not Went.SKIPPED]
        last = next((one for one in reversed(meant) if not one.passed), None)
        return "" if last and last.went in (Went.SKIPPED, Went.LOST) else "not_for_sent"
    if step.who is For.NOT_REACHED:
        return "not_for_reached" if any(reached(plan, one) for one in earlier) else ""
    if step.who is For.NOT_CLICKED:
        return "not_for_clicked" if any(one.was_clicked for one in earlier) else ""
    if step.who is For.NOT_OPENED:
        return _opened_or_unknown(earlier, progress)
    return _unknown_of_seen(plan, earlier, progress)


def _opened_or_unknown(earlier: list[StepProgress], progress: Progress) -> str:
    if any(one.was_opened for one in earlier):
        return "not_for_opened"
    return _unknown(earlier, progress)


def _unknown_of_seen(plan: Plan, earlier: list[StepProgress], progress: Progress) -> str:
    """A later step after one that an opening would have ended is meant for those who did not open, said or not."""
    ends_by_opening = {step.key for step in plan.steps if plan.ended_by(step) is Seen.OPENED}
    return _unknown([one for one in earlier if one.key in ends_by_opening], progress)


def _unknown(earlier: list[StepProgress], progress: Progress) -> str:
    """ "Not opened" of someone whose opening cannot be known is unknown: staff decided at the start what it then means."""
    blind = any(not one.tracked and one.went in (Went.SENT, Went.DELIVERED) for one in earlier)
    return "opening_unknown" if blind and not progress.unknown_goes_on else ""


def _after_last(plan: Plan, progress: Progress, now: datetime) -> Intent:
    """After the last step reactions are awaited for a while; then it is over, and the outcome says how."""
    out = [one for one in progress.steps if one.is_out]
    if not out:
        return _nothing_went(progress)
    waiting = [one for one in out if one.went is Went.WAITING]
    if waiting and (until := max(news_by(plan, one) for one in waiting)) > now:
        return Wait(until, "previous_on_its_way", progress.prolonged)
    until = max(one.sent_at or one.decided_at for one in out) + plan.final_wait
    if until > now:
        return Wait(until, "awaits_reactions", progress.prolonged)
    if waits := _unsure("final", plan.final_wait, progress, now):
        return waits if plan.final_wait else _end(plan, out)
    return _end(plan, out)


def _nothing_went(progress: Progress) -> Finish:
    if any(one.went is Went.LOST for one in progress.steps):
        return Finish(Ending.FAILED, "all_failed")
    if any(one.unreachable for one in progress.steps):
        return Finish(Ending.UNREACHABLE, "no_channel_left")
    late = any(one.late for one in progress.steps)
    return Finish(Ending.STOPPED, "came_too_late" if late else "nothing_for_them")


def _end(plan: Plan, out: list[StepProgress]) -> Finish:
    """Whoever gave an answer that let the cascade go on has reacted all the same; but it may have been about something else."""
    if plan.mode is Mode.GOAL:
        return Finish(Ending.EXHAUSTED, "goal_not_reached")
    rules = {step.key: step.answers for step in plan.steps}
    if any(rule_for(answer, rules.get(one.key, ())) for one in out for answer in one.said):
        return Finish(Ending.REACHED, "answered_went_on")
    if plan.mode not in (Mode.FIRST, Mode.DELIVERED):
        return Finish(Ending.EXHAUSTED, "no_reaction")
    got = any(reached(plan, one) for one in out)
    return Finish(Ending.REACHED, "got_message") if got else Finish(Ending.EXHAUSTED, "none_delivered")
