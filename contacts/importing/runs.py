"""The life of an import: asked for by staff, worked by whoever holds its lease, chunk by chunk, from where it stands."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Q
from django.utils import translation
from django.utils.translation import gettext as _

from contacts.importing import checking, loading
from contacts.importing.chunks import Changed
from contacts.importing.encoding import BadEncoding
from contacts.importing.lease import LEASE, ZERO, Lost
from contacts.models import ImportRow, ImportRun, ImportState
from contacts.staging import Stage

Clock = Callable[[], datetime]

EDITABLE = (ImportState.UPLOADED, ImportState.MAPPED, ImportState.CHECKED)
WORKED = (ImportState.MAPPED, ImportState.CHECKING, ImportState.CONFIRMED, ImportState.IMPORTING)
CANCELLABLE = (*EDITABLE, ImportState.CHECKING, ImportState.CONFIRMED, ImportState.IMPORTING)
OVER = (ImportState.DONE, ImportState.CANCELLED, ImportState.FAILED)
KEPT = timedelta(days=30)
_CLEAN = {"total": 0, **ZERO, "problem": ""}
_FREE = {"lease_until": None, "lease_token": None}
_MOST_FAILURES = 3

log = logging.getLogger(__name__)


def ask_for_check(run: ImportRun) -> bool:
    """Staff chose the columns: check the file. False where the run went on in the meantime."""
    with transaction.atomic():
        asked = _move(
            run, EDITABLE, ImportState.MAPPED, **_CLEAN, mapping=run.mapping, options=run.options, group=run.group
        )
        if asked:
            ImportRow.objects.filter(run=run).delete()
    return asked


def confirm(run: ImportRun) -> bool:
    """Staff saw what would happen and want it. Only the first of two clicks answers True."""
    with transaction.atomic():
        mine = _move(run, (ImportState.CHECKED,), ImportState.CONFIRMED, **(_CLEAN | {"total": run.total}))
        if mine:
            ImportRow.objects.filter(run=run).delete()
    return mine


def cancel(run: ImportRun, *, now: datetime) -> bool:
    """Stop at the end of the present chunk. What was written before stays and is counted."""
    return _move(run, CANCELLABLE, ImportState.CANCELLED, finished_at=now)


def reopen(run: ImportRun) -> bool:
    """Back to the columns, before anything was written."""
    return _move(run, (ImportState.MAPPED, ImportState.CHECKING, ImportState.CHECKED), ImportState.UPLOADED)


def _move(run: ImportRun, sources: tuple[ImportState, ...], target: ImportState, **changes: object) -> bool:
    moved = ImportRun.objects.filter(pk=run.pk, state__in=sources).update(state=target, **_FREE, **changes)
    return moved == 1


def work(*, clock: Clock) -> int:
    """Work on all that is asked for, until nothing is left; returns how many runs were worked on."""
    done = 0
    while (run := _claim(clock())) is not None:
        _work_on(run, clock)
        done += 1
    return done


def _claim(now: datetime) -> ImportRun | None:
    """Take the oldest run that nobody holds. One that was cut off comes before one that has not begun."""
    free = Q(lease_until=None) | Q(lease_until__lt=now)
    for run in ImportRun.objects.filter(free, state__in=WORKED).order_by("id"):
        begins = {ImportState.MAPPED: ImportState.CHECKING, ImportState.CONFIRMED: ImportState.IMPORTING}
        state = begins.get(ImportState(run.state), run.state)
        with transaction.atomic():
            token = uuid.uuid4()
            mine = ImportRun.objects.filter(free, pk=run.pk, state=run.state).update(
                state=state, lease_token=token, lease_until=now + LEASE
            )
        if mine:
            return ImportRun.objects.select_related("group", "created_by").get(pk=run.pk)
    return None


def _work_on(run: ImportRun, clock: Clock) -> None:
    """Check or import; what goes wrong with the file is told to staff, what goes wrong with us is tried again, three times."""
    step = checking.check if run.state == ImportState.CHECKING else loading.load
    try:
        with translation.override(run.options.get("language") or "en"):
            step(run, clock)
    except Lost:
        log.info("import %s was cancelled or taken over", run.pk)
    except BadEncoding as problem:
        _end(
            run,
            ImportState.UPLOADED if run.state == ImportState.CHECKING else ImportState.FAILED,
            str(problem),
            clock(),
        )
    except Changed as problem:
        _end(run, ImportState.FAILED, str(problem), clock())
    except FileNotFoundError:
        _end(run, ImportState.FAILED, _("The file is no longer there. Choose it again."), clock())
    except Exception:
        _count_failure(run, clock())
        raise


def _end(run: ImportRun, state: ImportState, problem: str, now: datetime) -> None:
    finished = now if state in OVER else None
    mine = ImportRun.objects.filter(pk=run.pk, lease_token=run.lease_token)
    mine.update(state=state, problem=problem, finished_at=finished, **_FREE)


def _count_failure(run: ImportRun, now: datetime) -> None:
    """A failure of ours at the same place, again and again, must not be tried for ever."""
    failures = run.options.get("failures", {})
    count = failures.get("count", 0) + 1 if failures.get("position") == run.position else 1
    run.options["failures"] = {"position": run.position, "count": count}
    if count >= _MOST_FAILURES:
        _end(
            run,
            ImportState.FAILED,
            _("The import stopped because of a fault in the program. What was written before stays."),
            now,
        )
    ImportRun.objects.filter(pk=run.pk).update(options=run.options)
    ImportRun.objects.filter(pk=run.pk, lease_token=run.lease_token).update(**_FREE)


def prune(*, now: datetime) -> int:
    """Files hold personal data: a month after the end, the file and the cells of its rows are deleted, the counts stay."""
    old = ImportRun.objects.filter(state__in=OVER, finished_at__lt=now - KEPT).exclude(file="")
    for run in old:
        delete_files(run)
        ImportRow.objects.filter(run=run).delete()
        forget_stage(run)
        ImportRun.objects.filter(pk=run.pk).update(file="", table="", sample=[])
    return len(old)


def delete_files(run: ImportRun) -> None:
    """The file as it came, and the table that was made of it."""
    for file in (run.table, run.file):
        file.delete(save=False)


def forget_stage(run: ImportRun) -> None:
    """The rows of an import that is over, or is deleted, need not lie ready any longer."""
    if run.options.get("stage"):
        Stage(run.options["stage"]).drop()
