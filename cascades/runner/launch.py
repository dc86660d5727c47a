"""The start by hand: made once, however often the button is clicked, for now or for a chosen local time."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, NamedTuple
from uuid import UUID
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from django.db import transaction
from django.utils.translation import gettext as _

from cascades import audience, signals
from cascades.models import Cascade, CascadeStatus, CascadeVersion, Enrollment, Launch, LaunchState, Outcome, Step
from cascades.publishing import NotReady, freeze
from contacts import calendar

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

log = logging.getLogger(__name__)

# The page may have stood open for a while; a time further back than this was a mistake.
JUST_NOW = timedelta(minutes=10)


class WallTime(NamedTuple):
    """A local time as staff chose it: the wall clock's reading, without zone, and the zone's IANA name."""

    reading: datetime
    zone: str

    def instant(self) -> datetime:
        """In UTC. A reading that the clocks skip is the first moment after the gap, one that they show twice the first of the two."""
        try:
            return calendar.at_local(self.reading.date(), self.reading.time(), ZoneInfo(self.zone))
        except (ZoneInfoNotFoundError, ValueError):
            raise NotReady([_("The time zone “%(zone)s” is not known.") % {"zone": self.zone}]) from None


def start(
    launch_id: UUID,
    cascade: Cascade,
    selection: audience.Selection,
    *,
    user: AbstractBaseUser | None,
    now: datetime,
    unknown_goes_on: bool = False,
    at: WallTime | None = None,
    forecast: Mapping[str, Any] | None = None,
    published: bool = False,
) -> Launch:
    """Freeze the draft and plan its start, now or `at` a local time. The same id again returns the same start.

    launch_id: minted with the start page; forecast: what the page showed, kept for later; published: as it was
    published last, whatever the draft says by now. Raises `NotReady` with sentences for staff.
    """
    with transaction.atomic():
        locked = Cascade.objects.select_for_update(no_key=True).get(pk=cascade.pk)
        if known := Launch.objects.filter(pk=launch_id).first():
            return known
        start_at = at.instant() if at else now
        _may_start(locked, selection, start_at, now)
        version = _published(locked) if published else freeze(locked, user=user, now=now)
        launch = Launch.objects.create(
            id=launch_id, cascade=locked, version=version, selection=dict(selection), start_at=start_at,
            start_wall=at.reading.replace(tzinfo=UTC) if at else None, start_zone=at.zone if at else "", unknown_goes_on=unknown_goes_on,
            forecast=dict(forecast or {}), created_by_id=user.pk if user else None, created_at=now,
        )  # fmt: skip
        Cascade.objects.filter(pk=locked.pk).update(status=CascadeStatus.RUNNING, updated_at=now)
        transaction.on_commit(lambda: signals.launch_planned.send_robust(sender=Launch), robust=True)
    if Step.objects.filter(version=version, message_version__urgent=True).exists():
        log.warning(
            "start %s sends urgent messages, which pass quiet hours; started by user %s",
            launch_id,
            user.pk if user else "–",
        )
    return launch


def _published(cascade: Cascade) -> CascadeVersion:
    if cascade.version is None or cascade.status != CascadeStatus.RUNNING:
        raise NotReady([_("The cascade has not been published yet, or does not run.")])
    return cascade.version


def cancel(launch_id: UUID) -> bool:
    """Take back a start that has not begun; False if it has. A cascade that had no other is a draft again."""
    with transaction.atomic():
        cascade = Cascade.objects.select_for_update(no_key=True).filter(launches=launch_id).first()
        planned = Launch.objects.filter(pk=launch_id, state=LaunchState.PLANNED)
        if cascade is None or not planned.update(state=LaunchState.CANCELLED, claim_token=None, lease_until=None):
            return False
        others = Launch.objects.filter(cascade=cascade).exclude(state=LaunchState.CANCELLED)
        if cascade.status == CascadeStatus.RUNNING and not others.exists():
            Cascade.objects.filter(pk=cascade.pk).update(status=CascadeStatus.DRAFT)
        return True


def _may_start(cascade: Cascade, selection: audience.Selection, start_at: datetime, now: datetime) -> None:
    problems = []
    if cascade.trigger != "manual":
        problems.append(_("People get into this cascade by themselves: switch it on instead of starting it."))
    if cascade.status == CascadeStatus.PAUSED:
        problems.append(_("The cascade is on hold. Resume it before starting it again."))
    if (
        cascade.status == CascadeStatus.STOPPED
        and Enrollment.objects.filter(cascade=cascade, outcome=Outcome.OPEN).exists()
    ):
        problems.append(_("The cascade is still being stopped. Try again in a moment."))
    if start_at < now - JUST_NOW:
        problems.append(_("The chosen time has passed."))
    if not audience.people(selection, now).exists():
        problems.append(_("Nobody is selected."))
    if problems:
        raise NotReady(problems)
