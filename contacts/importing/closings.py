"""Undoing what of an import hangs on no one person: addresses that it closed, and groups that it made."""

from __future__ import annotations

from datetime import datetime

from django.db.models import Exists, OuterRef, Q

from contacts.bulk import Among
from contacts.importing.writing import closed_by
from contacts.models import (
    Address,
    Group,
    ImportRun,
    Membership,
    Suppression,
    SuppressionReason,
    Validity,
)


def undo(run: ImportRun, now: datetime, *, writes: bool) -> dict[str, int]:
    """Open what only this import closed, remove the groups that it made and that are empty; how many. In the caller's transaction."""
    at = [moment for moment in run.portions.values_list("at", flat=True) if moment]
    shut = Suppression.objects.filter(at__in=at, source=closed_by(run), lifted_at=None)
    shut = shut.exclude(reason=SuppressionReason.ERASED)
    stays = shut.exclude(again_at=None).count()
    rows = list(shut.filter(again_at=None).values_list("id", "fingerprint", "reason"))
    found = {"opened": len(rows), "stays_closed": stays}
    if writes:
        Suppression.objects.filter(Among("id", [pk for pk, *_ in rows])).update(lifted_at=now)
        marks = [mark for _, mark, reason in rows if reason == SuppressionReason.BOUNCE]
        Address.objects.filter(Among("fingerprint", marks), validity=Validity.INVALID).update(
            validity=Validity.OK, invalid_reason=""
        )
        found["groups"] = _remove_groups(run, at)
    return found


def _remove_groups(run: ImportRun, at: list[datetime]) -> int:
    """Those that the import made, where nobody is in them any more and nobody means them."""
    made = Group.objects.filter(Q(created_at__in=at) | Q(pk=run.options.get("group_made") or 0))
    empty = made.filter(~Exists(Membership.objects.filter(group=OuterRef("pk"))))
    return empty.delete()[1].get("contacts.Group", 0)
