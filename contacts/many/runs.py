"""The life of a bulk action: asked for by staff, worked in portions by whoever holds its lease, from where it stands."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import translation
from django.utils.translation import gettext as _

from contacts import audit, exporting, territory
from contacts.bulk import Among
from contacts.importing.lease import LEASE, Lost
from contacts.many import acts, files
from contacts.models import Act, BulkRun, BulkState, By, Contact

Clock = Callable[[], datetime]
# (user, query of the list) -> the people whom this user's list shows; registered by the list itself.
Chooser = Callable[[Any, Mapping[str, list[str]]], QuerySet[Contact]]

AT_ONCE = 500  # people: so many are done while staff wait
MOST_FAILURES = 3  # at the same place
OPEN = (BulkState.WAITING, BulkState.RUNNING)
KEPT = timedelta(days=7)  # of a file
NEEDS = {Act.CONSENT: "contacts.consent_bulkrun", Act.EXPORT: "contacts.export_contact"}
_FREE: dict[str, Any] = {"lease_until": None, "lease_token": None}
_choosers: list[Chooser] = []

log = logging.getLogger(__name__)


def found_by_the_list(chooser: Chooser) -> None:
    """The list of contacts tells how its filters find people."""
    _choosers[:] = [chooser]


def people(run: BulkRun) -> QuerySet[Contact]:
    """Who is meant, as the one who asked may see people now; unordered."""
    chosen = _choosers[0](run.created_by, run.selection.get("query") or {}).order_by()
    if "ids" in run.selection:
        return chosen.filter(Among("id", run.selection["ids"]))
    return chosen.filter(pk__lte=run.selection["through"])


def ask(act: Act, selection: Mapping[str, Any], *, words: str, user: Any, now: datetime, **more: Any) -> BulkRun:
    """Note what is to be done; more: further fields of the run. `selection` without "through" means all who are there now."""
    run = BulkRun(act=act, selection=dict(selection), words=words, created_by=user, created_at=now, **more)
    run.details = {**run.details, "page_language": translation.get_language() or "en"}
    if "ids" not in selection:
        run.selection["through"] = Contact.objects.order_by("-pk").values_list("pk", flat=True).first() or 0
    if (mine := territory.of(user)) is not None:
        run.selection["branches"] = list(mine)
    run.total = people(run).values("pk").count()
    run.save()
    return run


def cancel(run: BulkRun, *, now: datetime) -> bool:
    """Stop at the end of the present portion. What was done stays, and is counted."""
    stopped = BulkRun.objects.filter(pk=run.pk, state__in=OPEN)
    return stopped.update(state=BulkState.CANCELLED, finished_at=now, **_FREE) == 1


def work(*, clock: Clock, only: int | None = None) -> int:
    """Work on all that is asked for (or one run only), until nothing is left; returns how many were worked on."""
    done = 0
    while (run := _claim(clock(), only)) is not None:
        _work_on(run, clock)
        done += 1
    return done


def _claim(now: datetime, only: int | None) -> BulkRun | None:
    free = BulkRun.objects.filter(Q(lease_until=None) | Q(lease_until__lt=now), state__in=OPEN)
    for pk in free.filter(**({"pk": only} if only else {})).order_by("id").values_list("pk", flat=True):
        taken = {"state": BulkState.RUNNING, "lease_token": uuid.uuid4(), "lease_until": now + LEASE}
        if free.filter(pk=pk).update(**taken):
            BulkRun.objects.filter(pk=pk, started_at=None).update(started_at=now)
            return BulkRun.objects.select_related("group", "from_group", "created_by").get(pk=pk)
    return None


def _work_on(run: BulkRun, clock: Clock) -> None:
    try:
        with translation.override(run.details.get("page_language") or "en"):
            _may(run)
            (_export if run.act == Act.EXPORT else _through)(run, clock)
    except Lost:
        log.info("bulk action %s was cancelled or taken over", run.pk)
    except acts.Impossible as problem:
        _held(run).update(state=BulkState.FAILED, problem=str(problem), finished_at=clock(), **_FREE)
    except Exception:
        _count_failure(run, clock())
        raise


def _count_failure(run: BulkRun, now: datetime) -> None:
    """A fault of ours is tried again in a while; one that comes back at the same place three times ends it. What was done stays."""
    position = (
        _held(run).values_list("position", flat=True).first()
    )  # ours may be that of a portion that came to nothing
    failures = run.details.get("failures", {})
    count = failures.get("count", 0) + 1 if failures.get("position") == position else 1
    run.details["failures"] = {"position": position, "count": count}
    if count < MOST_FAILURES:
        _held(run).update(details=run.details, lease_until=now + LEASE, lease_token=None)
        return
    problem = _("It stopped because of a fault in the program. What was done before stays.")
    _held(run).update(details=run.details, state=BulkState.FAILED, problem=problem, finished_at=now, **_FREE)


def _may(run: BulkRun) -> None:
    """Whoever asked must still be allowed to."""
    user: Any = run.created_by
    if user is None or not user.is_active or not user.has_perm(NEEDS.get(Act(run.act), "contacts.change_contact")):
        raise acts.Impossible(_("The account that asked for it may not do this any more."))


def _through(run: BulkRun, clock: Clock) -> None:
    """Portion after portion, each in one transaction with the note that it was done."""
    while portion := _portion(run):
        (ids, edge), now = portion, clock()
        with transaction.atomic():
            _advance(run, edge, len(ids), now)
            done, skipped = acts.apply(run, ids, now)
            run.done += done
            run.skipped = {why: run.skipped.get(why, 0) + skipped.get(why, 0) for why in {**run.skipped, **skipped}}
            BulkRun.objects.filter(pk=run.pk).update(done=run.done, skipped=run.skipped)
    _finish(run, clock())


def _portion(run: BulkRun) -> tuple[list[int], int] | None:
    """The next people, and the contact up to which that is all of them; None at the end. Of so many contacts rather than so many people,
    so that no portion costs more than another."""
    size = 10_000 if connection.vendor == "postgresql" else 1_000  # SQLite has one writer, whom others wait for
    every = Contact.objects.filter(pk__gt=run.position)
    every = every.filter(
        Among("id", run.selection["ids"]) if "ids" in run.selection else Q(pk__lte=run.selection["through"])
    )
    numbers = every.order_by("pk").values_list("pk", flat=True)
    if (edge := numbers[size - 1 : size].first() or numbers.last()) is None:
        return None
    there = people(run).filter(pk__gt=run.position, pk__lte=edge)
    return list(there.order_by("pk").values_list("pk", flat=True)), edge


def _advance(run: BulkRun, position: int, count: int, now: datetime) -> None:
    """Locks the run's row: two workers never do the same portion. Raises Lost where it was cancelled or taken over."""
    seen = run.seen + count
    if _held(run).filter(position=run.position).update(position=position, seen=seen, lease_until=now + LEASE) != 1:
        raise Lost
    run.position, run.seen = position, seen


def _export(run: BulkRun, clock: Clock) -> None:
    """All rows into a file of its own; after a crash from the beginning, for half a file is of no use."""
    files.check(files.form_of(run), run.total)
    run.position, run.seen = 0, 0
    with files.written(run, lambda: _note_file(run)) as table:
        for number, row in enumerate(files.rows(run, people(run))):
            table.write(row)
            if number and number % 1000 == 0:
                _advance(run, number, 1000, clock())
        run.done = number
    exporting.note(run.created_by, what=run.words, count=run.done, now=clock())
    if _held(run).update(done=run.done, problem=table.told) != 1:
        raise Lost
    _finish(run, clock())


def _note_file(run: BulkRun) -> None:
    """Before anything is in it, so that whatever becomes of us, it is deleted in time."""
    if _held(run).update(position=0, seen=0, file=run.file.name) != 1:
        raise Lost


def _finish(run: BulkRun, now: datetime) -> None:
    """Done; raises Lost where it was cancelled at the last moment."""
    if _held(run).update(state=BulkState.DONE, finished_at=now, **_FREE) != 1:
        raise Lost
    who: Any = run.created_by
    with audit.acting(audit.Actor(By.STAFF, str(who or ""), who.pk if who else None)):
        audit.done(run, run.words, run.done)


def _held(run: BulkRun) -> QuerySet[BulkRun]:
    return BulkRun.objects.filter(pk=run.pk, lease_token=run.lease_token, state=BulkState.RUNNING)


def prune(*, now: datetime) -> int:
    """Files hold personal data: they go after a week, what was done stays noted."""
    old = BulkRun.objects.filter(finished_at__lt=now - KEPT).exclude(file="")
    for run in old:
        run.file.delete(save=False)
        BulkRun.objects.filter(pk=run.pk).update(file="")
    return len(old)
