"""WhatsApp over Twilio: approved templates at any time, free text within a day of the person's own, receipts, buttons, joining."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any
from urllib.parse import urlencode

import pytest

from channels import capabilities, receipts
from channels.models import Channel
from channels.sending.talking import talking
from channels.transport import (
    Balance,
    Fact,
    Fault,
    Inbound,
    Outgoing,
    RawCall,
    Receipt,
    Refused,
    Result,
    transport_class,
)  # fmt: skip
from channels.transports.twilio import codes
from contacts import consent
from contacts.models import Suppression
from tests.channels.harness import HOOK, WhatsAppHarness
from tests.factories import make_channel, make_contact
from tests.peers.twilio import later
from tests.peers.twilio_description import description

NOW = datetime(2026, 11, 22, 10, tzinfo=UTC)
ANA = "+34600100001"
INVITATION = "abcdefghijklmnopqrstuv"


@pytest.fixture
def house() -> Iterator[WhatsAppHarness]:
    with WhatsAppHarness() as opened:
        yield opened


def sent(house: WhatsAppHarness, message: Outgoing) -> tuple[Result, dict[str, str]]:
    transport = house.open()
    ((_, result),) = transport.send_many([message])
    transport.close()
    return result, dict(house.peer.requests[-1]) if house.peer.requests else {}


def test_an_approved_template_goes_at_any_time_and_as_twilio_describes_it(house: WhatsAppHarness) -> None:
    result, form = sent(house, house.message(valid_for=timedelta(hours=3)))
    assert isinstance(result, Receipt)
    assert json.loads(form.pop("ContentVariables")) == {"1": "Ana 0"}
    assert form == {
        "To": f"whatsapp:{house.address(0)}", "From": "whatsapp:+34600000000", "ContentSid": "HX" + "0" * 32,
        "StatusCallback": HOOK, "ValidityPeriod": "10800",
    }  # fmt: skip
    assert description().faults_in_create(house.peer.requests[-1]) == []


def test_free_text_goes_to_whom_wrote_and_to_nobody_else(house: WhatsAppHarness) -> None:
    house.peer.account.talking.add(f"whatsapp:{house.address(0)}")
    result, form = sent(house, house.message(template="", template_values={}, answered=True))
    assert isinstance(result, Receipt)
    assert (form["Body"], "ContentSid" in form) == ("Hello 0", False)
    result, _ = sent(house, house.message(1, template="", template_values={}))
    assert isinstance(result, Refused)
    assert (result.fault, result.reason, result.address_dead) == (Fault.PERSON, "needs_template", False)
    assert len(house.peer.requests) == 1  # the second was not even asked


def test_somebody_who_wrote_gets_the_free_text_though_there_is_a_template(house: WhatsAppHarness) -> None:
    house.peer.account.talking.add(f"whatsapp:{house.address(0)}")
    _, form = sent(house, house.message(answered=True))
    assert form["Body"] == "Hello 0"


@pytest.mark.parametrize("code", sorted(codes.NOT_NOW))
def test_what_meta_does_not_give_this_person_now_leads_to_the_next_step(house: WhatsAppHarness, code: int) -> None:
    refused = codes.refusal(code, "")
    assert (refused.fault, refused.address_dead, refused.opted_out) == (Fault.PERSON, False, False)
    assert codes.failure(code) == (Fact.FAILED, False)
    house.peer.on(f"whatsapp:{house.address(0)}", later(code))
    result, _ = sent(house, house.message())
    assert isinstance(result, Receipt)
    (told,) = house.open().parse(house.call(house.peer.signed_callback(result.provider_id, "undelivered", code)))
    assert (told.fact, told.reason, told.address) == (Fact.FAILED, str(code), house.address(0))


def test_a_number_that_is_not_on_whatsapp_is_dead_there(house: WhatsAppHarness) -> None:
    assert codes.failure(63024) == (Fact.BOUNCED, True)
    assert codes.refusal(63003, "").address_dead


def test_a_read_receipt_is_an_opening_and_the_capabilities_say_so(house: WhatsAppHarness) -> None:
    result, _ = sent(house, house.message())
    assert isinstance(result, Receipt)
    (told,) = house.open().parse(house.call(house.peer.signed_callback(result.provider_id, "read")))
    assert (told.fact, told.provider_id, told.address) == (Fact.READ, result.provider_id, house.address(0))
    twilio = transport_class("twilio")
    assert Fact.READ in capabilities.reports("whatsapp", twilio)
    assert Fact.READ not in capabilities.reports("sms", twilio)


def inbound(house: WhatsAppHarness, body: str, **more: str) -> Inbound:
    house.peer.inbound_url = HOOK
    call = house.call(house.peer.signed_inbound(f"whatsapp:{ANA}", "whatsapp:+34600000000", body, **more))
    transport = house.open()
    transport.verify(call)
    (told,) = transport.parse(call)
    return told


def test_a_pressed_button_names_its_answer_and_its_message(house: WhatsAppHarness) -> None:
    told = inbound(house, "Yes, gladly", ButtonText="Yes", ButtonPayload="yes", OriginalRepliedMessageSid="MM1")
    assert (told.fact, told.choice, told.text, told.provider_id, told.address) == (
        Fact.REPLIED, "yes", "Yes", "MM1", ANA,
    )  # fmt: skip
    assert inbound(house, "STOP", ButtonText="STOP", ButtonPayload="stop").fact == Fact.REPLIED


@pytest.mark.parametrize(
    ("body", "fact"),
    [("stop", Fact.STOPPED), ("Start", Fact.RESUMED), ("YES", Fact.REPLIED), ("At five?", Fact.REPLIED)],
)
def test_yes_is_an_answer_on_whatsapp(house: WhatsAppHarness, body: str, fact: Fact) -> None:
    assert inbound(house, body).fact == fact


def test_the_join_link_opens_whatsapp_and_the_words_in_it_join(house: WhatsAppHarness) -> None:
    assert house.open().join_url(INVITATION) == f"https://wa.me/34600000000?text=JOIN%20{INVITATION}"
    told = inbound(house, f" join {INVITATION}\n", ProfileName="Ana")
    assert (told.fact, told.invitation, told.address, told.name) == (Fact.JOINED, INVITATION, ANA, "Ana")
    assert inbound(house, "join us").fact == Fact.REPLIED
    sms = transport_class("twilio")(house.open().account)
    plain = urlencode({"MessageSid": "SM1", "SmsStatus": "received", "From": ANA, "Body": f"JOIN {INVITATION}"})
    assert [told.fact for told in sms.parse(RawCall("POST", HOOK, {}, plain.encode()))] == [Fact.REPLIED]


def test_twilio_tells_what_is_left_on_the_account(house: WhatsAppHarness) -> None:
    assert house.open().balance() == Balance(Decimal("12.3456"), "USD")
    house.peer.account.balance = {}
    with pytest.raises(Refused):
        house.open().balance()


@pytest.mark.django_db
def test_whoever_wrote_within_a_day_is_talking_with_us(django_assert_num_queries: Any, house: WhatsAppHarness) -> None:
    channel: Channel = make_channel("whatsapp", "twilio", sender_address="+34600000000")
    ana, late, never = (make_contact(phone=phone) for phone in (ANA, "+34600100002", "+34600100003"))
    for phone, hours in ((ANA, 23), ("+34600100002", 25)):
        fact = Inbound(Fact.REPLIED, f"said {phone}", address=phone, text="Hi", at=NOW - timedelta(hours=hours))
        receipts.apply(channel, [fact], now=NOW)
    everyone = {ana.pk, late.pk, never.pk}
    with django_assert_num_queries(1):
        assert talking(channel, house.open(), everyone, NOW) == {ana.pk}
    letters, email = make_channel("email", "email"), transport_class("email")
    with django_assert_num_queries(0):
        assert talking(letters, email.__new__(email), everyone, NOW) == frozenset()


@pytest.mark.django_db
def test_stop_on_whatsapp_closes_whatsapp_and_withdraws_consent_there(house: WhatsAppHarness) -> None:
    channel = make_channel("whatsapp", "twilio", sender_address="+34600000000")
    ana = make_contact(phone=ANA)
    receipts.apply(channel, [inbound(house, "Stop")], now=NOW)
    assert [(one.channel, one.reason) for one in Suppression.objects.all()] == [("whatsapp", "stop")]
    held = consent.newest([ana.pk])
    assert not held[ana.pk, "whatsapp", "marketing"].given
    assert (ana.pk, "sms", "marketing") not in held or held[ana.pk, "sms", "marketing"].given
