"""Who is in the segments that steps ask for, when they are due: one question for each segment, whatever the number of people."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from cascades.runner.deciding import Way
from contacts import segments
from contacts.bulk import Among
from contacts.models import Segment


def find_out(ways: Sequence[Way], now: datetime) -> Mapping[int, str]:
    """Tell each way in which of the segments its person is, where one of its steps to come asks; the names of the segments.

    Nobody is in a segment that was deleted. No statement where no step asks.
    """
    asking = {way.row.id: theirs for way in ways if (theirs := _asked_by(way))}
    if not asking:
        return {}
    wanted = sorted({pk for theirs in asking.values() for pk in theirs})
    known = Segment.objects.in_bulk(wanted)
    people = {way.row.about for way in ways if way.row.id in asking}
    there = {pk: _members(segment, people, now) for pk, segment in known.items()}
    for way in ways:
        if way.row.id in asking:
            mine = frozenset(pk for pk, members in there.items() if way.row.about in members)
            way.progress = replace(way.progress, segments=mine)
    return {pk: segment.name for pk, segment in known.items()}


def _asked_by(way: Way) -> frozenset[int]:
    """The segments that the steps not yet decided ask for."""
    done = {step.key for step in way.progress.steps}
    return frozenset(
        one.segment for step in way.plan.steps if step.key not in done for one in step.only_if if one.segment
    )


def _members(segment: Segment, people: set[int], now: datetime) -> set[int]:
    found = segments.people(segment, now, among=sorted(people))
    return set(found.filter(Among("id", people)).values_list("pk", flat=True))
