"""What the people of a wave had before: how much, and which texts went to which addresses; and who goes before them now."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Case, CharField, DateTimeField, F, IntegerField, Q, Value, When
from django.db.models.functions import Cast

from channels.models import Channel, Delivery, DeliveryStatus, Purpose
from channels.models.delivery import WENT_OUT
from channels.sending import look, pace
from channels.sending.claim import Job
from channels.sending.prepare import Prepared
from contacts import bulk
from contacts.caps import Limit
from contacts.consent import Ask, Person


class Ahead(NamedTuple):
    """A message that is due and more important than one of the wave."""

    kind: str
    priority: int


@dataclass(slots=True)
class History:
    """had: what went to each contact, as (when, kind of channel); ahead: what else is due to them and more important; taken: once
    keys, with the delivery that has them."""

    had: dict[int, list[tuple[datetime, str]]] = field(default_factory=lambda: defaultdict(list))
    ahead: dict[int, list[Ahead]] = field(default_factory=lambda: defaultdict(list))
    taken: dict[str, int] = field(default_factory=dict)


def history(wave: Sequence[Prepared], people: Mapping[int, Person], limits: Sequence[Limit], now: datetime) -> History:
    """What matters of the wave's contacts to these caps, and which once keys are taken; one statement, or none."""
    queries = []
    if keys := {key for prepared in wave if (key := _key(prepared, people))}:
        taken = Delivery.objects.filter(once_key__in=keys).order_by()
        no_time = Cast(Value(None), DateTimeField())
        queries.append(taken.values_list(Value(_TAKEN, IntegerField()), "id", "once_key", no_time, "priority"))
    counting = [prepared.job for prepared in wave if prepared.job.counts]
    if counting and limits:
        queries.append(_counted(counting, min(limit.reaches_back(now) for limit in limits), now))
    found = History()
    for what, number, text, at, priority in queries[0].union(*queries[1:], all=True) if queries else ():
        if what == _TAKEN:
            found.taken[text] = number
        elif what == _HAD:
            found.had[number].append((at, text))
        else:
            found.ahead[number].append(Ahead(text, priority))
    return found


_TAKEN, _HAD, _AHEAD = range(3)


def _counted(jobs: Sequence[Job], since: datetime, now: datetime) -> Any:
    """What went to these contacts since then, and what is due to them and more important than some of these; their own rows once."""
    mine = bulk.Among("id", [job.id for job in jobs])
    waits = Q(status=DeliveryStatus.QUEUED, priority__gt=min(job.priority for job in jobs), not_before__lte=now)
    ahead = waits & ~Q(mine) & (Q(valid_until=None) | Q(valid_until__gt=now))
    ahead &= Q(channel__in=Channel.objects.filter(pace.usable(now)).order_by().values("pk"))
    theirs = Delivery.objects.filter(
        Q(status__in=WENT_OUT, sending_at__gt=since) | ahead,
        bulk.Among("contact_id", {job.contact_id for job in jobs}),
        purpose=Purpose.MARKETING,
        sandbox=jobs[0].sandbox,
    )
    what = Case(When(status=DeliveryStatus.QUEUED, then=_AHEAD), default=_HAD, output_field=IntegerField())
    return theirs.order_by().values_list(what, "contact_id", Cast("kind", CharField()), F("sending_at"), "priority")


class Full:
    """Which of these people have had so much that another message would wait; one statement when the first is asked for, or none."""

    def __init__(self, people: Mapping[int, Person], limits: Sequence[Limit], now: datetime) -> None:
        self.people, self.limits, self.now = people, limits, now
        self.known: dict[bool, dict[int, list[tuple[datetime, str]]]] = {}

    def holds(self, person: Person, ask: Ask) -> bool:
        """Whether a cap would keep this message now."""
        if not self.limits or ask.purpose != Purpose.MARKETING:
            return False
        had = self._had(ask.played).get(person.contact_id, ())
        return any(
            len(limit.counted((at for at, kind in had if limit.concerns(kind)), self.now, person.zones))
            >= limit.messages
            for limit in self.limits
            if limit.concerns(ask.kind)
        )

    def _had(self, sandbox: bool) -> dict[int, list[tuple[datetime, str]]]:
        if sandbox not in self.known:
            since = min(limit.reaches_back(self.now) for limit in self.limits)
            went = Delivery.objects.filter(
                bulk.Among("contact_id", self.people), purpose=Purpose.MARKETING, status__in=WENT_OUT, sending_at__gt=since, sandbox=sandbox
            )  # fmt: skip
            found: dict[int, list[tuple[datetime, str]]] = defaultdict(list)
            for contact_id, at, kind in went.order_by().values_list("contact_id", "sending_at", "kind"):
                if at is not None:
                    found[contact_id].append((at, kind))
            self.known[sandbox] = found
        return self.known[sandbox]


def _key(prepared: Prepared, people: Mapping[int, Person]) -> str | None:
    person = people.get(prepared.job.contact_id)
    if person is None or prepared.rendered is None:
        return None
    return look.once_key(prepared.job.scope, person.verdicts[prepared.job.ask].address, prepared.digest)
