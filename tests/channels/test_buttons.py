"""Buttons beneath a message: written in the admin, checked, shown as the messenger would, and pressed in the sandbox."""

from __future__ import annotations

import re
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from channels import sending
from channels.models import Delivery, DeliveryEvent, MessageVariant, SandboxMessage
from channels.receipts import apply_inbound
from channels.transport import Button
from tests.channels.outbox import frozen, queue
from tests.contacts.staff import sign_in
from tests.factories import NOW, make_business, make_channel, make_contact, make_message

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("chat_kind")]
ADD = "/admin/channels/message/add/"
Rows = list[tuple[str, str, str]]


@pytest.fixture
def marketer() -> Client:
    make_business()
    return sign_in("Marketer")


def write(client: Client, rows: Rows, kind: str = "chat") -> str:
    """Save a message with these rows of buttons; what the page then says, "" if it was kept."""
    sent: dict[str, Any] = {
        "name": "Party",
        "purpose": "transactional",
        "variants-TOTAL_FORMS": "1",
        "variants-INITIAL_FORMS": "0",
    }
    given = {"kind": kind, "language": "en", "subject": "News", "preheader": "", "body": "<p>Coming?</p>"}
    sent |= {f"variants-0-{name}": value for name, value in given.items()}
    for place, part in enumerate(("label", "reply", "url")):
        sent[f"variants-0-buttons-{part}"] = [row[place] for row in rows]
    answer = client.post(ADD, sent)
    return "" if answer.status_code == 302 else " ".join(answer.content.decode().split())


def test_buttons_are_kept_and_stand_in_the_form_and_the_preview(marketer: Client) -> None:
    rows = [
        ("Yes, please!", "", ""),
        ("", "", ""),
        ("No", "no", ""),
        ("See {{ contact.first_name }}", "", "https://a.example/x"),
    ]
    assert write(marketer, rows) == ""
    variant = MessageVariant.objects.get()
    assert variant.buttons == [
        {"label": "Yes, please!", "reply": "yes-please", "url": ""},
        {"label": "No", "reply": "no", "url": ""},
        {"label": "See {{ contact.first_name }}", "reply": "", "url": "https://a.example/x"},
    ]
    page = marketer.get(reverse("admin:channels_message_change", args=[variant.message_id])).content.decode()
    assert 'value="yes-please"' in page
    preview = marketer.get(f"/admin/channels/message/{variant.message_id}/preview/").content.decode()
    assert "<span>See Ana</span>" in preview


@pytest.mark.parametrize(
    ("rows", "problem"),
    [
        ([("", "yes", "")], "Each button needs a text"),
        ([("x" * 41, "yes", "")], "at most 40 characters"),
        ([("Yes", "yes", "https://a.example")], "not both"),
        ([("Yes", "", "a.example/x")], "leads nowhere"),
        ([("Yes {{ contact.first_name", "yes", "")], "is missing"),
        ([("Yes", "", "https://a.example/{{ x | nosuch }}")], "no filter"),
        ([("Yes", "yes please", "")], "needs a short answer"),
        ([("{{ contact.first_name }}", "", "")], "needs a short answer"),
        ([("Yes", "yes", ""), ("Sure", "yes", "")], "Two buttons give the answer"),
        ([(name, "", "") for name in "abcd"], "3 buttons at most"),
    ],
)
def test_what_is_wrong_with_a_button_is_said_and_nothing_is_lost(marketer: Client, rows: Rows, problem: str) -> None:
    assert problem in write(marketer, rows)
    assert not MessageVariant.objects.exists()


@pytest.mark.parametrize("kind", ["email", "sms"])
def test_mail_and_sms_carry_none(marketer: Client, kind: str) -> None:
    assert "carries no buttons" in write(marketer, [("Yes", "yes", "")], kind)


def test_a_pressed_button_of_the_sandbox_comes_back_as_its_answer(marketer: Client) -> None:
    message = make_message("Party", {("chat", "en"): "Coming?"})
    buttons = [{"label": "Yes", "reply": "yes", "url": ""}, {"label": "See", "reply": "", "url": "https://a.example/x"}]
    message.variants.update(buttons=buttons)
    delivery = queue(make_contact(phone="+34600000001", consent=["chat"]), make_channel("chat"), frozen(message))
    sending.send_due(clock=lambda: NOW)
    shown = SandboxMessage.objects.get()
    assert [Button(**one).reply for one in shown.buttons] == ["yes", ""]
    page = marketer.get(reverse("admin:channels_sandboxmessage_change", args=[shown.pk])).content.decode()
    assert re.search(r'<button type="submit" name="link" value="0">Yes</button>', page)
    play = reverse("admin:channels_sandboxmessage_play", args=[shown.pk])
    for number in (0, 1, 7):
        marketer.post(play, {"act": "press", "link": str(number)})
    apply_inbound(now=NOW)
    told = DeliveryEvent.objects.filter(delivery=delivery, fact__in=["replied", "clicked"]).order_by("id")
    assert [(one.fact, one.text, one.data.get("choice", "")) for one in told] == [
        ("replied", "Yes", "yes"),
        ("clicked", "", ""),
    ]
    assert Delivery.objects.get().clicked_grade == "human"
    page = marketer.get(reverse("admin:channels_sandboxmessage_change", args=[shown.pk])).content.decode()
    assert 'is-answer">Yes' in page
