"""Money: the dear step stops when the cascade's or the month's is used up, whoever sends, and goes on when there is more."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db.models import Sum

from channels import sending
from channels.models import Budget, Channel, Delivery
from channels.sending import purse
from channels.transport import Fault, Receipt, Refused, Unclear
from contacts import reasons
from tests.channels.outbox import ScriptedTransport, frozen, queue, reread, send, sms
from tests.channels.test_sending_waves import in_parallel, together
from tests.factories import NOW, make_business, make_channel, make_contact, make_message

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("scripted")]

Scripted = type[ScriptedTransport]
__all__ = ["sms"]
LATER = NOW + timedelta(hours=1)


def many(channel: Channel, number: int, budget: Budget | None = None, **fields: Any) -> list[Delivery]:
    version = frozen(make_message(**({"purpose": fields["purpose"]} if "purpose" in fields else {})))
    more = {"budget_id": budget.pk if budget else None, **fields}
    return [queue(make_contact(f"P{n}", phone=f"+346{n:08d}"), channel, version, **more) for n in range(number)]


def spent(budget: Budget) -> Decimal:
    return Budget.objects.get(pk=budget.pk).spent


def test_what_the_budget_does_not_pay_for_waits_until_there_is_more(sms: Channel) -> None:
    budget = Budget.objects.create(amount=Decimal("0.14"))
    deliveries = many(sms, 4, budget)
    assert send() == 2
    assert spent(budget) == Decimal("0.10")
    held = reread(deliveries[3])
    assert (held.status, held.reason, held.not_before) == ("queued", "budget", LATER)
    assert reasons.say(held.reason, held.reason_params) == "Waits, because the cascade's budget of 0.14 is used up."
    assert send(LATER) == 0
    Budget.objects.update(amount=Decimal(1))
    assert sending.wake(Delivery.objects.filter(reason="budget"), now=LATER) == 2
    assert send(LATER) == 2
    assert spent(budget) == Decimal("0.20")


def test_whose_validity_ends_meanwhile_did_not_go_for_want_of_money(sms: Channel) -> None:
    budget = Budget.objects.create(amount=Decimal(0))
    (delivery,) = many(sms, 1, budget, valid_until=NOW + timedelta(minutes=30))
    send()
    assert reread(delivery).not_before == NOW + timedelta(minutes=30)
    assert send(NOW + timedelta(minutes=30)) == 0
    assert (reread(delivery).status, reread(delivery).reason) == ("expired", "too_late_budget")


def test_what_did_not_go_is_given_back_and_what_cost_more_is_counted(scripted: Scripted, sms: Channel) -> None:
    budget = Budget.objects.create(amount=Decimal(1))
    answers: dict[str, Any] = {
        "+34600000000": Refused(Fault.PERSON, "30006"), "+34600000001": Unclear("timeout"),
        "+34600000002": Receipt("x", cost=Decimal("0.30")),
    }  # fmt: skip
    scripted.answer = lambda message: answers[message.to]
    gone, unclear, dear = many(sms, 3, budget)
    send()
    assert [reread(one).cost for one in (gone, unclear, dear)] == [0, Decimal("0.05"), Decimal("0.30")]
    assert spent(budget) == Decimal("0.35")


def test_what_is_about_an_order_is_paid_for_in_any_case(sms: Channel) -> None:
    budget = Budget.objects.create(amount=Decimal(0))
    many(sms, 2, budget, purpose="transactional")
    assert send() == 2
    assert spent(budget) == Decimal("0.10")


def test_what_costs_nothing_needs_no_budget(scripted: Scripted, django_assert_max_num_queries: Any) -> None:
    make_business(month_budget=0)
    (delivery,) = many(make_channel("sms", "scripted"), 1, Budget.objects.create(amount=Decimal(0)))
    assert send() == 1
    assert reread(delivery).cost == 0


def test_the_month_is_the_business_s_and_starts_anew(
    sms: Channel, scripted: Scripted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(scripted, "live", True)
    business = make_business(month_budget="0.10")
    deliveries = many(sms, 3, not_before=NOW)
    assert send() == 2
    ends = datetime(2026, 11, 30, 23, tzinfo=UTC)  # midnight in Madrid
    held = Delivery.objects.get(status="queued")
    assert (held.reason, held.not_before) == ("budget_month", ends)
    assert purse.count_month(business, NOW).spent == Decimal("0.10")
    assert send(ends - timedelta(seconds=1)) == 0
    assert send(ends) == 1
    assert Budget.objects.get(name="month").spent == Decimal("0.05")
    assert len(deliveries) == 3


def test_practice_spends_nothing_of_the_month(sms: Channel) -> None:
    make_business(month_budget=0)
    many(sms, 1)
    assert send() == 1


@together
def test_many_workers_together_do_not_spend_more_than_there_is(scripted: Scripted) -> None:
    make_business()
    budget = Budget.objects.create(amount=Decimal("0.52"))
    for name in ("a", "b"):
        channel = make_channel("sms", "scripted", name=name, price="0.05", rate=2.0)
        many(channel, 8, budget)
    assert in_parallel(*[send] * 6) == []
    for minute in range(1, 9):
        send(NOW + timedelta(minutes=minute))
    assert len(scripted.handed) == 10
    assert spent(budget) == Delivery.objects.aggregate(cost=Sum("cost"))["cost"] == Decimal("0.50")
