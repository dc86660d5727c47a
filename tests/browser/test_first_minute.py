"""What somebody sees who has just typed the README's first command."""

from __future__ import annotations

import re
import time

import pytest

from tests.browser.desk import Desk
from tests.browser.house import House, wait_until

pytestmark = pytest.mark.browser


def test_within_a_minute_the_demo_shop_is_seen_sending(house: House, owner: Desk) -> None:
    page = owner.open("/admin/")
    front = owner.said()
    for words in ("Import contacts", "Write a message", "Closed on Friday", "A new season", "Autumn colours"):
        assert words in front
    owner.link("Closed on Friday").click()
    sent = page.locator(".report-step").first.locator("dt", has_text=re.compile("^sent$")).locator("+ dd")
    # No reload: the page itself follows what happens.
    left = max(10.0, house.ready_at + 60 - time.monotonic())
    wait_until(lambda: int(sent.inner_text()) >= 1, "a first message", left)
    seen = int(sent.inner_text())
    wait_until(lambda: int(sent.inner_text()) >= min(seen + 1, 40), "another one", 30)


def test_last_weeks_cascade_has_its_results_and_a_reason_for_everyone(owner: Desk) -> None:
    page = owner.open("/admin/cascades/cascade/")
    page.get_by_role("link", name="A new season").click()
    owner.link("Results").click()
    assert "finished" in owner.said()
    owner.link("Every recipient").click()
    page.wait_for_load_state("load")
    reasons = page.locator("#result_list td.field-why").all_inner_texts()
    assert len(reasons) == 50
    assert all(len(reason.strip()) > 3 for reason in reasons)


def test_every_link_in_the_demos_mails_leads_to_the_port_it_runs_on(house: House, owner: Desk) -> None:
    page = owner.find("channels/sandboxmessage", "temporada")
    page.locator("#result_list tr.data-row th a").first.click()
    page.wait_for_url("**/change/**")
    links = page.locator("select[name=link] option").all_inner_texts()
    assert links
    assert all(link.startswith(house.address) for link in links)
