"""Writing down facts about deliveries, many with one statement; the cascades find them by their empty `handled_at`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from datetime import datetime
from typing import Any

from django.db import transaction

from channels.models import DeliveryEvent
from contacts import bulk
from contacts.signals import facts_recorded

# Facts that only we can tell, beside those of `channels.transport.Fact`.
CANCELLED, UNKNOWN = "cancelled", "unknown"


@dataclass(slots=True, kw_only=True)
class Told:
    """One fact, as a row of `DeliveryEvent`. `delivery_id` is empty for a fact whose message is not known (yet)."""

    fact: str
    channel_id: int
    at: datetime
    recorded_at: datetime
    delivery_id: int | None = None
    contact_id: int | None = None
    event_key: str | None = None
    provider_id: str = ""
    grade: str = ""
    reason: str = ""
    text: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    call_id: int | None = None
    played: bool = False
    handled_at: datetime | None = None


_COLUMNS = tuple(one.name for one in fields(Told))


def write(told: Sequence[Told], *, returning: Sequence[str] = ("id",)) -> list[tuple[Any, ...]]:
    """Write facts in the caller's transaction; one that is known already (same channel and key) is left out, also from the answer."""
    rows = [[getattr(fact, name) for name in _COLUMNS] for fact in told]
    written = bulk.insert(DeliveryEvent, _COLUMNS, rows, ignore_conflicts=True, returning=returning)
    people = sorted({fact.contact_id for fact in told if fact.contact_id and fact.handled_at is None})
    if written and people:
        transaction.on_commit(lambda: nudge(people), robust=True)
    return written


def nudge(people: Sequence[int]) -> None:
    """Tell whoever listens that there is something new about these contacts."""
    facts_recorded.send_robust(sender=DeliveryEvent, contact_ids=list(people))
