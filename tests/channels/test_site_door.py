"""Where the script of a shop's website calls: who is let in, what is refused, the script itself, and the page that staff see."""

from __future__ import annotations

import json

import pytest
import time_machine
from django.test import Client
from django.utils import timezone

from channels.admin.site import Origins
from channels.models import Site
from channels.views import site as door
from contacts.models import Contact, Event
from tests.channels.site_page import CART, SHOP, Page, visitor_of
from tests.contacts.staff import said_of, sign_in
from tests.factories import make_business, make_contact

pytestmark = pytest.mark.django_db


@pytest.fixture
def site() -> Site:
    make_business()
    return Site.objects.create(name="Shop", origins=[SHOP], reports=["pages", "carts", "orders"])


@pytest.fixture
def ana(site: Site) -> Contact:
    return make_contact("Ana Ruiz", email="ana@mail.example")


def test_the_door_is_open_to_pages_of_the_shop_alone(site: Site) -> None:
    answer = Page(site).says(check=True)
    assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (204, SHOP)
    assert "Origin" in answer["Vary"]
    assert "Access-Control-Allow-Credentials" not in answer
    site.refresh_from_db()
    assert site.heard_at is not None
    for origin in ("https://evil.example", "null", f"{SHOP}:444", "http://shop.example"):
        refused = Page(site, Origin=origin).says(check=True)
        assert (refused.status_code, refused.get("Access-Control-Allow-Origin")) == (403, None)
    site.refresh_from_db()
    assert site.refused_origin == "https://evil.example"
    Site.objects.update(active=False)
    assert Page(site).says(check=True).status_code == 404


def test_a_preflight_is_answered_for_the_shop_and_refused_for_others(site: Site) -> None:
    asked = {"Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "content-type"}
    answer = Client().options(f"/s/{site.key}", headers={"Origin": SHOP, **asked})
    assert (answer.status_code, answer["Access-Control-Allow-Origin"]) == (204, SHOP)
    assert (answer["Access-Control-Allow-Methods"], answer["Access-Control-Allow-Headers"]) == ("POST", "content-type")
    assert Client().options(f"/s/{site.key}", headers={"Origin": "https://evil.example", **asked}).status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        b"", b"[]", b"{", b"\xff\xfe", b'{"visitor": 1}', b'{"events": [{}]}', b'{"events": [[]]}', b'{"unknown": 1}', b"[" * 5000,
        b'{"events": [{"event": "order_paid", "key": "k", "order": "1"}]}', b'{"events": [{"event": ["page_viewed"], "key": "k"}]}',
        b'{"events": [{"event": "page_viewed", "url": "https://shop.example/"}]}', b'{"email": "a\\u0000b"}',
        b'{"events": [{"event": "cart_changed", "key": "k", "cart": "1", "total": 1e999}]}',
        b'{"events": [{"event": "page_viewed", "key": "k", "url": "javascript:alert(1)"}]}',
    ],
)  # fmt: skip
def test_junk_is_refused_and_breaks_nothing(site: Site, body: bytes) -> None:
    assert Page(site).client.post(f"/s/{site.key}", body, content_type="text/plain").status_code == 400


def test_what_is_too_large_is_refused(site: Site) -> None:
    body = json.dumps({"events": [], "visitor": "x" * door.LARGEST})
    assert Page(site).client.post(f"/s/{site.key}", body, content_type="text/plain").status_code == 413


def test_programs_are_not_listened_to_and_a_repeated_call_counts_once(site: Site, ana: Contact) -> None:
    number = visitor_of(site, ana)
    call = {
        "visitor": number,
        "events": [{"key": "same", **CART}, {"key": "other", "event": "cart_emptied", "cart": "C1"}],
    }
    headless = (
        "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) HeadlessChrome/142.0.0.0 Safari/537.36"
    )
    assert Page(site, **{"User-Agent": headless}).says(**call).status_code == 204
    assert not Event.objects.exists()
    assert [Page(site).says(**call).status_code for _ in range(3)] == [204] * 3
    assert Event.objects.count() == 2


def test_a_visitor_a_household_and_a_giver_of_addresses_have_their_measure(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(door, "PER_VISITOR", 3)
    monkeypatch.setattr(door, "PER_GIVER", 2)
    monkeypatch.setattr(door, "PER_NETWORK", 7)
    page = Page(site)
    with time_machine.travel(timezone.now(), tick=False):
        assert [page.says(visitor="x").status_code for _ in range(4)] == [204, 204, 204, 429]
        answers = [page.says(email="ana@mail.example").status_code for _ in range(3)]
        assert answers == [200, 200, 429]
        refused = page.says(visitor="y")
    assert (refused.status_code, refused["Access-Control-Allow-Origin"]) == (429, SHOP)


# --- the script, and staff ---


def test_the_script_is_small_plain_and_kept_by_browsers(site: Site) -> None:
    answer = Client().get("/site.js")
    text = answer.content.decode()
    assert len(answer.content) < 4096
    assert not any(word in text for word in ("eval(", "new Function", "innerHTML", "document.write", "document.cookie"))
    assert answer["Content-Type"].startswith("text/javascript")
    assert "max-age=3600" in answer["Cache-Control"]
    assert Client().get("/site.js", headers={"If-None-Match": answer["ETag"]}).status_code == 304


def test_staff_enter_a_site_and_see_the_line_to_paste_and_whether_it_works() -> None:
    make_business()
    marketer, page = sign_in("Marketer"), "/admin/channels/site/add/"
    given = {
        "name": "Shop", "origins": "shop.example\nhttps://WWW.shop.example/path", "image_origins": "", "parameters": "product_id",
        "reports": ["pages", "carts"], "by_link": "on", "on_email": "known", "active": "on",
    }  # fmt: skip
    assert "is not the address" in said_of(marketer.post(page, given | {"origins": "ftp://x"}))
    assert marketer.post(page, given).status_code == 302
    site = Site.objects.get()
    assert site.origins == ["https://shop.example", "https://www.shop.example"]
    shown = said_of(marketer.get(f"/admin/channels/site/{site.pk}/change/"))
    assert f"data-site=&quot;{site.key}&quot; data-params=&quot;product_id&quot; async" in shown
    assert "Nothing was heard from it yet." in shown
    Page(site).says(check=True)
    Page(site, Origin="https://evil.example").says(check=True)
    shown = said_of(marketer.get(f"/admin/channels/site/{site.pk}/change/"))
    assert "Last heard from on" in shown
    assert "https://evil.example used the key" in shown
    assert sign_in("Front desk").post(page, given | {"name": "Mine"}).status_code == 403
    assert sign_in("Viewer").get(f"/admin/channels/site/{site.pk}/change/").status_code == 200
    assert Origins(required=False).clean("") == []
