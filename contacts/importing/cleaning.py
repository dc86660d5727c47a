"""A raw row becomes a clean one, by the columns that staff chose; or the sentences that say what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext_lazy

from contacts.importing import mapping
from contacts.importing.people import EMAIL, FIELDS, NOTHING_ERASED, PHONE, Erasing, Row, mark
from contacts.importing.reading import MAX_CELL, Raw
from contacts.models import Branch, Business, ImportRun
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

_PARTS = {
    "full_name": ("first_name", "last_name"),
    "branch": ("branch_id",),
}  # fields that a column holds under another name
Put = Callable[[Row, Any], None]
_OWN_TO_EACH = {"email", "phone", "external_id", "notes"}


class Cleaner:
    """For one run: knows its columns, its country, its branches, its consent statement."""

    def __init__(self, run: ImportRun, business: Business, now: datetime) -> None:
        self.resource = ContactResource()
        self.country = business.country
        self.consent: dict[str, Any] = run.options.get("consent", {})
        self.everyone = [run.group.name] if run.group else []
        self.branches = dict(Branch.objects.values_list("id", "name"))
        self.width = len(run.headers)
        self.headers = run.headers
        self.empty = run.options.get("empty", "keep")
        self.chosen = list(enumerate(run.mapping.get("columns", [])))
        self.said_at = _noon(self.consent.get("date")) or now
        self._settle(run, now.date())
        self.columns = [
            (
                number,
                self._reader(name),
                run.headers[number] or str(mapping.LABELS[name]),
                self._put(name, run.headers[number]),
            )
            for number, name in enumerate(run.mapping.get("columns", []))
            if name != mapping.IGNORE
        ]

    def _settle(self, run: ImportRun, today: date) -> None:
        fields, orders = self.resource.fields, run.mapping.get("dates", {})
        fields["phone"].widget.country = self.country
        fields["branch"].widget.known = {fold(name): pk for pk, name in self.branches.items()}
        for number, name in enumerate(run.mapping.get("columns", [])):
            if name in ("birth_date", "consented_at"):
                fields[name].widget.order, fields[name].widget.today = orders.get(str(number), ""), today

    def erasing(self) -> Erasing:
        """What an empty cell of the file empties: fields and other details, never a number, an address, a group or a consent."""
        if self.empty != "erase":
            return NOTHING_ERASED
        names = {part for _, name in self.chosen for part in _PARTS.get(name, (name,))}
        details = {self.detail_name(self.headers[number]) for number, name in self.chosen if name == mapping.DETAIL}
        return Erasing(frozenset(names & set(FIELDS)), frozenset(details))

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
                put(row, read(cell))
            except ValueError as error:
                wrong.append(f"{header}: {error}")
        if not wrong and not (row.external_id or row.emails or row.phones):
            wrong.append(str(NOBODY))
        return wrong or self._completed(row)

    def _reader(self, name: str) -> Callable[[str], Any]:
        """Reads one cell of the column. A language, a city, a day stand in many rows, and are worked out once for all of them."""
        field = self.resource.fields[name]

        def read(cell: str) -> Any:
            return field.clean({name: cell})

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
        if self.consent.get("mode") == "all":
            row.said = dict.fromkeys(self.consent.get("channels", []), True)
        row.said_at = row.said_at or self.said_at
        return row

    def _put(self, name: str, header: str) -> Put:
        if name in mapping.CONSENT:
            return self._put_consent(mapping.CONSENT[name])
        if name == mapping.DETAIL:
            return _put_detail(self.detail_name(header))
        return _PUTS.get(name) or _put_value("branch_id" if name == "branch" else name)

    def detail_name(self, header: str) -> str:
        """Under which name a column's values are kept as other details."""
        return (header.removeprefix(mapping.DETAIL_MARK) or str(mapping.LABELS[mapping.DETAIL]))[:120]

    def _put_consent(self, kinds: tuple[str, ...]) -> Put:
        wanted = self.consent.get("mode") == "column"

        def put(row: Row, value: bool | None) -> None:
            if wanted and value is not None:
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


def _put_said_at(row: Row, value: datetime | None) -> None:
    row.said_at = value


_PUTS: dict[str, Put] = {
    "external_id": _put_number,
    "full_name": _put_whole_name,
    "email": _put_address("emails", EMAIL),
    "phone": _put_address("phones", PHONE),
    "groups": _put_groups,
    "consented_at": _put_said_at,
}

__all__ = ["Cleaner"]
