"""The ledger, the suppressed addresses, and what a file may and may not say about consent."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from contacts import reasons
from contacts.consent import (
    Ask,
    Line,
    gate,
    grant,
    is_suppressed,
    lift,
    lift_rows,
    mask,
    record,
    record_imported,
    suppress,
    withdraw,
)
from contacts.models import Business, Consent, Contact, Suppression
from contacts.signals import facts_recorded
from tests.factories import NOW, make_business, make_contact

pytestmark = pytest.mark.django_db


def says(contact: Contact, given: bool = True, kind: str = "email", **fields: Any) -> Line:
    return Line(contact.pk, kind, given=given, basis="express", source="file.csv", **fields)


def may(contact: Contact, ask: Ask) -> bool:
    return gate([contact.pk], [ask], now=NOW, business=Business.current())[contact.pk].verdicts[ask].ok


# --- the ledger -------------------------------------------------------------------------------------------------------


def test_a_line_keeps_the_whole_proof() -> None:
    ana = make_contact(consent=())
    details = {
        "wording": "Yes, send me offers",
        "language": "en",
        "ip": "192.0.2.7",
        "expires_at": NOW + timedelta(days=730),
    }
    grant(
        ana.pk, "email", basis="express", source="form on the website", now=NOW, at=NOW - timedelta(hours=1), **details
    )
    line = Consent.objects.get()
    assert (line.given, line.purpose, line.basis, line.source) == (True, "marketing", "express", "form on the website")
    assert (line.wording, line.language, line.ip, line.expires_at) == tuple(details.values())
    assert (line.at, line.recorded_at, line.handled_at) == (NOW - timedelta(hours=1), NOW, None)


def test_the_ledger_only_grows() -> None:
    ana = make_contact(email="ana@example.com", consent=("email",))
    withdraw(ana.pk, "email", source="link", now=NOW)
    lines = Consent.objects.filter(contact=ana)
    assert list(lines.values_list("given", flat=True)) == [False, True]
    for attempt in (
        lambda: lines.update(given=True),
        lines.delete,
        lambda: lines.first().delete(),  # type: ignore[union-attr]
        lambda: lines.first().save(),  # type: ignore[union-attr]
    ):
        with pytest.raises(TypeError):
            attempt()
    assert list(lines.values_list("given", flat=True)) == [False, True]
    assert lines.update(handled_at=NOW) == 2


def test_many_lines_cost_as_many_statements_as_one() -> None:
    def statements(people: int) -> int:
        contacts = Contact.objects.bulk_create([Contact(first_name=f"P{n}") for n in range(people)])
        with CaptureQueriesContext(connection) as queries:
            assert record([says(contact) for contact in contacts], now=NOW) == people
        return len(queries)

    assert statements(1) == statements(200)


def test_a_line_for_someone_who_is_gone_loses_none_of_the_others() -> None:
    ana = make_contact(consent=())
    assert record([Line(999_999, "email", given=True, basis="express", source="x"), says(ana)], now=NOW) == 1


def test_the_house_is_nudged_once_the_lines_are_committed(django_capture_on_commit_callbacks: Any) -> None:
    ana, bo = make_contact(consent=()), make_contact(consent=())
    heard: list[list[int]] = []

    def listen(contact_ids: list[int], **_: Any) -> None:
        heard.append(contact_ids)

    facts_recorded.connect(listen)
    try:
        with django_capture_on_commit_callbacks(execute=True):
            record([says(bo), says(ana), says(ana, given=False)], now=NOW)
            assert heard == []
    finally:
        facts_recorded.disconnect(listen)
    assert heard == [[ana.pk, bo.pk]]


# --- suppression ------------------------------------------------------------------------------------------------------


def test_stop_from_a_familys_phone_closes_it_and_is_noted_for_each_of_them() -> None:
    make_business()
    ana, bo = make_contact("Ana", phone="+34600000001"), make_contact("Bo", phone="+34600000001", consent=())
    other = make_contact("Cy", phone="+34600000002")
    suppress(
        kind="phone", normal="+34600000001", channel="sms", scope="all", reason="stop", source="STOP", now=NOW,
        delivery_token="abc", played=True,
    )  # fmt: skip
    lines = Consent.objects.filter(given=False)
    assert {line.contact_id for line in lines} == {ana.pk, bo.pk}
    assert {(line.kind, line.basis, line.address, line.delivery_token, line.played) for line in lines} == {
        ("sms", "withdrawal", "+34600000001", "abc", True)
    }
    assert not may(ana, Ask("sms", "transactional"))
    assert not may(bo, Ask("sms", "transactional"))
    assert may(other, Ask("sms"))


def test_stop_told_twice_is_written_once() -> None:
    ana = make_contact(phone="+34600000001")
    for _ in range(2):
        first = suppress(
            kind="phone", normal="+34600000001", channel="sms", scope="all", reason="stop", source="STOP", now=NOW
        )
    assert list(Suppression.objects.all()) == [first]
    assert Consent.objects.filter(contact=ana, given=False).count() == 1


def test_a_bounce_closes_the_address_but_does_not_speak_for_the_person() -> None:
    make_business()
    ana = make_contact(email="typo@example.com")
    suppress(kind="email", normal="typo@example.com", scope="all", reason="bounce", source="5.1.1", now=NOW)
    assert not may(ana, Ask("email"))
    ana.addresses.all().delete()
    ana.addresses.create(kind="email", value="right@example.com", normal="right@example.com")
    assert may(ana, Ask("email"))


def test_a_suppression_outlives_the_contact_without_keeping_the_address() -> None:
    make_business()
    ana = make_contact(phone="+34600123456")
    row = suppress(
        kind="phone", normal="+34600123456", scope="all", reason="erased", source="asked at the desk", now=NOW
    )
    ana.addresses.all().delete()
    again = make_contact(phone="+34600123456")
    assert not may(again, Ask("sms", "transactional"))
    assert is_suppressed("phone", "+34600123456")
    stored = " ".join(str(value) for value in Suppression.objects.filter(pk=row.pk).values_list()[0])
    assert "600123456" not in stored


def test_start_lifts_a_stop_of_its_channel_and_brings_back_no_consent() -> None:
    make_business()
    ana = make_contact(phone="+34600000001")
    suppress(kind="phone", normal="+34600000001", channel="sms", scope="all", reason="stop", source="STOP", now=NOW)
    suppress(kind="phone", normal="+34600000001", channel="", scope="marketing", reason="staff", source="desk", now=NOW)
    assert lift(kind="phone", normal="+34600000001", channel="whatsapp", now=NOW) == 0
    assert lift(kind="phone", normal="+34600000001", channel="sms", now=NOW) == 1
    assert Suppression.objects.get(lifted_at=None).reason == "staff"
    assert may(ana, Ask("sms", "transactional"))
    assert not may(ana, Ask("sms"))
    lift_rows(Suppression.objects.values_list("pk", flat=True), now=NOW)
    assert (
        gate([ana.pk], [Ask("sms")], now=NOW, business=Business.current())[ana.pk].verdicts[Ask("sms")].reason
        == "consent_withdrawn"
    )


def test_after_a_lift_the_address_can_be_closed_again() -> None:
    said: dict[str, Any] = {
        "kind": "phone",
        "normal": "+34600000001",
        "channel": "sms",
        "scope": "all",
        "reason": "stop",
        "source": "STOP",
    }
    first = suppress(**said, now=NOW)
    lift(kind="phone", normal="+34600000001", channel="sms", now=NOW)
    assert suppress(**said, now=NOW).pk != first.pk


def test_who_asked_to_be_forgotten_is_not_opened_by_staff() -> None:
    row = suppress(kind="email", normal="ana@example.com", scope="all", reason="erased", source="desk", now=NOW)
    assert lift_rows([row.pk], now=NOW) == 0


@pytest.mark.parametrize(
    ("kind", "normal", "hint"),
    [
        ("email", "maria.lopez@example.com", "ma•••@example.com"),
        ("email", "bo@example.com", "b•••@example.com"),
        ("phone", "+34600123456", "+34•••••56"),
    ],
)
def test_a_hint_shows_enough_to_recognise_and_not_enough_to_write_to(kind: str, normal: str, hint: str) -> None:
    assert mask(kind, normal) == hint


# --- what a file says -------------------------------------------------------------------------------------------------


def test_an_import_never_restores_a_withdrawn_consent() -> None:
    make_business()
    ana = make_contact(email="ana@example.com")
    withdraw(ana.pk, "email", source="link", now=NOW)
    refused = record_imported([says(ana, address="ana@example.com")], now=NOW + timedelta(days=400))
    assert [(r.line.contact_id, r.reason) for r in refused] == [(ana.pk, "consent_withdrawn")]
    assert "Nov. 22, 2026" in reasons.say(refused[0].reason, refused[0].params)
    assert not may(ana, Ask("email"))


def test_a_withdrawal_further_up_in_the_same_file_holds_too() -> None:
    ana = make_contact(consent=())
    refused = record_imported([says(ana), says(ana, given=False), says(ana)], now=NOW)
    assert [r.reason for r in refused] == ["consent_withdrawn"]
    assert list(Consent.objects.values_list("given", flat=True)) == [False, True]


def test_an_import_gives_no_consent_to_a_suppressed_address_though_its_contact_is_new() -> None:
    suppress(kind="phone", normal="+34600000001", channel="sms", scope="all", reason="stop", source="STOP", now=NOW)
    suppress(kind="email", normal="ana@example.com", scope="all", reason="bounce", source="5.1.1", now=NOW)
    ana = make_contact(phone="+34600000001", email="ana@example.com", consent=())
    lines = [says(ana, kind="sms", address="+34600000001"), says(ana, kind="sms"), says(ana, kind="email")]
    refused = record_imported(lines, now=NOW)
    assert [(r.line.kind, r.reason) for r in refused] == [("sms", "suppressed"), ("sms", "suppressed")]
    assert reasons.say("suppressed", refused[0].params) == "The address is suppressed: answered STOP."
    assert [line.kind for line in Consent.objects.all()] == ["email"]


def test_the_same_file_twice_changes_nothing() -> None:
    ana, bo = make_contact(consent=()), make_contact(consent=())
    for _ in range(2):
        assert record_imported([says(ana), says(bo, given=False)], now=NOW) == []
    assert Consent.objects.count() == 2


def test_a_file_may_prolong_a_consent_and_end_one() -> None:
    ana = make_contact(consent=())
    record_imported([says(ana, expires_at=NOW + timedelta(days=1))], now=NOW)
    record_imported([says(ana, expires_at=NOW + timedelta(hours=1))], now=NOW)
    record_imported([says(ana, expires_at=NOW + timedelta(days=9))], now=NOW)
    record_imported([says(ana, given=False)], now=NOW)
    assert [line.expires_at for line in Consent.objects.order_by("id") if line.given] == [
        NOW + timedelta(days=1),
        NOW + timedelta(days=9),
    ]
    assert not Consent.objects.first().given  # type: ignore[union-attr]


def test_a_files_lines_cost_the_same_statements_however_many() -> None:
    def statements(people: int) -> int:
        contacts = Contact.objects.bulk_create([Contact(first_name=f"P{n}") for n in range(people)])
        lines = [says(contact, kind=kind) for contact in contacts for kind in ("email", "sms")]
        with transaction.atomic(), CaptureQueriesContext(connection) as queries:
            record_imported(lines, now=NOW)
        return len(queries)

    assert statements(1) == statements(300)
