"""The pages of contacts, consent, events, groups and suppressed addresses, as staff use them."""

import re
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from contacts import events
from contacts.models import Consent, Contact, Event, Suppression
from tests.contacts.staff import READY, listed, page_of, said_of, sign_in
from tests.factories import NOW, make_business, make_contact, make_group

pytestmark = pytest.mark.django_db

LISTS = ("contact", "group", "consent", "event", "suppression", "branch")


@pytest.fixture(autouse=True)
def _salon() -> None:
    make_business()


def filled(contact: Contact | None, addresses: list[dict[str, Any]] = [], **fields: Any) -> dict[str, Any]:  # noqa: B006
    """What the person's form posts."""
    held = list(contact.addresses.all()) if contact else []
    data: dict[str, Any] = {
        "first_name": "Ana", "last_name": "Ruiz", "addresses-TOTAL_FORMS": len(addresses), "addresses-INITIAL_FORMS": len(held),
        "addresses-MIN_NUM_FORMS": 0, "addresses-MAX_NUM_FORMS": 1000,
        **{f"{name}-{part}_FORMS": 0 for name in ("guardians", "students") for part in ("TOTAL", "INITIAL")}, **fields,
    }  # fmt: skip
    for n, address in enumerate(addresses):
        row = {"kind": "email", "validity": "ok", "position": n, **address}
        if n < len(held):
            row |= {"id": held[n].pk, "contact": held[n].contact_id}
        data |= {f"addresses-{n}-{name}": value for name, value in row.items()}
    return data


# --- the person -------------------------------------------------------------------------------------------------------


def test_a_new_person_is_found_by_the_addresses_typed_with_them() -> None:
    client, group = sign_in("Front desk"), make_group()
    rows = [{"value": "Ana <ANA@Example.com>"}, {"kind": "phone", "value": "600 12 34 56"}]
    answer = client.post(reverse("admin:contacts_contact_add"), filled(None, rows, in_groups=[group.pk]))
    assert answer.status_code == 302
    ana = Contact.objects.get()
    assert [(a.kind, a.normal) for a in ana.addresses.all()] == [
        ("email", "ANA@example.com"),
        ("phone", "+34600123456"),
    ]
    assert list(ana.groups.all()) == [group]
    assert listed(client, "600123456") == ["Ana Ruiz"]
    client.post(page_of(ana), filled(ana, [{"value": "new@example.com"}, {"kind": "phone", "value": "+34600123456"}]))
    assert listed(client, "new@example.com") == ["Ana Ruiz"]
    assert listed(client, "ana@example.com") == []
    assert list(ana.groups.all()) == []


def test_an_address_that_cannot_be_used_is_refused_with_a_sentence_and_nothing_is_lost() -> None:
    client = sign_in("Front desk")
    rows = [
        {"value": "ana.example.com"},
        {"kind": "phone", "value": "12"},
        {"value": "b@example.com"},
        {"value": "B@example.com"},
    ]
    text = said_of(client.post(reverse("admin:contacts_contact_add"), filled(None, rows, city="Málaga")))
    assert "“ana.example.com” is not an email address: it has no @." in text
    assert "“12” is too short for a phone number." in text
    assert "“B@example.com” is in this person&#x27;s list already." in text
    assert 'value="Málaga"' in text
    assert not Contact.objects.exists()


def test_two_addresses_that_change_places_are_refused_and_not_an_error_of_the_server() -> None:
    ana = make_contact("Ana Ruiz", email="a@example.com")
    ana.addresses.create(kind="email", value="b@example.com", normal="b@example.com", position=1)
    text = said_of(
        sign_in("Owner").post(page_of(ana), filled(ana, [{"value": "b@example.com"}, {"value": "a@example.com"}]))
    )
    assert "is in this person&#x27;s list already" in text


def test_who_shares_the_address_is_named() -> None:
    make_contact("Bo Ruiz", phone="+34600123456")
    rows = [{"kind": "phone", "value": "600123456"}]
    text = said_of(sign_in("Front desk").post(reverse("admin:contacts_contact_add"), filled(None, rows), follow=True))
    assert "+34600123456 is also the address of Bo Ruiz." in text


def test_a_corrected_address_works_again() -> None:
    ana = make_contact("Ana Ruiz", email="typo@example.com")
    ana.addresses.update(validity="invalid", invalid_reason="5.1.1", bad_hits=3)
    client = sign_in("Owner")
    client.post(page_of(ana), filled(ana, [{"value": "typo@example.com", "validity": "invalid"}]))
    assert ana.addresses.get().validity == "invalid"
    client.post(page_of(ana), filled(ana, [{"value": "right@example.com", "validity": "invalid"}]))
    address = ana.addresses.get()
    assert (address.normal, address.validity, address.invalid_reason, address.bad_hits) == (
        "right@example.com",
        "ok",
        "",
        0,
    )


def test_other_details_keep_their_kind_and_a_value_without_a_name_is_refused() -> None:
    ana = make_contact("Ana Ruiz", attributes={"visits": 3, "stylist": "Eva"})
    client = sign_in("Marketer")
    pairs: dict[str, Any] = {
        "attributes-name": ["visits", "stylist", "pet", ""],
        "attributes-value": ["3", "Olga", "cat", ""],
    }
    client.post(page_of(ana), filled(ana, **pairs))
    ana.refresh_from_db()
    assert ana.attributes == {"visits": 3, "stylist": "Olga", "pet": "cat"}
    bad: dict[str, Any] = {"attributes-name": ["", "x", "x"], "attributes-value": ["lost", "1", "2"]}
    text = said_of(client.post(page_of(ana), filled(ana, **bad)))
    assert "“lost” needs a name beside it." in text
    ana.refresh_from_db()
    assert ana.attributes["pet"] == "cat"


def test_nobody_deletes_a_person_and_a_viewer_changes_nothing() -> None:
    ana = make_contact("Ana Ruiz", email="a@example.com")
    assert sign_in("Owner").post(reverse("admin:contacts_contact_delete", args=[ana.pk])).status_code == 403
    viewer = sign_in("Viewer")
    assert viewer.post(page_of(ana), filled(ana)).status_code == 403
    assert viewer.post(reverse("admin:contacts_contact_event", args=[ana.pk]), {"name": "order"}).status_code == 403
    assert viewer.post(reverse("admin:contacts_contact_said", args=[ana.pk]), {"given": "1"}).status_code == 403
    text = said_of(viewer.get(page_of(ana)))
    assert "Everything that happened" in text
    assert 'value="order"' not in text
    assert "Note what the person said" not in text


def test_the_story_comes_in_pages() -> None:
    ana = make_contact("Ana Ruiz", consent=())
    Contact.objects.update(created_at=NOW - timedelta(days=1))
    events.record_many(
        [events.Fact(ana.pk, "visit", NOW, key=str(n), data={"note": f"visit {n:02d}"}) for n in range(30)], now=NOW
    )
    client = sign_in("Viewer")
    first, second = said_of(client.get(page_of(ana))), said_of(client.get(page_of(ana), {"story": "2"}))
    assert (first.count(">Came<"), second.count(">Came<")) == (25, 5)
    assert "Page 2 of 2" in second
    assert "Page 2 of 2" in said_of(client.get(page_of(ana), {"story": "99"}))


# --- what staff note down ---------------------------------------------------------------------------------------------


def nonce_on(page: str) -> str:
    found = re.search(r'name="nonce" value="([^"]+)"', page)
    assert found
    return found[1]


def test_a_double_click_on_bought_counts_once_and_a_fresh_page_counts_again() -> None:
    ana, client = make_contact("Ana Ruiz"), sign_in("Front desk")
    address = reverse("admin:contacts_contact_event", args=[ana.pk])
    data = {"name": "order", "amount": "40", "note": "colour", "nonce": nonce_on(said_of(client.get(page_of(ana))))}
    assert "Noted: bought." in said_of(client.post(address, data, follow=True))
    assert "This was noted already." in said_of(client.post(address, data, follow=True))
    event = Event.objects.get()
    bought = {"amount": "40 EUR", "total": 40.0, "currency": "EUR"}
    assert (event.name, event.data, event.source) == ("order", {**bought, "note": "colour"}, "desk")
    assert event.operator
    client.post(address, {**data, "nonce": nonce_on(said_of(client.get(page_of(ana))))})
    assert Event.objects.count() == 2


def test_a_wrong_amount_gives_the_form_again_with_what_was_typed() -> None:
    ana, client = make_contact("Ana Ruiz"), sign_in("Front desk")
    data = {"name": "order", "amount": "forty", "note": "colour", "nonce": nonce_on(said_of(client.get(page_of(ana))))}
    text = said_of(client.post(reverse("admin:contacts_contact_event", args=[ana.pk]), data))
    assert "Enter a number." in text
    assert 'value="colour"' in text
    assert not Event.objects.exists()
    assert client.get(reverse("admin:contacts_contact_event", args=[ana.pk])).status_code == 405


def consent_of(client: Client, contact: Contact, **fields: str) -> dict[str, str]:
    seen = re.search(r'name="seen" value="(\d+)"', said_of(client.get(page_of(contact))))
    assert seen
    data = {"kind": "email", "purpose": "marketing", "given": "1", "basis": "express", "source": "form at the counter"}
    today = Contact._meta.get_field("created_at").value_from_object(contact).date().isoformat()
    return {**data, "on": today, "seen": seen[1], **fields}


def test_what_the_person_said_becomes_a_line_with_its_proof_and_a_second_click_adds_none() -> None:
    ana, client = make_contact("Ana Ruiz", email="a@example.com", consent=()), sign_in("Front desk")
    address = reverse("admin:contacts_contact_said", args=[ana.pk])
    data = consent_of(client, ana, wording="Yes, send me offers")
    assert "Noted: the person agreed." in said_of(client.post(address, data, follow=True))
    assert "in the meantime" in said_of(client.post(address, data))
    line = Consent.objects.get()
    assert (line.given, line.basis, line.source, line.wording) == (
        True,
        "express",
        "form at the counter",
        "Yes, send me offers",
    )
    assert line.operator
    assert "Agreed on" in said_of(client.get(page_of(ana)))
    client.post(address, consent_of(client, ana, given="0", source="by phone"))
    assert [(line.given, line.basis) for line in Consent.objects.order_by("id")] == [
        (True, "express"),
        (False, "withdrawal"),
    ]


def test_an_older_paper_does_not_bring_back_what_was_withdrawn_later() -> None:
    ana, client = make_contact("Ana Ruiz", email="a@example.com", consent=()), sign_in("Front desk")
    address = reverse("admin:contacts_contact_said", args=[ana.pk])
    client.post(address, consent_of(client, ana, given="0"))
    text = said_of(client.post(address, consent_of(client, ana, on="2020-01-31", wording="signed in January")))
    assert "Only what they said after that counts." in text
    assert "signed in January" in text
    assert "This day has not come yet." in said_of(client.post(address, consent_of(client, ana, on="2100-01-01")))
    assert Consent.objects.count() == 1


# --- suppressed addresses ---------------------------------------------------------------------------------------------


def test_staff_close_an_address_find_it_by_the_whole_of_it_and_open_it_again() -> None:
    client, address = sign_in("Owner"), reverse("admin:contacts_suppression_changelist")
    ana = make_contact("Ana Ruiz", phone="+34600123456")
    data = {"kind": "phone", "value": "12", "scope": "all", "channel": "email", "source": "called"}
    text = said_of(client.post(reverse("admin:contacts_suppression_add"), data))
    assert "too short" in text
    assert "This channel does not use this kind of address." in text
    client.post(reverse("admin:contacts_suppression_add"), {**data, "value": "600 123 456", "channel": ""})
    row = Suppression.objects.get()
    assert (row.hint, row.reason, row.source) == ("+34•••••56", "staff", "called")
    assert Consent.objects.filter(contact=ana, given=False, basis="staff").exists()
    assert "+34•••••56" in said_of(client.get(address, {"q": "600123456"}))
    assert "+34•••••56" not in said_of(client.get(address, {"q": "600123457"}))
    lift = {"action": "lift", "_selected_action": [row.pk]}
    desk = sign_in("Front desk")
    desk.post(address, lift)
    row.refresh_from_db()
    assert row.lifted_at is None
    assert desk.get(reverse("admin:contacts_suppression_add")).status_code == 403
    client.post(address, lift)
    row.refresh_from_db()
    assert row.lifted_at


@pytest.mark.parametrize("role", READY)
def test_nobody_changes_or_deletes_a_line_of_the_ledger_or_an_event(role: str) -> None:
    ana = make_contact("Ana Ruiz", email="a@example.com")
    events.record(ana.pk, "visit", at=NOW, now=NOW)
    client = sign_in(role)
    for row in (Consent.objects.first(), Event.objects.first()):
        assert row is not None
        name = row._meta.model_name
        assert client.get(reverse(f"admin:contacts_{name}_add")).status_code == 403
        assert client.post(reverse(f"admin:contacts_{name}_change", args=[row.pk]), {"given": ""}).status_code == 403
        assert client.post(reverse(f"admin:contacts_{name}_delete", args=[row.pk]), {"post": "yes"}).status_code == 403


def test_groups_count_their_people() -> None:
    make_group("Regulars", [make_contact("Ana"), make_contact("Bo")])
    text = said_of(sign_in("Viewer").get(reverse("admin:contacts_group_changelist")))
    assert "2 people" in text
