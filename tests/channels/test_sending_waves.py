"""Waves under load and in parallel: statements, indexes, and two workers who want the same."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

import pytest
from django.db import connection, connections
from django.test.utils import CaptureQueriesContext

from channels import accounts, sending
from channels.models import Channel, Delivery
from channels.models.delivery import new_token
from channels.sending import Planned, checks, claim
from contacts import bulk, consent, events
from contacts.models import Address, Consent, Contact
from tests.channels.outbox import ScriptedTransport, frozen, queue, reread, send
from tests.factories import NOW, make_business, make_channel, make_contact, make_message

Scripted = type[ScriptedTransport]
together = pytest.mark.django_db(transaction=True)
pytestmark = pytest.mark.usefixtures("scripted")
_NOT_COUNTED = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")


def crowd(number: int, channel: Channel, **fields: Any) -> list[int]:
    """So many people with a phone and consent, and a message for each in the outbox."""
    Contact.objects.bulk_create([Contact(first_name=f"P{n}") for n in range(number)])
    people = list(Contact.objects.order_by("pk"))
    values = [f"+346{n:08}" for n in range(number)]
    pairs = zip(people, values, strict=True)
    Address.objects.bulk_create(
        [Address(contact=one, kind="phone", value=v, normal=v, fingerprint=v) for one, v in pairs]
    )
    said = {
        "kind": "sms",
        "purpose": "marketing",
        "given": True,
        "basis": "express",
        "at": NOW,
        "recorded_at": NOW,
        "handled_at": NOW,
    }
    Consent.objects.bulk_create([Consent(contact=one, **said) for one in people])
    version = frozen(make_message())
    planned = [
        Planned(
            token=new_token(), contact_id=one.pk, channel_id=channel.pk, message_version_id=version.pk, kind="sms", purpose="marketing",
            scope="launch:1:step", not_before=NOW, **fields,
        )
        for one in people
    ]  # fmt: skip
    return list(sending.plan(planned, now=NOW).values())


def statements(captured: CaptureQueriesContext) -> list[str]:
    return [query["sql"] for query in captured.captured_queries if not query["sql"].startswith(_NOT_COUNTED)]


@pytest.mark.django_db
def test_a_wave_takes_a_handful_of_statements_whatever_its_size(scripted: Scripted) -> None:
    make_business(cap_messages=5)
    channel = make_channel("sms", "scripted")

    def spent(people: int) -> int:
        crowd(people, channel)
        with CaptureQueriesContext(connection) as captured:
            assert send() == people
        Delivery.objects.all().delete(), Contact.objects.all().delete()
        return len(statements(captured))

    one, four = spent(10), spent(800)  # waves of at most 200
    in_each_wave = (four - one) / 3
    assert in_each_wave <= 10  # the check of the cascades included
    assert one - in_each_wave <= 10  # finding the channels, claiming, reading people and texts, the last record


@pytest.mark.django_db
def test_refusals_in_a_wave_cost_a_bounded_number_of_statements(scripted: Scripted) -> None:
    from channels.transport import Fault, Refused

    make_business()
    channel = make_channel("sms", "scripted")
    scripted.answer = lambda _: Refused(Fault.PERSON, "21610", opted_out=True)

    def spent(people: int) -> int:
        crowd(people, channel)
        with CaptureQueriesContext(connection) as captured:
            send()
        Delivery.objects.all().delete(), Contact.objects.all().delete()
        return len(statements(captured))

    assert spent(5) == spent(150)


@pytest.mark.django_db
def test_the_claim_uses_the_index_of_what_is_due() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("the plan is PostgreSQL's; on SQLite the same statement has one writer")
    channel = make_channel("sms", "scripted")
    make_business()
    ids = crowd(2000, channel)
    Delivery.objects.filter(pk__in=ids[:-20]).update(status="cancelled")
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE channels_delivery")
        due = claim.due(channel, NOW).filter(purpose="marketing").order_by("not_before")
        with CaptureQueriesContext(connection) as captured:
            bulk.claim(due, limit=10, changes={"lease_until": NOW})
        statement = next(sql for sql in statements(captured) if "UPDATE" in sql)
        for mode in ("force_custom_plan", "force_generic_plan"):
            cursor.execute(f"SET plan_cache_mode = {mode}")
            cursor.execute(f"EXPLAIN {statement}")
            plan = "\n".join(row[0] for row in cursor.fetchall())
            assert "delivery_due" in plan, plan
            assert "Seq Scan on channels_delivery" not in plan, plan


def in_parallel(*acts: Callable[[], object]) -> list[BaseException]:
    """Run at the same time, each with a connection of its own."""
    failed: list[BaseException] = []

    def run(act: Callable[[], object]) -> None:
        try:
            act()
        except BaseException as error:  # noqa: BLE001 - the test wants to see it
            failed.append(error)
        finally:
            accounts.let_go()
            connections.close_all()

    threads = [threading.Thread(target=run, args=(act,)) for act in acts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return failed


@together
def test_two_workers_never_hand_over_the_same_message(scripted: Scripted) -> None:
    make_business(cap_messages=5)
    crowd(600, make_channel("sms", "scripted"))
    assert in_parallel(send, send) == []
    send()
    keys = [message.key for message in scripted.handed]
    assert len(keys) == len(set(keys)) == 600
    assert set(Delivery.objects.values_list("status", flat=True)) == {"sent"}


@together
def test_two_workers_together_keep_the_cap(scripted: Scripted) -> None:
    make_business(cap_messages=1)
    people = [make_contact(f"P{n}", phone=f"+3460000000{n}", email=f"p{n}@example.com") for n in range(8)]
    version = frozen(make_message())
    for kind in ("sms", "email"):
        channel = make_channel(kind, "scripted")
        for one in people:
            queue(one, channel, version)
    assert in_parallel(send, send) == []
    send()
    assert len(scripted.handed) == len(people)
    assert sorted(Delivery.objects.values_list("status", flat=True)) == ["queued"] * 8 + ["sent"] * 8


@together
def test_two_workers_send_one_text_to_one_phone_once(scripted: Scripted) -> None:
    """Their waves reach for the same unique key at the same moment; the later one looks again."""
    make_business()
    version = frozen(make_message(texts={("sms", "en"): "Open on Sunday"}))
    channels = [make_channel("sms", "scripted", name=name) for name in ("one", "two")]
    for n in range(12):
        queue(make_contact(f"P{n}", phone=f"+3460000000{n // 4}"), channels[n % 2], version, scope="launch:1:step")
    assert in_parallel(send, send) == []
    send()
    assert sorted(message.to for message in scripted.handed) == ["+34600000000", "+34600000001", "+34600000002"]
    assert Delivery.objects.filter(status="cancelled", reason="same_text_same_address").count() == 9


@together
def test_a_fact_committed_before_the_last_look_stops_the_sending(scripted: Scripted) -> None:
    """An order comes between the claim and the last look: the check of the rooms above sees it."""
    from contacts.models import Event

    make_business()
    channel = make_channel("sms", "scripted", rate=1.0)  # waves of two
    people = [make_contact(f"P{n}", phone=f"+3460000000{n}") for n in range(3)]
    version = frozen(make_message())
    deliveries = [queue(one, channel, version) for one in people]

    def bought(
        ids: Sequence[int], contacts: Sequence[int], now: datetime
    ) -> Mapping[int, tuple[str, Mapping[str, Any]]]:
        buyers = set(Event.objects.filter(contact_id__in=contacts, name="order").values_list("contact_id", flat=True))
        return {pk: ("goal_order", {}) for pk, contact in zip(ids, contacts, strict=True) if contact in buyers}

    def order_comes_in() -> None:
        if len(scripted.handed) == 0:
            done = in_parallel(lambda: events.record(people[2].pk, "order", at=NOW, now=NOW))
            assert done == []

    scripted.before = staticmethod(order_comes_in)
    before = list(checks._run_states)
    sending.register_run_state(bought)
    try:
        send()
        send(NOW + timedelta(seconds=2))
    finally:
        checks._run_states[:] = before
    assert [reread(one).status for one in deliveries] == ["sent", "sent", "cancelled"]
    assert reread(deliveries[2]).reason == "goal_order"


@together
def test_a_withdrawal_that_is_committed_while_the_wave_waits_for_its_contact_is_seen(scripted: Scripted) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer: the withdrawal and the last look cannot overlap")
    from django.db import transaction

    make_business()
    delivery = queue(make_contact(phone="+34600000001"), make_channel("sms", "scripted"), frozen(make_message()))
    locked, go_on = threading.Event(), threading.Event()

    def withdraw_slowly() -> None:
        with transaction.atomic():
            consent.withdraw(delivery.contact_id, "sms", source="told us", now=NOW)
            locked.set()
            go_on.wait(20)

    def send_meanwhile() -> None:
        locked.wait(20)
        threading.Timer(0.3, go_on.set).start()
        send()

    assert in_parallel(withdraw_slowly, send_meanwhile) == []
    assert (reread(delivery).status, reread(delivery).reason) == ("cancelled", "consent_withdrawn")
    assert not scripted.handed
