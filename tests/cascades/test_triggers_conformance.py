"""What every way in must do, whatever it is: nobody twice, nobody lost after an outage, nobody for what was before."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cascades import runner
from cascades.models import Cascade, CascadeStatus, Enrollment
from cascades.parameters import BadParameters, Field
from cascades.trigger import Check, names, trigger
from contacts import bookings, events
from contacts.models import Contact, Group, Membership, Segment
from tests.factories import NOW, make_business, make_cascade, make_channel, make_contact, make_message

pytestmark = pytest.mark.django_db

Happen = Callable[[Contact, datetime], None]


@dataclass(frozen=True)
class Case:
    """How to bring about an occasion of this trigger: `happen` does it, the moment comes `after` that."""

    params: dict[str, Any]
    happen: Happen
    after: timedelta = timedelta(0)
    lateness: timedelta = timedelta(days=7)  # for longer than this nobody is taken in late
    more: dict[str, Any] = field(default_factory=dict)
    before: Callable[[], object] = lambda: None  # what must be there when it is switched on


def an_order(contact: Contact, at: datetime) -> None:
    events.record(contact.pk, "order", at=at, now=at, data={"total": 60, "items": [{"category": "hair"}]})


def a_cart(contact: Contact, at: datetime) -> None:
    events.record(contact.pk, "cart_changed", at=at, now=at, data={"cart": f"c{contact.pk}"})


def a_booking_in_two_days(contact: Contact, at: datetime) -> None:
    bookings.book(contact.pk, bookings.Slot(title="Cut", starts_at=at + timedelta(days=2)), now=at)


def a_birthday(contact: Contact, at: datetime) -> None:
    """Two days later, when it is 14:00 in Madrid."""
    born = (at + timedelta(days=2)).date()
    Contact.objects.filter(pk=contact.pk).update(birth_date=born.replace(year=1990), created_at=at)


def a_wedding_day(contact: Contact, at: datetime) -> None:
    day = (at + timedelta(days=2 + 5)).date().replace(year=2015)
    Contact.objects.filter(pk=contact.pk).update(attributes={"wedding": day.isoformat()}, created_at=at)


def into_the_group(contact: Contact, _at: datetime) -> None:
    Membership.objects.create(contact=contact, group=Group.objects.get_or_create(pk=1, name="Regulars")[0])


def into_the_segment(contact: Contact, _at: datetime) -> None:
    Membership.objects.create(contact=contact, group_id=1)


def out_of_the_segment(contact: Contact, at: datetime) -> None:
    """Inside a minute before, and seen there."""
    inside = Membership.objects.create(contact=contact, group_id=1)
    params = trigger("segment").clean({"segment": 1})
    trigger("segment").observe(params, Check(at - timedelta(minutes=1), NOW, played=True))
    inside.delete()


def a_segment() -> None:
    group, _made = Group.objects.get_or_create(pk=1, defaults={"name": "Regulars"})
    rules = {"all": [{"kind": "groups", "op": "any", "groups": [group.pk]}]}
    Segment.objects.get_or_create(pk=1, defaults={"name": "Regulars", "rules": rules})


def a_pick_up_in_two_days(contact: Contact, at: datetime) -> None:
    told = {"order": f"o{contact.pk}", "pickup_on": (at + timedelta(days=2)).isoformat()}
    events.record(contact.pk, "order", at=at, now=at, data=told)


def a_pick_up_the_day_before(contact: Contact, at: datetime) -> None:
    told = {"order": f"o{contact.pk}", "pickup_on": (at - timedelta(days=1)).isoformat()}
    events.record(contact.pk, "order", at=at, now=at, data=told)


CASES: dict[str, list[Case]] = {
    "event": [
        Case({"event": "order", "where": [{"field": "total", "is": "least", "value": 50}]}, an_order),
        Case({"event": "order", "where": [{"field": "items[].category", "is": "is", "value": "hair"}]}, an_order),
        Case({"event": "cart_changed", "key": "cart", "quiet": 10_800}, a_cart, timedelta(hours=3)),
    ],
    "booking": [
        Case({"by": 86_400}, a_booking_in_two_days, timedelta(0), timedelta(days=2)),
        Case({"by": 86_400, "when": "after"}, a_booking_in_two_days, timedelta(days=3)),
    ],
    "event_date": [
        Case(
            {"event": "order", "field": "pickup_on", "by": 86_400},
            a_pick_up_in_two_days,
            timedelta(0),
            timedelta(days=2),
        ),
        Case({"event": "order", "field": "pickup_on", "when": "after", "key": "order"}, a_pick_up_the_day_before),
    ],
    "segment": [
        Case({"segment": 1, "every": 60}, into_the_segment, before=a_segment),
        Case({"segment": 1, "every": 60, "when": "leaving"}, out_of_the_segment, before=a_segment),
    ],
    "silence": [
        Case({"days": 15}, an_order, timedelta(days=15)),
        Case({"days": 30, "event": "order"}, an_order, timedelta(days=30)),
    ],
    "yearly": [
        Case({"at": "14:00"}, a_birthday, timedelta(days=2), timedelta(days=1)),
        Case({"detail": "wedding", "days": 5, "at": "14:00"}, a_wedding_day, timedelta(days=2), timedelta(days=1)),
    ],
    "schedule": [
        Case({"group": 1, "weekday": "1", "at": "14:00"}, into_the_group, timedelta(days=2), timedelta(days=1)),
        Case(
            {"group": 1, "every": "month", "day": 24, "at": "14:00"},
            into_the_group,
            timedelta(days=2),
            timedelta(days=1),
        ),
    ],
}
EVERY = [pytest.param(name, case, id=f"{name}-{n}") for name, cases in CASES.items() for n, case in enumerate(cases)]
LATE = [timedelta(hours=1), timedelta(days=1), timedelta(days=6, hours=23)]


def listening(name: str, case: Case, now: datetime = NOW) -> Cascade:
    """A cascade that was switched on at `now`."""
    make_business()
    case.before()
    text = make_message(texts={("sms", "en"): "Hello"})
    step = {"channel": make_channel("sms"), "message": text, "seen": "nothing"}
    cascade = make_cascade(name, [step], trigger=name, trigger_params=case.params)
    runner.switch_on(cascade, user=None, now=now)
    return cascade


def person(number: int = 1) -> Contact:
    found = make_contact(f"Ana {number}", phone=f"+346001112{number:02}")
    Contact.objects.filter(pk=found.pk).update(created_at=NOW - timedelta(days=90))
    return found


def taken_in() -> list[tuple[int, str]]:
    return list(Enrollment.objects.order_by("id").values_list("contact_id", "reason"))


def test_every_registered_trigger_that_listens_is_tried_here() -> None:
    assert {name for name in names() if trigger(name).automatic} <= {*CASES, "api"}


@pytest.mark.parametrize("name", names())
def test_a_trigger_says_in_words_what_it_is_and_what_can_be_set(name: str) -> None:
    way_in = trigger(name)
    assert way_in.name == name
    assert all(str(said).strip() for said in (way_in.label, way_in.help, way_in.too_late))
    for one in way_in.parameters:
        assert str(one.label).strip(), one.name
        assert one.field is not Field.CHOICE or one.choices, one.name
        assert one.required or one.clean(one.default) == one.default, one.name


@pytest.mark.parametrize("name", names())
def test_nonsense_is_answered_with_a_sentence(name: str) -> None:
    way_in = trigger(name)
    with pytest.raises(BadParameters):
        way_in.clean({"no such setting": 1})
    for one in way_in.parameters:
        with pytest.raises(BadParameters) as refused:
            way_in.clean({one.name: {"strange": object()}})
        assert refused.value.problems[one.name].endswith(".")


@pytest.mark.parametrize(("name", "case"), EVERY)
def test_asked_twice_nobody_enters_twice(name: str, case: Case) -> None:
    listening(name, case)
    ana = person()
    runner.listen(NOW + timedelta(minutes=30))
    case.happen(ana, NOW + timedelta(hours=1))
    moment = NOW + timedelta(hours=1) + case.after
    assert taken_in() == []
    for seconds in (0, 30, 60, 7200):
        runner.listen(moment + timedelta(seconds=seconds))
    assert taken_in() == [(ana.pk, "")]


@pytest.mark.parametrize("late", LATE)
@pytest.mark.parametrize(("name", "case"), EVERY)
def test_after_an_outage_everyone_enters_once_or_is_left_out_with_the_reason(
    name: str, case: Case, late: timedelta
) -> None:
    listening(name, case)
    ana = person()
    runner.listen(NOW)
    case.happen(ana, NOW + timedelta(hours=1))
    moment = NOW + timedelta(hours=1) + case.after
    if case.after:
        runner.listen(moment - timedelta(minutes=1))
    before = taken_in()
    runner.listen(moment + late)
    runner.listen(moment + late + timedelta(minutes=1))
    assert before in ([], [(ana.pk, "")])
    ((who, reason),) = taken_in()
    assert who == ana.pk
    assert (reason == "") == (late < case.lateness)


@pytest.mark.parametrize(("name", "case"), EVERY)
def test_what_lies_weeks_back_is_left_out_and_says_so(name: str, case: Case) -> None:
    listening(name, case)
    ana = person()
    case.happen(ana, NOW + timedelta(hours=1))
    runner.listen(NOW + case.after + timedelta(days=21))
    left_out = set(taken_in())
    assert left_out
    assert left_out <= {(ana.pk, "came_too_late"), (ana.pk, "date_has_passed")}
    assert set(Enrollment.objects.values_list("outcome", flat=True)) == {"stopped"}


@pytest.mark.parametrize(("name", "case"), EVERY)
def test_what_was_before_it_was_switched_on_does_not_count(name: str, case: Case) -> None:
    ana = person()
    case.before()
    case.happen(ana, NOW)
    begins = NOW + case.after + timedelta(days=2)
    listening(name, case, begins)
    for hours in (0, 1, 30):
        runner.listen(begins + timedelta(hours=hours))
    assert taken_in() == []


@pytest.mark.parametrize(("name", "case"), EVERY)
def test_a_cascade_on_hold_takes_nobody_in_until_it_is_resumed(name: str, case: Case) -> None:
    cascade = listening(name, case)
    ana = person()
    case.happen(ana, NOW + timedelta(hours=1))
    moment = NOW + timedelta(hours=1) + case.after
    runner.pause(cascade.pk, now=NOW)
    runner.listen(moment)
    assert taken_in() == []
    runner.resume(cascade.pk, now=moment)
    runner.listen(moment)
    assert taken_in() == [(ana.pk, "")]


@pytest.mark.parametrize(("name", "case"), EVERY)
def test_a_crowd_costs_no_more_statements_than_one(name: str, case: Case) -> None:
    listening(name, case)
    moment = NOW + timedelta(hours=1) + case.after
    runner.listen(NOW + timedelta(minutes=1))
    case.happen(person(), NOW + timedelta(hours=1))
    with CaptureQueriesContext(connection) as alone:
        assert runner.listen(moment) == 1
    for number in range(2, 12):
        case.happen(person(number), NOW + timedelta(hours=1))
    with CaptureQueriesContext(connection) as many:
        assert runner.listen(moment + timedelta(minutes=1)) == 10
    assert len(many) <= len(alone) <= 60  # the first after an outage asks for those who are too late as well


@pytest.mark.parametrize("name", names())
def test_only_a_way_in_by_itself_can_be_switched_on(name: str) -> None:
    make_business()
    step = {"channel": make_channel("sms"), "message": make_message(texts={("sms", "en"): "Hello"}), "seen": "nothing"}
    case = CASES.get(name, [Case({}, an_order)])[0]
    case.before()
    cascade = make_cascade(name, [step], trigger=name, trigger_params=case.params)
    if trigger(name).automatic:
        runner.switch_on(cascade, user=None, now=NOW)
        assert (cascade.status, cascade.listens_since) == (CascadeStatus.RUNNING, NOW)
    else:
        with pytest.raises(runner.NotReady):
            runner.switch_on(cascade, user=None, now=NOW)
