"""One house and one Chromium for all tests of the browser; each test has a window of its own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from playwright.sync_api import Browser, StorageState, sync_playwright

from tests.browser.desk import LOOKS, SCREEN, Desk
from tests.browser.house import House

FLAGS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
]  # fmt: skip

Open = Callable[..., Desk]


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The first minute of a house can be seen once only, so the test that looks at it comes before the others."""
    items.sort(key=lambda item: item.name.split("[")[0] != "test_within_a_minute_the_demo_shop_is_seen_sending")


@pytest.fixture(scope="session")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    with House(tmp_path_factory.mktemp("house") / "data") as running:
        yield running
    assert "Traceback" not in running.said(), running.said()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    program = os.environ.get("CASCADA_CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")
    assert program, "no Chromium: install the package `chromium`, or set CASCADA_CHROMIUM to its program"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=program, headless=True, args=FLAGS)
        yield chromium
        chromium.close()


@pytest.fixture
def window(house: House, browser: Browser) -> Iterator[Open]:
    """Opens a window; at the end nothing may have gone wrong in it."""
    opened: list[tuple[Desk, Any]] = []

    def new(**look: Any) -> Desk:
        context = browser.new_context(
            **{"locale": "en-GB", "timezone_id": "Europe/Madrid", **LOOKS[f"{SCREEN}-light"], **look}
        )
        desk = Desk(context, house.address)
        opened.append((desk, context))
        return desk

    yield new
    troubles = [trouble for desk, _context in opened for trouble in desk.troubles]
    for _desk, context in opened:
        context.close()
    assert troubles == []


@pytest.fixture(scope="session")
def logged_in(house: House, browser: Browser) -> StorageState:
    """What the browser keeps of a login as the owner, made through the page."""
    context = browser.new_context(locale="en-GB")
    desk = Desk(context, house.address)
    desk.log_in(house.name, house.password)
    kept = context.storage_state()
    context.close()
    assert desk.troubles == []
    return kept


@pytest.fixture
def owner(window: Open, logged_in: StorageState) -> Desk:
    return window(storage_state=logged_in)
