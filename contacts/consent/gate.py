"""The gate: for many people at once, whether each may be written to on each channel, at which address, and from when."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from contacts import calendar, kinds, timezones
from contacts.consent.reading import Block, Facts, Known, Said, Way, facts, people
from contacts.models import Business, ConsentPurpose, SuppressionReason, SuppressionScope
from contacts.models.contact import fingerprint

MARKETING, TRACKING = ConsentPurpose.MARKETING.value, ConsentPurpose.TRACKING.value


class Ask(NamedTuple):
    """May this be sent? kind: of the channel ("email", "sms"); purpose: "marketing" or "transactional"; urgent passes quiet hours.

    played: what was played in the sandbox counts too. It does for messages that stay there, never for those that really leave. address: to
    this one of the person's addresses and to no other, for whoever is answered. of: the only contact who is asked
    for, whose address it need not be (yet).
    """

    kind: str
    purpose: str = MARKETING
    urgent: bool = False
    played: bool = True
    address: str = ""
    of: int = 0


@dataclass(frozen=True, slots=True)
class Verdict:
    """ok: it may be sent, not before `not_before` (UTC) where that is set; else it must not, because of `reason` (see contacts.reasons).

    address: the normalised address to use; also: further ones that the same message goes to (`Kind.at_once`); tracked: the openings of
    this person may be tracked on this channel; open_until: until then messages may leave once `not_before` has come.
    """

    ok: bool
    reason: str = ""
    params: dict[str, Any] = field(default_factory=dict)
    address: str = ""
    not_before: datetime | None = None
    tracked: bool = True
    open_until: datetime | None = None
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Person:
    """Someone who exists, with what a message may say of them, where they may be, and a verdict for each question."""

    contact_id: int
    external_id: str | None
    first_name: str
    last_name: str
    language: str
    city: str
    birth_date: date | None
    attributes: dict[str, Any]
    branch_name: str
    zones: tuple[ZoneInfo, ...]
    verdicts: dict[Ask, Verdict]


def gate(
    contact_ids: Sequence[int], asks: Collection[Ask], *, now: datetime, business: Business, lock: bool = False
) -> dict[int, Person]:
    """The people by contact id; two statements for any number of them. Who no longer exists is absent.

    lock: hold the contacts (in the order of their ids) to the end of the caller's transaction; what was committed before is seen.
    """
    ids = sorted(set(contact_ids))
    known = people(ids, lock=lock) if ids else []
    if not known:
        return {}
    purposes = {MARKETING} if any(ask.purpose == MARKETING for ask in asks) else set()
    if business.asks_tracking_consent:
        purposes.add(TRACKING)
    named = {fingerprint(_address_kind(ask.kind), ask.address) for ask in asks if ask.of}
    judge = _Judge(facts(ids, purposes, named), business, now)
    return {contact.contact_id: judge.person(contact, asks) for contact in known}


# Until when it waits, why, and until when it may leave from then on.
_Wait = tuple[datetime | None, str, datetime | None]


def _address_kind(kind: str) -> str:
    try:
        return kinds.get(kind).address
    except LookupError:  # its transport is no longer installed: nobody has an address for it
        return ""


class _Judge:
    """One run of the gate: what is known of all its people, and what can be worked out once for many of them."""

    def __init__(self, known: Facts, business: Business, now: datetime) -> None:
        self.facts, self.business, self.now = known, business, now
        self.asks_tracking = business.asks_tracking_consent
        self.rules = business.hours
        self.hours: dict[tuple[str, tuple[ZoneInfo, ...]], _Wait] = {}
        self.addresses: dict[str, str] = {}
        self.most: dict[str, int] = {}

    def person(self, contact: Known, asks: Collection[Ask]) -> Person:
        zones = self._zones(contact)
        return Person(
            contact.contact_id, contact.external_id, contact.first_name, contact.last_name,
            contact.language or self.business.language, contact.city, contact.birth_date, contact.attributes,
            contact.branch_name, zones,
            {ask: self._verdict(contact.contact_id, ask, zones) for ask in asks if ask.of in (0, contact.contact_id)},
        )  # fmt: skip

    def _verdict(self, contact_id: int, ask: Ask, zones: tuple[ZoneInfo, ...]) -> Verdict:
        tracked = not self.asks_tracking or self._holds(contact_id, ask, TRACKING)
        address, reason, params = self._named(ask) if ask.of else self._address(contact_id, ask)
        if not reason and ask.purpose == MARKETING:
            reason, params = self._objection(contact_id, ask)
        if reason:
            return Verdict(ok=False, reason=reason, params=params, address=address, tracked=tracked)
        also = self._also(contact_id, ask, address)
        if ask.urgent:
            return Verdict(ok=True, address=address, tracked=tracked, also=also)
        not_before, reason, until = self._quiet(ask.kind, zones)
        params = {"when": not_before.isoformat(), "zone": self.business.time_zone} if not_before else {}
        return Verdict(
            ok=True, reason=reason, params=params, address=address, not_before=not_before, tracked=tracked, open_until=until, also=also
        )  # fmt: skip

    def _address(self, contact_id: int, ask: Ask) -> tuple[str, str, dict[str, Any]]:
        """The first address that works, and what stands against it. One that bounced is passed over; one that said STOP is not, unless
        a message goes to several of them: each browser speaks for itself alone."""
        ways = self.facts.ways.get((contact_id, self._address_kind(ask.kind)), [])
        if ask.address:
            ways = [way for way in ways if way.normal == ask.address]
        elif not ask.played:
            ways = [way for way in ways if not way.normal.startswith(kinds.PRACTICE)]
        closed: tuple[str, str] | None = None
        for way in ways:
            if not way.works:
                continue
            block = self._block(way, ask) if way.fingerprint in self.facts.blocks else None
            if block is None:
                return way.normal, "", {}
            if block.reason != SuppressionReason.BOUNCE and self._at_once(ask.kind) == 1:
                return way.normal, "suppressed", {"why": block.reason}
            closed = closed or (way.normal, block.reason)
        if closed:
            return closed[0], "suppressed", {"why": closed[1]}
        return ("", "address_invalid", {"why": ways[0].why}) if ways else ("", "no_address", {})

    def _also(self, contact_id: int, ask: Ask, address: str) -> tuple[str, ...]:
        """The person's other addresses that work and that nothing stands against, where one message goes to several."""
        most = self._at_once(ask.kind)
        if most == 1 or ask.address:
            return ()
        ways = self.facts.ways.get((contact_id, self._address_kind(ask.kind)), [])
        others = [way for way in ways if way.works and way.normal != address]
        free = [way.normal for way in others if way.fingerprint not in self.facts.blocks or not self._block(way, ask)]
        return tuple(free[: most - 1])

    def _at_once(self, kind: str) -> int:
        if kind not in self.most:
            self.most[kind] = kinds.get(kind).at_once if self._address_kind(kind) else 1
        return self.most[kind]

    def _named(self, ask: Ask) -> tuple[str, str, dict[str, Any]]:
        """The address that the question names, and what stands against it. Who was forgotten and now asks to join must be able to prove
        that it was they who asked."""
        mark = fingerprint(self._address_kind(ask.kind), ask.address)
        way = Way(0, 0, ask.address, mark, works=True, why="")
        block = self._block(way, ask, but=SuppressionReason.ERASED) if mark in self.facts.blocks else None
        return (ask.address, "suppressed", {"why": block.reason}) if block else (ask.address, "", {})

    def _address_kind(self, kind: str) -> str:
        if kind not in self.addresses:
            self.addresses[kind] = _address_kind(kind)
        return self.addresses[kind]

    def _block(self, way: Way, ask: Ask, but: str = "") -> Block | None:
        """The suppression that forbids this; one that came from the person before one that came from a failure."""
        blocks = [
            block
            for block in self.facts.blocks[way.fingerprint]
            if (ask.played or not block.played)
            and block.reason != (but or None)
            and block.channel in ("", ask.kind)
            and (block.scope == SuppressionScope.ALL or ask.purpose == MARKETING)
        ]
        return min(blocks, key=lambda block: block.reason == SuppressionReason.BOUNCE, default=None)

    def _said(self, contact_id: int, ask: Ask, purpose: str) -> Said | None:
        """The newest word on it, that of the sandbox only where it counts."""
        words = (
            self.facts.said.get((contact_id, ask.kind, purpose, played))
            for played in ((False, True) if ask.played else (False,))
        )
        return max((word for word in words if word), default=None)

    def _holds(self, contact_id: int, ask: Ask, purpose: str) -> bool:
        said = self._said(contact_id, ask, purpose)
        return said is not None and said.given and not (said.expires_at and said.expires_at <= self.now)

    def _objection(self, contact_id: int, ask: Ask) -> tuple[str, dict[str, Any]]:
        """Why marketing is not allowed, or nothing."""
        said = self._said(contact_id, ask, MARKETING)
        if said is None:
            return "no_consent", {}
        if not said.given:
            when = said.at.isoformat() if said.at else ""
            return "consent_withdrawn", {"when": when, "zone": self.business.time_zone}
        if said.expires_at and said.expires_at <= self.now:
            return "consent_expired", {"when": said.expires_at.isoformat(), "zone": self.business.time_zone}
        return "", {}

    def _zones(self, contact: Known) -> tuple[ZoneInfo, ...]:
        ways = self.facts.ways.get((contact.contact_id, "phone"), ())
        return timezones.zones_for(
            contact=contact.time_zone, branch=contact.branch_zone, business=self.business.time_zone,
            phone=next((way.normal for way in ways if way.works), None), business_country=self.business.country,
        )  # fmt: skip

    def _quiet(self, kind: str, zones: tuple[ZoneInfo, ...]) -> _Wait:
        """The end of the quiet time of this kind in all the zones, with its reason; nothing where it is no quiet time now."""
        if (kind, zones) not in self.hours:
            self.hours[kind, zones] = self._look_at_clocks(kind, zones)
        return self.hours[kind, zones]

    def _look_at_clocks(self, kind: str, zones: tuple[ZoneInfo, ...]) -> _Wait:
        windows, reason = self.rules.windows(kind), "quiet_hours"
        still = self.rules.still_days(kind, zones, self.now)
        opens = calendar.next_allowed(self.now, zones, windows, still)
        if opens is None and len(zones) > 1:  # a number of a country so wide that no hour suits all of it
            reason, zones = "quiet_hours_unknown_zone", (timezones.named(self.business.time_zone) or timezones.UTC,)
            still = self.rules.still_days(kind, zones, self.now)
            opens = calendar.next_allowed(self.now, zones, windows, still)
        if opens is None:
            return self.now + calendar.HORIZON, "no_hour_left", None
        if opens <= self.now:
            return None, "", None
        if reason == "quiet_hours" and any(self.now.astimezone(zone).date() in still for zone in zones):
            reason = "closed_day"
        return opens, reason, calendar.closes(opens, zones, windows, still)
