"""When the time for free text is over, staff send an approved template; and a thread shows the words that really left."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from channels import receipts
from channels.models import Channel, Conversation, Delivery, DeliveryEvent, MessageVariant
from channels.transport import Fact, Fault, Inbound, Refused, Unclear
from tests.channels.inbox_desk import PHONE, answer, key_of, says, url
from tests.channels.outbox import ScriptedTransport, frozen, queue, send
from tests.factories import NOW, make_channel, make_contact, make_message

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("scripted")]
Scripted = type[ScriptedTransport]
SID = "HX" + "0" * 32


@pytest.fixture
def talk(sms: Channel, monkeypatch: pytest.MonkeyPatch) -> Conversation:
    """Ana wrote on a channel that limits free text to a day, and that was long ago."""
    monkeypatch.setattr(ScriptedTransport, "window", {"sms": timedelta(hours=24)})
    make_contact(phone=PHONE, language="es", consent=())
    return says(sms, at=NOW - timedelta(hours=30))


def approve(name: str = "Ready", purpose: str = "transactional", language: str = "en") -> MessageVariant:
    message = make_message(name, {("sms", language): "{{ contact.first_name }}, it is ready."}, purpose=purpose)
    message.variants.update(template=SID, template_values={"1": "{{ contact.first_name }}", "2": "{{ contact.city }}"})
    return message.variants.get()


def choose(desk: Client, talk: Conversation, variant: MessageVariant) -> str:
    return desk.get(url(talk), {"template": variant.pk}).content.decode()


def post(desk: Client, talk: Conversation, variant: MessageVariant, key: str = "", **places: str) -> str:
    given = {
        "template": variant.pk,
        "key": key or key_of(desk, talk),
        **{f"place-{n[1:]}": v for n, v in places.items()},
    }
    return desk.post(url(talk, "template"), given, follow=True).content.decode()


def test_staff_pick_an_approved_template_fill_it_in_and_send_it_once(
    sms: Channel, talk: Conversation, scripted: Scripted, desk: Client
) -> None:
    english, spanish = approve("Ready"), approve("Zapatos", language="es")
    page = desk.get(url(talk)).content.decode()
    assert page.index("Zapatos · ") < page.index("Ready · English")  # theirs first
    page = choose(desk, talk, english)
    assert "Ana, it is ready." in page
    assert 'name="place-1" value="Ana"' in page
    assert "Write what stands at 2." in post(desk, talk, english, _1="Ana")
    key = key_of(desk, talk)
    for _click in range(2):
        page = post(desk, talk, english, key, _1="Anita {{ x }}", _2=" Madrid \n Sur")
    assert "waiting to be sent" in page
    send()
    (out,) = scripted.handed
    assert (out.template, dict(out.template_values)) == (SID, {"1": "Anita {{ x }}", "2": "Madrid Sur"})
    assert (out.to, out.answered) == (PHONE, False)
    page = desk.get(url(talk)).content.decode()
    assert "Sent as an approved template: 1: Anita {{ x }} · 2: Madrid Sur" in page
    assert page.count(">Ready<") == 1
    assert Delivery.objects.get().context["by"] == "Front desk"
    assert spanish.pk != english.pk


def test_who_writes_meanwhile_is_answered_in_words(sms: Channel, talk: Conversation, desk: Client) -> None:
    variant = approve()
    key = key_of(desk, talk)
    says(sms, "Are you there?", at=NOW)
    page = post(desk, talk, variant, key, _1="Ana", _2="Madrid")
    assert "answer them in your own words" in page
    assert not Delivery.objects.exists()
    assert "Send an approved template" not in desk.get(url(talk)).content.decode()


def test_a_template_of_marketing_needs_consent_and_a_stop_forbids_all(
    sms: Channel, talk: Conversation, desk: Client
) -> None:
    offer, notice = approve("Offer", "marketing"), approve("Notice")
    assert "consent" in post(desk, talk, offer, _1="Ana", _2="Madrid")
    key = key_of(desk, talk)
    says(sms, "STOP", fact=Fact.STOPPED, at=NOW - timedelta(hours=25))
    assert "answered STOP" in post(desk, talk, notice, key, _1="Ana", _2="Madrid")
    assert not Delivery.objects.exists()


def test_without_any_approved_template_the_page_says_where_to_enter_one(talk: Conversation, desk: Client) -> None:
    assert "No message has an approved template for this channel yet" in desk.get(url(talk)).content.decode()
    assert desk.post(url(talk, "template"), {"template": "7", "key": "x"}).status_code == 302


# What left


def test_the_thread_shows_the_words_as_they_left_short_link_included(sms: Channel, desk: Client) -> None:
    ana = make_contact(phone=PHONE)
    sent = queue(ana, sms, frozen(make_message()))
    send()
    type(ana).objects.update(first_name="Beatriz")
    talk = says(sms)
    page = desk.get(url(talk)).content.decode()
    assert f"Hello Ana, see http://127.0.0.1:8000/c/{sent.token}/0" in page
    assert "Beatriz, see" not in page
    answer(desk, talk, "Here: https://shop.example/map")
    send()
    reply = Delivery.objects.get(pinned=True)
    assert f"Here: http://127.0.0.1:8000/c/{reply.token}/0" in desk.get(url(talk)).content.decode()


@pytest.mark.parametrize(("result", "kept"), [(Unclear("timeout"), True), (Refused(Fault.PERSON, "21211"), False)])
def test_only_what_may_have_left_is_kept(sms: Channel, scripted: Scripted, result: Any, kept: bool) -> None:
    scripted.answer = lambda _: result
    queue(make_contact(phone=PHONE), sms, frozen(make_message()))
    send()
    assert bool(DeliveryEvent.objects.get().text) is kept


def test_a_mail_is_not_kept_word_for_word_and_neither_is_a_link_that_proves_an_address(
    sms: Channel, desk: Client
) -> None:
    mail = make_channel("email", "scripted")
    ana = make_contact(phone=PHONE, email="ana@example.org")
    queue(ana, mail, frozen(make_message()))
    secret = frozen(make_message("Confirm", {("sms", "en"): "Go to {{ confirm_url }}"}, purpose="transactional"))
    asked = queue(
        ana, sms, secret, address=PHONE, unconfirmed=True, context={"confirm_url": "http://x.example/confirm/S3CRET"}
    )
    send()
    assert set(DeliveryEvent.objects.values_list("fact", "text")) == {("sent", "")}
    receipts.apply(sms, [Inbound(Fact.REPLIED, "r", key=asked.token, address=PHONE, at=NOW, text="What?")], now=NOW)
    page = desk.get(url(Conversation.objects.get())).content.decode()
    assert "S3CRET" not in page
    assert "Confirm" in page
