"""A shop's page with our script, in a real browser: nothing before the person agrees, pages and carts then, nothing after they stop."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.desk import PHONE, Desk
from tests.browser.house import House
from tests.browser.shop import Shop
from tests.channels.test_public_pages import CHROME

pytestmark = pytest.mark.browser


@pytest.fixture
def shop(house: House) -> Iterator[Shop]:
    with Shop(house.address) as running:
        yield running


def entered(owner: Desk, shop: Shop) -> str:
    """Staff enter the shop and paste the line; the address of its page."""
    page = owner.open("/admin/channels/site/add/")
    owner.field("name").fill("Tiny shop")
    owner.field("origins").fill(shop.address)
    owner.press(owner.button("Save and continue editing"))
    shop.snippet = page.locator("section[aria-labelledby=site-panel] pre").inner_text()
    assert "Nothing was heard from it yet." in owner.said()
    page.set_viewport_size({"width": PHONE, "height": 844})
    assert owner.is_wide() == []
    assert owner.nameless() == []
    return page.url.removeprefix(owner.address)


def test_who_comes_by_a_link_is_recognised_once_they_agree(
    owner: Desk, house: House, shop: Shop, browser: Browser
) -> None:
    address = entered(owner, shop)
    token = house.ask(
        "from channels.models import Delivery as D; d = D.objects.filter(sent_at__isnull=False).first(); "
        f"D.objects.filter(pk=d.pk).update(links=['{shop.address}/hair?ref=mail']); print(d.token)"
    )
    context = browser.new_context(user_agent=CHROME)
    page, heard, wrong = context.new_page(), list[tuple[str, int]](), list[str]()
    page.on(
        "response", lambda one: heard.append((one.request.post_data or "", one.status)) if "/s/" in one.url else None
    )
    page.on("console", lambda said: wrong.append(said.text) if said.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.goto(f"{house.address}/c/{token}/0")
    assert (page.evaluate("typeof window.cascada"), wrong) == ("function", [])
    assert page.url == f"{shop.address}/hair?ref=mail"
    page.get_by_role("button", name="Add to the cart").click()
    page.wait_for_timeout(300)
    assert (heard, kept(page)) == ([], 0)

    with page.expect_response(lambda one: one.status == 204):
        page.get_by_role("button", name="Agree").click()
    assert kept(page) == 1
    assert heard[0][0].startswith('{"link":')
    with page.expect_response(lambda one: one.status == 204):
        page.get_by_role("button", name="Add to the cart").click()
    with page.expect_response(lambda one: one.status == 204):
        page.goto(f"{shop.address}/brushes")
    assert {status for _said, status in heard} == {200, 204}

    before = len(heard)
    page.get_by_role("button", name="Stop").click()
    page.get_by_role("button", name="Add to the cart").click()
    page.wait_for_timeout(300)
    assert (len(heard), kept(page), wrong) == (before, 0, [])
    context.close()

    said = owner.open("/admin/contacts/event/").locator("#result_list").inner_text()
    assert said.count("Looked at a page") == 2
    assert said.count("Changed the cart") == 2
    owner.open(address)
    assert "Last heard from on" in owner.said()


def kept(page: Page) -> int:
    """How many things the browser keeps for the shop."""
    found: int = page.evaluate("localStorage.length + document.cookie.length")
    return found
