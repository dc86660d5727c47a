"""Every page that staff use, on a phone and on a large screen, in the light and in the dark."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, StorageState

from tests.browser.conftest import Open
from tests.browser.desk import LOOKS, Desk
from tests.browser.house import House

pytestmark = pytest.mark.browser

LISTS = (
    "contacts/contact", "contacts/group", "contacts/classsession", "contacts/importrun", "contacts/importlayout",
    "contacts/consent", "contacts/suppression",
    "contacts/event", "contacts/voucheroffer", "contacts/voucher", "contacts/goeswith", "contacts/boughttogether",
    "cascades/cascade", "cascades/launch", "cascades/enrollment", "cascades/steprun", "channels/delivery", "channels/message",
    "channels/channel", "channels/conversation", "channels/sandboxmessage", "channels/inboundcall", "channels/site", "auth/user",
    "auth/group", "django_celery_beat/periodictask",
)  # fmt: skip
WITH_PAGES = (
    "contacts/contact", "contacts/group", "cascades/cascade", "channels/message", "channels/channel", "channels/sandboxmessage",
    "channels/delivery", "channels/inboundcall",
)  # fmt: skip
FORMS = (
    "contacts/voucheroffer",
    "contacts/goeswith",
    "contacts/contact",
    "contacts/group",
    "contacts/classsession",
    "contacts/importrun",
    "channels/message",
    "channels/channel",
    "channels/site",
    "cascades/cascade",
)


def pages(desk: Desk) -> dict[str, str]:
    """{name: path} of every page looked at; the first row of each list leads to its page."""
    found = {"today": "/admin/", "business": "/admin/contacts/business/", **{name: f"/admin/{name}/" for name in LISTS}}
    found |= {f"{name} (new)": f"/admin/{name}/add/" for name in FORMS}
    for name in WITH_PAGES:
        link = desk.open(f"/admin/{name}/").locator("#result_list tr.data-row th a").first
        found[f"{name} (one)"] = link.get_attribute("href") or ""
    page = desk.open("/admin/cascades/cascade/")
    season = page.get_by_role("link", name="A new season").get_attribute("href") or ""
    draft = page.get_by_role("link", name="Autumn colours").get_attribute("href") or ""
    found["health"] = page.get_by_role("link", name=re.compile("Health$")).get_attribute("href") or ""
    found["counter"] = "/admin/contacts/voucher/counter/"
    found["results"] = season.replace("/change/", "/results/")
    found["start"] = draft.replace("/change/", "/launch/")
    return {name: path.split("?")[0] for name, path in found.items()}


@pytest.fixture(scope="module")
def paths(logged_in: StorageState, browser: Browser, house: House) -> dict[str, str]:
    context = browser.new_context(storage_state=logged_in, locale="en-GB")
    found = pages(Desk(context, house.address))
    context.close()
    return found


@pytest.mark.parametrize("look", LOOKS)
def test_no_page_moves_sideways_and_nothing_fails_behind_it(
    window: Open, logged_in: StorageState, paths: dict[str, str], look: str
) -> None:
    desk = window(storage_state=logged_in, **LOOKS[look])
    wide = {}
    for name, path in paths.items():
        desk.open(path)
        if found := desk.is_wide():
            wide[name] = found
    assert wide == {}


def test_every_field_button_and_picture_has_a_name(owner: Desk, paths: dict[str, str]) -> None:
    nameless = {}
    for name, path in paths.items():
        desk_page = owner.open(path)
        assert desk_page.title().strip()
        if found := owner.nameless():
            nameless[name] = found
    assert nameless == {}


def test_the_dark_is_dark(window: Open, logged_in: StorageState) -> None:
    light, dark = (
        brightness(window(storage_state=logged_in, color_scheme=scheme).open("/admin/")) for scheme in ("light", "dark")
    )
    assert dark < 80 < 200 < light


def brightness(page: Page) -> float:
    """Of the page's ground, from 0 (black) to 255; the browser itself turns whatever colour it is into RGB."""
    value: float = page.evaluate(
        """() => {
          const colour = [document.body, document.documentElement].map((one) => getComputedStyle(one).backgroundColor)
            .find((one) => !/rgba\\(0, 0, 0, 0\\)|transparent/.test(one)) || 'white';
          const pen = document.createElement('canvas').getContext('2d');
          pen.fillStyle = colour; pen.fillRect(0, 0, 1, 1);
          const [red, green, blue] = pen.getImageData(0, 0, 1, 1).data;
          return (red + green + blue) / 3;
        }"""
    )
    return value
