"""Every public page on a phone, in each of our languages: nothing moves sideways, axe finds nothing, the keyboard reaches everything.

A new page is one more line in PLACES: how it is made in a language, and how it is reached.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from django.conf import settings as django_settings
from django.utils import timezone
from playwright.sync_api import Browser

from channels import confirming, limits
from channels.confirming import Wish
from channels.models import Confirmation, Delivery, Invitation
from contacts.models import Address, Business
from tests.browser.desk import PHONE, Desk
from tests.channels.test_booking_pages import invited
from tests.channels.test_form_pages import survey
from tests.channels.test_public_pages import sent
from tests.factories import make_business, make_channel

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]
LANGUAGES = [code for code, _ in django_settings.LANGUAGES]
Look = Callable[[Desk], None]

# Every element that the keyboard must reach; of radio buttons of one name one is enough.
_REACHABLE = """() => {
  const all = [...document.querySelectorAll('a[href], button, input:not([type=hidden]), select, textarea')]
    .filter((one) => one.checkVisibility() && one.tabIndex >= 0 && !one.disabled);
  const names = new Set();
  return all.filter((one) => one.type !== 'radio' || (!names.has(one.name) && names.add(one.name))).length;
}"""
_FOCUSED = """() => {
  const one = document.activeElement;
  if (!one || one === document.body) return '';
  window.seen = window.seen || [];
  const key = one.type === 'radio' ? one.name : one;
  if (!window.seen.includes(key)) window.seen.push(key);
  return String(window.seen.length);
}"""


def _delivery(language: str) -> Delivery:
    """A mail in this language to somebody who also has a phone; every kind of channel is in use."""
    found = sent(language, business={"country": "FR", "website": "https://shop.example"}, tracking=True)
    make_channel("sms")
    Address.objects.create(contact=found.contact, kind="phone", value="+34600000001", normal="+34600000001")
    return found


def _invitation(language: str) -> Invitation:
    make_business(country="FR", website="https://shop.example")
    make_channel("email")
    make_channel("sms")
    make_channel("whatsapp", "twilio", sender_address="+34600000009")
    return Invitation.objects.create(source="counter", language=language)


def _notifications(language: str) -> str:
    token = _invitation(language).token
    make_channel("webpush", "webpush", sender_address="")
    return f"/push/{token}"


def _looked(person: Desk) -> None:
    """The page has found out what this browser can."""
    person.page.locator("#push-shown[data-state]").wait_for()


def _confirmation(language: str) -> Confirmation:
    _invitation(language)
    wish = Wish(
        kind="email", normal="ana@mail.example", purposes=("marketing", "tracking"), source="x", language=language
    )
    found = confirming.ask(wish, now=timezone.now())
    assert found
    return found


def _booking(language: str) -> str:
    delivery, _ = invited(language)
    return delivery.token


def _form(language: str) -> str:
    words = {code: f"{code} · Really?" for code in LANGUAGES}
    form, delivery = survey(title=words, intro=words), sent(language)
    for question in form.questions.all():
        question.labels = words
        question.save()
    return f"/f/{delivery.token}/{form.slug}"


def _worn_out(language: str) -> str:
    """Asked for too often in these ten minutes, and in the next, which may begin before the browser is there."""
    path, now = f"/j/{_invitation(language).token}", timezone.now()
    for at in (now, now + limits.WINDOW):
        for _ in range(limits.GETS):
            limits.too_many([path.rsplit("/", 1)[-1]], posts=False, now=at)
    return path


def press(number: int) -> Look:
    """Press a button of the page by its place, and look at what comes."""
    return lambda person: person.press(person.page.locator("main form button[type=submit]").nth(number))


def nothing(_: Desk) -> None:
    """The page as it opens."""


# name: (path in a language, what to do there, the status that the answer has)
PLACES: dict[str, tuple[Callable[[str], str], Look, int]] = {
    "unsubscribe": (lambda code: f"/u/{_delivery(code).token}", nothing, 200),
    "unsubscribed": (lambda code: f"/u/{_delivery(code).token}", press(0), 200),
    "preferences": (lambda code: f"/p/{_delivery(code).token}", nothing, 200),
    "preferences saved": (lambda code: f"/p/{_delivery(code).token}", press(0), 200),
    "nothing any more": (lambda code: f"/p/{_delivery(code).token}", press(1), 200),
    "missing address": (lambda code: f"/a/{_delivery(code).token}", nothing, 200),
    "landing": (lambda code: f"/j/{_invitation(code).token}", nothing, 200),
    "subscribe": (lambda code: f"/join/{_invitation(code).token}", nothing, 200),
    "subscribe with mistakes": (lambda code: f"/join/{_invitation(code).token}", press(0), 422),
    "confirm": (lambda code: f"/confirm/{_confirmation(code).token}", nothing, 200),
    "confirmed": (lambda code: f"/confirm/{_confirmation(code).token}", press(0), 200),
    "notifications": (_notifications, _looked, 200),
    "not found": (lambda _: f"/u/{'A' * 16}", nothing, 404),
    "too many": (_worn_out, nothing, 429),
    "form": (_form, nothing, 200),
    "form with mistakes": (_form, press(0), 422),
    "booking": (lambda code: f"/b/{_booking(code)}/", nothing, 200),
    "booking confirmed": (lambda code: f"/b/{_booking(code)}/", press(0), 200),
    "booking cancel": (lambda code: f"/b/{_booking(code)}/cancel", nothing, 200),
}


@pytest.fixture
def phone(live_server: Any, browser: Browser) -> Iterator[Callable[[str], Desk]]:
    """Opens a phone whose browser speaks a language."""
    opened: list[Any] = []

    def new(language: str) -> Desk:
        scheme: Any = "dark" if language in ("es", "ru") else "light"
        context = browser.new_context(locale=language, color_scheme=scheme, viewport={"width": PHONE, "height": 844})
        opened.append(context)
        return Desk(context, live_server.url)

    yield new
    for context in opened:
        context.close()


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("place", PLACES)
def test_a_public_page_works_on_a_phone(
    phone: Callable[[str], Desk], live_server: Any, place: str, language: str
) -> None:
    make, act, status = PLACES[place]
    make_business(public_address=live_server.url)
    path = make(language)
    Business.objects.update(public_address=live_server.url)
    person = phone(language)
    page = person.open(path)
    act(person)
    if status >= 400:
        person.forgive(f"{status}")
        person.troubles = [trouble for trouble in person.troubles if f"{status}" not in trouble]
    assert page.locator("html").get_attribute("lang") == language
    heads = page.locator("h1:visible")
    assert heads.count() == 1
    assert heads.inner_text().strip()
    assert page.evaluate("document.cookie") == ""
    assert person.is_wide() == []
    assert person.nameless() == []
    reachable = page.evaluate(_REACHABLE)
    for _ in range(reachable * 4 + 4):
        if page.evaluate(_FOCUSED) == str(reachable):
            break
        page.keyboard.press("Tab")
    assert page.evaluate(_FOCUSED) in (str(reachable), "" if reachable == 0 else None)
    found = Axe().run(page).response["violations"]
    assert [(one["id"], one["impact"], one["nodes"][0]["html"][:160]) for one in found] == []
    assert person.troubles == []
