"""Going through what no key leads to, portion by portion: raw calls, cells and files of imports, kept answers, the admin's log.

Twice for each person: at once, and when late reports have come in; then what is looked for is forgotten too.
"""

from __future__ import annotations

from collections import Counter
from datetime import datetime

from django.db import transaction
from django.db.models import Q

from contacts import vault
from contacts.bulk import Among
from contacts.models import Erasure
from contacts.privacy import erasing, files
from contacts.privacy.holdings import Holding, Subject, all_holdings
from contacts.privacy.needles import Needles

PORTION = 1000


def sweep(now: datetime) -> bool:
    """One portion of one table for the person who waits longest; False where nothing is to be done."""
    due = Q(swept_at=None) | Q(watched_until__lte=now)
    waiting = Erasure.objects.filter(due).exclude(sealed="").order_by("id")
    with transaction.atomic():
        erasure = waiting.select_for_update(skip_locked=True, of=("self",)).first()
        if erasure is None:
            return False
        try:
            needles = Needles.from_json(vault.unseal(erasure.sealed)["needles"])
        except vault.Unreadable:  # the key is gone, and with it what was looked for
            _done(erasure, now, forget=True)
            return True
        table, after = erasure.place or [0, 0]
        tables = [one for one in all_holdings() if one.scanned]
        if table >= len(tables):
            if gone := files.forget(needles):
                erasure.counts = erasure.counts | {"files": erasure.counts.get("files", 0) + gone}
            _done(erasure, now, forget=erasure.watched_until <= now)
            return True
        erasure.place = _portion(tables[table], table, after, needles, erasure)
        erasure.save(update_fields=["place", "counts"])
    return True


def _portion(holding: Holding, table: int, after: int, needles: Needles, erasure: Erasure) -> list[int]:
    """Look at the next rows; where to go on."""
    rows = found_rows(holding).filter(pk__gt=after).values_list("pk", *holding.scanned)[:PORTION]
    looked = list(rows)
    found = [pk for pk, *values in looked if needles.stand_in(*values, names=holding.by_name)]
    if found:
        rows = holding.all().filter(Among("id", found))
        changed = rows.delete()[0] if holding.delete else rows.update(**holding.empty)
        counts = Counter(erasure.counts)
        counts[holding.model._meta.label_lower] += changed
        erasure.counts = dict(counts)
    return [table, looked[-1][0]] if len(looked) == PORTION else [table + 1, 0]


def found_rows(holding: Holding) -> erasing.AnyRows:
    """The rows in which somebody may stand, by number; nothing that is still to be made something of."""
    rows = holding.all().order_by("pk")
    return rows.filter(holding.over()) if holding.over else rows


def _done(erasure: Erasure, now: datetime, *, forget: bool) -> None:
    """All was gone through. The second time what was written meanwhile about the contact is emptied too."""
    if forget:
        contact = erasure.contact
        erasing.empty(Subject(contact.pk, ""), now)
        erasure.sealed = ""
    erasure.swept_at, erasure.place = now, []
    erasure.save(update_fields=["swept_at", "place", "sealed", "counts"])
