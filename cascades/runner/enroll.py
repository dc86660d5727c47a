"""Getting in: whoever is selected becomes an enrollment, once per occasion, with the audience counted in the same snapshot."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID, uuid4

from django.conf import settings
from django.db import connection, transaction
from django.db.models import (
    BooleanField,
    CharField,
    DateTimeField,
    F,
    IntegerField,
    JSONField,
    Max,
    Q,
    QuerySet,
    UUIDField,
    Value,
)
from django.db.models.functions import Coalesce
from django.utils.translation import gettext as _

from cascades import signals
from cascades.models import CascadeStatus, CascadeVersion, Enrollment, Launch, LaunchState
from cascades.runner import plans
from cascades.trigger import Entry, trigger
from contacts import bulk
from contacts.models import Contact, Event

log = logging.getLogger(__name__)

LEASE = timedelta(seconds=5 * settings.LEASE_SECONDS)
PORTION = 2000  # SQLite has one writer: a portion holds it for some 30 ms
AT_ONCE = 10


@dataclass(frozen=True, slots=True)
class Occasion:
    """Into which version people come, and for what. launch: its id for a start by hand."""

    version: CascadeVersion
    name: str
    shared: bool
    longest: timedelta
    launch_id: UUID | None = None
    unknown_goes_on: bool = False


def enroll_due(now: datetime) -> int:
    """Take in the people of all starts whose time has come; returns how many entered. Starts of a cascade on hold wait."""
    entered = 0
    for launch_id, token in _claim(now):
        try:
            entered += _enroll_launch(launch_id, token, now)
        except Exception:
            log.exception("start %s could not take its people in", launch_id)
            mine = Launch.objects.filter(pk=launch_id, claim_token=token)
            mine.update(problem=_("Taking the people in failed; the program tries again in a few minutes."))
    return entered


def enroll(version: CascadeVersion, entry: Entry, *, now: datetime) -> int:
    """Take people in for an occasion that is not a start by hand; returns how many were not in before. Again adds nobody twice."""
    occasion = Occasion(version, entry.occasion, entry.shared, plans.longest(version))
    entered, after = 0, 0
    while True:
        with transaction.atomic():
            portion, last = _portion(entry.people, after)
            entered += _insert(portion, occasion, now)[1]
        if last is None:
            break
        after = last
    _reopen_goals(Q(enrollments__version=version, enrollments__occasion=entry.occasion), version, now)
    return entered


def _claim(now: datetime) -> list[tuple[UUID, UUID]]:
    """Starts that are ours for a while, each with the token that every later write carries."""
    free = Q(claim_token=None) | Q(lease_until__lt=now)
    waiting = Launch.objects.filter(free, state__in=[LaunchState.PLANNED, LaunchState.ENROLLING], start_at__lte=now)
    ours = waiting.filter(cascade__status=CascadeStatus.RUNNING).order_by("start_at")
    token = uuid4()
    changes = {"state": LaunchState.ENROLLING, "claim_token": token, "lease_until": now + LEASE}
    return [(launch_id, token) for (launch_id,) in bulk.claim(ours, limit=AT_ONCE, changes=changes)]


def _enroll_launch(launch_id: UUID, token: UUID, now: datetime) -> int:
    launch = Launch.objects.select_related("version").get(pk=launch_id)
    params = {"launch": str(launch.pk), "selection": launch.selection}
    longest, entered = plans.longest(launch.version), 0
    for entry in trigger("manual").due(params, now):
        occasion = Occasion(launch.version, entry.occasion, entry.shared, longest, launch.pk, launch.unknown_goes_on)
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
    return Enrollment.objects.filter(launch_id=launch_id).aggregate(last=Max("contact_id"))["last"] or 0


def _portion(people: QuerySet[Contact], after: int) -> tuple[QuerySet[Contact], int | None]:
    """The next people by id, and the last id if there may be more after it; everyone where one statement may take as long as it likes."""
    if not _in_portions():
        return people, None
    following = people.filter(pk__gt=after).order_by("pk")
    last = following.values_list("pk", flat=True)[PORTION - 1 : PORTION].first()
    return (following.filter(pk__lte=last) if last else following), last


def _insert(people: QuerySet[Contact], occasion: Occasion, now: datetime) -> tuple[int, int]:
    """(people in the source, people who were not in yet), of one snapshot."""
    columns: dict[str, Value] = {
        "cascade_id": Value(occasion.version.cascade_id, IntegerField()),
        "version_id": Value(occasion.version.pk, IntegerField()),
        "occasion": Value(occasion.name, CharField()),
        "shared": Value(occasion.shared, BooleanField()),
        "unknown_goes_on": Value(occasion.unknown_goes_on, BooleanField()),
        "outcome": Value("", CharField()),
        "reason": Value("", CharField()),
        "reason_params": Value({}, JSONField()),
        "started_at": Value(now, DateTimeField()),
        "next_due_at": Value(now, DateTimeField()),
        "max_until": Value(now + occasion.longest, DateTimeField()),
        "prolonged": Value("", CharField()),
    }
    if occasion.launch_id:
        columns["launch_id"] = Value(occasion.launch_id, UUIDField())
    given = {f"e_{name}": value for name, value in columns.items()}
    source = people.order_by().annotate(**given).values_list("pk", *given)
    return bulk.insert_select(Enrollment, ["contact_id", *columns], source)


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
            _reopen_goals(Q(enrollments__launch=launch), launch.version, now)
            transaction.on_commit(lambda: signals.people_entered.send_robust(sender=Launch), robust=True)


def _reopen_goals(entered: Q, version: CascadeVersion, now: datetime) -> None:
    if version.goal:
        theirs = Contact.objects.filter(entered).values("pk")
        since = Event.objects.filter(recorded_at__gte=now, name__in=version.goal, handled_at__isnull=False)
        since.filter(contact_id__in=theirs).update(handled_at=None)
