"""What one fact makes of a delivery: pure, and the same in whatever order facts come, once or many times."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from decimal import Decimal
from typing import Any

from channels import states
from channels.models import DeliveryStatus, Grade
from channels.transport import Fact

_GRADES = {"": 0, Grade.MACHINE: 1, Grade.UNSURE: 2, Grade.HUMAN: 3}
_REASONS = {Fact.FAILED: "reported_failed", Fact.BOUNCED: "address_dead", Fact.EXPIRED: "reported_expired"}
_ENDS = frozenset({DeliveryStatus.FAILED, DeliveryStatus.BOUNCED, DeliveryStatus.EXPIRED})


@dataclass(frozen=True, slots=True)
class Heard:
    """One fact about one delivery. `grade`: who opened or clicked; `why`: the provider's words for a failure."""

    fact: str
    at: datetime
    grade: str = ""
    why: str = ""
    provider_id: str = ""
    segments: int | None = None
    cost: Decimal | None = None


@dataclass(frozen=True, slots=True)
class State:
    """What of a delivery can change by what is heard."""

    status: str
    reason: str = ""
    reason_params: Mapping[str, Any] = field(default_factory=dict)
    provider_id: str = ""
    segments: int | None = None
    cost: Decimal = Decimal(0)
    sending_at: datetime | None = None
    sent_at: datetime | None = None
    delivered_at: datetime | None = None
    ended_at: datetime | None = None
    opened_at: datetime | None = None
    opened_grade: str = ""
    clicked_at: datetime | None = None
    clicked_grade: str = ""
    replied_at: datetime | None = None
    unsubscribed_at: datetime | None = None
    lease_until: datetime | None = None


def after(state: State, heard: Heard) -> State:
    """The state after one more fact."""
    state = _moved(state, heard)
    state = _engaged(state, heard)
    return replace(
        state, provider_id=state.provider_id or heard.provider_id, segments=_more(state.segments, heard.segments),
        cost=_more(state.cost, heard.cost) or Decimal(0),
    )  # fmt: skip


def _moved(state: State, heard: Heard) -> State:
    """The move that the fact speaks for, and its time. Of several facts that say the same, the earliest is kept."""
    new = states.after(state.status, heard.fact)
    moved, same = new != state.status, states.SPEAKS_FOR.get(heard.fact) == state.status
    if moved:
        state = replace(state, status=new, sending_at=state.sending_at or heard.at, lease_until=_lease(state))
    if heard.fact in (Fact.SENT, Fact.ACCEPTED):
        state = replace(state, sent_at=_earlier(state.sent_at, heard.at))
    if heard.fact == Fact.DELIVERED:
        state = replace(state, delivered_at=_earlier(state.delivered_at, heard.at))
    if new in _ENDS and (moved or same):
        return _ended(state, heard, moved=moved)
    return replace(state, ended_at=None, reason="", reason_params={}) if moved else state


def _ended(state: State, heard: Heard, *, moved: bool) -> State:
    """It did not arrive, because of this. Of two reasons that come with the same fact the earlier one is kept, then the lesser text."""
    mine = (heard.at, heard.why)
    theirs = (state.ended_at or heard.at, str(state.reason_params.get("why", "")))
    if not moved and theirs <= mine:
        return state
    reason = _REASONS[Fact(heard.fact)]
    return replace(state, ended_at=heard.at, reason=reason, reason_params={"why": heard.why} if heard.why else {})


def _lease(state: State) -> datetime | None:
    """While a worker has it in hand its lease stays; what was unclear and is so no more needs no further asking."""
    return state.lease_until if state.status in (DeliveryStatus.SENDING, DeliveryStatus.QUEUED) else None


def _engaged(state: State, heard: Heard) -> State:
    """Engagement: the surest grade wins, then the earliest. A click by a person implies that the person opened."""
    grade = heard.grade or Grade.HUMAN
    match heard.fact:
        case Fact.OPENED | Fact.READ:
            return _opened(state, heard.at, grade)
        case Fact.CLICKED:
            at, best = _surest(state.clicked_at, state.clicked_grade, heard.at, grade)
            state = replace(state, clicked_at=at, clicked_grade=best)
            return _opened(state, heard.at, grade) if grade == Grade.HUMAN else state
        case Fact.REPLIED:
            return replace(state, replied_at=_earlier(state.replied_at, heard.at))
        case Fact.UNSUBSCRIBED | Fact.STOPPED | Fact.COMPLAINED:
            return replace(state, unsubscribed_at=_earlier(state.unsubscribed_at, heard.at))
    return state


def _opened(state: State, at: datetime, grade: str) -> State:
    opened_at, opened_grade = _surest(state.opened_at, state.opened_grade, at, grade)
    return replace(state, opened_at=opened_at, opened_grade=opened_grade)


def _surest(at: datetime | None, grade: str, new_at: datetime, new_grade: str) -> tuple[datetime, str]:
    if at is None or _GRADES[new_grade] > _GRADES[grade]:
        return new_at, new_grade
    return (min(at, new_at), grade) if _GRADES[new_grade] == _GRADES[grade] else (at, grade)


def _earlier(one: datetime | None, other: datetime) -> datetime:
    return min(one, other) if one else other


def _more(one: Any, other: Any) -> Any:
    return max(one, other) if one is not None and other is not None else other if one is None else one
