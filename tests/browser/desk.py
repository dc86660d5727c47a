"""A member of staff at a browser; whatever goes wrong behind their back is remembered and fails the test."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import quote

from playwright.sync_api import BrowserContext, ConsoleMessage, Locator, Page, Request, Response

PHONE, SCREEN = 390, 1440
# Wider than its window, other than what scrolls by itself: the sign of a page that moves sideways.
_WIDER = """() => {
  const wide = document.documentElement.clientWidth;
  if (document.documentElement.scrollWidth <= wide) {
    const main = document.querySelector('main, #main, #content');
    if (!main || main.scrollWidth <= main.clientWidth + 1 || getComputedStyle(main).overflowX === 'visible') return [];
  }
  return [...document.querySelectorAll('body *')].filter((one) => one.getBoundingClientRect().right > wide + 1)
    .slice(0, 5).map((one) => one.outerHTML.slice(0, 120));
}"""
# Without a name: what a screen reader could not say.
_NAMELESS = """() => {
  const shown = (one) => one.checkVisibility({visibilityProperty: true, opacityProperty: false}) && !one.closest('[aria-hidden=true]');
  const text = (one) => (one?.innerText || one?.textContent || '').trim();
  const by = (one) => text(document.getElementById(one.getAttribute('aria-labelledby')));
  const labelled = (one) => one.getAttribute('aria-label') || one.title || one.placeholder || by(one) || [...(one.labels || [])].some(text);
  const fields = [...document.querySelectorAll('input:not([type=hidden]), select, textarea, trix-editor')].filter(shown)
    .filter((one) => !labelled(one) && !(one.type === 'submit' && one.value) && !one.closest('.select2'));
  const buttons = [...document.querySelectorAll('button, a[href], [role=button]')].filter(shown)
    .filter((one) => !text(one) && !labelled(one) && !one.querySelector('img[alt]:not([alt=""]), [title], [aria-label]'));
  const pictures = [...document.querySelectorAll('img:not([alt])')].filter(shown);
  return [...fields, ...buttons, ...pictures].map((one) => one.outerHTML.slice(0, 160));
}"""


class Desk:
    """One browser window. `troubles`: errors in the console, failed requests, calls to other machines."""

    def __init__(self, context: BrowserContext, address: str) -> None:
        self.address, self.troubles = address, list[str]()
        self.page: Page = context.new_page()
        self.page.set_default_timeout(15_000)
        self.page.on("console", self._heard)
        self.page.on("pageerror", lambda error: self.troubles.append(f"script: {error}"))
        self.page.on("request", self._asked)
        self.page.on("requestfailed", self._failed)
        self.page.on("response", self._answered)

    def open(self, path: str) -> Page:
        self.page.goto(self.address + path)
        self.page.wait_for_load_state("load")
        return self.page

    def log_in(self, name: str, password: str) -> None:
        page = self.open("/admin/")
        page.get_by_label("Username").fill(name)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url("**/admin/")

    def field(self, name: str) -> Locator:
        """A field of a form by its name in the form."""
        return self.page.locator(f'[name="{name}"]')

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=_ending(name))

    def link(self, name: str) -> Locator:
        return self.page.get_by_role("link", name=_ending(name))

    def said(self) -> str:
        return self.page.locator("body").inner_text()

    def press(self, what: Locator) -> None:
        """Click what leads to another page, and wait until that one is there: the next step would cut it short."""
        with self.page.expect_navigation(wait_until="load"):
            what.click()

    def find(self, where: str, words: str) -> Page:
        """A list of the admin, searched."""
        return self.open(f"/admin/{where}/?q={quote(words)}")

    def is_wide(self) -> list[str]:
        found: list[str] = self.page.evaluate(_WIDER)
        return found

    def nameless(self) -> list[str]:
        found: list[str] = self.page.evaluate(_NAMELESS)
        return found

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            self.troubles.append(f"console: {message.text}")

    def _asked(self, request: Request) -> None:
        if not re.match(re.escape(self.address) + "(/|$)|data:|blob:|about:", request.url):
            self.troubles.append(f"left the machine: {request.url}")

    def _failed(self, request: Request) -> None:
        if "ERR_ABORTED" not in (request.failure or ""):  # what the next page cut short
            self.troubles.append(f"failed: {request.url} {request.failure}")

    def _answered(self, response: Response) -> None:
        if response.status >= 400:
            self.troubles.append(f"{response.status}: {response.url}")

    def forgive(self, part: str) -> None:
        """What this test provoked itself; it must have happened."""
        assert any(part in trouble for trouble in self.troubles), (part, self.troubles)
        self.troubles = [trouble for trouble in self.troubles if part not in trouble]


def _ending(name: str) -> re.Pattern[str]:
    """The name alone or after an icon, whose own name is read as a word."""
    return re.compile(rf"^([a-z_]+ )?{re.escape(name)}$")


Look = dict[str, Any]
LOOKS: dict[str, Look] = {
    f"{width}-{scheme}": {
        "viewport": {"width": width, "height": 844 if width == PHONE else 900},
        "color_scheme": scheme,
    }
    for width in (PHONE, SCREEN)
    for scheme in ("light", "dark")
}
