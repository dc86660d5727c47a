"""Workbooks: their days, numbers, sheets and formulas; and those that are none, or are made to do harm."""

from __future__ import annotations

import io
import random
from datetime import date, datetime
from typing import Any

import pytest
from django.test import Client

from contacts.importing import chunks, reading, uploads, workbook
from contacts.importing.encoding import NotATable
from contacts.models import Contact, ImportRun, ImportState
from contacts.tasks import work_imports
from tests.contacts.importing_desk import LIST, check, columns, counts, load, newest, only, staff, upload
from tests.contacts.workbooks import Cell, archive, book
from tests.factories import make_business

pytestmark = pytest.mark.django_db
MOMENT = datetime(2024, 2, 29, 18, 30)  # noqa: DTZ001  # as a workbook keeps it, without a zone
HEAD: list[Cell] = ["Name", "Email", "Phone", "Birthday"]
ANA: list[Cell] = ["Ana Ruiz", "ana@example.com", 34600111222, date(1990, 5, 31)]


@pytest.fixture
def client() -> Client:
    make_business(country="ES")
    return staff()


def table(data: bytes, sheet: str = "") -> list[list[str]]:
    with workbook.read(io.BytesIO(data), sheet) as (_found, stream):
        look = reading.look_at_table(stream, has_header=False)  # type: ignore[arg-type]
        return [raw.cells for raw in reading.rows(stream, look.shape)]  # type: ignore[arg-type]


def test_cells_are_what_a_careful_person_would_have_typed() -> None:
    row: list[Cell] = [
        "text", 79161234567.0, 12.5, 0.1 + 0.2, True, date(1990, 5, 31), MOMENT, "=1+1", 12345678901234567,
    ]  # fmt: skip
    assert table(book({"People": [row]})) == [
        ["text", "79161234567", "12.5", "0.3", "TRUE", "1990-05-31", "2024-02-29 18:30:00", "worked out", "1.23456789012346E+16"]
    ]  # fmt: skip


def test_days_are_counted_from_1904_where_the_workbook_says_so(client: Client) -> None:
    assert table(book({"People": [["a", date(1990, 5, 31)]]}, since_1904=True)) == [["a", "1990-05-31"]]
    bare = (date(1990, 5, 31) - date(1904, 1, 1)).days  # a day that was never formatted as one
    run = load(client, book({"P": [HEAD, [*ANA[:3], bare]]}, since_1904=True))
    assert counts(run) == (1, 0, 0, 0)
    assert Contact.objects.get().birth_date == date(1990, 5, 31)


def test_a_workbook_is_imported_with_the_numbers_of_its_rows(client: Client) -> None:
    rows: list[list[Cell]] = [
        ["Clients, March"],
        [],
        HEAD,
        ANA,
        [None, "", None],
        ["Bea", "bea.example.com", None, None],
    ]
    run = load(client, book({"People": rows}, first_row=2))
    assert counts(run) == (1, 0, 0, 1)
    assert (only("refused").line, only("refused").cells[0]) == (7, "Bea")
    made = Contact.objects.get()
    assert (made.last_name, str(made.birth_date)) == ("Ruiz", "1990-05-31")
    assert set(made.addresses.values_list("normal", flat=True)) == {"ana@example.com", "+34600111222"}


def test_the_first_sheet_that_holds_anything_is_read_and_another_can_be_chosen(client: Client) -> None:
    data = book(
        {"Cover": [], "Secret": [["x", "y"]], "Old": [HEAD, ANA], "New": [HEAD, ["Bea", "bea@example.com"]]},
        hidden=["Secret"],
    )
    upload(client, data, "clients.xlsx")
    run = newest()
    assert (run.options["sheet"], run.options["sheets"]) == ("Old", ["Cover", "Old", "New"])
    before = run.table.name or ""
    client.post(f"{LIST}{run.pk}/reading/", {"sheet": "New", "has_header": "on"})
    run.refresh_from_db()
    assert run.sample[0][1][0] == "Bea"
    assert not run.table.storage.exists(before)
    answer = client.post(f"{LIST}{run.pk}/reading/", {"sheet": "Cover", "has_header": "on"}, follow=True)
    assert "No sheet of this workbook holds anything" in answer.content.decode()
    run.refresh_from_db()
    assert run.options["sheet"] == "New"


def test_a_number_that_lost_its_digits_is_refused_with_the_reason(client: Client) -> None:
    run = check(client, book({"P": [["ID", "Email"], [12345678901234567, "a@example.com"], [7, "b@example.com"]]}))
    assert counts(run) == (1, 0, 0, 1)
    assert "last digits are lost" in only("refused").reason


BOMB = book({"P": [HEAD, ANA]}, more={"xl/sharedStrings.xml": b"<sst>" + b" " * (workbook.MOST_STRINGS + 9)})
ENTITY = book(
    {"P": [HEAD, ANA]}, more={"xl/styles.xml": b'<?xml version="1.0"?><!DOCTYPE x [<!ENTITY a "aaaa">]><styleSheet/>'}
)
GOOD = book({"P": [HEAD, ANA]})


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (archive({"clients.csv": b"name,email\n"}), "Unpack it"),
        (archive({"word/document.xml": b"<x/>"}), "text document"),
        (archive({"content.xml": b"<x/>"}), "OpenDocument"),
        (archive({"xl/workbook.bin": b"x"}), "binary Excel"),
        (GOOD[:-200], "damaged"),
        (GOOD[: len(GOOD) // 2], "damaged"),
        (GOOD.replace(b"sheet1.xml", b"sheet7.xml"), "damaged"),
        (BOMB, "far larger inside"),
        (ENTITY, "damaged"),
        (archive({f"xl/{n}.xml": b"" for n in range(workbook.MOST_PARTS)} | {"xl/workbook.xml": b""}), "far larger inside"),
        (book({"P": []}), "No sheet"),
        (book({"P": [HEAD]}), "no rows"),
        (book({"P": [[f"c{n}" for n in range(500)], ["x"] * 500]}), "500 columns"),
        (book({"P": [["x" * 40_000, "email"], ["Ana", "ana@example.com"]]}), "more than 32767"),
        (b"PK\x03\x04" + b"\0" * 99, "damaged"),
    ],
)  # fmt: skip
def test_what_is_no_workbook_or_does_harm_is_refused_with_a_sentence(client: Client, data: bytes, said: str) -> None:
    page = upload(client, data, "clients.xlsx")
    assert page.status_code == 200
    assert said in str(page.context["form"].errors["file"])
    assert not ImportRun.objects.exists()


def test_a_sheet_that_needs_more_memory_than_there_is_costs_its_own_process_only() -> None:
    far = book({"P": []}, more={"xl/worksheets/sheet1.xml": (
        b'<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main"><sheetData><row r="1"><c r="A1"><v>1</v></c></row>'
        b'<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData></worksheet>'
    )})  # fmt: skip
    with pytest.raises(NotATable, match="too large"):
        table(far)


def test_a_workbook_with_a_few_bytes_changed_is_read_or_refused() -> None:
    dice, read, refused = random.Random(5), 0, []
    for _ in range(40):
        data = bytearray(GOOD)
        for _ in range(dice.randint(1, 4)):
            data[dice.randrange(4, len(data))] ^= 1 << dice.randrange(8)
        try:  # anything else than this would be a page of ours
            workbook.look_through(io.BytesIO(bytes(data)))
            read += 1
        except NotATable as no:
            refused.append(str(no))
    assert read + len(refused) == 40
    assert refused
    assert all(sentence.endswith((".", "!")) for sentence in refused), set(refused)


# --- a file that changes ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("confirmed", [False, True])
def test_a_file_that_was_changed_after_it_was_looked_at_is_not_read_further(client: Client, confirmed: bool) -> None:
    data = b"name,email\nAna,ana@example.com\n"
    if confirmed:
        run = check(client, data)
        client.post(f"{LIST}{run.pk}/confirm/")
    else:
        upload(client, data)
        run = newest()
        client.post(f"{LIST}{run.pk}/change/", columns(run))
    with run.file.storage.open(run.file.name or "", "ab") as file:
        file.write(b"Bea,bea@example.com\n")
    work_imports()
    run.refresh_from_db()
    assert run.state == ImportState.FAILED
    assert "was changed" in run.problem
    assert not Contact.objects.exists()


def test_reading_again_says_that_the_file_was_changed(client: Client) -> None:
    upload(client, b"name,email\nAna,ana@example.com\n")
    run = newest()
    with run.file.storage.open(run.file.name or "", "ab") as file:
        file.write(b"x")
    answer = client.post(
        f"{LIST}{run.pk}/reading/", {"encoding": "utf-8", "delimiter": ",", "has_header": "on"}, follow=True
    )
    assert "was changed" in answer.content.decode()


# --- pasted rows ------------------------------------------------------------------------------------------------------


def paste(client: Client, text: str, **more: Any) -> Any:
    return client.post(f"{LIST}add/", {"pasted": text, **more})


def test_rows_pasted_from_a_spreadsheet_are_a_file_like_any_other(client: Client) -> None:
    text = 'Name\tEmail\tNotes\r\nAna Ruiz\tana@example.com\t"one\r\ntwo"\r\nBea\tbea@example.com\t\r\n'
    assert paste(client, text).status_code == 302
    run = newest()
    assert (run.delimiter, run.headers) == ("\t", ["Name", "Email", "Notes"])
    client.post(f"{LIST}{run.pk}/change/", columns(run))
    work_imports()
    client.post(f"{LIST}{run.pk}/confirm/")
    work_imports()
    run.refresh_from_db()
    assert counts(run) == (2, 0, 0, 0)
    assert Contact.objects.get(first_name="Ana").notes.splitlines() == ["one", "two"]


def test_a_pasted_column_of_emails_is_enough(client: Client) -> None:
    paste(client, "ana@example.com\nbea@example.com\n")
    run = newest()
    assert (run.mapping["columns"], run.options["has_header"]) == (["email"], False)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "Choose a file"),
        ("  \n ", "Choose a file"),
        ("just some words", "no rows"),
        ("some\nwords", "No columns"),
        ("x" * 1_000_001, "too many rows"),
    ],
)  # fmt: skip
def test_what_was_pasted_and_is_no_table_is_refused(client: Client, text: str, said: str) -> None:
    page = paste(client, text)
    assert said in str(page.context["form"].errors)
    assert not ImportRun.objects.exists()


def test_nothing_that_was_stored_stays_when_an_import_is_deleted(client: Client) -> None:
    upload(client, GOOD, "clients.xlsx")
    run = newest()
    files = [run.file.name or "", run.table.name or ""]
    assert all(run.file.storage.exists(name) for name in files)
    client.post(f"{LIST}{run.pk}/delete/", {"post": "yes"})
    assert not any(run.file.storage.exists(name) for name in files)


def test_the_digest_is_of_what_is_read(client: Client) -> None:
    run = uploads.begin_pasted("email\nana@example.com\n", "x.tsv", None)
    with run.file.open("rb") as file:
        assert chunks.digest(file) == run.digest  # type: ignore[arg-type]
