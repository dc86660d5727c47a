"""Publishing while people are in it: a new version beside the one that runs, and what becomes of those who are under way.

They stay on their version, go on with the new one, or it ends for them. In short portions, each whole in itself: whoever a crash leaves
behind is still on the older version, and the page offers the same again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import (
    CharField,
    Count,
    DateTimeField,
    F,
    IntegerField,
    JSONField,
    OuterRef,
    QuerySet,
    Subquery,
    Value,
)
from django.db.models.functions import Coalesce, Greatest
from django.utils.translation import gettext as _

from cascades.engine import Mode
from cascades.models import (
    Cascade,
    CascadeStatus,
    CascadeVersion,
    Decision,
    Enrollment,
    Launch,
    LaunchState,
    Outcome,
    StepRun,
)
from cascades.publishing import NotReady, draft_steps, freeze
from cascades.runner import plans
from cascades.runner.listening import switch_on
from cascades.runner.plans import FrozenCascade
from cascades.runner.progress import PASSED
from cascades.runner.stop import end
from contacts import bulk
from contacts.bulk import Among

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

PORTION = 2000


class Then(StrEnum):
    """What becomes of those who are in it."""

    STAY = "stay"
    MOVE = "move"
    STOP = "stop"


@dataclass(frozen=True, slots=True)
class Place:
    """People who stand at the same place. had: key of the last step decided for them, "" before the first; next: of the one that would
    follow in their version, goes_on: of the one that follows in the new one ("" for none); next_is_gone: the new one has that no more."""

    version: int
    had: str
    next: str
    goes_on: str
    next_is_gone: bool
    people: int


def places(cascade: Cascade) -> list[Place]:
    """Where those in flight stand, and where they would go on in the draft. Two statements, and those for the draft's steps."""
    order = [step.key for step in draft_steps(cascade)]
    counted = list(
        _placed(_in_flight(cascade.pk)).values("version_id", "prefers", "had").annotate(n=Count("pk")).order_by()
    )
    frozen = plans.load(row["version_id"] for row in counted)
    numbers = dict(CascadeVersion.objects.filter(Among("id", frozen)).values_list("pk", "number")) if frozen else {}
    found: Counter[tuple[int, str, str, str, bool]] = Counter()
    for row in counted:
        old, had = _order(frozen[row["version_id"]], row["prefers"]), row["had"]
        follows = next(iter(_ahead(old, had)), "")
        goes_on = next(iter(_to_come(old, order, had)), "")
        found[numbers[row["version_id"]], had, follows, goes_on, bool(follows) and follows not in order] += row["n"]
    return [
        Place(*here, people)
        for here, people in sorted(found.items(), key=lambda one: (one[0][0], _rank(one[0][1], order)))
    ]


def publish(
    cascade: Cascade, then: Then, *, user: AbstractBaseUser | None, now: datetime
) -> tuple[CascadeVersion, int]:
    """Freeze the draft as the version into which people come from now on, and do with those in flight on other versions as staff chose.

    Returns the version and how many were moved or stopped. Raises `NotReady` with sentences for staff. The report goes on counting by step.
    """
    with transaction.atomic():
        locked = Cascade.objects.select_for_update(no_key=True).get(pk=cascade.pk)
        if locked.status != CascadeStatus.RUNNING:
            raise NotReady([_("The cascade is not running. Start it, or resume it, before publishing changes.")])
        automatic = locked.trigger != "manual"
        version = switch_on(locked, user=user, now=now) if automatic else freeze(locked, user=user, now=now)
        if then is Then.MOVE:
            Launch.objects.filter(cascade=locked, state=LaunchState.PLANNED).update(version=version)
    cascade.refresh_from_db()
    others = _in_flight(cascade.pk).exclude(version=version).order_by("pk")
    if then is Then.STOP:
        return version, sum(end(others, "version_replaced", now))
    return version, _move(others, version, now) if then is Then.MOVE else 0


def _in_flight(cascade_id: int) -> QuerySet[Enrollment]:
    return Enrollment.objects.filter(cascade_id=cascade_id, outcome=Outcome.OPEN)


def _placed(people: QuerySet[Enrollment]) -> QuerySet[Any]:
    """With `had`: the key of the last step that was decided on their way."""
    runs = StepRun.objects.filter(enrollment=OuterRef("pk")).exclude(reason=PASSED).order_by("-pk")
    return people.annotate(had=Coalesce(Subquery(runs.values("step_key")[:1]), Value(""), output_field=CharField()))


def _move(others: QuerySet[Enrollment], version: CascadeVersion, now: datetime) -> int:
    """Portion by portion: locked, so that no worker decides for them meanwhile; then what they are past is noted, and they are moved."""
    new, moved = plans.load([version.pk])[version.pk], 0
    changes: dict[str, Any] = {
        "version": version, "next_due_at": now, "max_until": Greatest("max_until", Value(now + new.plan.longest)),
    }  # fmt: skip
    if not version.preferred_first:
        changes["prefers"] = ""
    while True:
        with transaction.atomic():
            ids = list(others.select_for_update(no_key=True).values_list("pk", flat=True)[:PORTION])
            if not ids:
                return moved
            mine = Enrollment.objects.filter(Among("id", ids))
            _pass_over(mine, version, new, now)
            moved += mine.filter(outcome=Outcome.OPEN).update(**changes)


def _pass_over(people: QuerySet[Enrollment], version: CascadeVersion, new: FrozenCascade, now: datetime) -> None:
    """Steps that were put in before what people had already are none of theirs: one statement for each place and such a step."""
    if new.plan.mode is Mode.PARALLEL:  # where each step goes by itself, none comes before another
        return
    placed = _placed(people)
    rows = list(placed.values_list("version_id", "prefers", "had").distinct().order_by())
    frozen = plans.load(version_id for version_id, _prefers, _had in rows)
    for version_id, prefers, had in rows:
        order = _order(new, prefers if version.preferred_first else "")
        here = placed.filter(version_id=version_id, prefers=prefers, had=had).order_by()
        for key in _passed(_order(frozen[version_id], prefers), order, had):
            bulk.insert_select(StepRun, list(_skipped(new, key, now)), _rows(here, new, key, now))


def _skipped(new: FrozenCascade, key: str, now: datetime) -> dict[str, Any]:
    return {
        "enrollment_id": F("pk"), "step_id": Value(new.steps[key].id, IntegerField()), "step_key": Value(key, CharField()),
        "decision": Value(Decision.SKIP.value, CharField()), "reason": Value(PASSED, CharField()), "reason_params": Value({}, JSONField()),
        "decided_at": Value(now, DateTimeField()),
    }  # fmt: skip


def _rows(here: QuerySet[Any], new: FrozenCascade, key: str, now: datetime) -> QuerySet[Any, Any]:
    given = {f"r_{name}": value for name, value in _skipped(new, key, now).items()}
    rows: QuerySet[Any, Any] = here.annotate(**given).values_list(*given)
    return rows


def _order(frozen: FrozenCascade, prefers: str) -> list[str]:
    return [step.key for step in frozen.plan.preferring(prefers).steps]


def _ahead(old: Sequence[str], had: str) -> list[str]:
    """The steps that were still to come after this one."""
    return list(old[old.index(had) + 1 :]) if had in old else list(old)


def _passed(old: Sequence[str], new: Sequence[str], had: str) -> list[str]:
    """New steps that stand before what these people had, or, where nothing of that is left, before what was next for them."""
    ahead = _ahead(old, had)
    behind = [key for key in old if key not in ahead]
    stood = [place for place, key in enumerate(new) if key in behind]
    follows = [place for place, key in enumerate(new) if key in ahead]
    edge = max(stood) if stood else min(follows) if behind and follows else 0
    return [key for key in new[:edge] if key not in old]


def _to_come(old: Sequence[str], new: Sequence[str], had: str) -> list[str]:
    """The steps of the new version that are to come for those who had this one."""
    behind = {*old} - {*_ahead(old, had)}
    passed = _passed(old, new, had)
    return [key for key in new if key not in behind and key not in passed]


def _rank(key: str, order: Sequence[str]) -> int:
    return order.index(key) if key in order else -1
