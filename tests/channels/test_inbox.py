"""The inbox: what people write is kept and waits for staff, who answer by the same channel, once, and never past a STOP."""

from __future__ import annotations

from datetime import datetime, time, timedelta
from itertools import permutations

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from channels import answering, receipts
from channels.models import Channel, Conversation, Delivery, DeliveryEvent
from channels.transport import Fact, Inbound
from contacts import consent
from contacts.models import Address, Business, SuppressionReason
from tests.channels.inbox_desk import OTHER, PHONE, answer, key_of, says, url
from tests.channels.outbox import ScriptedTransport, frozen, queue, reread, send
from tests.factories import NOW, make_business, make_channel, make_contact, make_message

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("scripted")]
Scripted = type[ScriptedTransport]
TOKEN = "abcdefghijklmnop"


# What comes in


def test_words_open_a_conversation_and_a_button_or_a_stop_does_not(sms: Channel) -> None:
    ana = make_contact(phone=PHONE)
    assert (says(sms, "Can I come at five?").open, Conversation.objects.get().contact) == (True, ana)
    for number, (fact, choice) in enumerate([(Fact.REPLIED, "yes"), (Fact.STOPPED, ""), (Fact.JOINED, "")]):
        assert not says(sms, "", f"+3460000010{number}", fact=fact, choice=choice).open
    assert [one.heard for one in Conversation.objects.order_by("id")] == [1, 0, 0, 0]


def test_the_same_call_again_changes_nothing_and_the_order_is_all_one(sms: Channel) -> None:
    told = [
        Inbound(Fact.REPLIED, f"e{n}", address=PHONE, at=NOW + timedelta(minutes=n), text=str(n), name="Ana R.")
        for n in range(3)
    ]
    ends = set()
    for order in permutations(told):
        receipts.apply(sms, order[:2], now=NOW + timedelta(hours=1))
        receipts.apply(sms, order, now=NOW + timedelta(hours=1))
        found = Conversation.objects.values_list("heard", "read", "open", "wrote_at", "last_at", "name").get()
        ends.add((*found, DeliveryEvent.objects.filter(conversation__isnull=False).count()))
        DeliveryEvent.objects.all().delete()
        Conversation.objects.all().delete()
    assert ends == {(3, 0, True, told[2].at, told[2].at, "Ana R.", 3)}


def test_many_answers_cost_the_same_few_statements(sms: Channel) -> None:
    def batch(first: int, count: int) -> int:
        told = [
            Inbound(Fact.REPLIED, f"m{n}", address=f"+34611{n:06}", at=NOW, text="?")
            for n in range(first, first + count)
        ]
        with CaptureQueriesContext(connection) as captured:
            receipts.apply(sms, told, now=NOW)
        return len(captured)

    assert batch(0, 2) == batch(10, 60)


def test_a_pressed_button_says_what_stood_on_it(sms: Channel) -> None:
    message = make_message("Party", {("sms", "en"): "Coming?", ("sms", "es"): "¿Vienes?"})
    message.variants.filter(language="en").update(buttons=[{"label": "Yes!", "reply": "yes", "url": ""}])
    message.variants.filter(language="es").update(buttons=[{"label": "¡Sí!", "reply": "yes", "url": ""}])
    delivery = queue(make_contact(phone=PHONE, language="es"), sms, frozen(message))
    send()
    receipts.apply(sms, [Inbound(Fact.REPLIED, "b1", key=delivery.token, at=NOW, choice="yes")], now=NOW)
    event = DeliveryEvent.objects.get(fact="replied")
    assert (event.text, event.data["choice"], event.conversation_id is not None) == ("¡Sí!", "yes", True)


# What goes out


def test_an_answer_goes_out_once_as_it_was_written_and_its_progress_is_seen(
    sms: Channel, scripted: Scripted, desk: Client
) -> None:
    make_contact(phone=PHONE)
    talk = says(sms)
    key, text = key_of(desk, talk), "Hi {{ contact.first_name }} {% if %}\nat 5 > 4 & so on"
    for _ in range(2):
        answer(desk, talk, text, key)
    assert "waiting to be sent" in desk.get(url(talk)).content.decode()
    send()
    assert [message.text for message in scripted.handed] == [text]
    delivery = Delivery.objects.get()
    assert (delivery.purpose, delivery.context["by"], delivery.address) == ("transactional", "Front desk", PHONE)
    receipts.apply(sms, [Inbound(Fact.FAILED, "f", key=delivery.token, at=NOW, reason="30003")], now=NOW)
    part = desk.get(url(talk), {"part": 1}).content.decode()
    assert "failed" in part
    assert "30003" in part
    assert "<html" not in part


def test_another_text_from_a_page_that_was_sent_already_is_not_lost(sms: Channel, desk: Client) -> None:
    make_contact(phone=PHONE)
    talk = says(sms)
    key = key_of(desk, talk)
    answer(desk, talk, "At five", key)
    page = answer(desk, talk, "At six, sorry", key).content.decode()
    assert Delivery.objects.count() == 1
    assert "At six, sorry</textarea>" in page
    assert "sent already" in page
    page = answer(desk, talk, "Forged", "abcdefghijklmnop:forged").content.decode()
    assert "Forged</textarea>" in page
    assert Delivery.objects.count() == 1


def test_who_said_stop_cannot_be_answered_and_the_page_says_why(sms: Channel, desk: Client) -> None:
    make_contact(phone=PHONE)
    talk = says(sms)
    key = key_of(desk, talk)
    says(sms, "STOP", fact=Fact.STOPPED)
    assert "answered STOP" in desk.get(url(talk)).content.decode()
    page = answer(desk, talk, "But wait", key).content.decode()
    assert Delivery.objects.count() == 0
    assert "But wait</textarea>" in page


def test_a_stop_between_the_answer_and_its_sending_is_obeyed(sms: Channel, scripted: Scripted) -> None:
    make_contact(phone=PHONE)
    answering.reply(says(sms), "At five", token=TOKEN, user=None, now=NOW)
    consent.suppress(
        kind="phone", normal=PHONE, scope="all", reason=SuppressionReason.STOP, source="told", now=NOW, channel="sms"
    )
    send()
    assert scripted.handed == []
    assert Delivery.objects.get().reason == "suppressed"


def test_the_answer_goes_to_the_address_that_wrote_and_to_no_other(sms: Channel, scripted: Scripted) -> None:
    ana = make_contact(phone=OTHER)
    Address.objects.create(contact=ana, kind="phone", value=PHONE, normal=PHONE, position=1)
    answering.reply(says(sms), "At five", token=TOKEN, user=None, now=NOW)
    send()
    assert [message.to for message in scripted.handed] == [PHONE]
    Address.objects.filter(normal=PHONE).delete()
    with pytest.raises(answering.CannotAnswer, match="No address"):
        answering.reply(says(sms), "Again", token=TOKEN[::-1], user=None, now=NOW)


@pytest.mark.parametrize(("wrote", "goes"), [(timedelta(minutes=50), True), (timedelta(hours=3), False)])
def test_in_quiet_time_only_who_wrote_just_now_is_answered_at_once(
    sms: Channel, scripted: Scripted, wrote: timedelta, goes: bool
) -> None:
    make_business(quiet_from=time(21), quiet_until=time(9))
    make_contact(phone=PHONE)
    night = datetime.fromisoformat("2026-11-22T23:00:00+01:00")
    talk = says(sms, at=night - wrote)
    answering.reply(talk, "At five", token=TOKEN, user=None, now=night)
    send(night)
    assert bool(scripted.handed) is goes
    if not goes:
        assert Delivery.objects.get().reason == "quiet_hours"
        send(night + timedelta(hours=11))
        assert scripted.handed


def test_an_answer_is_not_capped(sms: Channel, scripted: Scripted) -> None:
    Business.objects.update(cap_messages=1)
    ana = make_contact(phone=PHONE)
    queue(ana, sms, frozen(make_message()))
    send()
    answering.reply(says(sms), "At five", token=TOKEN, user=None, now=NOW)
    send()
    assert len(scripted.handed) == 2


def test_where_free_text_is_limited_in_time_the_page_says_until_when(
    sms: Channel, desk: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ScriptedTransport, "window", {"sms": timedelta(hours=24)})
    make_contact(phone=PHONE)
    talk = says(sms, at=NOW - timedelta(hours=20))
    assert "Free text is allowed here until" in desk.get(url(talk)).content.decode()
    answer(desk, talk, "At five")
    assert Delivery.objects.get().valid_until == NOW + timedelta(hours=4)
    Conversation.objects.update(wrote_at=NOW - timedelta(hours=25))
    assert "approved template" in answer(desk, talk, "Or six?").content.decode()
    assert Delivery.objects.count() == 1


def test_who_writes_again_still_answers_the_message_and_not_what_staff_said(sms: Channel) -> None:
    asked = queue(make_contact(phone=PHONE), sms, frozen(make_message()))
    send()
    answering.reply(says(sms), "At five", token=TOKEN, user=None, now=NOW)
    send(NOW + timedelta(minutes=1))
    says(sms, "Fine")
    assert {event.delivery_id for event in DeliveryEvent.objects.filter(fact="replied")} == {asked.pk}
    assert reread(asked).replied_at


def test_a_mail_that_was_answered_is_answered_by_mail() -> None:
    make_business()
    mail = make_channel("email", "scripted")
    queue(make_contact(email="ana@example.org"), mail, frozen(make_message()))
    send()
    answering.reply(says(mail, address="ana@example.org"), "5 < 6\n<b>Bye</b>", token=TOKEN, user=None, now=NOW)
    send(NOW + timedelta(minutes=1))
    out = ScriptedTransport.handed[-1]
    assert out.subject == "Re: News from Salon Aurora"
    assert "5 &lt; 6<br />\n&lt;b&gt;Bye&lt;/b&gt;" in out.html
    assert out.text.startswith("5 < 6\n<b>Bye</b>")
