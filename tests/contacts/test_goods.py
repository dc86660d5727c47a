"""What goes with what: kept by staff, else found from what was bought together, and never what the person has already."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from contacts import events
from contacts.goods import About, Offers, together
from contacts.goods.offering import fold
from contacts.models import BoughtTogether, Contact, GoesWith
from tests.contacts.staff import said_of, sign_in
from tests.factories import NOW, make_business, make_contact

pytestmark = pytest.mark.django_db
SHAMPOO, MASK, BRUSH, NAILS = (
    {"sku": sku, "name": name, "category": category, "price": price}
    for sku, name, category, price in (
        ("S1", "Shampoo", "Hair", 12.5), ("S2", "Mask", "Hair", 14.9), ("S3", "Brush", "Tools", 9), ("S4", "Polish", "Nails", 7),
    )
)  # fmt: skip


def keep(what: str, name: str, by: str = "category", **more: Any) -> GoesWith:
    return GoesWith.objects.create(by=by, what=what, folded=fold(what), name=name, **more)


def bought(who: Contact, *items: dict[str, Any], days: float = 1, played: bool = False, **more: Any) -> None:
    at = NOW - timedelta(days=days)
    events.record(who.pk, "order", at=at, now=NOW, data={"items": list(items), **more}, played=played)


def offered(who: Contact, played: bool = False, **data: Any) -> str:
    (found,) = Offers().find([About(who.pk, data, played)], NOW)
    return " ".join(thing["name"] for thing in found)


def test_what_staff_keep_comes_by_category_number_or_name_the_nearest_and_the_lowest_place_first() -> None:
    ana = make_contact("Ana", consent=())
    keep("hair", "Comb", position=20)
    keep("Hair", "Towel", position=1)
    keep("s1", "Mask", by="sku")
    keep("SHAMPOO", "Conditioner", by="name")
    assert offered(ana, items=[SHAMPOO]) == "Mask Conditioner Towel Comb"
    assert offered(ana, category="HAIR") == "Towel Comb"
    assert offered(ana, items=[NAILS]) == ""


def test_nobody_is_offered_what_they_have_or_what_they_are_just_buying() -> None:
    ana, bo = make_contact("Ana", consent=()), make_contact("Bo", consent=())
    for one in (MASK, BRUSH):
        keep("Hair", str(one["name"]), sku=one["sku"])
    bought(ana, {"name": "Something", "sku": "s2"}, days=100)
    assert offered(ana, items=[SHAMPOO]) == "Brush"
    assert offered(bo, items=[SHAMPOO, {"name": "brush"}]) == "Mask"


def test_without_an_occasion_the_last_order_counts_and_what_was_played_only_for_what_is_played() -> None:
    ana = make_contact("Ana", consent=())
    keep("Hair", "Towel")
    keep("Nails", "File")
    keep("Tools", "Case")
    bought(ana, NAILS, days=9)
    bought(ana, SHAMPOO, days=2)
    bought(ana, BRUSH, days=1, played=True)
    assert offered(ana) == "Towel"
    assert offered(ana, played=True) == "Case"
    assert offered(make_contact("Bo", consent=())) == ""


def test_where_staff_keep_nothing_what_was_bought_together_is_offered_with_its_newest_details() -> None:
    people = [make_contact(f"P{n}", consent=()) for n in range(4)]
    for one in people[:3]:
        bought(one, SHAMPOO, MASK)
    bought(people[0], SHAMPOO, {**BRUSH, "price": 9}, days=5)
    bought(people[1], SHAMPOO, {**BRUSH, "price": 11, "link": "https://shop.example/s3"}, days=1)
    bought(people[2], SHAMPOO, NAILS)  # once only
    bought(people[2], MASK, NAILS, played=True)
    bought(people[2], MASK, NAILS, played=True)
    bought(people[3], SHAMPOO, MASK, days=400)  # too long ago
    odds: list[Any] = ["Shampoo", [None, 7, "Mask", {}], {"sku": "S1"}]
    for odd in odds:
        events.record(people[3].pk, "order", at=NOW, now=NOW, data={"items": odd})
    assert together.find(NOW) == together.find(NOW) == 4
    assert list(BoughtTogether.objects.filter(thing="S1").values_list("other", "times")) == [("S2", 3), ("S3", 2)]
    ana = make_contact("Ana", consent=())
    assert offered(ana, items=[SHAMPOO]) == "Mask Brush"
    assert offered(ana, category="Hair") == "Mask Shampoo Brush"
    brush = Offers().find([About(ana.pk, {"items": [SHAMPOO]})], NOW)[0][1]
    assert brush == {
        "name": "Brush",
        "sku": "S3",
        "category": "Tools",
        "price": "11",
        "link": "https://shop.example/s3",
    }
    keep("Hair", "Towel")
    assert offered(ana, items=[SHAMPOO]) == "Towel"


def test_many_people_take_three_statements() -> None:
    keep("Hair", "Towel")
    people = [make_contact(f"P{n}", consent=()) for n in range(20)]
    for one in people:
        bought(one, SHAMPOO)
    with CaptureQueriesContext(connection) as asked:
        Offers().find([About(one.pk, {"items": [NAILS]}) for one in people], NOW)
    assert len(asked) == 3


def test_a_marketer_keeps_the_list_by_hand_and_by_a_table_that_doubles_nothing() -> None:
    make_business()
    marketer, address = sign_in("Marketer"), reverse("admin:contacts_goeswith_add")
    fields = {
        "by": "category",
        "what": "Hair",
        "name": "Towel",
        "price": "8.00",
        "position": "10",
        "link": "javascript:x",
    }
    assert "Enter a valid URL" in said_of(marketer.post(address, fields))
    assert marketer.post(address, {**fields, "link": "https://shop.example/t"}).status_code == 302
    assert "This stands in the list already." in said_of(
        marketer.post(address, {**fields, "what": " hair ", "link": ""})
    )
    table = "category;goes with;price;link\nhair;Towel;9,50;https://shop.example/t\nNails;File;cheap;\nNails;;;\nNails;File;3;\n"
    page = said_of(
        marketer.post(
            reverse("admin:contacts_goeswith_import_table"),
            {"file": SimpleUploadedFile("t.csv", table.encode()), "take_in": "1"},
        )
    )
    assert "Taken in: 2. Refused: 2." in page
    assert "“cheap” is not a price." in page
    kept = [(row.folded, row.name, str(row.price)) for row in GoesWith.objects.all()]
    assert kept == [("hair", "Towel", "9.50"), ("nails", "File", "3.00")]


@pytest.mark.parametrize(("role", "keeps"), [("Owner", True), ("Front desk", False), ("Viewer", False)])
def test_others_look_only(role: str, keeps: bool) -> None:
    keep("Hair", "Towel")
    client = sign_in(role)
    assert (client.get(reverse("admin:contacts_goeswith_add")).status_code == 200) is keeps
    assert client.get(reverse("admin:contacts_goeswith_changelist")).status_code == 200
    assert client.get(reverse("admin:contacts_boughttogether_changelist")).status_code == 200
    assert (client.get(reverse("admin:contacts_goeswith_import_table")).status_code == 200) is keeps
