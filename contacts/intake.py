"""People as another program names them, many at once: read, found, and where it is asked for, made or changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import DataError, IntegrityError, transaction
from django.utils.translation import gettext as _

from contacts import arrivals, audit, territory
from contacts.bulk import Among
from contacts.importing import within, writing
from contacts.importing.cleaning import NOBODY
from contacts.importing.people import EMAIL, PHONE, People, Row, Unclear, mark
from contacts.importing.planning import Outcome, plan
from contacts.importing.reading import Raw
from contacts.models import Branch, Business, Contact, Deed, RowOutcome
from contacts.models.contact import fold
from contacts.resources import ContactResource

PORTION = 200  # people in one transaction: SQLite has one writer
_PLAIN = ("external_id", "first_name", "last_name", "language", "time_zone", "birth_date", "city", "branch", "notes")

Read = Row | list[str]


class Cleaner:
    """Reads what is told of a person by the same rules as the cells of a file."""

    def __init__(self, now: datetime, mine: territory.Territory = None) -> None:
        """mine: the branches that the teller is limited to; None for all."""
        self.mine = mine
        self.branches = dict(Branch.objects.values_list("id", "name"))
        fields = ContactResource().fields
        fields["phone"].widget.country = Business.current().country
        fields["branch"].widget.known = {fold(name): pk for pk, name in self.branches.items()}
        fields["birth_date"].widget.today = now.date()
        self._read: Callable[[str, str], Any] = lambda name, text: fields[name].clean({name: text})

    def row(self, number: int, told: Mapping[str, Any]) -> Read:
        """The row, or a sentence for each thing that is wrong with it. told: texts by field; `emails`, `phones` and `groups` as lists,
        `attributes` as a mapping."""
        row, wrong = Row(number), list[str]()
        for name in _PLAIN:
            self._put(row, name, told.get(name) or "", wrong)
        for name, kind in (("emails", EMAIL), ("phones", PHONE)):
            for text in told.get(name) or ():
                self._put_address(row, kind, text, wrong)
        for text in told.get("groups") or ():
            if name := " ".join(text.split()):
                row.groups.append(name)
        row.attributes = {name: value for name, value in (told.get("attributes") or {}).items() if value is not None}
        if not wrong and not (row.external_id or row.emails or row.phones):
            wrong.append(str(NOBODY))
        return wrong or row

    def _put(self, row: Row, name: str, text: str, wrong: list[str]) -> None:
        try:
            value = self._read(name, text) if text else ""
        except ValueError as error:
            wrong.append(f"{name}: {error}")
            return
        if name == "external_id":
            row.external_id = value
        elif value not in ("", None):
            row.values["branch_id" if name == "branch" else name] = value

    def _put_address(self, row: Row, kind: str, text: str, wrong: list[str]) -> None:
        try:
            found = self._read(kind, text)
        except ValueError as error:
            wrong.append(f"{kind}: {error}")
            return
        if found:
            (row.emails if kind == EMAIL else row.phones).append((*found, mark(kind, found[1])))


def take_in(rows: Sequence[Read], cleaner: Cleaner, *, now: datetime) -> list[Outcome]:
    """Make or change the person of each row; outcomes in the same order, `instance.id` is the contact. Some ten statements a portion."""
    outcomes: list[Outcome] = []
    for start in range(0, len(rows), PORTION):
        outcomes += _take_in(rows[start : start + PORTION], cleaner, now)
    return outcomes


def _take_in(rows: Sequence[Read], cleaner: Cleaner, now: datetime) -> list[Outcome]:
    """Where the database refuses them, their halves, until the one is found that it refuses."""
    try:
        return _written(rows, cleaner, now)
    except (IntegrityError, DataError):
        if len(rows) == 1:
            return [
                Outcome(Raw(0, [])).refuse([_("Somebody changed the same contact at this very moment. Send it again.")])
            ]
    half = len(rows) // 2
    return _take_in(rows[:half], cleaner, now) + _take_in(rows[half:], cleaner, now)


def _written(rows: Sequence[Read], cleaner: Cleaner, now: datetime) -> list[Outcome]:
    with transaction.atomic():
        arrivals.one_at_a_time()
        people = People.for_rows([row for row in rows if isinstance(row, Row)], lock=True)
        newcomers = cleaner.mine[0] if cleaner.mine and len(cleaner.mine) == 1 else None
        rows = [within.within(row, people, cleaner.mine, newcomers) for row in rows]
        made = plan([(Raw(n, []), row) for n, row in enumerate(rows)], people, cleaner.branches)
        writing.save(made.touched, now=now)
    return made.outcomes


def write_down(outcomes: Sequence[Outcome]) -> None:
    """Who was added, and what was changed of whom, by whoever acts; one statement."""
    acts = {RowOutcome.NEW: Deed.ADDED, RowOutcome.CHANGED: Deed.CHANGED}
    audit.rows(
        [
            audit.row(
                acts[RowOutcome(one.outcome)], Contact, object_id=one.contact_id,
                what=[[str(label), *change] for label, change in one.changes.items()] if one.outcome == RowOutcome.CHANGED else [],
            )
            for one in outcomes
            if one.contact_id and one.outcome in acts
        ]
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class Found:
    """Whom was meant: a contact, or why nobody could be found. made: it is a new one."""

    contact_id: int | None = None
    problem: str = ""
    made: bool = False


def find(rows: Sequence[Read], *, now: datetime, create: Sequence[bool] = (), cleaner: Cleaner | None = None) -> list[Found]:  # fmt: skip
    """Who each row means, in the same order, with a handful of statements. create: whether to make a contact where there is none."""
    people = People.for_rows([row for row in rows if isinstance(row, Row)])
    if cleaner is not None and cleaner.mine is not None:
        people = people.of_branches(cleaner.mine)
    found = [_match(row, people) for row in rows]
    wanted = [
        n for n, one in enumerate(found) if not one.contact_id and not one.problem and n < len(create) and create[n]
    ]
    if wanted and cleaner:
        made = take_in([rows[n] for n in wanted], cleaner, now=now)
        write_down(made)
        for n, outcome in zip(wanted, made, strict=True):
            is_new = outcome.outcome == RowOutcome.NEW
            found[n] = Found(outcome.contact_id, made=is_new) if outcome.contact_id else Found(problem=outcome.reason)
    nobody = _("Nobody here has this number or address.")
    return [one if one.contact_id or one.problem else Found(problem=nobody) for one in found]


def _match(row: Read, people: People) -> Found:
    if isinstance(row, list):
        return Found(problem=" ".join(row))
    try:
        person, _by_number = people.match(row)
    except Unclear as unclear:
        return Found(problem=str(unclear))
    return Found(person.id if person else None)


def there(contact_ids: Sequence[int], mine: territory.Territory = None) -> set[int]:
    """Those of the contacts that exist, in these branches; one statement."""
    theirs = Contact.objects.filter(territory.within(Contact, mine))
    return set(theirs.filter(Among("id", contact_ids)).values_list("id", flat=True))
