"""Limits beside the business's own, as staff enter them: what a cascade may spend, and a channel's morning."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from cascades.models import Cascade
from channels.models import Channel, Priority
from tests import factories
from tests.cascades.test_builder import ADD, change, form, step
from tests.contacts.staff import sign_in

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shop(db: None) -> None:
    factories.make_business()


def test_what_a_cascade_may_spend_and_how_much_it_matters_is_kept_and_taken_back() -> None:
    mail, message, marketer = factories.make_channel("email"), factories.make_message(), sign_in("Marketer")
    marketer.post(ADD, form(step(mail, message), spend_at_most="12.50", priority=Priority.HIGH))
    cascade = Cascade.objects.select_related("budget").get()
    assert (cascade.priority, cascade.budget and cascade.budget.amount) == (Priority.HIGH, Decimal("12.50"))
    kept = {"id": cascade.steps.get().pk, **step(mail, message)}
    refused = marketer.post(change(cascade), form(kept, initial=1, spend_at_most="-1", priority=Priority.HIGH))
    assert "greater than or equal to 0" in refused.content.decode()
    marketer.post(change(cascade), form(kept, initial=1, spend_at_most="", priority=Priority.NORMAL))
    cascade = Cascade.objects.select_related("budget").get()
    assert (cascade.priority, cascade.budget and cascade.budget.amount) == (Priority.NORMAL, None)


def test_the_morning_spread_is_kept_and_has_an_end(admin_client: Client) -> None:
    given = {
        "name": "Try",
        "kind": "sms",
        "transport": "sandbox",
        "price": "0",
        "price_unit": "message",
        "rate": "5",
        "position": "0",
    }
    refused = admin_client.post(reverse("admin:channels_channel_add"), {**given, "spread_minutes": "721"})
    assert "less than or equal to 720" in refused.content.decode()
    admin_client.post(reverse("admin:channels_channel_add"), {**given, "spread_minutes": "90"})
    assert Channel.objects.get().spread == timedelta(minutes=90)
