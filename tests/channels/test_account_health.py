"""An account's daily limit, the breaker of a provider that is away, and what the channel's page says of its health."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.test import Client
from django.urls import reverse

from channels import capabilities, health, sending
from channels.models import Channel, Delivery
from channels.sending import pace
from channels.transport import Balance, Fault, Receipt, Refused, Unclear
from contacts.models import Business
from tests.channels.outbox import ScriptedTransport, frozen, queue, send
from tests.factories import NOW, make_channel, make_contact, make_message

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("scripted")]

Scripted = type[ScriptedTransport]


def crowd(channel: Channel, count: int) -> list[Delivery]:
    version = frozen(make_message(f"to {channel.pk}"))
    return [queue(make_contact(phone=f"+3460000{n:04d}"), channel, version) for n in range(count)]


def limited(sms: Channel, limit: int) -> Channel:
    sms.daily_limit = limit
    sms.save()
    return sms


def test_an_account_sends_no_more_in_a_day_than_it_may_and_says_why_the_rest_waits(sms: Channel) -> None:
    crowd(limited(sms, 3), 5)
    assert send() == 3
    assert send(NOW + timedelta(minutes=1)) == 0
    held = Delivery.objects.filter(status="queued")
    zone_midnight = datetime(NOW.year, NOW.month, NOW.day, tzinfo=UTC) + timedelta(days=1)
    assert {(one.reason, abs(one.not_before - zone_midnight) <= timedelta(hours=2)) for one in held} == {
        ("daily_limit", True)
    }
    assert send(held[0].not_before + timedelta(hours=12)) == 2


def test_workers_share_the_days_limit(sms: Channel) -> None:
    """Two workers, each with its own view of the channel, reserve in turn."""
    limited(sms, 5)
    midnight = NOW + timedelta(hours=10)
    one, two = (pace.Pace(Channel.objects.get(pk=sms.pk), midnight) for _ in range(2))
    assert (one.grant(3, NOW), two.grant(3, NOW), one.grant(3, NOW)) == (3, 2, 3)  # the last was reserved and not used
    one.close()
    assert two.grant(9, NOW) == 5
    two.used(5)
    assert (two.grant(1, NOW), one.grant(1, NOW)) == (0, 0)
    assert one.grant(1, midnight) == 1  # another day


def test_a_limit_that_staff_raise_lets_what_waited_go_at_once(sms: Channel) -> None:
    crowd(limited(sms, 1), 2)
    assert send() == 1
    Channel.objects.filter(pk=sms.pk).update(daily_limit=10)
    assert sending.wake(Delivery.objects.filter(reason="daily_limit"), now=NOW) == 1
    assert send() == 1


@pytest.mark.parametrize("answer", [Unclear("timeout"), Refused(Fault.TEMPORARY, "cannot_connect")])
def test_a_provider_that_is_away_costs_one_wave_and_not_all(
    scripted: Scripted, sms: Channel, answer: Unclear | Refused
) -> None:
    sms.rate = 4
    sms.save()  # waves of eight
    crowd(sms, 30)
    scripted.answer = lambda _: answer
    assert send() == 8
    sms.refresh_from_db()
    assert sms.breaker_until is not None
    assert sms.breaker_until > NOW
    scripted.answer = lambda _: Receipt("back")
    assert send(sms.breaker_until + timedelta(seconds=3)) > 0
    again = Channel.objects.get(pk=sms.pk)
    assert (again.breaker_until, again.breaker_count) == (None, 0)


def test_a_few_slow_messages_open_no_breaker(scripted: Scripted, sms: Channel) -> None:
    crowd(sms, 4)
    scripted.answer = lambda _: Unclear("timeout")
    assert send() == 4
    sms.refresh_from_db()
    assert sms.breaker_until is None


def test_the_figures_count_the_day_the_month_what_it_cost_and_what_went_wrong(sms: Channel) -> None:
    now = datetime(2026, 11, 22, 12, tzinfo=UTC)
    sent = {"status": "sent", "cost": Decimal("0.05")}
    for ago, changes in (
        (timedelta(hours=1), sent), (timedelta(hours=2), {"status": "failed"}), (timedelta(hours=20), sent), (timedelta(days=10), sent),
        (timedelta(days=40), sent),
    ):  # fmt: skip
        (one,) = crowd(sms, 1)
        Delivery.objects.filter(pk=one.pk).update(sending_at=now - ago, **changes)
    (waiting,) = crowd(sms, 1)
    crowd(make_channel("sms", "scripted", name="another"), 1)
    found = health.figures(sms, Business.current(), now)
    assert (found.sent_today, found.sent_lately, found.wrong, found.sent_this_month) == (2, 3, 1, 4)
    assert (found.spent_today, found.spent_this_month) == (Decimal("0.05"), Decimal("0.15"))
    assert (found.waiting, found.waiting_since) == (1, waiting.not_before)
    assert found.error_rate == pytest.approx(1 / 3)


def test_what_is_left_at_the_provider_is_asked_for_and_kept(
    scripted: Scripted, sms: Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert health.refresh_balances(now=NOW) == 0  # nobody tells
    monkeypatch.setattr(scripted, "live", True)
    monkeypatch.setattr(scripted, "balance", lambda self: Balance(Decimal("12.5"), "USD"))
    assert health.refresh_balances(now=NOW) == 1

    def away(self: object) -> Balance:
        raise Refused(Fault.TEMPORARY, "cannot_connect")

    monkeypatch.setattr(scripted, "balance", away)
    assert health.refresh_balances(now=NOW + timedelta(hours=1)) == 0
    sms.refresh_from_db()
    assert (sms.balance, sms.balance_currency, sms.balance_at) == (Decimal("12.5"), "USD", NOW)


def test_the_channels_page_shows_its_health_and_what_can_be_known(sms: Channel, admin_client: Client) -> None:
    crowd(limited(sms, 300), 1)
    send()
    Channel.objects.filter(pk=sms.pk).update(balance="12.5", balance_currency="USD", balance_at=NOW)
    page = admin_client.get(reverse("admin:channels_channel_change", args=[sms.pk])).content.decode()
    for words in ("of 300 at most", "12.50 USD", "Went wrong in 24 hours", "Waiting to leave", "was clicked"):
        assert words in page
    assert "was closed unread: " in " ".join(page.split()).replace("</span> ", "</span>")
    known = {str(words): told for words, told in capabilities.matrix(sms)}
    assert known["was clicked"]
    assert not known["was closed unread"]
