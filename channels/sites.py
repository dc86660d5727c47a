"""What the script on a shop's website tells: who it is, as far as they agreed, and what they look at."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from hashlib import sha256
from typing import Annotated, Any
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from django.db import DatabaseError, transaction
from django.db.models import Q
from pydantic import Discriminator, Field, Tag, TypeAdapter

from channels import limits
from channels.models import OnEmail, Site
from channels.site_passes import LASTS, LINK, NOBODY, VISITOR, Visitor, origin_of, read, with_pass, write
from contacts import arrivals, consent, emails, events
from contacts.api.happenings import Cart, CartEmptied, Happening, Item, Order, PageViewed, data_of, name_of
from contacts.api.shapes import Shape, Text
from contacts.arrivals import Arrival
from contacts.events import Fact
from contacts.models import Address, Business, ConsentPurpose, Event

_log = logging.getLogger(__name__)

ONCE = timedelta(minutes=30)  # the same page again within this counts once
_HEARD = timedelta(minutes=1)
_REPORT = {"page_viewed": "pages", "cart_changed": "carts", "cart_emptied": "carts", "order_placed": "orders"}
_SHAPES: dict[str, type[Happening]] = {
    "page_viewed": PageViewed, "cart_changed": Cart, "cart_emptied": CartEmptied, "order_placed": Order,
}  # fmt: skip
_SOMEBODY = {"id": 1}  # the shapes of the API want a person; here the visitor is the person
_THEIRS = ("person", "at", "create")


def _tag(told: Any) -> str:
    name = told.get("event") if isinstance(told, dict) else getattr(told, "event", "")
    return name if isinstance(name, str) and name in _SHAPES else "none"


_HAPPENINGS: TypeAdapter[list[PageViewed | Cart | CartEmptied | Order]] = TypeAdapter(
    list[
        Annotated[
            Annotated[PageViewed, Tag("page_viewed")]
            | Annotated[Cart, Tag("cart_changed")]
            | Annotated[CartEmptied, Tag("cart_emptied")]
            | Annotated[Order, Tag("order_placed")],
            Discriminator(_tag),
        ]
    ]
)


class Call(Shape):
    """What the script says at once. link: the pass of a link of ours; visitor: the number that the page keeps; check: staff look whether
    the script is there."""

    link: Annotated[str, Field(max_length=400)] = ""
    email: Text = ""
    visitor: Annotated[str, Field(max_length=400)] = ""
    check: bool = False
    events: Annotated[list[dict[str, Any]], Field(max_length=20)] = []

    def happenings(self) -> list[Happening]:
        """The events by the shapes of the API; a ValueError where one is none of those that a site tells, or has no key."""
        told = [{name: value for name, value in one.items() if name not in _THEIRS} for one in self.events]
        read = _HAPPENINGS.validate_python([{**one, "person": _SOMEBODY} for one in told])
        if not all(one.key for one in read):
            raise ValueError("an event without a key")
        return list(read)


def led_on(target: str, contact_id: int, *, played: bool, now: datetime) -> str:
    """Where a link leads; to a site of ours with a pass by which its page recognises the person, if their visits may be followed."""
    origin = origin_of(target)
    if not origin:
        return target
    try:
        sites = Site.objects.filter(active=True, by_link=True)
        site = next((one for one in sites if origin in one.origins), None)
        if site is None or not may_follow(contact_id, now):
            return target
        return with_pass(target, write(LINK, Visitor(site.pk, contact_id, played), now=now))
    except DatabaseError:
        _log.exception("nobody could be recognised at %s", origin)
        return target


def recognise(site: Site, call: Call, *, now: datetime) -> str | None:
    """The number for the page to keep; None where the call says nothing of who it is, or its pass is not good (any more).

    Whoever gives an address gets a number, whether anybody has that address or not.
    """
    before = read(VISITOR, call.visitor, site.pk, now=now)
    if call.link:
        came = read(LINK, call.link, site.pk, now=now)
        if came is None or not limits.first(f"pass:{call.link}", until=now + LASTS[LINK]):
            return None
        return write(VISITOR, came, now=now)
    if not call.email:
        return None
    found = _of_address(site, call.email, now)
    known = Visitor(site.pk, found) if found != NOBODY else before or Visitor(site.pk, NOBODY)
    return write(VISITOR, known, now=now)


def take(site: Site, visitor_number: str, told: Sequence[Happening], *, now: datetime) -> int:
    """Write down what a visitor looked at; how much of it was new. Nothing of a visitor who is not known or whose visits may not be
    followed."""
    visitor = read(VISITOR, visitor_number, site.pk, now=now)
    if visitor is None or visitor.contact_id == NOBODY or not may_follow(visitor.contact_id, now):
        return 0
    with transaction.atomic():
        facts = []
        for one in told:
            clean = _clean(site, one) if _REPORT[one.event] in site.reports else None  # type: ignore[attr-defined]
            fact = _fact(site, visitor, clean, now) if clean else None
            if fact and not _known(fact, now):
                facts.append(fact)
        return events.record_many(facts, now=now)


def may_follow(contact_id: int, now: datetime) -> bool:
    """Whether this person's visits may be written down: they have an address still, did not withdraw, and where the law of the
    business's country asks for consent, gave it."""
    if not Address.objects.filter(contact=contact_id).exists():
        return False
    lines = consent.newest([contact_id], [ConsentPurpose.TRACKING.value]).values()
    if any(not line.given for line in lines):
        return False
    holds = any(line.expires_at is None or line.expires_at > now for line in lines)
    return holds or not Business.current().asks_tracking_consent


def heard(site: Site, now: datetime) -> None:
    """For staff, to the minute."""
    Site.objects.filter(Q(heard_at=None) | Q(heard_at__lt=now - _HEARD), pk=site.pk).update(heard_at=now)


def refused(site: Site, origin: str, now: datetime) -> None:
    """A page elsewhere used the key."""
    long_ago = Q(refused_at=None) | Q(refused_at__lt=now - _HEARD)
    Site.objects.filter(long_ago, pk=site.pk).update(refused_at=now, refused_origin=origin[:200])


def _of_address(site: Site, text: str, now: datetime) -> int:
    """Whose address it is; of several who share it, nobody."""
    if site.on_email == OnEmail.IGNORE:
        return NOBODY
    try:
        normal = emails.normalise(text)
    except ValueError:
        return NOBODY
    with transaction.atomic():
        if site.on_email == OnEmail.CREATE:
            arrivals.one_at_a_time()
        found = arrivals.owners("email", [normal]).get(normal, [])
        if not found and site.on_email == OnEmail.CREATE:
            found = arrivals.welcome([Arrival("email", normal)], now=now)
    return found[0] if len(found) == 1 else NOBODY


def _clean(site: Site, told: Happening) -> Happening | None:
    """Only what leads to the shop itself: what a browser says may be anybody's, and stands in messages later."""
    if isinstance(told, PageViewed):
        return told.model_copy(update={"url": _page(site, told.url)}) if origin_of(told.url) in site.origins else None
    if isinstance(told, Cart | Order):
        items = [_thing(site, one) for one in told.items if not _leads_away(one.name)]
        if isinstance(told, Cart) and not items:
            return None
        plain: dict[str, Any] = {"items": items, "link": _ours(site, told.link)}
        if isinstance(told, Order):
            plain |= {"vouchers": [], "address": None, "place": None, "pick_up_at": None, "note": None}
        return told.model_copy(update=plain)
    return told


def _thing(site: Site, item: Item) -> Item:
    pictured = origin_of(item.image or "") in (*site.origins, *site.image_origins)
    return item.model_copy(update={"link": _ours(site, item.link), "image": item.image if pictured else None})


def _ours(site: Site, url: str | None) -> str | None:
    return url if url and origin_of(url) in site.origins else None


def _leads_away(name: str) -> bool:
    return "://" in name or "www." in name.lower()


def _page(site: Site, url: str) -> str:
    """The address without its secrets: only the parameters that staff named stay."""
    parts = urlsplit(url)
    kept = [(name, value) for name, value in parse_qsl(parts.query)[:50] if name in site.parameters]
    return urlunsplit((parts.scheme, parts.netloc.rpartition("@")[2], parts.path, urlencode(kept), ""))


def _fact(site: Site, visitor: Visitor, told: Happening, now: datetime) -> Fact:
    number = told.order if isinstance(told, Order) else told.key
    mark = f"{site.pk}:{visitor.contact_id}:{sha256(str(number).encode()).hexdigest()[:40]}"
    data = {**data_of(told), "site": site.name}
    return Fact(visitor.contact_id, name_of(told), now, mark, data, events.FROM_SITE, played=visitor.played)


def _known(fact: Fact, now: datetime) -> bool:
    """Whether it says nothing new: the same page lately, the cart as it was, an order that the shop itself told."""
    theirs = Event.objects.filter(contact=fact.contact_id).order_by("-at", "-pk")
    if fact.name == "page_viewed":
        return theirs.filter(name=fact.name, at__gt=now - ONCE, data__url=fact.data["url"]).exists()
    if fact.name == "order":
        return theirs.filter(name=fact.name, data__order=fact.data["order"]).exists()
    last = theirs.filter(name__in=["cart_changed", "cart_emptied"], data__cart=fact.data["cart"]).first()
    return last is not None and (last.name, last.data) == (fact.name, fact.data)
