"""Who has had enough waits: by channel and over all, by the calendar of the person or by days, the more important first."""

from __future__ import annotations

from datetime import UTC, datetime, time, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels import sending
from channels.models import Channel, Delivery, Priority
from contacts import caps, reasons
from contacts.caps import Limit
from contacts.models import Business, Contact
from contacts.timezones import named
from tests.channels.outbox import ScriptedTransport, frozen, queue, reread, send, sms, to_ana
from tests.channels.test_sending_waves import in_parallel, together
from tests.factories import NOW, make_business, make_channel, make_contact, make_message
from tests.invented import invented

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("scripted")]

Scripted = type[ScriptedTransport]
__all__ = ["sms"]
HIGH, LOW = {"priority": Priority.HIGH}, {"priority": Priority.LOW}


def madrid(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=named("Europe/Madrid")).astimezone(UTC)


def two(channel: Channel, **fields: Any) -> list[Delivery]:
    """Two messages to one person, due at once."""
    ana, version = make_contact(phone="+34600000001", email="ana@example.com"), frozen(make_message())
    return [queue(ana, channel, version, **fields) for _ in range(2)]


def told(delivery: Delivery) -> str:
    found = reread(delivery)
    return reasons.say(found.reason, found.reason_params)


@pytest.mark.parametrize(
    ("period", "days", "zone", "sent", "frees", "reason"),
    [
        ("rolling", 1, "", "2026-11-22T12:00", "2026-11-23T12:00", "capped"),
        ("rolling", 7, "", "2026-11-22T12:00", "2026-11-29T12:00", "capped"),
        ("rolling", 1, "", "2026-10-24T12:00", "2026-10-25T11:00", "capped"),  # 24 hours over the night of 25
        ("day", 7, "", "2026-11-22T12:00", "2026-11-23T00:00", "capped_day"),
        ("day", 7, "", "2026-10-25T12:00", "2026-10-26T00:00", "capped_day"),
        ("day", 7, "America/New_York", "2026-11-22T12:00", "2026-11-23T06:00", "capped_day"),  # their midnight
        ("week", 7, "", "2026-11-22T12:00", "2026-11-23T00:00", "capped_week"),  # a Sunday: the week is over tonight
        ("week", 7, "", "2026-11-23T12:00", "2026-11-30T00:00", "capped_week"),
        ("month", 7, "", "2026-12-10T12:00", "2027-01-01T00:00", "capped_month"),
        ("month", 7, "Pacific/Auckland", "2026-11-30T12:00", "2026-12-31T12:00", "capped_month"),  # December there
    ],
)
def test_what_is_too_much_waits_until_the_cap_frees_up(
    sms: Channel, period: str, days: int, zone: str, sent: str, frees: str, reason: str
) -> None:
    Business.current().caps.create(kind="sms", messages=1, period=period, days=days)
    now = madrid(sent)
    pair = two(sms, not_before=now)
    Contact.objects.update(time_zone=zone)
    assert send(now) == 1
    held = reread(pair[1])
    assert (held.status, held.reason, held.not_before) == ("queued", reason, madrid(frees))
    assert (held.reason_params["messages"], held.reason_params["what"]) == (1, "kind:sms")
    assert send(madrid(frees) - timedelta(seconds=1)) == 0
    assert send(madrid(frees)) == 1


def test_the_sentence_has_the_numbers_and_the_time(sms: Channel) -> None:
    Business.current().caps.create(kind="sms", messages=1, period="day")
    pair = two(sms)
    send()
    assert told(pair[1]) == "Waits until Nov. 23, 2026 00:00: had 1 (SMS) that day, which is the most per person."


def test_a_cap_on_sms_leaves_email_alone_and_one_over_all_counts_both(sms: Channel) -> None:
    business = make_business(cap_messages=2, cap_days=7)
    business.caps.create(kind="sms", messages=1, period="day")
    mail = make_channel("email", "scripted")
    first, second = two(sms)
    assert send() == 1
    letters = [queue(first.contact, mail, frozen(make_message("Letter"))) for _ in range(2)]
    assert send() == 1
    assert [reread(one).reason for one in (first, second)] == ["", "capped_day"]
    assert sorted(reread(one).reason for one in letters) == ["", "capped"]
    assert send(madrid("2026-11-23T00:00")) == 0  # the day is over, the week is not
    assert (reread(second).reason, reread(second).not_before) == ("capped", NOW + timedelta(days=7))


def test_it_waits_as_long_as_it_is_valid_and_then_says_why_it_did_not_go(sms: Channel) -> None:
    make_business(cap_messages=1, cap_days=7)
    until = NOW + timedelta(days=3)
    ana, version = make_contact(phone="+34600000001"), frozen(make_message())
    _, looked_at, swept = (queue(ana, sms, version, valid_until=until) for _ in range(3))
    send()
    assert reread(looked_at).not_before == reread(swept).not_before == until
    Delivery.objects.filter(pk=swept.pk).update(not_before=until + timedelta(days=9))
    assert send(until) == 0
    assert sending.sweep(until) == 1
    for one in (looked_at, swept):
        assert (reread(one).status, reread(one).reason) == ("expired", "too_late_capped")
        assert told(one) == "Its validity ended while the person had had enough: 1 (messages) already."
        assert [(event.fact, event.reason) for event in one.events.all()] == [("expired", "too_late_capped")]


def test_in_one_wave_the_more_important_takes_the_last_place(sms: Channel) -> None:
    make_business(cap_messages=1, cap_days=1)
    ana, version = make_contact(phone="+34600000001"), frozen(make_message())
    low, normal, high = (queue(ana, sms, version, **which) for which in (LOW, {}, HIGH))
    assert send() == 1
    assert [reread(one).status for one in (low, normal, high)] == ["queued", "queued", "sent"]
    assert send(NOW + timedelta(days=1)) == 1  # what was held takes the next place in the same order
    assert [reread(one).status for one in (low, normal)] == ["queued", "sent"]
    assert send(NOW + timedelta(days=2)) == 1


def test_a_less_important_message_on_another_channel_leaves_the_last_place_to_the_one_that_is_due(sms: Channel) -> None:
    make_business(cap_messages=1, cap_days=1)
    mail = make_channel("email", "scripted", active=False)
    ana, version = make_contact(phone="+34600000001", email="ana@example.com"), frozen(make_message())
    low, high = queue(ana, sms, version, **LOW), queue(ana, mail, version, **HIGH)
    Channel.objects.filter(pk=mail.pk).update(active=True)
    Channel.objects.filter(pk=sms.pk).update(active=True, position=0)
    from channels.sending import due

    due._serve(Channel.objects.get(pk=sms.pk), Business.current(), lambda: NOW, 10, timedelta(seconds=5))
    held = reread(low)
    assert (held.status, held.reason, held.not_before) == ("queued", "capped_for_other", NOW + timedelta(minutes=1))
    assert send() == 1
    assert reread(high).status == "sent"
    send(NOW + timedelta(minutes=1))
    assert (reread(low).reason, reread(low).not_before) == ("capped", NOW + timedelta(days=1))


def test_nobody_waits_for_a_message_whose_channel_is_off(sms: Channel) -> None:
    make_business(cap_messages=1, cap_days=1)
    mail = make_channel("email", "scripted", active=False)
    low = to_ana(sms, **LOW)
    queue(low.contact, mail, frozen(make_message()), **HIGH)
    assert send() == 1


def test_orders_and_bookings_are_never_capped_and_count_nowhere(sms: Channel) -> None:
    Business.current().caps.create(messages=1, period="month")
    order = frozen(make_message("Order", purpose="transactional"))
    ana = make_contact(phone="+34600000001")
    service = [queue(ana, sms, order) for _ in range(3)]
    offer = queue(ana, sms, frozen(make_message()))
    assert send() == 4
    assert {reread(one).status for one in (*service, offer)} == {"sent"}


def test_what_became_free_in_quiet_hours_waits_for_their_end(sms: Channel) -> None:
    business = make_business(quiet_from=time(21), quiet_until=time(8))
    business.caps.create(messages=1, period="day")
    pair = two(sms)
    send()
    assert send(madrid("2026-11-23T00:00")) == 0
    assert (reread(pair[1]).reason, reread(pair[1]).not_before) == ("quiet_hours", madrid("2026-11-23T08:00"))


def test_when_the_cap_is_raised_what_waits_goes_on(sms: Channel) -> None:
    from channels.tasks import look_again

    make_business(cap_messages=1)
    two(sms)
    send()
    make_business(cap_messages=2)
    later = NOW + timedelta(hours=1)
    assert sending.wake(Delivery.objects.filter(reason="capped"), now=later) == 1
    assert send(later) == 1
    assert look_again() == 0


def test_the_morning_is_spread_over_the_minutes_that_staff_chose(sms: Channel) -> None:
    Channel.objects.update(spread_minutes=60)
    make_business(quiet_from=time(10), quiet_until=time(15))
    version = frozen(make_message())
    held = [queue(make_contact(phone=f"+346000000{n:02d}"), sms, version) for n in range(20)]
    opens = madrid("2026-11-22T15:00")
    send()
    times = [reread(one).not_before for one in held]
    assert all(opens <= at < opens + timedelta(hours=1) for at in times)
    assert len(set(times)) > 10
    Delivery.objects.update(not_before=NOW)
    send(NOW + timedelta(minutes=1))
    assert [reread(one).not_before for one in held] == times  # looked at again it is the same minute
    assert send(opens + timedelta(hours=1)) == 20


def test_the_spread_stays_within_the_validity_and_the_open_hours() -> None:
    opens, hour = NOW, timedelta(hours=1)
    for n in range(200):
        assert opens <= sending.spread(opens, f"t{n}", 12 * hour, opens + hour, None) < opens + hour
    assert sending.spread(opens, "t", hour, opens) == opens
    assert sending.spread(opens, "t", timedelta(0), opens + hour) == opens


@together
def test_ten_workers_and_one_cap_give_nobody_more_than_it(scripted: Scripted) -> None:
    make_business(cap_messages=2, cap_days=7).caps.create(kind="sms", messages=1, period="day")
    people = [make_contact(f"P{n}", phone=f"+3460000000{n}", email=f"p{n}@example.com") for n in range(6)]
    version = frozen(make_message())
    for name, kind in (("a", "sms"), ("b", "sms"), ("c", "email"), ("d", "email")):
        channel = make_channel(kind, "scripted", name=name)
        for one in people:
            queue(one, channel, version)
    assert in_parallel(*[send] * 10) == []
    send()
    for one in people:
        went = list(Delivery.objects.filter(contact=one, status="sent").values_list("kind", flat=True))
        assert len(went) == 2
        assert went.count("sms") <= 1
    assert not Delivery.objects.exclude(status__in=["sent", "queued"]).exists()


moments = st.integers(0, 60 * 24 * 45).map(lambda minutes: NOW - timedelta(minutes=minutes))
limits = st.builds(Limit, st.integers(1, 4), st.sampled_from(["rolling", "day", "week", "month"]), st.integers(1, 30))


@given(st.lists(moments, max_size=8), limits, st.sampled_from(["Europe/Madrid", "Pacific/Apia", "America/Havana"]))
@invented(60)
def test_a_full_cap_frees_up_at_the_first_moment_at_which_another_fits(
    times: list[datetime], limit: Limit, zone: str
) -> None:
    zones = [named(zone) or named("UTC")]
    where = [one for one in zones if one]
    counted = limit.counted(times, NOW, where)
    assert all(at >= limit.reaches_back(NOW) for at in counted)
    if len(counted) < limit.messages:
        return
    frees = limit.frees(counted, NOW, where)
    assert frees > NOW
    assert len(limit.counted(times, frees, where)) < limit.messages
    assert len(limit.counted(times, frees - timedelta(microseconds=1), where)) >= limit.messages


def test_a_month_that_begins_in_december_ends_in_january() -> None:
    zone = named("Europe/Madrid")
    assert zone is not None
    now = madrid("2026-12-31T23:59")
    assert [caps.begins("month", now, zone, ahead) for ahead in (0, 1)] == [
        madrid("2026-12-01T00:00"), madrid("2027-01-01T00:00"),
    ]  # fmt: skip
