"""Trying a cascade out in a browser: choose, wind, look at a message, play the person, by the keyboard too, on every screen."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from playwright.sync_api import StorageState, expect

from tests.browser.conftest import Open
from tests.browser.desk import LOOKS, Desk

pytestmark = pytest.mark.browser


def picture(desk: Desk, name: str) -> None:
    """For whoever wants to look at it: a folder named by the environment."""
    if folder := os.environ.get("CASCADA_PICTURES"):
        desk.page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


def test_staff_try_a_cascade_out_and_watch_what_would_happen(
    owner: Desk, window: Open, logged_in: StorageState
) -> None:
    page = owner.open("/admin/cascades/cascade/")
    owner.press(page.get_by_role("link", name="Autumn colours"))
    owner.press(owner.link("Try it out"))
    picture(owner, "people-1440-light")
    owner.press(owner.button("Try it out"))
    path = page.url.removeprefix(owner.address).split("?")[0]
    table = page.locator(".rehearsal-table")
    expect(table.get_by_role("row")).to_have_count(7)
    assert "No channel was left to reach this person." in table.inner_text()

    owner.button("To the next happening").focus()
    with page.expect_navigation(wait_until="load"):
        page.keyboard.press("Enter")
    owner.press(owner.button("To the next happening"))
    first = table.get_by_role("link", name=": sent").first
    who = (first.get_attribute("aria-label") or "").split(",")[0]
    owner.press(first)
    assert who in page.locator("#message h2").inner_text()
    picture(owner, "watch-1440-light")
    assert owner.is_wide() == []
    assert owner.nameless() == []
    owner.press(page.locator("#message").get_by_role("button", name="It happens"))
    assert "played: bought" in (page.locator("details ol").text_content() or "")
    if owner.button("To the end").count():  # whoever was proposed may have been the only one for whom it went on
        owner.press(owner.button("To the end"))
    assert "It is over for everybody." in owner.said()
    for look in LOOKS:
        other = window(storage_state=logged_in, **LOOKS[look])
        for name, where in (("watch", path), ("people", path + "people/")):
            other.open(where)
            assert other.is_wide() == []
            picture(other, f"{name}-{look}")
