"""The pages by which staff hand out and erase: who may, what they read before, and that nothing happens by a slip."""

from __future__ import annotations

import io
import zipfile

import pytest
from django.urls import reverse

from contacts import privacy
from contacts.models import Contact, Erasure
from tests.contacts.staff import READY, page_of, said_of, sign_in
from tests.factories import NOW, make_business, make_contact

pytestmark = pytest.mark.django_db


def address(name: str, contact: Contact) -> str:
    return reverse(f"admin:contacts_contact_{name}", args=[contact.pk])


@pytest.fixture
def ana(db: None) -> Contact:
    make_business()
    return make_contact("Ana Ruiz", email="ana.ruiz@example.com")


@pytest.mark.parametrize("role", READY)
def test_who_may_hand_out_and_who_may_erase(ana: Contact, role: str) -> None:
    client = sign_in(role)
    page = said_of(client.get(page_of(ana)))
    hands_out, erases = role in ("Owner", "Marketer"), role == "Owner"
    assert ("Download everything we know" in page) == hands_out
    assert ("Erase this person…" in page) == erases
    assert client.post(address("take_away", ana)).status_code == (200 if hands_out else 403)
    assert client.get(address("erase", ana)).status_code == (200 if erases else 403)
    done = client.post(address("erase", ana), {"typed": "Ana Ruiz"}).status_code
    assert done == (302 if erases else 403)
    assert client.get(reverse("admin:contacts_erasure_changelist")).status_code == (200 if erases else 403)


def test_the_download_is_a_zip_that_nobody_gets_by_a_link_alone(ana: Contact) -> None:
    client = sign_in("Marketer")
    assert client.get(address("take_away", ana)).status_code == 405
    answer = client.post(address("take_away", ana))
    assert 'filename="ana-ruiz 2' in answer["Content-Disposition"]
    with zipfile.ZipFile(io.BytesIO(answer.content)) as book:
        assert sorted(book.namelist()) == ["data.json", "person.html"]


def test_the_page_says_what_goes_and_what_stays_and_a_wrong_name_erases_nobody(ana: Contact) -> None:
    client = sign_in("Owner")
    page = said_of(client.get(address("erase", ana)))
    assert "To confirm, type: Ana Ruiz" in page
    assert "name, birth date, place, notes" in page
    assert "a keyed hash of each" in page
    page = said_of(client.post(address("erase", ana), {"typed": "Ana", "asked": "by phone"}))
    assert "This is not “Ana Ruiz”. Nobody was erased." in page
    assert 'value="by phone"' in page
    page = said_of(
        client.post(address("erase", ana), {"typed": "ana ruiz", "asked": "wrote from ana.ruiz@example.com"})
    )
    assert "Leave name and address out of it." in page
    assert not Erasure.objects.exists()


def test_an_erased_person_can_be_looked_at_and_is_in_no_list_and_changed_by_nobody(ana: Contact) -> None:
    client = sign_in("Owner")
    page = said_of(client.post(address("erase", ana), {"typed": "  ana RUIZ"}, follow=True))
    assert "The person was erased." in page
    assert "Only numbers are left." in page
    assert "Erase this person…" not in page
    assert "Note what the person said" not in page
    assert client.post(page_of(ana), {"first_name": "Ana"}).status_code == 403
    assert client.post(address("event", ana), {"name": "order"}).status_code == 404
    assert list(client.get(reverse("admin:contacts_contact_changelist")).context["cl"].result_list) == []
    assert "Erased person" in said_of(client.get(reverse("admin:contacts_erasure_changelist")))
    assert "already" in said_of(client.post(address("erase", ana), {"typed": "x"}, follow=True))


def test_of_somebody_without_a_name_an_address_is_typed_and_without_that_a_word(ana: Contact) -> None:
    client = sign_in("Owner")
    bare, nobody = make_contact("", email="x@example.com"), make_contact("")
    assert "type: x@example.com" in said_of(client.get(address("erase", bare)))
    assert "type: erase" in said_of(client.get(address("erase", nobody)))


def test_the_list_of_erasures_says_how_far_it_is(ana: Contact) -> None:
    client = sign_in("Owner")
    privacy.erase(ana.pk, by_id=None, now=NOW)
    listed = reverse("admin:contacts_erasure_changelist")
    assert "being gone through" in said_of(client.get(listed))
    while privacy.sweep(NOW):
        pass
    assert "looked at once more" in said_of(client.get(listed))
