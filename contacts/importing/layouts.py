"""What staff made of a file's columns, remembered for the next file that has the same ones."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime

from contacts.importing.mapping import IGNORE, LABELS, plain
from contacts.models import ImportLayout, ImportRun

_REMEMBERED = ("columns", "dates", "several")


def fingerprint(headers: Sequence[str]) -> str:
    """Of the headers in their order, whatever their case, accents and punctuation; "" where the file has none."""
    names = [plain(header) for header in headers]
    return hashlib.sha256("\x1f".join(names).encode()).hexdigest() if any(names) else ""


def find(headers: Sequence[str]) -> ImportLayout | None:
    """What is remembered of such a file; a field that exists no more goes to nowhere."""
    mark = fingerprint(headers)
    found = ImportLayout.objects.filter(fingerprint=mark).first() if mark else None
    if found is not None:
        columns = found.mapping.get("columns", [])
        found.mapping["columns"] = [name if name in LABELS else IGNORE for name in columns]
    return found if found is not None and len(found.mapping["columns"]) == len(headers) else None


def remember(run: ImportRun, *, now: datetime) -> None:
    """Keep the run's columns for the next such file; what was kept before is replaced."""
    mark = fingerprint(run.headers)
    if not mark:
        return
    kept = {name: run.mapping.get(name, {}) for name in _REMEMBERED}
    ImportLayout.objects.update_or_create(
        fingerprint=mark,
        defaults={"mapping": kept, "used_at": now},
        create_defaults={
            "mapping": kept, "used_at": now, "filename": run.filename, "headers": run.headers, "created_by": run.created_by,
        },
    )  # fmt: skip


def forget(headers: Sequence[str]) -> None:
    """The next such file is guessed anew."""
    ImportLayout.objects.filter(fingerprint=fingerprint(headers)).delete()
