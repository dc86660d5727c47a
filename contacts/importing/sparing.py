"""Of the people whom an import added: who is still as it left them, and why the others stay."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from django.apps import apps
from django.db.models import ForeignKey, Model, QuerySet
from django.utils.translation import gettext_lazy as _

from contacts import consent
from contacts.bulk import Among
from contacts.consent import Line
from contacts.models import (
    Address,
    Basis,
    Change,
    Consent,
    ConsentPurpose,
    Contact,
    Duplicate,
    ImportChange,
    ImportLeft,
    ImportRun,
    Membership,
)

CHANGED, USED, GONE, FIELDS, MERGED, ENDED, AGREED = "changed", "used", "gone", "fields", "merged", "ended", "agreed"
WHY = {
    CHANGED: _("Changed since"), USED: _("Something is kept of them since"), GONE: _("Not there any more"), FIELDS: _("Changed since"),
    MERGED: _("Made one with another contact since"), ENDED: _("Consent that ended is not given back"),
    AGREED: _("Said since what they want"),
}  # fmt: skip
# What an import itself writes, and what is only reckoned from it.
_OWN = (Address, Membership, Consent, ImportChange, ImportLeft, Duplicate)
MARKETING = ConsentPurpose.MARKETING.value


class Spared(NamedTuple):
    """Why a contact stays: a code of WHY, and the names of fields or of tables."""

    why: str
    what: tuple[str, ...] = ()


def pristine(run: ImportRun, ids: Sequence[int]) -> tuple[list[int], dict[int, Spared]]:
    """Those of the added contacts of whom nothing was entered, said or done since; and why the others stay. A statement for each table."""
    own = _instants(run, ids)
    spared: dict[int, Spared] = {pk: Spared(GONE) for pk in ids if pk not in own}
    for pk, table in _used(list(own)):
        spared[pk] = Spared(USED, tuple(sorted({*spared.get(pk, Spared(USED)).what, table})))
    for pk in _edited(own):
        spared.setdefault(pk, Spared(CHANGED))
    return [pk for pk in ids if pk not in spared], spared


def _instants(run: ImportRun, ids: Sequence[int]) -> dict[int, set[datetime]]:
    """When this import wrote of each of them; by the contacts that are there."""
    own = {pk: {at} for pk, at in Contact.objects.order_by().filter(Among("id", ids)).values_list("id", "created_at")}
    for pk, at in (
        ImportChange.objects.order_by().filter(Among("contact_id", ids), run=run).values_list("contact_id", "at")
    ):
        own[pk].add(at)
    return own


def _used(ids: list[int]) -> Iterator[tuple[int, str]]:
    """Who stands in a table that no import writes: messages, cascades, events, bookings ... of every room."""
    for model, column in _tables():
        rows: Any = QuerySet(model).order_by().filter(Among(column, ids)).values_list(column, flat=True).distinct()
        yield from ((pk, model._meta.label_lower) for pk in rows)


@cache
def _tables() -> tuple[tuple[type[Model], str], ...]:
    return tuple(
        (model, field.attname)
        for model in apps.get_models(include_auto_created=True)
        if model not in _OWN
        for field in model._meta.get_fields()
        if isinstance(field, ForeignKey) and field.related_model is Contact
    )


def _edited(own: dict[int, set[datetime]]) -> Iterator[int]:
    """Who is not as the import wrote them: by staff, another program, another import, or the person."""
    ids = list(own)
    stamps: tuple[tuple[type[Model], str, str], ...] = (
        (Contact, "id", "updated_at"), (Address, "contact_id", "created_at"), (Membership, "contact_id", "added_at"),
        (Consent, "contact_id", "recorded_at"),
    )  # fmt: skip
    for model, column, stamp in stamps:
        rows: Any = QuerySet(model).order_by().filter(Among(column, ids)).values_list(column, stamp)
        yield from (pk for pk, at in rows if at not in own[pk])
    texts = Change.objects.order_by().filter(
        Among("object_id", [str(pk) for pk in ids]), model=Contact._meta.label_lower
    )
    yield from (int(pk) for pk in texts.values_list("object_id", flat=True).distinct())


def remove(ids: Collection[int]) -> None:
    """Delete them with all that the import wrote of them. They are locked, and nothing else refers to them."""
    columns: list[tuple[type[Model], str]] = [
        (ImportLeft, "contact_id"), (ImportChange, "contact_id"), (Duplicate, "first_id"), (Duplicate, "second_id"),
        (Membership, "contact_id"), (Consent, "contact_id"), (Address, "contact_id"), (Contact, "id"),
    ]  # fmt: skip
    for model, column in columns if ids else ():
        rows: Any = QuerySet(model).filter(Among(column, ids))
        rows._raw_delete(using=rows.db)  # noqa: SLF001 - a statement for each table, however many people


def ended(run: ImportRun, ids: Sequence[int], source: str) -> list[Line]:
    """Lines that end what the import said they had agreed to, for those who stay and said nothing themselves since."""
    own = _instants(run, ids)
    newest = consent.newest(list(own), [MARKETING]).values() if own else ()
    return [undone(line, source) for line in newest if line.given and line.recorded_at in own[line.contact_id]]


def undone(line: Consent, source: str) -> Line:
    """What was said in error was not said."""
    return Line(
        line.contact_id, line.kind, given=False, basis=Basis.UNDONE.value, source=source, purpose=line.purpose,
        language=line.language, address=line.address,
    )  # fmt: skip
