"""A chain with two shops: the owner limits a login to one of them, and what that login meets then, page by page."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import Open
from tests.browser.desk import LOOKS, Desk
from tests.browser.test_front_desk import PASSWORD
from tests.browser.test_privacy import looked_at

pytestmark = pytest.mark.browser


def test_the_owner_limits_a_login_to_a_shop_and_it_meets_only_that_shop(owner: Desk, window: Open) -> None:
    for shop, person in (("Uptown", "Ulla Upham"), ("Riverside", "Rita Rivers")):
        branch_of(owner, shop)
        live_there(owner, person, shop)
    limited(owner, "ute", "Uptown")
    for name, look in LOOKS.items():
        desk = window(**look)
        desk.log_in("ute", PASSWORD)
        page = desk.open("/admin/contacts/contact/")
        said = desk.said()
        assert "Ulla Upham" in said
        assert "Rita Rivers" not in said
        assert "only: uptown" in said.lower()  # in capitals, by style
        looked_at(desk, f"limited-list-{name}")
        desk.open("/admin/channels/channel/add/")
        desk.forgive("403")
        looked_at(desk, f"limited-forbidden-{name}")
        desk.open("/admin/contacts/connection/")
        desk.forgive("403")
        assert "Your account is limited to: Uptown" in desk.said()
        looked_at(desk, f"limited-refused-{name}")
        desk.open("/admin/contacts/importrun/add/")
        looked_at(desk, f"limited-import-{name}")
    desk = window()
    desk.log_in("ute", PASSWORD)
    page = desk.find("/admin/contacts/contact/", "")
    page.locator("#action-toggle").check()
    page.locator("select[name=action]").select_option("export_contacts")
    with page.expect_download() as taken:
        page.get_by_role("button", name="Run").click()
    table = Path(taken.value.path()).read_text(encoding="utf-8-sig")
    assert "Upham" in table
    assert "Rivers" not in table
    for name, look in LOOKS.items():
        again = window(storage_state=owner.page.context.storage_state(), **look)
        again.open("/admin/auth/user/")
        again.press(again.page.get_by_role("link", name="ute", exact=True))
        expect(again.page.get_by_label("Uptown")).to_be_checked()
        looked_at(again, f"staff-branches-{name}")


def branch_of(owner: Desk, name: str) -> None:
    owner.open("/admin/contacts/branch/add/")
    owner.field("name").fill(name)
    owner.press(owner.button("Save"))


def live_there(owner: Desk, person: str, shop: str) -> None:
    page = owner.open("/admin/contacts/contact/add/")
    first, last = person.split()
    owner.field("first_name").fill(first)
    owner.field("last_name").fill(last)
    page.evaluate(
        "name => { const field = document.querySelector('[name=branch]');"
        " field.value = [...field.options].find(one => one.text === name).value;"
        " field.dispatchEvent(new Event('change', {bubbles: true})); }", shop,
    )  # fmt: skip
    owner.press(owner.button("Save"))


def limited(owner: Desk, name: str, shop: str) -> None:
    """A marketer's login that sees one shop."""
    page = owner.open("/admin/auth/user/add/")
    owner.field("username").fill(name)
    owner.field("password1").fill(PASSWORD)
    owner.field("password2").fill(PASSWORD)
    owner.button("Save and continue editing").click()
    page.wait_for_url("**/change/")
    owner.field("is_staff").check()
    page.locator(".field-groups .select2-selection").click()
    page.keyboard.type("Marketer")
    page.locator(".select2-results__option", has_text="Marketer").click()
    page.get_by_label(shop).check()
    owner.press(owner.button("Save"))
