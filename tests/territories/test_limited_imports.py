"""Files and duplicates of somebody who is limited to branches: what they bring in is theirs, and of others they learn nothing."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db.models import Model
from django.test import Client
from django.urls import reverse

from contacts.importing.within import NOT_YOURS
from contacts.models import Address, Booking, Change, Contact, Duplicate, Event, ImportRun, Membership, Merge
from contacts.tasks import work_imports
from tests.contacts.importing_desk import LIST, columns, counts, load, newest, table, upload
from tests.factories import NOW, make_contact
from tests.territories import house as houses
from tests.territories.house import OTHERS, House

pytestmark = pytest.mark.django_db


@pytest.fixture
def house() -> Iterator[House]:
    with time_machine.travel(NOW, tick=False):
        yield houses.build()


@pytest.fixture
def desk(house: House) -> Client:
    return houses.sign_in(house.branch, role="Marketer")


def shown(answer: Any) -> str:
    return b"".join(answer).decode() if answer.streaming else str(answer.content.decode())


def kept_of(*people: Contact) -> list[Any]:
    """The contacts, their addresses and their groups, as they stand."""
    ids = [one.pk for one in people]
    return [
        list(Contact.objects.filter(pk__in=ids).order_by("pk").values()),
        list(Address.objects.filter(contact__in=ids).order_by("pk").values()),
        list(Membership.objects.filter(contact__in=ids).order_by("pk").values()),
    ]


ROWS = table(
    "Zoila Gil,zoila@x.example,", "Wanda Gil,wanda@x.example,", "Xenia Gil,xenia@x.example,", "Nora Sol,nora@x.example,",
    "Olga Paz,olga@x.example,Norte", "Wanda Ruiz,w2@x.example,", header="name,email,branch",
)  # fmt: skip


def test_an_import_changes_theirs_adds_to_their_branch_and_refuses_the_others_without_saying_whose_they_are(
    house: House, desk: Client
) -> None:
    before = kept_of(house.other, house.homeless)
    run = load(desk, ROWS)
    assert run.state == "done"
    assert counts(run) == (2, 1, 0, 3)
    assert Contact.objects.get(pk=house.theirs.pk).last_name == "Gil"
    assert {one.branch_id for one in Contact.objects.filter(first_name__in=["Nora", "Wanda"])} == {
        house.branch.pk, house.elsewhere.pk
    }  # fmt: skip
    assert Contact.objects.get(addresses__normal="w2@x.example").branch_id == house.branch.pk
    assert kept_of(house.other, house.homeless) == before
    refused = {row.cells[1]: row.reason for row in run.rows.filter(outcome="refused")}
    assert {refused["wanda@x.example"], refused["xenia@x.example"]} == {str(NOT_YOURS)}
    assert "There is no branch “Norte”" in refused["olga@x.example"]
    page = shown(desk.get(f"{LIST}{run.pk}/change/?show=refused"))
    assert str(NOT_YOURS) in page
    table_of_refused = shown(desk.get(f"{LIST}{run.pk}/refused/"))
    assert "wanda@x.example" in table_of_refused  # their own file
    assert "34600000002" not in page + table_of_refused


def test_who_is_not_limited_imports_for_everybody(house: House) -> None:
    run = load(houses.sign_in(role="Marketer", name="boss"), ROWS)
    assert counts(run) == (3, 3, 0, 0)


def test_with_several_branches_it_is_asked_which_one_new_people_belong_to(house: House) -> None:
    both = houses.sign_in(house.branch, house.elsewhere, role="Marketer", name="both")
    upload(both, table("Nora Sol,nora@x.example,", "Olga Paz,olga@x.example,Centro", header="name,email,branch"))
    run = newest()
    page = f"{LIST}{run.pk}/change/"
    assert "Choose which of your branches new people belong to." in shown(both.post(page, columns(run)))
    assert both.post(page, columns(run, branch=house.elsewhere.pk)).status_code == 302
    work_imports()
    both.post(f"{LIST}{run.pk}/confirm/")
    work_imports()
    made = dict(Contact.objects.filter(first_name__in=["Nora", "Olga"]).values_list("first_name", "branch"))
    assert made == {"Nora": house.elsewhere.pk, "Olga": house.branch.pk}


def test_nobody_is_sent_out_of_sight_and_a_shared_address_tells_nothing(house: House, desk: Client) -> None:
    make_contact("Wilma One", email="shared@x.example", branch=house.elsewhere)
    make_contact("Wilma Two", email="shared@x.example", branch=house.branch)
    run = load(
        desk, table("Zoila Ruiz,zoila@x.example,", "Vera Sol,shared@x.example,", header="name,email,branch"), empty="erase"
    )  # fmt: skip
    assert Contact.objects.get(pk=house.theirs.pk).branch_id == house.branch.pk
    assert run.rows.get(outcome="refused").reason == str(NOT_YOURS)


def test_imports_of_others_are_not_there(house: House, desk: Client) -> None:
    boss = houses.sign_in(name="boss")
    upload(boss, ROWS)
    theirs = newest()
    for name in (
        "change",
        "progress",
        "confirm",
        "cancel",
        "reopen",
        "refused",
        "reading",
        "guess",
        "delete",
        "history",
    ):
        url = reverse(f"admin:contacts_importrun_{name}", args=[theirs.pk])
        assert desk.get(url).status_code in {302, 404}, name
        assert desk.post(url, {}).status_code in {302, 404}, name
    assert ImportRun.objects.get(pk=theirs.pk).state == "uploaded"
    assert desk.get(LIST).context["cl"].result_count == 0
    upload(desk, ROWS)
    assert [run.pk for run in desk.get(LIST).context["cl"].result_list] == [newest().pk]
    assert boss.get(LIST).context["cl"].result_count == 3


@pytest.mark.parametrize("kind", ["booking", "event"])
def test_a_table_of_bookings_or_purchases_takes_only_theirs(kind: str, house: House, desk: Client) -> None:
    model: type[Model] = {"booking": Booking, "event": Event}[kind]
    before = [row for row in model._default_manager.values() if row["contact_id"] != house.theirs.pk]
    day = {"booking": "2026-11-30", "event": "2026-10-30"}[kind]
    rows = [f"{number},{day},Cut,{one}@x.example" for number, one in enumerate(("zoila", "wanda", "xenia"), 1)]
    lines = table(*rows, header="number,date,title,email")
    answer = desk.post(
        reverse(f"admin:contacts_{kind}_import_table", args=[]),
        {"file": SimpleUploadedFile("t.csv", lines, "text/csv"), "take_in": "1"},
    )
    assert answer.status_code == 200
    assert (answer.context["taken"], answer.context["refused"]) == (1, 2)
    assert {line.sentence for line in answer.context["lines"]} == {"Nobody here has this number or address."}
    assert [row for row in model._default_manager.values() if row["contact_id"] != house.theirs.pk] == before


def test_duplicates_are_suggested_compared_and_made_one_only_where_both_are_theirs(house: House, desk: Client) -> None:
    twin = make_contact("Zoila Ruiz", email="zoila@x.example", branch=house.branch)
    pairs = [(house.theirs, twin), (house.theirs, house.other), (house.other, house.homeless)]
    rows = [
        Duplicate.objects.create(first=one, second=other, reasons=["email"], weight=90, found_at=NOW) for one, other in pairs
    ]  # fmt: skip
    listed = desk.get(houses.changelist(Duplicate))
    assert [row.pk for row in listed.context["cl"].result_list] == [rows[0].pk]
    assert not [mark for mark in OTHERS if mark in shown(listed)]
    for one, other in [*pairs[1:], (house.other, house.theirs)]:
        compare = reverse("admin:contacts_duplicate_compare", args=[one.pk, other.pk])
        assert desk.get(compare).status_code == 404
        assert desk.post(compare, {"differ": "1"}).status_code == 404
    for row in rows[1:]:
        assert desk.get(reverse("admin:contacts_duplicate_change", args=[row.pk])).status_code in {302, 404}
        desk.post(
            houses.changelist(Duplicate), {"action": "dismiss_chosen", "_selected_action": [row.pk], "index": "0"}
        )
    assert not Duplicate.objects.exclude(dismissed_at=None).exists()
    compare = reverse("admin:contacts_duplicate_compare", args=[house.theirs.pk, twin.pk])
    page = desk.get(compare)
    assert page.status_code == 200
    answer = desk.post(compare, {"mark": page.context["found"].mark, "sure": "1"}, follow=True)
    assert "Somebody who looks after all branches can undo this." in shown(answer)
    assert Merge.objects.get().gone_id == twin.pk
    assert desk.get(houses.changelist(Merge)).status_code == 403


def test_shops_that_call_us_are_for_who_looks_after_all_branches_and_the_page_says_so(
    house: House, desk: Client
) -> None:
    for name in ("contacts_connection_changelist", "contacts_connection_add", "channels_outgoinghook_changelist"):
        answer = houses.sign_in(house.branch, name=name).get(reverse(f"admin:{name}"))
        assert answer.status_code == 403
        assert "Your account is limited to: Centro" in shown(answer)


def test_who_was_limited_to_what_is_written_down(house: House) -> None:
    boss = houses.sign_in(name="boss")
    houses.sign_in(house.branch, name="nina")
    nina = User.objects.get(username="nina")
    Change.objects.all().delete()
    kept = {
        "username": "nina",
        "is_active": "on",
        "is_staff": "on",
        "date_joined_0": "2026-11-01",
        "date_joined_1": "10:00",
    }
    page = reverse("admin:auth_user_change", args=[nina.pk])
    assert boss.post(page, {**kept, "branches": [house.elsewhere.pk]}).status_code == 302
    said = [
        (one.who, one.name, was, now) for one in Change.objects.filter(model="auth.user").order_by("id")
        for what, was, now in one.what if "branch" in what
    ]  # fmt: skip
    assert said == [("boss", "nina", "nina · Centro", ""), ("boss", "nina", "", "nina · Norte")]
    history = shown(boss.get(reverse("admin:auth_user_history", args=[nina.pk])))
    assert "Norte" in history
