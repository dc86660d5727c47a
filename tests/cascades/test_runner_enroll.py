"""Getting in: once per occasion, everyone counted, whatever happens on the way."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cascades import runner
from cascades.models import Cascade, CascadeStatus, Enrollment, Launch, LaunchState
from cascades.publishing import NotReady, freeze
from cascades.runner import WallTime, enroll
from cascades.trigger import Entry
from contacts import events
from contacts.models import Contact, Event, Group, Membership
from tests.factories import NOW, email_then_sms, make_business, make_contact, make_group

pytestmark = pytest.mark.django_db


@pytest.fixture
def cascade() -> Cascade:
    make_business()
    return email_then_sms()


@pytest.fixture
def group() -> Group:
    return make_group("All", [make_contact(f"P {n}", email=f"p{n}@example.org") for n in range(5)])


def begin(cascade: Cascade, group: Group, **more: Any) -> Launch:
    return runner.start(more.pop("id", None) or uuid4(), cascade, {"groups": [group.pk]}, user=None, now=NOW, **more)


def test_a_start_takes_everyone_in_and_counts_them(cascade: Cascade, group: Group) -> None:
    launch = begin(cascade, group)
    assert runner.enroll_due(NOW) == 5
    launch.refresh_from_db()
    assert (launch.state, launch.audience, launch.enrolled_at) == (LaunchState.ENROLLED, 5, NOW)
    first = launch.enrollments.earliest("id")
    assert (first.occasion, first.shared, first.outcome, first.next_due_at) == (launch.occasion, True, "", NOW)
    assert first.max_until > NOW + timedelta(days=3)


def test_a_second_click_and_a_second_tab_are_the_same_start(cascade: Cascade, group: Group) -> None:
    minted = uuid4()
    launch = begin(cascade, group, id=minted)
    assert begin(cascade, group, id=minted) == launch
    runner.enroll_due(NOW)
    assert begin(cascade, group, id=minted).audience == 5
    assert runner.enroll_due(NOW + timedelta(hours=1)) == 0
    assert (Launch.objects.count(), Enrollment.objects.count()) == (1, 5)


def test_a_new_start_is_a_new_occasion(cascade: Cascade, group: Group) -> None:
    begin(cascade, group)
    begin(cascade, group)
    assert runner.enroll_due(NOW) == 10


def test_a_start_at_a_local_time_waits_for_it_and_can_be_taken_back(cascade: Cascade, group: Group) -> None:
    launch = begin(cascade, group, at=WallTime(datetime.fromisoformat("2026-11-23T09:00"), "Europe/Madrid"))
    assert launch.start_at == datetime(2026, 11, 23, 8, tzinfo=UTC)
    assert runner.enroll_due(NOW) == 0
    assert runner.cancel(launch.pk)
    assert not runner.cancel(launch.pk)
    assert runner.enroll_due(launch.start_at) == 0


def test_a_start_that_has_begun_cannot_be_taken_back(cascade: Cascade, group: Group) -> None:
    launch = begin(cascade, group)
    runner.enroll_due(NOW)
    assert not runner.cancel(launch.pk)


def test_what_is_wrong_with_a_start_is_said_and_nothing_is_kept(cascade: Cascade, group: Group) -> None:
    with pytest.raises(NotReady, match="Nobody is selected"):
        runner.start(uuid4(), cascade, {}, user=None, now=NOW)
    with pytest.raises(NotReady, match="has passed"):
        begin(cascade, group, at=WallTime(datetime.fromisoformat("2026-11-20T09:00"), "Europe/Madrid"))
    with pytest.raises(NotReady, match="not known"):
        begin(cascade, group, at=WallTime(datetime.fromisoformat("2026-11-23T09:00"), "Europe/Atlantis"))
    runner.start(uuid4(), cascade, {"groups": [group.pk]}, user=None, now=NOW)
    runner.pause(cascade.pk, now=NOW)
    with pytest.raises(NotReady, match="on hold"):
        begin(cascade, group)
    assert Launch.objects.count() == 1


def test_the_starts_of_a_paused_cascade_wait_and_those_of_a_stopped_one_are_cancelled(
    cascade: Cascade, group: Group
) -> None:
    launch = begin(cascade, group)
    runner.pause(cascade.pk, now=NOW)
    assert runner.enroll_due(NOW) == 0
    runner.resume(cascade.pk, now=NOW)
    runner.stop(cascade.pk, now=NOW)
    assert runner.enroll_due(NOW) == 0
    launch.refresh_from_db()
    assert launch.state == LaunchState.CANCELLED


def test_a_stopped_cascade_may_be_started_again(cascade: Cascade, group: Group) -> None:
    begin(cascade, group)
    runner.enroll_due(NOW)
    runner.stop(cascade.pk, now=NOW)
    begin(cascade, group)
    assert runner.enroll_due(NOW) == 5
    cascade.refresh_from_db()
    assert cascade.status == CascadeStatus.RUNNING


def test_a_crash_between_portions_loses_nobody_and_doubles_nobody(
    cascade: Cascade, group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    """On PostgreSQL there is one portion, so the crash comes after it and before the start is marked as done."""
    module = enroll_module()
    monkeypatch.setattr(module, "PORTION", 2)
    launch = begin(cascade, group)
    real, calls = module._insert, []

    def crash_at_the_second(*given: Any) -> Any:
        calls.append(given)
        if len(calls) == 2:
            raise RuntimeError("cut")
        return real(*given)

    monkeypatch.setattr(module, "_insert", crash_at_the_second)
    monkeypatch.setattr(module, "_finish", lambda *_: (_ for _ in ()).throw(RuntimeError("cut")))
    runner.enroll_due(NOW)
    launch.refresh_from_db()
    assert launch.state == LaunchState.ENROLLING
    assert launch.problem
    assert launch.audience == launch.enrollments.count() > 0
    monkeypatch.undo()
    assert runner.enroll_due(NOW) == 0, "the lease of the crashed worker still holds"
    runner.enroll_due(NOW + module.LEASE + timedelta(seconds=1))
    launch.refresh_from_db()
    assert (launch.state, launch.audience, launch.problem) == (LaunchState.ENROLLED, 5, "")
    assert sorted(launch.enrollments.values_list("contact_id", flat=True)) == sorted(
        Contact.objects.values_list("pk", flat=True)
    )


def enroll_module() -> Any:
    import sys

    return sys.modules["cascades.runner.enroll"]


def test_on_sqlite_portions_of_any_size_give_the_same_people(
    cascade: Cascade, group: Group, monkeypatch: pytest.MonkeyPatch
) -> None:
    for size in (1, 4, 5, 6):
        monkeypatch.setattr(enroll_module(), "PORTION", size)
        launch = begin(cascade, group)
        assert runner.enroll_due(NOW) == 5
        launch.refresh_from_db()
        assert launch.audience == launch.enrollments.count() == 5


def test_enrolling_is_one_statement_on_postgresql(cascade: Cascade, group: Group) -> None:
    begin(cascade, group)
    with CaptureQueriesContext(connection) as seen:
        runner.enroll_due(NOW)
    inserts = [query["sql"] for query in seen if "INSERT INTO" in query["sql"] and "enrollment" in query["sql"]]
    assert len(inserts) == 1
    assert "ON CONFLICT DO NOTHING" in inserts[0]


def test_a_personal_occasion_is_entered_once(cascade: Cascade, group: Group) -> None:
    version = freeze(cascade, user=None, now=NOW)
    entry = Entry(Contact.objects.all(), "birthday:2026")
    assert enroll(version, entry, now=NOW) == 5
    late = make_contact("Late", email="late@example.org")
    assert enroll(version, entry, now=NOW) == 1
    assert late.enrollments.get().shared is False


def test_an_order_noticed_while_people_still_enter_is_looked_at_again(cascade: Cascade, group: Group) -> None:
    Cascade.objects.filter(pk=cascade.pk).update(goal=["order"])
    contact = Contact.objects.earliest("pk")
    begin(cascade, group)
    events.record(contact.pk, "order", at=NOW + timedelta(seconds=1), now=NOW + timedelta(seconds=1))
    assert runner.wake(NOW + timedelta(seconds=1)) == 1
    runner.enroll_due(NOW)
    assert Event.objects.get().handled_at is None
    runner.wake(NOW + timedelta(seconds=2))
    assert contact.enrollments.get().reason == "goal_order"


def test_someone_who_leaves_the_group_before_the_start_is_not_taken_in(cascade: Cascade, group: Group) -> None:
    launch = begin(cascade, group, at=WallTime(datetime.fromisoformat("2026-11-23T09:00"), "Europe/Madrid"))
    Membership.objects.filter(contact=Contact.objects.earliest("pk")).delete()
    runner.enroll_due(launch.start_at)
    launch.refresh_from_db()
    assert launch.audience == 4
