"""Automatic ways in: switched on, asked again and again who is to enter, and told when that changed.

Everything here may be done by several workers at once and may be late: who enters, enters once for an occasion, whoever asks how often.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.db.models import Exists, Min, OuterRef, QuerySet
from django.utils.translation import gettext as _

from cascades import signals
from cascades.models import Cascade, CascadeStatus, CascadeVersion, Enrollment, Outcome, Reentry, Step
from cascades.parameters import Field
from cascades.publishing import NotReady, freeze
from cascades.runner.enroll import enroll
from cascades.runner.stop import take_out
from cascades.trigger import Check, Entry, Trigger, trigger
from contacts.bulk import Among
from contacts.models import Contact

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

log = logging.getLogger(__name__)

ONCE = "once"
# Who was left out for one of these was never in it.
LEFT_OUT = ("came_too_late", "date_has_passed")


def switch_on(cascade: Cascade, *, user: AbstractBaseUser | None, now: datetime) -> CascadeVersion:
    """Freeze the draft and listen from now on; for one that listens already, a new version. Raises `NotReady` with sentences for staff.

    It goes on listening from where it did, unless the way in is another than before: then what was before now does not count.
    """
    with transaction.atomic():
        locked = Cascade.objects.select_for_update(no_key=True).get(pk=cascade.pk)
        if problems := list(_against(locked)):
            raise NotReady(problems)
        before = locked.version
        version = freeze(locked, user=user, now=now)
        changes: dict[str, Any] = {"status": CascadeStatus.RUNNING, "updated_at": now}
        if locked.status != CascadeStatus.RUNNING or before is None or _way_in(before) != _way_in(version):
            way_in = trigger(version.trigger)
            way_in.observe(
                version.trigger_params,
                Check(now, now, None, frozenset((*version.goal, *version.exits)), _all_in_sandbox(version), cascade.pk),
            )
            changes |= {"listens_since": now, "checked_at": None}
        Cascade.objects.filter(pk=locked.pk).update(**changes)
    cascade.refresh_from_db()
    return version


def listen(now: datetime) -> int:
    """Ask every automatic cascade that runs who is to enter, and take them in; returns how many entered."""
    running = Cascade.objects.filter(status=CascadeStatus.RUNNING, listens_since__lte=now).order_by("pk")
    return sum(_guarded(cascade_id, now) for cascade_id in running.values_list("pk", flat=True))


def listen_for(cascade_id: int, contact_ids: Collection[int], now: datetime) -> int:
    """Ask one cascade, and take nobody in but these; returns how many entered. For a rehearsal."""
    with _held(cascade_id) as cascade:
        return _check(cascade, now, contact_ids) if cascade and cascade.version else 0


def enroll_contacts(
    cascade_id: int,
    contact_ids: Collection[int],
    occasion: str,
    *,
    now: datetime,
    context: Mapping[str, Any] | None = None,
) -> int:
    """Take these people into a running cascade that is entered by call; returns how many came in. `NotReady` where it cannot be.

    occasion: what it is about, so that the same call told twice counts once; context: see `Enrollment.context`.
    """
    cascade = Cascade.objects.select_related("version").filter(pk=cascade_id).first()
    if cascade is None or cascade.version is None or cascade.version.trigger == "manual":
        raise NotReady([_("This cascade does not take people in by call.")])
    if cascade.status != CascadeStatus.RUNNING:
        raise NotReady([_("This cascade is not switched on.")])
    people = Contact.objects.filter(Among("id", contact_ids)) if contact_ids else Contact.objects.none()
    entry = Entry(people, f"api:{occasion}"[:120], context=dict(context or {}))
    return _enter(cascade, cascade.version, entry, now)


def expected(cascade: Cascade, now: datetime, until: datetime) -> int | None:
    """How many would enter the draft until then, as far as can be known; None where the settings are not in order."""
    try:
        way_in = trigger(cascade.trigger)
        params = way_in.clean(cascade.trigger_params)
    except (LookupError, ValueError):
        return None
    return sum(entry.people.count() for entry in way_in.ahead(params, Check(now, now), until))


def uses_of_segment(segment_id: int) -> list[str]:
    """The cascades that run, or are on hold, to which this segment is the way in, for whoever wants to delete it."""
    alive = Cascade.objects.filter(status__in=[CascadeStatus.RUNNING, CascadeStatus.PAUSED], version__isnull=False)
    return [
        _("cascade “%(cascade)s”") % {"cascade": cascade.name}
        for cascade in alive.select_related("version").order_by("name")
        if cascade.version and segment_id in _segments(cascade.version)
    ]


def _segments(version: CascadeVersion) -> set[Any]:
    try:
        settings = trigger(version.trigger).parameters
    except LookupError:  # no longer installed
        return set()
    return {version.trigger_params.get(one.name) for one in settings if one.field is Field.SEGMENT}


def _guarded(cascade_id: int, now: datetime) -> int:
    try:
        with _held(cascade_id) as cascade:
            return _check(cascade, now) if cascade and cascade.version else 0
    except Exception:
        log.exception("cascade %s could not be asked who is to enter", cascade_id)
        return 0


@contextmanager
def _held(cascade_id: int) -> Iterator[Cascade | None]:
    """The cascade if it still runs; on PostgreSQL ours until all are in, so that no two workers ask for the same."""
    running = Cascade.objects.filter(pk=cascade_id, status=CascadeStatus.RUNNING).select_related("version")
    if connection.vendor != "postgresql":
        yield running.first()
        return
    with transaction.atomic():
        yield running.select_for_update(of=("self",), no_key=True, skip_locked=True).first()


def _check(cascade: Cascade, now: datetime, among: Collection[int] | None = None) -> int:
    version = cascade.version
    assert version is not None and cascade.listens_since is not None  # noqa: PT018
    way_in = trigger(version.trigger)
    since = cascade.checked_at - way_in.overlap if cascade.checked_at else None
    check = Check(
        now,
        cascade.listens_since,
        since,
        frozenset((*version.goal, *version.exits)),
        _all_in_sandbox(version),
        cascade.pk,
    )
    way_in.observe(version.trigger_params, check)
    entries = way_in.due(version.trigger_params, check)
    if among is not None:
        entries = (replace(entry, people=entry.people.filter(**{f"{entry.contact}__in": among})) for entry in entries)
    entered = sum(_enter(cascade, version, entry, now) for entry in entries)
    for over in way_in.over(version.trigger_params, check):  # last, for it holds people until all is committed
        take_out(cascade.pk, over, now)
    Cascade.objects.filter(pk=cascade.pk).update(checked_at=now)
    if entered:
        transaction.on_commit(lambda: signals.people_entered.send_robust(sender=Cascade), robust=True)
    return entered


def _enter(cascade: Cascade, version: CascadeVersion, entry: Entry, now: datetime) -> int:
    return enroll(version, _again(entry, cascade.pk, version, now), now=now)


def _again(entry: Entry, cascade_id: int, version: CascadeVersion, now: datetime) -> Entry:
    """Whether somebody who was in it before comes in for another occasion; of several at once only the first counts."""
    if version.reentry == Reentry.OCCASION:
        return entry
    before = Enrollment.objects.filter(cascade_id=cascade_id, contact_id=OuterRef(entry.contact)).order_by()
    before = before.exclude(outcome=Outcome.STOPPED, reason__in=LEFT_OUT).exclude(outcome=Outcome.MOVED)
    if entry.too_late:
        return replace(entry, people=entry.people.filter(~Exists(before)))
    if version.reentry == Reentry.NEVER:
        return replace(entry, people=entry.people.filter(~Exists(before)), occasion=ONCE)
    since = now - (version.reentry_after or timedelta(0))
    people: QuerySet[Any] = entry.people.filter(~Exists(before.filter(started_at__gt=since)))
    if entry.contact != "pk":
        first = people.order_by().values(entry.contact).annotate(first_row=Min("pk")).values("first_row")
        people = people.filter(pk__in=first)
    return replace(entry, people=people)


def _all_in_sandbox(version: CascadeVersion) -> bool:
    steps = Step.objects.filter(version=version).select_related("channel")
    try:
        return all(step.channel.is_sandbox for step in steps)
    except LookupError:
        return False


def _way_in(version: CascadeVersion) -> tuple[str, Any]:
    return version.trigger, version.trigger_params


def _against(cascade: Cascade) -> Iterable[str]:
    """What stands against switching it on, beside the draft itself."""
    if cascade.status == CascadeStatus.PAUSED:
        yield _("The cascade is on hold. Resume it before switching it on again.")
    still_open = Enrollment.objects.filter(cascade=cascade, outcome=Outcome.OPEN)
    if cascade.status == CascadeStatus.STOPPED and still_open.exists():
        yield _("The cascade is still being stopped. Try again in a moment.")
    try:
        way_in: Trigger | None = trigger(cascade.trigger)
    except LookupError:
        way_in = None
    if way_in and not way_in.automatic:
        yield _("People are chosen by hand here: start it instead of switching it on.")
