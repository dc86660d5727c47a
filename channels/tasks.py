"""Periodic tasks, and the hints that make them come early. Each does what is due and returns; the rows say what that is."""

from __future__ import annotations

import time
from typing import Any

from celery import shared_task
from django.utils import timezone

from channels import confirming, health, hooks, limits, receipts, sending, signals
from channels.models import Delivery, DeliveryStatus
from channels.receipts import parked
from channels.sending import checks, purse
from contacts import hints
from contacts.models import Business
from contacts.signals import limits_changed

# A task ends before its successor piles up behind it; what is left is the next one's.
LONGEST_SECONDS = 20.0


@shared_task(name="channels.tasks.send")
def send() -> int:
    """Send what is queued and due."""
    return sending.send_due(clock=timezone.now, budget_seconds=LONGEST_SECONDS)


@shared_task(name="channels.tasks.apply_inbound")
def apply_inbound() -> int:
    """Apply what providers reported, batch after batch."""
    until = time.monotonic() + LONGEST_SECONDS
    done = 0
    while (taken := receipts.apply_inbound(now=timezone.now())) and time.monotonic() < until:
        done += taken
    return done


@shared_task(name="channels.tasks.sweep")
def sweep() -> int:
    """What is stuck: lost waves, unclear messages, those that came too late, calls about messages of others. And counts that are over."""
    now = timezone.now()
    limits.forget(now)
    return sending.sweep(now) + parked.give_up(now)


@shared_task(name="channels.tasks.tell_programs")
def tell_programs() -> int:
    """Tell other programs what is new, batch after batch."""
    until = time.monotonic() + LONGEST_SECONDS
    now, done = timezone.now(), 0
    hooks.forget(now)
    hooks.notice(now)
    while (made := hooks.tell(timezone.now())) and time.monotonic() < until:
        done += made
    return done


@shared_task(name="channels.tasks.confirmations")
def confirmations() -> int:
    """Remind those who have not confirmed their address, and forget those who did not in time."""
    now = timezone.now()
    return confirming.remind(now) + confirming.expire(now)


@shared_task(name="channels.tasks.balances")
def balances() -> int:
    """Ask the providers what is left on the accounts, and count what the month has cost."""
    now, business = timezone.now(), Business.current()
    if business.month_budget is not None:
        purse.count_month(business, now)
    return health.refresh_balances(now=now)


@shared_task(name="channels.tasks.look_again")
def look_again() -> int:
    """The house's hours, caps or budget were changed: what waits because of them is looked at again."""
    now, business = timezone.now(), Business.current()
    if business.month_budget is not None:
        purse.count_month(business, now)
    return sending.wake(Delivery.objects.filter(reason__in=checks.LIMITED, status=DeliveryStatus.QUEUED), now=now)


def connect() -> None:
    """Called once, when the room is ready."""
    signals.deliveries_waiting.connect(on_deliveries_waiting)
    signals.call_stored.connect(on_call_stored)
    limits_changed.connect(on_limits_changed)


def on_deliveries_waiting(**_: Any) -> None:
    hints.give(send)


def on_call_stored(**_: Any) -> None:
    hints.give(apply_inbound)


def on_limits_changed(**_: Any) -> None:
    hints.give(look_again)
