"""The builder in a browser: the mode shows and hides what a step can say, and a step asks about the ones before it."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.desk import Desk

pytestmark = pytest.mark.browser


def test_the_mode_hides_what_the_steps_cannot_say_and_conditions_show_what_they_ask_for(owner: Desk) -> None:
    page = owner.open("/admin/cascades/cascade/add/")
    page.get_by_text("Add a step").click()
    first, second = page.locator(".cascada-step:not(.empty-form)").all()
    seen, who = (second.locator(f"[name$='-{name}']") for name in ("seen", "who"))
    expect(seen).to_be_visible()
    page.select_option("[name=mode]", "goal")
    expect(seen).to_be_hidden()
    expect(who).to_be_visible()
    page.select_option("[name=mode]", "parallel")
    expect(who).to_be_hidden()
    page.select_option("[name=mode]", "series")
    what, step, segment = (second.locator(f"[name$='-only_if-{part}']").first for part in ("is", "step", "segment"))
    expect(step).to_be_hidden()
    what.select_option("answered")
    expect(step).to_be_visible()
    expect(second.locator("[name$='-only_if-answer']").first).to_be_visible()
    assert step.locator("option").all_inner_texts()[1].startswith("1.")
    what.select_option("in")
    expect(step).to_be_hidden()
    expect(segment).to_be_visible()
    expect(first.locator("[name$='-only_if-step']").first).to_be_hidden()
    expect(page.locator("[name=goal_where]")).to_be_hidden()
    page.locator("[name=goal][value=order]").check()
    expect(page.locator("[name=goal_where]")).to_be_visible()
    expect(page.locator("[name=goal_key]")).to_be_hidden()
    page.select_option("[name=goal_about]", "same")
    expect(page.locator("[name=goal_key]")).to_be_visible()
