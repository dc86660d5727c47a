"""The gate: who may be written to, on which address, and from when."""

import threading
import time as time_module
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from contacts import reasons
from contacts.consent import Ask, Line, Person, Verdict, gate, grant, record, suppress, withdraw
from contacts.models import Address, Basis, Branch, Business, Contact
from tests.factories import NOW, make_business, make_contact

pytestmark = pytest.mark.django_db

EMAIL, SMS = Ask("email"), Ask("sms")
EMAIL_SERVICE, SMS_SERVICE = Ask("email", "transactional"), Ask("sms", "transactional")


def person(contact: Contact, *asks: Ask, now: datetime = NOW, business: Business | None = None) -> Person:
    return gate([contact.pk], asks, now=now, business=business or Business.current())[contact.pk]


def verdict(contact: Contact, ask: Ask = EMAIL, now: datetime = NOW, business: Business | None = None) -> Verdict:
    return person(contact, ask, now=now, business=business).verdicts[ask]


def told(contact: Contact, **fields: Any) -> None:
    record(
        [
            Line(
                contact.pk, **{"kind": "email", "given": True, "basis": Basis.EXPRESS.value, "source": "test", **fields}
            )
        ],
        now=NOW,
    )


def test_consent_and_an_address_that_works_open_the_gate() -> None:
    make_business()
    ana = make_contact(email="ana@example.com", phone="+34600000001")
    assert verdict(ana) == Verdict(ok=True, address="ana@example.com")
    assert verdict(ana, SMS) == Verdict(ok=True, address="+34600000001")


def test_what_a_message_may_say_of_the_person_comes_along() -> None:
    business = make_business(language="es")
    branch = Branch.objects.create(name="Centro", time_zone="Atlantic/Canary")
    fields: dict[str, Any] = {
        "city": "Las Palmas",
        "birth_date": date(1990, 2, 3),
        "attributes": {"stylist": "Eva"},
        "branch": branch,
    }
    ana = make_contact("Ana Ruiz", email="ana@example.com", external_id="A1", **fields)
    found = person(ana, EMAIL, business=business)
    assert (found.first_name, found.last_name, found.external_id, found.language) == ("Ana", "Ruiz", "A1", "es")
    assert (found.city, found.birth_date, found.attributes) == ("Las Palmas", date(1990, 2, 3), {"stylist": "Eva"})
    assert (found.branch_name, found.zones) == ("Centro", (ZoneInfo("Atlantic/Canary"),))
    Contact.objects.update(language="ru")
    assert person(ana, EMAIL, business=business).language == "ru"


def test_a_contact_that_is_gone_is_absent() -> None:
    business, ana = make_business(), make_contact(email="ana@example.com")
    assert list(gate([ana.pk, 999_999], [EMAIL], now=NOW, business=business)) == [ana.pk]
    assert gate([], [EMAIL], now=NOW, business=business) == {}


def test_nobody_without_consent_gets_marketing_but_everyone_gets_service_messages() -> None:
    make_business()
    ana = make_contact(email="ana@example.com", consent=())
    assert (verdict(ana).ok, verdict(ana).reason) == (False, "no_consent")
    assert verdict(ana, EMAIL_SERVICE).ok


def test_consent_to_one_channel_is_no_consent_to_another() -> None:
    make_business()
    ana = make_contact(email="ana@example.com", phone="+34600000001", consent=("email",))
    assert verdict(ana).ok
    assert verdict(ana, SMS).reason == "no_consent"


def test_the_newest_line_counts() -> None:
    make_business()
    ana = make_contact(email="ana@example.com")
    withdraw(ana.pk, "email", source="unsubscribe link", now=NOW)
    assert (verdict(ana).ok, verdict(ana).reason) == (False, "consent_withdrawn")
    assert verdict(ana, EMAIL_SERVICE).ok
    grant(ana.pk, "email", basis=Basis.EXPRESS.value, source="form", now=NOW + timedelta(days=1))
    assert verdict(ana).ok


def test_consent_holds_until_the_instant_it_expires() -> None:
    make_business()
    ana = make_contact(email="ana@example.com", consent=())
    told(ana, expires_at=NOW + timedelta(days=1))
    assert verdict(ana, now=NOW + timedelta(days=1, seconds=-1)).ok
    assert verdict(ana, now=NOW + timedelta(days=1)).reason == "consent_expired"
    assert verdict(ana, EMAIL_SERVICE, now=NOW + timedelta(days=2)).ok


def test_consent_to_tracking_is_no_consent_to_marketing() -> None:
    make_business(country="FR")
    ana = make_contact(email="ana@example.com", consent=(), tracking=True)
    assert verdict(ana).reason == "no_consent"


@pytest.mark.parametrize(
    ("scope", "channel", "stopped"),
    [
        ("all", "", {SMS, SMS_SERVICE}),
        ("all", "sms", {SMS, SMS_SERVICE}),
        ("marketing", "", {SMS}),
        ("marketing", "sms", {SMS}),
        ("all", "whatsapp", set()),
    ],
)
def test_a_suppression_stops_what_it_holds_for_and_nothing_else(scope: str, channel: str, stopped: set[Ask]) -> None:
    make_business()
    ana = make_contact(email="ana@example.com", phone="+34600000001")
    suppress(kind="phone", normal="+34600000001", channel=channel, scope=scope, reason="bounce", source="test", now=NOW)
    verdicts = person(ana, EMAIL, SMS, EMAIL_SERVICE, SMS_SERVICE).verdicts
    assert {ask for ask, found in verdicts.items() if not found.ok} == stopped
    assert {found.reason for found in verdicts.values() if not found.ok} <= {"suppressed"}


def test_a_suppression_knows_the_address_in_any_case_of_letters() -> None:
    make_business()
    ana = make_contact(email="Ana@example.com")
    suppress(kind="email", normal="aNA@example.com", scope="all", reason="bounce", source="test", now=NOW)
    assert verdict(ana).reason == "suppressed"


def test_the_first_address_that_works_is_used() -> None:
    make_business()
    ana = make_contact(email="old@example.com")
    Address.objects.filter(contact=ana).update(validity="invalid", invalid_reason="mailbox full for months", position=0)
    assert verdict(ana).reason == "address_invalid"
    assert "mailbox full for months" in reasons.say("address_invalid", verdict(ana).params)
    Address.objects.create(contact=ana, kind="email", value="third@example.com", normal="third@example.com", position=3)
    Address.objects.create(
        contact=ana, kind="email", value="second@example.com", normal="second@example.com", position=2
    )
    assert verdict(ana).address == "second@example.com"
    suppress(kind="email", normal="second@example.com", scope="all", reason="bounce", source="test", now=NOW)
    assert verdict(ana) == Verdict(ok=True, address="third@example.com")


def test_who_said_stop_is_not_written_to_at_their_other_address() -> None:
    make_business()
    ana = make_contact(phone="+34600000001")
    Address.objects.create(contact=ana, kind="phone", value="+34600000002", normal="+34600000002", position=1)
    suppress(kind="phone", normal="+34600000001", scope="all", reason="stop", source="test", now=NOW)
    assert verdict(ana, SMS_SERVICE).reason == "suppressed"


def test_someone_without_an_address_for_the_channel_is_told_apart() -> None:
    make_business()
    ana = make_contact(email="ana@example.com")
    assert verdict(ana, SMS).reason == "no_address"
    assert verdict(ana, Ask("pigeon")).reason == "no_address"


# --- quiet hours ------------------------------------------------------------------------------------------------------


def quiet_business(**fields: Any) -> Business:
    return make_business(quiet_from=time(21), quiet_until=time(8), **fields)


def test_in_quiet_hours_the_message_waits_for_their_end_and_the_gate_says_so() -> None:
    business = quiet_business()
    ana = make_contact(email="ana@example.com")
    found = verdict(ana, now=datetime(2026, 11, 22, 20, 0, tzinfo=UTC), business=business)  # 21:00 in Madrid
    assert (found.ok, found.reason, found.not_before) == (True, "quiet_hours", datetime(2026, 11, 23, 7, tzinfo=UTC))
    assert reasons.say(found.reason, found.params) == (
        "Waits until Nov. 23, 2026 08:00, because it is quiet time where the person lives."
    )
    assert verdict(ana, now=datetime(2026, 11, 22, 19, 59, tzinfo=UTC), business=business) == Verdict(
        ok=True, address="ana@example.com"
    )
    assert verdict(ana, now=datetime(2026, 11, 23, 7, 0, tzinfo=UTC), business=business).not_before is None


@pytest.mark.parametrize(
    ("evening", "morning"),
    [
        (
            datetime(2027, 3, 27, 21, tzinfo=UTC),
            datetime(2027, 3, 28, 6, tzinfo=UTC),
        ),  # Madrid loses the hour from 2 to 3
        (
            datetime(2026, 10, 24, 20, tzinfo=UTC),
            datetime(2026, 10, 25, 7, tzinfo=UTC),
        ),  # and has the hour from 2 to 3 twice
    ],
)
def test_the_wait_ends_at_eight_by_the_persons_clock_also_when_clocks_change(
    evening: datetime, morning: datetime
) -> None:
    business = quiet_business()
    assert verdict(make_contact(email="ana@example.com"), now=evening, business=business).not_before == morning


def test_quiet_hours_hold_for_service_messages_and_only_urgent_ones_pass() -> None:
    business, night = quiet_business(), datetime(2026, 11, 22, 23, tzinfo=UTC)
    ana = make_contact(email="ana@example.com")
    assert verdict(ana, EMAIL_SERVICE, now=night, business=business).not_before
    urgent = verdict(ana, Ask("email", "transactional", urgent=True), now=night, business=business)
    assert (urgent.ok, urgent.not_before, urgent.reason) == (True, None, "")


def test_the_persons_own_zone_decides() -> None:
    business, now = quiet_business(), datetime(2026, 11, 22, 18, tzinfo=UTC)
    madrid = make_contact(email="a@example.com")
    moscow = make_contact(email="b@example.com", time_zone="Europe/Moscow")
    assert verdict(madrid, now=now, business=business).not_before is None
    assert verdict(moscow, now=now, business=business).not_before == datetime(2026, 11, 23, 5, tzinfo=UTC)


def test_a_foreign_phone_waits_until_no_zone_of_it_is_quiet() -> None:
    business = make_business(quiet_from=time(22), quiet_until=time(6))
    ana = make_contact(email="ana@example.com", phone="+12125550123")  # New York
    found = verdict(ana, now=datetime(2026, 11, 22, 9, tzinfo=UTC), business=business)  # 04:00 there, 10:00 in Madrid
    assert (found.reason, found.not_before) == ("quiet_hours", datetime(2026, 11, 22, 11, tzinfo=UTC))


def test_where_no_hour_suits_all_zones_the_business_clock_decides_and_it_says_so() -> None:
    business = make_business(quiet_from=time(12), quiet_until=time(9))  # three hours a day
    ana = make_contact(phone="+78005553535")  # any zone from Kaliningrad to Kamchatka
    assert len(person(ana, SMS, business=business).zones) > 5
    found = verdict(ana, SMS, now=datetime(2026, 11, 22, 12, tzinfo=UTC), business=business)
    assert (found.reason, found.not_before) == ("quiet_hours_unknown_zone", datetime(2026, 11, 23, 8, tzinfo=UTC))
    assert verdict(ana, SMS, now=datetime(2026, 11, 22, 8, tzinfo=UTC), business=business) == Verdict(
        ok=True, address="+78005553535"
    )


# --- tracking ---------------------------------------------------------------------------------------------------------


def test_openings_are_tracked_where_the_law_asks_for_no_consent() -> None:
    make_business(country="ES")
    assert verdict(make_contact(email="ana@example.com")).tracked


def test_in_france_openings_are_tracked_only_with_consent_to_that() -> None:
    business = make_business(country="FR")
    with_consent, without = make_contact(email="a@example.com", tracking=True), make_contact(email="b@example.com")
    assert verdict(with_consent, business=business).tracked
    assert not verdict(without, business=business).tracked
    assert verdict(without, business=business).ok
    withdraw(with_consent.pk, "email", purpose="tracking", source="form", now=NOW)
    assert not verdict(with_consent, business=business).tracked
    assert verdict(with_consent, business=business).ok
    told(without, purpose="tracking", expires_at=NOW + timedelta(days=1))
    assert verdict(without, business=business).tracked
    assert not verdict(without, business=business, now=NOW + timedelta(days=1)).tracked


# --- locks ------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db(transaction=True)
def test_a_stop_that_is_committed_while_the_gate_waits_for_the_person_is_seen() -> None:
    business, ana = make_business(), make_contact(phone="+34600000001")
    written, found = threading.Event(), list[Verdict]()

    def look() -> None:
        written.wait(10)
        with transaction.atomic():
            found.append(
                gate([ana.pk], [SMS_SERVICE], now=NOW, business=business, lock=True)[ana.pk].verdicts[SMS_SERVICE]
            )
        connection.close()

    looking = threading.Thread(target=look)
    looking.start()
    with transaction.atomic():
        suppress(kind="phone", normal="+34600000001", scope="all", reason="stop", source="STOP", now=NOW)
        written.set()
        wait_until_someone_waits()
    looking.join(20)
    assert [verdict.reason for verdict in found] == ["suppressed"]


def wait_until_someone_waits() -> None:
    """On PostgreSQL: until the other connection waits for our lock. SQLite lets nobody begin while we write."""
    if connection.vendor != "postgresql":
        return
    deadline = time_module.monotonic() + 10
    with connection.cursor() as cursor:
        while time_module.monotonic() < deadline:
            cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
            if (cursor.fetchone() or [0])[0]:
                return
    raise AssertionError("nobody waited for the lock")


# --- cost -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("people", [1, 1000])
def test_two_statements_do_for_any_number_of_people(people: int) -> None:
    business = make_business(country="FR", keep_holidays=True)
    contacts = Contact.objects.bulk_create([Contact(first_name=f"P{n}") for n in range(people)])
    numbers = [f"+3360{n:07d}" for n in range(people)]
    Address.objects.bulk_create(
        [
            Address(contact=c, kind="phone", value=v, normal=v, fingerprint=v)
            for c, v in zip(contacts, numbers, strict=True)
        ]
    )
    record([Line(c.pk, "sms", given=True, basis="express", source="test") for c in contacts], now=NOW)
    with transaction.atomic(), CaptureQueriesContext(connection) as queries:
        found = gate([c.pk for c in contacts], [EMAIL, SMS, SMS_SERVICE], now=NOW, business=business, lock=True)
    assert sum(p.verdicts[SMS].ok for p in found.values()) == people
    assert len([query for query in queries if "SAVEPOINT" not in query["sql"]]) == 2


def test_what_was_played_in_the_sandbox_neither_forbids_nor_permits_a_message_that_really_leaves() -> None:
    stopped = make_contact("Ana", phone="+34600100001")
    agreed = make_contact("Bea", phone="+34600100002", consent=())
    suppress(
        kind="phone",
        normal="+34600100001",
        channel="sms",
        scope="all",
        reason="stop",
        source="sandbox",
        now=NOW,
        played=True,
    )
    grant(agreed.pk, "sms", basis="express", source="sandbox", now=NOW, played=True)
    in_sandbox, live = Ask("sms", played=True), Ask("sms", played=False)
    people = gate([stopped.pk, agreed.pk], [in_sandbox, live], now=NOW, business=make_business())
    assert [people[stopped.pk].verdicts[ask].ok for ask in (in_sandbox, live)] == [False, True]
    assert [people[agreed.pk].verdicts[ask].ok for ask in (in_sandbox, live)] == [True, False]


def test_a_stop_in_earnest_holds_in_the_sandbox_too() -> None:
    contact = make_contact("Ana", phone="+34600100001")
    suppress(kind="phone", normal="+34600100001", channel="sms", scope="all", reason="stop", source="SMS", now=NOW)
    people = gate([contact.pk], [Ask("sms")], now=NOW, business=make_business())
    assert people[contact.pk].verdicts[Ask("sms")].reason == "suppressed"
