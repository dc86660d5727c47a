"""Whatever leaves the house is written down: who, what, of how many, by which filter. And the proof of consent, as a page."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.urls import reverse

from channels.models import Confirmation, Form
from contacts import consent
from contacts.models import Contact, Handout, ImportRun
from contacts.privacy.proof import version_of
from tests.contacts.staff import READY, said_of, sign_in
from tests.factories import NOW, make_business, make_contact

pytestmark = pytest.mark.django_db


def taken() -> list[tuple[str, int | None, str]]:
    return list(Handout.objects.order_by("id").values_list("what", "people", "chosen"))


def proof_of(contact: Contact) -> str:
    return reverse("admin:contacts_contact_proof", args=[contact.pk])


def test_each_way_out_leaves_a_line_before_anything_leaves() -> None:
    make_business()
    ana, _bo = make_contact("Ana Ruiz", city="Madrid"), make_contact("Bo Stone")
    client = sign_in("Owner")
    address = reverse("admin:contacts_contact_changelist") + "?city=Madrid&q=ana"
    client.post(address, {"action": "export_contacts", "_selected_action": [ana.pk], "select_across": "1"})
    client.post(reverse("admin:contacts_contact_take_away", args=[ana.pk]))
    client.get(proof_of(ana))
    run = ImportRun.objects.create(filename="all.csv", state="done", refused=3, delimiter=",")
    client.get(reverse("admin:contacts_importrun_refused", args=[run.pk]))
    client.get(reverse("admin:cascades_recipients_export"))
    form = Form.objects.create(name="Visit")
    client.get(reverse("admin:channels_form_results", args=[form.pk]), {"export": "1"})
    assert taken() == [
        ("contacts", 1, "city: Madrid; q: ana"), ("person", 1, ""), ("proof", 1, ""), ("refused", 3, "all.csv"),
        ("recipients", 0, ""), ("answers", 0, form.slug),
    ]  # fmt: skip
    first = Handout.objects.earliest("id")
    assert (first.name, first.by) == ("Owner", User.objects.get())


@pytest.mark.parametrize("role", READY)
def test_only_the_owner_reads_what_left_and_nobody_changes_it(role: str) -> None:
    make_business()
    client = sign_in(role)
    ana = make_contact("Ana Ruiz", email="a@example.com")
    shown = client.get(proof_of(ana))
    assert shown.status_code == 200  # whoever sees the ledger may print it
    listed = client.get(reverse("admin:contacts_handout_changelist"))
    assert listed.status_code == (200 if role == "Owner" else 403)
    row = Handout.objects.get()
    assert client.post(reverse("admin:contacts_handout_delete", args=[row.pk]), {"post": "yes"}).status_code == 403
    if role == "Owner":
        assert "proof of consent" in said_of(listed)


def test_the_proof_says_who_when_how_what_was_read_and_how_it_was_withdrawn() -> None:
    make_business(time_zone="Europe/Madrid")
    ana = make_contact("Ana Ruiz", email="a@example.com", consent=())
    eva = User.objects.create_user("eva", first_name="Eva", last_name="Sol")
    at = datetime(2026, 7, 1, 22, 30, tzinfo=UTC)
    more: dict[str, Any] = {
        "wording": "Yes, send me offers",
        "language": "es",
        "ip": "192.0.2.7",
        "address": "a@example.com",
    }
    consent.grant(ana.pk, "email", basis="express", source="form at the counter", now=at, operator_id=eva.pk, **more)
    consent.withdraw(ana.pk, "email", source="reply STOP", now=NOW, delivery_token="abcdef")
    Confirmation.objects.create(
        contact=ana, kind="email", address="a@example.com", fingerprint="x", source="join page", language="es", ip="192.0.2.8",
        requested_at=NOW, asked_at=NOW, expires_at=NOW, confirmed_at=NOW, confirmed_ip="192.0.2.9",
    )  # fmt: skip
    page = said_of(sign_in("Viewer").get(proof_of(ana)))
    for text in (
        "2026-07-01 22:30:00 UTC · July 2, 2026 00:30:00 (CEST, Europe/Madrid)", "Yes, send me offers", "Spanish", "marketing", "Email",
        "the person agreed", "form at the counter", "192.0.2.7", "Eva Sol", "reply STOP", "The person withdrew", "abcdef", "192.0.2.9",
        "The address was confirmed", "Printed",
    ):  # fmt: skip
        assert text in page, text
    assert page.index("The person agreed") < page.index("The person withdrew")


def test_the_same_words_have_the_same_version_however_they_are_spaced() -> None:
    assert version_of("Yes,  send me\noffers") == version_of("Yes, send me offers")
    assert version_of("Yes, send me offers!") != version_of("Yes, send me offers")
