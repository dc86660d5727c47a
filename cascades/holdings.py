"""What this room's tables hold of people, and how somebody's ways through cascades end when they are erased."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from cascades import models as own
from cascades.models import Enrollment, Launch, Rehearsal, SegmentStay, StepControl, StepRun, ToldDate
from cascades.runner import release
from contacts import audit, privacy
from contacts.privacy import Holding, Subject
from contacts.privacy.needles import Needles
from contacts.privacy.own import hidden, theirs

REASON = "erased"


def register() -> None:
    """Called once, when the room is ready."""
    privacy.before_erasing(end_ways)
    audit.watch(own.Cascade)
    audit.watch(own.Step, owner="cascade", unless=lambda step: step.version_id is not None)
    privacy.register(*_HOLDINGS)
    privacy.nothing_in(_HOUSE, "how cascades are built; a rehearsal names contacts by number and invents the others")


def end_ways(subject: Subject, now: datetime) -> int:
    """Each open enrollment ends, so that every start still adds up; what is queued for it is called back."""
    return len(release([subject.id], now=now, reason=REASON))


def _selections(subject: Subject, now: datetime) -> int:
    """A start for whoever was found by an address."""
    needles, changed = Needles.of(subject.addresses), 0
    for pk, selection in Launch.objects.values_list("pk", "selection") if subject.addresses else ():
        if needles.stand_in(selection):
            changed += Launch.objects.filter(pk=pk).update(selection=hidden(selection, needles))
    return changed


def _brakes(subject: Subject, now: datetime) -> int:
    """Why a step is on hold may name the address that a provider refused."""
    for normal in subject.normals:
        StepControl.objects.filter(reason__contains=normal).update(reason="")
    return 0


def _occasions(subject: Subject, now: datetime) -> int:
    """What somebody came in for may be named by an address in another system."""
    mine, needles = Enrollment.objects.filter(theirs(subject)), Needles.of(subject.addresses)
    for pk, occasion in mine.values_list("pk", "occasion"):
        if needles.stand_in(occasion):
            mine.filter(pk=pk).update(occasion=f"{REASON}:{pk}")
    return 0


_HOLDINGS = (
    Holding(
        model=Enrollment, whose=theirs, act=_occasions,
        shown=("cascade", "occasion", "outcome", "reason", "reason_params", "started_at", "anchor_at", "ended_at"),
        empty={"reason_params": {}}, kept=("occasion", "reason", "context", "prefers", "prolonged"),
        goes=_("what is still running ends at once"), stays=_("that somebody was in it, and how it ended"),
    ),
    Holding(
        model=StepRun, whose=lambda subject: Q(enrollment__contact_id=subject.id), empty={"reason_params": {}}, kept=("step_key", "reason"),
        shown=("step", "decision", "reason", "reason_params", "decided_at"), related=("step__message",),
    ),
    Holding(model=SegmentStay, whose=theirs, shown=("watch", "entered_at", "left_at"), delete=True, related=("watch__segment",)),
    Holding(model=ToldDate, whose=theirs, shown=("cascade", "about", "text", "date_at", "known_at"), delete=True),
    Holding(model=Launch, act=_selections, kept=("selection", "start_zone", "forecast", "problem")),
    Holding(model=StepControl, act=_brakes, kept=("step_key", "reason")),
)  # fmt: skip

_HOUSE = (own.Cascade, own.CascadeVersion, own.Step, own.SegmentWatch, Rehearsal)
