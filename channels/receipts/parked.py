"""Facts that came before their message's provider id was known to us: they wait, and are applied when it is."""

from __future__ import annotations

from collections import defaultdict
from datetime import datetime, timedelta
from typing import Any

from django.db import transaction
from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext_noop

from channels import facts
from channels.models import Delivery, DeliveryEvent, InboundCall, InboundState
from channels.receipts.apply import hear
from channels.receipts.state import Heard
from contacts import bulk

WAITS = timedelta(days=7)  # after this it was surely about a message of somebody else's on the same account
PORTION = 500


def release(now: datetime) -> int:
    """Apply parked facts whose message is known by now; returns how many. Five statements, one where there is nothing to do."""
    with transaction.atomic():
        found = _known(now)
        rows = [(pk, delivery_id, contact_id, None) for pk, delivery_id, contact_id, *_ in found]
        taken = bulk.update(
            DeliveryEvent,
            ("delivery_id", "contact_id", "handled_at"),
            rows,
            only={"delivery_id": None},
            returning=("id",),
        )
        mine = {pk for (pk,) in taken}
        heard: dict[int, list[Heard]] = defaultdict(list)
        for pk, delivery_id, _, fact, at, grade, reason, data, provider_id, _call in found:
            if pk in mine:
                why = " ".join(part for part in (reason, data.get("why", "")) if part)
                heard[delivery_id].append(Heard(fact, at, grade, why, provider_id))
        hear(heard)
        _calls_are_done({call for *_, call in found if call}, now)
        people = sorted({contact_id for pk, _, contact_id, *_ in found if pk in mine})
        if people:
            transaction.on_commit(lambda: facts.nudge(people), robust=True)
    return len(mine)


def give_up(now: datetime) -> int:
    """Calls that waited too long for their message wait no more."""
    old = InboundCall.objects.filter(state=InboundState.PARKED, received_at__lt=now - WAITS)
    return old.update(state=InboundState.APPLIED, problem=gettext_noop("no message of ours"), applied_at=now)


def _waiting(now: datetime) -> QuerySet[DeliveryEvent]:
    return DeliveryEvent.objects.filter(~Q(provider_id=""), delivery=None, contact=None, recorded_at__gt=now - WAITS)


def _known(now: datetime) -> list[tuple[Any, ...]]:
    owner = Delivery.objects.filter(
        ~Q(provider_id=""), channel=OuterRef("channel"), provider_id=OuterRef("provider_id")
    ).order_by("-id")
    known = _waiting(now).annotate(
        about=Subquery(owner.values("id")[:1]), whose=Subquery(owner.values("contact_id")[:1])
    ).filter(about__isnull=False)  # fmt: skip
    return list(
        known.order_by("id").values_list(
            "id", "about", "whose", "fact", "at", "grade", "reason", "data", "provider_id", "call_id"
        )[:PORTION]
    )  # fmt: skip


def _calls_are_done(calls: set[int], now: datetime) -> None:
    """A call none of whose facts waits any more is taken in."""
    if calls:
        still = (
            DeliveryEvent.objects.filter(call_id__in=calls, delivery=None, contact=None)
            .exclude(provider_id="")
            .values("call_id")
        )
        done = InboundCall.objects.filter(pk__in=calls, state=InboundState.PARKED).exclude(pk__in=still)
        done.update(state=InboundState.APPLIED, applied_at=now)
