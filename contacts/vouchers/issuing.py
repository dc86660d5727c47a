"""Giving codes out, to many people at once: each once for an offer, a person and an occasion, whoever asks how often."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils.formats import date_format

from contacts import bulk, calendar, timezones
from contacts.models import Business, CodeKind, Voucher, VoucherOffer
from contacts.vouchers import codes

WAY = "way:"  # how the occasion of a cascade begins
_ROUNDS = 5  # another code is tried where somebody has it already; with 40 bits nobody ever saw a second round
COLUMNS = (
    "offer_id", "contact_id", "occasion", "code", "normal", "single", "practice", "issued_at", "expires_at", "redeemed_at",
    "redeemed_where", "reference", "redeemed_by_id",
)  # fmt: skip

Problem = tuple[str, dict[str, Any]]
_Key = tuple[str, int, str]  # slug, contact, occasion


@dataclass(frozen=True, slots=True)
class Want:
    """A message needs a code. practice: the message goes to the sandbox."""

    slug: str
    contact_id: int
    occasion: str
    practice: bool = False

    @property
    def key(self) -> _Key:
        return self.slug, self.contact_id, self.occasion


def occasion_of(context: Mapping[str, Any], token: str) -> str:
    """What a message's vouchers are given for: the person's way through a cascade (`way` of its context), else the message itself."""
    way = context.get("way")
    return f"{WAY}{way}" if type(way) is int else f"message:{token}"


def in_hand(holders: Iterable[tuple[int, str]]) -> list[Voucher]:
    """The vouchers of these (contact, occasion) that are not redeemed yet; one statement, or none."""
    wanted = set(holders)
    if not wanted:
        return []
    theirs = Voucher.objects.select_related("offer").filter(
        bulk.Among("contact_id", {contact for contact, _occasion in wanted}),
        bulk.Among("occasion", {occasion for _contact, occasion in wanted}), redeemed_at=None,
    )  # fmt: skip
    return [one for one in theirs.order_by("id") if (one.contact_id, one.occasion) in wanted]


class InText(dict[str, Any]):
    """A voucher as a message sees it: the code itself, and `.until`, `.gives`, `.terms`, `.name`."""

    def __str__(self) -> str:
        return str(self["code"])


class Day(date):
    """A day that is written in the language in force."""

    def __str__(self) -> str:
        return date_format(self, "DATE_FORMAT")


class Vouchers:
    """The codes of the people in one worker's hands; what was given or found once is not asked for again."""

    def __init__(self, business: Business) -> None:
        self.zone_name = business.time_zone
        self.zone = timezones.named(business.time_zone) or timezones.UTC
        self._offers: dict[str, VoucherOffer] = {}
        self._asked: set[str] = set()
        self._known: dict[_Key, Voucher] = {}

    def make(self, wanted: Iterable[Want], now: datetime) -> None:
        """Have a code ready for each. Three statements at most where all codes are made here; an offer with a limit or a list is locked."""
        wants = {want.key: want for want in wanted}
        self._learn({want.slug for want in wants.values()})
        missing = [want for want in wants.values() if want.slug in self._offers and self._lacks(want)]
        if not missing:
            return
        self._find(missing)
        new = [want for want in missing if self._lacks(want) and self._is_open(self._offers[want.slug], now)]
        free = [want for want in new if not self._is_scarce(want)]
        for _round in range(_ROUNDS):
            if not free:
                break
            self._give(free, now)
            free = [want for want in free if want.key not in self._known]
        by_offer: dict[str, list[Want]] = defaultdict(list)
        for want in new:
            if self._is_scarce(want):
                by_offer[want.slug].append(want)
        for slug in sorted(by_offer):
            self._share_out(self._offers[slug], by_offer[slug], now)

    def of(self, want: Want, now: datetime) -> tuple[InText | None, Problem | None]:
        """The person's voucher for the text, or why there is none: (reason, parameters)."""
        offer, found = self._offers.get(want.slug), self._known.get(want.key)
        if offer is None:
            return None, ("missing_field", {"field": f"voucher.{want.slug}"})
        if found is None or (found.practice and not want.practice):
            return None, (
                "voucher_over" if not self._is_open(offer, now) else "voucher_none_left",
                {"offer": offer.name},
            )
        if found.redeemed_at is not None:
            return None, (
                "voucher_used",
                {"offer": offer.name, "when": found.redeemed_at.isoformat(), "zone": self.zone_name},
            )
        if found.expires_at is not None and found.expires_at <= now:
            return None, (
                "voucher_expired",
                {"offer": offer.name, "when": found.expires_at.isoformat(), "zone": self.zone_name},
            )
        return _in_text(offer, found.code, self._last_day(found.expires_at)), None

    def last_day(self, offer: VoucherOffer, now: datetime) -> date | None:
        """Of a code that is given now."""
        return self._last_day(self._expiry(offer, now))

    def _learn(self, slugs: set[str]) -> None:
        if unknown := slugs - self._asked:
            self._offers.update({offer.slug: offer for offer in VoucherOffer.objects.filter(slug__in=unknown)})
            self._asked |= unknown

    def _lacks(self, want: Want) -> bool:
        found = self._known.get(want.key)
        return found is None or (found.practice and not want.practice)

    def _is_scarce(self, want: Want) -> bool:
        offer = self._offers[want.slug]
        return not want.practice and (offer.kind == CodeKind.LISTED or offer.most is not None)

    def _is_open(self, offer: VoucherOffer, now: datetime) -> bool:
        return offer.active and (offer.valid_until is None or now < self._end_of(offer.valid_until))

    def _end_of(self, day: date) -> datetime:
        return calendar.at_local(day + timedelta(days=1), datetime.min.time(), self.zone)

    def _expiry(self, offer: VoucherOffer, now: datetime) -> datetime | None:
        """The end of the last day, by the clock of the business."""
        ends = [self._end_of(offer.valid_until)] if offer.valid_until else []
        if offer.valid_days:
            ends.append(self._end_of(now.astimezone(self.zone).date() + timedelta(days=offer.valid_days)))
        return min(ends, default=None)

    def _last_day(self, expires_at: datetime | None) -> Day | None:
        if expires_at is None:
            return None
        day = (expires_at - timedelta(seconds=1)).astimezone(self.zone).date()
        return Day(day.year, day.month, day.day)

    def _find(self, wants: Sequence[Want]) -> None:
        """What these people were given before; what was for practice becomes real where a real message shows it."""
        slugs = {self._offers[want.slug].pk: want.slug for want in wants}
        mine = Voucher.objects.filter(
            bulk.Among("contact_id", {want.contact_id for want in wants}),
            bulk.Among("occasion", {want.occasion for want in wants}), offer_id__in=list(slugs),
        ).order_by()  # fmt: skip
        for found in mine:
            self._known[slugs[found.offer_id], found.contact_id or 0, found.occasion] = found
        real = [want for want in wants if self._lacks(want) and want.key in self._known and not self._is_scarce(want)]
        if real:
            Voucher.objects.filter(bulk.Among("id", [self._known[want.key].pk for want in real])).update(practice=False)
            for want in real:
                self._known[want.key].practice = False

    def _give(self, wants: Sequence[Want], now: datetime) -> None:
        """New codes with one statement; where another worker was quicker, what it gave counts."""
        rows = [self._row(want, now) for want in sorted(wants, key=lambda want: want.key)]
        made = bulk.insert(Voucher, COLUMNS, rows, ignore_conflicts=True, returning=("id", *COLUMNS))
        slugs = {self._offers[want.slug].pk: want.slug for want in wants}
        for values in made:
            voucher = Voucher(**dict(zip(("id", *COLUMNS), values, strict=True)))
            self._known[slugs[voucher.offer_id], voucher.contact_id or 0, voucher.occasion] = voucher
        if len(made) < len(rows):
            self._find([want for want in wants if want.key not in self._known])

    def _row(self, want: Want, now: datetime) -> tuple[Any, ...]:
        offer = self._offers[want.slug]
        fixed = offer.kind == CodeKind.FIXED
        code = offer.code if fixed else codes.mint(offer.pattern)
        return (
            offer.pk, want.contact_id, want.occasion, code, codes.normal(code), not fixed, want.practice, now, self._expiry(offer, now),
            None, "", "", None,
        )  # fmt: skip

    def _share_out(self, offer: VoucherOffer, wants: list[Want], now: datetime) -> None:
        """Codes of which there are only so many: one worker at a time, in the order of the wants."""
        with transaction.atomic():
            VoucherOffer.objects.select_for_update(no_key=True).get(pk=offer.pk)
            self._find(wants)
            wants = [want for want in wants if self._lacks(want)]
            given = Voucher.objects.filter(offer=offer, contact__isnull=False, practice=False).order_by()
            if offer.most is not None and wants:
                wants = wants[: max(0, offer.most - given.count())]
            practised = [self._known.pop(want.key).pk for want in wants if want.key in self._known]
            if practised:  # shown in the sandbox only; the real message gets a real code
                Voucher.objects.filter(bulk.Among("id", practised)).delete()
            if offer.kind == CodeKind.LISTED:
                self._hand_out(offer, wants, now)
            elif wants:
                self._give(wants, now)

    def _hand_out(self, offer: VoucherOffer, wants: Sequence[Want], now: datetime) -> None:
        listed = list(Voucher.objects.filter(offer=offer, contact=None).order_by("id")[: len(wants)])
        pairs = list(zip(listed, wants, strict=False))  # a list may be shorter than the queue
        for voucher, want in pairs:
            voucher.contact_id, voucher.occasion = want.contact_id, want.occasion
            voucher.issued_at, voucher.expires_at = now, self._expiry(offer, now)
            self._known[want.key] = voucher
        columns = ("contact_id", "occasion", "issued_at", "expires_at")
        bulk.update(Voucher, columns, [(one.pk, *(getattr(one, name) for name in columns)) for one, _want in pairs])


def _in_text(offer: VoucherOffer, code: str, until: date | None) -> InText:
    told = {"code": code, "until": until, "gives": offer.gives, "terms": offer.terms, "name": offer.name}
    return InText({name: value for name, value in told.items() if value not in (None, "")})


def sample(slugs: Iterable[str], business: Business, now: datetime) -> dict[str, InText]:
    """How vouchers will look in a text, for trying it out; one statement, or none."""
    wanted = set(slugs)
    if not wanted:
        return {}
    shown = Vouchers(business)
    found = {offer.slug: offer for offer in VoucherOffer.objects.filter(slug__in=wanted)}
    return {
        slug: _in_text(
            offer, offer.code if offer.kind == CodeKind.FIXED else offer.pattern.replace("#", "X"), shown.last_day(offer, now)
        )
        for slug, offer in found.items()
    }  # fmt: skip
