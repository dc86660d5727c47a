"""What rows would do: each becomes an outcome (django-import-export's RowResult), people change in memory, nothing is written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.core.exceptions import ValidationError
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _
from import_export.results import RowResult

from contacts.importing.cells import LEFT, detail
from contacts.importing.mapping import LABELS
from contacts.importing.people import EMAIL, FIELDS, PHONE, Known, People, Row, Said, Saying, Unclear, Way, as_text
from contacts.importing.reading import Raw
from contacts.models import RowOutcome
from contacts.models.contact import fold

OUTCOMES = {
    RowResult.IMPORT_TYPE_NEW: RowOutcome.NEW,
    RowResult.IMPORT_TYPE_UPDATE: RowOutcome.CHANGED,
    RowResult.IMPORT_TYPE_SKIP: RowOutcome.UNCHANGED,
    RowResult.IMPORT_TYPE_INVALID: RowOutcome.REFUSED,
}
_WORDS = LABELS | {"yes": _("yes"), "no": _("no"), "closed": _("Closed to messages")}
_ADDRESS_OF = {"email": EMAIL, "sms": PHONE}  # channels that a file can bring consent for


class Outcome(RowResult):
    """What became of a row. changes: label -> [old, new]; notes: sentences on what the row could not do."""

    def __init__(self, raw: Raw) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self.import_type: str = RowResult.IMPORT_TYPE_SKIP
        self.number = raw.line
        self.raw = raw
        self.changes: dict[str, list[str]] = {}
        self.notes: list[str] = []
        self.note_kinds: set[str] = set()
        self.said = {"given": 0, "ended": 0}
        self.unclear = False

    def refuse(self, sentences: Sequence[str]) -> Outcome:
        self.import_type = RowResult.IMPORT_TYPE_INVALID
        self.validation_error = ValidationError(list(sentences))
        return self

    def leave_open(self, sentence: str) -> Outcome:
        """The row may mean several people."""
        self.unclear = True
        return self.refuse([sentence])

    def note(self, kind: str, sentence: str) -> None:
        """kind: "suppressed" or "withdrawn"."""
        self.note_kinds.add(kind)
        if sentence not in self.notes:
            self.notes.append(sentence)

    @property
    def outcome(self) -> RowOutcome:
        return RowOutcome.CONFLICT if self.unclear else OUTCOMES[self.import_type]

    @property
    def contact_id(self) -> int | None:
        """Whom it became, once it is written."""
        person: Known | None = self.instance
        return person.id if person else None

    @property
    def reason(self) -> str:
        sentences = self.validation_error.messages if self.validation_error else self.notes
        return " ".join(str(sentence) for sentence in sentences)


@dataclass(slots=True)
class Plan:
    """A chunk, decided: one outcome for each of its rows, and the people whom they touch."""

    outcomes: list[Outcome] = field(default_factory=list)
    rows: list[Row | None] = field(default_factory=list)
    touched: list[Known] = field(default_factory=list)


def plan(cleaned: Sequence[tuple[Raw, Row | list[str]]], people: People, branches: Mapping[int, str]) -> Plan:
    """Decide all rows in their order; a refused row comes as its sentences. A later row for a person applies after the earlier."""
    made = Plan()
    people.branches, people.labels = branches, {name: str(label) for name, label in _WORDS.items()}
    touched: dict[int, Known] = {}
    for raw, row in cleaned:
        outcome = Outcome(raw)
        made.outcomes.append(outcome)
        made.rows.append(row if isinstance(row, Row) else None)
        if isinstance(row, list):
            outcome.refuse(row)
            continue
        try:
            person, by_number = people.match(row)
        except Unclear as unclear:
            outcome.leave_open(str(unclear))
            continue
        person = _apply(person, row, outcome, people, by_number=by_number)
        people.join(person)
        touched[id(person)] = person
    made.touched = list(touched.values())
    return made


def _apply(person: Known | None, row: Row, outcome: Outcome, people: People, *, by_number: bool) -> Known:
    is_new = person is None
    person = person or Known(values=dict.fromkeys(FIELDS, "") | {"birth_date": None, "branch_id": None})
    _fields(person, row, outcome, people)
    _attributes(person, row, outcome, people)
    _addresses(person, row, outcome, people, in_front=by_number)
    _groups(person, row, outcome, people)
    _consents(person, row, outcome, people)
    _leaving(person, row, outcome, people)
    for _given, normal, mark in (*row.emails, *row.phones):
        if mark in people.blocked:
            why, since = people.blocked[mark]
            sentence = _("%(address)s is suppressed (%(why)s, %(when)s) and stays so.")
            outcome.note("suppressed", sentence % {"address": normal, "why": why, "when": date_format(since)})
    changed = RowResult.IMPORT_TYPE_UPDATE if outcome.changes else RowResult.IMPORT_TYPE_SKIP
    outcome.import_type = RowResult.IMPORT_TYPE_NEW if is_new else changed
    outcome.instance = person
    return person


def _fields(person: Known, row: Row, outcome: Outcome, people: People) -> None:
    """What the file gives replaces what is there; an empty cell leaves it as it is, or empties it where staff want that."""
    if row.external_id and row.external_id != person.external_id:
        outcome.changes[people.labels["external_id"]] = [person.external_id or "", row.external_id]
        person.external_id, person.own_columns_changed = row.external_id, True
    given = {name: value for name, value in row.values.items() if value not in ("", None)}
    for name, value in (people.emptied(given, row) | given).items():
        old = person.values[name]
        if value == old or not (value or old) or (isinstance(old, str) and old.strip() == value):
            continue
        label = people.labels["branch" if name == "branch_id" else name]
        shown = [people.branches.get(one, "") if name == "branch_id" else as_text(one) for one in (old, value)]
        outcome.changes[label] = shown
        person.values[name], person.own_columns_changed = value, True


def _attributes(person: Known, row: Row, outcome: Outcome, people: People) -> None:
    for name in people.erased_details:
        if name in person.attributes and name not in row.attributes:
            outcome.changes[name] = [detail(person.attributes[name]), ""]
            person.attributes = {key: value for key, value in person.attributes.items() if key != name}
            person.own_columns_changed = True
    for name, value in row.attributes.items():
        old = person.attributes.get(name)
        if old is not None and detail(old).strip() == detail(value):
            continue
        outcome.changes[name] = ["" if old is None else detail(old), detail(value)]
        person.attributes = {**person.attributes, name: value}
        person.own_columns_changed = True


def _addresses(person: Known, row: Row, outcome: Outcome, people: People, *, in_front: bool) -> None:
    """Addresses are added, never taken away. A new one goes in front where the other system's number says that it is the newer."""
    for kind, given in ((EMAIL, row.emails), (PHONE, row.phones)):
        there = {way.fingerprint for way in person.ways if way.kind == kind}
        fresh = [
            found
            for found in {mark: (value, normal, mark) for value, normal, mark in given}.values()
            if found[2] not in there
        ]
        if not fresh:
            continue
        old = person.first(kind)
        outcome.changes[people.labels[kind]] = [old.normal if old else "", ", ".join(normal for _, normal, _ in fresh)]
        ways = [way for way in person.ways if way.kind == kind]
        added = [Way(kind, value, normal, mark, 0) for value, normal, mark in fresh]
        leads = in_front and given[0][2] not in there
        ordered = [*added, *ways] if leads else [*ways, *added]
        start = 0 if leads else max((way.position for way in ways), default=-1) + 1 - len(ways)
        for position, way in enumerate(ordered, start):
            if (leads or way.id is None) and way.position != position:
                way.position, way.moved = position, True
        person.ways += added
        person.own_columns_changed = True  # the search column holds them


def _groups(person: Known, row: Row, outcome: Outcome, people: People) -> None:
    fresh = list({fold(name): name for name in row.groups if fold(name) not in person.groups}.values())
    if fresh:
        outcome.changes[people.labels["groups"]] = ["", ", ".join(fresh)]
        person.groups |= {fold(name) for name in fresh}
        person.new_groups += fresh


def _consents(person: Known, row: Row, outcome: Outcome, people: People) -> None:
    """A consent is added where the ledger is silent, ended where the file says no, and never restored."""
    for kind, given in row.said.items():
        way = next((w for w in person.ways if w.kind == _ADDRESS_OF[kind]), None)
        held = person.said.get(kind)
        if way is None or kind in row.left or (not given and (held is None or not held.given)):
            continue
        if given and held is not None and not held.given:
            sentence = _("Consent to %(channel)s was withdrawn on %(when)s; an import does not bring it back.")
            outcome.note("withdrawn", sentence % {"channel": _channel(kind), "when": date_format(held.at)})
        elif given and (way.fingerprint, kind) in people.closed:
            continue  # the note on the suppressed address says it
        elif held is None or held.given != given or held.expires_at is not None:
            _say(person, row, outcome, people, kind, given=given, address=way.normal)


def _leaving(person: Known, row: Row, outcome: Outcome, people: People) -> None:
    """Who left elsewhere leaves here too, and the address is closed; but what they agreed to here afterwards stands."""
    for kind, why in row.left.items():
        held = person.said.get(kind)
        given = row.emails if _ADDRESS_OF[kind] == EMAIL else row.phones
        if why == LEFT and held is not None and held.given and row.left_at is not None and held.at > row.left_at:
            sentence = _("Left elsewhere on %(left)s, but agreed to %(channel)s here on %(when)s, which stands.")
            days = {"left": date_format(row.left_at), "when": date_format(held.at)}
            outcome.note("returned", sentence % {"channel": _channel(kind), **days})
            continue
        if why == LEFT and given and (held is None or held.given):
            _say(person, row, outcome, people, kind, given=False, address=given[0][1])
        fresh = [
            normal for _, normal, mark in given if (mark, kind) not in people.closed and mark not in people.blocked
        ]
        if fresh:
            outcome.changes[people.labels["closed"]] = ["", ", ".join(fresh)]
            person.closings += [(kind, normal, why) for normal in fresh]


def _say(person: Known, row: Row, outcome: Outcome, people: People, kind: str, *, given: bool, address: str) -> None:
    held = person.said.get(kind)
    words = {True: people.labels["yes"], False: people.labels["no"], None: ""}
    outcome.changes[people.labels[f"consent_{kind}"]] = [words[held.given if held else None], words[given]]
    outcome.said["given" if given else "ended"] += 1
    at = row.left_at if kind in row.left else row.said_at
    person.lines.append(Saying(kind, given, at, address, row.line, row.proof if given else {}))
    if at is not None:
        person.said[kind] = Said(given, at, None)


def _channel(kind: str) -> str:
    return str(_("email")) if kind == "email" else "SMS"
