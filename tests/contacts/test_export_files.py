"""An export into a file that lies ready: for Excel too, with Excel's limits told, each fetch written down, and gone after a week."""

from __future__ import annotations

import io
from datetime import timedelta
from typing import Any

import pytest
from django.urls import reverse
from python_calamine import CalamineWorkbook

from contacts.many import files, runs
from contacts.models import BulkRun, Handout
from tests.contacts.importing_desk import counts, load, staff
from tests.contacts.staff import said_of, sign_in
from tests.contacts.test_export import shop
from tests.contacts.test_many import clock, do
from tests.factories import NOW, make_business, make_contact

pytestmark = pytest.mark.django_db


def fetched(client: Any, run: BulkRun) -> bytes:
    return b"".join(client.get(reverse("admin:contacts_bulkrun_file", args=[run.pk])).streaming_content)


def worked(client: Any, action: str = "export_workbook") -> BulkRun:
    do(client, action, query="?")
    runs.work(clock=clock)
    return BulkRun.objects.get()


def page_of(client: Any, run: BulkRun) -> str:
    return said_of(client.get(reverse("admin:contacts_bulkrun_change", args=[run.pk])))


def test_a_workbook_holds_each_cell_as_text_and_comes_back_without_a_change() -> None:
    shop()
    client = sign_in("Marketer")
    run = worked(client)
    assert (run.state, run.done, run.problem) == ("done", 3, "")
    book = fetched(client, run)
    table: list[list[Any]] = CalamineWorkbook.from_filelike(io.BytesIO(book)).get_sheet_by_index(0).to_python()
    found = {cell for row in table for cell in row}
    assert {"+34600111222", "=cmd|'", "007", "''t", "@home"} <= found
    assert all(isinstance(cell, str) for cell in found)
    back = load(staff(), book)
    assert counts(back) == (0, 0, 3, 0), list(back.rows.values("line", "outcome", "reason", "changes"))


def test_no_cell_of_a_workbook_is_or_becomes_a_formula() -> None:
    shop()
    client = sign_in("Marketer")
    parts = unpacked(fetched(client, worked(client)))
    sheet, styles = parts["xl/worksheets/sheet1.xml"], parts["xl/styles.xml"]
    assert "<f>" not in sheet
    assert 'quotePrefix="1"' in styles.split("<cellXfs")[1].split("<xf ")[3]
    for text in ("=cmd|", "+346", "@home", "+1\n"):
        cell = sheet.split(text)[0].rsplit("<c ", 1)[1]
        assert 's="2"' in cell, (text, cell)


def test_more_people_than_a_sheet_holds_is_said_and_nothing_is_made(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "MOST_ROWS", 3)
    make_business()
    for n in range(3):
        make_contact(f"P{n}")
    client = sign_in("Marketer")
    run = worked(client)
    assert (run.state, bool(run.file)) == ("failed", False)
    assert "An Excel file holds at most 2 people. Narrow the list, or export as CSV." in page_of(client, run)


def test_a_text_longer_than_a_cell_takes_is_cut_and_that_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    make_business()
    make_contact("Ana", notes="x" * 40_000)
    client = sign_in("Marketer")
    run = worked(client)
    assert "1 cell has more than the 32,767 characters that Excel takes, and was cut." in page_of(client, run)
    assert "x" * 32_767 + "<" in unpacked(fetched(client, run))["xl/worksheets/sheet1.xml"]


@pytest.mark.parametrize("action", ["export_many", "export_workbook"])
def test_each_fetch_is_written_down_and_after_a_week_the_file_is_gone(action: str) -> None:
    make_business()
    make_contact("Ana")
    client = sign_in("Marketer")
    run = worked(client, action)
    assert "The file can be fetched until" in page_of(client, run)
    assert Handout.objects.count() == 1
    fetched(sign_in("Owner"), run)
    noted = Handout.objects.order_by("pk").last()
    assert noted is not None
    assert (noted.what, noted.people, "all contacts" in noted.chosen) == ("contacts", 1, True)
    assert noted.by_id != run.created_by_id
    lies = run.file.path
    runs.prune(now=NOW + timedelta(days=8))
    run.refresh_from_db()
    assert "The file was deleted after a week" in page_of(client, run)
    assert not run.file.storage.exists(lies)


def test_what_a_killed_worker_left_of_a_file_is_deleted_when_it_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    make_business()
    make_contact("Ana")
    client = sign_in("Marketer")
    do(client, "export_many", query="?")
    run = BulkRun.objects.get()
    with monkeypatch.context() as killed:
        killed.setattr(files._Lines, "write", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
        killed.setattr(type(run.file.storage), "delete", lambda *_: None)  # nobody is there any more to tidy up
        with pytest.raises(KeyboardInterrupt):
            runs.work(clock=clock)
    run.refresh_from_db()
    half = run.file.name or ""
    assert run.file.storage.exists(half)
    runs.work(clock=lambda: NOW + timedelta(minutes=5))
    run.refresh_from_db()
    assert run.state == "done"
    assert not run.file.storage.exists(half)


def unpacked(book: bytes) -> dict[str, str]:
    import zipfile

    with zipfile.ZipFile(io.BytesIO(book)) as packed:
        return {name: packed.read(name).decode() for name in packed.namelist()}
