"""The gallery in a browser: from the list to a card, its messages in another language, and a draft in the builder."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import StorageState

from tests.browser.conftest import Open
from tests.browser.desk import LOOKS, Desk

pytestmark = pytest.mark.browser


def test_a_ready_cascade_is_found_read_and_made_a_draft_of(owner: Desk) -> None:
    page = owner.open("/admin/cascades/cascade/")
    owner.press(owner.link("Ready cascades"))
    owner.field("q").fill("cart")
    owner.press(owner.button("Show"))
    assert page.locator(".cascada-gallery > li").count() == 1
    owner.press(owner.link("Abandoned cart"))
    owner.press(owner.link("français"))
    assert "Votre panier vous attend" in owner.said()
    owner.press(owner.button("Use it"))
    assert re.search(r"/admin/cascades/cascade/\d+/change/$", page.url)
    assert "Nothing is sent until you start it." in owner.said()
    assert page.locator(".cascada-stairs > li").count() == 4


@pytest.mark.parametrize("look", LOOKS)
def test_it_fits_its_window_and_everything_in_it_has_a_name(window: Open, logged_in: StorageState, look: str) -> None:
    desk = window(storage_state=logged_in, **LOOKS[look])
    for path in ("blueprints/", "blueprints/s02/?language=ru", "blueprints/s18/"):
        desk.open(f"/admin/cascades/cascade/{path}")
        assert desk.is_wide() == []
        assert desk.nameless() == []
