"""Something is done to all contacts of the list, and its page tells how far it is and what came of it."""

from __future__ import annotations

import pytest
from playwright.sync_api import StorageState, expect

from tests.browser.conftest import Open
from tests.browser.desk import LOOKS, PHONE, Desk

pytestmark = pytest.mark.browser


def test_all_contacts_of_the_list_are_exported_and_the_file_fetched(
    owner: Desk, window: Open, logged_in: StorageState
) -> None:
    page = owner.open("/admin/contacts/contact/")
    page.locator("#action-toggle").check()
    page.locator("select[name=action]").select_option("export_many")
    owner.press(page.get_by_role("button", name="Run"))
    expect(page.get_by_role("link", name="Download the file")).to_be_visible(timeout=60_000)
    assert "people are in the file." in owner.said()
    assert owner.nameless() == []
    with page.expect_download() as found:
        page.get_by_role("link", name="Download the file").click()
    assert found.value.suggested_filename.endswith(".csv")
    phone = window(storage_state=logged_in, **LOOKS[f"{PHONE}-dark"])
    phone.open(page.url.removeprefix(owner.address))
    assert phone.is_wide() == []
    phone.open("/admin/contacts/contact/?p=last")
    assert phone.is_wide() == []
    assert "First" in phone.said()
