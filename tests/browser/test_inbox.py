"""The inbox in a browser, on a phone: what comes in shows by itself, what is being typed stays, and the answer's progress is seen."""

from __future__ import annotations

import pytest
from playwright.sync_api import Page, StorageState, expect

from tests.browser.conftest import Open
from tests.browser.desk import LOOKS, PHONE, Desk

pytestmark = pytest.mark.browser
SLOW = 60_000


def bubble(desk: Desk) -> str:
    """The page of a short message in the sandbox, which can be answered."""
    page = desk.open("/admin/channels/sandboxmessage/?kind=sms")
    return page.locator("#result_list tr.data-row th a").first.get_attribute("href") or ""


def say(desk: Desk, where: str, words: str) -> None:
    page = desk.open(where)
    page.get_by_role("textbox", name="Answer").fill(words)
    page.locator("form", has=page.get_by_role("textbox", name="Answer")).get_by_role("button").click()
    expect(page.get_by_text("Played: an answer was written.")).to_be_visible()


def thread(desk: Desk, words: str) -> Page:
    page = desk.open("/admin/channels/conversation/")
    expect(page.get_by_text(words)).to_be_visible(timeout=SLOW)
    page.locator("#result_list tr.data-row", has_text=words).get_by_role("link").first.click()
    expect(page.get_by_label("Your answer")).to_be_visible()
    return page


def test_a_conversation_on_a_phone(window: Open, logged_in: StorageState) -> None:
    other = window(storage_state=logged_in)
    desk = window(storage_state=logged_in, **LOOKS[f"{PHONE}-dark"])
    where = bubble(other)
    say(other, where, "Are you open on Sunday?")
    page = thread(desk, "Are you open on Sunday?")
    assert desk.is_wide() == []
    assert desk.nameless() == []

    page.get_by_label("Your answer").fill("Yes, from {{ ten }}")
    say(other, where, "And on Monday?")
    expect(page.locator("#thread").get_by_text("And on Monday?")).to_be_visible(timeout=SLOW)
    expect(page.get_by_label("Your answer")).to_have_value("Yes, from {{ ten }}")

    page.get_by_role("button", name="Send").dblclick()
    answer = page.locator("#thread .is-ours", has_text="Yes, from {{ ten }}")
    expect(answer).to_have_count(1)
    expect(answer.get_by_text("sent", exact=True)).to_be_visible(timeout=SLOW)
    expect(page.get_by_label("Your answer")).to_have_value("")

    page.get_by_role("button", name="Done").click()
    page.wait_for_url("**/channels/conversation/")
    expect(page.get_by_text("And on Monday?")).to_have_count(0)
    say(other, where, "One more thing")
    expect(page.get_by_text("One more thing")).to_be_visible(timeout=SLOW)
