"""Addresses that people bring by joining (a browser's subscription): staff see what they mean, and never type, search or read them."""

from __future__ import annotations

import pytest
from django.test import Client
from django.urls import reverse

from contacts import consent, kinds
from contacts.consent.suppression import suppress
from contacts.forms.house import SuppressionForm
from contacts.models import Address, Contact, Suppression, Validity
from contacts.searching import found_by
from tests.factories import NOW, make_business, make_contact

pytestmark = pytest.mark.django_db
SECRET = '{"endpoint":"https://push.example/abc","agent":"Chrome on Windows"}'


@pytest.fixture(autouse=True)
def browsers(monkeypatch: pytest.MonkeyPatch) -> None:
    kind = kinds.Kind(
        "bell", "bell", "Bell", "Browser", typed=False, titled=True, shown=lambda normal: "Chrome on Windows"
    )
    monkeypatch.setitem(kinds._kinds, "bell", kind)


def with_browser() -> Contact:
    make_business()
    person = make_contact(email="ana@example.com")
    Address.objects.create(contact=person, kind="bell", value=SECRET, normal=SECRET)
    person.refresh_from_db()
    person.save()
    return person


def test_it_is_found_by_no_search() -> None:
    person = with_browser()
    assert "push.example" not in person.search
    assert "ana@example.com" in person.search
    assert not found_by(Contact.objects.all(), "endpoint").exists()


def test_lists_and_pages_show_what_it_is_and_not_what_it_holds(admin_client: Client) -> None:
    person = with_browser()
    consent.grant(person.pk, "bell", basis="express", source="page", now=NOW, address=SECRET)
    line = person.consents.get(kind="bell")
    pages = [
        reverse("admin:contacts_contact_changelist"),
        reverse("admin:contacts_contact_change", args=[person.pk]),
        reverse("admin:contacts_consent_change", args=[line.pk]),
    ]
    for page in pages:
        shown = admin_client.get(page).content.decode()
        assert "Chrome on Windows" in shown
        assert "push.example" not in shown


def test_staff_put_it_aside_but_change_it_in_nothing(admin_client: Client) -> None:
    person = with_browser()
    mail, browser = person.addresses.order_by("id")
    form = {
        "first_name": "Ana", "last_name": "Ruiz", "attributes": "[]", "addresses-TOTAL_FORMS": 2, "addresses-INITIAL_FORMS": 2,
        **{f"{name}-{part}_FORMS": 0 for name in ("guardians", "students") for part in ("TOTAL", "INITIAL")},
        "addresses-0-id": mail.pk, "addresses-0-contact": person.pk, "addresses-0-kind": "email",
        "addresses-0-value": "ana@example.com", "addresses-0-validity": "ok", "addresses-0-position": 0,
        "addresses-1-id": browser.pk, "addresses-1-contact": person.pk, "addresses-1-kind": "email",
        "addresses-1-value": "other@example.com", "addresses-1-validity": "invalid", "addresses-1-position": 1,
    }  # fmt: skip
    answer = admin_client.post(reverse("admin:contacts_contact_change", args=[person.pk]), form)
    assert answer.status_code == 302
    browser.refresh_from_db()
    assert (browser.kind, browser.value, browser.normal) == ("bell", SECRET, SECRET)
    assert browser.validity == Validity.INVALID


def test_nobody_can_type_one(admin_client: Client) -> None:
    person = with_browser()
    page = admin_client.get(reverse("admin:contacts_contact_change", args=[person.pk]))
    empty = page.context["inline_admin_formsets"][0].formset.empty_form
    assert [name for name, _ in empty.fields["kind"].choices] == [
        name for name, _ in kinds.address_choices() if name != "bell" and kinds.typed(name)
    ]
    assert "bell" not in dict(SuppressionForm(country="ES").fields["kind"].choices)  # type: ignore[attr-defined]


def test_a_suppression_keeps_a_hint_that_says_what_it_was() -> None:
    with_browser()
    suppress(kind="bell", normal=SECRET, scope="all", reason="bounce", source="test", now=NOW)
    assert Suppression.objects.get().hint == "Chrome on Windows"


def test_of_a_kind_that_is_no_longer_installed_nothing_is_shown() -> None:
    assert kinds.shown("gone", SECRET) == "•••"
