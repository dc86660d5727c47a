"""The builder in a browser: only the settings of the chosen way in are seen, and saving what is there changes nothing."""

from __future__ import annotations

from tests.browser.desk import Desk


def test_only_the_settings_of_the_chosen_way_in_are_seen_and_lengths_stay_as_they_are(owner: Desk) -> None:
    page = owner.page
    page.goto(f"{owner.address}/admin/cascades/cascade/add/")
    length = [page.locator(f"[name=final_wait_{part}]").input_value() for part in (0, 1)]
    assert length == ["3", "days"]
    assert not page.locator("[name=way_booking_by_0]").is_visible()
    page.select_option("[name=trigger]", "booking")
    assert page.locator("[name=way_booking_by_0]").is_visible()
    assert [page.locator(f"[name=way_booking_by_{part}]").input_value() for part in (0, 1)] == ["1", "days"]
    assert not page.locator("[name=way_event_event]").is_visible()
