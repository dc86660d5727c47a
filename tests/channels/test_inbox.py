"""The inbox: what people write is kept and waits for staff, who answer by the same channel, once, and never past a STOP."""

from __future__ import annotations

import re
from datetime import datetime, time, timedelta
from itertools import permutations
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from channels import answering, receipts
from channels.models import Channel, Conversation, Delivery, DeliveryEvent
from channels.transport import Fact, Inbound
from contacts import consent
from contacts.models import Address, Business, Contact, SuppressionReason
from tests.channels.outbox import ScriptedTransport, frozen, queue, reread, send
from tests.contacts.staff import sign_in
from tests.factories import NOW, make_business, make_channel, make_contact, make_message

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("scripted")]
Scripted = type[ScriptedTransport]
PHONE, OTHER = "+34600000001", "+34600000002"
TOKEN = "abcdefghijklmnop"


@pytest.fixture
def sms() -> Channel:
    make_business()
    return make_channel("sms", "scripted", price="0.05", price_unit="segment")


def says(channel: Channel, text: str = "Hello?", address: str = PHONE, **more: Any) -> Conversation:
    """Somebody writes, one minute after the last time."""
    fact, number = more.pop("fact", Fact.REPLIED), DeliveryEvent.objects.count()
    at = more.pop("at", NOW + timedelta(minutes=number))
    told = Inbound(fact, f"told-{number}", address=address, at=at, text=text, **more)
    receipts.apply(channel, [told], now=at)
    return Conversation.objects.select_related("channel").get(channel=channel, address=address)


def url(conversation: Conversation, page: str = "change") -> str:
    return reverse(f"admin:channels_conversation_{page}", args=[conversation.pk])


def answer(client: Client, conversation: Conversation, text: str, key: str = "") -> Any:
    """Write an answer on the page, as the page has it."""
    key = key or key_of(client, conversation)
    return client.post(url(conversation, "reply"), {"text": text, "key": key}, follow=True)


def key_of(client: Client, conversation: Conversation) -> str:
    found = re.search(r'name="key" value="([^"]+)"', client.get(url(conversation)).content.decode())
    assert found
    return found[1]


@pytest.fixture
def desk() -> Any:
    """Somebody at the front desk, at noon."""
    with time_machine.travel(NOW, tick=False):
        yield sign_in("Front desk")


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


# The pages


def test_somebody_unknown_is_kept_and_becomes_a_contact(sms: Channel, desk: Client) -> None:
    talk = says(sms, "Do you cut beards?", name="Bo Lund")
    page = desk.get(url(talk)).content.decode()
    assert "Do you cut beards?" in page
    assert 'value="Bo"' in page
    assert "say who this is" in answer(desk, talk, "Yes").content.decode()
    desk.post(url(talk, "who"), {"contact": "", "first_name": "Bo", "last_name": "Lund"})
    bo = Contact.objects.get()
    assert (str(bo), bo.addresses.get().normal, PHONE in bo.search) == ("Bo Lund", PHONE, True)
    answer(desk, talk, "Yes, we do")
    assert Delivery.objects.get().contact == bo
    assert "Do you cut beards?" in desk.get(reverse("admin:contacts_contact_change", args=[bo.pk])).content.decode()


def test_somebody_unknown_can_be_one_of_the_contacts(sms: Channel, desk: Client) -> None:
    ana = make_contact(phone=OTHER)
    talk = says(sms)
    assert "Choose a contact" in desk.post(url(talk, "who"), {"contact": "", "first_name": ""}).content.decode()
    desk.post(url(talk, "who"), {"contact": ana.pk})
    assert Conversation.objects.get().contact == ana
    assert list(ana.addresses.values_list("normal", flat=True)) == [OTHER, PHONE]
    assert DeliveryEvent.objects.get().contact == ana


def test_the_list_shows_what_waits_and_finds_the_rest(sms: Channel, desk: Client) -> None:
    make_contact("José Núñez", phone=PHONE)
    talk = says(sms, "A question")
    says(sms, "", OTHER, choice="no")
    shown = reverse("admin:channels_conversation_changelist")

    def listed(**query: str) -> set[str]:
        return {one.address for one in desk.get(shown, query).context["cl"].result_list}

    assert (listed(), listed(show="unread"), listed(show="done"), listed(show="mine")) == (
        {PHONE},
        {PHONE},
        {OTHER},
        set(),
    )
    assert "A question" in desk.get(shown).content.decode()
    desk.get(url(talk))
    desk.post(url(talk, "act"), {"act": "take"})
    assert (listed(show="unread"), listed(show="mine")) == (set(), {PHONE})
    desk.post(url(talk, "act"), {"act": "done", "heard": "1"})
    assert (listed(), listed(q="nunez"), listed(q=OTHER)) == (set(), {PHONE}, {OTHER})
    says(sms, "One more thing")
    assert listed(show="unread") == {PHONE}


def test_what_is_said_meanwhile_is_not_taken_for_done(sms: Channel, desk: Client) -> None:
    talk = says(sms)
    desk.get(url(talk))
    says(sms, "And on Sunday?")
    desk.post(url(talk, "act"), {"act": "done", "heard": "1"})
    assert Conversation.objects.get().open


def test_a_viewer_reads_and_does_nothing_else(sms: Channel) -> None:
    make_contact(phone=PHONE)
    talk, viewer = says(sms), sign_in("Viewer")
    page = viewer.get(url(talk)).content.decode()
    assert "Hello?" in page
    assert "<textarea" not in page
    assert Conversation.objects.get().unread
    for name in ("reply", "act", "who"):
        assert viewer.post(url(talk, name), {"text": "Hi", "key": "x", "act": "done"}).status_code == 403
    nobody = Client()
    nobody.force_login(User.objects.create_user("nobody", is_staff=True))
    assert nobody.get(url(talk)).status_code == 403


def test_the_thread_takes_the_same_statements_however_long_it_is(sms: Channel, desk: Client) -> None:
    ana, version = make_contact(phone=PHONE), frozen(make_message())
    talk = says(sms)

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            page = desk.get(url(talk), {"part": 1}).content.decode()
        assert "Hello Ana" in page
        return len(captured)

    def more(times: int) -> None:
        for _ in range(times):
            queue(ana, sms, version)
            says(sms)
        send(NOW + timedelta(hours=1))

    more(1)
    statements()
    few = statements()
    more(8)
    statements()
    assert statements() == few
