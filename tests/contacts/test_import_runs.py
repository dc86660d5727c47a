"""An import from the first click to the last: through the admin, against crashes, double clicks and second thoughts."""

from __future__ import annotations

import csv
import io
from datetime import UTC, date, datetime, timedelta

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from contacts import consent
from contacts.importing import chunks, lease
from contacts.models import Address, Consent, Contact, Group, ImportRun, ImportState, RowOutcome
from contacts.tasks import work_imports
from tests.contacts import csv_files
from tests.contacts.importing_desk import (
    LIST,
    STATEMENT,
    check,
    columns,
    counts,
    load,
    newest,
    only,
    staff,
    table,
    upload,
)
from tests.factories import NOW, make_business, make_contact
from tests.invented import invented

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    make_business(country="ES")
    return staff()


def test_a_check_writes_nothing_and_says_what_would_happen(client: Client) -> None:
    make_contact("Ana Ruiz", email="ana@example.com", city="Sevilla")
    data = (
        b"name,email,city\nAna Ruiz,ANA@example.com,Cadiz\nBea Sol,bea@example.com,Cadiz\nEva,eva.example.com,Cadiz\n"
    )
    run = check(client, data)
    assert run.state == ImportState.CHECKED
    assert counts(run) == (1, 1, 0, 1)
    assert Contact.objects.count() == 1
    assert only("changed").changes == {"City": ["Sevilla", "Cadiz"]}
    refused = only("refused")
    assert (refused.line, refused.cells) == (4, ["Eva", "eva.example.com", "Cadiz"])
    assert "no @" in refused.reason
    page = client.get(f"{LIST}{run.pk}/change/?show=changed").content.decode()
    assert "Sevilla" in page
    assert "Cadiz" in page


def test_a_second_row_for_a_person_applies_after_the_first_in_the_check_and_in_the_import(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "CHUNK", 2)  # the rows of one person lie in different chunks
    data = table(
        "1,Ana Ruiz,ana@example.com,", "2,Bea Sol,bea@example.com,", "3,Eva Paz,eva@example.com,",
        "1,Ana Ruiz Gil,ana@example.com,", ",Bea Sol,BEA@example.com,", "1,Ana Ruiz Gil,,+34600111222",
        "1,Ana Ruiz Gil,,+34600111222",
    )  # fmt: skip
    run = check(client, data)
    assert counts(run) == (3, 2, 2, 0)
    client.post(f"{LIST}{run.pk}/confirm/")
    work_imports()
    run.refresh_from_db()
    assert counts(run) == (3, 2, 2, 0)
    assert Contact.objects.count() == 3
    assert Contact.objects.get(external_id="1").last_name == "Ruiz Gil"


def test_a_family_shares_a_phone_and_stays_two_people(client: Client) -> None:
    run = load(client, table(",Ana Ruiz,,600111222", ",Leo Ruiz,,+34600111222", ",Ana  Ruiz,,600 111 222"))
    assert counts(run) == (2, 0, 1, 0)
    assert Address.objects.filter(normal="+34600111222").count() == 2


def test_the_number_of_the_other_system_comes_before_the_email(client: Client) -> None:
    make_contact("Ana Ruiz", email="old@example.com", external_id="A1")
    make_contact("Bea Sol", email="family@example.com", external_id="B1")
    run = load(client, table("A1,Ana Ruiz,new@example.com,", "C1,Leo Sol,family@example.com,"))
    assert counts(run) == (1, 1, 0, 0)
    ways = Contact.objects.get(external_id="A1").addresses.order_by("position").values_list("normal", flat=True)
    assert list(ways) == ["new@example.com", "old@example.com"]
    assert Contact.objects.filter(addresses__normal="family@example.com").count() == 2


def test_a_row_that_may_mean_several_people_is_refused_with_the_reason(client: Client) -> None:
    make_contact("Ana Ruiz", email="family@example.com")
    make_contact("Leo Ruiz", email="family@example.com")
    run = load(client, table(",Eva Ruiz,family@example.com,", ",Leo Ruiz,family@example.com,"))
    assert counts(run) == (0, 0, 1, 1)
    assert "several people" in only("conflict").reason


def test_the_same_file_a_second_time_changes_nothing(client: Client) -> None:
    data = csv_files.people(120).text("\t").encode("utf-16")
    load(client, data, **STATEMENT)
    before = Consent.objects.count()
    assert counts(load(client, data, **STATEMENT)) == (0, 0, 114, 6)
    assert Contact.objects.count() == 114
    assert Consent.objects.count() == before


def test_an_empty_cell_takes_nothing_away_and_a_detail_is_kept(client: Client) -> None:
    made = make_contact("Ana Ruiz", email="ana@example.com", city="Cadiz", attributes={"Shoe": "38", "Old": "x"})
    load(client, b"email,city,Shoe,Pet\nana@example.com,,39,cat\n")
    made.refresh_from_db()
    assert made.city == "Cadiz"
    assert made.attributes == {"Shoe": "39", "Old": "x", "Pet": "cat"}


def test_an_empty_cell_empties_a_field_where_staff_chose_so_and_never_an_address_or_a_group(client: Client) -> None:
    group = Group.objects.create(name="VIP")
    made = make_contact(
        "Ana Ruiz", email="ana@example.com", phone="+34600111222", external_id="A1", city="Cadiz", birth_date=date(1990, 1, 2),
        consent=("email",), attributes={"Shoe": "38", "Old": "x"},
    )  # fmt: skip
    made.groups.add(group)
    data = b"id,name,email,phone,city,birthday,groups,Shoe\nA1,Ana,ana@example.com,,,,,\nB1,Bea,,600111333,,,,\n"
    run = check(client, data, empty="erase")
    assert counts(run) == (1, 1, 0, 0)
    assert only("changed").changes == {"City": ["Cadiz", ""], "Birth date": ["1990-01-02", ""], "Shoe": ["38", ""]} | {
        "Last name": ["Ruiz", ""]
    }
    client.post(f"{LIST}{run.pk}/confirm/")
    work_imports()
    made.refresh_from_db()
    assert (made.first_name, made.last_name, made.city, made.birth_date, made.attributes) == (
        "Ana",
        "",
        "",
        None,
        {"Old": "x"},
    )
    assert (made.addresses.count(), made.groups.count(), made.external_id) == (2, 1, "A1")
    assert Consent.objects.filter(contact=made).count() == 1


def test_the_page_says_how_many_consents_would_be_given_and_ended(client: Client) -> None:
    make_contact("Eva Paz", email="eva@example.com", consent=("email",))
    gone = make_contact("Leo Sol", email="leo@example.com", consent=("email",))
    consent.withdraw(gone.pk, "email", source="link in the email", now=NOW)
    consent.suppress(kind="email", normal="shut@example.com", scope="all", reason="stop", source="reply", now=NOW)
    rows = [f"p{n}@example.com,yes" for n in range(30)]
    rows += ["eva@example.com,no", "leo@example.com,yes", "shut@example.com,yes", "p1@example.com,yes"]
    data = "\n".join(["email,Accepts email marketing", *rows]).encode()
    run = check(client, data, **(STATEMENT | {"mode": "column"}))
    assert (run.given, run.ended, run.options["notes"]) == (30, 1, {"withdrawn": 1, "suppressed": 1})
    page = client.get(f"{LIST}{run.pk}/change/").content.decode()
    assert "30 consents are given" in page
    assert "1 consent ends" in page
    client.post(f"{LIST}{run.pk}/confirm/")
    work_imports()
    run.refresh_from_db()
    assert (run.given, run.ended, run.options["notes"]) == (30, 1, {"withdrawn": 1, "suppressed": 1})
    assert Consent.objects.filter(source__startswith="import", given=True).count() == 30


def test_the_page_that_waits_says_how_fast_it_goes_and_how_long_it_will_take(client: Client) -> None:
    run = check(client, table("1,Ana,ana@example.com,"))
    run.total, run.position = 1_000_000, 400_000
    run.options = run.options | lease.begun(NOW, position=100_000)
    assert lease.pace(run, NOW + timedelta(seconds=20)) == (15_000, 40)
    assert lease.pace(run, NOW) is None
    ImportRun.objects.filter(pk=run.pk).update(state=ImportState.IMPORTING, total=1000, position=10)
    ImportRun.objects.filter(pk=run.pk).update(
        options=run.options | lease.begun(timezone.now() - timedelta(seconds=100))
    )
    said = client.get(f"{LIST}{run.pk}/progress/").json()["said"]
    assert "rows a second" in said or "row a second" in said
    assert "minutes left" in said


def test_groups_of_a_cell_are_made_once_whatever_their_case(client: Client) -> None:
    Group.objects.create(name="VIP")
    load(client, b'email,groups\na@example.com,"vip; New ones"\nb@example.com,"NEW ONES, Vip"\n')
    assert sorted(Group.objects.values_list("name", flat=True)) == ["New ones", "VIP"]
    assert Contact.objects.filter(groups__name="VIP").count() == 2


def test_dates_that_can_be_read_in_two_ways_are_asked(client: Client) -> None:
    upload(client, b"email,birthday\na@example.com,03/04/1990\n")
    run = newest()
    page = client.post(f"{LIST}{run.pk}/change/", columns(run))
    assert "03/04/1990" in str(page.context["form"].errors)
    client.post(f"{LIST}{run.pk}/change/", columns(run, order_1="month"))
    work_imports()
    client.post(f"{LIST}{run.pk}/confirm/")
    work_imports()
    assert str(Contact.objects.get().birth_date) == "1990-03-04"


def test_a_file_in_a_wrong_reading_can_be_read_again(client: Client) -> None:
    upload(client, "name;email\nАнна;a@example.com\n".encode("koi8-r"))
    run = newest()
    client.post(f"{LIST}{run.pk}/reading/", {"encoding": "koi8-r", "delimiter": ";", "has_header": "on"})
    run.refresh_from_db()
    assert run.sample[0][1][0] == "Анна"
    client.post(f"{LIST}{run.pk}/reading/", {"encoding": "utf-8", "delimiter": ";", "has_header": "on"})
    run.refresh_from_db()
    assert run.encoding == "koi8-r"


def test_columns_without_anyone_to_recognise_are_not_checked(client: Client) -> None:
    upload(client, b"name,city\nAna,Cadiz\n")
    run = newest()
    page = client.post(f"{LIST}{run.pk}/change/", columns(run))
    assert page.status_code == 200
    assert "email, phone or number" in page.content.decode()


# --- consent -----------------------------------------------------------------------------------------------------------


def test_consent_needs_its_evidence(client: Client) -> None:
    upload(client, b"name,email\nAna,ana@example.com\n")
    run = newest()
    page = client.post(f"{LIST}{run.pk}/change/", columns(run, mode="all"))
    assert set(page.context["form"].errors) >= {"channels", "wording", "confirmed_by", "date"}


def test_withdrawn_consent_is_never_restored_and_said_so(client: Client) -> None:
    made = make_contact("Ana Ruiz", email="ana@example.com", consent=("email",))
    consent.withdraw(made.pk, "email", source="link in the email", now=NOW)
    run = load(client, b"name,email\nAna Ruiz,ana@example.com\nBea,bea@example.com\n", **STATEMENT)
    assert counts(run) == (1, 0, 1, 0)
    assert not Consent.objects.filter(contact=made).order_by("-id")[0].given
    assert run.options["notes"] == {"withdrawn": 1}
    assert "withdrawn" in run.rows.exclude(reason="").get().reason
    assert "does not bring it back" in client.get(f"{LIST}{run.pk}/change/").content.decode()


def test_a_suppressed_address_is_imported_stays_suppressed_and_gets_no_consent(client: Client) -> None:
    consent.suppress(kind="email", normal="ana@example.com", scope="all", reason="stop", source="reply", now=NOW)
    run = load(client, b"name,email\nAna Ruiz,ana@example.com\n", **STATEMENT)
    assert counts(run) == (1, 0, 0, 0)
    assert run.options["notes"] == {"suppressed": 1}
    assert consent.is_suppressed("email", "ana@example.com")
    assert not Consent.objects.exists()


def test_a_column_gives_and_ends_consent_for_each_person(client: Client) -> None:
    held = make_contact("Eva Paz", email="eva@example.com", consent=("email",))
    data = (
        b"email,Accepts email marketing,optin_time\nana@example.com,yes,2025-03-01 10:00:00\nbea@example.com,no,\n"
        b"eva@example.com,no,\nleo@example.com,perhaps,\n"
    )
    run = load(client, data, **(STATEMENT | {"mode": "column"}))
    assert counts(run) == (2, 1, 0, 1)
    given_line = Consent.objects.get(contact__addresses__normal="ana@example.com")
    assert given_line.given
    assert given_line.at == datetime(2025, 3, 1, 10, tzinfo=UTC)
    assert not Consent.objects.filter(contact=held).order_by("-id")[0].given
    assert not Consent.objects.filter(contact__addresses__normal="bea@example.com").exists()


CELL = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=12)
REAL = st.sampled_from(
    [
        "ana@example.com",
        "ANA@example.com",
        "600111222",
        "+34600111222",
        "'+34600111222",
        "=1+1",
        "",
        "31.12.1990",
        "x@y",
    ]
)


class AnyTable(TestCase):
    @invented(8)
    @given(
        rows=st.lists(st.lists(CELL | REAL, max_size=6), min_size=1, max_size=12),
        chosen=st.permutations(["email", "phone", "external_id", "full_name", "birth_date"]),
        encoding=st.sampled_from(["utf-8", "utf-16"]),
    )
    def test_never_ends_in_an_error_or_a_lost_row(
        self, rows: list[list[str]], chosen: list[str], encoding: str
    ) -> None:
        make_business(country="ES")
        out = io.StringIO(newline="")
        csv.writer(out).writerows([["a", "b", "c", "d", "e"], *rows])
        client = Client()
        from django.contrib.auth import get_user_model

        client.force_login(get_user_model().objects.get_or_create(username="o", is_staff=True, is_superuser=True)[0])
        answer = upload(client, out.getvalue().encode(encoding))
        if answer.status_code == 200:
            assert answer.context["form"].errors["file"]
            return
        run = newest()
        orders = {f"order_{number}": "day" for number in run.mapping["asked"]}
        picked = {f"column_{number}": name for number, name in enumerate(chosen[: len(run.headers)])}
        if not set(picked.values()) & {"email", "phone", "external_id"}:
            return
        client.post(f"{LIST}{run.pk}/change/", columns(run, **picked, **orders))
        work_imports()
        run.refresh_from_db()
        assert run.state == ImportState.CHECKED, run.problem
        there = sum(any(cell.strip() for cell in row) for row in rows) + (not run.options["has_header"])
        assert sum(counts(run)) == run.total == there
        promised = counts(run)
        client.post(f"{LIST}{run.pk}/confirm/")
        work_imports()
        run.refresh_from_db()
        assert counts(run) == promised
        assert all(row.reason for row in run.rows.filter(outcome=RowOutcome.REFUSED))
