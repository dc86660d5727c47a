"""What a cascade may spend, what it has spent, and what waits for more money."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from django.db import transaction
from django.db.models import Count, Q, Sum

from cascades.models import Cascade, StepRun
from channels import sending
from channels.models import Budget, Delivery, DeliveryStatus
from channels.sending.checks import BUDGET
from channels.sending.purse import MONTH
from contacts.models import Business


@dataclass(frozen=True, slots=True)
class Spending:
    """amount: None for no limit; waiting: messages that wait for money; too_late: those whose validity ended meanwhile."""

    amount: Decimal | None = None
    spent: Decimal = Decimal(0)
    waiting: int = 0
    too_late: int = 0


def of(cascade: Cascade) -> Spending:
    """One statement, and one for the budget where there is one; none where nothing is limited, for then nothing waits."""
    if cascade.budget_id is None and Business.current().month_budget is None:
        return Spending()
    waits = Q(delivery__status=DeliveryStatus.QUEUED, delivery__reason__in=BUDGET)
    held = StepRun.objects.filter(enrollment__cascade=cascade, delivery__reason__in=[*BUDGET, "too_late_budget"])
    found = held.aggregate(waiting=Count("id", filter=waits), too_late=Count("id", filter=~waits))
    budget = cascade.budget
    return Spending(budget.amount if budget else None, budget.spent if budget else Decimal(0), **found)


def left(cascade: Cascade, business: Business, now: datetime) -> list[Decimal]:
    """What is left of the cascade's budget and of the month's, where there are such."""
    amounts = (
        []
        if cascade.budget is None or cascade.budget.amount is None
        else [cascade.budget.amount - cascade.budget.spent]
    )
    if business.month_budget is not None:
        month = Budget.objects.filter(name=MONTH, ends__gt=now).first()
        amounts.append(business.month_budget - (month.spent if month else 0))
    return amounts


def limit(cascade: Cascade, amount: Decimal | None, *, now: datetime) -> None:
    """Give the cascade a budget, another one, or none. What it spent is counted; what waited for money is looked at again."""
    if cascade.budget_id is None and amount is None:
        return
    theirs = Delivery.objects.filter(run__enrollment__cascade=cascade, status=DeliveryStatus.QUEUED)
    with transaction.atomic():
        if cascade.budget_id is None:
            cascade.budget = Budget.objects.create()
            cascade.save(update_fields=["budget"])
            waiting = theirs.order_by().values("pk")
            Delivery.objects.filter(pk__in=waiting).update(budget=cascade.budget)
        budget = Budget.objects.select_for_update().get(cascade=cascade)
        spent = StepRun.objects.filter(enrollment__cascade=cascade).aggregate(cost=Sum("delivery__cost"))["cost"]
        budget.amount, budget.spent = amount, spent or Decimal(0)
        budget.save(update_fields=["amount", "spent"])
        cascade.budget = budget
        sending.wake(theirs.filter(reason__in=BUDGET), now=now)
