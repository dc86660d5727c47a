"""What is new becomes a call for each address that is told of it: once, whatever happens on the way."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db import transaction
from django.db.models import Exists, Max, OuterRef, QuerySet

from channels.models import DeliveryEvent, HookCall, HookState, OutgoingHook, Topic
from contacts import bulk
from contacts.models import Consent, Event

BATCH = 500
# A transaction that took its ids is committed by then.
SETTLES = timedelta(minutes=10)
_COLUMNS = (
    "hook_id", "topic", "fact_id", "payload", "state", "attempts", "next_attempt", "status", "response", "created_at", "done_at",
)  # fmt: skip


class _Source(NamedTuple):
    """Where the facts of a topic are, and what is told of one."""

    facts: Callable[[], QuerySet[Any]]
    told: Callable[[Any], tuple[str, dict[str, Any]]]


def begin(hook: OutgoingHook) -> None:
    """From now on: what happened before is not told."""
    newest = {topic: source.facts().aggregate(last=Max("id"))["last"] or 0 for topic, source in _SOURCES.items()}
    OutgoingHook.objects.filter(pk=hook.pk).update(settled=newest)


def notice(now: datetime) -> int:
    """Write the calls that are due to all active addresses; returns how many. Three statements for each address and topic."""
    return sum(
        _notice(hook, topic, now)
        for hook in OutgoingHook.objects.filter(active=True).order_by("id")
        for topic in hook.topics
        if topic in _SOURCES
    )


def _notice(hook: OutgoingHook, topic: str, now: datetime) -> int:
    source, done = _SOURCES[topic], int(hook.settled.get(topic, 0))
    called = HookCall.objects.filter(hook=hook, topic=topic, fact_id=OuterRef("pk"))
    fresh = source.facts().filter(pk__gt=done)
    found = list(fresh.filter(~Exists(called)).order_by("pk")[:BATCH])
    rows = [
        (hook.pk, topic, fact.pk, _payload(source, fact), HookState.WAITING, 0, now, None, "", now, None)
        for fact in found
    ]
    old = fresh.filter(recorded_at__lte=now - SETTLES)
    if len(found) == BATCH:
        old = old.filter(pk__lte=found[-1].pk)
    with transaction.atomic():
        settled = old.aggregate(last=Max("id"))["last"]
        bulk.insert(HookCall, _COLUMNS, rows, ignore_conflicts=True)
        if settled:
            mine = OutgoingHook.objects.select_for_update().get(pk=hook.pk)
            mine.settled = {**mine.settled, topic: max(settled, int(mine.settled.get(topic, 0)))}
            mine.save(update_fields=["settled"])
            hook.settled = mine.settled
    return len(rows)


def _payload(source: _Source, fact: Any) -> dict[str, Any]:
    kind, data = source.told(fact)
    person = {"id": fact.contact_id, "external_id": fact.contact.external_id if fact.contact else None}
    return {"type": kind, "timestamp": fact.at.isoformat(), "data": {**data, "contact": person, "played": fact.played}}


def _event(event: Event) -> tuple[str, dict[str, Any]]:
    return f"event.{event.name}", {"name": event.name, "key": event.key, "source": event.source, "details": event.data}


def _consent(line: Consent) -> tuple[str, dict[str, Any]]:
    told: Mapping[str, Any] = {"channel": line.kind, "purpose": line.purpose, "given": line.given, "basis": line.basis}
    return f"consent.{'given' if line.given else 'withdrawn'}", {**told, "source": line.source}


def _delivery(fact: DeliveryEvent) -> tuple[str, dict[str, Any]]:
    delivery = fact.delivery
    told = (
        {"id": delivery.token, "channel": delivery.kind, "campaign": delivery.campaign, "step": delivery.step_name}
        if delivery
        else {}
    )
    return f"delivery.{fact.fact}", {**told, "grade": fact.grade, "reason": fact.reason}


_SOURCES: dict[str, _Source] = {
    Topic.EVENT: _Source(lambda: Event.objects.select_related("contact"), _event),
    Topic.CONSENT: _Source(lambda: Consent.objects.select_related("contact"), _consent),
    Topic.DELIVERY: _Source(
        lambda: DeliveryEvent.objects.filter(delivery__isnull=False, contact__isnull=False).select_related("contact", "delivery"),
        _delivery,
    ),
}  # fmt: skip
