"""Who answers for whom, on either person's page."""

from __future__ import annotations

from typing import Any

import pytest

from contacts.models import Contact, Guardian
from tests.contacts.staff import page_of, said_of, sign_in
from tests.contacts.test_contact_admin import filled
from tests.factories import make_business, make_contact

pytestmark = pytest.mark.django_db


def posted(contact: Contact, side: str, other: Contact) -> dict[str, Any]:
    ends = {"guardians": ("student", "guardian"), "students": ("guardian", "student")}[side]
    row = {ends[0]: contact.pk, ends[1]: other.pk, "relation": "mother", "receives": "on"}
    more = {f"{side}-0-{name}": value for name, value in row.items()} | {f"{side}-TOTAL_FORMS": 1}
    return filled(contact) | more | {"first_name": contact.first_name, "last_name": contact.last_name}


@pytest.mark.parametrize("side", ["guardians", "students"])
def test_the_front_desk_says_it_on_either_page_and_both_pages_show_it(side: str) -> None:
    make_business()
    ana, eva = make_contact("Ana Gil"), make_contact("Eva Gil")
    client = sign_in("Front desk")
    page, other = (ana, eva) if side == "guardians" else (eva, ana)
    assert client.post(page_of(page), posted(page, side, other)).status_code == 302
    link = Guardian.objects.get()
    assert (link.student, link.guardian, link.relation, link.receives) == (ana, eva, "mother", True)
    assert "Eva Gil" in said_of(client.get(page_of(ana)))
    assert "Ana Gil" in said_of(client.get(page_of(eva)))


def test_nobody_answers_for_themselves() -> None:
    make_business()
    ana = make_contact("Ana Gil")
    said = said_of(sign_in("Front desk").post(page_of(ana), posted(ana, "guardians", ana)))
    assert "Nobody answers for themselves. Choose another person." in said
    assert Guardian.objects.count() == 0


def test_a_viewer_reads_it_and_changes_nothing() -> None:
    make_business()
    ana, eva = make_contact("Ana Gil"), make_contact("Eva Gil")
    Guardian.objects.create(student=ana, guardian=eva)
    client = sign_in("Viewer")
    assert "Eva Gil" in said_of(client.get(page_of(ana)))
    assert client.post(page_of(ana), posted(ana, "guardians", eva)).status_code == 403
