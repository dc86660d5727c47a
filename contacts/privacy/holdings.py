"""The registry: what each table holds of people, what of it is handed to them, and what becomes of it when they are erased.

A model that is neither here nor named by `nothing_in()` fails a test, and so does a field of text that nobody has decided on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db.models import Model, Q, QuerySet

from contacts.models import Address, Contact

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise


@dataclass(frozen=True, slots=True)
class Subject:
    """A person, as they were before anything was emptied. addresses: (kind, normal, as given)."""

    id: int
    name: str
    addresses: tuple[tuple[str, str, str], ...] = ()
    marks: frozenset[str] = frozenset()

    @classmethod
    def of(cls, contact: Contact) -> Subject:
        rows = list(Address.objects.filter(contact=contact).values_list("kind", "normal", "value", "fingerprint"))
        return cls(
            contact.pk, contact.full_name, tuple((kind, normal, value) for kind, normal, value, _ in rows),
            frozenset(mark for *_, mark in rows),
        )  # fmt: skip

    @property
    def normals(self) -> list[str]:
        return [normal for _kind, normal, _value in self.addresses]


# (person, now) -> how many rows were changed. Called inside the transaction that erases, with the contact locked.
Act = Callable[[Subject, datetime], int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holding:
    """What one table holds. whose: the person's rows; shown: fields that are handed out; empty: what erasure writes, field -> value.

    delete: the rows themselves go; act: what no single update can do, after `empty`; kept: fields of text that stay, because nothing in
    them is the person's. goes, stays: phrases for staff, before they erase ("" where there is nothing to say).
    related: what its rows' words need to be read with; scanned: columns that a person is looked for in, where no key leads to them (see
    `sweeping`); by_name: by the name as well; over: the rows of which nothing is still to be made.
    """

    model: type[Model]
    whose: Callable[[Subject], Q] | None = None
    shown: tuple[str, ...] = ()
    empty: Mapping[str, Any] = field(default_factory=dict)
    delete: bool = False
    act: Act | None = None
    kept: tuple[str, ...] = ()
    goes: StrOrPromise = ""
    stays: StrOrPromise = ""
    scanned: tuple[str, ...] = ()
    by_name: bool = False
    over: Callable[[], Q] | None = None
    related: tuple[str, ...] = ()

    def rows(self, subject: Subject) -> QuerySet[Any]:
        """Their rows, oldest first; none for what is only scanned."""
        found = self.all().order_by("pk")
        return found.filter(self.whose(subject)) if self.whose else found.none()

    def all(self) -> QuerySet[Any]:
        """The whole table, past what a manager of its own forbids: the ledger refuses changes."""
        return QuerySet(self.model)

    @property
    def title(self) -> str:
        return str(self.model._meta.verbose_name_plural)


_holdings: list[Holding] = []
_nothing: dict[type[Model], str] = {}
_before: list[Act] = []


def register(*holdings: Holding) -> None:
    """Make known what a room's tables hold of people; called when the room is ready."""
    known = {one.model for one in _holdings}
    _holdings.extend(one for one in holdings if one.model not in known)


def nothing_in(models: Iterable[type[Model]], why: str) -> None:
    """These tables hold nothing of the people whom we write to. why: for whoever reads the code."""
    _nothing.update(dict.fromkeys(models, why))


def before_erasing(act: Act) -> None:
    """Have this done first: what is on its way is ended and called back while it still has its address."""
    if act not in _before:
        _before.append(act)


def all_holdings() -> list[Holding]:
    return list(_holdings)


def empty_of_people() -> dict[type[Model], str]:
    return dict(_nothing)


def acts_before() -> list[Act]:
    return list(_before)
