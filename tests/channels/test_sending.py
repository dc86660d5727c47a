"""Out: what goes, what waits, what does not go, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime, time, timedelta
from decimal import Decimal
from typing import Any

import pytest

from channels import sending
from channels.models import Channel, Delivery
from channels.transport import Fault, Receipt, Refused, Unclear
from contacts import consent
from contacts.models import Address
from tests.channels.outbox import (
    ScriptedTransport,
    frozen,
    queue,
    reread,
    send,
    to_ana,
)
from tests.factories import NOW, make_business, make_channel, make_contact, make_message

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("scripted")]

Scripted = type[ScriptedTransport]
LATER = NOW + timedelta(hours=3)


def test_what_is_due_goes_once_and_is_recorded_with_its_price(scripted: Scripted, sms: Channel) -> None:
    delivery = to_ana(sms)

    assert (send(), send(LATER)) == (1, 0)

    sent = reread(delivery)
    assert (sent.status, sent.address, sent.segments, sent.cost) == ("sent", "+34600000001", 1, Decimal("0.05"))
    assert (sent.provider_id, sent.sent_at, sent.claim_token, sent.attempts) == (f"id-{sent.token}", NOW, None, 1)
    assert [message.to for message in scripted.handed] == ["+34600000001"]
    assert scripted.handed[0].text == f"Hello Ana, see http://127.0.0.1:8000/c/{sent.token}/0"
    assert sent.links[0].startswith("https://shop.example/offer?")
    assert [(event.fact, event.handled_at) for event in sent.events.all()] == [("sent", None)]


def test_what_the_provider_charges_is_believed(scripted: Scripted, sms: Channel) -> None:
    scripted.answer = lambda _: Receipt("x", segments=3, cost=Decimal("0.21"))
    delivery = to_ana(sms)
    send()
    assert (reread(delivery).segments, reread(delivery).cost) == (3, Decimal("0.21"))


def test_what_is_not_due_yet_stays(scripted: Scripted, sms: Channel) -> None:
    delivery = to_ana(sms, not_before=LATER)
    assert send() == 0
    assert reread(delivery).status == "queued"


@pytest.mark.parametrize("fields", [{"active": False}, {"breaker_until": LATER}])
def test_nothing_leaves_by_a_channel_that_is_off_or_broken(
    scripted: Scripted, sms: Channel, fields: dict[str, Any]
) -> None:
    delivery = to_ana(sms)
    Channel.objects.update(**fields)
    assert send() == 0
    assert reread(delivery).claim_token is None


def test_a_live_channel_waits_until_the_public_address_is_proven(
    scripted: Scripted, sms: Channel, settings: Any
) -> None:
    settings.CASCADA_REQUIRE_HTTPS = True
    scripted.live = True
    try:
        delivery = to_ana(sms)
        assert send() == 0
        make_business(
            public_address="https://a.example", public_checked_address="https://a.example", public_checked_at=NOW
        )
        assert send() == 1
    finally:
        scripted.live = False
    assert reread(delivery).status == "sent"


def test_without_consent_it_is_cancelled_and_says_so(scripted: Scripted, sms: Channel) -> None:
    ana = make_contact(phone="+34600000001")
    delivery = queue(ana, sms, frozen(make_message()))
    consent.withdraw(ana.pk, "sms", source="told us", now=NOW)

    assert send() == 0

    assert (reread(delivery).status, reread(delivery).reason) == ("cancelled", "consent_withdrawn")
    assert [(event.fact, event.reason) for event in delivery.events.all()] == [("cancelled", "consent_withdrawn")]
    assert not scripted.handed


def test_what_is_about_an_order_needs_no_consent_to_marketing(sms: Channel) -> None:
    ana = make_contact(phone="+34600000001", consent=())
    delivery = queue(ana, sms, frozen(make_message(purpose="transactional")))
    send()
    assert reread(delivery).status == "sent"


def test_in_quiet_hours_it_waits_with_its_reason_and_goes_afterwards(sms: Channel) -> None:
    make_business(quiet_from=time(10), quiet_until=time(15))  # it is one o'clock in Madrid
    delivery = to_ana(sms)

    assert send() == 0
    held = reread(delivery)
    assert (held.status, held.reason) == ("queued", "quiet_hours")
    assert held.not_before == NOW.replace(hour=14)

    assert send(held.not_before) == 1
    assert (reread(delivery).status, reread(delivery).reason) == ("sent", "")


def test_only_urgent_messages_pass_quiet_hours(sms: Channel) -> None:
    make_business(quiet_from=time(10), quiet_until=time(15))
    ordinary = to_ana(sms, purpose="transactional")
    urgent = queue(ordinary.contact, sms, frozen(make_message("Class moved", purpose="transactional", urgent=True)))
    assert send() == 1
    assert (reread(ordinary).status, reread(urgent).status) == ("queued", "sent")


def test_consent_withdrawn_while_held_by_quiet_hours_stops_it(sms: Channel) -> None:
    make_business(quiet_from=time(10), quiet_until=time(15))
    delivery = to_ana(sms)
    send()
    consent.withdraw(delivery.contact_id, "sms", source="told us", now=NOW)
    assert send(NOW + timedelta(hours=4)) == 0
    assert reread(delivery).reason == "consent_withdrawn"


def test_what_would_be_too_late_after_quiet_hours_expires_at_once(sms: Channel) -> None:
    make_business(quiet_from=time(10), quiet_until=time(15))
    delivery = to_ana(sms, valid_until=NOW + timedelta(hours=1))
    send()
    assert (reread(delivery).status, reread(delivery).reason) == ("expired", "too_late_after_quiet_hours")
    assert [event.fact for event in delivery.events.all()] == ["expired"]


def test_after_its_validity_it_does_not_go(scripted: Scripted, sms: Channel) -> None:
    delivery = to_ana(sms, valid_until=NOW)
    assert send() == 0
    assert reread(delivery).status == "expired"


def test_the_transport_learns_how_long_it_is_worth_delivering(scripted: Scripted, sms: Channel) -> None:
    to_ana(sms, valid_until=NOW + timedelta(hours=2))
    send()
    assert scripted.handed[0].valid_for == timedelta(hours=2)


def test_the_cap_counts_what_went_out_this_wave_included_and_no_orders(scripted: Scripted, sms: Channel) -> None:
    make_business(cap_messages=2, cap_days=7)
    ana = make_contact(phone="+34600000001")
    version = frozen(make_message())
    order = queue(ana, sms, frozen(make_message("Order", purpose="transactional")))
    three = [queue(ana, sms, version) for _ in range(3)]

    assert send() == 3

    assert reread(order).status == "sent"
    assert [reread(one).status for one in three] == ["sent", "sent", "queued"]
    more = queue(ana, sms, version)
    assert send(LATER) == 0
    assert (reread(more).reason, reread(more).not_before) == ("capped", NOW + timedelta(days=7))


def test_what_failed_does_not_count_against_the_cap_but_what_is_unclear_does(scripted: Scripted, sms: Channel) -> None:
    make_business(cap_messages=1)
    ana, eva = make_contact(phone="+34600000001"), make_contact("Eva", phone="+34600000002")
    version = frozen(make_message())
    answers: dict[str, Refused | Unclear] = {
        "+34600000001": Refused(Fault.PERSON, "30006"),
        "+34600000002": Unclear("timeout"),
    }
    scripted.answer = lambda message: answers[message.to]
    queue(ana, sms, version), queue(eva, sms, version)
    send()
    scripted.answer = lambda _: Receipt("x")
    second = [queue(ana, sms, version), queue(eva, sms, version)]
    send(LATER)
    assert [reread(one).status for one in second] == ["sent", "queued"]


def test_one_text_goes_to_a_family_s_phone_once_and_the_others_say_why(scripted: Scripted, sms: Channel) -> None:
    version = frozen(make_message(texts={("sms", "en"): "We are open on Sunday: https://shop.example/"}))
    family = [make_contact(name, phone="+34600000001") for name in ("Ana", "Eva", "Leo")]
    deliveries = [queue(one, sms, version, scope="launch:1:step") for one in family]

    assert send() == 1

    assert [reread(one).status for one in deliveries] == ["sent", "cancelled", "cancelled"]
    assert reread(deliveries[1]).reason == "same_text_same_address"
    later = queue(make_contact("Mia", phone="+34600000001"), sms, version, scope="launch:1:step")
    assert send(LATER) == 0
    assert reread(later).reason == "same_text_same_address"


def test_two_siblings_with_one_phone_and_two_birthdays_get_two_messages(sms: Channel) -> None:
    version = frozen(make_message(texts={("sms", "en"): "Happy birthday, {{ contact.first_name }}!"}))
    for name in ("Ana", "Eva"):
        queue(make_contact(name, phone="+34600000001"), sms, version, scope="launch:1:step")
    assert send() == 2


def test_the_same_text_on_another_occasion_goes_again(sms: Channel) -> None:
    version = frozen(make_message(texts={("sms", "en"): "We are open on Sunday"}))
    for scope in ("launch:1:step", "launch:2:step", "", ""):
        queue(make_contact(phone="+34600000001"), sms, version, scope=scope)
    assert send() == 4


def test_a_corrected_address_is_used_and_a_vanished_one_is_a_reason(scripted: Scripted, sms: Channel) -> None:
    ana, eva = make_contact(phone="+34600000001"), make_contact("Eva", phone="+34600000002")
    deliveries = [queue(one, sms, frozen(make_message())) for one in (ana, eva)]
    Address.objects.filter(contact=ana).update(normal="+34600000009")
    Address.objects.filter(contact=eva).delete()
    send()
    assert [message.to for message in scripted.handed] == ["+34600000009"]
    assert reread(deliveries[1]).reason == "no_address"


def test_a_missing_field_stops_that_person_and_not_the_others(sms: Channel) -> None:
    version = frozen(make_message(texts={("sms", "en"): "Hello {{ contact.first_name }}"}))
    nameless, ana = make_contact("", phone="+34600000001"), make_contact(phone="+34600000002")
    deliveries = [queue(nameless, sms, version), queue(ana, sms, version)]
    assert send() == 1
    assert (reread(deliveries[0]).status, reread(deliveries[0]).reason) == ("cancelled", "missing_field")
    assert reread(deliveries[1]).status == "sent"


def test_without_a_text_for_the_channel_the_person_moves_on(sms: Channel) -> None:
    delivery = queue(
        make_contact(phone="+34600000001"), sms, frozen(make_message(texts={("email", "en"): "<p>Hi</p>"}))
    )
    send()
    assert (reread(delivery).status, reread(delivery).reason) == ("cancelled", "no_text")


def test_an_opening_is_not_tracked_where_consent_to_it_was_withdrawn_after_the_text_was_made(
    scripted: Scripted,
    registered: None,
) -> None:
    """The pixel is in the text, so the text has to be made again."""
    make_business(country="FR")
    channel = make_channel("email", "scripted")
    ana = make_contact(email="ana@example.com", tracking=True)
    delivery = queue(ana, channel, frozen(make_message()))

    looked: list[bool] = []
    from channels.sending import prepare

    real = prepare.Texts.people

    def people(self: Any, jobs: Any, now: datetime, *, lock: bool = False) -> Any:
        if lock and not looked:
            looked.append(True)
            consent.withdraw(ana.pk, "email", source="told us", now=now, purpose="tracking")
        return real(self, jobs, now, lock=lock)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(prepare.Texts, "people", people)
        assert send() == 1
    assert looked
    assert not reread(delivery).tracked
    assert "/o/" not in scripted.handed[0].html


def test_a_run_that_was_stopped_does_not_go_and_a_paused_one_waits(sms: Channel, registered: None) -> None:
    version = frozen(make_message())
    deliveries = [queue(make_contact(phone=f"+3460000000{n}"), sms, version) for n in range(3)]
    said: dict[int, tuple[str, dict[str, Any]]] = {
        deliveries[0].pk: ("cascade_stopped", {}),
        deliveries[1].pk: ("paused", {}),
    }
    asked: list[tuple[list[int], list[int]]] = []

    def state(
        ids: Sequence[int], contacts: Sequence[int], now: datetime
    ) -> Mapping[int, tuple[str, Mapping[str, Any]]]:
        asked.append((sorted(ids), sorted(contacts)))
        return said

    sending.register_run_state(state)
    assert send() == 1
    assert asked == [([one.pk for one in deliveries], [one.contact_id for one in deliveries])]
    assert [reread(one).status for one in deliveries] == ["cancelled", "queued", "sent"]
    assert [reread(one).reason for one in deliveries] == ["cascade_stopped", "paused", ""]
    assert reread(deliveries[1]).not_before > NOW
    said.clear()
    assert send() == 0
    assert sending.wake(Delivery.objects.all(), now=NOW) == 1
    assert send() == 1


def test_orders_and_bookings_leave_before_marketing(scripted: Scripted, sms: Channel) -> None:
    Channel.objects.update(rate=0.5)
    to_ana(sms)
    order = queue(
        make_contact("Eva", phone="+34600000002"), sms, frozen(make_message("Order", purpose="transactional"))
    )
    assert send() == 1
    assert reread(order).status == "sent"


def test_cancelling_reaches_what_is_queued_and_nothing_else(sms: Channel) -> None:
    version = frozen(make_message())
    gone = to_ana(sms)
    send()
    waiting = [queue(make_contact(phone=f"+3460000001{n}"), sms, version) for n in range(2)]
    every = [gone.pk, *(one.pk for one in waiting)]
    assert sorted(sending.cancel(every, reason="stopped_by_staff", now=NOW)) == every[1:]
    assert [reread(one).status for one in (gone, *waiting)] == ["sent", "cancelled", "cancelled"]
    assert waiting[0].events.get().reason == "stopped_by_staff"
    assert send(LATER) == 0
