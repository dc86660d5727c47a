"""Erasing a person: one transaction that empties all that a key leads to, and leaves the rest to `sweeping`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.db import OperationalError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from contacts import bulk, kinds, vault
from contacts.bulk import Among
from contacts.consent import Line, ledger
from contacts.models import (
    Address,
    Basis,
    Contact,
    Erasure,
    Suppression,
    SuppressionReason,
    SuppressionScope,
)
from contacts.privacy.holdings import Holding, Subject, acts_before, all_holdings
from contacts.privacy.needles import Needles

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

# So long reports about messages that have left may come, and hold the address again.
# A call that nothing belongs to is given up after 7 days.
WATCH = timedelta(days=8)
HIDDEN = "•••"
AnyRows = QuerySet[Any]
_TRIES = 4
_DEADLOCK = "40P01"


@dataclass(frozen=True, slots=True)
class Item:
    """A table as staff read of it before they erase: how many rows, what goes and what stays."""

    title: str
    count: int
    goes: StrOrPromise
    stays: StrOrPromise


def outlook(contact: Contact) -> list[Item]:
    """What erasing this person would do, table by table; only those that hold something."""
    subject = Subject.of(contact)
    found = [(one, one.rows(subject).count()) for one in all_holdings() if one.goes or one.stays]
    return [Item(one.title, count, one.goes, one.stays) for one, count in found if count]


def shared_with(contact: Contact) -> list[str]:
    """A sentence for each address that others have too: it is not closed, for they did not ask for that."""
    mine = Address.objects.filter(contact=contact).values("fingerprint")
    others = Address.objects.filter(fingerprint__in=mine).exclude(contact=contact).select_related("contact")
    return [
        _("%(address)s is also the address of %(name)s, and stays open for them.")
        % {"address": other.shown, "name": other.contact}
        for other in others[:20]
    ]


def erase(contact_id: int, *, by_id: int | None, asked: str = "", now: datetime) -> Erasure:
    """Empty the person; their rows stay, without a word of theirs. Again, it changes nothing and returns the erasure of before.

    Locks as all the house does: the contact first, then what hangs on it. Who stands in a circle nevertheless begins anew.
    """
    for _again in range(_TRIES - 1):
        try:
            return _erase(contact_id, by_id, asked, now)
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", None) != _DEADLOCK:
                raise
    return _erase(contact_id, by_id, asked, now)


def _erase(contact_id: int, by_id: int | None, asked: str, now: datetime) -> Erasure:
    with transaction.atomic():
        ledger.lock_contacts([contact_id])
        contact = Contact.objects.get(pk=contact_id)
        if contact.erased_at is not None:
            return Erasure.objects.filter(contact=contact).latest("id")
        subject = Subject.of(contact)
        for act in acts_before():
            act(subject, now)
        _close_addresses(subject, now)
        _end_consent(subject, now)
        counts = empty(subject, now)
        Contact.objects.filter(pk=contact_id).update(erased_at=now, updated_at=now)
        needles = Needles.of(subject.addresses, subject.name)
        return Erasure.objects.create(
            contact=contact, at=now, by_id=by_id, asked=asked[:200], marks=sorted(subject.marks), counts=counts,
            sealed=vault.seal({"needles": needles.as_json()}), watched_until=now + WATCH,
        )  # fmt: skip


def empty(subject: Subject, now: datetime) -> dict[str, int]:
    """Empty what keys lead to; how many rows, by table. The contact comes last: its number elsewhere is a key that others may hold."""
    counts: Counter[str] = Counter()
    for holding in sorted(all_holdings(), key=lambda one: one.model is Contact):
        counts[holding.model._meta.label_lower] += _empty(holding, subject, now)
    return {label: count for label, count in counts.items() if count}


def _empty(holding: Holding, subject: Subject, now: datetime) -> int:
    if holding.whose is None:
        return holding.act(subject, now) if holding.act else 0
    rows = holding.rows(subject).order_by()
    acted = holding.act(subject, now) if holding.act else 0
    if holding.delete:
        return rows.delete()[0]
    return rows.update(**holding.empty) if holding.empty else acted


def _close_addresses(subject: Subject, now: datetime) -> None:
    """Nothing goes there again, also when the person is imported anew. What somebody else has too stays open for them."""
    mine = {mark: kind for kind, mark in _marked(subject)}
    others = Address.objects.filter(Among("fingerprint", mine)).exclude(contact_id=subject.id)
    alone = sorted(mine.keys() - set(others.values_list("fingerprint", flat=True)))
    there = Suppression.objects.filter(Among("fingerprint", alone))
    whole = there.filter(channel="", scope=SuppressionScope.ALL, lifted_at=None, played=False)
    whole.update(reason=SuppressionReason.ERASED)
    there.update(hint=HIDDEN, source="")
    columns = ("kind", "fingerprint", "hint", "channel", "scope", "reason", "source", "at", "lifted_at", "played")
    reason, scope = SuppressionReason.ERASED.value, SuppressionScope.ALL.value
    rows = [(mine[mark], mark, HIDDEN, "", scope, reason, "", now, None, False) for mark in alone]
    bulk.insert(Suppression, columns, rows, ignore_conflicts=True)


def _marked(subject: Subject) -> Sequence[tuple[str, str]]:
    rows = Address.objects.filter(contact_id=subject.id).values_list("kind", "fingerprint")
    return list(rows)


def _end_consent(subject: Subject, now: datetime) -> None:
    """The ledger says that it ended, and why; each line that stood gets one that withdraws it."""
    standing = [line for line in ledger.newest([subject.id]).values() if line.given]
    source = str(SuppressionReason.ERASED.label)
    lines = [
        Line(subject.id, line.kind, given=False, basis=Basis.WITHDRAWAL, source=source, purpose=line.purpose)
        for line in standing
        if line.kind in {kind.name for kind in kinds.all_kinds()}
    ]
    ledger.write(lines, now=now)
