"""Getting in: whoever is selected becomes an enrollment, once per occasion, with the audience counted in the same snapshot."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection, transaction
from django.db.models import (
    BooleanField,
    Case,
    CharField,
    DateTimeField,
    Exists,
    ExpressionWrapper,
    F,
    Field,
    IntegerField,
    JSONField,
    Max,
    OuterRef,
    Q,
    QuerySet,
    UUIDField,
    Value,
    When,
)
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Coalesce, Greatest
from django.utils.translation import gettext as _

from cascades import signals
from cascades.models import CascadeStatus, CascadeVersion, Enrollment, Launch, LaunchState, Outcome
from cascades.runner import plans
from cascades.runner.guardians import in_their_stead
from cascades.trigger import Check, Entry, trigger
from channels import engagement
from contacts import bulk, guardians
from contacts.models import Contact, Event

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=5 * settings.LEASE_SECONDS)
PORTION = 2000  # SQLite has one writer: a portion holds it for some 30 ms
AT_ONCE = 10
# What ends what is about a booking (see `cascades.runner.wake`); noticed so shortly before somebody came in, it is looked at again.
ENDS_BOOKING = ("booking_cancelled", "booking_moved")
NOTICED = timedelta(minutes=5)


@dataclass(frozen=True, slots=True)
class Occasion:
    """Into which version people come, and for what. launch: its id for a start by hand."""

    version: CascadeVersion
    entry: Entry
    longest: timedelta
    launch_id: UUID | None = None
    unknown_goes_on: bool = False

    def prefers(self, contact: str, now: datetime) -> Combinable:
        """The kind of channel that comes first for a person, decided once and for all when they come in."""
        if not self.version.preferred_first:
            return Value("", CharField())
        steps = plans.load([self.version.pk])[self.version.pk].steps.values()
        kinds = sorted({step.ask.kind for step in steps})
        return engagement.preferred(kinds, contact, now, played=all(step.sandbox for step in steps))


def enroll_due(now: datetime, *, only: int | None = None) -> int:
    """Take in the people of all starts whose time has come; returns how many entered. Those of a cascade on hold wait. only: this one's."""
    entered = 0
    for launch_id, token in _claim(now, only):
        try:
            entered += _enroll_launch(launch_id, token, now)
        except Exception:
            log.exception("start %s could not take its people in", launch_id)
            mine = Launch.objects.filter(pk=launch_id, claim_token=token)
            mine.update(problem=_("Taking the people in failed; the program tries again in a few minutes."))
    return entered


def enroll(version: CascadeVersion, entry: Entry, *, now: datetime) -> int:
    """Take people in for an occasion that is not a start by hand; returns how many were not in before. Again adds nobody twice."""
    occasion = Occasion(version, entry, plans.longest(version))
    entered, after = 0, 0
    while True:
        with transaction.atomic():
            portion, last = _portion(entry.people, after)
            entered += _insert(portion, occasion, now)[1]
        if last is None:
            break
        after = last
    if entered:
        _reopen_facts(Q(enrollments__version=version, enrollments__outcome=""), version, now)
    return entered


def _claim(now: datetime, only: int | None) -> list[tuple[UUID, UUID]]:
    """Starts that are ours for a while, each with the token that every later write carries."""
    free = Q(claim_token=None) | Q(lease_until__lt=now)
    waiting = Launch.objects.filter(free, state__in=[LaunchState.PLANNED, LaunchState.ENROLLING], start_at__lte=now)
    ours = waiting.filter(cascade__status=CascadeStatus.RUNNING).order_by("start_at")
    ours = ours if only is None else ours.filter(cascade=only)
    token = uuid4()
    changes = {"state": LaunchState.ENROLLING, "claim_token": token, "lease_until": now + LEASE}
    return [(launch_id, token) for (launch_id,) in bulk.claim(ours, limit=AT_ONCE, changes=changes)]


def _enroll_launch(launch_id: UUID, token: UUID, now: datetime) -> int:
    launch = Launch.objects.select_related("version").get(pk=launch_id)
    params = {"launch": str(launch.pk), "selection": launch.selection}
    longest, entered = plans.longest(launch.version), 0
    for entry in trigger("manual").due(params, Check(now, launch.start_at)):
        occasion = Occasion(launch.version, entry, longest, launch.pk, launch.unknown_goes_on)
        entered += _take_in(launch_id, entry.people, occasion, token, now)
    _finish(launch, token, now)
    return entered


def _take_in(launch_id: UUID, people: QuerySet[Contact], occasion: Occasion, token: UUID, now: datetime) -> int:
    """All people of a start: at once, or in portions by id on SQLite.

    Each portion counts its people from the source query and stores the sum on the start in the transaction that enrolls them. So a crash
    between portions loses nobody and doubles nobody: the next worker goes on after the last one who is in.
    """
    entered, more = 0, True
    while more:
        with transaction.atomic():
            mine = Launch.objects.filter(pk=launch_id, state=LaunchState.ENROLLING, claim_token=token)
            done = mine.values_list("audience", flat=True).first() if not _in_portions() else None
            if done is not None:
                return entered
            portion, last = _portion(people, _last_in(launch_id))
            counted, inserted = _insert(portion, occasion, now)
            if not mine.update(audience=Coalesce(F("audience"), 0) + counted):
                transaction.set_rollback(True)  # cancelled, or another worker took over
                return entered
        entered, more = entered + inserted, last is not None
    return entered


def _in_portions() -> bool:
    return connection.vendor != "postgresql"


def _last_in(launch_id: UUID) -> int:
    if not _in_portions():
        return 0
    mine = Enrollment.objects.filter(launch_id=launch_id, on_behalf_of=None)
    return mine.aggregate(last=Max("contact_id"))["last"] or 0


def _portion(people: QuerySet[Contact], after: int) -> tuple[QuerySet[Contact], int | None]:
    """The next people by id, and the last id if there may be more after it; everyone where one statement may take as long as it likes."""
    if not _in_portions():
        return people, None
    following = people.filter(pk__gt=after).order_by("pk")
    last = following.values_list("pk", flat=True)[PORTION - 1 : PORTION].first()
    return (following.filter(pk__lte=last) if last else following), last


def _insert(people: QuerySet[Contact], occasion: Occasion, now: datetime) -> tuple[int, int]:
    """(people in the source, people who were not in yet), of one snapshot. For a student those who answer for them come in besides."""
    entry = occasion.entry
    through = not entry.too_late and guardians.any_receives()
    mark = uuid4()
    columns: dict[str, Any] = {
        "cascade_id": Value(occasion.version.cascade_id, IntegerField()),
        "version_id": Value(occasion.version.pk, IntegerField()),
        "occasion": _as(entry.occasion, CharField()),
        "shared": Value(entry.shared, BooleanField()),
        "unknown_goes_on": Value(occasion.unknown_goes_on, BooleanField()),
        "context": _as(entry.context, JSONField()),
        "anchor_at": _as(entry.anchor, _INSTANT),
        "outcome": Value(Outcome.STOPPED.value if entry.too_late else "", CharField()),
        "reason": Value(entry.too_late, CharField()),
        "reason_params": Value({}, JSONField()),
        "started_at": _as(entry.since or now, _INSTANT),
        "next_due_at": _as(None if entry.too_late else now, _INSTANT),
        "ended_at": _as(now if entry.too_late else None, _INSTANT),
        "max_until": _latest(entry, now, occasion.longest),
        "prolonged": Value("", CharField()),
        "prefers": occasion.prefers(entry.contact, now),
    }
    if occasion.launch_id:
        columns["launch_id"] = Value(occasion.launch_id, UUIDField())
    if through:
        columns["claim_token"] = Case(When(guardians.has(entry.contact), then=Value(mark)), output_field=UUIDField())
    given = {f"e_{name}": value for name, value in columns.items()}
    erased = Contact.objects.filter(pk=OuterRef(entry.contact), erased_at__isnull=False)
    source = people.filter(~Exists(erased)).order_by().annotate(**given).values_list(entry.contact, *given)
    counted, inserted = bulk.insert_select(Enrollment, ["contact_id", *columns], source)
    instead = in_their_stead(occasion.version, mark, now, occasion.prefers) if through and inserted else 0
    return counted + instead, inserted + instead


_INSTANT = DateTimeField()


def _as(value: Any, field: Field[Any, Any]) -> Any:
    """A value, or what stands for it from row to row, as a column."""
    if isinstance(value, Combinable):
        return value
    return Cast(Value(None), field) if value is None else Value(value, field)


def _latest(entry: Entry, now: datetime, longest: timedelta) -> Any:
    """By then it is over for them: counted from the date that it is about, where that is still to come."""
    if entry.anchor is None:
        return Value(now + longest, _INSTANT)
    if isinstance(entry.anchor, datetime):
        return Value(max(entry.anchor, now) + longest, _INSTANT)
    begins = Greatest(entry.anchor, Value(now, _INSTANT), output_field=_INSTANT)
    return ExpressionWrapper(begins + Value(longest), output_field=_INSTANT)


def _finish(launch: Launch, token: UUID, now: datetime) -> None:
    """Everyone is in. Orders that were noticed while people were still entering are looked at again, or they would be lost."""
    with transaction.atomic():
        mine = Launch.objects.filter(pk=launch.pk, claim_token=token)
        done = {
            "state": LaunchState.ENROLLED,
            "enrolled_at": now,
            "claim_token": None,
            "lease_until": None,
            "problem": "",
        }
        if mine.filter(state=LaunchState.ENROLLING).update(**done):
            _reopen_facts(Q(enrollments__launch=launch), launch.version, now)
            transaction.on_commit(lambda: signals.people_entered.send_robust(sender=Launch), robust=True)


def _reopen_facts(entered: Q, version: CascadeVersion, now: datetime) -> None:
    """What was noticed while these people were entering is looked at again: what ends it, or that what it is about is not to be."""
    heeded = trigger(version.trigger).heeds(version.trigger_params)
    ends = [*version.goal, *version.exits, *heeded, *(ENDS_BOOKING if version.trigger != "manual" else ())]
    if ends:
        theirs = Contact.objects.filter(entered).values("pk")
        since = now - (NOTICED if version.trigger != "manual" else timedelta(0))
        noticed = Event.objects.filter(recorded_at__gte=since, name__in=ends, handled_at__isnull=False)
        noticed.filter(contact_id__in=theirs).update(handled_at=None)
