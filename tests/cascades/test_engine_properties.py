"""The promises against thousands of invented lives, in memory: the engine alone, and the calendar that it waits for."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from cascades.engine import (
    HAND_OVER_GRACE,
    Answer,
    AnswerRule,
    Base,
    Became,
    Condition,
    Ended,
    Ending,
    Finish,
    For,
    Mode,
    Plan,
    Progress,
    Seen,
    Send,
    Skip,
    StepPlan,
    StepProgress,
    Stop,
    Then,
    Wait,
    Went,
    decide,
)
from cascades.runner.progress import skipped
from contacts import calendar
from tests.cascades.clocks import ZONES, is_quiet
from tests.invented import invented

T = datetime(2026, 11, 22, 9, tzinfo=UTC)


HOUR = timedelta(hours=1)


spans = st.sampled_from([timedelta(0), timedelta(minutes=1), HOUR, 5 * HOUR, timedelta(days=2)])


rules = st.dictionaries(st.sampled_from(["yes", "no", "later", "*"]), st.sampled_from(Then), max_size=3)
answers = st.sampled_from(
    [Answer(code) for code in ("yes", "no", "later", "other")] + [Answer("", "yes"), Answer("", "hm"), Answer()]
)


kinds = st.sampled_from(["email", "sms", "viber"])


def conditions(draw: st.DrawFn, earlier: int) -> tuple[Condition, ...]:
    """On any of the steps before, and now and then on a segment."""
    of_steps = [one for one in Became if one not in (Became.IN, Became.NOT_IN)]
    found = []
    if earlier and draw(st.integers(0, 3)) == 0:
        found.append(Condition(draw(st.sampled_from(of_steps)), f"s{draw(st.integers(0, earlier - 1))}"))
    if draw(st.integers(0, 7)) == 0:
        found.append(Condition(draw(st.sampled_from([Became.IN, Became.NOT_IN])), segment=7))
    return tuple(found)


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    steps = [
        StepPlan(
            key=f"s{n}", wait=draw(spans), wait_from=draw(st.sampled_from(Base)), longest_wait=draw(st.none() | spans.filter(bool)),
            who=draw(st.sampled_from(For)), seen=draw(st.sampled_from(Seen)), validity=draw(spans.filter(bool)),
            reports_delivery=draw(st.booleans()), reports_opening=draw(st.booleans()), reports_clicks=draw(st.booleans()),
            answers=tuple(AnswerRule(choice, then) for choice, then in draw(rules).items()), kind=draw(kinds),
            only_if=conditions(draw, n),
        )
        for n in range(draw(st.integers(1, 4)))
    ]  # fmt: skip
    plan = Plan(tuple(steps), draw(spans), mode=draw(st.sampled_from(Mode)))
    return plan.preferring(draw(st.just("") | kinds))


def ended_by(plan: Plan, step: StepPlan) -> Seen:
    """What reaction ends it while it goes on, by a reckoning of our own."""
    if plan.mode is Mode.SERIES:
        return step.seen
    if plan.mode in (Mode.GOAL, Mode.PARALLEL):
        return Seen.NOTHING
    return Seen.OPENED if step.reports_opening else Seen.CLICKED


def ends(plan: StepPlan, seen: Seen, answer: Answer) -> bool:
    """What it means, by a reckoning of our own: the word itself, else any word, else what ends the step."""
    meant = {rule.choice: rule.then for rule in plan.answers}
    then = meant.get(answer.choice or answer.text) or (meant.get("*") if not answer.choice else None)
    return then is Then.STOP if then else seen is not Seen.NOTHING


class Life:
    """One person in one cascade, with a world that answers as it likes within what is possible."""

    def __init__(self, plan: Plan, draw: st.DataObject) -> None:
        self.plan, self.draw, self.now = plan, draw, T
        inside = draw.draw(st.sampled_from([frozenset[int](), frozenset({7})]))
        self.progress = Progress(T, unknown_goes_on=draw.draw(st.booleans()), segments=inside)
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
            if self.plan.mode is Mode.FIRST:
                assert not any(step.is_out for step in self.progress.steps), "a second one beside the first that goes"
            self.sent.append(intent.key)
            done = StepProgress(intent.key, Went.WAITING, self.now, tracked=self.draw.draw(st.booleans()))
        self.progress = replace(self.progress, steps=(*self.progress.steps, done))

    def _time_passes(self, until: datetime) -> None:
        """Up to the deadline, or to some news before it."""
        news = self.draw.draw(
            st.sampled_from(["nothing", "message", "message", "reaction", "reaction", "gate", "ended"])
        )
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
            validity = next(one.validity for one in self.plan.steps if one.key == step.key)
            in_time = self.now <= step.decided_at + validity + HAND_OVER_GRACE  # later than that nothing leaves
            went = self.draw.draw(st.sampled_from([Went.SENT, Went.LOST] if in_time else [Went.LOST]))
            return replace(step, went=went, sent_at=self.now, ended_at=self.now if went is Went.LOST else None)
        if step.went is not Went.SENT:
            return step
        self.reacted |= self.plan.mode is Mode.DELIVERED
        return replace(step, went=Went.DELIVERED, delivered_at=self.now)

    def _reacts(self, step: StepProgress) -> StepProgress:
        if step.went not in (Went.SENT, Went.DELIVERED):
            return step
        how = self.draw.draw(
            st.sampled_from(["opened_at", "unsure_at", "clicked_at", "replied_at", "replied_at", "replied_at"])
        )
        if how == "replied_at":
            return self._answers(step)
        rule = ended_by(self.plan, next(one for one in self.plan.steps if one.key == step.key))
        ends = {
            "opened_at": {Seen.OPENED},
            "clicked_at": {Seen.OPENED, Seen.CLICKED},
        }
        self.reacted |= rule in ends.get(how, set()) or (self.plan.mode is Mode.DELIVERED and how != "unsure_at")
        when: dict[str, Any] = {how: self.now}
        return replace(step, **when)

    def _answers(self, step: StepProgress) -> StepProgress:
        answer = self.draw.draw(answers)
        plan = next(one for one in self.plan.steps if one.key == step.key)
        self.reacted |= ends(plan, ended_by(self.plan, plan), answer) or self.plan.mode is Mode.DELIVERED
        return replace(step, replied_at=step.replied_at or self.now, answers=(*step.answers, answer))


@given(plans(), st.data())
@invented(100)
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
            reached_by_none = any(step.unreachable for step in life.progress.steps)
            assert intent.outcome is (Ending.UNREACHABLE if reached_by_none else Ending.STOPPED)
            return
        if isinstance(intent, Skip):
            life.progress = replace(
                life.progress, steps=(*life.progress.steps, skipped(intent.key, intent.reason, life.now))
            )
        else:
            life.now = intent.until
    raise AssertionError("it never ended")


@given(plans(), st.lists(answers, min_size=1, max_size=3))
def test_what_was_answered_ends_it_exactly_where_one_of_the_answers_does(plan: Plan, said: list[Answer]) -> None:
    plan = replace(plan, mode=Mode.SERIES)
    first = plan.steps[0]
    asked = StepProgress(first.key, Went.SENT, T, sent_at=T, replied_at=T, answers=tuple(said))
    over = decide(plan, Progress(T, (asked,)), T + HOUR)
    assert isinstance(over, Stop) is any(ends(first, first.seen, answer) for answer in said)


YEARS = datetime.fromisoformat("2026-01-01"), datetime.fromisoformat("2027-12-31")


walls = st.times().map(lambda wall: wall.replace(second=0, microsecond=0, tzinfo=None))


@given(
    st.datetimes(*YEARS),
    st.lists(st.sampled_from(ZONES), min_size=1, max_size=3),
    walls,
    walls,
)
@invented(100)
def test_whenever_it_waits_for_it_is_no_quiet_time_on_anyones_clock(
    at: datetime, names: list[str], start: time, end: time
) -> None:
    zones = [ZoneInfo(name) for name in names]
    opens = calendar.next_allowed(at.replace(tzinfo=UTC), zones, calendar.quiet(start, end))
    if opens is None:
        return
    assert opens >= at.replace(tzinfo=UTC)
    assert not any(is_quiet(opens.astimezone(zone).time(), start, end) for zone in zones)
