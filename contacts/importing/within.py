"""Imports of staff who are limited to branches: which branches, and what becomes of rows that leave them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import TYPE_CHECKING, Any, TypeVar

from django.utils.translation import gettext_lazy as _

from contacts import territory
from contacts.importing.people import People, Row, Unclear
from contacts.models import Branch, ImportRun
from contacts.territory import Territory

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser, AnonymousUser

NOT_YOURS = _("This person can be added or changed only by somebody who looks after all branches.")
NOT_YOUR_BRANCH = _("branch: this is not one of your branches.")
WHICH_BRANCH = _("branch: say which of your branches this person belongs to.")
# As the options of a run keep them, so that it stays what it was whatever becomes of the login meanwhile.
BRANCHES, NEWCOMERS = "branches", "branch"
Read = Row | list[str]
_R = TypeVar("_R")


def options_of(user: AbstractBaseUser | AnonymousUser | None) -> dict[str, Any]:
    """What an import of this member of staff bears from its beginning; nothing where they see all branches."""
    mine = territory.of(user)
    return {} if mine is None else {BRANCHES: list(mine)}


def limit_of(run: ImportRun) -> Territory:
    """The branches to which an import keeps; None for all."""
    found = run.options.get(BRANCHES)
    return tuple(found) if found is not None else None


def branches_of(run: ImportRun) -> dict[int, str]:
    """The branches that its file may name."""
    theirs = Branch.objects.filter(territory.within(Branch, limit_of(run)))
    return dict(theirs.values_list("id", "name"))


def keep(cleaned: Iterable[tuple[_R, Read]], people: People, run: ImportRun) -> list[tuple[_R, Read]]:
    """The rows of an import; of one that is limited, those that leave its branches become a sentence."""
    mine = limit_of(run)
    if mine is None:
        return list(cleaned)
    people.erased = people.erased - {"branch_id"}  # nobody sends people out of their own sight
    newcomers = run.options.get(NEWCOMERS) or (mine[0] if len(mine) == 1 else None)
    return [(raw, within(row, people, mine, newcomers)) for raw, row in cleaned]


def within(row: Read, people: People, mine: Territory, newcomers: int | None) -> Read:
    """The row, where it keeps to the branches `mine`; a new person gets the branch that it names, or `newcomers`."""
    if mine is None or isinstance(row, list):
        return row
    try:
        person, _by_number = people.match(row)
    except Unclear as unclear:
        return [_unclear(row, people, mine, str(unclear))]
    if person is not None and person.values.get("branch_id") not in mine:
        return [str(NOT_YOURS)]
    branch_id = row.values.get("branch_id")
    if branch_id is None and person is None:
        if newcomers is None:
            return [str(WHICH_BRANCH)]
        row.values["branch_id"] = branch_id = newcomers
    return row if branch_id is None or branch_id in mine else [str(NOT_YOUR_BRANCH)]


def _unclear(row: Row, people: People, mine: Collection[int], sentence: str) -> str:
    """That an address belongs to several people is told where these are all theirs."""
    several = people.meant(row)
    return sentence if all(one.values.get("branch_id") in mine for one in several) else str(NOT_YOURS)
