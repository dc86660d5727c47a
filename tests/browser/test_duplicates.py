"""Two contacts side by side in a browser, on a phone in the dark and on a large screen: made one, and two again."""

from __future__ import annotations

import pytest
from playwright.sync_api import StorageState

from tests.browser.conftest import Open
from tests.browser.desk import LOOKS, PHONE, SCREEN, Desk

pytestmark = pytest.mark.browser


def test_two_contacts_are_compared_made_one_and_two_again(owner: Desk, window: Open, logged_in: StorageState) -> None:
    for name in ("Berta Doble", "Berta Doble Vez"):
        enter(owner, *name.split(" ", 1))
    large = window(storage_state=logged_in, **LOOKS[f"{SCREEN}-light"])
    page = large.open("/admin/contacts/contact/?q=doble")
    for row in page.locator("#result_list input.action-select").all():
        row.check()
    page.locator("select[name=action]").first.select_option("compare_two")
    page.keyboard.press("Tab")
    large.press(page.get_by_role("button", name="Run").first)
    side_by_side = page.url.removeprefix(large.address)
    small = window(storage_state=logged_in, **LOOKS[f"{PHONE}-dark"])
    small.open(side_by_side)
    for desk in (large, small):
        assert desk.is_wide() == []
        assert desk.nameless() == []
    small.page.get_by_role("group", name="Last name").get_by_role("radio").nth(1).check()
    small.page.get_by_role("checkbox", name="I know that this is one person").check()
    small.press(small.button("Make them one"))
    assert "The two are one person now." in small.said()
    page = small.open("/admin/contacts/merge/")
    small.press(page.locator("#result_list tr.data-row th a").first)
    assert small.is_wide() == []
    small.press(small.button("Make them two again"))
    assert "They are two contacts again" in small.said()


def enter(desk: Desk, first: str, last: str) -> None:
    desk.open("/admin/contacts/contact/add/")
    desk.field("first_name").fill(first)
    desk.field("last_name").fill(last)
    desk.press(desk.button("Save"))
