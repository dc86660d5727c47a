"""The numbers of a cascade: per step and in all, read in three statements whatever the number of people."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from typing import Any

from django.db.models import Avg, Count, F, Max, Min, Q, Sum

from cascades.models import Cascade, Decision, Enrollment, Outcome, Step, StepControl, StepRun
from channels import capabilities
from channels.models import DeliveryStatus, Grade, PriceUnit
from channels.segments import count as count_segments
from channels.transport import Fact
from contacts import territory

CENT = Decimal("0.0001")
# An opening or click by a program is kept but counts nowhere; an unsure one counts as unsure.
BY_PERSON = Q(delivery__opened_grade=Grade.HUMAN)


@dataclass(frozen=True, slots=True)
class StepNumbers:
    """How far a step has come. Counts are of people; `cost` in the business's currency; `unknowable`: what its channel cannot tell."""

    key: str
    label: str
    channel: str
    kind: str
    planned: int = 0
    queued: int = 0
    sent: int = 0
    delivered: int = 0
    opened: int = 0
    unsure: int = 0
    clicked: int = 0
    answered: int = 0
    skipped: int = 0
    failed: int = 0
    unclear: int = 0
    opening_unknown: int = 0
    cost: Decimal = Decimal(0)
    unit_cost: Decimal = Decimal(0)
    paused: bool = False
    paused_reason: str = ""
    unknowable: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Numbers:
    """The whole cascade. `saved`: what the same people by the dearest channel alone would have cost, less what was spent."""

    people: int = 0
    outcomes: dict[str, int] = field(default_factory=dict)
    first_sent: datetime | None = None
    last_sent: datetime | None = None
    written_to: int = 0
    cost: Decimal = Decimal(0)
    dearest: str = ""
    saved: Decimal = Decimal(0)
    steps: tuple[StepNumbers, ...] = ()

    @property
    def reached(self) -> int:
        return self.outcomes.get(Outcome.REACHED, 0)

    @property
    def running(self) -> int:
        return self.outcomes.get(Outcome.OPEN, 0)

    @property
    def cost_per_reached(self) -> Decimal | None:
        return (self.cost / self.reached).quantize(CENT) if self.reached else None


def numbers(cascade: Cascade, mine: territory.Territory = None) -> Numbers:
    """Everything staff see above the list of recipients; steps are told apart by their keys, so new versions reset nothing.

    mine: only of the people of these branches.
    """
    theirs = territory.within(StepRun, mine)
    outcomes = _outcomes(cascade, territory.within(Enrollment, mine))
    by_key = {row["step_key"]: row for row in _counted(cascade, theirs)}
    held = {c.step_key: c.reason for c in StepControl.objects.filter(cascade=cascade, paused_at__isnull=False)}
    steps = tuple(_step(step, by_key.get(step.key, {}), held) for step in _steps(cascade))
    cost = sum((step.cost for step in steps), Decimal(0))
    written = StepRun.objects.filter(theirs, enrollment__cascade=cascade, delivery__sent_at__isnull=False)
    spread = written.aggregate(
        first=Min("delivery__sent_at"), last=Max("delivery__sent_at"), people=Count("enrollment", distinct=True)
    )
    dearest = max(steps, key=lambda step: step.unit_cost, default=None)
    return Numbers(
        people=sum(count for outcome, count in outcomes.items() if outcome not in (Outcome.MOVED, Outcome.GUARDIANS)),
        outcomes=outcomes,
        first_sent=spread["first"],
        last_sent=spread["last"],
        written_to=spread["people"],
        cost=cost,
        dearest=dearest.channel if dearest else "",
        saved=max(Decimal(0), (dearest.unit_cost if dearest else Decimal(0)) * spread["people"] - cost),
        steps=steps,
    )


def _outcomes(cascade: Cascade, theirs: Q) -> dict[str, int]:
    rows = Enrollment.objects.filter(theirs, cascade=cascade).order_by().values("outcome").annotate(n=Count("id"))
    return {row["outcome"]: row["n"] for row in rows}


def _steps(cascade: Cascade) -> list[Step]:
    """The steps of the newest version, or of the draft before the first start, and older ones that people still went through."""
    found = Step.objects.filter(cascade=cascade).select_related("channel", "message", "message_version")
    newest = [step for step in found if step.version_id == cascade.version_id]
    keys = {step.key for step in newest}
    older = {s.key: s for s in found.order_by("version_id") if s.version_id and s.key not in keys}
    return sorted(newest, key=lambda step: (step.position, step.pk)) + list(older.values())


def _counted(cascade: Cascade, theirs: Q) -> Any:
    status = "delivery__status"
    sent = Q(delivery__sent_at__isnull=False)
    return (
        StepRun.objects.filter(theirs, enrollment__cascade=cascade)
        .order_by()
        .values("step_key")
        .annotate(
            planned=Count("id"),
            skipped=Count("id", filter=Q(decision=Decision.SKIP) | Q(delivery__status=DeliveryStatus.CANCELLED)),
            queued=Count("id", filter=Q(delivery__status__in=[DeliveryStatus.QUEUED, DeliveryStatus.SENDING])),
            sent=Count("id", filter=sent),
            delivered=Count("id", filter=Q(delivery__delivered_at__isnull=False)),
            opened=Count("id", filter=BY_PERSON),
            unsure=Count("id", filter=Q(delivery__opened_grade=Grade.UNSURE)),
            clicked=Count("id", filter=Q(delivery__clicked_grade=Grade.HUMAN)),
            answered=Count("id", filter=Q(delivery__replied_at__isnull=False)),
            failed=Count(
                "id",
                filter=Q(**{f"{status}__in": [DeliveryStatus.FAILED, DeliveryStatus.BOUNCED, DeliveryStatus.EXPIRED]}),
            ),
            unclear=Count("id", filter=Q(delivery__status=DeliveryStatus.UNKNOWN)),
            opening_unknown=Count("id", filter=sent & Q(delivery__tracked=False)),
            cost=Sum("delivery__cost", default=Decimal(0)),
            average=Avg(F("delivery__cost"), filter=sent),
        )
    )


def _step(step: Step, row: dict[str, Any], held: dict[str, str]) -> StepNumbers:
    counted = {name: value for name, value in row.items() if name not in {"step_key", "average", "cost"}}
    average = row.get("average")
    return StepNumbers(
        key=step.key,
        label=str(step.message),
        channel=step.channel.name,
        kind=step.channel.kind,
        cost=Decimal(row.get("cost") or 0).quantize(CENT),
        unit_cost=Decimal(average).quantize(CENT) if average else estimated_unit_cost(step),
        paused=step.key in held,
        paused_reason=held.get(step.key, ""),
        unknowable=_unknowable(step, counted),
        **counted,
    )


_TOLD_BY = {
    "delivered": {Fact.DELIVERED},
    "opened": {Fact.OPENED, Fact.READ},
    "answered": {Fact.REPLIED},
}


def _unknowable(step: Step, counted: dict[str, Any]) -> frozenset[str]:
    """The columns in which nothing does not mean nobody."""
    try:
        told = capabilities.of_channel(step.channel)
    except LookupError:  # its transport is no longer installed
        return frozenset()
    return frozenset(name for name, facts in _TOLD_BY.items() if not facts & told and not counted.get(name))


def estimated_unit_cost(step: Step) -> Decimal:
    """What one message of this step costs before any was sent: the price, times the segments of its longest text."""
    if step.channel.price_unit != PriceUnit.SEGMENT:
        return step.channel.price
    variants = step.message_version.content if step.message_version else []
    bodies = [str(variant["body"]) for variant in variants if variant["kind"] == step.channel.kind]
    segments = max((count_segments(body).count for body in bodies), default=1)
    return step.channel.price * max(1, segments)
