"""An import from the first click to the last: through the admin, against crashes, double clicks and second thoughts."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.django import TestCase

from contacts import consent
from contacts.importing import chunks, lease, loading, runs, writing
from contacts.models import Address, Consent, Contact, Group, ImportRun, ImportState, RowOutcome
from contacts.tasks import work_imports
from tests.contacts import csv_files
from tests.contacts.importing_desk import LIST, STATEMENT, check, columns, counts, load, newest, staff, upload
from tests.factories import NOW, make_business, make_contact

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    make_business(country="ES")
    return staff()


def table(*rows: str, header: str = "id,name,email,phone") -> bytes:
    return "\n".join([header, *rows]).encode()


def only(outcome: str) -> Any:
    return newest().rows.get(outcome=outcome)


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
    assert "several people" in only("refused").reason


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


# --- crashes, clicks, rights -------------------------------------------------------------------------------------------


def test_a_crash_between_two_chunks_is_taken_up_again_without_doubling(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "CHUNK", 40)
    run = check(client, csv_files.people(200).text().encode())
    client.post(f"{LIST}{run.pk}/confirm/")
    write, calls = writing.write, []

    def crash(*args: Any, **kwargs: Any) -> None:
        calls.append(1)
        write(*args, **kwargs)
        if len(calls) == 3:
            raise SystemExit

    monkeypatch.setattr(loading, "write", crash)
    with pytest.raises(SystemExit):
        work_imports()
    run.refresh_from_db()
    assert (run.state, run.position) == (ImportState.IMPORTING, 80)
    assert Contact.objects.count() == 76
    monkeypatch.setattr(loading, "write", write)
    work_imports()
    run.refresh_from_db()
    assert run.position == 80  # the lease of the dead one still holds
    runs.work(clock=lambda: timezone.now() + timedelta(minutes=2))
    run.refresh_from_db()
    assert (run.state, *counts(run)) == (ImportState.DONE, 190, 0, 0, 10)
    assert Contact.objects.count() == 190


def test_a_fault_of_the_program_is_not_tried_for_ever(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    run = check(client, table("1,Ana,ana@example.com,"))
    client.post(f"{LIST}{run.pk}/confirm/")

    def fault(*_args: Any, **_kwargs: Any) -> None:
        raise ZeroDivisionError

    monkeypatch.setattr(loading, "write", fault)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            work_imports()
    assert work_imports() == 0
    run.refresh_from_db()
    assert run.state == ImportState.FAILED
    assert run.problem


def test_a_row_that_the_database_refuses_does_not_take_its_chunk_with_it(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    from django.db import IntegrityError

    write = writing.write

    def picky(people: Any, *args: Any, **kwargs: Any) -> None:
        if any(person.external_id == "13" for person in people):
            raise IntegrityError
        write(people, *args, **kwargs)

    monkeypatch.setattr(loading, "write", picky)
    run = load(client, table(*(f"{n},P{n},p{n}@example.com," for n in range(30))))
    assert counts(run) == (29, 0, 0, 1)
    assert only("refused").line == 15


def test_two_clicks_on_confirm_import_once(client: Client) -> None:
    run = check(client, table("1,Ana,ana@example.com,"))
    assert runs.confirm(run)
    assert not runs.confirm(run)
    work_imports()
    answer = client.post(f"{LIST}{run.pk}/confirm/", follow=True)
    assert answer.status_code == 200
    assert work_imports() == 0
    run.refresh_from_db()
    assert counts(run) == (1, 0, 0, 0)


def test_cancelling_stops_at_the_end_of_the_chunk_and_counts_what_was_written(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(chunks, "CHUNK", 10)
    run = check(client, csv_files.people(50, bad_every=0).text().encode())
    client.post(f"{LIST}{run.pk}/confirm/")
    advance, calls = lease.advance, []

    def advance_and_cancel(*args: Any) -> None:
        calls.append(1)
        if len(calls) == 3:
            ImportRun.objects.filter(pk=run.pk).update(state=ImportState.CANCELLED)
        advance(*args)

    monkeypatch.setattr(lease, "advance", advance_and_cancel)
    work_imports()
    run.refresh_from_db()
    assert run.new == Contact.objects.count() == 20
    assert work_imports() == 0


def test_one_import_writes_at_a_time_and_the_page_says_so(client: Client) -> None:
    first, second = check(client, table("1,Ana,ana@example.com,")), check(client, table(",Ana,ANA@example.com,"))
    ImportRun.objects.filter(pk=first.pk).update(
        state=ImportState.IMPORTING, lease_until=timezone.now() + timedelta(minutes=1)
    )
    client.post(f"{LIST}{second.pk}/confirm/")
    work_imports()
    second.refresh_from_db()
    assert second.state == ImportState.CONFIRMED
    assert "Waits for the import" in client.get(f"{LIST}{second.pk}/progress/").json()["said"]
    ImportRun.objects.filter(pk=first.pk).update(lease_until=None)
    work_imports()
    second.refresh_from_db()
    assert second.state == ImportState.DONE
    assert Contact.objects.count() == 1


def test_who_may_not_import_sees_no_imports(client: Client, django_user_model: Any) -> None:
    run = check(client, table("1,Ana,ana@example.com,"))
    desk = Client()
    desk.force_login(django_user_model.objects.create_user("desk", is_staff=True))
    for page in ("add/", f"{run.pk}/change/", f"{run.pk}/refused/", f"{run.pk}/progress/", ""):
        assert desk.get(LIST + page).status_code == 403
    desk.post(f"{LIST}{run.pk}/confirm/")
    run.refresh_from_db()
    assert run.state == ImportState.CHECKED


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04xx", b"\x00\x01\x02" * 99, b"name,email\n", b"x\ny\n"])
def test_what_is_no_table_leaves_nothing_behind(client: Client, data: bytes) -> None:
    page = upload(client, data)
    assert page.status_code == 200
    assert page.context["form"].errors["file"]
    assert not ImportRun.objects.exists()


def test_files_and_rows_are_deleted_a_month_after_the_end(client: Client) -> None:
    run = load(client, table("1,Ana,ana@example.com,", "2,Bea,bea,"))
    assert runs.prune(now=timezone.now() + timedelta(days=29)) == 0
    assert runs.prune(now=timezone.now() + timedelta(days=31)) == 1
    run.refresh_from_db()
    assert not run.file
    assert not run.rows.exists()
    assert counts(run) == (1, 0, 0, 1)


def test_every_page_of_an_import_can_be_read(client: Client) -> None:
    run = load(client, table("1,Ana,ana@example.com,", "2,Bea,bea,"))
    assert client.get(LIST).status_code == 200
    for state in ImportState.values:
        ImportRun.objects.filter(pk=run.pk).update(state=state)
        for shown in ("new", "refused", "noted", "unchanged", "nonsense"):
            assert client.get(f"{LIST}{run.pk}/change/?show={shown}&page=99").status_code == 200
        assert client.get(f"{LIST}{run.pk}/progress/").status_code == 200
    assert client.get(f"{LIST}999999/change/").status_code == 404


def test_the_list_of_imports_asks_the_same_number_of_questions_at_any_length(
    client: Client, django_assert_num_queries: Any
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    asked = []
    for many in (10, 90):
        ImportRun.objects.bulk_create([ImportRun(filename=f"f{n}.csv") for n in range(many)])
        with CaptureQueriesContext(
            connection,
        ) as found:
            client.get(LIST)
        asked.append(len(found))
    assert asked[0] == asked[1]


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
    @settings(max_examples=25)
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
