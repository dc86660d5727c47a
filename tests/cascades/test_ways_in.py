"""Days that come again, silences, digests: who enters when, wherever people live."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest

from cascades import runner
from cascades.models import Cascade, Enrollment
from cascades.moments import may_strike
from channels.models import Delivery, DeliveryEvent
from contacts import events
from contacts.models import Contact
from tests.factories import NOW, make_business, make_cascade, make_channel, make_contact, make_group, make_message

pytestmark = pytest.mark.django_db
HOUR = timedelta(hours=1)


def listening(trigger: str, since: datetime, **params: Any) -> Cascade:
    make_business()
    step = {"channel": make_channel("sms"), "message": make_message(texts={("sms", "en"): "Hello"}), "seen": "nothing"}
    cascade = make_cascade(trigger, [step], trigger=trigger, trigger_params=params)
    runner.switch_on(cascade, user=None, now=since)
    return cascade


def entered() -> list[tuple[str, str]]:
    found = Enrollment.objects.filter(outcome="").order_by("id")
    return list(found.values_list("contact__first_name", "occasion"))


def test_who_was_born_on_29_february_is_wished_well_on_the_28th_in_common_years() -> None:
    for name, born in (("Leap", date(1992, 2, 29)), ("Eve", date(1990, 2, 28)), ("March", date(1990, 3, 1))):
        make_contact(name, birth_date=born)
    listening("yearly", datetime(2027, 2, 27, 12, tzinfo=UTC), at="10:00")
    runner.listen(datetime(2027, 2, 28, 8, 59, tzinfo=UTC))
    assert entered() == []
    runner.listen(datetime(2027, 2, 28, 9, tzinfo=UTC))
    assert sorted(entered()) == [("Eve", "yearly:birthday:2027"), ("Leap", "yearly:birthday:2027")]
    Enrollment.objects.all().delete()
    for day in (28, 29):
        Cascade.objects.update(checked_at=datetime(2028, 2, day, 8, 55, tzinfo=UTC))
        runner.listen(datetime(2028, 2, day, 9, tzinfo=UTC))
    assert entered() == [("Eve", "yearly:birthday:2028"), ("Leap", "yearly:birthday:2028")]


def test_the_hour_is_that_of_the_persons_own_clock_and_days_before_go_over_the_years_end() -> None:
    born = date(1990, 1, 2)
    for name, zone in (("Apia", "Pacific/Apia"), ("Madrid", ""), ("Honolulu", "Pacific/Honolulu")):
        make_contact(name, birth_date=born, time_zone=zone)
    listening("yearly", datetime(2026, 12, 27, tzinfo=UTC), days=5, at="10:00")
    came: list[tuple[int, str, str]] = []
    for hours in range(60):
        runner.listen(datetime(2026, 12, 27, tzinfo=UTC) + hours * HOUR)
        came += [(hours, *one) for one in entered()[len(came) :]]
    assert came == [
        (21, "Apia", "yearly:birthday:2027"), (33, "Madrid", "yearly:birthday:2027"), (44, "Honolulu", "yearly:birthday:2027"),
    ]  # fmt: skip


def test_a_date_among_the_details_counts_like_a_birthday() -> None:
    make_contact("Ana", attributes={"wedding": "2015-11-24"})
    make_contact("Eva", attributes={"wedding": "soon"})
    listening("yearly", NOW, detail="wedding", at="10:00")
    runner.listen(NOW + timedelta(days=1, hours=21))
    assert entered() == [("Ana", "yearly:wedding:2026")]


@pytest.mark.parametrize("minute", [0, 7, 44])
def test_no_tick_is_taken_for_one_at_which_no_clock_strikes_by_mistake(minute: int) -> None:
    wall, tick = time(10, minute), timedelta(minutes=1)
    instants = [NOW + n * tick for n in range(60)]
    assert [may_strike(wall, at - tick, at) for at in instants] == [(at.minute - minute) % 15 == 0 for at in instants]


def silent(name: str) -> Contact:
    found = make_contact(name, phone="+34600111222")
    Contact.objects.filter(pk=found.pk).update(created_at=NOW)
    return found


def test_a_new_silence_is_a_new_occasion_and_any_sign_of_life_puts_it_off() -> None:
    person = silent("Ana")
    listening("silence", NOW, days=15)
    events.record(person.pk, "visit", at=NOW + timedelta(days=10), now=NOW + timedelta(days=10))
    runner.listen(NOW + timedelta(days=16))
    assert entered() == []
    runner.listen(NOW + timedelta(days=25))
    assert len(entered()) == 1
    events.record(person.pk, "page_viewed", at=NOW + timedelta(days=26), now=NOW + timedelta(days=26))
    for day in (40, 41):
        runner.listen(NOW + timedelta(days=day))
    assert len({occasion for _, occasion in entered()}) == 2


def test_a_click_is_a_sign_of_life() -> None:
    person = silent("Ana")
    cascade = listening("silence", NOW, days=15)
    step = cascade.steps.get(version=None)
    message = cascade.steps.exclude(version=None).values_list("message_version_id", flat=True)[0] or 0
    at = NOW + timedelta(days=10)
    delivery = Delivery.objects.create(
        contact=person, channel=step.channel, message_version_id=message, kind="sms", purpose="marketing", not_before=at, created_at=at,
        clicked_at=at, clicked_grade="human", status="sent", sending_at=at,
    )  # fmt: skip
    DeliveryEvent.objects.create(
        delivery=delivery,
        contact=person,
        channel=step.channel,
        fact="clicked",
        at=at,
        recorded_at=at,
        grade="human",
        handled_at=at,
    )
    runner.listen(NOW + timedelta(days=16))
    assert entered() == []
    runner.listen(NOW + timedelta(days=25))
    assert [occasion.rpartition(":")[0] for _, occasion in entered()] == ["silence:reaction"]


def test_a_digest_comes_once_a_week_to_the_group_at_each_ones_hour() -> None:
    people = [make_contact("Madrid"), make_contact("York", time_zone="America/New_York")]
    group = make_group("Readers", people)
    make_contact("Stranger")
    listening("schedule", NOW, group=group.pk, weekday="2", at="09:00")
    for hours in (67, 68, 73, 74, 75, 98):
        runner.listen(NOW + hours * HOUR)
    assert entered() == [("Madrid", "digest:2026-W48"), ("York", "digest:2026-W48")]
