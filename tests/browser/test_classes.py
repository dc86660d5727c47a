"""A class at the counter, on a phone in the dark and on a large screen: entered, filled, ticked off."""

from __future__ import annotations

import pytest
from playwright.sync_api import StorageState

from tests.browser.conftest import Open
from tests.browser.desk import LOOKS, PHONE, SCREEN, Desk
from tests.browser.test_front_desk import PASSWORD, hire

pytestmark = pytest.mark.browser


def test_the_front_desk_ticks_off_a_class_with_a_thumb(owner: Desk, window: Open, logged_in: StorageState) -> None:
    hire(owner, "nuria")
    desk = window(**LOOKS[f"{PHONE}-dark"])
    desk.log_in("nuria", PASSWORD)
    page = desk.open("/admin/contacts/classsession/add/")
    for name, value in {
        "title": "Yoga",
        "teacher": "Marta",
        "starts_at_0": "2031-11-25",
        "starts_at_1": "19:00",
    }.items():
        desk.field(name).fill(value)
    desk.field("places").fill("3")
    desk.press(desk.button("Save"))
    names = [put_on(desk, n) for n in range(2)]
    desk.press(desk.button("Put on the roster"))
    assert "2 places were booked." in desk.said()
    assert desk.is_wide() == []
    assert desk.nameless() == []
    person = page.get_by_role("group", name=names[0])
    person.get_by_role("radio", name="Did not come").check()
    desk.press(desk.button("All others came"))
    said = desk.said()
    assert "2 people were ticked off." in said
    assert "Came: 1. Did not come: 1." in said
    large = window(storage_state=logged_in, **LOOKS[f"{SCREEN}-light"])
    large.open(page.url.removeprefix(desk.address))
    assert "2 of 3" in large.said().lower()
    assert large.is_wide() == []
    large.press(large.page.get_by_role("link", name="Move or change"))
    assert large.nameless() == []


def put_on(desk: Desk, number: int) -> str:
    """Choose the person of this place in the list of what the search offers."""
    page = desk.page
    page.locator(".select2-selection--multiple").click()
    option = page.locator(".select2-results__option:not(.loading-results)").nth(number)
    name = option.inner_text().strip()
    option.click()
    return name
