"""Back: what is heard of a message is applied once, in any order, never backwards, and means what it means for consent."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels import receipts, stories
from channels.models import Delivery, DeliveryEvent
from channels.receipts.state import Heard, State, after
from channels.transport import Fact, Inbound, Receipt, Refused, Unclear
from contacts import consent
from contacts.models import Address, Consent, Suppression
from tests.channels.outbox import ScriptedTransport, frozen, queue, reread, send
from tests.factories import NOW, make_business, make_channel, make_contact, make_message

pytestmark = pytest.mark.usefixtures("scripted")
Scripted = type[ScriptedTransport]
PHONE = "+34600000001"
SOON = NOW + timedelta(minutes=5)


def sent_to_ana(kind: str = "sms") -> Delivery:
    make_business()
    channel = make_channel(kind, "scripted", price="0.05")
    delivery = queue(make_contact(phone=PHONE, email="ana@example.com"), channel, frozen(make_message()))
    send()
    return reread(delivery)


def hear(delivery: Delivery, *facts: Inbound, now: datetime = SOON) -> Delivery:
    receipts.apply(delivery.channel, facts, now=now)
    return reread(delivery)


def of(delivery: Delivery, fact: Fact, **fields: Any) -> Inbound:
    return Inbound(fact, f"{delivery.provider_id}:{fact}", provider_id=delivery.provider_id, **fields)


def newest(contact_id: int, kind: str = "sms") -> Consent | None:
    return consent.newest([contact_id]).get((contact_id, kind, "marketing"))


@pytest.mark.django_db
def test_a_report_is_found_by_the_provider_s_id_or_by_our_own_reference() -> None:
    delivery = sent_to_ana()
    assert hear(delivery, of(delivery, Fact.DELIVERED, at=SOON)).status == "delivered"
    assert reread(delivery).delivered_at == SOON
    clicked = Inbound(Fact.CLICKED, "e1", key=delivery.token, at=SOON, user_agent="Mozilla/5.0 Firefox/140.0")
    assert hear(delivery, clicked).clicked_at == SOON


@pytest.mark.django_db
def test_the_same_report_again_changes_nothing() -> None:
    delivery = sent_to_ana()
    for _ in range(3):
        hear(delivery, of(delivery, Fact.FAILED, reason="30003", at=SOON))
    assert delivery.events.filter(fact="failed").count() == 1
    assert (reread(delivery).status, reread(delivery).reason_params) == ("failed", {"why": "30003"})


@pytest.mark.django_db
@pytest.mark.parametrize("order", list(permutations([Fact.SENT, Fact.DELIVERED, Fact.FAILED])))
def test_reports_in_any_order_end_the_same(order: Sequence[Fact]) -> None:
    delivery = sent_to_ana()
    for fact in order:
        delivery = hear(delivery, of(delivery, fact, at=SOON))
    assert (delivery.status, delivery.reason) == ("delivered", "")


@pytest.mark.django_db
def test_a_bounce_after_a_delivery_is_a_bounce_and_closes_the_address() -> None:
    delivery = sent_to_ana("email")
    hear(delivery, of(delivery, Fact.DELIVERED))
    hear(delivery, of(delivery, Fact.BOUNCED, address_dead=True, reason="5.1.1"))
    assert (reread(delivery).status, reread(delivery).reason) == ("bounced", "address_dead")
    assert Address.objects.get(kind="email").validity == "invalid"
    assert Suppression.objects.get().reason == "bounce"
    assert newest(delivery.contact_id, "email").given  # type: ignore[union-attr]  # the person said nothing


@pytest.mark.django_db
def test_a_soft_bounce_changes_no_state() -> None:
    delivery = sent_to_ana("email")
    assert hear(delivery, of(delivery, Fact.DEFERRED)).status == "sent"
    assert not Suppression.objects.exists()


@pytest.mark.django_db
def test_an_unclear_message_is_cleared_up_by_a_report(scripted: Scripted) -> None:
    scripted.answer = lambda _: Unclear("timeout")
    delivery = sent_to_ana()
    assert delivery.status == "unknown"
    delivery = hear(delivery, Inbound(Fact.DELIVERED, "sid:delivered", key=delivery.token, provider_id="sid"))
    assert (delivery.status, delivery.provider_id) == ("delivered", "sid")


@pytest.mark.django_db
def test_a_report_that_comes_before_the_provider_s_answer_is_kept_and_applied_afterwards(scripted: Scripted) -> None:
    """Twilio's callback may beat its own HTTP answer, and it knows only Twilio's id."""
    make_business()
    channel = make_channel("sms", "scripted")
    delivery = queue(make_contact(phone=PHONE), channel, frozen(make_message()))

    def called_back_first(message: Any) -> Receipt:
        receipts.apply(channel, [Inbound(Fact.DELIVERED, "sid:delivered", provider_id="sid", at=SOON)], now=SOON)
        return Receipt("sid")

    scripted.answer = called_back_first
    send()
    assert reread(delivery).status == "sent"
    parked = DeliveryEvent.objects.get(fact="delivered")
    assert (parked.delivery_id, parked.handled_at) == (None, SOON)

    assert receipts.apply_inbound(now=SOON) == 1
    assert (reread(delivery).status, reread(delivery).delivered_at) == ("delivered", SOON)
    matched = DeliveryEvent.objects.get(fact="delivered")
    assert (matched.delivery_id, matched.contact_id, matched.handled_at) == (delivery.pk, delivery.contact_id, None)
    assert receipts.apply_inbound(now=SOON) == 0


@pytest.mark.django_db
def test_a_report_with_our_own_reference_may_come_while_the_message_is_being_sent(scripted: Scripted) -> None:
    make_business()
    channel = make_channel("sms", "scripted", price="0.05")
    delivery = queue(make_contact(phone=PHONE), channel, frozen(make_message()))

    def called_back_first(message: Any) -> Receipt:
        receipts.apply(channel, [Inbound(Fact.DELIVERED, "e1", key=message.key, at=NOW)], now=NOW)
        return Receipt("sid")

    scripted.answer = called_back_first
    send()
    told = reread(delivery)
    assert (told.status, told.provider_id, told.cost, told.claim_token) == ("delivered", "sid", Decimal("0.05"), None)


@pytest.mark.django_db
def test_a_report_that_it_did_arrive_stops_the_next_attempt(scripted: Scripted) -> None:
    from channels.transport import Fault

    scripted.answer = lambda _: Refused(Fault.TEMPORARY, "503")
    delivery = sent_to_ana()
    assert delivery.status == "queued"
    hear(delivery, Inbound(Fact.DELIVERED, "e1", key=delivery.token))
    scripted.answer = lambda _: Receipt("x")
    assert send(NOW + timedelta(days=1)) == 0
    assert reread(delivery).status == "delivered"


@pytest.mark.django_db
def test_the_provider_s_clock_may_not_live_in_the_future() -> None:
    delivery = sent_to_ana()
    assert hear(delivery, of(delivery, Fact.DELIVERED, at=SOON + timedelta(days=1))).delivered_at == SOON


@pytest.mark.django_db
def test_what_belongs_to_another_account_is_left_alone() -> None:
    delivery = sent_to_ana()
    other = make_channel("sms", "scripted", name="another")
    receipts.apply(other, [of(delivery, Fact.FAILED), Inbound(Fact.FAILED, "e2", key=delivery.token)], now=SOON)
    assert reread(delivery).status == "sent"


# --- people -------------------------------------------------------------------------------------------------------------------


@pytest.mark.django_db
def test_an_answer_belongs_to_the_newest_message_to_that_phone() -> None:
    first = sent_to_ana()
    second = queue(first.contact, first.channel, frozen(make_message("Second")), not_before=NOW)
    send(NOW + timedelta(minutes=1))
    hear(first, Inbound(Fact.REPLIED, "in1", address=PHONE, text="Is Sunday free?", at=SOON))
    assert (reread(first).replied_at, reread(second).replied_at) == (None, SOON)
    event = DeliveryEvent.objects.get(fact="replied")
    assert (event.text, event.delivery_id, event.handled_at) == ("Is Sunday free?", second.pk, None)
    told = [(str(entry.title), entry.detail) for entry in stories.answers(first.contact)]
    assert told == [("Wrote by sms scripted", "Is Sunday free?")]


@pytest.mark.django_db
def test_a_late_answer_is_the_person_s_and_no_message_s() -> None:
    delivery = sent_to_ana()
    late = NOW + timedelta(days=8)
    hear(delivery, Inbound(Fact.REPLIED, "in1", address=PHONE, text="hello"), now=late)
    assert reread(delivery).replied_at is None
    assert DeliveryEvent.objects.get(fact="replied").contact_id == delivery.contact_id


@pytest.mark.django_db
def test_a_stranger_s_message_is_kept_with_the_number() -> None:
    delivery = sent_to_ana()
    hear(delivery, Inbound(Fact.REPLIED, "in1", address="+34699999999", text="who is this?"))
    event = DeliveryEvent.objects.get(fact="replied")
    assert (event.contact_id, event.data["address"], event.text) == (None, "+34699999999", "who is this?")


@pytest.mark.django_db
def test_stop_closes_the_phone_for_everyone_who_has_it_and_start_opens_it_without_consent() -> None:
    delivery = sent_to_ana()
    sister = make_contact("Eva", phone=PHONE)
    hear(delivery, Inbound(Fact.STOPPED, "in1", address=PHONE, text="STOP"))
    suppressed = Suppression.objects.get()
    assert (suppressed.reason, suppressed.scope, suppressed.channel) == ("stop", "all", "sms")
    for contact_id in (delivery.contact_id, sister.pk):
        line = newest(contact_id)
        assert line is not None
        assert (line.given, line.delivery_token, line.handled_at) == (False, delivery.token, None)
    assert reread(delivery).unsubscribed_at is not None

    hear(delivery, Inbound(Fact.RESUMED, "in2", address=PHONE, text="START"))
    assert Suppression.objects.get().lifted_at == SOON
    assert not newest(delivery.contact_id).given  # type: ignore[union-attr]


@pytest.mark.django_db
def test_a_complaint_ends_marketing_to_the_address_everywhere() -> None:
    delivery = sent_to_ana("email")
    hear(delivery, of(delivery, Fact.COMPLAINED))
    assert (Suppression.objects.get().scope, Suppression.objects.get().channel) == ("marketing", "")
    assert not newest(delivery.contact_id, "email").given  # type: ignore[union-attr]


@pytest.mark.django_db
def test_an_opt_out_by_our_page_is_written_to_the_ledger_once() -> None:
    delivery = sent_to_ana("email")
    for minute in range(3):
        assert receipts.record_own(
            delivery.token, Fact.UNSUBSCRIBED, now=SOON + timedelta(minutes=minute), data={"ip": "10.0.0.1"}
        )
    lines = Consent.objects.filter(contact=delivery.contact_id, kind="email", given=False)
    assert [(line.delivery_token, line.ip) for line in lines] == [(delivery.token, "10.0.0.1")]
    assert reread(delivery).unsubscribed_at == SOON
    assert newest(delivery.contact_id).given  # type: ignore[union-attr]  # SMS was not meant
    assert not receipts.record_own("no-such-token", Fact.OPENED, now=SOON)


@pytest.mark.django_db
def test_a_machine_s_opening_is_replaced_by_a_person_s_and_not_the_other_way_round() -> None:
    delivery = sent_to_ana("email")
    receipts.record_own(delivery.token, Fact.OPENED, now=SOON, grade="machine", reasons=["prefetch"])
    assert (reread(delivery).opened_at, reread(delivery).opened_grade) == (SOON, "machine")
    later = SOON + timedelta(hours=2)
    receipts.record_own(
        delivery.token, Fact.CLICKED, now=later, grade="human", data={"n": 0, "url": "https://shop.example"}
    )
    receipts.record_own(delivery.token, Fact.OPENED, now=SOON, grade="unsure")
    told = reread(delivery)
    assert (told.clicked_at, told.clicked_grade, told.opened_at, told.opened_grade) == (later, "human", later, "human")
    assert told.status == "sent"
    assert {event.grade for event in delivery.events.filter(fact="opened")} == {"machine", "unsure"}


@pytest.mark.django_db
def test_a_picture_that_is_fetched_all_day_fills_no_table() -> None:
    delivery = sent_to_ana("email")
    for minute in range(120):
        receipts.record_own(delivery.token, Fact.OPENED, now=SOON + timedelta(minutes=minute))
    assert delivery.events.filter(fact="opened").count() == 3


@pytest.mark.django_db
def test_what_was_played_counts_for_the_sandbox_only() -> None:
    delivery = sent_to_ana()
    Delivery.objects.update(sandbox=False)
    hear(delivery, of(delivery, Fact.CLICKED, played=True))
    assert reread(delivery).clicked_at is None
    Delivery.objects.update(sandbox=True)
    hear(delivery, of(delivery, Fact.CLICKED, played=True))
    assert reread(delivery).clicked_grade == "human"


# --- any order -----------------------------------------------------------------------------------------------------------------

_TIMES = st.integers(0, 50).map(lambda minute: NOW + timedelta(minutes=minute))
_FACTS = st.builds(
    Heard, fact=st.sampled_from([str(fact) for fact in Fact]), at=_TIMES, grade=st.sampled_from(["human", "unsure", "machine"]),
    why=st.sampled_from(["", "30003", "30006"]), segments=st.sampled_from([None, 1, 2]),
)  # fmt: skip


@given(
    st.sampled_from(["sending", "unknown", "sent"]),
    st.lists(_FACTS, max_size=7).flatmap(lambda facts: st.tuples(st.just(facts), st.permutations(facts))),
)
def test_any_permutation_of_facts_gives_the_same_final_state(
    status: str, orders: tuple[list[Heard], list[Heard]]
) -> None:
    start = State(status, sending_at=NOW - timedelta(minutes=1))
    ends = []
    for order in orders:
        state = start
        for heard in order:
            state = after(state, heard)
        ends.append(state)
    assert ends[0] == ends[1]


@given(st.lists(_FACTS, max_size=7))
def test_a_fact_told_twice_changes_nothing(facts: list[Heard]) -> None:
    state = State("sent", sending_at=NOW)
    for heard in facts:
        state = after(state, heard)
        assert after(state, heard) == state
