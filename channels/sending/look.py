"""The last look at the messages of a wave: pure. Who goes, who waits, who does not go, and why.

The order of the questions is the order of what staff most want to know: the run was stopped, the person may not be written to, it is too
late, it is quiet time, they had enough, the same text is on its way to the same address.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Any

from channels.models import DeliveryStatus
from channels.sending.checks import HOLDS
from channels.sending.claim import Job
from channels.sending.prepare import Prepared
from contacts.consent import Person, Verdict

HOLD = timedelta(seconds=60)  # a message on hold is looked at again after this, or at once when it is woken
LONG_HOLD = timedelta(minutes=5)  # one whose text is broken: staff must act first


@dataclass(frozen=True, slots=True)
class Going:
    """It goes: to this address (and also to these), and no other message with this key may."""

    prepared: Prepared
    address: str
    once_key: str | None
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
    """What the last look knows when it looks. `objections`: see `checks.RunState`; `counted`: messages each contact had within the cap's
    period; `shared`: once keys that are taken, with the delivery that has them; the wave adds its own to both as it goes.
    """

    now: datetime
    people: Mapping[int, Person]
    objections: Mapping[int, tuple[str, Mapping[str, Any]]]
    cap: int | None
    cap_days: int
    counted: Counter[int]
    taken: dict[str, int]


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
        return Staying(job, DeliveryStatus.EXPIRED, "too_late")
    if waits := _quiet(job, verdict, seen.now):
        return waits
    if prepared.broken:
        return Staying(job, DeliveryStatus.QUEUED, "text_broken", {"why": prepared.broken}, seen.now + LONG_HOLD)
    if prepared.problem:
        return _not(job, *prepared.problem)
    if prepared.outdated(person, verdict):
        return Again(prepared)
    return _too_many(job, seen) or _the_same(prepared, verdict, seen) or _go(prepared, verdict, seen)


def _not(job: Job, reason: str, params: Mapping[str, Any] | None = None) -> Staying:
    return Staying(job, DeliveryStatus.CANCELLED, reason, params or {})


def _objected(job: Job, reason: str, params: Mapping[str, Any], now: datetime) -> Staying:
    if reason in HOLDS and not _over(job, now):
        return Staying(job, DeliveryStatus.QUEUED, reason, params, now + HOLD)
    return Staying(job, DeliveryStatus.EXPIRED, "too_late") if reason in HOLDS else _not(job, reason, params)


def _over(job: Job, now: datetime) -> bool:
    return job.valid_until is not None and job.valid_until <= now


def _quiet(job: Job, verdict: Verdict, now: datetime) -> Staying | None:
    """It waits for the end of the quiet time, unless it would be worth nothing by then: the next step must not wait for that."""
    if verdict.not_before is None or verdict.not_before <= now:
        return None
    if _over(job, verdict.not_before):
        return Staying(job, DeliveryStatus.EXPIRED, "too_late_after_quiet_hours", verdict.params)
    return Staying(job, DeliveryStatus.QUEUED, verdict.reason, verdict.params, verdict.not_before)


def _too_many(job: Job, seen: Seen) -> Staying | None:
    if seen.cap is None or not job.counts or seen.counted[job.contact_id] < seen.cap:
        return None
    return _not(job, "capped", {"messages": seen.counted[job.contact_id], "days": seen.cap_days})


def _the_same(prepared: Prepared, verdict: Verdict, seen: Seen) -> Staying | None:
    key = once_key(prepared.job.scope, verdict.address, prepared.digest)
    if key is None or seen.taken.get(key, prepared.job.id) == prepared.job.id:
        return None
    return _not(prepared.job, "same_text_same_address", {"delivery": seen.taken[key]})


def _go(prepared: Prepared, verdict: Verdict, seen: Seen) -> Going:
    key = once_key(prepared.job.scope, verdict.address, prepared.digest)
    if key is not None:
        seen.taken[key] = prepared.job.id
    if prepared.job.counts:
        seen.counted[prepared.job.contact_id] += 1
    return Going(prepared, verdict.address, key, _also(prepared, verdict, seen) if verdict.also else ())


def _also(prepared: Prepared, verdict: Verdict, seen: Seen) -> tuple[str, ...]:
    """The further addresses, without those that somebody else's message with the same text goes to."""
    job, free = prepared.job, []
    for address in verdict.also:
        key = once_key(job.scope, address, prepared.digest)
        if key is None or seen.taken.setdefault(key, job.id) == job.id:
            free.append(address)
    return tuple(free)


def going(fates: Iterable[Fate]) -> list[Going]:
    return [fate for fate in fates if isinstance(fate, Going)]


def staying(fates: Iterable[Fate]) -> list[Staying]:
    return [fate for fate in fates if isinstance(fate, Staying)]
