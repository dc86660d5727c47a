"""What the people of a wave had before: how much, and which texts went to which addresses."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import CharField, IntegerField, Value

from channels.models import Delivery, Purpose
from channels.models.delivery import WENT_OUT
from channels.sending import look
from channels.sending.prepare import Prepared
from contacts import bulk
from contacts.consent import Person
from contacts.models import Business


def history(
    wave: Sequence[Prepared], people: Mapping[int, Person], business: Business, now: datetime
) -> tuple[Counter[int], dict[str, int]]:
    """What the wave's contacts had within the cap's period, and which once keys are taken by which delivery; one statement, or none."""
    jobs = [prepared.job for prepared in wave]
    keys = {key for prepared in wave if (key := _key(prepared, people))}
    queries = []
    if keys:
        taken = Delivery.objects.filter(once_key__in=keys).order_by()
        queries.append(taken.values_list(Value(0, IntegerField()), "id", "once_key"))
    capped = {job.contact_id for job in jobs if job.counts} if business.cap_messages is not None else set()
    if capped:
        queries.append(_counted(capped, sandbox=jobs[0].sandbox, since=now - timedelta(days=business.cap_days)))
    counted: Counter[int] = Counter()
    held: dict[str, int] = {}
    for what, number, key in queries[0].union(*queries[1:], all=True) if queries else ():
        if what:
            counted[number] += 1
        else:
            held[key] = number
    return counted, held


def _counted(contacts: set[int], *, sandbox: bool, since: datetime) -> Any:
    went = Delivery.objects.filter(
        bulk.Among("contact_id", contacts),
        purpose=Purpose.MARKETING,
        status__in=WENT_OUT,
        sending_at__gt=since,
        sandbox=sandbox,
    )
    return went.order_by().values_list(Value(1, IntegerField()), "contact_id", Value("", CharField()))


def _key(prepared: Prepared, people: Mapping[int, Person]) -> str | None:
    person = people.get(prepared.job.contact_id)
    if person is None or prepared.rendered is None:
        return None
    return look.once_key(prepared.job.scope, person.verdicts[prepared.job.ask].address, prepared.digest)
