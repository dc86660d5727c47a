"""A whole import at the browser: a workbook with its sheets, pasted rows, a long file with its progress, and files that are none."""

from __future__ import annotations

import re
from datetime import date
from pathlib import Path

import pytest
from playwright.sync_api import Page, StorageState, expect

from tests.browser.conftest import Open
from tests.browser.desk import LOOKS, PHONE, SCREEN, Desk
from tests.contacts.exports import EXPORTS
from tests.contacts.workbooks import Cell, book

pytestmark = pytest.mark.browser

ROWS = 60_000
# How many rows there are is known at the end only; until then it is reckoned from the size of the file.
HALF_WAY = """() => document.querySelector('.import-bar')?.value > 0
  && /^[1-9]\\d* of \\d+ rows/.test(document.querySelector('[data-said]')?.textContent)"""
PEOPLE: list[list[Cell]] = [
    ["Kunden, März"],
    ["Kunde", "Kontakt", "Mobile", "Since", "Spent"],
    ["Ana Rey", "ana@import.example; ana2@import.example", "600300001", 32874, "1,234"],
    ["Bea Rey", "bea@import.example", 34600300002, date(2020, 2, 29), "2,500"],
    ["Bad Rey", "not an address", None, None, None],
]


def choose(desk: Desk, file: Path) -> Page:
    page = desk.open("/admin/contacts/importrun/add/")
    desk.field("file").set_input_files(file)
    desk.press(desk.button("Go on to the columns"))
    return page


def counts(desk: Desk) -> list[str]:
    """New, changed, unchanged, unclear, refused."""
    return [text.strip() for text in desk.page.locator(".import-counts dd").all_inner_texts()[:5]]


def done(desk: Desk, heading: str) -> None:
    expect(desk.page.get_by_role("heading", name=heading)).to_be_visible(timeout=60_000)


def test_a_workbook_comes_in_and_its_layout_is_known_the_next_time(owner: Desk, tmp_path: Path) -> None:
    desk, file = owner, tmp_path / "kunden.xlsx"
    file.write_bytes(book({"Cover": [["About this file"]], "Other": [["a", "b"], ["1", "2"]], "People": PEOPLE}))
    page = choose(desk, file)
    desk.field("sheet").select_option("People")
    desk.press(desk.button("Read again"))
    assert "Kontakt" in desk.said()
    assert desk.nameless() == []
    for number, field in enumerate(("full_name", "email", "phone", "ignore", "number")):
        desk.field(f"column_{number}").select_option(field)
    desk.press(desk.button("Check"))
    assert "can be read in two ways" in desk.said()
    expect(desk.field("several_1")).to_have_value(";")
    desk.field("order_4").select_option("point")
    desk.press(desk.button("Check"))
    done(desk, "What the import would do")
    assert counts(desk) == ["2", "0", "0", "0", "1"]
    page.locator(".import-counts a", has_text=re.compile("refused", re.IGNORECASE)).click()
    assert "Line 5" in page.locator(".import-rows li").inner_text()
    desk.press(desk.button("Confirm and import"))
    done(desk, "What the import did")
    desk.find("contacts/contact", "ana2@import.example")
    assert page.locator("#result_list tr.data-row").count() == 1
    choose(desk, file)
    desk.field("sheet").select_option("People")
    desk.press(desk.button("Read again"))
    assert "they are set as they were then" in desk.said()
    expect(desk.field("column_1")).to_have_value("email")
    desk.press(desk.button("Forget that and guess"))
    expect(desk.field("column_0")).to_have_value("detail")
    desk.press(desk.button("Cancel this import"))


def test_pasted_rows_come_in_on_a_phone(window: Open, logged_in: StorageState) -> None:
    desk = window(storage_state=logged_in, **LOOKS[f"{PHONE}-dark"])
    page = desk.open("/admin/contacts/importrun/add/")
    desk.press(desk.button("Go on to the columns"))
    assert "Choose a file, or paste rows below" in desk.said()
    desk.field("pasted").fill("Name\tEmail\nCai Rey\tcai@import.example\nDan Rey\tdan@import.example\n")
    desk.press(desk.button("Go on to the columns"))
    assert desk.is_wide() == []
    assert desk.nameless() == []
    desk.press(desk.button("Check"))
    done(desk, "What the import would do")
    assert counts(desk) == ["2", "0", "0", "0", "0"]
    desk.press(desk.button("Confirm and import"))
    done(desk, "What the import did")
    desk.find("contacts/contact", "cai@import.example")
    assert page.locator("#result_list tr.data-row").count() == 1


def test_too_many_rows_to_paste_are_told_before_they_are_sent_and_none_is_cut_off(owner: Desk) -> None:
    page = owner.open("/admin/contacts/importrun/add/")
    paste = """box => {
      box.value = "Name\\tEmail\\n" + "Ana\\tana@import.example\\n".repeat(50000);
      box.dispatchEvent(new Event("input"));
      return box.value.length;
    }"""
    assert owner.field("pasted").evaluate(paste) > 1_000_000
    page.evaluate("() => document.querySelector('[name=pasted]').form.requestSubmit()")
    assert "too many rows to paste" in owner.field("pasted").evaluate("box => box.validationMessage")
    assert owner.field("pasted").evaluate("box => box.value.length") > 1_000_000
    assert page.url.endswith("/add/")


def test_a_long_file_shows_how_far_it_is_and_can_be_cancelled(owner: Desk, tmp_path: Path) -> None:
    desk, file = owner, tmp_path / "long.csv"
    rows = (f"Eva,Rey{n},eva{n}@import.example,{n}" for n in range(ROWS))
    file.write_text("\n".join(["First name,Last name,Email,Points", *rows]), encoding="utf-8")
    page = choose(desk, file)
    desk.press(desk.button("Check"))
    bar = page.locator("progress.import-bar")
    expect(bar).to_be_visible()
    page.wait_for_function(HALF_WAY, timeout=60_000)
    done(desk, "What the import would do")
    assert counts(desk) == [f"{ROWS}", "0", "0", "0", "0"]
    desk.press(desk.button("Cancel this import"))
    assert "This import was cancelled" in desk.said()


def test_an_export_is_recognised_and_a_picture_is_refused(owner: Desk, tmp_path: Path) -> None:
    export = EXPORTS["mailchimp_unsubscribed"]
    file = tmp_path / export.filename
    file.write_text(export.text("\t"), encoding="utf-16")
    page = choose(owner, file)
    assert "Recognised: Mailchimp, people who unsubscribed." in owner.said()
    expect(page.locator('[name="mode"][value="left"]')).to_be_checked()
    assert not owner.field("wording").is_visible()
    page.locator(".import-more summary").click()
    assert owner.nameless() == []
    owner.press(owner.button("Cancel this import"))
    picture = tmp_path / "photo.csv"
    picture.write_bytes(b"\xff\xd8\xff\xe0\x00\x10JFIF")
    choose(owner, picture)
    assert "This is a picture" in owner.said()


@pytest.mark.parametrize("look", [f"{SCREEN}-light", f"{PHONE}-dark"])
def test_an_import_is_undone_and_who_stays_is_named(
    window: Open, logged_in: StorageState, tmp_path: Path, look: str
) -> None:
    desk, file = window(storage_state=logged_in, **LOOKS[look]), tmp_path / "undo.csv"
    host = f"{look}.example"
    file.write_text(f"Name,Email\nUna Rey,una@{host}\nUdo Rey,udo@{host}\n", encoding="utf-8")
    page = choose(desk, file)
    desk.press(desk.button("Check"))
    done(desk, "What the import would do")
    desk.press(desk.button("Confirm and import"))
    done(desk, "What the import did")
    address = page.url
    desk.find("contacts/contact", f"udo@{host}")
    page.locator("#result_list tr.data-row a").first.click()
    desk.field("city").fill("Vigo")
    desk.press(desk.button("Save"))
    page.goto(address)
    desk.press(desk.button("Undo this import…"))
    done(desk, "What undoing this import would do")
    assert [text.strip() for text in page.locator(".import-counts dd").all_inner_texts()] == ["1", "1", "0", "0"]
    assert desk.nameless() == []
    assert desk.is_wide() == []
    desk.press(desk.button("Undo the import"))
    done(desk, "The import was undone")
    assert "Udo Rey" in page.locator(".import-rows").inner_text()
    assert "Changed since" in page.locator(".import-rows").inner_text()
    desk.find("contacts/contact", f"una@{host}")
    assert page.locator("#result_list tr.data-row").count() == 0
