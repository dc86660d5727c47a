"""While a rehearsal runs, what is due of others is left to others: looked at on its stage, before all is taken back."""

from __future__ import annotations

import math
import threading
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection, transaction

from cascades import rehearsal, runner
from cascades.models import Cascade, Enrollment, Launch, LaunchState
from cascades.rehearsal.clock import Clock
from cascades.rehearsal.stage import built, taken_back
from channels import sandbox_play
from channels.models import Channel, Delivery, InboundCall, InboundState, SandboxMessage
from channels.sandbox_play import Operator
from contacts import events
from contacts.models import Contact
from tests.cascades.rehearsed import key, script_of, three_steps, town
from tests.channels.outbox import frozen, queue, send
from tests.factories import NOW, make_business, make_cascade, make_message

LATER = NOW - timedelta(minutes=5)


def real_cascade(channel: Channel, name: str = "Real") -> Cascade:
    return make_cascade(name, [{"channel": channel, "message": make_message(name), "seen": "opened"}])


@pytest.mark.django_db
def test_nothing_that_is_due_of_others_is_claimed_sent_taken_in_or_ended_meanwhile() -> None:
    make_business()
    people, cascade = town(), three_steps()
    email, sms = Channel.objects.get(kind="email"), Channel.objects.get(kind="sms")
    text = frozen(make_message("Other"))
    told_of = queue(people[0], sms, text, not_before=LATER, purpose="transactional")
    send(LATER)
    sandbox_play.play(SandboxMessage.objects.get(), "answer", now=LATER, operator=Operator(None, ""), text="Hello")
    waiting = queue(people[3], sms, text)
    late = queue(people[3], email, text, not_before=NOW + timedelta(days=9), valid_until=LATER)
    runner.start(uuid4(), real_cascade(email), {"contacts": [people[1].pk]}, user=None, now=NOW)
    runner.enroll_due(NOW)
    runner.start(uuid4(), real_cascade(email, "Planned"), {"contacts": [people[1].pk]}, user=None, now=NOW)
    with taken_back():
        plays = (rehearsal.Play(NOW, 0, "answer", key(cascade, 0), "Hi"),)
        clock = Clock(built(script_of(cascade, people, plays=plays)), math.inf)
        clock.run(None)
        assert clock.next() is None
        there = {one.pk: (one.status, one.claim_token) for one in Delivery.objects.filter(channel__in=[email, sms])}
        others = Enrollment.objects.exclude(cascade=clock.stage.cascade)
        assert there == {told_of.pk: ("sent", None), waiting.pk: ("queued", None), late.pk: ("queued", None)}
        assert [(one.next_due_at, one.claim_token, one.runs.count()) for one in others] == [(NOW, None, 0)]
        assert InboundCall.objects.get(channel=sms).state == InboundState.STORED
        assert Launch.objects.get(cascade__name="Planned").state == LaunchState.PLANNED
        assert Enrollment.objects.filter(cascade=clock.stage.cascade).count() == len(people)


@pytest.mark.django_db
def test_whom_the_same_happens_to_outside_of_the_rehearsal_does_not_come_into_it() -> None:
    make_business()
    people, cascade = town(), three_steps()
    Cascade.objects.filter(pk=cascade.pk).update(trigger="event", trigger_params={"event": "visit"})
    events.record(people[5].pk, "visit", at=NOW, now=NOW)
    with taken_back():
        clock = Clock(built(script_of(cascade, people[:2])), math.inf)
        clock.run(None)
        inside = Enrollment.objects.filter(cascade=clock.stage.cascade).values_list("contact_id", flat=True)
        assert sorted(inside) == sorted(one.pk for one in people[:2])


@pytest.mark.django_db(transaction=True)
def test_it_gives_way_to_whoever_holds_one_of_its_people_and_works_again_afterwards() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer: a rehearsal waits its turn like everybody")
    make_business()
    people, cascade = town(), three_steps()
    script = script_of(cascade, people, plays=(rehearsal.Play(NOW, 0, "open", key(cascade, 0)),))
    held, go_on = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            list(Contact.objects.select_for_update().filter(pk=people[0].pk))
            held.set()
            go_on.wait(20)

    worker = threading.Thread(target=in_thread, args=(hold,))
    worker.start()
    held.wait(20)
    try:
        with pytest.raises(rehearsal.Busy):
            rehearsal.play(script)
    finally:
        go_on.set()
        worker.join(20)
    assert rehearsal.play(script).people[0].reason == "seen_opened"
    assert not Delivery.objects.exists()


def in_thread(act: Any) -> None:
    try:
        act()
    finally:
        connection.close()
