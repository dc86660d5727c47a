"""The life of undoing an import: counted first, confirmed by staff, worked in portions by whoever holds its lease, from where it stands."""

from __future__ import annotations

import logging
import uuid
from bisect import bisect_right
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils.translation import gettext as _

from contacts import audit, bulk
from contacts.consent import ledger
from contacts.importing import closings, sparing
from contacts.importing.lease import LEASE, Lost
from contacts.importing.restoring import Restoring
from contacts.importing.runs import KEPT, OVER
from contacts.importing.sparing import GONE, Spared
from contacts.models import By, Contact, ImportChange, ImportLeft, ImportPortion, ImportRun, ImportUndo, UndoState

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

Clock = Callable[[], datetime]

WORKED = (UndoState.COUNTING, UndoState.UNDOING)
CANCELLABLE = (*WORKED, UndoState.COUNTED)
LISTED = 100_000  # of those who stay; all are counted
_FREE: dict[str, Any] = {"lease_until": None, "lease_token": None}
_ANEW: dict[str, Any] = {"changed": 0, "added": 0, "seen": 0, "counts": {}, "failures": 0, "problem": "", **_FREE}
_MOST_FAILURES = 3

log = logging.getLogger(__name__)


def hindrance(run: ImportRun, now: datetime) -> str:
    """Why the import cannot be undone, as a sentence; "" where it can."""
    if run.state not in OVER:
        return _("The import has not ended yet. Cancel it first, or wait until it is done.")
    undo = ImportUndo.objects.filter(run=run).first()
    if undo is not None and undo.state == UndoState.DONE:
        return _("This import was undone already.")
    if not ImportPortion.objects.filter(run=run).exists():
        return _("This import wrote nothing, so there is nothing to undo.")
    if run.finished_at is not None and run.finished_at < now - KEPT:
        return _("The import ended more than %(days)d days ago. It cannot be undone any more.") % {"days": KEPT.days}
    if ImportPortion.objects.filter(run=run, at=None).exists():
        return _("The import was made before this program kept what an import changes. It cannot be undone.")
    return ""


def ask(run: ImportRun, *, by: AbstractBaseUser | None, now: datetime) -> ImportUndo:
    """Have it counted what undoing would do. Where that is done already, or goes on, nothing begins anew."""
    undo, made = ImportUndo.objects.get_or_create(
        run=run, defaults={"asked_at": now, "begun_at": now, "by_id": by.pk if by else None}
    )
    again = ImportUndo.objects.filter(pk=undo.pk, state__in=(UndoState.CANCELLED, UndoState.FAILED))
    if not made and again.update(
        state=UndoState.COUNTING, asked_at=now, begun_at=now, finished_at=None, by_id=by.pk if by else None, **_ANEW
    ):
        undo.left.all().delete()
    undo.refresh_from_db()
    return undo


def confirm(undo: ImportUndo, *, now: datetime) -> bool:
    """Staff saw what would be undone and want it. Only the first of two clicks answers True."""
    with transaction.atomic():
        waiting = ImportUndo.objects.filter(pk=undo.pk, state=UndoState.COUNTED)
        mine = waiting.update(state=UndoState.UNDOING, begun_at=now, **_ANEW) == 1
        if mine:
            undo.left.all().delete()
    return mine


def cancel(undo: ImportUndo, *, now: datetime) -> bool:
    """Stop at the end of the present portion. What was undone before stays so."""
    open_ones = ImportUndo.objects.filter(pk=undo.pk, state__in=CANCELLABLE)
    return open_ones.update(state=UndoState.CANCELLED, finished_at=now, **_FREE) == 1


def work(*, clock: Clock) -> int:
    """Work on all that is asked for, until nothing is left; returns how many were worked on."""
    done = 0
    while (undo := _claim(clock())) is not None:
        _work_on(undo, clock)
        done += 1
    return done


def _claim(now: datetime) -> ImportUndo | None:
    free = ImportUndo.objects.filter(Q(lease_until=None) | Q(lease_until__lt=now), state__in=WORKED)
    for pk in free.order_by("id").values_list("pk", flat=True):
        if free.filter(pk=pk).update(lease_token=uuid.uuid4(), lease_until=now + LEASE):
            return ImportUndo.objects.select_related("run", "by").get(pk=pk)
    return None


def _work_on(undo: ImportUndo, clock: Clock) -> None:
    try:
        _Undoing(undo, clock).go()
    except Lost:
        log.info("undoing import %s was cancelled or taken over", undo.run_id)
    except Exception:
        _count_failure(undo, clock())
        raise


def _count_failure(undo: ImportUndo, now: datetime) -> None:
    """A failure of ours, again and again, must not be tried for ever."""
    failed = _held(undo)
    if undo.failures + 1 >= _MOST_FAILURES:
        said = _("Undoing stopped because of a fault in the program. What was undone before stays so.")
        failed.update(state=UndoState.FAILED, problem=said, finished_at=now, **_FREE)
    else:
        failed.update(failures=undo.failures + 1, **_FREE)


def _held(undo: ImportUndo) -> QuerySet[ImportUndo]:
    return ImportUndo.objects.filter(pk=undo.pk, lease_token=undo.lease_token, state=undo.state)


class _Undoing:
    """One pass over the import's people; writes: whether anything is undone, or only counted."""

    def __init__(self, undo: ImportUndo, clock: Clock) -> None:
        self.undo, self.run, self.clock = undo, undo.run, clock
        self.writes = undo.state == UndoState.UNDOING
        self.source = f"import {self.run.filename[:80]} undone"
        self.size = 2000 if connection.vendor == "postgresql" else 500  # SQLite has one writer, whom others wait for
        self.made = _made(self.run)

    def go(self) -> None:
        """Those whom it changed, then those whom it added, then what hangs on neither."""
        total = sum(last - first + 1 for first, last in self.made)
        if not self.undo.seen:
            self._step({}, total=total + self._changed().count())
        while ids := list(self._changed()[: self.size]):
            with transaction.atomic():
                self._restore(ids)
        while ids := self._next_added():
            with transaction.atomic():
                self._remove(ids)
        with transaction.atomic():
            self._end()

    def _changed(self) -> QuerySet[ImportChange, int]:
        """Whom it changed and who were not looked at yet, each once."""
        rows = ImportChange.objects.filter(run=self.run, undone_at=None, contact_id__gt=self.undo.changed)
        return rows.order_by("contact_id").values_list("contact_id", flat=True).distinct()

    def _restore(self, ids: list[int]) -> None:
        known = [pk for pk in ids if not _is_made(self.made, pk)]
        changes = ImportChange.objects.filter(bulk.Among("contact_id", known), run=self.run, undone_at=None)
        portion = Restoring(list(changes), self.source)
        back, now = portion.plan(), self.clock()
        if self.writes:
            portion.write(back, now)
        counts = Counter({"restored": len(known) - len(back.left), "partly": len(back.left)})
        counts["consents"] = sum(not line.given for line in back.lines)
        self._leave(((pk, one) for pk, found in back.left.items() for one in found), is_new=False)
        self._step(counts, len(ids), changed=ids[-1])

    def _next_added(self) -> list[int]:
        found: list[int] = []
        for first, last in self.made:
            if last > self.undo.added:
                start = max(first, self.undo.added + 1)
                found += range(start, min(last + 1, start + self.size - len(found)))
            if len(found) == self.size:
                break
        return found

    def _remove(self, ids: list[int]) -> None:
        list(Contact.objects.filter(bulk.Among("id", ids)).order_by("id").select_for_update().values_list("id"))
        alone, spared = sparing.pristine(self.run, ids)
        stay = [pk for pk in spared if spared[pk].why != GONE]
        lines = sparing.ended(self.run, stay, self.source)
        if self.writes:
            ledger.write(lines, now=self.clock())
            sparing.remove(alone)
        gone = len(spared) - len(stay)
        self._leave(((pk, spared[pk]) for pk in stay), is_new=True)
        self._step(
            {"deleted": len(alone), "kept": len(stay), "gone": gone, "consents": len(lines)}, len(ids), added=ids[-1]
        )

    def _leave(self, found: Iterator[tuple[int, Spared]], *, is_new: bool) -> None:
        room = LISTED - self.undo.counts.get("listed", 0)
        rows = [(self.undo.pk, pk, one.why, list(one.what), is_new) for pk, one in found][:room]
        bulk.insert(ImportLeft, ["undo_id", "contact_id", "why", "what", "is_new"], rows)
        self.undo.counts["listed"] = self.undo.counts.get("listed", 0) + len(rows)

    def _step(self, counts: Mapping[str, int], seen: int = 0, **changes: Any) -> None:
        """In the transaction that writes; locks the undo's row. Raises Lost where staff cancelled or another took over."""
        undo = self.undo
        sums = Counter(undo.counts)
        sums.update(counts)
        changes |= {"counts": dict(sums), "seen": undo.seen + seen, "failures": 0}
        if (
            _held(undo)
            .filter(changed=undo.changed, added=undo.added)
            .update(lease_until=self.clock() + LEASE, **changes)
            != 1
        ):
            raise Lost
        for name, value in changes.items():
            setattr(undo, name, value)

    def _end(self) -> None:
        now = self.clock()
        found = closings.undo(self.run, now, writes=self.writes)
        state = UndoState.DONE if self.writes else UndoState.COUNTED
        sums = Counter(self.undo.counts)
        sums.update(found)
        finished = now if self.writes else None
        if _held(self.undo).update(state=state, counts=dict(sums), finished_at=finished, **_FREE) != 1:
            raise Lost
        if self.writes:
            who: Any = self.undo.by
            with audit.acting(audit.Actor(By.STAFF, str(who or ""), who.pk if who else None)):
                audit.done(self.run, _("The import was undone."), sums["deleted"] + sums["restored"])


def _made(run: ImportRun) -> list[tuple[int, int]]:
    """Whom the import added, as pairs of the first and the last id, ascending."""
    lists = run.portions.values_list("made", flat=True)
    return sorted((first, last) for pairs in lists for first, last in pairs)


def _is_made(made: list[tuple[int, int]], pk: int) -> bool:
    at = bisect_right(made, (pk, float("inf"))) - 1
    return at >= 0 and made[at][0] <= pk <= made[at][1]
