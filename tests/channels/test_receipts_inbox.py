"""The stored calls: claimed, read, applied; the unreadable ones kept; and that a batch costs a bounded number of statements."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from channels import receipts
from channels.models import Channel, Delivery, InboundCall
from channels.transport import Fact, Inbound
from tests.channels.outbox import ScriptedTransport, frozen, queue, reread, send
from tests.channels.test_receipts import of, sent_to_ana
from tests.factories import NOW, make_business, make_channel, make_contact, make_message

pytestmark = pytest.mark.usefixtures("scripted")
Scripted = type[ScriptedTransport]
PHONE = "+34600000001"
SOON = NOW + timedelta(minutes=5)


def stored(channel: Channel, body: bytes, **fields: Any) -> InboundCall:
    return InboundCall.objects.create(
        channel=channel,
        call_key=body.hex()[:64],
        method="POST",
        url="https://a.example/hooks/x/",
        body=body,
        received_at=NOW,
        **fields,
    )


@pytest.mark.django_db
def test_stored_calls_are_applied_and_the_unreadable_ones_are_kept_and_hold_up_nobody(scripted: Scripted) -> None:
    delivery = sent_to_ana()
    scripted.calls = {
        b"good": [of(delivery, Fact.DELIVERED)],
        b"early": [Inbound(Fact.FAILED, "e9", provider_id="not-yet")],
    }
    calls = [stored(delivery.channel, body) for body in (b"garbage", b"good", b"early")]
    assert receipts.apply_inbound(now=SOON) == 3
    assert reread(delivery).status == "delivered"
    states = [InboundCall.objects.get(pk=call.pk) for call in calls]
    assert [call.state for call in states] == ["unreadable", "applied", "parked"]
    assert states[0].problem == "not a call that was agreed"
    assert delivery.events.get(fact="delivered").call_id == calls[1].pk

    Delivery.objects.update(provider_id="not-yet")
    assert receipts.apply_inbound(now=SOON) == 1
    assert InboundCall.objects.get(pk=calls[2].pk).state == "applied"


@pytest.mark.django_db
def test_a_call_that_a_dead_worker_held_is_taken_again_after_its_lease(scripted: Scripted) -> None:
    delivery = sent_to_ana()
    scripted.calls = {b"good": [of(delivery, Fact.DELIVERED)]}
    stored(delivery.channel, b"good", claim_token="0" * 32, lease_until=SOON)
    assert receipts.apply_inbound(now=NOW) == 0
    assert receipts.apply_inbound(now=SOON + timedelta(minutes=1)) == 1
    assert reread(delivery).status == "delivered"


@pytest.mark.django_db
def test_a_batch_of_calls_takes_a_bounded_number_of_statements(scripted: Scripted) -> None:
    make_business()
    channel = make_channel("sms", "scripted")
    version = frozen(make_message())

    def spent(people: int) -> int:
        deliveries = [
            queue(make_contact(f"P{n}", phone=f"+3461{people:03}{n:04}"), channel, version) for n in range(people)
        ]
        send()
        kinds = [Fact.DELIVERED, Fact.STOPPED, Fact.REPLIED, Fact.BOUNCED, Fact.UNSUBSCRIBED]
        for n, one in enumerate(Delivery.objects.filter(pk__in=[one.pk for one in deliveries])):
            fact = kinds[n % len(kinds)]
            body = f"{people}-{n}".encode()
            named: dict[str, Any] = (
                {"address": one.address} if fact in (Fact.STOPPED, Fact.REPLIED) else {"provider_id": one.provider_id}
            )
            scripted.calls[body] = [Inbound(fact, body.decode(), address_dead=True, **named)]
            stored(channel, body)
        with CaptureQueriesContext(connection) as captured:
            assert receipts.apply_inbound(now=SOON) == people
        return len(
            [query for query in captured.captured_queries if not query["sql"].startswith(("SAVEPOINT", "RELEASE"))]
        )

    few, many = spent(10), spent(60)
    assert many == few
    assert few <= 35
