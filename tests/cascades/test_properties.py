"""The five promises against thousands of invented lives: first the engine alone in memory, then the whole house on the database."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.db.models import Min
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from cascades import invariant, runner
from cascades.engine import (
    Base,
    Ended,
    Ending,
    Finish,
    For,
    Plan,
    Progress,
    Seen,
    Send,
    Skip,
    StepPlan,
    StepProgress,
    Stop,
    Wait,
    Went,
    decide,
)
from cascades.models import Cascade, Enrollment, Outcome, StepRun
from cascades.runner.progress import skipped
from channels.models import Channel, Delivery, Grade
from channels.models.delivery import WENT_OUT
from channels.transport import Fact
from contacts import calendar, consent
from contacts.models import Consent, Contact
from tests.cascades.story import Story
from tests.factories import make_business, make_cascade, make_channel, make_contact, make_message

T = datetime(2026, 11, 22, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)

# --- The engine alone ---------------------------------------------------------------------------------------------------

spans = st.sampled_from([timedelta(0), timedelta(minutes=1), HOUR, 5 * HOUR, timedelta(days=2)])


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    steps = [
        StepPlan(
            key=f"s{n}", wait=draw(spans), wait_from=draw(st.sampled_from(Base)), longest_wait=draw(st.none() | spans.filter(bool)),
            who=draw(st.sampled_from(For)), seen=draw(st.sampled_from(Seen)), validity=draw(spans.filter(bool)),
            reports_delivery=draw(st.booleans()), reports_opening=draw(st.booleans()), reports_clicks=draw(st.booleans()),
        )
        for n in range(draw(st.integers(1, 4)))
    ]  # fmt: skip
    return Plan(tuple(steps), draw(spans))


class Life:
    """One person in one cascade, with a world that answers as it likes within what is possible."""

    def __init__(self, plan: Plan, draw: st.DataObject) -> None:
        self.plan, self.draw, self.now = plan, draw, T
        self.progress = Progress(T, unknown_goes_on=draw.draw(st.booleans()))
        self.sent: list[str] = []
        self.over: Stop | Finish | None = None
        self.reacted = False

    def live(self) -> None:
        for _ in range(200):
            intent = decide(self.plan, self.progress, self.now)
            if isinstance(intent, Stop | Finish):
                self.over = intent
                return
            if isinstance(intent, Wait):
                assert intent.until > self.now, "a wait that has no length would be looked at for ever"
                self.progress = replace(self.progress, prolonged=intent.prolonged)
                self._time_passes(intent.until)
            else:
                self._step(intent)

    def _step(self, intent: Send | Skip) -> None:
        assert intent.key not in {step.key for step in self.progress.steps}, "decided twice"
        if isinstance(intent, Skip):
            done = skipped(intent.key, intent.reason, self.now)
        else:
            assert not self.reacted, "sent after a stop"
            assert intent.key not in self.progress.unreachable, "sent to someone who must not be written to"
            self.sent.append(intent.key)
            done = StepProgress(intent.key, Went.WAITING, self.now, tracked=self.draw.draw(st.booleans()))
        self.progress = replace(self.progress, steps=(*self.progress.steps, done))

    def _time_passes(self, until: datetime) -> None:
        """Up to the deadline, or to some news before it."""
        news = self.draw.draw(st.sampled_from(["nothing", "message", "reaction", "gate", "ended"]))
        if news == "nothing":
            self.now = until
            return
        self.now += (until - self.now) * self.draw.draw(st.sampled_from([0.0, 0.1, 0.9]))
        if news == "gate":
            shut = self.draw.draw(st.sets(st.sampled_from([step.key for step in self.plan.steps])))
            self.progress = replace(self.progress, unreachable=dict.fromkeys(shut, "no_consent"))
        elif news == "ended":
            if self.draw.draw(st.integers(0, 3)) == 0:
                self.progress = replace(self.progress, ended_by=Ended(Ending.STOPPED, "opt_out"))
                self.reacted = True
        else:
            self._message_news(news)

    def _message_news(self, news: str) -> None:
        steps = [step for step in self.progress.steps if step.went is not Went.SKIPPED]
        if not steps:
            self.now += timedelta(seconds=1)
            return
        step = self.draw.draw(st.sampled_from(steps))
        after = self._moves(step) if news == "message" else self._reacts(step)
        self.progress = replace(
            self.progress, steps=tuple(after if one is step else one for one in self.progress.steps)
        )
        self.now += timedelta(seconds=1)

    def _moves(self, step: StepProgress) -> StepProgress:
        if step.went is Went.WAITING:
            went = self.draw.draw(st.sampled_from([Went.SENT, Went.LOST]))
            return replace(step, went=went, sent_at=self.now, ended_at=self.now if went is Went.LOST else None)
        return replace(step, went=Went.DELIVERED, delivered_at=self.now) if step.went is Went.SENT else step

    def _reacts(self, step: StepProgress) -> StepProgress:
        if step.went not in (Went.SENT, Went.DELIVERED):
            return step
        how = self.draw.draw(st.sampled_from(["opened_at", "unsure_at", "clicked_at", "replied_at"]))
        rule = next(one.seen for one in self.plan.steps if one.key == step.key)
        ends = {
            "opened_at": {Seen.OPENED},
            "clicked_at": {Seen.OPENED, Seen.CLICKED},
            "replied_at": set(Seen) - {Seen.NOTHING},
        }
        self.reacted |= rule in ends.get(how, set())
        when: dict[str, Any] = {how: self.now}
        return replace(step, **when)


@given(plans(), st.data())
@settings(max_examples=300)
def test_every_life_ends_in_time_with_no_step_twice_and_nothing_after_the_stop(plan: Plan, data: st.DataObject) -> None:
    life = Life(plan, data)
    life.live()
    assert life.over is not None, "it never ended"
    assert len(life.sent) == len(set(life.sent))
    # Each news in the test takes a second of its own, which the plan cannot know of.
    assert life.now <= T + plan.longest + timedelta(seconds=200)
    assert life.over.reason


@given(plans(), st.data())
def test_whoever_can_be_reached_by_nothing_gets_nothing_and_it_says_so(plan: Plan, data: st.DataObject) -> None:
    life = Life(plan, data)
    life.progress = replace(life.progress, unreachable={step.key: "no_consent" for step in plan.steps})
    for _ in range(60):
        intent = decide(plan, life.progress, life.now)
        assert not isinstance(intent, Send)
        if isinstance(intent, Stop | Finish):
            assert intent.outcome is Ending.UNREACHABLE
            return
        if isinstance(intent, Skip):
            life.progress = replace(
                life.progress, steps=(*life.progress.steps, skipped(intent.key, intent.reason, life.now))
            )
        else:
            life.now = intent.until
    raise AssertionError("it never ended")


ZONES = [
    "Europe/Madrid",
    "America/New_York",
    "Australia/Lord_Howe",
    "Pacific/Apia",
    "Asia/Kolkata",
    "America/St_Johns",
    "Africa/Casablanca",
]
YEARS = datetime.fromisoformat("2026-01-01"), datetime.fromisoformat("2027-12-31")
walls = st.times().map(lambda wall: wall.replace(second=0, microsecond=0, tzinfo=None))


@given(
    st.datetimes(*YEARS),
    st.lists(st.sampled_from(ZONES), min_size=1, max_size=3),
    walls,
    walls,
)
@settings(max_examples=300)
def test_whenever_it_waits_for_it_is_no_quiet_time_on_anyones_clock(
    at: datetime, names: list[str], start: time, end: time
) -> None:
    zones = [ZoneInfo(name) for name in names]
    opens = calendar.next_allowed(at.replace(tzinfo=UTC), zones, calendar.quiet(start, end))
    if opens is None:
        return
    assert opens >= at.replace(tzinfo=UTC)
    assert not any(_is_quiet(opens.astimezone(zone).time(), start, end) for zone in zones)


def _is_quiet(clock: time, start: time, end: time) -> bool:
    if start == end:
        return False
    return start <= clock < end if start < end else clock >= start or clock < end


# --- The whole house ----------------------------------------------------------------------------------------------------

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
        assert not _is_quiet(now.astimezone(ZoneInfo(person.time_zone)).time(), *QUIET), "in quiet hours"
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
    @settings(max_examples=6)
    def test_the_promises_hold_whatever_people_and_staff_do(self, data: st.DataObject) -> None:
        house = House(data.draw)
        people = {"contacts": [person.pk for person in house.people]}
        runner.start(uuid4(), house.cascades[0], people, user=None, now=house.story.now)
        house.tick()
        for _ in range(data.draw(st.integers(4, 14))):
            house.act()
            house.tick()
        house.end()
