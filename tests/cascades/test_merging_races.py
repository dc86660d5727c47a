"""Contacts made one at the very moment at which a tick decides or a wave sends: with real threads, on PostgreSQL."""

from __future__ import annotations

import threading
from typing import Any

import pytest

from cascades import runner
from cascades.models import Enrollment
from channels import sending
from channels.models import Delivery
from channels.transports.sandbox import SandboxTransport
from contacts.merging.act import NotNow, merge
from contacts.models import Contact
from tests.cascades.story import Story, messages
from tests.cascades.test_merging import pair, whole
from tests.cascades.test_races import on_postgres, planned, together, while_uncommitted
from tests.channels.test_sending_waves import in_parallel
from tests.factories import NOW, make_contact


@together
def test_contacts_that_are_being_made_one_when_the_wave_looks_for_the_last_time_are_sent_it_once() -> None:
    """The wave has claimed nothing yet: the merging holds the rows, so the wave passes them by and takes them at the next tick."""
    on_postgres()
    kept, gone = pair()
    planned([kept, gone])
    runner.advance(NOW)
    while_uncommitted(lambda: merge(kept.pk, gone.pk, by=None, now=NOW), lambda: sending.send_due(clock=lambda: NOW))
    sending.send_due(clock=lambda: NOW)
    assert sorted(status for _, status in messages(kept)) == ["cancelled", "sent"]
    whole()


@together
def test_contacts_that_are_being_made_one_while_the_tick_decides_get_each_step_once() -> None:
    on_postgres()
    kept, gone = pair()
    planned([kept, gone])
    while_uncommitted(lambda: merge(kept.pk, gone.pk, by=None, now=NOW), lambda: runner.advance(NOW))
    Story().tick()
    assert messages(kept) == [("sms", "sent")]
    whole()


@together
def test_the_tick_that_holds_their_ways_is_waited_for_by_the_merging() -> None:
    on_postgres()
    kept, gone = pair()
    planned([kept, gone])
    while_uncommitted(lambda: runner.advance(NOW), lambda: merge(kept.pk, gone.pk, by=None, now=NOW))
    Story().tick()
    assert sorted(status for _, status in messages(kept)) == ["cancelled", "sent"]
    whole()


@together
def test_while_a_provider_is_being_given_a_message_to_either_the_merging_says_so_and_comes_after(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    on_postgres()
    kept, gone = pair()
    planned([kept, gone])
    runner.advance(NOW)
    given, go_on = threading.Event(), threading.Event()
    real = SandboxTransport.send_many

    def slowly(self: Any, *args: Any, **more: Any) -> Any:
        given.set()
        go_on.wait(20)
        return real(self, *args, **more)

    monkeypatch.setattr(SandboxTransport, "send_many", slowly)
    said: list[str] = []

    def meanwhile() -> None:
        given.wait(20)
        try:
            merge(kept.pk, gone.pk, by=None, now=NOW)
        except NotNow as not_now:
            said.extend(not_now.sentences)
        finally:
            go_on.set()

    assert in_parallel(lambda: sending.send_due(clock=lambda: NOW), meanwhile) == []
    assert said == ["A message to one of them is just being sent. Try again in a moment."]
    merge(kept.pk, gone.pk, by=None, now=NOW)
    Story().tick()
    assert messages(kept) == [("sms", "sent"), ("sms", "sent")]
    assert Delivery.objects.filter(provider_id="").count() == 0
    whole()


@together
def test_many_mergings_while_ticks_and_waves_run_lose_nobody_and_send_nothing_twice() -> None:
    on_postgres()
    people = [make_contact("Ana", phone=f"+3460000{n:04}") for n in range(24)]
    planned(people)

    def ticks() -> None:
        for _ in range(6):
            runner.advance(NOW, limit=5)
            sending.send_due(clock=lambda: NOW, limit=5)

    def mergings(first: int) -> None:
        for n in range(first, 24, 4):
            for _ in range(50):
                try:
                    merge(people[n].pk, people[n + 1].pk, by=None, now=NOW)
                    break
                except NotNow:
                    continue

    assert in_parallel(ticks, ticks, lambda: mergings(0), lambda: mergings(2)) == []
    Story().tick()
    assert Contact.objects.count() == 12
    assert Enrollment.objects.filter(outcome="").exclude(runs__delivery__status="sent").count() == 0
    assert Delivery.objects.filter(status__in=["queued", "sending", "unknown"]).count() == 0
    assert not Delivery.objects.filter(reason="contact_gone").exists()
    to = list(Delivery.objects.filter(status="sent").values_list("address", flat=True))
    assert len(to) == len(set(to))
    assert set(Delivery.objects.filter(status="sent").values_list("contact", flat=True)) == set(
        Contact.objects.values_list("pk", flat=True)
    )
    whole()
