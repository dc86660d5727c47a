"""The builder offers every way in with its settings, and the page on which a cascade is switched on says how many would enter."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from cascades.models import Cascade, CascadeStatus
from contacts import bookings
from contacts.bookings import Slot
from contacts.models import Group, Segment
from tests.factories import make_business, make_cascade, make_channel, make_contact, make_message

pytestmark = pytest.mark.django_db


@pytest.fixture
def staff(client: Client) -> Client:
    make_business()
    client.force_login(User.objects.create_superuser("lola", password="x"))
    return client


def drafted(**fields: Any) -> Cascade:
    text = make_message(texts={("sms", "en"): "Hello"})
    return make_cascade("Reminder", [{"channel": make_channel("sms"), "message": text, "seen": "nothing"}], **fields)


def save(staff: Client, cascade: Cascade, **given: Any) -> Any:
    step = cascade.steps.get()
    data = {
        "name": "Reminder", "final_wait_0": "3", "final_wait_1": "days", "steps-TOTAL_FORMS": "1", "steps-INITIAL_FORMS": "1",
        "steps-0-id": step.pk, "steps-0-cascade": cascade.pk, "steps-0-position": "0", "steps-0-channel": step.channel_id,
        "steps-0-message": step.message_id, "steps-0-wait_0": "2", "steps-0-wait_1": "hours", "steps-0-wait_from": "before",
        "steps-0-at_time": "10:00", "steps-0-weekdays": ["1", "3"], "steps-0-who": "everyone", "steps-0-seen": "nothing",
        "steps-0-validity_0": "1", "steps-0-validity_1": "days", **given,
    }  # fmt: skip
    return staff.post(reverse("admin:cascades_cascade_change", args=[cascade.pk]), data)


def test_a_way_in_is_chosen_and_set_in_the_builder(staff: Client) -> None:
    cascade = drafted()
    page = staff.get(reverse("admin:cascades_cascade_change", args=[cascade.pk])).content.decode()
    assert all(
        f"way_{name}" in page for name in ("event_event", "booking_by", "yearly_at", "silence_days", "schedule_group")
    )
    saved = save(
        staff, cascade, trigger="event", way_event_event="cart_changed", way_event_key="cart", way_event_quiet_0="3",
        way_event_quiet_1="hours", way_event_where="total >= 50\ncategory = hair", way_event_unless="cart_emptied, order",
    )  # fmt: skip
    assert saved.status_code == 302, saved.content.decode()[:2000]
    cascade.refresh_from_db()
    assert cascade.trigger == "event"
    assert cascade.trigger_params == {
        "event": "cart_changed", "key": "cart", "quiet": 10_800, "unless": ["cart_emptied", "order"],
        "where": [{"field": "total", "is": "least", "value": 50}, {"field": "category", "is": "is", "value": "hair"}],
    }  # fmt: skip
    step = cascade.steps.get()
    assert (step.wait_from, str(step.at_time), step.weekdays) == ("before", "10:00:00", [1, 3])
    again = staff.get(reverse("admin:cascades_cascade_change", args=[cascade.pk])).content.decode()
    assert "total &gt;= 50" in again


def test_a_segment_and_a_told_date_are_chosen_in_the_builder(staff: Client) -> None:
    cascade = drafted()
    group = Group.objects.create(name="Regulars")
    rules = {"all": [{"kind": "groups", "op": "any", "groups": [group.pk]}]}
    segment = Segment.objects.create(name="Three visits", rules=rules)
    page = staff.get(reverse("admin:cascades_cascade_change", args=[cascade.pk])).content.decode()
    assert f'<option value="{segment.pk}">Three visits</option>' in page
    given = {"way_segment_when": "entering", "way_segment_inside": "all", "way_segment_leavers": "stop"}
    every = {"way_segment_every_0": "15", "way_segment_every_1": "minutes"}
    assert save(staff, cascade, trigger="segment", way_segment_segment=segment.pk, **given, **every).status_code == 302
    cascade.refresh_from_db()
    assert cascade.trigger_params == {
        "segment": segment.pk, "when": "entering", "inside": "all", "leavers": "stop", "every": 900,
    }  # fmt: skip
    told = {
        "event": "order",
        "field": "pickup_on",
        "by_0": "1",
        "by_1": "days",
        "when": "before",
        "at": "10:00",
        "key": "order",
    }
    given = {f"way_event_date_{name}": value for name, value in told.items()}
    assert save(staff, cascade, trigger="event_date", **given).status_code == 302
    cascade.refresh_from_db()
    assert cascade.trigger_params == {
        "event": "order", "field": "pickup_on", "by": 86_400, "when": "before", "at": "10:00", "key": "order", "cancels": [],
    }  # fmt: skip


def test_nonsense_is_said_at_its_field(staff: Client) -> None:
    refused = save(
        staff, drafted(), trigger="event", way_event_event="", way_event_where="total is fifty"
    ).content.decode()
    assert "“total is fifty” cannot be understood" in refused
    assert "“What happens” must be filled in." in refused


def test_the_page_says_how_many_would_enter_and_switches_on(staff: Client) -> None:
    cascade = drafted(trigger="booking", trigger_params={"by": 86_400})
    now = timezone.now()
    for number, days in enumerate((1.5, 4, 30)):
        someone = make_contact(f"Ana {number}", phone=f"+3460011122{number}")
        bookings.book(someone.pk, Slot(title="Cut", starts_at=now + timedelta(days=days)), now=now)
    url = reverse("admin:cascades_cascade_switch_on", args=[cascade.pk])
    page = staff.get(url).content.decode()
    assert "1 person gets in within a day" in page
    assert "Within a week it is 2 people" in page
    staff.post(url)
    cascade.refresh_from_db()
    assert cascade.status == CascadeStatus.RUNNING
    assert cascade.listens_since is not None
    head = staff.get(reverse("admin:cascades_cascade_change", args=[cascade.pk])).content.decode()
    assert "Use the changes" in head
