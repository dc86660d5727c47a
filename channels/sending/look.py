"""The last look at the messages of a wave: pure. Who goes, who waits, who does not go, and why.

The order of the questions is the order of what staff most want to know: the run was stopped, the person may not be written to, it is too
late, it is quiet time, they had enough, the same text is on its way to the same address.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal
from hashlib import sha256
from typing import TYPE_CHECKING, Any

from channels.models import Channel, DeliveryStatus
from channels.sending.checks import HOLDS, LATE
from channels.sending.claim import Job
from channels.sending.prepare import Prepared
from channels.sending.purse import Purse, estimate
from channels.sending.spread import spread
from contacts import caps
from contacts.caps import Limit
from contacts.consent import Person, Verdict

if TYPE_CHECKING:
    from channels.sending.history import History

HOLD = timedelta(seconds=60)  # a message on hold is looked at again after this, or at once when it is woken
BUDGET_HOLD = timedelta(hours=1)  # one that is too dear now: at once, too, when staff give more money
LONG_HOLD = timedelta(minutes=5)  # one whose text is broken: staff must act first


@dataclass(frozen=True, slots=True)
class Going:
    """It goes: to this address (and also to these), and no other message with this key may. cost: what was reserved for it."""

    prepared: Prepared
    address: str
    once_key: str | None
    cost: Decimal = Decimal(0)
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Staying:
    """It does not go now. `status` is queued (until `not_before`), cancelled or expired; `reason` says why."""

    job: Job
    status: DeliveryStatus
    reason: str
    params: Mapping[str, Any] = field(default_factory=dict)
    not_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class Again:
    """Something about the person changed since the text was made: make it again, then look again."""

    prepared: Prepared


Fate = Going | Staying | Again


@dataclass(slots=True)
class Seen:
    """What the last look knows when it looks. `objections`: see `checks.RunState`; `limits`: the caps; `history`: what the people had, and
    the once keys that are taken; `purse`: what may be spent. The wave adds its own to both as it goes. zone: the business's name of it.
    """

    now: datetime
    channel: Channel
    people: Mapping[int, Person]
    objections: Mapping[int, tuple[str, Mapping[str, Any]]]
    limits: Sequence[Limit]
    history: History
    purse: Purse
    zone: str


def decide(wave: Iterable[Prepared], seen: Seen) -> list[Fate]:
    """The fate of each message, in order: who comes first counts for those who follow."""
    return [_one(prepared, seen) for prepared in wave]


def once_key(scope: str, address: str, digest: str) -> str | None:
    """The hash under which one text goes to one address once; None where the occasion is nobody else's."""
    return sha256(f"{scope}\x1f{address.lower()}\x1f{digest}".encode()).hexdigest() if scope else None


def _one(prepared: Prepared, seen: Seen) -> Fate:
    job = prepared.job
    person = seen.people.get(job.contact_id)
    if person is None:
        return _not(job, "contact_gone")
    if objection := seen.objections.get(job.id):
        return _objected(job, *objection, seen.now)
    verdict = person.verdicts[job.ask]
    if not verdict.ok:
        return _not(job, verdict.reason, verdict.params)
    if _over(job, seen.now):
        return _late(job)
    if waits := _quiet(job, verdict, seen):
        return waits
    if prepared.broken:
        return Staying(job, DeliveryStatus.QUEUED, "text_broken", {"why": prepared.broken}, seen.now + LONG_HOLD)
    if prepared.problem:
        return _not(job, *prepared.problem)
    if prepared.outdated(person, verdict):
        return Again(prepared)
    return (
        _too_many(job, person, seen)
        or _the_same(prepared, verdict, seen)
        or _too_dear(prepared, seen)
        or _go(prepared, verdict, seen)
    )


def _not(job: Job, reason: str, params: Mapping[str, Any] | None = None) -> Staying:
    return Staying(job, DeliveryStatus.CANCELLED, reason, params or {})


def _objected(job: Job, reason: str, params: Mapping[str, Any], now: datetime) -> Staying:
    if reason in HOLDS and not _over(job, now):
        return Staying(job, DeliveryStatus.QUEUED, reason, params, now + HOLD)
    return _late(job) if reason in HOLDS else _not(job, reason, params)


def _late(job: Job) -> Staying:
    """Its time is over; where a cap or a budget kept it so long, that is the reason."""
    if job.reason in LATE:
        return Staying(job, DeliveryStatus.EXPIRED, LATE[job.reason], job.reason_params)
    return Staying(job, DeliveryStatus.EXPIRED, "too_late")


def _keep(job: Job, reason: str, params: Mapping[str, Any], until: datetime) -> Staying:
    """It waits, until the end of its validity at most."""
    if job.valid_until is not None:
        until = min(until, job.valid_until)
    return Staying(job, DeliveryStatus.QUEUED, reason, params, until)


def _over(job: Job, now: datetime) -> bool:
    return job.valid_until is not None and job.valid_until <= now


def _quiet(job: Job, verdict: Verdict, seen: Seen) -> Staying | None:
    """It waits for the end of the quiet time, unless it would be worth nothing by then: the next step must not wait for that."""
    opens = verdict.not_before
    if opens is None or opens <= seen.now:
        return None
    if _over(job, opens):
        return Staying(job, DeliveryStatus.EXPIRED, "too_late_after_quiet_hours", verdict.params)
    leaves = spread(opens, job.token, seen.channel.spread, verdict.open_until, job.valid_until)
    return Staying(job, DeliveryStatus.QUEUED, verdict.reason, verdict.params, leaves)


def _too_many(job: Job, person: Person, seen: Seen) -> Staying | None:
    """It waits until every cap has room for it, or a moment where the last place belongs to a more important message that is due."""
    if not job.counts:
        return None
    had, yields = seen.history.had.get(job.contact_id, ()), False
    full: list[tuple[datetime, Limit, int]] = []
    for limit in seen.limits:
        if not limit.concerns(job.kind):
            continue
        times = limit.counted((at for at, kind in had if limit.concerns(kind)), seen.now, person.zones)
        if len(times) >= limit.messages:
            full.append((limit.frees(times, seen.now, person.zones), limit, len(times)))
        elif len(times) + _before(job, limit, seen.history) >= limit.messages:
            yields = True
    if full:
        until, limit, count = max(full)
        return _keep(job, _CAPS[limit.period], _numbers(limit, count, until, seen.zone), until)
    return _keep(job, "capped_for_other", {}, seen.now + HOLD) if yields else None


def _before(job: Job, limit: Limit, history: History) -> int:
    """How many messages that are due to the same person go before this one."""
    due = history.ahead.get(job.contact_id, ())
    return sum(1 for one in due if one.priority > job.priority and limit.concerns(one.kind))


_CAPS = {
    caps.ROLLING: "capped", caps.DAY: "capped_day", caps.WEEK: "capped_week", caps.MONTH: "capped_month",
}  # fmt: skip


def _numbers(limit: Limit, count: int, until: datetime, zone: str) -> dict[str, Any]:
    what = f"kind:{limit.kind}" if limit.kind else "messages"
    return {"messages": count, "what": what, "days": limit.days, "when": until.isoformat(), "zone": zone}


def _too_dear(prepared: Prepared, seen: Seen) -> Staying | None:
    """It waits for more money: of its cascade, or of the next month."""
    job = prepared.job
    budget = seen.purse.refuses(job, _cost(prepared, seen))
    if budget is None:
        return None
    amount = seen.purse.pots[budget].amount
    params: dict[str, Any] = {"amount": f"{amount:.2f}"}
    if budget != seen.purse.month or seen.purse.ends is None:
        return _keep(job, "budget", params, seen.now + BUDGET_HOLD)
    params |= {"when": seen.purse.ends.isoformat(), "zone": seen.zone}
    return _keep(job, "budget_month", params, seen.purse.ends)


def _cost(prepared: Prepared, seen: Seen) -> Decimal:
    return estimate(seen.channel, prepared.rendered.segments if prepared.rendered else None)


def _the_same(prepared: Prepared, verdict: Verdict, seen: Seen) -> Staying | None:
    key = once_key(prepared.job.scope, verdict.address, prepared.digest)
    if key is None or seen.history.taken.get(key, prepared.job.id) == prepared.job.id:
        return None
    return _not(prepared.job, "same_text_same_address", {"delivery": seen.history.taken[key]})


def _go(prepared: Prepared, verdict: Verdict, seen: Seen) -> Going:
    key = once_key(prepared.job.scope, verdict.address, prepared.digest)
    job, cost = prepared.job, _cost(prepared, seen)
    if key is not None:
        seen.history.taken[key] = job.id
    if job.counts and seen.limits:
        seen.history.had[job.contact_id].append((seen.now, job.kind))
    seen.purse.take(job, cost)
    return Going(prepared, verdict.address, key, cost, _also(prepared, verdict, seen) if verdict.also else ())


def _also(prepared: Prepared, verdict: Verdict, seen: Seen) -> tuple[str, ...]:
    """The further addresses, without those that somebody else's message with the same text goes to."""
    job, free = prepared.job, []
    for address in verdict.also:
        key = once_key(job.scope, address, prepared.digest)
        if key is None or seen.history.taken.setdefault(key, job.id) == job.id:
            free.append(address)
    return tuple(free)


def going(fates: Iterable[Fate]) -> list[Going]:
    return [fate for fate in fates if isinstance(fate, Going)]


def staying(fates: Iterable[Fate]) -> list[Staying]:
    return [fate for fate in fates if isinstance(fate, Staying)]
