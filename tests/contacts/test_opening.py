"""The house's hours: rules for one channel, weekdays, over midnight, public holidays where the person lives, closed days."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import pytest
from django.urls import reverse
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from contacts import calendar, closed_days, timezones
from contacts.consent import Ask, Verdict, gate
from contacts.forms.limits import say_hours, say_windows
from contacts.models import Business, Contact
from contacts.opening import Closed, Hours, Quiet
from tests.contacts.staff import sign_in
from tests.contacts.test_business_admin import PAGE, filled
from tests.factories import make_business, make_contact
from tests.invented import invented

pytestmark = pytest.mark.django_db

EMAIL, SMS = Ask("email"), Ask("sms")
SUNDAY = 1 << 6
NO_NIGHT = (time(0), time(0))


def madrid(text: str) -> datetime:
    """A wall time in Madrid as an instant."""
    zone = timezones.named("Europe/Madrid")
    return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)


def ana(**fields: Any) -> Contact:
    return make_contact(email="ana@example.com", phone="+34600000001", **fields)


def verdict(contact: Contact, ask: Ask, now: datetime) -> Verdict:
    return gate([contact.pk], [ask], now=now, business=Business.current())[contact.pk].verdicts[ask]


def sms_rules() -> Business:
    """SMS 20:00 to 10:00, none on Sundays, in a shop whose night is 21:00 to 08:00."""
    business = make_business(quiet_from=time(21), quiet_until=time(8))
    business.quiet_rules.create(kind="sms", start=time(20), end=time(10))
    business.quiet_rules.create(kind="sms", weekdays=SUNDAY, start=time(0), end=time(0))
    return business


@pytest.mark.parametrize(
    ("now", "sms", "email"),
    [
        ("2026-11-20T19:59", None, None),  # a Friday
        ("2026-11-20T20:00", "2026-11-21T10:00", None),
        ("2026-11-20T21:00", "2026-11-21T10:00", "2026-11-21T08:00"),
        ("2026-11-21T08:30", "2026-11-21T10:00", None),
        ("2026-11-21T20:00", "2026-11-23T10:00", None),  # from Saturday night over the whole Sunday
        ("2026-11-22T12:00", "2026-11-23T10:00", None),
        ("2026-10-24T23:00", "2026-10-26T10:00", "2026-10-25T08:00"),  # the night of 25 hours, on a Sunday
        ("2027-03-26T23:00", "2027-03-27T10:00", "2027-03-27T08:00"),
    ],
)
def test_a_channel_has_hours_of_its_own_beside_those_of_the_house(now: str, sms: str | None, email: str | None) -> None:
    sms_rules()
    person = ana()
    for ask, opens in ((SMS, sms), (EMAIL, email)):
        found = verdict(person, ask, madrid(now))
        assert found.ok
        assert found.not_before == (madrid(opens) if opens else None), ask
        assert found.reason == ("quiet_hours" if opens else "")


def test_a_rule_over_midnight_belongs_to_the_day_on_which_it_begins() -> None:
    business = make_business()
    business.quiet_rules.create(kind="sms", weekdays=1 << 4, start=time(22), end=time(9))  # Friday night
    person = ana()
    assert verdict(person, SMS, madrid("2026-11-20T23:00")).not_before == madrid("2026-11-21T09:00")
    assert verdict(person, SMS, madrid("2026-11-21T08:59")).not_before == madrid("2026-11-21T09:00")
    assert verdict(person, SMS, madrid("2026-11-21T23:00")).not_before is None
    assert verdict(person, SMS, madrid("2026-11-20T08:00")).not_before is None


def test_sunday_night_reaches_into_monday() -> None:
    business = make_business()
    business.quiet_rules.create(weekdays=SUNDAY, start=time(18), end=time(12))
    person = ana()
    assert verdict(person, EMAIL, madrid("2026-11-22T19:00")).not_before == madrid("2026-11-23T12:00")
    assert verdict(person, EMAIL, madrid("2026-11-23T11:59")).not_before == madrid("2026-11-23T12:00")


def test_the_urgent_passes_every_rule() -> None:
    business = sms_rules()
    business.closed_days.create(day=date(2026, 11, 22))
    urgent = Ask("sms", "transactional", urgent=True)
    assert verdict(ana(), urgent, madrid("2026-11-22T12:00")).not_before is None


def test_a_holiday_holds_where_the_person_lives_and_by_their_clock() -> None:
    make_business(keep_holidays=True)
    madrilenian, londoner = ana(), make_contact("Tom", email="tom@example.com", time_zone="Europe/London")
    constitution = madrid("2026-12-07T23:30")  # 8 December is a holiday in Spain, and in England it is not
    assert verdict(madrilenian, EMAIL, constitution).not_before is None
    held = verdict(madrilenian, EMAIL, madrid("2026-12-08T00:00"))
    assert (held.not_before, held.reason) == (madrid("2026-12-09T00:00"), "closed_day")
    assert verdict(londoner, EMAIL, madrid("2026-12-08T12:00")).not_before is None
    boxing_day = datetime(2026, 12, 28, 9, tzinfo=UTC)  # the 26th is a Saturday, so the English rest on Monday
    assert verdict(londoner, EMAIL, boxing_day).not_before == datetime(2026, 12, 29, tzinfo=UTC)
    assert verdict(madrilenian, EMAIL, boxing_day).not_before is None


def test_a_region_has_holidays_of_its_own_and_a_rule_may_keep_them_for_one_channel() -> None:
    business = make_business(holiday_region="CT")
    business.quiet_rules.create(kind="sms", weekdays=0, holidays=True)
    person, diada = ana(), madrid("2026-09-11T12:00")
    assert verdict(person, SMS, diada).not_before == madrid("2026-09-12T00:00")
    assert verdict(person, EMAIL, diada).not_before is None
    Business.objects.update(holiday_region="MD")
    assert verdict(person, SMS, diada).not_before is None


def test_closed_days_hold_once_or_every_year() -> None:
    business = make_business()
    business.closed_days.create(day=date(2024, 12, 24), yearly=True)
    business.closed_days.create(day=date(2026, 12, 29))
    person = ana()
    for now, opens in [
        ("2026-12-24T12:00", "2026-12-25T00:00"),
        ("2027-12-24T12:00", "2027-12-25T00:00"),
        ("2026-12-29T12:00", "2026-12-30T00:00"),
        ("2027-12-29T12:00", None),
    ]:
        assert verdict(person, EMAIL, madrid(now)).not_before == (madrid(opens) if opens else None)


def test_a_leap_day_comes_again_in_leap_years_only() -> None:
    hours = Hours(NO_NIGHT, closed=(Closed(date(2024, 2, 29), yearly=True),))
    assert hours.still_days("sms", (), datetime(2027, 2, 20, tzinfo=UTC)) == frozenset()
    assert hours.still_days("sms", (), datetime(2028, 2, 20, tzinfo=UTC)) == {date(2028, 2, 29)}


def test_where_no_hour_is_left_for_a_fortnight_it_waits_and_says_so() -> None:
    business = make_business()
    business.quiet_rules.create(kind="sms", start=time(0), end=time(0))
    now = madrid("2026-11-22T12:00")
    held = verdict(ana(), SMS, now)
    assert (held.not_before, held.reason) == (now + timedelta(days=14), "no_hour_left")


def test_the_business_brings_its_rules_along_in_one_statement(django_assert_num_queries: Any) -> None:
    business = sms_rules()
    business.closed_days.create(day=date(2026, 12, 24), yearly=True)
    slowly = Business.objects.get().hours
    with django_assert_num_queries(1):
        hours = Business.current().hours
    assert hours == slowly
    assert hours.rules[1] == Quiet("sms", frozenset({6}), time(0), time(0))
    assert hours.closed == (Closed(date(2026, 12, 24), yearly=True),)


walls = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30]))
spans = st.lists(st.tuples(st.frozensets(st.integers(0, 6)), walls, walls), max_size=3)


@given(walls, walls, spans, st.integers(0, 7 * 96 - 1))
@invented(60)
def test_a_minute_is_allowed_exactly_when_no_rule_forbids_it(
    start: time, end: time, given_spans: list[Any], quarter: int
) -> None:
    rules = tuple(Quiet("sms", days, begins, ends) for days, begins, ends in given_spans)
    windows = Hours((start, end), rules).windows("sms")
    instant = datetime(2026, 11, 23, tzinfo=UTC) + timedelta(minutes=15 * quarter)
    night = [(frozenset(range(7)), start, end)] if start != end else []
    forbidden = any(_forbids(instant, *span) for span in [*night, *given_spans])
    assert calendar.is_allowed(instant, [timezones.UTC], windows) != forbidden


def _forbids(instant: datetime, days: frozenset[int], start: time, end: time) -> bool:
    """The same said another way: each day's span as two instants."""
    for back in (0, 1):
        day = (instant - timedelta(days=back)).replace(hour=0, minute=0)
        begins = day + timedelta(hours=start.hour, minutes=start.minute)
        ends = day + timedelta(hours=end.hour, minutes=end.minute, days=1 if end < start else 0)
        if start == end:
            begins, ends = day, day + timedelta(days=1)
        if day.weekday() in days and begins <= instant < ends:
            return True
    return False


def test_an_older_name_of_a_zone_lies_in_the_same_country() -> None:
    assert [timezones.country_of(name) for name in ("Europe/Madrid", "Atlantic/Canary", "US/Eastern", "UTC")] == [
        "ES", "ES", "US", "",
    ]  # fmt: skip
    assert timezones.country_of("America/Buenos_Aires") == "AR"


def test_an_unknown_country_has_no_holidays_and_an_unknown_region_those_of_the_country() -> None:
    assert closed_days.public("XX", "", (2026,)) == frozenset()
    assert closed_days.public("ES", "ZZ", (2026,)) == closed_days.public("ES", "", (2026,))
    assert dict(closed_days.regions("ES"))["CT"] in ("Cataluña", "Catalunya")


def test_the_page_says_what_the_rules_mean() -> None:
    sms_rules()
    now = madrid("2026-11-22T12:00")
    with translation.override("en"):
        assert say_hours(Business.current(), now) == [
            "SMS may leave Mon–Sat 10:00 to 20:00.",
            "Everything else may leave every day 08:00 to 21:00.",
        ]
        Business.objects.update(keep_holidays=True)
        told = say_hours(Business.current(), now)
        assert told[1] == "Everything else may leave every day 08:00 to 21:00, but not on public holidays."
        assert told[2].startswith("The next public holidays here: 12/08/2026 ")
        weekend = Hours(NO_NIGHT, (Quiet("", frozenset({5, 6}), time(14), time(0)),))
        assert say_windows(weekend.windows("")) == "Mon–Fri all day; Sat, Sun 00:00 to 14:00".replace(
            "Sat, Sun", "Sat–Sun"
        )


def rule(number: int, **fields: Any) -> dict[str, Any]:
    row = {
        "kind": "sms",
        "weekdays": [0, 1, 2, 3, 4, 5, 6],
        "start": "20:00",
        "end": "10:00",
        "business": "1",
        **fields,
    }
    return {f"quiet_rules-{number}-{name}": value for name, value in row.items()}


def test_the_owner_adds_rules_and_days_and_reads_what_they_mean() -> None:
    make_business()
    desk = sign_in("Owner")
    sunday = rule(1, weekdays=[6], start="00:00", end="00:00")
    closed = {"closed_days-TOTAL_FORMS": "1", "closed_days-0-day": "2026-12-24", "closed_days-0-yearly": "on"}
    given = filled(**rule(0), **sunday, **closed, holiday_region="MD", **{"quiet_rules-TOTAL_FORMS": "2"})
    page = desk.post(reverse(PAGE, args=[1]), given, follow=True).content.decode()
    assert "SMS" in page
    assert page.count("may leave") >= 2
    kept = Business.current()
    assert kept.hours.rules[1] == Quiet("sms", frozenset({6}), time(0), time(0))
    assert kept.hours.closed == (Closed(date(2026, 12, 24), yearly=True),)
    assert kept.holiday_region == "MD"


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        (rule(0, weekdays=[]), "Tick at least one day, or the public holidays."),
        (rule(0, start="00:00", end="00:00"), "These hours leave none in which SMS may leave."),
        (rule(0, kind="pigeon"), "Select a valid choice."),
    ],
)
def test_rules_that_cannot_be_are_refused_with_a_sentence(rows: dict[str, Any], sentence: str) -> None:
    make_business()
    answer = sign_in("Owner").post(reverse(PAGE, args=[1]), filled(**rows, **{"quiet_rules-TOTAL_FORMS": "1"}))
    assert sentence in answer.content.decode()
    assert not Business.current().hours.rules


def test_a_region_of_another_country_is_let_go_of() -> None:
    make_business()
    sign_in("Owner").post(reverse(PAGE, args=[1]), filled(country="PT", holiday_region="CT"))
    assert (Business.current().country, Business.current().holiday_region) == ("PT", "")
