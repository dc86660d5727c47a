"""Invitations in the admin: every way in as a link and a QR code, printable in each language, personal ones used once."""

from __future__ import annotations

import pytest
from django.urls import reverse

from channels.models import Invitation
from tests.contacts.staff import sign_in
from tests.factories import make_business, make_channel, make_contact

pytestmark = pytest.mark.django_db
CHANGE, ADD = "admin:channels_invitation_change", "admin:channels_invitation_add"


@pytest.fixture
def counter() -> Invitation:
    make_business(colour="#ff6600")
    make_channel("email")
    make_channel("sms")
    make_channel("whatsapp", sender_address="+34600000009")
    return Invitation.objects.create(source="counter")


def test_its_page_shows_a_code_for_all_and_for_each_channel(counter: Invitation) -> None:
    page = sign_in("Marketer").get(reverse(CHANGE, args=[counter.pk])).content.decode()
    assert f"http://127.0.0.1:8000/j/{counter.token}" in page
    assert f"/join/{counter.token}?by=email" in page
    assert page.count("viewBox") >= 3  # drawn in the size that the page gives them


@pytest.mark.parametrize(
    ("language", "words"), [("en", "Get our news"), ("es", "lang=\"es\""), ("fr", "lang=\"fr\""), ("ru", "lang=\"ru\"")]
)  # fmt: skip
def test_a_poster_is_printed_in_the_shop_s_colour_and_any_language(
    counter: Invitation, language: str, words: str
) -> None:
    path = reverse("admin:channels_invitation_poster", args=[counter.pk])
    answer = sign_in("Viewer").get(path, {"language": language, "paper": "a4"})
    page = answer.content.decode()
    assert words in page
    assert all(text in page for text in ("size: a4", "#ff6600", "Salon Aurora", "<svg"))


def test_a_poster_is_for_staff_alone_and_bad_wishes_harm_nothing(counter: Invitation) -> None:
    path = reverse("admin:channels_invitation_poster", args=[counter.pk])
    client = sign_in("Viewer")
    assert client.get(path, {"language": "<b>", "paper": "'", "channel": "x"}).status_code == 200
    assert client.get(reverse("admin:channels_invitation_poster", args=[999])).status_code == 404
    client.logout()
    assert client.get(path).status_code == 302


def test_one_for_a_contact_works_once(counter: Invitation) -> None:
    contact = make_contact()
    client = sign_in("Front desk")
    client.post(
        reverse(ADD), {"source": "by staff", "contact": contact.pk, "active": "on", "language": "", "sms_a_day": "50"}
    )
    made = Invitation.objects.get(contact=contact)
    assert (made.single_use, made.created_by_id is not None) == (True, True)


def test_without_a_public_address_the_page_says_what_is_missing(counter: Invitation) -> None:
    make_business(public_address="")
    page = sign_in("Marketer").get(reverse(CHANGE, args=[counter.pk])).content.decode()
    assert "public address of your business" in page
