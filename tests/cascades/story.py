"""A day in a test: the clock stands where it is put, and `tick()` does what worker and beat would do, with every real part."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any
from uuid import uuid4

from cascades import runner
from cascades.models import Cascade, Enrollment, Launch, StepRun
from channels import receipts, sending
from channels.models import Delivery, Grade
from channels.transport import Fact, Inbound
from contacts import events
from contacts.models import Contact
from tests.factories import NOW, make_contact


class Story:
    """One house with a simulated clock."""

    def __init__(self, now: datetime = NOW) -> None:
        self.now = now
        self.told = 0

    def start(self, cascade: Cascade, selection: Mapping[str, Any] | None = None, **more: Any) -> Launch:
        chosen = selection or {"contacts": list(Contact.objects.values_list("pk", flat=True))}
        launch = runner.start(uuid4(), cascade, chosen, user=None, now=self.now, **more)
        self.tick()
        return launch

    def tick(self) -> None:
        """Until nothing more happens at this moment."""
        for _ in range(12):
            busy = runner.enroll_due(self.now) + runner.wake(self.now) + runner.advance(self.now)
            busy += sending.send_due(clock=lambda: self.now)
            if not busy and not sending.sweep(self.now):
                return

    def later(self, *, tick: bool = True, **delta: float) -> None:
        self.now += timedelta(**delta)
        if tick:
            self.tick()

    def hear(self, delivery: Delivery, fact: Fact, **more: Any) -> None:
        """The provider tells something about a message."""
        self.told += 1
        told = Inbound(fact, f"told-{self.told}", key=delivery.token, at=self.now, **more)
        receipts.apply(delivery.channel, [told], now=self.now)

    def own(self, delivery: Delivery, fact: Fact, grade: str = Grade.HUMAN) -> None:
        """Our own pixel, link or unsubscribe page was called."""
        receipts.record_own(delivery.token, fact, now=self.now, grade=grade)

    def happens(self, contact: Contact, name: str, **more: Any) -> None:
        self.told += 1
        events.record(
            contact.pk, name, at=more.pop("at", self.now), now=self.now, key=f"e{self.told}", source="till", **more
        )


def messages(contact: Contact) -> list[tuple[str, str]]:
    """(kind, status) of each message, in order."""
    return list(contact.deliveries.order_by("id").values_list("kind", "status"))


def last(contact: Contact) -> Delivery:
    return contact.deliveries.select_related("channel").latest("id")


def way(contact: Contact) -> Enrollment:
    return contact.enrollments.latest("id")


def outcome(contact: Contact) -> tuple[str, str]:
    found = way(contact)
    return found.outcome, found.reason


def decisions(contact: Contact) -> list[tuple[str, str]]:
    runs = StepRun.objects.filter(enrollment__contact=contact).order_by("id")
    return list(runs.values_list("decision", "reason"))


def ana(**more: object) -> Contact:
    return make_contact("Ana Ruiz", **{"email": "ana@example.org", "phone": "+34600111222", **more})  # type: ignore[arg-type]
