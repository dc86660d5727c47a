"""Export: safe in a spreadsheet, and back again without a change."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import translation
from hypothesis import given
from hypothesis import strategies as st

from contacts import exporting
from contacts.importing import cells, mapping
from contacts.models import Branch, Contact
from tests.contacts.importing_desk import counts, load, staff
from tests.factories import NOW, make_business, make_contact, make_group

pytestmark = pytest.mark.django_db


def exported(contacts: Any = None) -> bytes:
    return b"".join(exporting.response(contacts or Contact.objects.all(), now=NOW))


def shop() -> None:
    make_business(country="ES")
    vip, old = make_group("VIP"), make_group("Años 90")
    branch = Branch.objects.create(name="Centro")
    make_contact(
        "=cmd|' /C calc'!A0 Ruiz", email="ana@example.com", phone="+34600111222", groups=(vip, old), branch=branch, external_id="007",
        city="@home", notes="+1\nand “more”, said 'x'", birth_date="1990-05-31", language="es", time_zone="Europe/Madrid",
        attributes={"Shoe": "38", "email": "odd name", "visits": 3, "likes": ["tea"], "-x": "'quoted", "vip": True},
    )  # fmt: skip
    twin = make_contact("'t Hooft Leo", phone="+34600111222", email="LEO@Example.com", notes="\tTab")
    twin.addresses.create(kind="email", value="leo2@example.com", normal="leo2@example.com", position=1)
    make_contact("Анна Щукина", email="anna@xn--e1afmkfd.xn--p1ai", city="＝Тверь")


def test_a_round_trip_changes_nothing() -> None:
    shop()
    run = load(staff(), exported())
    assert counts(run) == (0, 0, 3, 0), list(run.rows.values("line", "outcome", "reason", "changes"))


@pytest.mark.parametrize("language", [code for code, _ in settings.LANGUAGES])
def test_the_headers_of_an_export_are_known_in_every_language(language: str) -> None:
    shop()
    with translation.override(language):
        headers = next(csv.reader(io.StringIO(exported().decode("utf-8-sig"))))
    expected = (
        "external_id first_name last_name email email phone language time_zone birth_date city branch groups notes"
    )
    assert mapping.guess(headers, [])[:13] == expected.split()
    assert set(mapping.guess(headers, [])[13:]) == {"detail"}


def test_no_cell_can_be_taken_for_a_formula() -> None:
    shop()
    found = [cell for row in csv.reader(io.StringIO(exported().decode("utf-8-sig"))) for cell in row]
    assert "'+34600111222" in found
    assert not [cell for cell in found if cell[:1] and cell[0] in "=+-@\t\r＝＋－＠"]


@given(st.text(max_size=10))
def test_an_escaped_cell_comes_back_as_it_was(text: str) -> None:
    assert cells.strip(exporting.safe(text.strip())) == text.strip()


def test_the_statements_do_not_grow_with_the_people() -> None:
    asked = []
    for many in (5, 60):
        for number in range(many):
            make_contact(f"P{number} X", email=f"p{many}.{number}@example.com")
        with CaptureQueriesContext(connection) as found:
            exported()
        asked.append(len(found))
    assert asked[0] == asked[1]


def test_only_who_may_export_gets_the_file(client: Any, django_user_model: Any) -> None:
    shop()
    chosen = {"action": "export_contacts", "_selected_action": list(Contact.objects.values_list("pk", flat=True))}
    answer = staff().post("/admin/contacts/contact/", chosen)
    assert answer["Content-Type"].startswith("text/csv")
    assert b"ana@example.com" in b"".join(answer)
    from django.contrib.auth.models import Permission

    desk = django_user_model.objects.create_user("desk", is_staff=True)
    desk.user_permissions.add(Permission.objects.get(codename="view_contact"))
    client.force_login(desk)
    assert not client.post("/admin/contacts/contact/", chosen)["Content-Type"].startswith("text/csv")
