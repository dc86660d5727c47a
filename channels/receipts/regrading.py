"""A late verdict: an opening or a click that was taken for a person's turns out to be a program's.

The rows and the delivery say so from then on. A cascade that has stopped for it already stays stopped: its decision stood on what was
known, and a message too few is better than one too many.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields, replace

from django.db import transaction

from channels.contention import insist
from channels.models import Delivery, DeliveryEvent, Grade
from channels.receipts.state import Heard, State, after
from channels.transport import Fact
from contacts import bulk

_STATE = tuple(one.name for one in fields(State))
_SEEN = (Fact.OPENED, Fact.READ, Fact.CLICKED)


def regrade(delivery_id: int, events: Sequence[int], code: str) -> int:
    """Grade these events of one delivery as a program's, for the reason with this code; returns how many changed."""
    return insist(lambda: _regrade(delivery_id, events, code))


def _regrade(delivery_id: int, events: Sequence[int], code: str) -> int:
    with transaction.atomic():
        rows = Delivery.objects.filter(pk=delivery_id).select_for_update(no_key=True).values_list(*_STATE)
        found = list(
            DeliveryEvent.objects.filter(pk__in=events, delivery_id=delivery_id)
            .exclude(grade__in=[Grade.MACHINE, ""])
            .values_list("id", "data", "event_key")
        )
        values = next(iter(rows), None) if found else None
        if values is None:
            return 0
        changed = [(pk, Grade.MACHINE.value, _because(data, code), _freed(key, pk)) for pk, data, key in found]
        bulk.update(DeliveryEvent, ("grade", "data", "event_key"), changed)
        state = _seen_again(State(*values), delivery_id)
        bulk.update(Delivery, _STATE, [(delivery_id, *(getattr(state, name) for name in _STATE))])
    return len(found)


def _because(data: dict[str, object], code: str) -> dict[str, object]:
    return {**data, "grade_reasons": [code]}


def _freed(key: str | None, pk: int) -> str | None:
    """The key is free again for a person who follows the same link within the hour."""
    return f"{key}:{pk}"[-120:] if key else None


def _seen_again(state: State, delivery_id: int) -> State:
    """Engagement as the graded events now tell it."""
    state = replace(state, opened_at=None, opened_grade="", clicked_at=None, clicked_grade="")
    told = DeliveryEvent.objects.filter(delivery_id=delivery_id, fact__in=_SEEN).order_by("id")
    for fact, at, grade in told.values_list("fact", "at", "grade"):
        state = after(state, Heard(fact, at, grade))
    return state
