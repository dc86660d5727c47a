"""An import against crashes, faults, double clicks, second thoughts and people who may not."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from contacts.importing import chunks, lease, loading, newcomers, runs, writing
from contacts.models import Contact, ImportRun, ImportState
from contacts.staging import Stage
from contacts.tasks import work_imports
from tests.contacts import csv_files
from tests.contacts.importing_desk import (
    LIST,
    check,
    counts,
    load,
    only,
    staff,
    table,
    upload,
)
from tests.factories import make_business

pytestmark = pytest.mark.django_db


@pytest.fixture
def client() -> Client:
    make_business(country="ES")
    return staff()


def test_a_crash_between_two_chunks_is_taken_up_again_without_doubling(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "PORTION", 40)
    run = check(client, csv_files.people(200).text().encode())
    client.post(f"{LIST}{run.pk}/confirm/")
    add, calls = newcomers.add, []

    def crash(*args: Any, **kwargs: Any) -> Any:
        calls.append(1)
        made = add(*args, **kwargs)
        if len(calls) == 3:
            raise SystemExit
        return made

    monkeypatch.setattr(loading, "add", crash)
    with pytest.raises(SystemExit):
        work_imports()
    run.refresh_from_db()
    assert (run.state, run.position) == (ImportState.IMPORTING, 60)  # the first twenty are shown, and come at the end
    assert Contact.objects.count() == 56
    monkeypatch.setattr(loading, "add", add)
    work_imports()
    run.refresh_from_db()
    assert run.position == 60  # the lease of the dead one still holds
    runs.work(clock=lambda: timezone.now() + timedelta(minutes=2))
    run.refresh_from_db()
    assert (run.state, *counts(run)) == (ImportState.DONE, 190, 0, 0, 10)
    assert Contact.objects.count() == 190


def test_a_crash_among_the_rows_that_are_planned_one_by_one_is_taken_up_again_without_doubling(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    data = csv_files.people(60).text().encode()
    load(client, data)
    monkeypatch.setattr(chunks, "CHUNK", 20)
    run = check(client, data.replace(b"Marta", b"Eva"))
    client.post(f"{LIST}{run.pk}/confirm/")
    promised = counts(run)
    write, calls = writing.write, []

    def crash(*args: Any, **kwargs: Any) -> None:
        calls.append(1)
        write(*args, **kwargs)
        if len(calls) == 2:
            raise SystemExit

    monkeypatch.setattr(loading, "write", crash)
    with pytest.raises(SystemExit):
        work_imports()
    run.refresh_from_db()
    assert (run.state, run.position) == (ImportState.IMPORTING, 23)
    monkeypatch.setattr(loading, "write", write)
    runs.work(clock=lambda: timezone.now() + timedelta(minutes=2))
    run.refresh_from_db()
    assert (run.state, counts(run)) == (ImportState.DONE, promised)
    assert promised[1] > 10
    assert Contact.objects.count() == 57


def test_rows_that_the_database_lost_are_read_again(client: Client) -> None:
    run = check(client, csv_files.people(40).text().encode())
    client.post(f"{LIST}{run.pk}/confirm/")
    Stage(run.options["stage"]).drop()
    work_imports()
    run.refresh_from_db()
    assert (run.state, *counts(run)) == (ImportState.DONE, 38, 0, 0, 2)


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

    def refuse(stage: Any, numbers: Any, *_args: Any, **_kwargs: Any) -> Any:
        if numbers:
            raise IntegrityError
        return [], 0

    monkeypatch.setattr(loading, "write", picky)
    monkeypatch.setattr(loading, "add", refuse)
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
    monkeypatch.setattr(loading, "PORTION", 10)
    run = check(client, csv_files.people(70, bad_every=0).text().encode())
    client.post(f"{LIST}{run.pk}/confirm/")
    count, calls = lease.count, []

    def count_and_cancel(*args: Any) -> None:
        calls.append(1)
        if len(calls) == 5:
            ImportRun.objects.filter(pk=run.pk).update(state=ImportState.CANCELLED)
        count(*args)

    monkeypatch.setattr(lease, "count", count_and_cancel)
    work_imports()
    run.refresh_from_db()
    assert run.new == Contact.objects.count() == 20
    assert work_imports() == 0


def test_an_import_that_another_worker_writes_keeps_none_waiting(client: Client) -> None:
    first, second = check(client, table("1,Ana,ana@example.com,")), check(client, table(",Ana,ANA@example.com,"))
    assert runs.confirm(first)
    ImportRun.objects.filter(pk=first.pk).update(
        state=ImportState.IMPORTING, lease_until=timezone.now() + timedelta(minutes=1)
    )
    client.post(f"{LIST}{second.pk}/confirm/")
    work_imports()
    second.refresh_from_db()
    assert (second.state, counts(second)) == (ImportState.DONE, (1, 0, 0, 0))
    ImportRun.objects.filter(pk=first.pk).update(lease_until=None)
    work_imports()
    first.refresh_from_db()
    assert (first.state, counts(first)) == (ImportState.DONE, (0, 1, 0, 0))
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


def test_rows_that_are_too_many_to_paste_stay_on_the_page_with_a_sentence(client: Client) -> None:
    rows = "Name\tEmail\n" + "Ana\tana@example.com\n" * 60_000
    page = client.post(f"{LIST}add/", {"pasted": rows})
    assert "too many rows to paste" in str(page.context["form"].errors["pasted"])
    assert page.content.count(b"ana@example.com") == 60_000
    assert b"maxlength" not in page.content  # by which a browser cuts them off without a word


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
