"""Approved templates are entered with the message, checked, and filled in for each person."""

from __future__ import annotations

from typing import Any

import pytest

from channels.freezing import told
from channels.models import MessageVariant
from channels.rendering import Brand, Frame, compile_content, render
from tests.contacts.staff import sign_in
from tests.factories import make_business

pytestmark = pytest.mark.django_db
SID = "HX" + "0123456789abcdef" * 2


def write(
    kind: str = "whatsapp", template: str = SID, places: str = "1: {{ contact.first_name }}\n2 = https://shop.example"
) -> str:
    """Save a message with this text; what the page then says, "" if it was kept."""
    make_business()
    sent: dict[str, Any] = {
        "name": "Party", "purpose": "transactional", "variants-TOTAL_FORMS": "1", "variants-INITIAL_FORMS": "0",
        "variants-0-kind": kind, "variants-0-language": "en", "variants-0-subject": "News", "variants-0-body": "Coming?",
        "variants-0-template": template, "variants-0-template_values": places,
    }  # fmt: skip
    answer = sign_in("Marketer").post("/admin/channels/message/add/", sent)
    return "" if answer.status_code == 302 else " ".join(answer.content.decode().split())


def test_a_template_and_what_stands_in_its_places_are_kept_and_filled_in() -> None:
    assert write() == ""
    variant = MessageVariant.objects.get()
    assert (variant.template, variant.template_values) == (
        SID, {"1": "{{ contact.first_name }}", "2": "https://shop.example"},
    )  # fmt: skip
    (content,) = compile_content([told(variant)], Brand("Aurora"))
    made = render(content, {"contact": {"first_name": "Ana"}}, Frame("https://a.example", "t" * 16, "transactional"))
    assert (made.template, dict(made.template_values)) == (SID, {"1": "Ana", "2": f"https://a.example/c/{'t' * 16}/0"})
    page = sign_in("Owner").get(f"/admin/channels/message/{variant.message_id}/change/").content.decode()
    assert "1: {{ contact.first_name }}" in page


@pytest.mark.parametrize(
    ("template", "places", "said"),
    [
        ("HX12", "", "A content SID is HX and 32 digits"),
        ("", "1: x", "Which template are these places of?"),
        (SID, "hello", "Line 1 is not a place and what stands there"),
        (SID, "1:", "Line 1 is not a place and what stands there"),
        (SID, "1: {{ contact.first_name", "What stands at 1:"),
        (SID, "1: " + "x" * 501, "longer than 500 characters"),
    ],
)
def test_what_is_wrong_with_a_template_is_said(template: str, places: str, said: str) -> None:
    assert said in write(template=template, places=places)
    assert not MessageVariant.objects.exists()


def test_a_kind_without_templates_keeps_none() -> None:
    assert write(kind="sms") == ""
    assert (MessageVariant.objects.get().template, MessageVariant.objects.get().template_values) == ("", {})
