"""The clock of a rehearsal: from one moment at which something is due to the next, with the same calls as the periodic tasks."""

from __future__ import annotations

import time
from collections import deque
from datetime import datetime

from django.db import OperationalError
from django.db.models import Min

from cascades import runner
from cascades.models import Enrollment, Outcome
from cascades.rehearsal import acts, occasions
from cascades.rehearsal.script import Script
from cascades.rehearsal.stage import Stage, built, taken_back
from cascades.rehearsal.story import Story, told
from channels import sending
from channels.models import Delivery, DeliveryStatus
from channels.sandbox_play import CannotPlay

ROUNDS = 12
# A rehearsal holds the only writer of a small house: after so many moments, or seconds of work, it stops where it is.
MOMENTS, SECONDS = 400, 4.0
# These are looked at again and again until staff act, which they do not in a rehearsal.
HELD = ("paused", "step_paused", "text_broken", "text_refused")


class Busy(Exception):
    """Others were writing all the time: try again in a moment."""


def play(script: Script, *, until: datetime | None = None, seconds: float = SECONDS) -> Story:
    """What would happen to these people up to and including that moment, or to the end; nothing of it stays, and nothing leaves the house.

    The same script tells the same story. Raises `NotReady` where the draft could not be started, `Busy`, `Cascade.DoesNotExist`.
    """
    try:
        with taken_back():
            stage = built(script)
            clock = Clock(stage, time.thread_time() + seconds)
            clock.run(until)
            return told(stage, clock.now, clock.next(), cut=clock.cut)
    except OperationalError as error:
        raise Busy from error


class Clock:
    """now: as far as it was wound; cut: it was stopped, as too much happens."""

    def __init__(self, stage: Stage, deadline: float) -> None:
        self.stage, self.deadline = stage, deadline
        self.now, self.cut = stage.script.start, False
        self.plays = deque(sorted(stage.script.plays, key=lambda play: play.at))

    def run(self, until: datetime | None) -> None:
        """Everything that is due by then, in its order; what is played at a moment comes after what happens then by itself."""
        occasions.begin(self.stage)
        moment: datetime | None = self.now
        for _ in range(MOMENTS):
            if moment is None or (until is not None and moment > until):
                self.now = max(self.now, until) if until is not None else self.now
                return
            self.now = moment
            self._tick()
            self._play()
            if time.thread_time() > self.deadline:
                break
            moment = self.next()
        self.cut = True

    def next(self) -> datetime | None:
        """When something is due again, by itself or because it was played then."""
        still_open = Enrollment.objects.filter(
            cascade=self.stage.cascade, outcome=Outcome.OPEN, next_due_at__gt=self.now
        )
        found = [still_open.exclude(reason="step_paused").aggregate(at=Min("next_due_at"))["at"]]
        queued = Delivery.objects.filter(channel__in=self.stage.accounts, status=DeliveryStatus.QUEUED).order_by()
        for reason, not_before, valid_until in queued.values_list("reason", "not_before", "valid_until"):
            found.append(valid_until if reason in HELD or not_before <= self.now else not_before)
        found += [self.plays[0].at] if self.plays else []
        found += occasions.asked_at(self.stage, self.now)
        return min((at for at in found if at is not None and at > self.now), default=None)

    def _tick(self) -> None:
        """Until nothing more happens at this moment."""
        now, stage, only = self.now, self.stage, self.stage.accounts
        entered = occasions.let_in(stage, now)
        for _ in range(ROUNDS):
            busy = entered + runner.wake(now, stage.contacts) + runner.advance(now, only=stage.cascade.pk)
            busy += sending.send_due(clock=lambda: now, only=only)
            entered = 0
            if not busy and not sending.sweep(now, only=only):
                return

    def _play(self) -> None:
        """What was played at this moment; what cannot be is noted, and the rest goes on."""
        while self.plays and self.plays[0].at <= self.now:
            one = self.plays.popleft()
            try:
                acts.perform(self.stage, one, self.now)
            except CannotPlay as problem:
                self.stage.notes.append(str(problem))
            self._tick()
