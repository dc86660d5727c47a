"""Through whom a student is spoken to. One step only: a guardian who has guardians is spoken to as a guardian all the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

from django.db.models import Exists, OuterRef

from contacts.bulk import Among
from contacts.models import Guardian


def any_receives() -> bool:
    """Whether anybody is spoken to through others at all; one quick statement. Most houses have no guardians."""
    return Guardian.objects.filter(receives=True).exists()


def has(contact: str) -> Exists:
    """For annotate() and filter(): whether the person whom this column names is spoken to through others."""
    return Exists(Guardian.objects.filter(student_id=OuterRef(contact), receives=True))


def of(student_ids: Collection[int]) -> dict[int, list[int]]:
    """Student -> those who get their messages; one statement. Who is not there is spoken to directly."""
    found: dict[int, list[int]] = defaultdict(list)
    rows = Guardian.objects.filter(Among("student_id", student_ids), receives=True).order_by("id")
    for student, guardian in rows.values_list("student_id", "guardian_id"):
        found[student].append(guardian)
    return dict(found)
