"""The brakes: stop, pause and resume a cascade, hold and release one step.

All of them reach what is queued, at its last look at the latest.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import F, QuerySet, Value
from django.db.models.functions import Greatest
from django.utils.translation import gettext as _

from cascades.models import Cascade, CascadeStatus, Enrollment, Launch, LaunchState, Outcome, StepControl, StepRun
from cascades.runner import plans
from cascades.trigger import Over
from channels import sending
from channels.models import Delivery
from contacts import bulk
from contacts.bulk import Among

PORTION = 2000
REASON_LENGTH = 255


def stop(cascade_id: int, *, now: datetime) -> bool:
    """End the cascade for everyone who is still in it, and call back what is queued; False if there was nothing to stop.

    What is left open by a crash on the way, the next tick ends. Starts that have not begun are cancelled with it.
    """
    with transaction.atomic():
        going = Cascade.objects.filter(pk=cascade_id, status__in=[CascadeStatus.RUNNING, CascadeStatus.PAUSED])
        if not going.update(status=CascadeStatus.STOPPED, updated_at=now):
            return False
        waiting = Launch.objects.filter(cascade_id=cascade_id, state__in=[LaunchState.PLANNED, LaunchState.ENROLLING])
        waiting.update(state=LaunchState.CANCELLED, claim_token=None, lease_until=None)
    drain(cascade_id, now)
    return True


def drain(cascade_id: int, now: datetime) -> int:
    """End the open enrollments of a stopped cascade in short transactions; returns how many.

    Whoever another worker holds just now is left to the next tick.
    """
    return sum(_portions(cascade_id, now))


def _portions(cascade_id: int, now: datetime) -> Iterator[int]:
    return end(
        Enrollment.objects.filter(cascade_id=cascade_id, outcome=Outcome.OPEN).order_by("id"), "cascade_stopped", now
    )


def end(still_open: QuerySet[Enrollment], reason: str, now: datetime) -> Iterator[int]:
    """End these, who come in an order, and call back what is queued for them: how many, portion by portion."""
    ended: dict[str, Any] = {
        "outcome": Outcome.STOPPED, "reason": reason, "reason_params": {}, "next_due_at": None, "ended_at": now,
        "claim_token": None,
    }  # fmt: skip
    while True:
        with transaction.atomic():
            ids = [pk for (pk,) in bulk.claim(still_open, limit=PORTION, changes=ended)]
            if not ids:
                return
            queued = Delivery.objects.filter(Among("run__enrollment_id", ids))
            sending.cancel(queued, reason=reason, now=now)
        yield len(ids)


def release(
    contact_ids: Collection[int], cascade_id: int | None = None, *, now: datetime, reason: str = "taken_out"
) -> set[int]:
    """Take these people out of a cascade, or of all, and call back what is queued for them; returns who was in one."""
    open_ones = Enrollment.objects.filter(Among("contact_id", contact_ids), outcome=Outcome.OPEN)
    mine = open_ones.filter(cascade_id=cascade_id) if cascade_id else open_ones
    with transaction.atomic():
        locked = dict(mine.order_by("id").select_for_update(no_key=True).values_list("id", "contact_id"))
        Enrollment.objects.filter(Among("id", locked), outcome=Outcome.OPEN).update(
            outcome=Outcome.STOPPED,
            reason=reason,
            reason_params={},
            next_due_at=None,
            ended_at=now,
            claim_token=None,
        )
        queued = Delivery.objects.filter(Among("run__enrollment_id", locked))
        sending.cancel(queued, reason=reason, now=now)
    return set(locked.values())


def take_out(cascade_id: int, over: Over, now: datetime) -> None:
    """End the cascade for these people, where they are still in it, and call back what is queued; who is held just now is named again."""
    theirs = over.people.order_by().values(over.contact)
    still_open = Enrollment.objects.filter(cascade_id=cascade_id, outcome=Outcome.OPEN, contact__in=theirs).order_by(
        "id"
    )
    for _count in end(still_open, over.reason, now):
        pass


def pause(cascade_id: int, *, now: datetime) -> bool:
    """Hold the whole cascade: nobody is advanced, and what is queued waits at its last look."""
    running = Cascade.objects.filter(pk=cascade_id, status=CascadeStatus.RUNNING)
    return bool(running.update(status=CascadeStatus.PAUSED, updated_at=now))


def resume(cascade_id: int, *, now: datetime) -> bool:
    """Go on where it was held. The pause is added to nobody's waiting time, but nobody's time runs out because of it."""
    with transaction.atomic():
        paused = Cascade.objects.filter(pk=cascade_id, status=CascadeStatus.PAUSED)
        if not paused.update(status=CascadeStatus.RUNNING, updated_at=now):
            return False
        _give_time(cascade_id, now)
        sending.wake(Delivery.objects.filter(run__enrollment__cascade_id=cascade_id), now=now)
    return True


def pause_step(cascade_id: int, step_key: str, *, reason: str = "", now: datetime) -> None:
    """Hold one step in all versions of the cascade; the others go on. reason: for staff, shown as it is."""
    _brake([(cascade_id, step_key, reason or _("Held by staff."))], now)


def resume_step(cascade_id: int, step_key: str, *, now: datetime) -> bool:
    """Release a step: whoever waits there is due at once."""
    with transaction.atomic():
        held = StepControl.objects.filter(cascade_id=cascade_id, step_key=step_key, paused_at__isnull=False)
        if not held.update(paused_at=None, reason=""):
            return False
        _give_time(cascade_id, now)
        waiting = Enrollment.objects.filter(cascade_id=cascade_id, outcome=Outcome.OPEN, reason="step_paused")
        waiting.update(next_due_at=now)
        here = Delivery.objects.filter(run__enrollment__cascade_id=cascade_id, run__step_key=step_key)
        sending.wake(here, now=now)
    return True


def text_refused(why: Mapping[int, str], now: datetime) -> None:
    """The channels say that a provider refuses the text of these deliveries: their steps are held, and staff see why."""
    runs = StepRun.objects.filter(Among("delivery_id", list(why)))
    found = runs.values_list("enrollment__cascade_id", "step_key", "delivery_id")
    _brake([(cascade_id, key, why[delivery_id]) for cascade_id, key, delivery_id in found if delivery_id], now)


def _brake(steps: list[tuple[int, str, str]], now: datetime) -> None:
    once = {(cascade_id, key): reason[:REASON_LENGTH] for cascade_id, key, reason in steps}
    StepControl.objects.bulk_create(
        [StepControl(cascade_id=cascade_id, step_key=key, paused_at=now, reason=reason) for (cascade_id, key), reason in once.items()],
        update_conflicts=True, unique_fields=["cascade", "step_key"], update_fields=["paused_at", "reason"],
    )  # fmt: skip


def _give_time(cascade_id: int, now: datetime) -> None:
    """Whoever was held gets the whole of the cascade's longest time again: one statement for each version in flight."""
    still_open = Enrollment.objects.filter(cascade_id=cascade_id, outcome=Outcome.OPEN).order_by()
    versions = list(still_open.values_list("version_id", flat=True).distinct())
    for version_id, frozen in plans.load(versions).items():
        latest = Greatest(F("max_until"), Value(now + frozen.plan.longest))
        still_open.filter(version_id=version_id).update(max_until=latest)
