"""Changes to a cascade that runs: those in flight stay, go on or stop; nobody gets a step twice, and no number is lost."""

from __future__ import annotations

from datetime import timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection, connections
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from cascades import invariant, reports, runner
from cascades.models import Cascade, CascadeStatus, CascadeVersion, Enrollment, Mode, Seen, Step, StepRun
from cascades.publishing import NotReady, freeze
from cascades.runner import Then
from cascades.trigger import Entry
from channels.models import Delivery
from contacts.models import Contact
from tests.cascades.story import Story, ana, decisions, last, outcome, way
from tests.contacts.staff import sign_in
from tests.factories import NOW, email_then_sms, make_business, make_cascade, make_channel, make_contact, make_message

HOUR = timedelta(hours=1)
QUIET = {"seen": Seen.NOTHING}


@pytest.fixture
def house(db: None) -> Story:
    make_business()
    return Story()


def three(**fields: Any) -> Cascade:
    """Email at once, email again after a day, SMS after another day."""
    mail, sms = make_channel("email"), make_channel("sms")
    steps = [
        {"channel": mail, "message": make_message("First"), **QUIET},
        {"channel": mail, "message": make_message("Second"), "wait": timedelta(days=1), **QUIET},
        {"channel": sms, "message": make_message("Third"), "wait": timedelta(days=1), **QUIET},
    ]
    return make_cascade(steps=steps, **fields)


def put_in(cascade: Cascade, name: str, position: int, wait: timedelta = HOUR) -> Step:
    """A new step at this place; those from there on move back."""
    for step in cascade.steps.filter(version=None, position__gte=position):
        Step.objects.filter(pk=step.pk).update(position=step.position + 1)
    mail = cascade.steps.filter(version=None, channel__kind="email")[0].channel
    return Step.objects.create(
        cascade=cascade, channel=mail, message=make_message(name), position=position, wait=wait, seen=Seen.NOTHING
    )


def remove(cascade: Cascade, name: str) -> None:
    cascade.steps.filter(version=None, message__name=name).delete()


def sent(person: Contact) -> list[str]:
    runs = StepRun.objects.filter(enrollment__contact=person, decision="send").order_by("pk")
    return list(runs.values_list("step__message__name", flat=True))


def publish(cascade: Cascade, then: Then, story: Story) -> int:
    return runner.publish(cascade, then, user=None, now=story.now)[1]


def test_who_stays_goes_on_as_it_was_and_who_comes_after_gets_the_changes(house: Story) -> None:
    cascade, person = three(), ana()
    house.start(cascade)
    remove(cascade, "Second")
    assert publish(cascade, Then.STAY, house) == 0
    later = make_contact("Bo", email="bo@example.org", phone="+34600111333")
    house.start(cascade, {"contacts": [later.pk]})
    house.later(days=1)
    house.later(days=1)
    assert sent(person) == ["First", "Second", "Third"]
    assert sent(later) == ["First", "Third"]


def test_who_moves_on_takes_up_the_next_step_where_it_still_is_at_its_new_time(house: Story) -> None:
    cascade, person = three(), ana()
    house.start(cascade)
    cascade.steps.filter(version=None, message__name="Second").update(wait=2 * HOUR)
    assert publish(cascade, Then.MOVE, house) == 1
    assert way(person).version.number == 2
    house.tick()
    assert sent(person) == ["First"]
    house.later(hours=2)
    assert sent(person) == ["First", "Second"]


def test_whose_next_step_was_removed_goes_on_with_the_first_one_after_the_last_that_they_had(house: Story) -> None:
    cascade, person = three(), ana()
    house.start(cascade)
    remove(cascade, "Second")
    (place,) = runner.places(cascade)
    assert (place.people, place.next_is_gone) == (1, True)
    publish(cascade, Then.MOVE, house)
    house.later(days=1)
    assert sent(person) == ["First", "Third"]


def test_a_step_put_in_behind_a_person_is_not_for_them_and_says_so_and_one_put_in_ahead_is(house: Story) -> None:
    cascade, person = three(), ana()
    new = make_contact("Bo")
    house.start(cascade, {"contacts": [person.pk]})
    house.later(hours=3)
    put_in(cascade, "Before", 0)
    put_in(cascade, "Between", 2)
    publish(cascade, Then.MOVE, house)
    assert ("skip", "came_later") in decisions(person)
    house.later(days=1, hours=1)
    house.later(days=1)
    house.later(days=1)
    assert sent(person) == ["First", "Between", "Second", "Third"]
    assert not new.enrollments.exists()


def test_what_was_still_to_come_is_not_lost_when_it_is_moved_forward(house: Story) -> None:
    cascade, person = three(), ana()
    house.start(cascade)
    for name, position in (("Third", 0), ("First", 1), ("Second", 2)):
        cascade.steps.filter(version=None, message__name=name).update(position=position)
    publish(cascade, Then.MOVE, house)
    for _day in range(3):
        house.later(days=1)
    assert sent(person) == ["First", "Third", "Second"]


def test_a_step_put_in_behind_does_not_shift_the_wait_that_runs(house: Story) -> None:
    cascade, person = three(), ana()
    house.start(cascade)
    house.later(hours=20)
    put_in(cascade, "Before", 0)
    publish(cascade, Then.MOVE, house)
    house.later(hours=3)
    assert sent(person) == ["First"]
    house.later(hours=1)
    assert sent(person) == ["First", "Second"]


def test_who_is_stopped_gets_nothing_more_and_reads_why(house: Story) -> None:
    cascade, person = three(), ana()
    house.start(cascade)
    remove(cascade, "Second")
    assert publish(cascade, Then.STOP, house) == 1
    house.later(days=3)
    assert outcome(person) == ("stopped", "version_replaced")
    assert sent(person) == ["First"]


def test_what_waits_to_leave_is_called_back_where_it_ends(house: Story) -> None:
    cascade, person = three(), ana()
    house.start(cascade)
    Delivery.objects.update(status="queued", sending_at=None, sent_at=None)
    remove(cascade, "Second")
    publish(cascade, Then.STOP, house)
    assert (last(person).status, last(person).reason) == ("cancelled", "version_replaced")


def test_the_numbers_go_on_over_versions_and_a_removed_step_stays_in_the_report(house: Story) -> None:
    cascade, person = three(), ana()
    house.start(cascade)
    house.later(days=1)
    remove(cascade, "Second")
    publish(cascade, Then.MOVE, house)
    house.start(cascade, {"contacts": [make_contact("Bo", email="bo@example.org").pk]})
    house.later(days=1)
    counted = {step.label: step.sent for step in reports.numbers(Cascade.objects.get(pk=cascade.pk)).steps}
    assert counted == {"First": 2, "Third": 1, "Second": 1}
    assert sent(person) == ["First", "Second", "Third"]
    assert invariant.check(house.now).problems == ()


def test_nothing_changed_moves_nobody(house: Story) -> None:
    cascade, person = three(), ana()
    house.start(cascade)
    due = way(person).next_due_at
    assert publish(cascade, Then.MOVE, house) == 0
    assert way(person).next_due_at == due


def test_a_start_that_is_planned_moves_on_too(house: Story) -> None:
    cascade, _person = three(), ana()
    launch = house.start(cascade, at=runner.WallTime((NOW + timedelta(days=2)).replace(tzinfo=None), "UTC"))
    remove(cascade, "Second")
    publish(cascade, Then.STAY, house)
    launch.refresh_from_db()
    assert launch.version.number == 1
    publish(cascade, Then.MOVE, house)
    launch.refresh_from_db()
    assert launch.version.number == 2


def test_an_automatic_one_goes_on_listening_from_where_it_did(house: Story) -> None:
    cascade = email_then_sms(trigger="event", trigger_params={"event": "visit"})
    person = ana()
    runner.switch_on(cascade, user=None, now=NOW - HOUR)
    house.happens(person, "visit")
    runner.listen(house.now)
    house.tick()
    since = Cascade.objects.get().listens_since
    cascade.steps.filter(version=None, position=1).update(wait=9 * HOUR)
    assert publish(cascade, Then.MOVE, house) == 1
    assert Cascade.objects.get().listens_since == since
    assert way(person).version == Cascade.objects.get().version


def test_on_hold_nothing_is_published(house: Story) -> None:
    cascade = three()
    ana()
    house.start(cascade)
    runner.pause(cascade.pk, now=house.now)
    with pytest.raises(NotReady, match="not running"):
        publish(cascade, Then.MOVE, house)


def test_in_flight_from_one_mode_to_another(house: Story) -> None:
    cascade, person = three(), ana()
    house.start(cascade)
    Cascade.objects.filter(pk=cascade.pk).update(mode=Mode.FIRST)
    publish(cascade, Then.MOVE, house)
    house.later(days=4)
    assert sent(person) == ["First"]
    assert way(person).outcome


def test_moving_a_thousand_costs_the_same_statements_as_moving_ten(house: Story) -> None:
    cascade = three(status=CascadeStatus.RUNNING)

    def moved(number: int, wait: int) -> int:
        version = freeze(cascade, user=None, now=NOW)
        people = Contact.objects.bulk_create([Contact(first_name=f"P{n}") for n in range(number)])
        chosen = Contact.objects.filter(pk__in=[one.pk for one in people])
        runner.enroll(version, Entry(chosen, f"launch:{wait}", shared=True), now=NOW)
        cascade.steps.filter(version=None, position=1).update(wait=wait * HOUR)
        with CaptureQueriesContext(connection) as asked:
            assert publish(cascade, Then.MOVE, house) >= number
        return len(asked)

    moved(1, 2)
    assert moved(10, 3) >= moved(1000, 4)


def page_of(client: Client, cascade: Cascade) -> str:
    return client.get(reverse("admin:cascades_cascade_publish", args=[cascade.pk])).content.decode()


def test_the_page_says_how_many_stand_where_and_asks_what_becomes_of_them(house: Story) -> None:
    cascade, _person = three(), ana()
    make_contact("Bo", email="bo@example.org")
    house.start(cascade)
    remove(cascade, "Second")
    client = sign_in("Marketer")
    page = page_of(client, cascade)
    assert "2 people are in it" in page
    assert "First (email sandbox)" in page
    assert "Second (email sandbox) <em>(removed)</em>" in page
    assert "Third (sms sandbox)" in page
    url = reverse("admin:cascades_cascade_publish", args=[cascade.pk])
    assert "Choose what becomes of those" in client.post(url, follow=True).content.decode()
    done = client.post(url, {"then": "move"}, follow=True).content.decode()
    assert "Version 2 is in use. 2 people go on with it." in done
    assert set(Enrollment.objects.values_list("version__number", flat=True)) == {2}
    assert "Nothing had changed." in client.post(url, {"then": "stay"}, follow=True).content.decode()


@pytest.mark.parametrize("role", ["Front desk", "Viewer"])
def test_who_may_not_start_a_cascade_may_not_publish_either(house: Story, role: str) -> None:
    cascade, _person = three(), ana()
    house.start(cascade)
    client, url = sign_in(role), reverse("admin:cascades_cascade_publish", args=[cascade.pk])
    assert (client.get(url).status_code, client.post(url, {"then": "stop"}).status_code) == (403, 403)
    assert Enrollment.objects.filter(outcome="").exists()


def test_a_draft_that_is_not_ready_is_not_published_and_says_why(house: Story) -> None:
    cascade, _person = three(), ana()
    house.start(cascade)
    cascade.steps.filter(version=None).delete()
    User.objects.create_superuser("lola", password="x")
    client = Client()
    client.force_login(User.objects.get(username="lola"))
    assert "The cascade has no steps yet." in page_of(client, cascade)
    url = reverse("admin:cascades_cascade_publish", args=[cascade.pk])
    assert "no steps yet" in client.post(url, {"then": "move"}, follow=True).content.decode()
    assert CascadeVersion.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.skipif(
    "connection.vendor != 'postgresql'", reason="workers that decide at the same moment need PostgreSQL"
)
def test_while_workers_decide_nobody_gets_a_step_twice_and_everybody_moves_on() -> None:
    """Four workers advance again and again, while two members of staff publish one change after the other."""
    make_business()
    cascade = three(status=CascadeStatus.RUNNING)
    version = freeze(cascade, user=None, now=NOW)
    people = [make_contact(f"P{n}", email=f"p{n}@example.org", phone=f"+346001{n:05d}") for n in range(60)]
    runner.enroll(version, Entry(Contact.objects.all(), "launch:1", shared=True), now=NOW)
    new = put_in(cascade, "Between", 1, wait=timedelta(0))
    together, wrong = Barrier(6), list[BaseException]()

    def advancing() -> None:
        for _ in range(6):
            runner.advance(NOW, limit=7, rounds=2)

    def publishing() -> None:
        runner.publish(cascade, Then.MOVE, user=None, now=NOW)

    def done(work: Any) -> None:
        try:
            together.wait()
            work()
        except BaseException as error:  # noqa: BLE001 - whatever it is, the test shows it
            wrong.append(error)
        finally:
            connections.close_all()

    threads = [Thread(target=done, args=[work]) for work in [advancing] * 4 + [publishing] * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    publish(cascade, Then.MOVE, Story())  # whom the race left on the first version
    while runner.advance(NOW):
        if not Enrollment.objects.filter(next_due_at__lte=NOW).exists():
            break
    assert set(Enrollment.objects.values_list("version__number", flat=True)) == {2}
    assert Delivery.objects.filter(run__step_key=cascade.steps.filter(version=None)[0].key).count() == len(people)
    assert StepRun.objects.filter(step_key=new.key).count() <= len(people)
