"""What happened outside comes in once, however often and by however many it is told."""

import threading
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from contacts import events
from contacts.events import Fact
from contacts.models import Contact, Event
from contacts.signals import facts_recorded
from tests.factories import NOW, make_contact


@pytest.fixture
def ana(db: None) -> Contact:
    return make_contact("Ana Ruiz", email="ana@example.com")


def test_a_fact_is_kept_with_all_that_was_told(ana: Contact) -> None:
    event = events.record(ana.pk, "order", at=NOW, now=NOW, data={"amount": "40"}, source="till", played=True)
    event.refresh_from_db()
    assert (event.contact, event.name, event.at, event.recorded_at) == (ana, "order", NOW, NOW)
    assert (event.data, event.source, event.played, event.handled_at) == ({"amount": "40"}, "till", True, None)


def test_the_same_key_of_the_same_source_counts_once(ana: Contact) -> None:
    first = events.record(ana.pk, "order", at=NOW, now=NOW, key="17", source="till", data={"amount": 1})
    again = events.record(ana.pk, "order", at=NOW, now=NOW, key="17", source="till", data={"amount": 2})
    assert again.pk == first.pk
    assert again.data == {"amount": 1}
    events.record(ana.pk, "order", at=NOW, now=NOW, key="17", source="shop")
    events.record(ana.pk, "visit", at=NOW, now=NOW, key="17", source="till")
    assert Event.objects.count() == 3


def test_facts_without_a_key_all_count(ana: Contact) -> None:
    for _ in range(2):
        events.record(ana.pk, "visit", at=NOW, now=NOW)
    assert Event.objects.count() == 2


def test_many_facts_are_one_statement_and_only_the_new_ones_are_counted(ana: Contact) -> None:
    facts = [Fact(ana.pk, "order", NOW, key=str(n), source="shop") for n in range(50)]
    assert events.record_many(facts[:10], now=NOW) == 10
    with CaptureQueriesContext(connection) as queries:
        assert events.record_many(facts, now=NOW) == 40
    assert len([query for query in queries if "INSERT" in query["sql"]]) == 1
    assert events.record_many([], now=NOW) == 0


def test_the_house_is_nudged_after_the_commit_and_only_by_what_is_new(
    ana: Contact, django_capture_on_commit_callbacks: Any
) -> None:
    heard: list[list[int]] = []

    def listen(contact_ids: list[int], **_: Any) -> None:
        heard.append(contact_ids)

    facts_recorded.connect(listen)
    try:
        for _ in range(2):
            with django_capture_on_commit_callbacks(execute=True):
                events.record(ana.pk, "order", at=NOW, now=NOW, key="1", source="till")
    finally:
        facts_recorded.disconnect(listen)
    assert heard == [[ana.pk]]


@pytest.mark.django_db(transaction=True)
def test_told_by_eight_at_the_same_moment_it_counts_once() -> None:
    ana = make_contact("Ana Ruiz")
    together, found, failed = threading.Barrier(8), list[int](), list[Exception]()

    def tell() -> None:
        together.wait()
        try:
            found.append(events.record(ana.pk, "order", at=NOW, now=NOW, key="17", source="till").pk)
        except Exception as error:  # noqa: BLE001
            failed.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=tell) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    assert len(found) == 8
    assert len(set(found)) == 1
    assert Event.objects.count() == 1
