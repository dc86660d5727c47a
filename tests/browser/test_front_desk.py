"""Somebody at the front desk: their own work goes, and what is not theirs is neither offered nor possible."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.desk import Desk

pytestmark = pytest.mark.browser
PASSWORD = "a long walk by the river"


def test_the_front_desk_is_offered_no_start_and_is_refused_plainly(owner: Desk, window: Open) -> None:
    hire(owner, "rocio")
    launch = address_of_start(owner)
    desk = window()
    desk.log_in("rocio", PASSWORD)
    front = desk.said()
    assert "Find a person" in front
    assert "Import contacts" not in front
    expect(desk.link("Start")).to_have_count(0)
    page = desk.open("/admin/cascades/cascade/")
    desk.press(page.get_by_role("link", name="Autumn colours"))
    assert "Autumn colours" in desk.said()
    expect(desk.link("Start")).to_have_count(0)
    desk.open(launch)
    desk.forgive("403")
    assert "Traceback" not in desk.said()
    assert "start" in desk.page.locator("#content, main, body").first.inner_text().lower()
    desk.open("/admin/channels/channel/")
    desk.forgive("403")
    assert "This is not yours to do" in desk.said()


def test_the_front_desk_notes_a_visit(owner: Desk, window: Open) -> None:
    hire(owner, "vera")
    desk = window()
    desk.log_in("vera", PASSWORD)
    desk.open("/admin/contacts/contact/").locator("#result_list tr.data-row th a").first.click()
    desk.press(desk.button("Came"))
    assert "Noted: came" in desk.said()


def hire(owner: Desk, name: str) -> None:
    """A login of their own, with the ready group."""
    page = owner.open("/admin/auth/user/add/")
    owner.field("username").fill(name)
    owner.field("password1").fill(PASSWORD)
    owner.field("password2").fill(PASSWORD)
    owner.button("Save and continue editing").click()
    page.wait_for_url("**/change/")
    owner.field("is_staff").check()
    page.locator(".field-groups .select2-selection").click()
    page.keyboard.type("Front")
    page.locator(".select2-results__option", has_text="Front desk").click()
    owner.press(owner.button("Save"))


def address_of_start(owner: Desk) -> str:
    page = owner.open("/admin/cascades/cascade/")
    address = page.get_by_role("link", name="Autumn colours").get_attribute("href") or ""
    return address.split("?")[0].replace("/change/", "/launch/")
