"""Each rule of the engine, told as the story of one person."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from cascades.engine import (
    HAND_OVER_GRACE,
    Answer,
    AnswerRule,
    Base,
    Ended,
    Ending,
    Finish,
    For,
    Intent,
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
)  # fmt: skip

T = datetime(2026, 11, 22, 9, tzinfo=UTC)
HOUR = timedelta(hours=1)
EMAIL = StepPlan("email")
SMS = StepPlan("sms", wait=4 * HOUR, seen=Seen.CLICKED, reports_opening=False)
CASCADE = Plan((EMAIL, SMS), final_wait=24 * HOUR)


def way(*steps: StepProgress, **more: object) -> Progress:
    return replace(Progress(T, tuple(steps)), **more)  # type: ignore[arg-type]


def sent(key: str = "email", at: datetime = T, **more: object) -> StepProgress:
    return replace(StepProgress(key, Went.SENT, at, sent_at=at), **more)  # type: ignore[arg-type]


def test_the_first_step_goes_at_once() -> None:
    assert decide(CASCADE, way(), T) == Send("email", "step_time")


def test_the_first_step_waits_its_time_from_the_start() -> None:
    plan = Plan((replace(EMAIL, wait=HOUR),))
    assert decide(plan, way(), T) == Wait(T + HOUR, "step_time")
    assert decide(plan, way(), T + HOUR) == Send("email", "step_time")


def test_the_second_step_waits_from_the_sending_of_the_first_and_not_from_its_decision() -> None:
    late = replace(sent(), sent_at=T + HOUR)
    assert decide(CASCADE, way(late), T + 2 * HOUR) == Wait(T + 5 * HOUR, "step_time")
    assert decide(CASCADE, way(late), T + 5 * HOUR) == Send("sms", "step_time")


def test_while_the_first_message_is_on_its_way_the_second_waits_for_news_of_it() -> None:
    queued = StepProgress("email", Went.WAITING, T)
    answer = decide(CASCADE, way(queued), T + HOUR)
    assert answer == Wait(T + EMAIL.validity + HAND_OVER_GRACE + SMS.wait, "previous_on_its_way")


@pytest.mark.parametrize(
    ("reaction", "reason"),
    [
        ({"opened_at": T + HOUR}, "seen_opened"),
        ({"clicked_at": T + HOUR}, "seen_clicked"),
        ({"replied_at": T + HOUR}, "seen_replied"),
    ],
)
def test_who_reacted_gets_no_more(reaction: dict[str, Any], reason: str) -> None:
    assert decide(CASCADE, way(sent(**reaction)), T + 5 * HOUR) == Stop(Ending.REACHED, reason)


def test_a_late_opening_of_the_first_message_stops_after_the_second_was_sent_too() -> None:
    steps = (sent(opened_at=T + 6 * HOUR), sent("sms", T + 5 * HOUR))
    assert decide(CASCADE, way(*steps), T + 7 * HOUR) == Stop(Ending.REACHED, "seen_opened")


def test_where_only_the_goal_ends_it_an_opening_and_a_click_do_not() -> None:
    plan = Plan((replace(EMAIL, seen=Seen.NOTHING), StepPlan("second", wait=HOUR, seen=Seen.NOTHING)))
    assert decide(plan, way(sent(opened_at=T, clicked_at=T)), T + HOUR) == Send("second", "step_time")


def test_an_opening_is_not_enough_where_a_click_is_asked_for() -> None:
    plan = Plan((replace(EMAIL, seen=Seen.CLICKED), SMS))
    assert decide(plan, way(sent(opened_at=T)), T + 4 * HOUR) == Send("sms", "step_time")
    assert isinstance(decide(plan, way(sent(clicked_at=T)), T + 4 * HOUR), Stop)


def test_a_goal_an_opt_out_or_a_stop_ends_it_before_anything_else() -> None:
    ended = Ended(Ending.REACHED, "goal_order")
    assert decide(CASCADE, way(ended_by=ended), T) == Stop(Ending.REACHED, "goal_order")


def test_who_cannot_be_reached_moves_on_at_once() -> None:
    assert decide(CASCADE, way(unreachable={"email": "no_address"}), T) == Skip("email", "no_address")
    skipped = StepProgress("email", Went.SKIPPED, T, unreachable=True)
    assert decide(CASCADE, way(skipped), T) == Send("sms", "previous_did_not_go")


def test_a_failed_message_moves_on_at_once() -> None:
    lost = StepProgress("email", Went.LOST, T, ended_at=T + HOUR)
    assert decide(CASCADE, way(lost), T + HOUR) == Send("sms", "previous_did_not_go")


def test_a_step_that_was_not_meant_for_the_person_does_not_hurry_the_next_one() -> None:
    plan = Plan(
        (
            replace(EMAIL, seen=Seen.NOTHING),
            StepPlan("reminder", wait=HOUR, who=For.NOT_OPENED, seen=Seen.NOTHING),
            replace(SMS, wait=HOUR),
        )
    )
    left_out = StepProgress("reminder", Went.SKIPPED, T + HOUR)
    assert decide(plan, way(sent(opened_at=T)), T + HOUR) == Skip("reminder", "not_for_opened")
    assert decide(plan, way(sent(opened_at=T), left_out), T + HOUR) == Wait(T + 2 * HOUR, "step_time")


def test_who_can_be_reached_nowhere_ends_as_unreachable() -> None:
    both = (
        StepProgress("email", Went.SKIPPED, T, unreachable=True),
        StepProgress("sms", Went.SKIPPED, T, unreachable=True),
    )
    assert decide(CASCADE, way(*both), T) == Finish(Ending.UNREACHABLE, "no_channel_left")


def test_when_everything_failed_it_ends_as_failed() -> None:
    both = (StepProgress("email", Went.LOST, T), StepProgress("sms", Went.SKIPPED, T, unreachable=True))
    assert decide(CASCADE, way(*both), T) == Finish(Ending.FAILED, "all_failed")


def test_reactions_are_awaited_after_the_last_step_and_then_it_is_over() -> None:
    steps = (sent(), sent("sms", T + 4 * HOUR))
    assert decide(CASCADE, way(*steps), T + 5 * HOUR) == Wait(T + 28 * HOUR, "awaits_reactions")
    assert decide(CASCADE, way(*steps), T + 28 * HOUR) == Finish(Ending.EXHAUSTED, "no_reaction")


def test_a_wait_from_delivery_counts_from_it_and_ends_at_its_longest_when_it_never_comes() -> None:
    plan = Plan((EMAIL, replace(SMS, wait=HOUR, wait_from=Base.DELIVERED, longest_wait=10 * HOUR)))
    assert decide(plan, way(sent()), T) == Wait(T + 10 * HOUR, "waits_delivered")
    delivered = replace(sent(), went=Went.DELIVERED, delivered_at=T + 2 * HOUR)
    assert decide(plan, way(delivered), T + 2 * HOUR) == Wait(T + 3 * HOUR, "step_time")
    assert decide(plan, way(sent()), T + 10 * HOUR) == Send("sms", "waits_delivered")


def test_where_a_channel_cannot_report_delivery_accepted_counts() -> None:
    plan = Plan((replace(EMAIL, reports_delivery=False), replace(SMS, wait=HOUR, wait_from=Base.DELIVERED)))
    assert decide(plan, way(sent()), T + HOUR) == Send("sms", "step_time")


def test_a_wait_from_an_opening_counts_from_it_where_openings_do_not_end_the_cascade() -> None:
    plan = Plan(
        (replace(EMAIL, seen=Seen.NOTHING), replace(SMS, wait=HOUR, wait_from=Base.OPENED, longest_wait=9 * HOUR))
    )
    assert decide(plan, way(sent(opened_at=T + 3 * HOUR)), T + 4 * HOUR) == Send("sms", "step_time")
    assert decide(plan, way(sent()), T + 8 * HOUR) == Wait(T + 9 * HOUR, "waits_opened")


def test_an_unsure_opening_prolongs_the_wait_once_and_stops_nothing() -> None:
    unsure = sent(unsure_at=T + HOUR)
    first = decide(CASCADE, way(unsure), T + 4 * HOUR)
    assert first == Wait(T + 8 * HOUR, "unsure_opening", "sms")
    assert decide(CASCADE, way(unsure, prolonged="sms"), T + 8 * HOUR) == Send("sms", "step_time")


def test_an_unsure_opening_prolongs_nothing_where_openings_do_not_matter() -> None:
    plan = Plan((replace(EMAIL, seen=Seen.NOTHING), SMS))
    assert decide(plan, way(sent(unsure_at=T)), T + 4 * HOUR) == Send("sms", "step_time")


def test_an_opening_that_cannot_be_known_is_unknown_and_staff_decide_what_it_means() -> None:
    blind = sent(tracked=False)
    assert decide(CASCADE, way(blind), T + 4 * HOUR) == Skip("sms", "opening_unknown")
    assert decide(CASCADE, way(blind, unknown_goes_on=True), T + 4 * HOUR) == Send("sms", "step_time")


@pytest.mark.parametrize(
    ("who", "step", "answer"),
    [
        (For.NOT_REACHED, sent(), Send("sms", "step_time")),
        (For.NOT_REACHED, replace(sent(), went=Went.DELIVERED), Skip("sms", "not_for_reached")),
        (For.NOT_OPENED, sent(opened_at=T), Skip("sms", "not_for_opened")),
        (For.NOT_CLICKED, sent(opened_at=T), Send("sms", "step_time")),
        (For.NOT_CLICKED, sent(clicked_at=T), Skip("sms", "not_for_clicked")),
        (For.FAILED, sent(), Skip("sms", "not_for_sent")),
        (For.FAILED, StepProgress("email", Went.LOST, T), Send("sms", "previous_did_not_go")),
        (For.FAILED, StepProgress("email", Went.SKIPPED, T, unreachable=True), Send("sms", "previous_did_not_go")),
    ],
)
def test_a_step_goes_only_to_those_it_is_for(who: For, step: StepProgress, answer: Intent) -> None:
    plan = Plan((replace(EMAIL, seen=Seen.NOTHING), replace(SMS, who=who)))
    assert decide(plan, way(step), T + 4 * HOUR) == answer


def test_after_a_step_that_was_for_others_it_is_the_message_before_it_that_failed_or_did_not() -> None:
    chain = (replace(EMAIL, seen=Seen.NOTHING), StepPlan("chat", who=For.FAILED), replace(SMS, who=For.FAILED))
    others = StepProgress("chat", Went.SKIPPED, T)
    lost = StepProgress("email", Went.LOST, T)
    nobody = replace(others, unreachable=True)
    assert decide(Plan(chain), way(sent(), others), T + 4 * HOUR) == Skip("sms", "not_for_sent")
    assert decide(Plan(chain), way(lost, nobody), T + 4 * HOUR) == Send("sms", "previous_did_not_go")


def test_a_paused_step_waits_and_is_looked_at_again() -> None:
    answer = decide(CASCADE, way(paused=frozenset({"email"})), T)
    assert isinstance(answer, Wait)
    assert answer.reason == "step_paused"
    assert answer.until > T


def test_steps_counted_from_the_start_keep_their_hour_and_do_not_overtake_one_on_its_way() -> None:
    plan = Plan((EMAIL, StepPlan("second", wait=2 * HOUR, wait_from=Base.START)))
    assert decide(plan, way(sent()), T + HOUR) == Wait(T + 2 * HOUR, "step_time")
    assert isinstance(decide(plan, way(StepProgress("email", Went.WAITING, T)), T + 3 * HOUR), Wait)


ASKS = replace(
    EMAIL, seen=Seen.REPLIED,
    answers=(AnswerRule("yes", Then.STOP), AnswerRule("later", Then.CONTINUE), AnswerRule("*", Then.CONTINUE)),
)  # fmt: skip
ASKING = Plan((ASKS, SMS), final_wait=24 * HOUR)


def said(*answers: Answer) -> Progress:
    return way(sent(replied_at=T + HOUR, answers=answers))


@pytest.mark.parametrize(
    ("answer", "reason", "words"),
    [
        (Answer("yes", "Yes, please"), "answered_choice", "Yes, please"),
        (Answer("yes"), "answered_choice", "yes"),
        (Answer("", " YES "), "answered_choice", "YES"),
        (Answer("no", "No"), "seen_replied", ""),
    ],
)
def test_an_answer_that_stops_says_which_and_one_that_nobody_named_stops_as_ever(
    answer: Answer, reason: str, words: str
) -> None:
    assert decide(ASKING, said(answer), T + 2 * HOUR) == Stop(Ending.REACHED, reason, words)


@pytest.mark.parametrize("answer", [Answer("later"), Answer("", "Later"), Answer("", "How much is it?"), Answer()])
def test_an_answer_that_goes_on_changes_no_time_and_counts_as_a_reaction(answer: Answer) -> None:
    assert decide(ASKING, said(answer), T + 2 * HOUR) == Wait(T + 4 * HOUR, "step_time")
    assert decide(ASKING, said(answer), T + 4 * HOUR) == Send("sms", "step_time")
    to_the_blind = replace(ASKING, steps=(ASKS, replace(SMS, who=For.NOT_OPENED)))
    assert decide(to_the_blind, said(answer), T + 4 * HOUR) == Skip("sms", "not_for_opened")
    over = replace(said(answer), steps=(*said(answer).steps, sent("sms", T + 4 * HOUR)))
    assert decide(ASKING, over, T + 28 * HOUR) == Finish(Ending.REACHED, "answered_went_on")


def test_who_changes_their_mind_is_taken_at_the_word_that_stops() -> None:
    both = said(Answer("later"), Answer("yes"))
    assert decide(ASKING, both, T + 2 * HOUR) == Stop(Ending.REACHED, "answered_choice", "yes")


def test_where_nothing_seen_ends_it_only_a_named_answer_does() -> None:
    plan = Plan((replace(ASKS, seen=Seen.NOTHING, answers=(AnswerRule("yes", Then.STOP),)), SMS))
    assert decide(plan, said(Answer("", "Who are you?")), T + 2 * HOUR) == Wait(T + 4 * HOUR, "step_time")
    assert decide(plan, said(Answer("yes")), T + 2 * HOUR) == Stop(Ending.REACHED, "answered_choice", "yes")
