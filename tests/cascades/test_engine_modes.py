"""What each mode makes of everything that can become of a message; who prefers a channel; steps that are only for some."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cascades.engine import (
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

T = datetime(2026, 11, 22, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
EMAIL = StepPlan("email", kind="email")
SMS = StepPlan("sms", kind="sms", wait=4 * HOUR, seen=Seen.CLICKED, reports_opening=False)
CALL = StepPlan("call", kind="viber", wait=2 * HOUR)

FATES: dict[str, StepProgress] = {
    "unreachable": skipped("email", "no_address", T),
    "lost": StepProgress("email", Went.LOST, T, ended_at=T),
    "waiting": StepProgress("email", Went.WAITING, T),
    "sent": StepProgress("email", Went.SENT, T, sent_at=T),
    "delivered": StepProgress("email", Went.DELIVERED, T, sent_at=T, delivered_at=T),
    "opened": StepProgress("email", Went.DELIVERED, T, sent_at=T, delivered_at=T, opened_at=T),
    "clicked": StepProgress("email", Went.DELIVERED, T, sent_at=T, clicked_at=T),
    "answered": StepProgress("email", Went.SENT, T, sent_at=T, replied_at=T),
}
SENDS, ON_ITS_WAY, AWAITS = "send", "previous_on_its_way", "awaits_reactions"
# What becomes of the email -> what the second step, whose time has come, is for the person: in the order of the modes.
MODES = (Mode.SERIES, Mode.PARALLEL, Mode.FIRST, Mode.DELIVERED, Mode.SEEN, Mode.GOAL)
EXPECTED: dict[str, tuple[str, ...]] = {
    "unreachable": (SENDS, SENDS, SENDS, SENDS, SENDS, SENDS),
    "lost": (SENDS, SENDS, SENDS, SENDS, SENDS, SENDS),
    "waiting": (ON_ITS_WAY, SENDS, ON_ITS_WAY, ON_ITS_WAY, ON_ITS_WAY, ON_ITS_WAY),
    "sent": (SENDS, SENDS, AWAITS, SENDS, SENDS, SENDS),
    "delivered": (SENDS, SENDS, AWAITS, "seen_delivered", SENDS, SENDS),
    "opened": ("seen_opened", SENDS, "seen_opened", "seen_opened", "seen_opened", SENDS),
    "clicked": ("seen_clicked", SENDS, "seen_clicked", "seen_clicked", "seen_clicked", SENDS),
    "answered": ("seen_replied", SENDS, "seen_replied", "seen_replied", "seen_replied", SENDS),
}


def plan(mode: Mode, *steps: StepPlan, **more: Any) -> Plan:
    return Plan(steps or (EMAIL, SMS), **{"final_wait": 24 * HOUR, "mode": mode, **more})


def way(*steps: StepProgress, **more: Any) -> Progress:
    return Progress(T, steps, **more)


def said(intent: Any) -> str:
    return SENDS if isinstance(intent, Send) else intent.reason


@pytest.mark.parametrize("fate", FATES)
@pytest.mark.parametrize("mode", MODES)
def test_what_became_of_a_message_means_in_each_mode_what_the_mode_says(mode: Mode, fate: str) -> None:
    intent = decide(plan(mode), way(FATES[fate]), T + 5 * HOUR)
    assert said(intent) == EXPECTED[fate][MODES.index(mode)]
    assert not isinstance(intent, Stop) or intent.outcome is Ending.REACHED


@pytest.mark.parametrize("fate", FATES)
@pytest.mark.parametrize("mode", MODES)
def test_the_goal_an_opt_out_and_staff_end_every_mode(mode: Mode, fate: str) -> None:
    for ended in (Ended(Ending.REACHED, "goal_order"), Ended(Ending.STOPPED, "opt_out")):
        assert decide(plan(mode), way(FATES[fate], ended_by=ended), T) == Stop(ended.outcome, ended.reason)


@pytest.mark.parametrize("mode", [mode for mode in MODES if mode is not Mode.SERIES])
@pytest.mark.parametrize("seen", Seen)
def test_what_a_step_says_of_its_ending_counts_only_step_by_step(mode: Mode, seen: Seen) -> None:
    ours, plain = plan(mode, replace(EMAIL, seen=seen), SMS), plan(mode)
    for fate in FATES.values():
        assert decide(ours, way(fate), T + 5 * HOUR) == decide(plain, way(fate), T + 5 * HOUR)


@pytest.mark.parametrize("mode", MODES)
def test_an_answer_that_staff_let_end_it_ends_it_in_every_mode(mode: Mode) -> None:
    email = replace(EMAIL, answers=(AnswerRule("no", Then.STOP), AnswerRule("yes", Then.CONTINUE)))
    no = replace(FATES["answered"], answers=(Answer("no"),))
    assert decide(plan(mode, email, SMS), way(no), T + HOUR) == Stop(Ending.REACHED, "answered_choice", "no")


OVER = T + 60 * HOUR
ENDS = {
    "sent": ("no_reaction", "no_reaction", "none_delivered", "none_delivered", "no_reaction", "goal_not_reached"),
    "delivered": ("no_reaction", "no_reaction", "got_message", "seen_delivered", "no_reaction", "goal_not_reached"),
    "opened": ("seen_opened", "seen_opened", "seen_opened", "seen_opened", "seen_opened", "goal_not_reached"),
    "clicked": ("seen_clicked", "seen_clicked", "seen_clicked", "seen_clicked", "seen_clicked", "goal_not_reached"),
    "answered": ("seen_replied", "seen_replied", "seen_replied", "seen_replied", "seen_replied", "goal_not_reached"),
    "lost": ("all_failed",) * 6,
    "unreachable": ("no_channel_left",) * 6,
}


@pytest.mark.parametrize("fate", ENDS)
@pytest.mark.parametrize("mode", MODES)
def test_at_the_end_each_mode_says_how_it_went(mode: Mode, fate: str) -> None:
    done = FATES[fate]
    others = replace(done, key="sms") if fate in ("lost", "unreachable") else skipped("sms", "no_address", T)
    intent = decide(plan(mode), way(done, others), OVER)
    assert isinstance(intent, Stop | Finish)
    assert intent.reason == ENDS[fate][MODES.index(mode)]
    reached = intent.reason.startswith("seen_") or intent.reason == "got_message"
    assert (intent.outcome is Ending.REACHED) == reached


def test_all_channels_leave_at_their_own_times_whatever_their_order() -> None:
    three = plan(Mode.PARALLEL, EMAIL, SMS, CALL)
    out = FATES["waiting"]
    assert decide(three, way(), T) == Send("email", "step_time")
    assert decide(three, way(out), T) == Wait(T + 2 * HOUR, "step_time")
    assert decide(three, way(out), T + 2 * HOUR) == Send("call", "step_time")
    two_out = way(out, replace(out, key="call"))
    assert decide(three, two_out, T + 2 * HOUR) == Wait(T + 4 * HOUR, "step_time")
    assert decide(three, two_out, T + 4 * HOUR) == Send("sms", "step_time")


def test_of_all_channels_at_once_one_on_hold_holds_none_of_the_others() -> None:
    held = way(paused=frozenset({"email"}))
    assert decide(plan(Mode.PARALLEL, EMAIL, replace(SMS, wait=timedelta(0))), held, T) == Send("sms", "step_time")


def test_a_reaction_calls_no_other_channel_back_and_counts_when_all_have_left() -> None:
    opened = FATES["opened"]
    both = plan(Mode.PARALLEL)
    assert isinstance(decide(both, way(opened), T + HOUR), Wait)
    waiting = StepProgress("sms", Went.WAITING, T)
    assert said(decide(both, way(opened, waiting), T + 4 * HOUR)) == ON_ITS_WAY
    left = replace(waiting, went=Went.SENT, sent_at=T)
    assert decide(both, way(opened, left), T + 4 * HOUR) == Stop(Ending.REACHED, "seen_opened")


def test_the_first_channel_that_bounces_was_none_and_the_next_one_gets_it_at_once() -> None:
    first = plan(Mode.FIRST)
    assert said(decide(first, way(FATES["sent"]), T + 5 * HOUR)) == AWAITS
    assert decide(first, way(FATES["lost"]), T + HOUR) == Send("sms", "previous_did_not_go")


def test_where_a_channel_cannot_tell_delivery_accepted_counts_when_the_next_step_is_due() -> None:
    mute = plan(Mode.DELIVERED, replace(EMAIL, reports_delivery=False), SMS)
    assert decide(mute, way(FATES["sent"]), T + HOUR) == Wait(T + 4 * HOUR, "step_time")
    assert decide(mute, way(FATES["sent"]), T + 4 * HOUR) == Stop(Ending.REACHED, "seen_accepted")
    assert decide(mute, way(FATES["lost"]), T + HOUR) == Send("sms", "previous_did_not_go")


def test_the_preferred_channel_comes_first_at_the_first_ones_time_and_the_others_keep_their_order() -> None:
    ours = plan(Mode.SERIES, EMAIL, SMS, CALL).preferring("viber")
    assert [step.key for step in ours.steps] == ["call", "email", "sms"]
    assert [step.wait for step in ours.steps] == [timedelta(0), 4 * HOUR, 2 * HOUR]
    assert decide(ours, way(), T) == Send("call", "preferred_first")
    sent = StepProgress("call", Went.SENT, T, sent_at=T)
    assert decide(ours, way(sent), T + HOUR) == Wait(T + 4 * HOUR, "step_time")
    assert decide(ours, way(sent), T + 4 * HOUR) == Send("email", "step_time")


def test_the_order_stays_for_whom_no_channel_is_preferred_and_where_all_go_at_once() -> None:
    ours = plan(Mode.SERIES)
    assert ours.preferring("") is ours
    assert ours.preferring("telegram") is ours
    assert ours.preferring("email") is ours
    assert plan(Mode.PARALLEL).preferring("sms") == plan(Mode.PARALLEL)


def test_a_step_that_depends_on_an_earlier_one_is_not_brought_before_it() -> None:
    asks = replace(SMS, only_if=(Condition(Became.NOT_OPENED, "email"),))
    assert plan(Mode.SERIES, EMAIL, asks).preferring("sms").steps == (EMAIL, asks)
    of_segment = replace(SMS, only_if=(Condition(Became.IN, segment=3),))
    assert plan(Mode.SERIES, EMAIL, of_segment).preferring("sms").steps[0].key == "sms"


def test_the_place_says_for_whom_it_is_and_not_the_message_that_takes_it() -> None:
    ours = plan(Mode.SERIES, EMAIL, replace(SMS, who=For.NOT_REACHED, wait_from=Base.DELIVERED)).preferring("sms")
    assert [(one.key, one.who, one.wait_from) for one in ours.steps] == [
        ("sms", For.EVERYONE, Base.SENT),
        ("email", For.NOT_REACHED, Base.DELIVERED),
    ]


HELD: dict[Became, set[str]] = {
    Became.OPENED: {"opened", "clicked", "answered"},
    Became.NOT_OPENED: {"unreachable", "lost", "waiting", "sent", "delivered", "never"},
    Became.CLICKED: {"clicked", "answered"},
    Became.NOT_CLICKED: {"unreachable", "lost", "waiting", "sent", "delivered", "opened", "never"},
    Became.OPENED_NOT_CLICKED: {"opened"},
    Became.DELIVERED: {"delivered", "opened", "clicked", "answered"},
    Became.NOT_DELIVERED: {"unreachable", "lost", "waiting", "sent", "never"},
    Became.ANSWERED: {"answered"},
    Became.NOT_ANSWERED: set(FATES) - {"answered"} | {"never"},
    Became.FAILED: {"unreachable", "lost"},
}


@pytest.mark.parametrize("fate", [*FATES, "never"])
@pytest.mark.parametrize("became", HELD)
def test_a_step_that_is_only_for_some_goes_to_them_and_tells_the_others_why_not(became: Became, fate: str) -> None:
    asked = Condition(became, "email")
    asks = replace(SMS, only_if=(asked,))
    other = replace(CALL, wait=timedelta(0))  # in between, so that the step asked for is not the one before
    steps = [] if fate == "never" else [FATES[fate]]
    between = StepProgress("call", Went.SENT, T, sent_at=T)
    intent = decide(plan(Mode.GOAL, EMAIL, other, asks), way(*steps, between), T + 90 * HOUR)
    if fate == "never":  # the step asked for comes first, for it was not decided
        intent = decide(plan(Mode.GOAL, other, asks), way(between), T + 90 * HOUR)
    assert isinstance(intent, Send) == (fate in HELD[became])
    if isinstance(intent, Skip):
        assert intent.reason.startswith(f"only_{became}")
        assert intent.condition == asked


@pytest.mark.parametrize(
    ("answer", "goes"), [(Answer("yes"), True), (Answer("", " YES "), True), (Answer("no"), False), (Answer("", "maybe"), False)]
)  # fmt: skip
def test_only_who_gave_this_answer(answer: Answer, goes: bool) -> None:
    asks = replace(SMS, only_if=(Condition(Became.ANSWERED, "email", answer="yes"),))
    gave = replace(FATES["answered"], answers=(answer,))
    assert isinstance(decide(plan(Mode.GOAL, EMAIL, asks), way(gave), T + 5 * HOUR), Send) is goes


def test_not_opened_of_whom_it_cannot_be_known_is_what_staff_decided() -> None:
    asks = plan(Mode.GOAL, EMAIL, replace(SMS, only_if=(Condition(Became.NOT_OPENED, "email"),)))
    blind = replace(FATES["sent"], tracked=False)
    assert said(decide(asks, way(blind), T + 5 * HOUR)) == "opening_unknown"
    assert isinstance(decide(asks, way(blind, unknown_goes_on=True), T + 5 * HOUR), Send)


@pytest.mark.parametrize(("became", "inside"), [(Became.IN, True), (Became.NOT_IN, False)])
def test_only_who_is_in_the_segment_or_not_in_it_once_it_was_asked(became: Became, inside: bool) -> None:
    asks = plan(Mode.SERIES, replace(EMAIL, only_if=(Condition(became, segment=7),)))
    assert isinstance(decide(asks, way(), T), Send)  # who is in it is asked before anything is sent
    for members, goes in ((frozenset({7}), inside), (frozenset({8}), not inside)):
        intent = decide(asks, way(segments=members), T)
        assert isinstance(intent, Send) is goes
        assert goes or said(intent) == f"only_{became}"


def test_all_conditions_of_a_step_must_hold() -> None:
    both = (Condition(Became.DELIVERED, "email"), Condition(Became.IN, segment=7))
    asks = plan(Mode.GOAL, EMAIL, replace(SMS, only_if=both))
    late, inside, outside = T + 5 * HOUR, frozenset({7}), frozenset[int]()
    assert isinstance(decide(asks, way(FATES["delivered"], segments=inside), late), Send)
    assert said(decide(asks, way(FATES["delivered"], segments=outside), late)) == "only_in"
    assert said(decide(asks, way(FATES["sent"], segments=inside), late)) == "only_delivered"


def test_for_whom_no_step_was_meant_it_says_so() -> None:
    asks = plan(Mode.SERIES, replace(EMAIL, only_if=(Condition(Became.IN, segment=7),)))
    assert decide(asks, way(skipped("email", "only_in", T)), T) == Finish(Ending.STOPPED, "nothing_for_them")


def test_a_step_that_was_put_in_behind_a_person_changes_no_wait() -> None:
    passed = skipped("new", "came_later", T + 3 * HOUR)
    three = plan(Mode.SERIES, StepPlan("new"), EMAIL, SMS)
    assert decide(three, way(FATES["sent"], passed), T + 3 * HOUR) == Wait(T + 4 * HOUR, "step_time")
