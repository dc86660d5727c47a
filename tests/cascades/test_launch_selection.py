"""The start by hand for those who were chosen in the list of contacts: a few by themselves, a crowd as a group of its own."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from cascades import runner
from cascades.admin import launch as pages
from contacts.models import Contact, Group
from tests import factories
from tests.cascades.start_desk import choose, go, text, url_of
from tests.contacts.staff import sign_in
from tests.factories import NOW

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def shop(db: None) -> Iterator[None]:
    factories.make_business()
    with time_machine.travel(NOW, tick=False):
        yield


@pytest.fixture
def client() -> Client:
    return sign_in("Marketer")


def test_people_chosen_in_the_list_of_contacts_get_the_cascade(client: Client) -> None:
    cascade = factories.email_then_sms()
    people = [factories.make_contact(f"P{n}", email=f"p{n}@x.example") for n in range(4)]
    chosen = {"action": "start_for", "_selected_action": [one.pk for one in people[:3]]}
    page = client.post("/admin/contacts/contact/", chosen, follow=True)
    assert "3 contacts chosen" in text(page)
    assert str(people[0].pk) not in page.redirect_chain[0][0].split("/")
    url = url_of(client, cascade, "?chosen")
    assert "3 contacts chosen in the list" in text(client.get(url))
    checked = choose(client, url, contacts="on")
    assert checked.context["forecast"].people == 3
    go(client, url, checked)
    runner.enroll_due(NOW)
    assert set(Contact.objects.filter(enrollments__isnull=False)) == set(people[:3])


def test_a_crowd_chosen_in_the_list_of_contacts_comes_as_a_group_of_its_own_that_is_shown_nowhere_else(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "AT_ONCE", 2)
    cascade = factories.email_then_sms()
    people = [factories.make_contact(f"P{n}", email=f"p{n}@x.example", city="Lugo") for n in range(4)]
    factories.make_contact("Elsewhere", email="e@x.example", city="Madrid")
    chosen = {"action": "start_for", "select_across": "1", "_selected_action": [people[0].pk]}
    page = client.post("/admin/contacts/contact/?q=lugo", chosen, follow=True)
    monkeypatch.undo()  # the numbers of so few are shown at once
    crowd = Group.objects.get()
    assert crowd.contacts.count() == 4
    assert f"group={crowd.pk}" in page.content.decode()
    assert crowd.name not in text(client.get("/admin/contacts/group/"))
    assert "4 contacts chosen" in text(
        client.get(f"{reverse('admin:cascades_cascade_launch_choose')}?group={crowd.pk}")
    )
    url = url_of(client, cascade, "?chosen")
    checked = choose(client, url, groups=[crowd.pk])
    assert checked.context["forecast"].people == 4
    go(client, url, checked)
    runner.enroll_due(NOW)
    assert set(Contact.objects.filter(enrollments__isnull=False)) == set(people)
