"""Trying a cascade out: the same as the tasks would do, with nothing left behind, nobody else touched, and nobody ever called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime, time, timedelta
from typing import Any, ClassVar
from uuid import uuid4

import pytest
import time_machine
from django.apps import apps

from cascades import rehearsal, runner, tasks
from cascades.models import CascadeStatus, Enrollment, StepRun
from cascades.outcomes import OUTCOME
from cascades.publishing import NotReady
from cascades.rehearsal import Play, Story
from channels import accounts, sending
from channels import tasks as sending_tasks
from channels.models import Channel, Delivery, DeliveryStatus
from channels.receipts import record_own
from channels.transport import Fact, Outgoing, Result
from contacts import events
from tests.cascades.rehearsed import EVENING, SOON, key, script_of, three_steps, town
from tests.cascades.story import ana
from tests.channels.outbox import ScriptedTransport, frozen, queue
from tests.factories import NOW, email_then_sms, make_business, make_cascade, make_channel, make_contact, make_message

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _house() -> None:
    make_business(quiet_from=time(21), quiet_until=time(8))


def rows() -> dict[str, int]:
    """How many rows each table has."""
    return {model._meta.label: model._default_manager.count() for model in apps.get_models() if model._meta.managed}


Line = tuple[str, int, str, str, str, datetime | None, str]


def as_played(story: Story) -> set[Line]:
    """(person, step, what became of it, channel, language, when, why) of everything that was decided."""
    return {
        (person.name, column.number, cell.outcome, column.kind if cell.message else "", person.language, cell.at, cell.reason)
        for person in story.people
        for column in story.columns
        if (cell := person.cells.get(column.key)) and cell.decided_at
    }  # fmt: skip


def in_earnest() -> set[Line]:
    """The same of what the tasks did."""
    runs: list[Any] = list(
        StepRun.objects.annotate(outcome_code=OUTCOME).select_related("enrollment__contact", "step", "delivery")
    )
    return {
        (
            str(run.enrollment.contact), run.step.position + 1, run.outcome_code, run.delivery.kind if run.delivery else "", "en",
            run.delivery.sent_at if run.delivery else run.decided_at, (run.delivery.reason if run.delivery else "") or run.reason,
        )
        for run in runs
    }  # fmt: skip


def ends(people: Any) -> list[tuple[str, str, datetime | None]]:
    return sorted((str(name), f"{outcome} {reason}", at) for name, outcome, reason, at in people)


def all_tasks() -> None:
    for task in (
        tasks.launch, tasks.trigger, tasks.wake, tasks.advance, sending_tasks.send, sending_tasks.apply_inbound, sending_tasks.sweep,
        tasks.wake, tasks.advance, sending_tasks.send,
    ):  # fmt: skip
        task()


def test_it_tells_exactly_what_the_tasks_would_do_at_the_same_time_by_the_same_channel_for_the_same_reason() -> None:
    people, cascade = town(), three_steps()
    plays = (
        Play(EVENING + SOON, 0, "open", key(cascade, 0)),
        Play(EVENING + timedelta(hours=20), 5, "goal", text="order"),
    )
    story = rehearsal.play(script_of(cascade, people, EVENING, plays=plays))
    assert story.over

    with time_machine.travel(EVENING, tick=False) as clock:
        runner.start(
            uuid4(), cascade, {"contacts": [one.pk for one in people]}, user=None, now=EVENING
        )  # fmt: skip
        moment = EVENING
        while moment <= story.now:
            clock.move_to(moment)
            all_tasks()
            if moment == EVENING + SOON:
                record_own(Delivery.objects.get(contact=people[0]).token, Fact.OPENED, now=moment)
                all_tasks()
            if moment == EVENING + timedelta(hours=20):
                events.record(people[5].pk, "order", at=moment, now=moment)
                all_tasks()
            moment += SOON
    assert as_played(story) == in_earnest()
    assert len(in_earnest()) > 12
    ways = Enrollment.objects.all()
    assert ends((one.name, one.outcome, one.reason, one.ended_at) for one in story.people) == ends(
        (one.contact, one.outcome, one.reason, one.ended_at) for one in ways
    )
    assert story.cost == sum(one.cost for one in Delivery.objects.all())


def test_nothing_of_it_stays_and_the_same_script_tells_the_same_story() -> None:
    people, cascade = town(), three_steps()
    script = script_of(
        cascade, [*people, "phone", "far_away"], EVENING, plays=(Play(EVENING, 0, "bounce", key(cascade, 0)),)
    )
    before = rows()
    first, second = rehearsal.play(script), rehearsal.play(script)
    assert rows() == before
    assert as_played(first) == as_played(second)
    assert Channel.objects.filter(day_count__gt=0).count() == 0
    cascade.refresh_from_db()
    assert (cascade.status, cascade.version_id) == (CascadeStatus.DRAFT, None)


class Live(ScriptedTransport):
    """A real account, which a rehearsal must not even open."""

    name = "live"
    live = True
    opened: ClassVar[int] = 0

    def __init__(self, account: Any) -> None:
        super().__init__(account)
        type(self).opened += 1

    @classmethod
    def reports_with(cls, kind: str, account_settings: Any) -> frozenset[Fact]:
        return frozenset({Fact.DELIVERED, Fact.REPLIED})

    def send_many(self, messages: Sequence[Outgoing]) -> Iterator[tuple[str, Result]]:
        raise AssertionError("a message left the house")


@pytest.fixture
def live(settings: Any) -> type[Live]:
    settings.CHANNEL_TRANSPORTS = {**settings.CHANNEL_TRANSPORTS, "live": f"{__name__}.Live"}
    Live.opened = 0
    return Live


def test_a_real_account_is_never_opened_and_what_it_can_tell_counts_as_in_earnest(live: type[Live]) -> None:
    cascade = three_steps(transport="live")
    plays = (Play(NOW, 0, "delivered", key(cascade, 0)), Play(NOW + SOON, 0, "click", key(cascade, 0)))
    story = rehearsal.play(script_of(cascade, [ana(), make_contact("Bea", email="bea@example.org")], plays=plays))
    assert live.opened == 0
    first, second = story.people
    assert (first.outcome, first.reason, first.ended_at) == ("reached", "seen_clicked", NOW + SOON)
    assert second.outcome == "exhausted"
    assert {cell.message.text[:5] for one in story.people for cell in one.cells.values() if cell.message} == {"Hello"}


def test_sending_a_rehearsal_without_the_stand_ins_is_refused(live: type[Live]) -> None:
    channel = make_channel("email", transport="live")
    queue(ana(), channel, frozen(make_message()))
    with pytest.raises(accounts.Rehearsed):
        sending.send_due(clock=lambda: NOW, only=[channel.pk])
    assert Delivery.objects.get().status == DeliveryStatus.QUEUED


def test_quiet_hours_hold_on_each_persons_own_clock() -> None:
    cascade = email_then_sms()
    story = rehearsal.play(script_of(cascade, [ana(), "far_away"], EVENING))
    here, far = story.people
    assert here.cells[key(cascade, 1)].at == datetime.fromisoformat("2026-11-23T08:00:00+01:00")
    assert far.cells[key(cascade, 0)].at == datetime.fromisoformat("2026-11-23T08:00:00+09:00")
    assert str(far.zone) == "Asia/Tokyo"


def test_what_is_played_stops_the_cascade_from_its_moment_on() -> None:
    cascade = three_steps()
    plays = (
        Play(NOW + SOON, 0, "opt_out", key(cascade, 0)),
        Play(NOW + SOON, 1, "answer", key(cascade, 0), "Thanks!"),
        Play(NOW + SOON, 2, "bounce", key(cascade, 0)),
    )
    story = rehearsal.play(
        script_of(
            cascade, [*town()[:2], make_contact("Gil", email="gil@example.org", phone="+34600999888")], plays=plays
        )
    )
    assert [(one.outcome, one.reason) for one in story.people[:2]] == [
        ("stopped", "opt_out"),
        ("reached", "seen_replied"),
    ]
    assert [len(one.cells) for one in story.people] == [1, 1, 3]
    assert story.people[2].cells[key(cascade, 1)].at == NOW + SOON  # at once, for the address is dead
    assert story.notes == ()


def test_what_cannot_be_played_is_said_and_the_rest_goes_on() -> None:
    cascade = three_steps()
    plays = (Play(NOW, 0, "open", key(cascade, 1)), Play(NOW, 1, "confirm"), Play(NOW, 0, "dance", key(cascade, 0)))
    story = rehearsal.play(script_of(cascade, [ana()], plays=plays))
    assert len(story.notes) == 3
    assert story.people[0].outcome == "exhausted"


def test_it_is_wound_to_a_moment_and_says_when_something_happens_again() -> None:
    cascade = three_steps()
    script = script_of(cascade, [ana()])
    story = rehearsal.play(script, until=NOW + SOON)
    assert (story.now, story.next_at, story.over) == (NOW + SOON, NOW + timedelta(hours=4), False)
    person = story.people[0]
    assert [(cell.outcome, cell.at) for cell in person.cells.values()] == [
        ("sent", NOW),
        ("planned", NOW + timedelta(hours=4)),
    ]
    assert rehearsal.play(script, until=story.next_at).people[0].cells[key(cascade, 1)].outcome == "sent"


def test_made_up_people_show_what_differs() -> None:
    cascade = email_then_sms()
    story = rehearsal.play(script_of(cascade, ["everything", "email", "phone", "no_consent"]))
    assert [tuple(cell.outcome for cell in one.cells.values()) for one in story.people] == [
        ("sent", "sent"), ("sent", "skipped"), ("skipped", "sent"), ("skipped", "skipped"),
    ]  # fmt: skip
    assert story.people[3].state == "No channel was left to reach this person."


def test_a_cap_counts_what_people_really_had() -> None:
    make_business(cap_messages=1, cap_days=3)
    person, cascade = ana(), email_then_sms()
    sent = queue(person, Channel.objects.get(kind="email"), frozen(make_message("Before")), not_before=NOW)
    sending.send_due(clock=lambda: NOW - timedelta(days=1), only=None)
    Delivery.objects.filter(pk=sent.pk).update(
        status="sent", sending_at=NOW - timedelta(days=1), sent_at=NOW - timedelta(days=1)
    )
    story = rehearsal.play(script_of(cascade, [person]))
    assert story.people[0].cells[key(cascade, 0)].at == NOW + timedelta(days=2)


def test_a_draft_that_is_not_ready_says_why() -> None:
    with pytest.raises(NotReady, match="no steps yet"):
        rehearsal.play(script_of(make_cascade("Empty"), ["email"]))


def test_a_step_on_hold_ends_the_clock_instead_of_turning_it_for_ever() -> None:
    cascade = three_steps()
    runner.pause_step(cascade.pk, key(cascade, 0), now=NOW)
    story = rehearsal.play(script_of(cascade, [ana()]))
    assert (story.next_at, story.cut, story.people[0].reason) == (None, False, "step_paused")


def test_a_rehearsal_that_takes_too_long_stops_where_it_is() -> None:
    story = rehearsal.play(script_of(three_steps(), [ana()]), seconds=0)
    assert (story.cut, story.over, story.now) == (True, False, NOW)
