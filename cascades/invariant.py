"""Nobody is lost: for every start the audience is the sum of its outcomes and of those still in.

Nor does anybody stay longer than the declared maximum. Counted from the rows whenever it is asked; nothing is kept.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Exists, OuterRef, Q, QuerySet
from django.utils.formats import date_format
from django.utils.timezone import localtime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from cascades.models import CascadeStatus, Enrollment, Launch, LaunchState, Outcome, StepControl
from channels.models import DeliveryEvent
from contacts.models import Consent, Event

# A tick may be late, and a worker may have been down for a moment.
GRACE = timedelta(minutes=10)
SHOWN = 20


@dataclass(frozen=True, slots=True)
class Report:
    """problems: sentences for staff, empty when all is well; starts, people: how many were checked."""

    at: datetime
    starts: int
    people: int
    problems: tuple[str, ...]

    @property
    def is_well(self) -> bool:
        return not self.problems


def check(now: datetime) -> Report:
    """Counted afresh from the rows, with six statements whatever their number."""
    starts = list(_counted())
    problems = [_lost(launch) for launch in starts if launch.audience != launch.people][:SHOWN]  # type: ignore[attr-defined]
    problems += [said for said in (_overdue(now), _never_begun(now), _unheard(now)) if said]
    return Report(now, len(starts), sum(launch.people for launch in starts), tuple(problems))  # type: ignore[attr-defined]


def _counted() -> QuerySet[Launch]:
    """Starts that took people in, with how many enrollments there are; answered by the index `enrollment_of_launch`."""
    begun = Launch.objects.filter(audience__isnull=False).select_related("cascade")
    return begun.annotate(people=Count("enrollments")).order_by("-created_at")


def _lost(launch: Launch) -> str:
    said = {
        "cascade": launch.cascade, "when": date_format(localtime(launch.start_at), "SHORT_DATETIME_FORMAT"),
        "audience": launch.audience, "people": launch.people,  # type: ignore[attr-defined]
    }  # fmt: skip
    return _("“%(cascade)s”, started %(when)s, was meant for %(audience)s people, but %(people)s are in it.") % said


def _overdue(now: datetime) -> str:
    """Open rows older than their maximum, except where staff hold the cascade or a step of it."""
    held = StepControl.objects.filter(cascade_id=OuterRef("cascade_id"), paused_at__isnull=False)
    late = Enrollment.objects.filter(~Exists(held), outcome=Outcome.OPEN, max_until__lt=now - GRACE)
    count = late.exclude(cascade__status=CascadeStatus.PAUSED).count()
    return ngettext(
        "%(count)s person is still in a cascade that should long be over for them.",
        "%(count)s people are still in a cascade that should long be over for them.", count,
    ) % {"count": count} if count else ""  # fmt: skip


def _never_begun(now: datetime) -> str:
    waiting = Launch.objects.filter(state__in=[LaunchState.PLANNED, LaunchState.ENROLLING], start_at__lt=now - GRACE)
    count = waiting.filter(cascade__status=CascadeStatus.RUNNING).count()
    return ngettext(
        "%(count)s start has not taken its people in, though its time has come.",
        "%(count)s starts have not taken their people in, though their time has come.", count,
    ) % {"count": count} if count else ""  # fmt: skip


def _unheard(now: datetime) -> str:
    """Facts that came in and that nobody has noticed for too long."""
    late = Q(handled_at=None, recorded_at__lt=now - GRACE)
    count = sum(source.objects.filter(late).count() for source in (Event, DeliveryEvent, Consent))
    return ngettext(
        "%(count)s thing that people did has not been noticed yet.", "%(count)s things that people did have not been noticed yet.", count
    ) % {"count": count} if count else ""  # fmt: skip
