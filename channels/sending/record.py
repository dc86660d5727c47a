"""What became of the messages that were handed over: the one place that writes the outcome of an attempt."""

from __future__ import annotations

import random
import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from channels import consequences, facts
from channels.models import Channel, Delivery, DeliveryStatus
from channels.sending import checks, pace
from channels.sending.look import LONG_HOLD, Going
from channels.sending.purse import Purse, estimate
from channels.transport import Fact, Fault, Receipt, Refused, Result, Unclear
from contacts import bulk

ATTEMPTS = 5  # for what the provider could not take
ATTEMPTS_WHEN_ASKED = 30  # where it asked us to wait, which is no fault of the message
BACKOFF, BACKOFF_LONGEST = timedelta(minutes=1), timedelta(hours=2)
SILENT_WAVE = 5  # so many in a wave, none taken and none judged: the account rests
RECONCILE_AFTER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One message that was handed over, and what came of it. templated: as an approved template, not as its own text."""

    going: Going
    result: Result
    at: datetime
    templated: bool = False


@dataclass(frozen=True, slots=True)
class Outcome:
    """What an attempt means for the delivery. `fact`: what is written down, "" for nothing; `wakes`: whether the cascades must know."""

    status: DeliveryStatus
    fact: str = ""
    reason: str = ""
    params: Mapping[str, Any] = field(default_factory=dict)
    attempts: int = 0
    not_before: datetime | None = None
    provider_id: str = ""
    segments: int | None = None
    cost: Decimal = Decimal(0)
    wakes: bool = True


def write(
    attempts: Sequence[Attempt], channel: Channel, token: uuid.UUID, now: datetime, purse: Purse
) -> list[facts.Told]:
    """Record a wave's outcomes with one statement (one more if callbacks were faster than we). Returns facts for the caller to write.

    Every write carries the claim's token: what the sweep, staff or another worker decided meanwhile is not overwritten.
    """
    if not attempts:
        return []
    outcomes = {attempt.going.prepared.job.id: _judge(attempt, channel) for attempt in attempts}
    rows = [_row(attempt, outcomes[attempt.going.prepared.job.id]) for attempt in attempts]
    only = {"claim_token": token, "status": [DeliveryStatus.SENDING, DeliveryStatus.UNKNOWN]}
    written = dict(bulk.update(Delivery, _COLUMNS, sorted(rows), only=only, returning=("id", "address")))
    if len(written) < len(rows):
        written |= _overtaken(
            [attempt for attempt in attempts if attempt.going.prepared.job.id not in written], outcomes, token
        )
    if erased := {pk for pk, address in written.items() if not address}:
        _without_words(erased, now)
    for attempt in attempts:
        job = attempt.going.prepared.job
        if job.id in written:
            purse.take(job, outcomes[job.id].cost - attempt.going.cost)
    _tell_the_account(attempts, channel, now)
    _tell_the_text(attempts, now)
    consequences.of_refusals(_dead(attempts), channel, now)
    kept = [attempt for attempt in attempts if attempt.going.prepared.job.id in written]
    told = [_fact(attempt, outcomes[attempt.going.prepared.job.id], channel, now) for attempt in kept]
    return [_bare(fact) if fact.delivery_id in erased else fact for fact in told if fact.fact]


def _without_words(deliveries: Collection[int], now: datetime) -> None:
    """Their people were erased while they were on their way: a message that is being sent has an address, and these have none any more."""
    mine = Delivery.objects.filter(bulk.Among("id", deliveries))
    mine.update(reason_params={})
    mine.filter(status=DeliveryStatus.QUEUED).update(status=DeliveryStatus.CANCELLED, reason="erased", ended_at=now)


def _bare(fact: facts.Told) -> facts.Told:
    """That it happened, without what was said."""
    return replace(fact, text="", reason="", data={})


_COLUMNS = (
    "status", "reason", "reason_params", "attempts", "not_before", "provider_id", "segments", "cost", "sent_at", "ended_at",
    "claim_token", "lease_until",
)  # fmt: skip
_ENDS = (DeliveryStatus.FAILED, DeliveryStatus.BOUNCED)


def _row(attempt: Attempt, outcome: Outcome) -> tuple[Any, ...]:
    job = attempt.going.prepared.job
    return (
        job.id, outcome.status.value, outcome.reason, dict(outcome.params), outcome.attempts, outcome.not_before or job.not_before,
        outcome.provider_id, outcome.segments, outcome.cost, attempt.at if outcome.status == DeliveryStatus.SENT else None,
        attempt.at if outcome.status in _ENDS else None, None,
        attempt.at + RECONCILE_AFTER if outcome.status == DeliveryStatus.UNKNOWN else None,
    )  # fmt: skip


def _overtaken(attempts: Sequence[Attempt], outcomes: Mapping[int, Outcome], token: uuid.UUID) -> dict[int, str]:
    """A callback has already told more than the provider's answer: only what the callback cannot know is added."""
    rows = [
        (job.id, outcome.provider_id, outcome.segments, outcome.cost, None, None)
        for attempt in attempts
        if (outcome := outcomes[(job := attempt.going.prepared.job).id]).status == DeliveryStatus.SENT
    ]
    columns = ("provider_id", "segments", "cost", "claim_token", "lease_until")
    return dict(bulk.update(Delivery, columns, sorted(rows), only={"claim_token": token}, returning=("id", "address")))


def _judge(attempt: Attempt, channel: Channel) -> Outcome:
    job = attempt.going.prepared.job
    match attempt.result:
        case Receipt():
            return _taken(attempt, attempt.result, channel)
        case Unclear():
            why = {"why": _why(attempt.result)}
            return Outcome(
                DeliveryStatus.UNKNOWN, facts.UNKNOWN, "unclear", why, job.attempts + 1, cost=attempt.going.cost
            )
        case Refused():
            return _refused(attempt, attempt.result)


def _taken(attempt: Attempt, receipt: Receipt, channel: Channel) -> Outcome:
    rendered = attempt.going.prepared.rendered
    segments = receipt.segments or (rendered.segments if rendered else None) or None
    cost = receipt.cost if receipt.cost is not None else estimate(channel, segments)
    return Outcome(
        DeliveryStatus.SENT, Fact.SENT, attempts=attempt.going.prepared.job.attempts + 1, provider_id=receipt.provider_id,
        segments=segments, cost=cost,
    )  # fmt: skip


def _refused(attempt: Attempt, refused: Refused) -> Outcome:
    done = attempt.going.prepared.job.attempts
    why = {"why": _why(refused), "code": refused.reason}
    if refused.opted_out:
        return Outcome(DeliveryStatus.FAILED, Fact.FAILED, "opted_out", why, done + 1)
    if refused.address_dead:
        return Outcome(DeliveryStatus.BOUNCED, Fact.BOUNCED, "address_dead", why, done + 1)
    match refused.fault:
        case Fault.PERSON:
            return Outcome(DeliveryStatus.FAILED, Fact.FAILED, "refused_person", why, done + 1)
        case Fault.ACCOUNT:
            return Outcome(DeliveryStatus.QUEUED, "", "account_refused", why, done)
        case Fault.TEXT:
            return _once_more(attempt, why, "text_refused", "text_given_up", LONG_HOLD, ATTEMPTS)
        case Fault.TEMPORARY:
            most = ATTEMPTS if refused.retry_after is None else ATTEMPTS_WHEN_ASKED
            wait = timedelta(seconds=refused.retry_after) if refused.retry_after else backoff(done)
            return _once_more(attempt, why, "try_again", "gave_up", wait, most)


def _once_more(
    attempt: Attempt, why: dict[str, Any], reason: str, in_the_end: str, wait: timedelta, most: int
) -> Outcome:
    attempts = attempt.going.prepared.job.attempts + 1
    if attempts >= most:
        return Outcome(DeliveryStatus.FAILED, Fact.FAILED, in_the_end, {**why, "attempts": attempts}, attempts)
    jitter = random.uniform(1, 1.25)  # noqa: S311  (spreads load; no secret)
    return Outcome(DeliveryStatus.QUEUED, Fact.DEFERRED, reason, why, attempts, attempt.at + wait * jitter, wakes=False)


def backoff(attempts: int) -> timedelta:
    """How long to wait after so many earlier attempts, without jitter: 1, 4, 16, 64 minutes, then two hours."""
    return min(BACKOFF * float(4**attempts), BACKOFF_LONGEST)


def _why(answer: Refused | Unclear) -> str:
    return " ".join(part for part in (answer.reason, answer.detail) if part)


def _fact(attempt: Attempt, outcome: Outcome, channel: Channel, now: datetime) -> facts.Told:
    job = attempt.going.prepared.job
    return facts.Told(
        fact=str(outcome.fact), channel_id=channel.pk, delivery_id=job.id, contact_id=job.contact_id, at=attempt.at, recorded_at=now,
        provider_id=outcome.provider_id, reason=str(outcome.params.get("code", outcome.reason))[:60],
        data={"attempt": outcome.attempts, **_more(attempt, outcome)}, text=_said(attempt, outcome),
        handled_at=None if outcome.wakes else now,
    )  # fmt: skip


def _said(attempt: Attempt, outcome: Outcome) -> str:
    """The words as they left, short links included: for what stands in a thread. A mail is nobody's chat, and would fill the table; who
    has yet to prove that an address is theirs does so by a link that is nobody else's to read."""
    text, job = attempt.going.prepared.rendered, attempt.going.prepared.job
    if (
        text is None
        or text.html
        or job.unconfirmed
        or outcome.status not in (DeliveryStatus.SENT, DeliveryStatus.UNKNOWN)
    ):
        return ""
    return text.text


def _more(attempt: Attempt, outcome: Outcome) -> dict[str, Any]:
    """What else there is to know: the provider's words, to how many addresses it went if not to one, and what stood in its template."""
    more: dict[str, Any] = {"why": outcome.params["why"]} if "why" in outcome.params else {}
    if attempt.going.also:
        more["addresses"] = len(attempt.going.also) + 1
    if attempt.templated and attempt.going.prepared.rendered:
        more["places"] = dict(attempt.going.prepared.rendered.template_values)
    return more


def _tell_the_account(attempts: Sequence[Attempt], channel: Channel, now: datetime) -> None:
    """The account itself may be refused, or asked to wait; both concern every worker."""
    refusals = [attempt.result for attempt in attempts if isinstance(attempt.result, Refused)]
    waits = [refused.retry_after for refused in refusals if refused.retry_after and refused.fault == Fault.TEMPORARY]
    broken = next((refused for refused in refusals if refused.fault == Fault.ACCOUNT), None) or _silence(attempts)
    if waits:
        pace.pause(channel, now + timedelta(seconds=max(waits)))
    if broken:
        pace.break_off(channel, _why(broken), now)
    elif channel.breaker_count and any(isinstance(attempt.result, Receipt) for attempt in attempts):
        pace.worked(channel, now)


def _silence(attempts: Sequence[Attempt]) -> Refused | Unclear | None:
    """The last of a whole wave in which nobody got through for want of an answer: the provider is away, and the next wave must not
    be spent on finding that out."""
    results = [attempt.result for attempt in attempts]
    mute = [
        result
        for result in results
        if isinstance(result, Unclear)
        or (isinstance(result, Refused) and result.fault == Fault.TEMPORARY and not result.retry_after)
    ]
    return mute[-1] if len(mute) == len(results) >= SILENT_WAVE else None


def _tell_the_text(attempts: Sequence[Attempt], now: datetime) -> None:
    refused = {
        attempt.going.prepared.job.id: _why(attempt.result)
        for attempt in attempts
        if isinstance(attempt.result, Refused) and attempt.result.fault == Fault.TEXT
    }
    checks.tell_text_refused(refused, now)


def _dead(attempts: Sequence[Attempt]) -> list[consequences.Refusal]:
    """Addresses that will take nothing more, also where another one of the same person took the message."""
    found: list[consequences.Refusal] = []
    for attempt in attempts:
        result, to, token = attempt.result, attempt.going.address, attempt.going.prepared.job.token
        whole = isinstance(result, Refused) and (result.address_dead or result.opted_out)
        if isinstance(result, Refused) and whole:
            found.append(consequences.Refusal(to, result.opted_out, token))
        gone = [one for one in result.gone if not (whole and one == to)]
        found += [consequences.Refusal(one, opted_out=False, token=token) for one in gone]
    return found
