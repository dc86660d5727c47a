"""The script of a shop's website: who is recognised, what is written down of whom, and what strangers cannot learn or do."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import time_machine
from django.utils import timezone

from cascades.trigger import Check
from cascades.triggers.event import Happened
from cascades.triggers.silence import Silence
from channels import site_passes
from channels.models import Site
from channels.site_passes import LINK, VISITOR, Visitor
from contacts import consent, events
from contacts.models import Contact, Event
from contacts.segments import query
from tests.channels.site_page import CART, SHOP, Page, followed, looked_at, pass_in, visitor_of
from tests.channels.test_public_pages import sent
from tests.factories import make_business, make_contact

pytestmark = pytest.mark.django_db


@pytest.fixture
def site() -> Site:
    make_business()
    return Site.objects.create(name="Shop", origins=[SHOP], reports=["pages", "carts", "orders"])


@pytest.fixture
def ana(site: Site) -> Contact:
    return make_contact("Ana Ruiz", email="ana@mail.example")


# --- by a link of ours ---


def test_a_link_leads_to_the_shop_with_a_pass_that_names_nobody_and_keeps_the_address(site: Site) -> None:
    delivery = sent(links=[f"{SHOP}/a?utm_source=x#top", "https://elsewhere.example/b"])
    address = followed(delivery.token)
    assert address.startswith(f"{SHOP}/a?utm_source=x&csc=")
    assert address.endswith("#top")
    assert str(delivery.contact_id) not in pass_in(address).replace(delivery.token, "")[:5]
    assert delivery.token not in address
    assert followed(delivery.token, 1) == "https://elsewhere.example/b"
    number = Page(site).number(link=pass_in(address))
    assert Page(site).tells(number, looked_at()) == 204
    assert Event.objects.get().contact == delivery.contact


@pytest.mark.parametrize("who", ["program", "prefetch", "switched off", "by staff"])
def test_no_pass_is_given_where_nobody_is_to_be_recognised(site: Site, who: str) -> None:
    delivery = sent(links=[f"{SHOP}/a"])
    headers = {"program": {"User-Agent": "Googlebot/2.1"}, "prefetch": {"Sec-Purpose": "prefetch"}}.get(who, {})
    Site.objects.update(active=who != "switched off", by_link=who != "by staff")
    assert followed(delivery.token, headers=headers) == f"{SHOP}/a"


def test_where_the_law_asks_nobody_gets_a_pass_without_consent_to_tracking(site: Site) -> None:
    delivery = sent(links=[f"{SHOP}/a"], business={"country": "FR"})
    assert not pass_in(followed(delivery.token))
    consent.grant(delivery.contact_id, "email", basis="express", source="form", now=timezone.now(), purpose="tracking")
    assert pass_in(followed(delivery.token))


def test_a_pass_is_good_once_for_ten_minutes_for_one_site_and_for_nothing_else(site: Site, ana: Contact) -> None:
    now, page = timezone.now(), Page(site)
    whose = Visitor(site.pk, ana.pk)
    good = site_passes.write(LINK, whose, now=now)
    other = Site.objects.create(name="Other", origins=[SHOP])
    assert Page(other).says(link=good).status_code == 204
    assert page.number(link=good)
    assert page.says(link=good).status_code == 204  # again
    bad = {
        "forged": good[:-6] + "AAAA==", "nonsense": "nonsense", "of another purpose": site_passes.write(VISITOR, whose, now=now),
        "expired": site_passes.write(LINK, whose, now=now - timedelta(minutes=11)),
        "of tomorrow": site_passes.write(LINK, whose, now=now + timedelta(days=1)),
    }  # fmt: skip
    assert {name: page.says(link=one).status_code for name, one in bad.items()} == dict.fromkeys(bad, 204)
    assert page.tells(site_passes.write(LINK, whose, now=now), looked_at()) == 204  # a pass is no visitor's number
    assert not Event.objects.exists()


def test_what_came_from_the_sandbox_stays_marked_as_played(site: Site, ana: Contact) -> None:
    number = site_passes.write(VISITOR, Visitor(site.pk, ana.pk, played=True), now=timezone.now())
    Page(site).tells(number, looked_at())
    assert Event.objects.get().played


# --- by an address ---


def test_an_address_reveals_nothing_and_ties_only_whom_we_know(site: Site, ana: Contact) -> None:
    page = Page(site)
    known, unknown = page.number(email="Ana@mail.example"), page.number(email="nobody@mail.example")
    assert len(known) == len(unknown)
    assert [page.tells(one, looked_at()) for one in (known, unknown)] == [204, 204]
    assert [event.contact for event in Event.objects.all()] == [ana]
    assert Contact.objects.count() == 1


def test_a_new_address_becomes_a_contact_without_consent_where_staff_chose_so(site: Site) -> None:
    Site.objects.update(on_email="create")
    page = Page(site)
    number = page.number(email="new@mail.example")
    assert page.number(email="not an address")
    page.tells(number, looked_at())
    made = Contact.objects.get()
    assert (made.addresses.get().normal, made.consents.count(), made.events.count()) == ("new@mail.example", 0, 1)


def test_an_address_that_two_share_is_nobodys_and_one_that_is_ignored_too(site: Site, ana: Contact) -> None:
    make_contact("Leo", email="both@mail.example")
    make_contact("Eva", email="both@mail.example")
    page = Page(site)
    page.tells(page.number(email="both@mail.example"), looked_at())
    Site.objects.update(on_email="ignore")
    page.tells(page.number(email="ana@mail.example"), looked_at())
    assert not Event.objects.exists()


# --- what is written down ---


def test_a_page_is_kept_without_its_secrets_and_once_in_half_an_hour(site: Site, ana: Contact) -> None:
    Site.objects.update(parameters=["product"])
    number, page, start = visitor_of(site, ana), Page(site), timezone.now()
    with time_machine.travel(start, tick=False) as clock:
        page.tells(number, looked_at("/p?token=secret&product=7#x", category="B"))
        clock.shift(timedelta(minutes=29))
        page.tells(number, looked_at("/p?product=7"), looked_at("/q"))
        assert Event.objects.count() == 2
        clock.shift(timedelta(minutes=2))
        page.tells(number, looked_at("/p?product=7"))
    first = Event.objects.order_by("at")[0]
    assert first.data == {"url": f"{SHOP}/p?product=7", "title": "Hair", "category": "B", "site": "Shop"}
    assert (first.name, first.source, Event.objects.count()) == ("page_viewed", events.FROM_SITE, 3)


def test_a_cart_is_told_as_it_changes_and_not_while_it_stays(site: Site, ana: Contact) -> None:
    number, page = visitor_of(site, ana), Page(site)
    emptied = {"event": "cart_emptied", "cart": "C1"}
    for told in (CART, CART, CART | {"total": 30}, emptied, emptied, CART):
        page.tells(number, told)
    names = list(Event.objects.order_by("pk").values_list("name", flat=True))
    assert names == ["cart_changed", "cart_changed", "cart_emptied", "cart_changed"]
    item = Event.objects.order_by("pk")[0].data["items"][0]
    assert item == {
        "sku": "S1",
        "name": "Shampoo",
        "category": "hair",
        "quantity": 2,
        "price": 12.5,
        "link": f"{SHOP}/s1",
    }


def test_nothing_that_leads_away_from_the_shop_gets_into_messages(site: Site, ana: Contact) -> None:
    Site.objects.update(image_origins=["https://cdn.example"])
    good = {"name": "Soap", "link": "https://evil.example/", "image": "https://cdn.example/soap.png"}
    bad = {"name": "You won: https://evil.example", "image": "https://evil.example/pixel.gif"}
    Page(site).tells(
        visitor_of(site, ana), CART | {"items": [good, bad, {"name": "Comb", "image": "https://evil.example/pixel.gif"}], "link": "https://evil.example/cart"},
        looked_at() | {"url": "https://evil.example/"},
    )  # fmt: skip
    data = Event.objects.get().data
    soap = {"name": "Soap", "quantity": 1, "image": "https://cdn.example/soap.png"}
    assert data["items"] == [soap, {"name": "Comb", "quantity": 1}]
    assert "link" not in data


def order(number: str = "1001") -> dict[str, Any]:
    return {"event": "order_placed", "order": number, "total": 25, "currency": "EUR"}


def shop_tells(contact: Contact, number: str = "1001") -> Event:
    now = timezone.now()
    data = {"order": number, "total": 27.5, "currency": "EUR"}
    return events.record(contact.pk, "order", at=now, now=now, key=number, data=data, source="Web shop")


def test_an_order_that_the_shop_told_too_counts_once_whoever_is_first(site: Site, ana: Contact) -> None:
    number, page = visitor_of(site, ana), Page(site)
    shop_tells(ana)
    page.tells(number, order())
    page.tells(number, order("1002"))
    weak = Event.objects.get(source=events.FROM_SITE)
    strong = shop_tells(ana, "1002")
    assert (strong.pk, strong.source, strong.amount) == (weak.pk, "Web shop", Decimal("27.5"))
    assert shop_tells(ana, "1002").pk == strong.pk
    page.tells(number, order("1002"))
    assert Event.objects.filter(name="order").count() == 2


def test_a_voucher_is_redeemed_by_the_shops_word_and_not_by_a_browsers(
    site: Site, ana: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    followed_up: list[Any] = []
    monkeypatch.setattr(events, "_followers", [lambda facts, _now: followed_up.extend(facts)])
    Page(site).tells(visitor_of(site, ana), order() | {"vouchers": ["SAVE10"]})
    assert (Event.objects.count(), followed_up) == (1, [])
    now = timezone.now()
    data = {"order": "1001", "vouchers": ["SAVE10"]}
    events.record(ana.pk, "order", at=now, now=now, key="1001", data=data, source="Web shop")
    assert (Event.objects.count(), len(followed_up)) == (1, 1)


def test_a_site_tells_only_what_staff_let_it_tell(site: Site, ana: Contact) -> None:
    Site.objects.update(reports=["carts"])
    assert Page(site).tells(visitor_of(site, ana), looked_at(), order(), CART) == 204
    assert Event.objects.get().name == "cart_changed"


@pytest.mark.parametrize("why", ["law", "withdrawn", "erased"])
def test_whose_visits_may_not_be_followed_leaves_no_trace(site: Site, ana: Contact, why: str) -> None:
    if why == "law":
        make_business(country="FR")
    elif why == "withdrawn":
        consent.withdraw(ana.pk, "email", source="link", now=timezone.now(), purpose="tracking")
    else:
        ana.addresses.all().delete()
    assert Page(site).tells(visitor_of(site, ana), looked_at()) == 204
    assert not Event.objects.exists()


def test_a_segment_and_a_trigger_find_what_the_site_told(site: Site, ana: Contact) -> None:
    Page(site).tells(visitor_of(site, ana), looked_at(category="B"), CART)
    now = timezone.now()
    rules = {"all": [{
        "kind": "event", "op": "at_least", "event": "page_viewed", "times": 1, "days": 30, "detail": "category", "compare": "is",
        "value": "B",
    }]}  # fmt: skip
    assert query.sample(rules, now, 5) == [ana]
    left = {"event": "cart_changed", "where": [], "key": "cart", "quiet": 1800, "unless": ["cart_emptied", "order"]}
    later = Check(now + timedelta(minutes=31), now - timedelta(hours=1))
    assert [list(entry.people.values_list("contact_id", flat=True)) for entry in Happened().due(left, later)] == [
        [ana.pk]
    ]
    month = Check(now + timedelta(days=30, minutes=1), now - timedelta(hours=1))
    silent = list(Silence().due({"days": 30, "since": "seen", "event": ""}, month))
    found = [list(entry.people.values_list(entry.contact, flat=True)) for entry in silent]
    assert (found[0], found[1]) == ([], [ana.pk])  # not since she was added, but since she looked at a page
