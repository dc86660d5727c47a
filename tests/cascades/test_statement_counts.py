"""A step for a thousand people, from the plan to the last wave, in a bounded number of statements, with every real part in place."""

from __future__ import annotations

from datetime import timedelta
from uuid import uuid4

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from cascades import runner
from cascades.models import CascadeStatus
from cascades.publishing import freeze
from cascades.trigger import Entry
from channels import sending
from channels.models import Channel, Delivery
from channels.sending import claim
from channels.sending.pace import WAVE
from contacts.models import Address, Basis, Consent, Contact
from tests.factories import NOW, email_then_sms, make_business

pytestmark = pytest.mark.django_db
_NOT_COUNTED = ("BEGIN", "COMMIT", "ROLLBACK", "SAVEPOINT", "RELEASE")
MOST = 10


def crowd(number: int) -> None:
    """So many people with an email address and consent, in a running cascade."""
    make_business(cap_messages=3)
    people = Contact.objects.bulk_create([Contact(first_name=f"P{n}") for n in range(number)])
    emails = [(one, f"p{n}@example.org") for n, one in enumerate(people)]
    Address.objects.bulk_create(
        [Address(contact=one, kind="email", value=email, normal=email, fingerprint=email) for one, email in emails]
    )
    said = {"kind": "email", "purpose": "marketing", "given": True, "basis": Basis.EXPRESS, "source": "test"}
    when = dict.fromkeys(("at", "recorded_at", "handled_at"), NOW - timedelta(days=1))
    Consent.objects.bulk_create([Consent(contact=one, **said, **when) for one in people])
    version = freeze(email_then_sms(status=CascadeStatus.RUNNING), user=None, now=NOW)
    runner.enroll(version, Entry(Contact.objects.all(), "launch:1", shared=True), now=NOW)


def statements(captured: CaptureQueriesContext) -> list[str]:
    """Without the one by which the sandbox keeps what would have left the house."""
    counted = [query["sql"][:160] for query in captured if not query["sql"].startswith(_NOT_COUNTED)]
    return [sql for sql in counted if '"channels_sandboxmessage"' not in sql]


def test_a_thousand_are_planned_and_claimed_with_ten_statements_and_each_wave_takes_ten_more() -> None:
    crowd(1000)
    with CaptureQueriesContext(connection) as planning:
        assert runner.advance(NOW, rounds=1) == 1000
    with CaptureQueriesContext(connection) as claiming:
        assert len(claim.take(Channel.objects.get(kind="email"), uuid4(), 1000, NOW)) == 1000
    both = statements(planning) + statements(claiming)[1:]  # without that by which this test finds the channel
    assert len(both) <= MOST, "\n".join(both)
    Delivery.objects.update(claim_token=None, lease_until=None)
    with CaptureQueriesContext(connection) as sent:
        assert sending.send_due(clock=lambda: NOW) == 1000
    waves = 1000 // WAVE
    around = (
        MOST  # once for all waves: channels, claims, what the texts need, the last record, a claim that finds nothing
    )
    assert len(statements(sent)) <= waves * MOST + around, "\n".join(statements(sent))
    assert Delivery.objects.filter(status="sent", kind="email").count() == 1000
