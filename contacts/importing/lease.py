"""Who works on a run: every step forward renews the lease, and fails where the run was cancelled or taken over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any

from django.db.models import F

from contacts.importing.planning import Outcome
from contacts.importing.writing import EXAMPLES, NOT_IMPORTED, NOTED
from contacts.models import ImportRow, ImportRun, ImportState, RowOutcome

LEASE = timedelta(seconds=100)  # far longer than a portion takes
CHUNK = 1000
SAID = ("given", "ended")  # consents that rows give and end
ZERO = dict.fromkeys(("position", *RowOutcome.values, *SAID), 0)


class Lost(Exception):
    """The run is no longer ours: cancelled, or taken over after our lease had ended."""


def renew(run: ImportRun, now: datetime, **changes: Any) -> None:
    """Show that we live; raises Lost."""
    held = ImportRun.objects.filter(pk=run.pk, lease_token=run.lease_token, state=run.state)
    if held.update(lease_until=now + LEASE, **changes) != 1:
        raise Lost
    for name, value in changes.items():
        setattr(run, name, value)


def advance(run: ImportRun, outcomes: Sequence[Outcome], now: datetime, *, unchanged: int = 0) -> None:
    """Count rows that were planned, in the transaction that writes them; raises Lost where staff cancelled or another took over.

    unchanged: so many more, of which there is nothing else to say.
    """
    tally(run, outcomes)
    counts = Counter(found.outcome.value for found in outcomes)
    counts.update({name: sum(found.said[name] for found in outcomes) for name in SAID} | {"unchanged": unchanged})
    count(run, counts, now, options=run.options)


def count(run: ImportRun, counts: Mapping[str, int], now: datetime, **changes: Any) -> None:
    """Count rows by their outcomes, and the consents they give and end, in the transaction that writes them; raises Lost."""
    held = ImportRun.objects.filter(pk=run.pk, lease_token=run.lease_token, state=run.state)
    sums = {name: F(name) + counts[name] for name in (*RowOutcome.values, *SAID) if counts.get(name)}
    moved = F("position") + sum(counts.get(name, 0) for name in RowOutcome.values)
    if held.update(position=moved, lease_until=now + LEASE, **sums, **changes) != 1:
        raise Lost


def tally(run: ImportRun, outcomes: Sequence[Outcome]) -> None:
    """How many rows have which note."""
    notes = Counter(kind for found in outcomes for kind in found.note_kinds)
    if notes:
        before = run.options.get("notes", {})
        run.options = run.options | {"notes": {kind: before.get(kind, 0) + notes[kind] for kind in {*before, *notes}}}


def begun(now: datetime, position: int = 0) -> dict[str, Any]:
    """For the run's options: since when, and from which row on, the present pass goes."""
    return {"begun": [now.isoformat(), position]}


def pace(run: ImportRun, now: datetime) -> tuple[int, int] | None:
    """Rows a second, and the seconds that are left at that rate; None while too little was done to say so."""
    since, position = run.options.get("begun") or (None, 0)
    seconds = (now - datetime.fromisoformat(since)).total_seconds() if since else 0
    if seconds < 1 or run.position <= position:
        return None
    rate = (run.position - position) / seconds
    return round(rate) or 1, round((run.total - run.position) / rate)


def finish(run: ImportRun, state: ImportState, now: datetime) -> None:
    """The work is done; raises Lost where it was cancelled at the last moment."""
    finished = {"finished_at": now} if state == ImportState.DONE else {}
    renew(run, now, **finished)
    ImportRun.objects.filter(pk=run.pk, lease_token=run.lease_token, state=run.state).update(
        state=state, lease_until=None, lease_token=None
    )


def room(run: ImportRun) -> dict[str, int]:
    """How many more rows of each outcome may be kept as examples."""
    kept = Counter[str]()
    for outcome, reason in (
        ImportRow.objects.filter(run=run).exclude(outcome__in=NOT_IMPORTED).values_list("outcome", "reason")
    ):
        kept["noted" if reason else outcome] += 1
    most = {"new": EXAMPLES, "changed": EXAMPLES, "noted": NOTED}
    return {name: most[name] - kept[name] for name in most}
