"""A claim worked through in waves. One transaction records the last wave, takes the last look at the next and marks it as being sent;
only then, with nothing locked, is the provider called. A crash leaves at most one wave unclear.
"""

from __future__ import annotations

import uuid
from collections import deque
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction

from channels import facts
from channels.contention import insist
from channels.models import Channel, Delivery, DeliveryStatus
from channels.sending import checks, claim, look, record
from channels.sending import purse as purses
from channels.sending.claim import Job
from channels.sending.handover import hand_over, lease_of
from channels.sending.history import history
from channels.sending.look import Again, Going, Seen, Staying
from channels.sending.pace import Pace
from channels.sending.prepare import Prepared, Texts
from channels.sending.purse import Purse
from channels.transport import Fact, Fault, Receipt, Refused, Transport
from contacts import bulk
from contacts.consent import Person
from contacts.models import Business


class Work:
    """One worker's claim on one channel, from the texts to the last record."""

    def __init__(
        self, channel: Channel, business: Business, transport: Transport, clock: Callable[[], datetime], pace: Pace,
        *, durable: bool = True,
    ) -> None:  # fmt: skip
        self.channel, self.business, self.transport, self.clock, self.pace = channel, business, transport, clock, pace
        self.token, self.limits, self.durable = uuid.uuid4(), business.limits, durable
        self.texts = Texts(channel, business)
        self.people: dict[int, Person] = {}
        self.attempts: list[record.Attempt] = []
        self.handed = self.taken = 0

    def take(self, limit: int) -> list[Job]:
        """Claim, and learn what the texts need to know."""
        now = self.clock()
        jobs = claim.take(self.channel, self.token, limit, now)
        self.people = self.texts.people(jobs, now) if jobs else {}
        self.texts.learn(jobs, self.people, now)
        return jobs

    def run(self, jobs: Sequence[Job], until: datetime) -> bool:
        """Wave after wave until nothing is left, the rate is spent, the account is refused or time is up. Whether all were dealt with."""
        waiting = deque(jobs)
        try:
            while waiting and self.clock() < until and not self.refused():
                size = self.pace.grant(len(waiting), self.clock())
                if not size:
                    break
                wave = [waiting.popleft() for _ in range(size)]
                waiting.extendleft(reversed(self._wave(wave)))
        except BaseException:
            self._finish(jobs)  # whatever is still queued of them
            raise
        self._finish(waiting)
        return not waiting

    def refused(self) -> bool:
        """Whether the provider refused the account in the last wave, or asked it to wait."""
        answers = (attempt.result for attempt in self.attempts)
        return any(
            isinstance(answer, Refused) and (answer.fault == Fault.ACCOUNT or answer.retry_after is not None)
            for answer in answers
        )

    def _wave(self, jobs: Sequence[Job]) -> list[Job]:
        """One wave. Returns those whose text must be made again, because the person changed."""
        prepared = self.texts.prepare(jobs, self.people, self.clock())
        going, again = insist(lambda: self._look_and_mark(prepared))
        self.attempts = []  # recorded
        self.pace.used(len(going))
        self.handed += len(going)
        if going:
            self.attempts = hand_over(self.channel, self.transport, going, self.token, self.clock)
            self.taken += sum(isinstance(attempt.result, Receipt) for attempt in self.attempts)
        return again

    def _look_and_mark(self, wave: Sequence[Prepared]) -> tuple[list[Going], list[Job]]:
        now = self.clock()
        jobs = [prepared.job for prepared in wave]
        before = [attempt.going.prepared.job for attempt in self.attempts]
        with transaction.atomic(durable=self.durable):
            people = self.texts.people(jobs, now, lock=True)
            purse = purses.opened([*before, *jobs], self.channel, self.business, now)
            told = record.write(self.attempts, self.channel, self.token, now, purse)
            objections = checks.must_not_go([job.id for job in jobs], _concerned(jobs), now)
            fates = look.decide(wave, self._seen(wave, people, objections, purse, now))
            mine = self._mark(fates, now)
            for fate in look.going(fates):
                if fate.prepared.job.id not in mine:
                    purse.take(fate.prepared.job, -fate.cost)
            purse.close()
            stays = [fate for fate in look.staying(fates) if fate.job.id in mine]
            facts.write([*told, *_told(stays, self.channel, now)])
            checks.tell_text_refused(
                {fate.job.id: str(fate.params["why"]) for fate in stays if fate.reason == "text_broken"}, now
            )
        self.people.update(people)
        going = [fate for fate in look.going(fates) if fate.prepared.job.id in mine]
        return going, [fate.prepared.job for fate in fates if isinstance(fate, Again)]

    def _seen(
        self, wave: Sequence[Prepared], people: dict[int, Person],
        objections: Mapping[int, tuple[str, Mapping[str, Any]]], purse: Purse, now: datetime,
    ) -> Seen:  # fmt: skip
        found = history(wave, people, self.limits, now)
        return Seen(now, self.channel, people, objections, self.limits, found, purse, self.business.time_zone)

    def _mark(self, fates: Sequence[look.Fate], now: datetime) -> set[int]:
        """Write every fate with one statement; returns the deliveries that were still ours."""
        lease = now + lease_of(self.transport)
        rows = [_going_row(fate, self.token, lease, now) for fate in look.going(fates)]
        rows += [_staying_row(fate, now) for fate in look.staying(fates)]
        only = {"claim_token": self.token, "status": DeliveryStatus.QUEUED}
        return {found[0] for found in bulk.update(Delivery, _COLUMNS, sorted(rows), only=only, returning=("id",))}

    def _finish(self, waiting: Sequence[Job]) -> None:
        """Record the last wave by itself, and give back what was not sent."""
        attempts, self.attempts = self.attempts, []
        if attempts:
            insist(lambda: self._record(attempts))
        if waiting:
            claim.release(waiting, self.token)

    def _record(self, attempts: list[record.Attempt]) -> None:
        now = self.clock()
        with transaction.atomic(durable=self.durable):
            jobs = [attempt.going.prepared.job for attempt in attempts]
            purse = purses.opened(jobs, self.channel, self.business, now)
            facts.write(record.write(attempts, self.channel, self.token, now, purse))
            purse.close()


def _concerned(jobs: Sequence[Job]) -> list[int]:
    """Whose facts may speak against it: the person's own, and those of the student whom it is about."""
    return [*(job.contact_id for job in jobs), *(job.student for job in jobs if job.student)]


_COLUMNS = (
    "status", "reason", "reason_params", "not_before", "ended_at", "claim_token", "lease_until", "sending_at", "address", "language",
    "tracked", "links", "subject", "once_key", "cost",
)  # fmt: skip


def _going_row(fate: Going, token: uuid.UUID, lease: datetime, now: datetime) -> tuple[Any, ...]:
    job, text, person = fate.prepared.job, fate.prepared.rendered, fate.prepared.person
    assert text is not None and person is not None  # noqa: PT018
    return (
        job.id, DeliveryStatus.SENDING.value, "", {}, job.not_before, None, token, lease, now, fate.address, person.language,
        fate.prepared.tracked, list(text.links), text.subject[:255], fate.once_key, fate.cost,
    )  # fmt: skip


def _staying_row(fate: Staying, now: datetime) -> tuple[Any, ...]:
    job = fate.job
    return (
        job.id, fate.status.value, fate.reason, dict(fate.params), fate.not_before or job.not_before,
        None if fate.status == DeliveryStatus.QUEUED else now, None, None, job.sending_at, job.address, job.language, job.tracked,
        job.links, job.subject, job.once_key, 0,
    )  # fmt: skip


_FACTS = {DeliveryStatus.CANCELLED: facts.CANCELLED, DeliveryStatus.EXPIRED: Fact.EXPIRED.value}


def _told(stays: Sequence[Staying], channel: Channel, now: datetime) -> list[facts.Told]:
    """Facts about those that will not go any more. A wait is told by the delivery itself."""
    return [
        facts.Told(
            fact=_FACTS[fate.status], channel_id=channel.pk, delivery_id=fate.job.id, contact_id=fate.job.contact_id, at=now,
            recorded_at=now, reason=fate.reason,
        )
        for fate in stays
        if fate.status in _FACTS
    ]  # fmt: skip
