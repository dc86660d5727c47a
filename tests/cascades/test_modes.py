"""Modes, preferred channels, steps for some, goals with conditions and groups at the end, with every real part in place."""

from __future__ import annotations

from datetime import time, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cascades import runner
from cascades.admin.controls import copied
from cascades.models import Cascade, CascadeStatus, GoalAbout, Mode, Seen, Step
from cascades.publishing import NotReady, freeze
from cascades.trigger import Entry
from channels.models import Delivery, Grade
from channels.transport import Fact
from contacts import reasons, segments
from contacts.models import Contact, Membership, Segment
from tests.cascades.story import Story, ana, decisions, last, messages, outcome, way
from tests.factories import (
    NOW,
    email_then_sms,
    make_business,
    make_cascade,
    make_channel,
    make_contact,
    make_group,
    make_message,
)

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def house(db: None) -> None:
    make_business()


def draft_step(cascade: Cascade, kind: str) -> Step:
    return cascade.steps.get(version=None, channel__kind=kind)


def test_all_channels_at_once_send_both_and_count_a_reaction_when_both_have_left() -> None:
    cascade, person, story = email_then_sms(mode=Mode.PARALLEL), ana(), Story()
    cascade.steps.filter(position=1).update(wait=timedelta(0))
    story.start(cascade)
    assert [kind for kind, _status in messages(person)] == ["email", "sms"]
    story.own(person.deliveries.get(kind="email"), Fact.OPENED)
    story.tick()
    assert outcome(person) == ("reached", "seen_opened")


def test_of_all_channels_at_once_the_goal_still_calls_back_what_has_not_left() -> None:
    cascade, person, story = email_then_sms(mode=Mode.PARALLEL, goal=["order"]), ana(), Story()
    story.start(cascade)
    story.own(last(person), Fact.OPENED)
    story.later(hours=3)
    assert outcome(person) == ("", "step_time")
    story.happens(person, "order")
    story.later(hours=2)
    assert messages(person) == [("email", "sent")]
    assert outcome(person) == ("reached", "goal_order")


def test_only_the_first_channel_that_reaches_the_person_gets_it() -> None:
    cascade, person, story = email_then_sms(mode=Mode.FIRST), ana(), Story()
    no_mail = make_contact("Bo", phone="+34600111333")
    story.start(cascade)
    story.later(days=4)
    assert [kind for kind, _status in messages(person)] == ["email"]
    assert [kind for kind, _status in messages(no_mail)] == ["sms"]
    assert outcome(person)[1] in ("none_delivered", "got_message")


def test_a_bounce_makes_the_next_channel_the_first_that_reaches() -> None:
    cascade, person, story = email_then_sms(mode=Mode.FIRST), ana(), Story()
    story.start(cascade)
    story.hear(last(person), Fact.BOUNCED)
    story.tick()
    assert messages(person) == [("email", "bounced"), ("sms", "sent")]


def test_it_moves_on_until_one_is_delivered() -> None:
    cascade, person, story = email_then_sms(mode=Mode.DELIVERED), ana(), Story()
    story.start(cascade)
    story.hear(last(person), Fact.DELIVERED)
    story.later(days=1)
    assert messages(person) == [("email", "delivered")]
    assert outcome(person) == ("reached", "seen_delivered")


def test_until_the_goal_nothing_else_ends_it() -> None:
    cascade, person, story = email_then_sms(mode=Mode.GOAL, goal=["order"]), ana(), Story()
    story.start(cascade)
    story.own(last(person), Fact.CLICKED)
    story.later(hours=5)
    assert [kind for kind, _status in messages(person)] == ["email", "sms"]
    story.later(days=5)
    assert outcome(person) == ("exhausted", "goal_not_reached")


def test_until_the_goal_needs_a_goal() -> None:
    with pytest.raises(NotReady, match="no goal is chosen"):
        freeze(email_then_sms(mode=Mode.GOAL), user=None, now=NOW)


def test_the_channel_that_a_person_asked_for_comes_first_and_says_so() -> None:
    cascade, person, story = email_then_sms(preferred_first=True), ana(preferred_channel="sms"), Story()
    other = make_contact("Bo", email="bo@example.org", phone="+34600111333")
    story.start(cascade)
    assert [kind for kind, _status in messages(person)] == ["sms"]
    assert decisions(person) == [("send", "preferred_first")]
    assert [kind for kind, _status in messages(other)] == ["email"]
    story.later(hours=4)
    assert [kind for kind, _status in messages(person)] == ["sms", "email"]


def test_else_the_channel_that_they_really_use_and_it_stays_so_for_this_time() -> None:
    person, story = ana(), Story()
    plain = email_then_sms()
    story.start(plain)
    story.later(hours=4)
    Delivery.objects.filter(kind="sms").update(clicked_at=NOW, clicked_grade=Grade.HUMAN)
    cascade = copied(plain, None)
    Cascade.objects.filter(pk=cascade.pk).update(preferred_first=True)
    story.start(cascade)
    assert (way(person).cascade, way(person).prefers) == (cascade, "sms")
    assert last(person).kind == "sms"
    Contact.objects.update(preferred_channel="email")
    story.later(hours=4)
    assert last(person).kind == "email"
    assert Delivery.objects.filter(run__enrollment__cascade=cascade).count() == 2


def test_a_step_is_only_for_who_did_not_open_an_earlier_one_and_says_it_by_its_name() -> None:
    cascade, person, story = email_then_sms(mode=Mode.GOAL, goal=["order"]), ana(), Story()
    first = draft_step(cascade, "email")
    cascade.steps.filter(position=1).update(only_if=[{"step": first.key, "is": "not_opened"}])
    story.start(cascade)
    story.own(last(person), Fact.OPENED)
    story.later(hours=5)
    run = way(person).runs.get(decision="skip")
    assert run.reason == "only_not_opened"
    assert reasons.say(run.reason, run.reason_params) == "Only for those who did not open “Offer”."


def segment_of(city: str) -> Segment:
    rules = {"all": [{"kind": "city", "op": "is", "city": city}]}
    return Segment.objects.create(name=f"In {city}", rules=rules)


def test_a_step_is_only_for_a_segment_as_it_is_when_the_step_is_due() -> None:
    cascade, person, story = email_then_sms(), ana(city="Bilbao"), Story()
    other = make_contact("Bo", email="bo@example.org", phone="+34600111333", city="Vigo")
    segment = segment_of("Vigo")
    cascade.steps.filter(position=1).update(only_if=[{"segment": segment.pk, "is": "in"}])
    story.start(cascade)
    Contact.objects.filter(pk=person.pk).update(city="Vigo")
    Contact.objects.filter(pk=other.pk).update(city="Bilbao")
    story.later(hours=4)
    assert [kind for kind, _status in messages(person)] == ["email", "sms"]
    assert decisions(other)[-1] == ("skip", "only_in")
    run = way(other).runs.get(decision="skip")
    assert "In Vigo" in reasons.say(run.reason, run.reason_params)


def test_a_segment_costs_the_same_statements_for_two_people_as_for_forty() -> None:
    segment = segment_of("Vigo")
    cascade = email_then_sms(status=CascadeStatus.RUNNING)
    cascade.steps.filter(position=0).update(only_if=[{"segment": segment.pk, "is": "not_in"}])
    version = freeze(cascade, user=None, now=NOW)

    def looked_at(number: int, name: str) -> int:
        people = [make_contact(f"{name}{n}", email=f"{name}{n}@example.org") for n in range(number)]
        chosen = Contact.objects.filter(pk__in=[one.pk for one in people])
        runner.enroll(version, Entry(chosen, f"launch:{name}", shared=True), now=NOW)
        with CaptureQueriesContext(connection) as asked:
            assert runner.advance(NOW, rounds=1) == number
        return len(asked)

    looked_at(1, "a")
    assert looked_at(2, "b") == looked_at(40, "c")


def test_a_segment_that_a_step_asks_for_is_told_to_who_would_delete_it() -> None:
    segment, cascade = segment_of("Vigo"), email_then_sms()
    assert segments.uses(segment.pk) == []
    cascade.steps.filter(position=1).update(only_if=[{"segment": segment.pk, "is": "in"}])
    assert segments.uses(segment.pk) == ["cascade “Announcement”"]
    Segment.objects.all().delete()
    with pytest.raises(NotReady, match="segment that no longer exists"):
        freeze(cascade, user=None, now=NOW)


def carts(about: str, **more: Any) -> tuple[Cascade, Story]:
    cascade = email_then_sms(
        goal=["order"], trigger="event", trigger_params={"event": "cart_changed", "key": "cart"}, goal_about=about, goal_key="cart", **more
    )  # fmt: skip
    runner.switch_on(cascade, user=None, now=NOW - HOUR)
    return cascade, Story()


@pytest.mark.parametrize(
    ("about", "data", "ended"),
    [
        (GoalAbout.ANY, {"cart": "B"}, {"A", "B"}), (GoalAbout.SAME, {"cart": "B"}, {"B"}), (GoalAbout.SAME, {}, set()),
        (GoalAbout.NOT_OTHER, {"cart": "B"}, {"B"}), (GoalAbout.NOT_OTHER, {}, {"A", "B"}),
    ],
)  # fmt: skip
def test_an_order_that_names_a_cart_ends_that_cart_as_staff_chose(
    about: str, data: dict[str, Any], ended: set[str]
) -> None:
    cascade, story = carts(about)
    person = ana()
    for cart in "AB":
        story.happens(person, "cart_changed", data={"cart": cart})
    runner.listen(story.now)
    story.later(minutes=5)
    story.happens(person, "order", data=data)
    story.later(minutes=5)
    over = cascade.enrollments.filter(reason="goal_order").values_list("occasion", flat=True)
    assert {occasion[-1] for occasion in over} == ended


@pytest.mark.parametrize(
    ("where", "data", "ends"),
    [
        ({"field": "total", "is": "least", "value": 50}, {"total": 50}, True),
        ({"field": "total", "is": "least", "value": 50}, {"total": "49.9"}, False),
        ({"field": "total", "is": "most", "value": 50}, {}, False),
        ({"field": "shop", "is": "is", "value": "Centre"}, {"shop": "centre"}, True),
        ({"field": "shop", "is": "not", "value": "Centre"}, {}, True),
        ({"field": "shop", "is": "is", "value": "7"}, {"shop": 7}, True),
        ({"field": "item_category", "is": "is", "value": "Shoes"}, {"items": [{"category": "hats"}, {"category": "shoes"}]}, True),
        ({"field": "item_category", "is": "not", "value": "Shoes"}, {"items": [{"category": "shoes"}]}, False),
    ],
)  # fmt: skip
def test_a_goal_counts_only_where_its_conditions_hold(where: dict[str, Any], data: dict[str, Any], ends: bool) -> None:
    cascade, person, story = email_then_sms(goal=["order"], goal_where=[where]), ana(), Story()
    story.start(cascade)
    story.happens(person, "order", data=data)
    story.later(minutes=1)
    assert (outcome(person) == ("reached", "goal_order")) is ends


def groups_of(person: Contact) -> set[str]:
    return set(Membership.objects.filter(contact=person).values_list("group__name", flat=True))


def test_at_the_end_people_come_into_groups_and_leave_them_by_how_it_ended() -> None:
    bought, liked, cold, gone = (make_group(name) for name in ("Bought", "Liked", "Cold", "Gone"))
    rows = [("goal", bought), ("reached", liked), ("exhausted", cold), ("unreachable", gone)]
    hopes = make_group("Hopes")
    cascade = email_then_sms(
        goal=["order"],
        at_end=[{"outcome": how, "group": group.pk, "from_group": hopes.pk} for how, group in rows],
    )
    buys, opens, silent = (make_contact(name, email=f"{name}@example.org") for name in "abc")
    none = make_contact("d")
    Membership.objects.bulk_create([Membership(contact=one, group=hopes) for one in (buys, opens, silent, none)])
    story = Story()
    story.start(cascade)
    story.happens(buys, "order")
    story.own(last(opens), Fact.OPENED)
    story.later(days=4)
    found = {one.first_name: groups_of(one) for one in (buys, opens, silent, none)}
    assert found == {"a": {"Bought"}, "b": {"Liked"}, "c": {"Cold"}, "d": {"Gone"}}


def test_the_groups_at_the_end_cost_no_statement_where_none_are_named_and_few_where_they_are() -> None:
    group, other, plain = make_group("Bought"), make_group("Hopes"), email_then_sms(final_wait=timedelta(0))

    def ended(number: int, at_end: list[dict[str, Any]], name: str) -> int:
        cascade = copied(plain, None)
        Cascade.objects.filter(pk=cascade.pk).update(status=CascadeStatus.RUNNING, at_end=at_end)
        version = freeze(cascade, user=None, now=NOW)
        people = [make_contact(f"{name}{n}") for n in range(number)]  # none can be reached: it is over at once
        chosen = Contact.objects.filter(pk__in=[one.pk for one in people])
        runner.enroll(version, Entry(chosen, f"launch:{name}"), now=NOW)
        with CaptureQueriesContext(connection) as asked:
            assert runner.advance(NOW, rounds=1) == number
        return len(asked)

    row = [{"outcome": "unreachable", "group": group.pk, "from_group": other.pk}]
    ended(1, [], "z")
    none, few, many = ended(2, [], "a"), ended(2, row, "b"), ended(40, row, "c")
    assert none < few == many
    assert Membership.objects.filter(group=group).count() == 42


@pytest.mark.parametrize("mode", Mode.values)
def test_two_messages_on_one_channel_both_leave_unless_one_is_enough(mode: str) -> None:
    mail = make_channel("email")
    steps = [
        {"channel": mail, "message": make_message("First"), "seen": Seen.CLICKED},
        {"channel": mail, "message": make_message("Second"), "seen": Seen.CLICKED, "wait": HOUR},
    ]
    cascade, person, story = make_cascade(steps=steps, mode=mode, goal=["order"]), ana(), Story()
    runner.start(uuid4(), cascade, {"contacts": [person.pk]}, user=None, now=NOW)
    story.tick()
    story.later(hours=2)
    assert len(messages(person)) == (1 if mode == Mode.FIRST else 2)


@pytest.mark.parametrize("mode", [Mode.SERIES, Mode.PARALLEL, Mode.DELIVERED, Mode.SEEN, Mode.GOAL])
def test_in_every_mode_a_step_that_waits_for_an_hour_of_the_clock_leaves_at_that_hour_there(mode: Mode) -> None:
    """Four hours after the email it is 14 o'clock in Madrid; 18:30 there is 17:30 UTC."""
    person, story = ana(), Story(NOW.replace(hour=9, minute=0))
    cascade = email_then_sms(mode=mode, goal=["order"])
    cascade.steps.filter(position=1).update(at_time=time(18, 30))
    story.start(cascade)
    story.later(hours=8, minutes=29)
    assert [kind for kind, _status in messages(person)] == ["email"]
    story.later(minutes=1)
    assert [kind for kind, _status in messages(person)] == ["email", "sms"]
