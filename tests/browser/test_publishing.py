"""Changing a cascade in which people are: the page says where they stand, asks what becomes of them, and does it."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import StorageState, expect

from tests.browser.conftest import Open
from tests.browser.desk import LOOKS, Desk

pytestmark = pytest.mark.browser
IN_IT = re.compile(r"(\d+) (?:people are|person is) in it")


def test_staff_change_a_running_cascade_and_say_what_becomes_of_those_who_are_in_it(
    owner: Desk, window: Open, logged_in: StorageState
) -> None:
    page = owner.open("/admin/cascades/cascade/")
    owner.press(page.get_by_role("link", name="Closed on Friday"))
    owner.field("steps-1-wait_0").fill("5")
    owner.field("steps-1-wait_1").select_option("hours")
    owner.press(owner.button("Save and continue editing"))
    owner.press(owner.link("Use the changes"))
    path = page.url.removeprefix(owner.address)
    found = IN_IT.search(owner.said())
    assert found
    people = int(found[1])
    assert sum(int(cell) for cell in page.locator("table td.num").all_inner_texts()) == people > 0
    assert owner.is_wide() == []
    assert owner.nameless() == []
    for look in ("390-dark", "390-light", "1440-dark"):
        desk = window(**LOOKS[look], storage_state=logged_in)
        desk.open(path)
        assert desk.is_wide() == []

    page.get_by_text("They go on with the new version").click()
    owner.press(owner.button("Use the changes"))
    expect(page.get_by_text("Version 2 is in use.")).to_be_visible()
    assert re.search(r"\b(\d+) (?:people go|person goes) on with it", owner.said())
    owner.open(path)
    assert set(page.locator("table tbody tr td:first-child").all_inner_texts()) <= {"2"}
