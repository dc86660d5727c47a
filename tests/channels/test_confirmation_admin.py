"""Staff see which addresses were left on pages and whether they are confirmed; nobody changes anything there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from channels.models import Confirmation
from contacts.models import Contact
from tests.contacts.staff import page_of, sign_in
from tests.factories import make_business, make_contact

pytestmark = pytest.mark.django_db
LIST = "/admin/channels/confirmation/"


def left(contact: Contact, address: str, **fields: Any) -> Confirmation:
    now = timezone.now()
    known = {
        "kind": "sms" if address.startswith("+") else "email", "source": "counter", "language": "en", "requested_at": now, "asked_at": now,
        "expires_at": now + timedelta(days=7), "fingerprint": address, "wordings": ["Yes, write to me."], **fields,
    }  # fmt: skip
    return Confirmation.objects.create(contact=contact, address=address, **known)


@pytest.fixture
def desk() -> Client:
    make_business()
    return sign_in("Front desk")


def test_the_list_says_what_waits_and_what_is_confirmed_and_hides_the_addresses(desk: Client) -> None:
    now = timezone.now()
    ana, eva = make_contact("Ana Ruiz"), make_contact("Eva Mora")
    waits = left(ana, "waiting@example.com", reminded_at=now)
    left(ana, "+34600100001", confirmed_at=now)
    left(eva, "expired@example.com", expires_at=now - timedelta(minutes=1))
    page = desk.get(LIST).content.decode()
    for shown in (
        "wa•••@example.com",
        "+34•••••01",
        "ex•••@example.com",
        "not confirmed in time",
        "Ana Ruiz",
        "counter",
    ):
        assert shown in page
    for hidden in ("waiting@example.com", "+34600100001", waits.token):
        assert hidden not in page
    expected = {"waiting": "wa•••", "confirmed": "+34•••", "expired": "ex•••"}
    for state, address in expected.items():
        page = desk.get(LIST, {"state": state}).content.decode()
        assert [one for one in expected.values() if one in page] == [address]
    assert "ex•••" not in desk.get(LIST, {"q": "ana ruiz"}).content.decode()


def test_a_person_s_page_leads_to_theirs_and_nothing_can_be_changed(desk: Client) -> None:
    ana, eva = make_contact("Ana Ruiz"), make_contact("Eva Mora")
    mine = left(ana, "waiting@example.com")
    left(eva, "other@example.com")
    link = f"{LIST}?contact__id__exact={ana.pk}"
    assert link in desk.get(page_of(ana)).content.decode()
    page = desk.get(link).content.decode()
    assert "wa•••" in page
    assert "ot•••" not in page
    shown = desk.get(f"{LIST}{mine.pk}/change/").content.decode()
    assert "Yes, write to me." in shown
    assert "waiting</div>" in shown.replace(" ", "").replace("\n", "")
    assert mine.token not in shown
    assert desk.post(f"{LIST}{mine.pk}/change/", {"address": "x@example.com"}).status_code == 403
    assert desk.get(f"{LIST}add/").status_code == 403
    assert link not in desk.get(page_of(make_contact("Ida Roy"))).content.decode()


def test_a_long_list_costs_no_more_statements(desk: Client) -> None:
    def cost() -> int:
        with CaptureQueriesContext(connection) as captured:
            desk.get(LIST)
        return len(captured)

    left(make_contact("Ana Ruiz"), "a@example.com")
    cost()
    one = cost()
    for n in range(4):
        left(make_contact(f"P{n}"), f"p{n}@example.com")
    assert cost() == one
