"""The five promises against invented lives of the whole house, on the database."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.db.models import Min
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from cascades import invariant, runner
from cascades.models import Cascade, Enrollment, Outcome, StepRun
from channels.models import Channel, Delivery, Grade
from channels.models.delivery import WENT_OUT
from channels.transport import Fact
from contacts import consent
from contacts.models import Consent, Contact
from tests.cascades.clocks import ZONES, is_quiet
from tests.cascades.story import Story
from tests.factories import make_business, make_cascade, make_channel, make_contact, make_message
from tests.invented import invented

QUIET = (time(21), time(8))
CAP, CAP_DAYS = 2, 3
# Noon on the eve of a change of clocks in Europe (spring, autumn), and an ordinary day.
EVES = [
    datetime(2026, 3, 28, 12, tzinfo=UTC),
    datetime(2026, 10, 24, 12, tzinfo=UTC),
    datetime(2026, 11, 22, 12, tzinfo=UTC),
]
ACTIONS = [
    "wait",
    "wait",
    "open",
    "unsure",
    "click",
    "bounce",
    "deliver",
    "order",
    "opt out",
    "withdraw",
    "grant",
    "pause",
    "resume",
    "start",
]


class House:
    """Three people, two cascades, real parts and an own account of what must never happen."""

    def __init__(self, draw: Any) -> None:
        make_business(quiet_from=QUIET[0], quiet_until=QUIET[1], cap_messages=CAP, cap_days=CAP_DAYS)
        self.draw = draw
        self.story = Story(draw(st.sampled_from(EVES)))
        zones = draw(st.lists(st.sampled_from(ZONES), min_size=3, max_size=3))
        self.people = [
            make_contact(f"P{n}", email=f"p{n}@example.org", phone=f"+3460011122{n}", time_zone=zone)
            for n, zone in enumerate(zones)
        ]
        email, sms, text = make_channel("email"), make_channel("sms"), make_message()
        self.cascades = [self._cascade(n, email, sms, text) for n in range(2)]
        self.stopped: set[tuple[int, int]] = set()
        self.gone: set[int] = set()

    def _cascade(self, n: int, email: Channel, sms: Channel, text: Any) -> Cascade:
        waits = st.sampled_from([timedelta(0), timedelta(hours=2), timedelta(hours=11)])
        steps = [
            {
                "channel": self.draw(st.sampled_from([email, sms])),
                "message": text,
                "wait": self.draw(waits),
                "validity": timedelta(hours=30),
            }
            for _ in range(3)
        ]
        return make_cascade(f"C{n}", steps, goal=["order"], final_wait=timedelta(hours=5))

    def act(self) -> None:
        action = self.draw(st.sampled_from(ACTIONS))
        person = self.draw(st.sampled_from(self.people))
        cascade = self.draw(st.sampled_from(self.cascades))
        if action == "wait":
            self.until(self.story.now + timedelta(minutes=self.draw(st.sampled_from([1, 61, 240, 719, 1500]))))
        elif action in ("open", "unsure", "click", "bounce", "deliver", "opt out"):
            self._about_a_message(action, person)
        elif action == "order":
            self.story.happens(person, "order")
            self.stopped |= {(person.pk, c) for c in self._open_cascades(person)}
        elif action == "withdraw":
            consent.withdraw(person.pk, self.draw(st.sampled_from(["email", "sms"])), source="x", now=self.story.now)
        elif action == "grant":
            consent.grant(person.pk, "email", basis="express", source="x", now=self.story.now)
        else:
            self._brake_or_start(action, cascade)

    def _about_a_message(self, action: str, person: Contact) -> None:
        out = list(
            person.deliveries.filter(status__in=["sent", "delivered"]).select_related("channel", "run__enrollment")
        )
        if not out:
            return
        message = self.draw(st.sampled_from(sorted(out, key=lambda one: one.pk)))
        if action in ("bounce", "deliver"):
            self.story.hear(message, Fact.BOUNCED if action == "bounce" else Fact.DELIVERED)
            return
        fact = {"open": Fact.OPENED, "unsure": Fact.OPENED, "click": Fact.CLICKED, "opt out": Fact.UNSUBSCRIBED}[action]
        self.story.own(message, fact, Grade.UNSURE if action == "unsure" else Grade.HUMAN)
        if action != "unsure" and not message.run.enrollment.outcome:
            self.gone.add(message.run.enrollment_id)

    def _open_cascades(self, person: Contact) -> list[int]:
        return [enrollment.pk for enrollment in person.enrollments.filter(outcome="", started_at__lte=self.story.now)]

    def _brake_or_start(self, action: str, cascade: Cascade) -> None:
        if action == "pause":
            runner.pause(cascade.pk, now=self.story.now)
        elif action == "resume":
            runner.resume(cascade.pk, now=self.story.now)
        elif Cascade.objects.get(pk=cascade.pk).status != "paused":
            people = {"contacts": [person.pk for person in self.people]}
            runner.start(uuid4(), cascade, people, user=None, now=self.story.now)
            if self.draw(st.booleans()):
                runner.enroll_due(self.story.now)

    def tick(self) -> None:
        """Worker and beat do what is due; then every message that left in this moment is judged."""
        before = self._out()
        held = set(Cascade.objects.filter(status="paused").values_list("pk", flat=True))
        self.story.tick()
        for pk in sorted(self._out() - before):
            self._judge(Delivery.objects.select_related("contact", "run__enrollment").get(pk=pk), held)

    def until(self, target: datetime) -> None:
        """From one moment at which something is due to the next: the worker is never late here, so nobody's longest time runs out."""
        while (moment := self._next(self.story.now)) and moment < target:
            self.story.now = moment
            self.tick()
        self.story.now = target

    def _next(self, now: datetime) -> datetime | None:
        due = Enrollment.objects.filter(outcome="", next_due_at__gt=now).aggregate(at=Min("next_due_at"))["at"]
        queued = Delivery.objects.filter(status="queued", not_before__gt=now).exclude(reason="paused")
        held = queued.aggregate(at=Min("not_before"))["at"]
        return min((at for at in (due, held) if at), default=None)

    def _out(self) -> set[int]:
        return set(Delivery.objects.filter(sending_at__isnull=False).values_list("pk", flat=True))

    def _judge(self, message: Delivery, held: set[int]) -> None:
        person, enrollment, now = message.contact, message.run.enrollment, self.story.now
        newest = Consent.objects.filter(contact=person, kind=message.kind, purpose="marketing").latest("id")
        assert newest.given, "without consent"
        assert not is_quiet(now.astimezone(ZoneInfo(person.time_zone)).time(), *QUIET), "in quiet hours"
        since = now - timedelta(days=CAP_DAYS)
        had = Delivery.objects.filter(contact=person, sending_at__gt=since, status__in=WENT_OUT).count()
        assert had <= CAP, "above the cap"
        assert (person.pk, enrollment.pk) not in self.stopped, "after an order"
        assert enrollment.pk not in self.gone, "after an opening, a click or an opt-out"
        assert enrollment.cascade_id not in held, "in a cascade on hold"
        assert message.valid_until is None or message.valid_until > now, "too late"

    def end(self) -> None:
        """Let all of it run out: everyone ends, with a reason, and nobody is lost."""
        for cascade in self.cascades:
            runner.resume(cascade.pk, now=self.story.now)
        self.tick()
        self.until(self.story.now + timedelta(days=30))
        assert not Enrollment.objects.filter(outcome=Outcome.OPEN).exists(), "it never ended"
        assert not Enrollment.objects.filter(reason="").exists(), "it does not say why"
        assert not Enrollment.objects.filter(reason="time_over").exists(), "it ended by its emergency brake only"
        assert not StepRun.objects.filter(reason="").exists()
        assert not Delivery.objects.filter(status="queued").exists()
        assert invariant.check(self.story.now).problems == ()
        pairs = list(Delivery.objects.filter(sending_at__isnull=False).values_list("contact_id", "scope"))
        assert len(pairs) == len(set(pairs)), "a step twice"


class TestTheHouse(TestCase):
    @given(st.data())
    @invented(3)
    def test_the_promises_hold_whatever_people_and_staff_do(self, data: st.DataObject) -> None:
        house = House(data.draw)
        people = {"contacts": [person.pk for person in house.people]}
        runner.start(uuid4(), house.cascades[0], people, user=None, now=house.story.now)
        house.tick()
        for _ in range(data.draw(st.integers(4, 14))):
            house.act()
            house.tick()
        house.end()
        ended = Enrollment.objects.exclude(outcome=Outcome.OPEN).count()
        assert ended == Enrollment.objects.count() >= 1
