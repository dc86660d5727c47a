"""Privacy as the owner sees it: everything known to take away, the proof for the printer, the periods, the history, and the erasing."""

from __future__ import annotations

import os
import re
from pathlib import Path

import pytest

from tests.browser.conftest import Open
from tests.browser.desk import LOOKS, Desk

pytestmark = pytest.mark.browser


def looked_at(desk: Desk, name: str) -> None:
    """Nothing runs over the edge and nothing is without a name; a picture where somebody wants one."""
    if folder := os.environ.get("CASCADA_PICTURES"):
        desk.page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)
    assert desk.is_wide() == []
    assert desk.nameless() == []


def test_a_person_is_handed_their_data_and_erased_in_four_pages(owner: Desk, window: Open, logged_in: object) -> None:
    page = owner.open("/admin/contacts/contact/add/")
    owner.field("first_name").fill("Zoe")
    owner.field("last_name").fill("Quartz")
    owner.press(owner.button("Save and continue editing"))
    address = page.url
    path = re.sub(r"^https?://[^/]+", "", address).replace("/change/", "")
    with page.expect_download() as taken:
        page.get_by_role("button", name="Download everything we know").click()
    assert taken.value.suggested_filename.startswith("zoe-quartz")
    for name, look in LOOKS.items():
        desk = window(storage_state=logged_in, **look)
        desk.open(f"{path}/change/")
        looked_at(desk, f"person-{name}")
        desk.open(f"{path}/proof/")
        assert "Nothing was ever said about consent." in desk.said()
        looked_at(desk, f"proof-{name}")
        desk.open(f"{path}/history/")
        looked_at(desk, f"history-{name}")
        desk.open(f"{path}/erase/")
        assert "This cannot be undone." in desk.said()
        looked_at(desk, f"erase-{name}")
        for part in ("retention/", "change/", "handout/", "erasure/"):
            desk.open(f"/admin/contacts/{part}")
            looked_at(desk, f"{part.strip('/')}-{name}")
    page = owner.open(f"{path}/erase/")
    page.locator("[name=typed]").fill("Zoe")
    owner.press(owner.button("Erase this person"))
    assert "Nobody was erased." in owner.said()
    page.locator("[name=typed]").fill("Zoe Quartz")
    owner.press(owner.button("Erase this person"))
    assert "The person was erased." in owner.said()
    owner.open("/admin/contacts/erasure/")
    assert "Erased person" in owner.said()
