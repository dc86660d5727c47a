"""The pages of the inbox: what waits, who it is, what is done, and who may do it."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from channels.admin.thread import thread
from channels.models import Channel, Conversation, Delivery, DeliveryEvent
from contacts.models import Contact
from tests.channels.inbox_desk import OTHER, PHONE, answer, says, url
from tests.channels.outbox import frozen, queue, send
from tests.contacts.staff import sign_in
from tests.factories import NOW, make_contact, make_message

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("scripted")]


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


def test_what_is_said_in_one_instant_stands_in_its_order(sms: Channel) -> None:
    queue(make_contact(phone=PHONE), sms, frozen(make_message()))
    send()
    for words in ("First words", "Second words"):
        talk = says(sms, words)
    DeliveryEvent.objects.update(at=NOW)
    Delivery.objects.update(sending_at=NOW)
    assert [line.text if not line.mine else "ours" for line in thread(talk, NOW).lines] == [
        "ours",
        "First words",
        "Second words",
    ]


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
