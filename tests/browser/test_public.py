"""What customers see: the page that a mail's unsubscribe link leads to, on a phone, by keyboard, in their language."""

from __future__ import annotations

import html
import re

import pytest

from tests.browser.conftest import Open
from tests.browser.desk import PHONE, Desk

pytestmark = pytest.mark.browser


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(
    ("language", "subject"), [("en", "A new season, a new you"), ("es", "Nueva temporada"), ("ru", "Новый сезон")]
)
def test_the_unsubscribe_page_speaks_the_language_of_the_mail(
    owner: Desk, window: Open, language: str, subject: str, scheme: str
) -> None:
    """The demo shop has customers in these three; the browser's own language decides nothing."""
    person = window(locale="fr", viewport={"width": PHONE, "height": 844}, color_scheme=scheme)
    page = person.open(unsubscribe_path(owner, subject))
    assert page.locator("html").get_attribute("lang") == language
    assert page.locator("h1").inner_text().strip()
    assert person.is_wide() == []
    assert person.nameless() == []


def test_somebody_unsubscribes_by_keyboard_alone(owner: Desk, window: Open) -> None:
    path = unsubscribe_path(owner)
    person = window(viewport={"width": PHONE, "height": 844})
    page = person.open(path)
    button = page.get_by_role("button", name="Unsubscribe")
    for _ in range(5):
        page.keyboard.press("Tab")
        if button.evaluate("(one) => one === document.activeElement"):
            break
    assert button.evaluate("(one) => one.matches(':focus-visible')")
    with page.expect_navigation():
        page.keyboard.press("Enter")
    assert "You are unsubscribed" in person.said()
    again = person.open(path)
    assert again.get_by_role("button", name="Unsubscribe").count() == 0


def unsubscribe_path(owner: Desk, subject: str = "A new season, a new you") -> str:
    """Out of a mail that last week's cascade left in the sandbox: the newest one that was not unsubscribed before."""
    page = owner.find("channels/sandboxmessage", subject)
    for link in [one.get_attribute("href") or "" for one in page.locator("#result_list tr.data-row th a").all()]:
        opened = owner.open(link)
        mail = html.unescape(opened.locator("iframe").get_attribute("srcdoc") or "")
        found = re.search(r"/u/[\w-]+", mail)
        if found and is_wanted(owner, found[0]):
            return found[0]
    raise AssertionError("no mail of the demo has an unsubscribe link that still acts")


def is_wanted(owner: Desk, path: str) -> bool:
    return owner.open(path).locator("form button").count() >= 1
