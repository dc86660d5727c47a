"""Workers die in the middle of checking, of writing and of undoing an import; another one goes on, nothing is lost and nothing doubled."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from contacts.importing import runs, undoing, uploads
from contacts.models import Address, Consent, Contact, ImportRun, ImportUndo
from contacts.tasks import nudge
from tests.factories import make_business, make_contact
from tests.faults.crew import Crew, comes, until

pytestmark = [pytest.mark.faults, pytest.mark.django_db(transaction=True)]

NEW, KNOWN = 12_000, 1_500
KILLS = 2  # in each part
SAID = {
    "mode": "all", "channels": ["email"], "basis": "express", "wording": "Yes.", "date": "2026-01-31", "confirmed_by": "Olga",
}  # fmt: skip


def test_workers_that_are_killed_while_they_import_and_undo_lose_nobody_and_double_nobody(
    environment: dict[str, str], workers: int, seed: int, tmp_path: Path
) -> None:
    make_business(country="ES")
    for n in range(KNOWN):
        make_contact(f"Old{n}", email=f"k{n}@example.com", consent=())
    run = _uploaded()
    with Crew(environment, tmp_path, seed) as crew:
        crew.begin(workers)
        runs.ask_for_check(run)
        _killed(crew, run, "checked", lambda: ImportRun.objects.values_list("position", flat=True).get(pk=run.pk))
        run.refresh_from_db()
        assert (run.new, run.changed, run.refused, run.given) == (NEW, KNOWN, 0, NEW + KNOWN)
        assert runs.confirm(run)
        _killed(crew, run, "done", lambda: ImportRun.objects.values_list("position", flat=True).get(pk=run.pk))
        run.refresh_from_db()
        assert (run.new, run.changed, run.given) == (NEW, KNOWN, NEW + KNOWN)
        assert Contact.objects.count() == Address.objects.count() == Consent.objects.count() == NEW + KNOWN
        assert Contact.objects.filter(first_name__startswith="New").count() == NEW + KNOWN
        undo = undoing.ask(run, by=None, now=timezone.now())
        _killed(crew, undo, "counted", lambda: ImportUndo.objects.values_list("seen", flat=True).get())
        assert undoing.confirm(undo, now=timezone.now())
        _killed(crew, undo, "done", lambda: ImportUndo.objects.values_list("seen", flat=True).get())
    undo.refresh_from_db()
    assert (undo.counts["deleted"], undo.counts["restored"], undo.left.count()) == (NEW, KNOWN, 0)
    assert Contact.objects.count() == Address.objects.count() == KNOWN
    assert Contact.objects.filter(first_name__startswith="Old").count() == KNOWN
    assert Consent.objects.filter(given=False).count() == Consent.objects.filter(given=True).count() == KNOWN


def _uploaded() -> ImportRun:
    rows = [f"k{n}@example.com,New{n}" for n in range(KNOWN)] + [f"n{n}@example.com,New{n}" for n in range(NEW)]
    text = "\n".join(["Email,First name", *rows])
    run = uploads.begin(SimpleUploadedFile("all.csv", text.encode()), "all.csv", None)
    run.options = run.options | {"consent": SAID, "language": "en"}
    run.save()
    return run


def _killed(crew: Crew, work: Any, end: str, position: Any) -> None:
    """Kill whoever works, again and again while it moves; then it must come to its end."""

    def state() -> str:
        return str(type(work).objects.values_list("state", flat=True).get(pk=work.pk))

    nudge()
    for _ in range(KILLS):
        before = position()
        comes(lambda before=before: position() != before or state() == end, 20)  # type: ignore[misc]
        if state() == end:
            break
        crew.kill_one()
        _free(work)
    until(f"it is {end}", lambda: _nudged() or state() == end, 200)


def _free(work: Any) -> None:
    """The dead one's lease is over."""
    type(work).objects.filter(pk=work.pk).exclude(lease_until=None).update(lease_until=timezone.now())


def _nudged() -> bool:
    nudge()
    return False
