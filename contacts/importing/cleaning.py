"""A raw row becomes a clean one, by the columns that staff chose; or the sentences that say what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from copy import copy
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from contacts.importing import mapping, within
from contacts.importing.cells import CLEANED, LEFT
from contacts.importing.doubts import pieces
from contacts.importing.people import EMAIL, FIELDS, NOTHING_ERASED, PHONE, Erasing, Row, mark
from contacts.importing.reading import MAX_CELL, Raw
from contacts.models import Business, ImportRun
from contacts.models.contact import fold
from contacts.resources import ContactResource

BROKEN = _(
    "A quotation mark in this line is not closed or stands in the wrong place, so its columns cannot be told apart."
)
HUGE = _("A cell of this row holds more than %(most)d characters.")
NOBODY = _(
    "There is no email, no phone and no number of your other system, so the person could be neither reached nor recognised."
)
TOO_MANY = ngettext_lazy(
    "The row has %(count)d cell more than there are columns. Perhaps a separator stands in a text without quotation marks.",
    "The row has %(count)d cells more than there are columns. Perhaps a separator stands in a text without quotation marks.",
    "count",
)

DETAILS = (mapping.DETAIL, mapping.NUMBER, mapping.DAY)
_PARTS = {
    "full_name": ("first_name", "last_name"),
    "branch": ("branch_id",),
}  # fields that a column holds under another name
Put = Callable[[Row, Any], None]
_OWN_TO_EACH = {"email", "phone", "external_id", "notes"}


class Cleaner:
    """For one run: knows its columns, its country, its branches, its consent statement."""

    def __init__(
        self, run: ImportRun, business: Business, now: datetime, branches: dict[int, str] | None = None
    ) -> None:
        self.resource = ContactResource()
        self.country = business.country
        self.consent: dict[str, Any] = run.options.get("consent", {})
        self.everyone = [run.group.name] if run.group else []
        self.branches = within.branches_of(run) if branches is None else branches
        self.width = len(run.headers)
        self.headers = run.headers
        self.empty = run.options.get("empty", "keep")
        self.chosen = list(enumerate(run.mapping.get("columns", [])))
        self.said_at = _noon(self.consent.get("date")) or now
        self._settle(run, now.date())
        self.columns = [
            (
                number,
                self._reader(name, number, run),
                run.headers[number] or str(mapping.LABELS[name]),
                self._put(name, run.headers[number]),
            )
            for number, name in enumerate(run.mapping.get("columns", []))
            if name != mapping.IGNORE
        ]
        self.readers = {number: read for number, read, _, _ in self.columns}
        self.listens = bool(self.consent) or not mapping.TELLING.isdisjoint(run.mapping["columns"])

    def _settle(self, run: ImportRun, today: date) -> None:
        fields = self.resource.fields
        fields["phone"].widget.country = self.country
        fields["branch"].widget.known = {fold(name): pk for pk, name in self.branches.items()}
        for number, name in enumerate(run.mapping.get("columns", [])):
            if name in mapping.DATES:
                fields[name].widget.today = today
                fields[name].widget.order = run.mapping.get("dates", {}).get(str(number), "")

    def erasing(self) -> Erasing:
        """What an empty cell of the file empties: fields and other details, never a number, an address, a group or a consent."""
        if self.empty != "erase":
            return NOTHING_ERASED
        names = {part for _, name in self.chosen for part in _PARTS.get(name, (name,))}
        details = {self.detail_name(self.headers[number]) for number, name in self.chosen if name in DETAILS}
        birthdays = [
            self.headers[number] or str(mapping.LABELS[name]) for number, name in self.chosen if name == "birth_date"
        ]
        return Erasing(frozenset(names & set(FIELDS)), frozenset(details), birthdays[0][:120] if birthdays else "")

    def clean(self, raw: Raw) -> Row | list[str]:
        """The row, or why it is refused: one sentence for each thing that is wrong."""
        if problem := self._shape_problem(raw):
            return [problem]
        row, wrong = Row(raw.line), []
        for number, read, header, put in self.columns:
            cell = raw.cells[number] if number < len(raw.cells) else ""
            if not cell:
                continue
            try:
                for value in read(cell):
                    put(row, value)
            except ValueError as error:
                wrong.append(f"{header}: {error}")
        if not wrong and not (row.external_id or row.emails or row.phones):
            wrong.append(str(NOBODY))
        return wrong or self._completed(row)

    def _reader(self, name: str, number: int, run: ImportRun) -> Callable[[str], list[Any]]:
        """Reads the values of one cell. A language, a city, a day stand in many rows, and are worked out once for all of them."""
        widget = copy(self.resource.fields[name].widget)
        order, separator = (run.mapping.get(what, {}).get(str(number), "") for what in ("dates", "several"))
        if order:
            widget.order = order
        if separator and name == "groups":
            widget.whole = True

        def read(cell: str) -> list[Any]:
            values = pieces(cell, separator) if separator else [cell]
            return [widget.clean(value) for value in values]

        return read if name in _OWN_TO_EACH else lru_cache(maxsize=4096)(read)

    def _shape_problem(self, raw: Raw) -> str:
        if raw.broken:
            return str(BROKEN)
        if any(len(cell) > MAX_CELL for cell in raw.cells):
            return str(HUGE) % {"most": MAX_CELL}
        if any(cell.strip() for cell in raw.cells[self.width :]):
            return str(TOO_MANY % {"count": len(raw.cells) - self.width})
        return ""

    def _completed(self, row: Row) -> Row:
        row.groups += self.everyone
        mode, channels = self.consent.get("mode"), self.consent.get("channels", [])
        if mode == "all":
            row.said = dict.fromkeys(channels, True)
        if mode in (LEFT, CLEANED):
            row.left |= dict.fromkeys(channels, mode)
        row.said_at = row.proof.get("confirmed_at") or row.proof.get("consented_at") or self.said_at
        row.left_at = row.left_at or (self.said_at if row.left else None)
        row.said |= dict.fromkeys(row.left, False)
        return row

    def _put(self, name: str, header: str) -> Put:
        if name in mapping.CONSENT:
            return self._put_consent(mapping.CONSENT[name])
        if name in (mapping.DETAIL, mapping.NUMBER, mapping.DAY):
            return _put_detail(self.detail_name(header))
        if name == "birth_date":
            return _put_birthday(header or str(mapping.LABELS[name]))
        return _PUTS.get(name) or _put_value("branch_id" if name == "branch" else name)

    def detail_name(self, header: str) -> str:
        """Under which name a column's values are kept as other details."""
        return (header.removeprefix(mapping.DETAIL_MARK) or str(mapping.LABELS[mapping.DETAIL]))[:120]

    def _put_consent(self, kinds: tuple[str, ...]) -> Put:
        wanted = self.consent.get("mode") == "column"

        def put(row: Row, value: bool | str | None) -> None:
            if isinstance(value, str):
                row.left |= dict.fromkeys(kinds if value == LEFT else kinds[:1], value)
            elif wanted and value is not None:
                row.said |= {kind: value for kind in kinds if kind in self.consent.get("channels", kinds)}

        return put


def _noon(day: str | None) -> datetime | None:
    return datetime.combine(date.fromisoformat(day), time(12), UTC) if day else None


def _put_value(name: str) -> Put:
    def put(row: Row, value: Any) -> None:
        if value not in ("", None):
            row.values[name] = value

    return put


def _put_detail(name: str) -> Put:
    def put(row: Row, value: str) -> None:
        if value:
            row.attributes[name] = value

    return put


def _put_address(addresses: str, kind: str) -> Put:
    def put(row: Row, value: tuple[str, str] | None) -> None:
        if value:
            getattr(row, addresses).append((*value, mark(kind, value[1])))

    return put


def _put_number(row: Row, value: str) -> None:
    row.external_id = value


def split_name(value: str) -> tuple[str, str]:
    """“García, Ana” or “Ana García”: what comes before the first space is the first name."""
    last, comma, first = value.partition(",")
    if not comma:
        first, _space, last = value.partition(" ")
    parts = first.strip(), last.strip()
    for part in parts:
        if len(part) > 120:
            raise ValueError(_("“%(text)s…” is longer than %(most)d characters.") % {"text": part[:40], "most": 120})
    return parts


def _put_whole_name(row: Row, value: str) -> None:
    for name, part in zip(("first_name", "last_name"), split_name(value), strict=True):
        if part:
            row.values.setdefault(name, part)


def _put_groups(row: Row, value: tuple[str, ...]) -> None:
    row.groups += value


def _put_birthday(name: str) -> Put:
    """One without its year is kept as a detail."""

    def put(row: Row, value: Any) -> None:
        if isinstance(value, str):
            row.attributes[name[:120]] = value
        elif value:
            row.values["birth_date"] = value

    return put


def _put_proof(name: str) -> Put:
    def put(row: Row, value: Any) -> None:
        if value:
            row.proof[name] = value

    return put


def _put_leaving(why: str) -> Put:
    def put(row: Row, value: datetime | None) -> None:
        if value:
            row.left["email"], row.left_at = why, value

    return put


_PUTS: dict[str, Put] = {
    "external_id": _put_number,
    "full_name": _put_whole_name,
    "email": _put_address("emails", EMAIL),
    "phone": _put_address("phones", PHONE),
    "groups": _put_groups,
    **{name: _put_proof(name) for name in ("consented_at", "consent_ip", "confirmed_at", "confirm_ip")},
    "withdrawn_at": _put_leaving(LEFT),
    "cleaned_at": _put_leaving(CLEANED),
}

__all__ = ["Cleaner"]
