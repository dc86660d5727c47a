"""Into groups and out of them: by an answer, as its step says, whenever it comes; and at the end, by how it ended for a person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db.models.functions import Coalesce

from cascades.engine import Ending, Finish, Stop
from cascades.models import StepRun
from cascades.replies import Answer, rule_for
from cascades.runner import plans
from cascades.runner.deciding import Way
from cascades.runner.inbox import Fact
from channels.transport import Fact as Told
from contacts import arrivals
from contacts.bulk import Among
from contacts.models import Group, Membership

# (contact, group) -> whether they are to be in it
Moves = dict[tuple[int, int], bool]


def move(facts: Sequence[Fact], now: datetime) -> None:
    """Apply the answers among the facts, in the caller's transaction; again changes nothing. Of several answers the last one counts.

    One statement where somebody answered; two more where it moves somebody, and one for each group that is left.
    """
    said = [fact for fact in facts if fact.what == Told.REPLIED and fact.delivery_id]
    if not said:
        return
    _carry_out(_moves(said), now)


def move_at_end(ways: Iterable[Way], now: datetime) -> None:
    """For whom it is over, as the cascade says for such an end, in the caller's transaction. No statement where it says nothing."""
    moves: Moves = {}
    for way in ways:
        if isinstance(way.intent, Stop | Finish) and way.frozen.ends.groups:
            moves |= _of(way.row.about, _for_end(way.frozen.ends.groups, way.intent))
    _carry_out(moves, now)


def _for_end(groups: Mapping[str, Mapping[str, Any]], end: Stop | Finish) -> Mapping[str, Any]:
    """What is said of the goal, else of its outcome."""
    by_goal = end.outcome is Ending.REACHED and end.reason.startswith("goal")
    return (groups.get("goal") if by_goal else None) or groups.get(end.outcome) or {}


def _carry_out(moves: Moves, now: datetime) -> None:
    if not moves:
        return
    there = Group.objects.filter(pk__in={group for _, group in moves}).order_by("pk")
    groups = set(there.select_for_update(no_key=True).values_list("pk", flat=True))  # none is deleted meanwhile
    arrivals.gather([pair for pair, into in moves.items() if into and pair[1] in groups], now=now)
    leaving: dict[int, list[int]] = defaultdict(list)
    for (contact, group), into in moves.items():
        if not into:
            leaving[group].append(contact)
    for group, people in sorted(leaving.items()):
        Membership.objects.filter(Among("contact_id", people), group_id=group).delete()


def _moves(said: Sequence[Fact]) -> Moves:
    runs = StepRun.objects.filter(Among("delivery_id", {fact.delivery_id or 0 for fact in said}))
    steps = {
        delivery: (contact, answers)
        for delivery, contact, answers in runs.values_list(
            "delivery_id", Coalesce("enrollment__on_behalf_of_id", "enrollment__contact_id"), "step__answers"
        )
        if answers
    }
    moves: Moves = {}
    for fact in sorted(said, key=lambda fact: (fact.at, fact.id)):
        if fact.delivery_id in steps:
            contact, answers = steps[fact.delivery_id]
            moves |= _of(contact, _chosen(answers, Answer(fact.choice, fact.text)))
    return moves


def _chosen(answers: Sequence[Mapping[str, Any]], answer: Answer) -> Mapping[str, Any]:
    rule = rule_for(answer, plans.rules(answers))
    return next((one for one in answers if rule and one["choice"] == rule.choice), {})


def _of(contact: int, chosen: Mapping[str, Any]) -> Moves:
    out, into = chosen.get("from_group"), chosen.get("group")
    return {**({(contact, out): False} if out else {}), **({(contact, into): True} if into else {})}
