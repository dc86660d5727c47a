"""Whether what a step asks for holds: what became of earlier steps, and the segments in which the person is. Pure."""

from __future__ import annotations

from cascades.plan import Became, Condition, Plan, Progress, StepPlan, StepProgress, Went
from cascades.replies import AnswerRule, Then

OF_OPENINGS = (Became.OPENED, Became.NOT_OPENED, Became.OPENED_NOT_CLICKED)


def unmet(plan: Plan, step: StepPlan, progress: Progress) -> tuple[str, Condition] | None:
    """The first condition of the step that does not hold, with the code of its reason; None where all do.

    "Not opened" of somebody whose opening cannot be known is unknown: staff decided at the start what that means. Segments count as soon as
    they were asked for.
    """
    for condition in step.only_if:
        if condition.segment:
            if progress.segments is not None and not _is_there(condition, progress.segments):
                return f"only_{condition.became}", condition
            continue
        earlier = next((one for one in progress.steps if one.key == condition.step), None)
        if not _holds(plan, condition, earlier):
            return _code(condition), condition
        if condition.became is Became.NOT_OPENED and is_blind(earlier) and not progress.unknown_goes_on:
            return "opening_unknown", condition
    return None


def _code(condition: Condition) -> str:
    asks_any = condition.became in (Became.ANSWERED, Became.NOT_ANSWERED) and not condition.answer
    return f"only_{condition.became}{'_any' if asks_any else ''}"


def reached(plan: Plan, one: StepProgress) -> bool:
    """Delivered, or accepted where the channel cannot tell delivery."""
    reports = next((step.reports_delivery for step in plan.steps if step.key == one.key), True)
    return one.arrived or (not reports and one.went is Went.SENT)


def is_blind(one: StepProgress | None) -> bool:
    """Whether it went out, and nobody can know whether it was opened."""
    return one is not None and not one.tracked and one.went in (Went.SENT, Went.DELIVERED) and not one.was_opened


def _is_there(condition: Condition, segments: frozenset[int]) -> bool:
    return (condition.segment in segments) == (condition.became is Became.IN)


def _holds(plan: Plan, condition: Condition, one: StepProgress | None) -> bool:
    """Of a step that this person never had nothing became."""
    if one is None:
        return condition.became in (Became.NOT_OPENED, Became.NOT_CLICKED, Became.NOT_DELIVERED, Became.NOT_ANSWERED)
    match condition.became:
        case Became.OPENED | Became.NOT_OPENED as became:
            return one.was_opened == (became is Became.OPENED)
        case Became.CLICKED | Became.NOT_CLICKED as became:
            return one.was_clicked == (became is Became.CLICKED)
        case Became.OPENED_NOT_CLICKED:
            return one.was_opened and not one.was_clicked
        case Became.DELIVERED | Became.NOT_DELIVERED as became:
            return reached(plan, one) == (became is Became.DELIVERED)
        case Became.ANSWERED | Became.NOT_ANSWERED as became:
            return _said(condition, one) == (became is Became.ANSWERED)
        case _:
            return one.moves_on_at_once


def _said(condition: Condition, one: StepProgress) -> bool:
    rule = AnswerRule(condition.answer, Then.CONTINUE)
    return any(not condition.answer or rule.names(answer) for answer in one.said)
