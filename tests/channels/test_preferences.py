"""The preference centre: it shows what holds, changes only what was changed, and every change stands in the ledger."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from channels.models import Delivery
from contacts import consent
from contacts.models import Address, Consent, Contact
from tests.channels.test_public_pages import sent
from tests.factories import NOW, make_channel

pytestmark = pytest.mark.django_db
SHOWN = ["email:marketing", "sms:marketing"]


@pytest.fixture
def visitor() -> Client:
    return Client(enforce_csrf_checks=True)


@pytest.fixture
def delivery() -> Delivery:
    """A mail to Ana, who also has a phone and agreed to both."""
    found = sent()
    make_channel("sms")
    Address.objects.create(contact=found.contact, kind="phone", value="+34600000001", normal="+34600000001")
    return found


def state(contact: Contact) -> dict[tuple[str, str], bool]:
    return {(kind, purpose): line.given for (_, kind, purpose), line in consent.newest([contact.pk]).items()}


def page(answer: Any) -> str:
    return str(answer.content.decode())


def test_looking_shows_what_holds_and_changes_nothing(visitor: Client, delivery: Delivery) -> None:
    before = Consent.objects.count()
    shown = visitor.get(f"/p/{delivery.token}")
    visitor.head(f"/p/{delivery.token}")
    assert page(shown).count(" checked") == 2
    assert "a•••@mail.example" in page(shown)
    assert "ana@mail.example" not in page(shown)
    assert "+34600000001" not in page(shown)
    assert Consent.objects.count() == before
    assert (shown["Cache-Control"], shown["X-Robots-Tag"]) == ("no-store", "noindex")


def test_what_is_changed_is_written_with_its_words_and_the_rest_is_left(visitor: Client, delivery: Delivery) -> None:
    answer = visitor.post(f"/p/{delivery.token}", {"shown": SHOWN, "wanted": ["email:marketing"], "language": "fr"})
    assert page(answer).count(" checked") == 1
    delivery.contact.refresh_from_db()
    assert delivery.contact.language == "fr"
    assert state(delivery.contact) == {("email", "marketing"): True, ("sms", "marketing"): False}
    line = Consent.objects.latest("id")
    assert (line.kind, line.basis, line.ip, line.address) == ("sms", "withdrawal", "127.0.0.1", "+34600000001")
    visitor.post(f"/p/{delivery.token}", {"shown": SHOWN, "wanted": SHOWN, "language": "fr"})
    again = Consent.objects.latest("id")
    assert (again.kind, again.given, again.basis, again.language) == ("sms", True, "express", "fr")
    assert "Salon Aurora" in again.wording


def test_a_post_that_shows_nothing_changes_nothing(visitor: Client, delivery: Delivery) -> None:
    before = Consent.objects.count()
    for fields in ({}, {"wanted": ["push:marketing", "email:tracking", "nonsense"]}, {"language": "xx"}):
        assert visitor.post(f"/p/{delivery.token}", fields).status_code == 200
    assert Consent.objects.count() == before


def test_nothing_at_all_ends_every_channel_and_purpose(visitor: Client, delivery: Delivery) -> None:
    consent.grant(delivery.contact_id, "email", basis="express", source="x", now=NOW, purpose="tracking")
    answer = visitor.post(f"/p/{delivery.token}", {"what": "nothing"})
    assert set(state(delivery.contact).values()) == {False}
    assert " checked" not in page(answer)
    delivery.refresh_from_db()
    assert delivery.unsubscribed_at is not None


def test_tracking_is_asked_where_the_law_wants_it_and_decided_alone(visitor: Client) -> None:
    delivery = sent(business={"country": "FR"}, tracking=True)
    assert page(visitor.get(f"/p/{delivery.token}")).count(" checked") == 2
    visitor.post(
        f"/p/{delivery.token}", {"shown": ["email:marketing", "email:tracking"], "wanted": ["email:marketing"]}
    )
    held = state(delivery.contact)
    assert (held["email", "marketing"], held["email", "tracking"]) == (True, False)


def test_what_was_stopped_at_the_provider_cannot_be_ticked(visitor: Client, delivery: Delivery) -> None:
    consent.suppress(
        kind="phone", normal="+34600000001", channel="sms", scope="all", reason="stop", source="x", now=NOW
    )
    assert page(visitor.get(f"/p/{delivery.token}")).count(" checked") == 1
    visitor.post(f"/p/{delivery.token}", {"shown": SHOWN, "wanted": SHOWN})
    assert not state(delivery.contact)["sms", "marketing"]


def test_an_unknown_token_says_what_it_says_elsewhere(visitor: Client, delivery: Delivery) -> None:
    answers = {page(visitor.get(f"/{path}/AAAAAAAAAAAAAAAA")) for path in ("p", "u", "a")}
    assert len(answers) == 1
    assert visitor.post("/p/AAAAAAAAAAAAAAAA", {"what": "nothing"}).status_code == 404


def test_the_way_to_the_page_stands_beside_the_way_out(visitor: Client, delivery: Delivery) -> None:
    assert f"/p/{delivery.token}" in page(visitor.get(f"/u/{delivery.token}"))
    assert f"/p/{delivery.token}" in page(visitor.post(f"/u/{delivery.token}"))


def test_how_they_are_reached_best_is_what_the_person_says_of_the_channels_that_are_shown(
    visitor: Client, delivery: Delivery
) -> None:
    said = {"shown": SHOWN, "wanted": SHOWN, "prefers": "sms"}
    assert '<option value="sms" selected>' in page(visitor.post(f"/p/{delivery.token}", said))
    contact = Contact.objects.get(pk=delivery.contact_id)
    assert contact.preferred_channel == "sms"
    visitor.post(f"/p/{delivery.token}", {**said, "prefers": "pigeon"})
    contact.refresh_from_db()
    assert contact.preferred_channel == "sms"
    visitor.post(f"/p/{delivery.token}", {**said, "prefers": ""})
    contact.refresh_from_db()
    assert contact.preferred_channel == ""
