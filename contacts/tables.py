"""Purchases and bookings from a table that staff upload. Told again, a purchase counts once and a booking moves."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from decimal import Decimal, InvalidOperation
from hashlib import sha256
from itertools import islice
from typing import Any, BinaryIO

from django.utils.translation import gettext as _

from contacts import bookings, events, intake, sessions, territory, timezones
from contacts.bookings import Belongs, Slot, Teller
from contacts.calendar import at_local
from contacts.events import Fact
from contacts.importing import mapping, reading
from contacts.importing.cells import strip
from contacts.importing.days import Day
from contacts.importing.encoding import BadEncoding, NotATable
from contacts.intake import Cleaner, Found
from contacts.models import Booking, BookingKind, BookingStatus, Branch, Business
from contacts.models.contact import fold
from contacts.territory import Territory

MOST = 2000  # rows of a table; more belong to the API
SOURCE = "table"
_CLOCK = re.compile(r"\b(\d{1,2}):(\d{2})")
_NAMES = {
    "number": "number|order|order number|booking number|no|id|numero|numero de pedido|pedido|reserva|numero de reserva|commande|"
    "numero de commande|reservation|номер|заказ|номер заказа|номер записи|запись",
    "day": "date|day|when|starts|start|starts at|fecha|dia|inicio|jour|debut|дата|начало|когда",
    "clock": "time|start time|hora|heure|время",
    "ends": "ends|end|ends at|end time|fin|hasta|конец|окончание",
    "title": "title|what|service|class|servicio|clase|que|prestation|cours|услуга|занятие|что",
    "kind": "kind|type|tipo|genre|вид|тип",
    "status": "status|state|estado|statut|etat|статус|состояние",
    "place": "place|lugar|sala|lieu|salle|место",
    "total": "total|amount|sum|importe|montant|сумма|итого",
    "currency": "currency|moneda|devise|валюта",
    "item": "item|product|producto|articulo|produit|article|товар",
    "sku": "sku|ref|referencia|артикул",
    "category": "category|categoria|categorie|категория",
    "quantity": "quantity|qty|cantidad|quantite|количество",
    "price": "price|precio|prix|цена",
    "external_id": "customer id|client id|contact id|id cliente|id client|номер клиента|код клиента",
}
_COLUMNS = {mapping.plain(name): column for column, names in _NAMES.items() for name in names.split("|")}
_PERSON = {"first_name", "last_name", "full_name", "email", "phone", "branch"}


class BadTable(ValueError):
    """The table cannot be read at all; str() is the sentence."""


@dataclass(frozen=True, slots=True)
class Line:
    """What became of a row: its line in the file, whether it was taken, and the sentence."""

    line: int
    taken: bool
    sentence: str


Row = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class _Table:
    """The rows by our names of the columns, each with its line; and in which order days are written."""

    rows: list[tuple[int, Row]]
    order: str

    def people(self, now: datetime, mine: Territory) -> list[Found]:
        """Whom each row means, among the people of these branches."""
        cleaner = Cleaner(now, mine)
        return intake.find([cleaner.row(line, _told(row)) for line, row in self.rows], now=now, cleaner=cleaner)

    def instant(self, row: Row, column: str, zone: Any, clock: str = "") -> datetime | None:
        """A day and, beside it or in a column of its own, a time by the clock of the place; None for an empty cell. ValueError."""
        text = row.get(column, "")
        if not text:
            return None
        day = Day()
        day.order, day.today = self.order, datetime(2100, 1, 1, tzinfo=UTC).date()
        found = _CLOCK.search(row.get(clock, "") or text)
        wall = time(int(found[1]), int(found[2])) if found else time(12)
        on = day.clean(text)
        return at_local(on, wall, zone) if on else None


def purchases(stream: BinaryIO, *, now: datetime, operator_id: int | None, mine: Territory = None) -> list[Line]:
    """Orders, one line for each thing bought: lines of one number are one order. mine: the teller's branches. BadTable."""
    table = _read(stream, {"day"})
    found: list[Line] = []
    zone = timezones.named(Business.current().time_zone) or timezones.UTC
    orders: dict[str, tuple[Fact, list[int]]] = {}
    for (line, row), who in zip(table.rows, table.people(now, mine), strict=True):
        try:
            fact = _purchase(table, row, who, zone, now, operator_id)
        except ValueError as error:
            found.append(Line(line, taken=False, sentence=str(error)))
            continue
        before = orders.get(fact.key or "")
        if before and fact.data.get("order"):
            before[0].data["items"] += fact.data["items"]  # type: ignore[index]
            before[1].append(line)
        else:
            orders.setdefault(fact.key or "", (fact, []))[1].append(line)
    new = events.record_each([fact for fact, _lines in orders.values()], now=now) if orders else []
    for (_fact, lines), fresh in zip(orders.values(), new, strict=True):
        sentence = _("Noted.") if fresh else _("Was here already.")
        found += [Line(line, taken=True, sentence=sentence) for line in lines]
    return sorted(found, key=lambda one: one.line)


def appointments(stream: BinaryIO, *, now: datetime, operator_id: int | None, mine: Territory = None) -> list[Line]:
    """Bookings, each under its number. One that is here already moves, and is ticked off or cancelled by its status. BadTable."""
    table = _read(stream, {"number", "day"})
    theirs = Branch.objects.filter(territory.within(Branch, mine))
    branches = {fold(branch.name): branch for branch in theirs}
    who_says = Teller(operator_id=operator_id)
    found = []
    for (line, row), who in zip(table.rows, table.people(now, mine), strict=True):
        try:
            found.append(Line(line, taken=True, sentence=_booked(table, row, who, branches, now, who_says)))
        except ValueError as error:
            found.append(Line(line, taken=False, sentence=str(error)))
    return found


def _read(stream: BinaryIO, needed: set[str]) -> _Table:
    try:
        look = reading.look(stream)
        stream.seek(0)
        raws = list(islice(reading.rows(stream, look.shape), MOST + 1))
    except (NotATable, BadEncoding) as error:
        raise BadTable(str(error)) from None
    if len(raws) > MOST:
        raise BadTable(_("A table here has at most %(most)d rows. Divide it, or use the API.") % {"most": MOST})
    columns = _columns(look.headers)
    if missing := needed - set(columns):
        words = {"day": _("the date"), "number": _("the number of the booking")}
        raise BadTable(
            _("There is no column with %(what)s.") % {"what": ", ".join(sorted(words[one] for one in missing))}
        )
    order = mapping.date_order(look.sample, columns.index("day"))
    if order.must_be_asked:
        raise BadTable(
            _("“%(text)s” may be two dates. Write dates as 2026-11-30 in this table.") % {"text": order.example}
        )
    return _Table([(raw.line, _row(columns, raw.cells)) for raw in raws], order.order)


def _columns(headers: Sequence[str]) -> list[str]:
    guessed = mapping.guess(headers, [])
    found = []
    for header, guess in zip(headers, guessed, strict=True):
        own = _COLUMNS.get(mapping.plain(header), "")
        found.append(own or (guess if guess in _PERSON else ""))
    return found


def _row(columns: Sequence[str], cells: Sequence[str]) -> Row:
    row: dict[str, str] = {}
    for column, cell in zip(columns, cells, strict=False):
        text = strip(cell)[:500]
        if column and text:
            row.setdefault(column, text)
    return row


def _told(row: Row) -> dict[str, Any]:
    """The person of a row, as `intake.Cleaner` reads it."""
    first, _space, last = row.get("full_name", "").partition(" ")
    return {
        "external_id": row.get("external_id", "")[:100], "first_name": (row.get("first_name") or first)[:120],
        "last_name": (row.get("last_name") or last)[:120], "emails": [row["email"]] if "email" in row else [],
        "phones": [row["phone"]] if "phone" in row else [],
    }  # fmt: skip


def _purchase(
    table: _Table, row: Row, who: Found, zone: Any, now: datetime, operator_id: int | None
) -> Fact:  # fmt: skip
    if who.contact_id is None:
        raise ValueError(who.problem)
    at = table.instant(row, "day", zone, "clock")
    if at is None or at > now + timedelta(days=1):
        raise ValueError(_("A purchase needs the day on which it was."))
    total, price, quantity = (_money(row.get(name, "")) for name in ("total", "price", "quantity"))
    currency = row.get("currency", "").upper()[:3] or Business.current().currency
    thing = {
        "sku": row.get("sku"),
        "name": row.get("item"),
        "category": row.get("category"),
        "quantity": quantity,
        "price": price,
    }
    item = {name: value for name, value in thing.items() if value not in (None, "")}
    data: dict[str, Any] = {
        "order": row.get("number"),
        "total": total,
        "currency": currency,
        "items": [item] if "name" in item else [],
    }
    if total is not None:
        data["amount"] = f"{total:.2f} {currency}"
    number = row.get("number", "")[:100]
    key = number or "row:" + sha256(repr(sorted(row.items())).encode()).hexdigest()[:40]
    kept = {name: value for name, value in data.items() if value not in (None, "")}
    return Fact(who.contact_id, "order", min(at, now), key, kept, SOURCE, operator_id)


def _money(text: str) -> int | float | None:
    """1.234,50 and 1,234.50 are the same; what stands last and has two or fewer digits after it is the decimal mark."""
    digits = re.sub(r"[^\d.,-]", "", text)
    if not digits:
        return None
    whole, mark, rest = max((digits.rpartition(mark) for mark in ".,"), key=lambda parts: len(parts[0]))
    plain = re.sub(r"[.,]", "", whole) + (f".{rest}" if mark and len(rest) <= 2 else rest)
    try:
        found = Decimal(plain)
    except InvalidOperation:
        raise ValueError(_("“%(text)s” is not a number.") % {"text": text[:40]}) from None
    if not 0 <= found <= 10**9:
        raise ValueError(_("“%(text)s” is not a number.") % {"text": text[:40]})
    return int(found) if found == int(found) else float(found)


def _booked(table: _Table, row: Row, who: Found, branches: Mapping[str, Branch], now: datetime, says: Teller) -> str:
    number = row.get("number", "")[:100]
    if not number:
        raise ValueError(_("A booking needs its number, so that it is not entered twice."))
    if who.contact_id is None:
        raise ValueError(who.problem)
    branch = branches.get(fold(row.get("branch", "")))
    if row.get("branch") and branch is None:
        raise ValueError(_("There is no branch “%(name)s”.") % {"name": row["branch"]})
    status = _word(row.get("status", ""), BookingStatus, BookingStatus.BOOKED.value)
    slot = _slot(table, row, branch)
    try:
        outcome = bookings.follow(who.contact_id, slot, status, source=SOURCE, external_id=number, now=now, who=says)
    except Belongs:
        raise ValueError(_("This booking is another person's.")) from None
    if outcome is None:
        return _("Not entered: it is cancelled.")
    told = _("Entered or changed.") if outcome.changed else _("Was here already.")
    return f"{told} {_overfull(outcome.booking)}".strip()


def _overfull(booking: Booking) -> str:
    """The other program decides who has a place; that there are too many is said."""
    session = booking.session
    taken = sessions.taken(session.pk) if session and session.places is not None else 0
    if session is None or session.places is None or taken <= session.places:
        return ""
    return _("The class has more people than places: %(taken)s of %(places)s.") % {
        "taken": taken,
        "places": session.places,
    }


def _slot(table: _Table, row: Row, branch: Branch | None) -> Slot | None:
    name = (branch.time_zone if branch else "") or Business.current().time_zone
    zone = timezones.named(name) or timezones.UTC
    starts = table.instant(row, "day", zone, "clock")
    if starts is None:
        return None
    ends = table.instant(row, "ends", zone) if not _CLOCK.fullmatch(row.get("ends", "")) else None
    if ends is None and (found := _CLOCK.fullmatch(row.get("ends", ""))):
        ends = at_local(starts.astimezone(zone).date(), time(int(found[1]), int(found[2])), zone)
    if ends is not None and ends < starts:
        raise ValueError(_("The end must be after the start."))
    kind = _word(row.get("kind", ""), BookingKind, BookingKind.APPOINTMENT.value)
    return Slot(
        title=row.get("title", "")[:160] or str(BookingKind(kind).label), starts_at=starts, ends_at=ends, kind=kind,
        branch_id=branch.pk if branch else None, place=row.get("place", "")[:255],
    )  # fmt: skip


def _word(text: str, choices: Any, default: str) -> str:
    """One of the choices, by its code or its name in the language in force."""
    if not text:
        return default
    words: dict[str, str] = {fold(value): value for value in choices.values} | {
        fold(str(label)): value for value, label in choices.choices
    }
    if fold(text) not in words:
        known_words = ", ".join(str(label) for label in choices.labels)
        raise ValueError(_("“%(text)s” is none of: %(words)s.") % {"text": text[:40], "words": known_words})
    return words[fold(text)]
