"""In a student's stead those who answer for them: each comes in for the student's occasion, under their own name, and is let go with it.

The student's own enrollment stays, with the outcome `guardians`: it is what keeps an occasion from taking anybody in twice.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import BooleanField, Case, CharField, Exists, F, JSONField, OuterRef, Value, When
from django.db.models.expressions import Combinable
from django.db.models.functions import Cast, Concat, Left

from cascades.models import CascadeVersion, Enrollment, Outcome
from cascades.runner.stop import end
from contacts import bulk
from contacts.models import Guardian

_OCCASION = 98  # characters of it that are kept, before "~" and the student's id
_SAME = (
    "cascade_id", "version_id", "launch_id", "shared", "unknown_goes_on", "context", "anchor_at", "started_at", "next_due_at", "max_until",
)  # fmt: skip


def in_their_stead(
    version: CascadeVersion, mark: UUID, now: datetime, prefers: Callable[[str, datetime], Combinable]
) -> int:
    """The guardians of the students that were just taken in under this mark, and the students' own part done; how many guardians came in.

    Two statements, in the caller's transaction, so that nobody ever sees a student who is in it themselves.
    """
    students = Enrollment.objects.filter(
        cascade_id=version.cascade_id, outcome=Outcome.OPEN, next_due_at=now, claim_token=mark
    )
    way = "student__enrollments__"
    links = Guardian.objects.filter(
        receives=True, student__enrollments__in=students.order_by().values("pk"),
    ).order_by()  # fmt: skip
    occasion = Concat(
        Left(f"{way}occasion", _OCCASION), Value("~"), Cast("student_id", CharField()), output_field=CharField()
    )
    columns: dict[str, Any] = {
        "contact_id": F("guardian_id"), "on_behalf_of_id": F("student_id"), **{name: F(f"{way}{name}") for name in _SAME},
        "occasion": occasion, "outcome": Value("", CharField()), "reason": Value("", CharField()),
        "reason_params": Value({}, JSONField()), "prolonged": Value("", CharField()), "prefers": prefers("guardian_id", now),
    }  # fmt: skip
    source = links.annotate(**{f"g_{name}": value for name, value in columns.items()}).values_list(
        *(f"g_{name}" for name in columns)
    )
    _counted, inserted = bulk.insert_select(Enrollment, list(columns), source)
    students.update(
        outcome=Outcome.GUARDIANS, reason="through_guardians", next_due_at=None, ended_at=now, claim_token=None
    )
    return inserted


def let_go_of(enrollment: str) -> Combinable:
    """For annotate(): whether the guardian was let go, or is to get no messages any more; never so of anybody else.

    enrollment: the way from the row to its enrollment.
    """
    alone = When(**{f"{enrollment}on_behalf_of__isnull": True}, then=Value(value=False))
    return Case(alone, default=~_answers(enrollment), output_field=BooleanField())


def let_go(now: datetime) -> int:
    """End it for guardians who do not answer for the student any more; returns for how many. Answered by a partial index."""
    through = Enrollment.objects.filter(on_behalf_of__isnull=False, outcome=Outcome.OPEN)
    return sum(end(through.filter(~_answers("")).order_by("id"), "guardian_no_more", now))


def _answers(enrollment: str) -> Exists:
    student, guardian = OuterRef(f"{enrollment}on_behalf_of_id"), OuterRef(f"{enrollment}contact_id")
    return Exists(Guardian.objects.filter(student_id=student, guardian_id=guardian, receives=True))
