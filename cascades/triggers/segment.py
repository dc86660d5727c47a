"""Somebody came into a segment, or left it. Who is inside is remembered, and compared by the database as sets, at most every few minutes.

All cascades that listen to a segment share what is remembered of it. While its rules cannot be followed, nobody enters and nobody leaves.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import CharField, DateTimeField, Exists, IntegerField, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat
from django.utils.translation import gettext_lazy as _

from cascades.models import SegmentStay, SegmentWatch
from cascades.parameters import Field, Parameter
from cascades.trigger import LATEST, Check, Entry, Over, Trigger
from contacts import bulk, planner, segments
from contacts.bulk import Among
from contacts.models import Segment
from contacts.segments import query, rules

log = logging.getLogger(__name__)

ENTERING, LEAVING = "entering", "leaving"
NEW, ALL = "new", "all"
STAY, STOP = "stay", "stop"
PORTION = 2000
_INSTANT = DateTimeField()


class InSegment(Trigger):
    """Each entering, or each leaving, is an occasion."""

    name = "segment"
    label = _("when somebody comes into a segment, or leaves it")
    help = _("Whoever fits the segment's rules from now on. A change of the rules brings people in, and out, too.")
    too_late = _("Who came in or left more than a week before it could be noticed is left out.")
    overlap = timedelta(minutes=5)
    parameters = (
        Parameter("segment", _("Segment"), Field.SEGMENT, required=True),
        Parameter(
            "when", _("When somebody"), Field.CHOICE, default=ENTERING,
            choices=((ENTERING, _("comes into it")), (LEAVING, _("leaves it"))),
        ),
        Parameter(
            "inside", _("Those who are inside already"), Field.CHOICE, _("Only for coming in."), NEW,
            choices=((NEW, _("do not count")), (ALL, _("come in at once"))),
        ),
        Parameter(
            "leavers", _("Who leaves the segment"), Field.CHOICE, _("Only for coming in."), STAY,
            choices=((STAY, _("goes on")), (STOP, _("gets nothing more"))),
        ),
        Parameter(
            "every", _("Look at most every"), Field.LENGTH, _("A segment of very many people takes a while to find."),
            900, least=60, most=86_400,
        ),
    )  # fmt: skip

    def problems(self, params: Mapping[str, Any]) -> Mapping[str, str]:
        if not Segment.objects.filter(pk=params["segment"]).exists():
            return {"segment": str(_("The segment that was chosen here was deleted."))}
        return {}

    def observe(self, params: Mapping[str, Any], check: Check) -> None:
        """Asked for when nobody did for a while; at the first time always."""
        every = timedelta(seconds=params["every"]) if check.since else timedelta(0)
        watch, _made = SegmentWatch.objects.get_or_create(segment_id=params["segment"], played=check.played)
        if check.since is None or watch.checked_at is None or watch.checked_at <= check.now - every:
            _compare(watch, check.now, every)

    def over(self, params: Mapping[str, Any], check: Check) -> Iterator[Over]:
        if params["when"] == ENTERING and params["leavers"] == STOP:
            inside = SegmentStay.objects.filter(watch=OuterRef("watch"), contact=OuterRef("contact"), left_at=None)
            left = _stays(params, check).filter(left_at__gt=check.floor, left_at__lte=check.now)
            yield Over(left.filter(~Exists(inside)), "left_segment")

    def due(self, params: Mapping[str, Any], check: Check) -> Iterator[Entry]:
        at = "entered_at" if params["when"] == ENTERING else "left_at"
        moved = _stays(params, check).filter(**{f"{at}__gt": check.floor, f"{at}__lte": check.now})
        if params["leavers"] == STOP and params["when"] == ENTERING:
            moved = moved.filter(left_at=None)
        earliest = "entered_after" if params["when"] == ENTERING else "left_after"
        late = Q(**{f"{earliest}__lt": check.now - LATEST - timedelta(seconds=params["every"])})
        yield _entry(params, moved.filter(~late))
        yield _entry(params, moved.filter(late), too_late="came_too_late")
        if params["inside"] == ALL and params["when"] == ENTERING and check.since is None:
            there = _stays(params, check).filter(entered_at__lte=check.listens_since, left_at=None)
            yield _entry(params, there)

    def ahead(self, params: Mapping[str, Any], check: Check, until: datetime) -> Iterator[Entry]:
        """Only who is inside already can be known."""
        if params["inside"] == ALL and params["when"] == ENTERING:
            yield Entry(segments.people(params["segment"], check.now, played=check.played), "ahead")


def _stays(params: Mapping[str, Any], check: Check) -> QuerySet[SegmentStay]:
    return SegmentStay.objects.filter(watch__segment=params["segment"], watch__played=check.played).order_by()


def _entry(params: Mapping[str, Any], stays: QuerySet[SegmentStay], too_late: str = "") -> Entry:
    word = "segment:" if params["when"] == ENTERING else "segment_left:"
    named = Concat(Value(word), Cast("pk", CharField()), output_field=CharField())
    return Entry(stays, named, contact="contact_id", too_late=too_late)


def _compare(watch: SegmentWatch, now: datetime, every: timedelta) -> None:
    """Note who came and who left since it was asked for last. Of several workers one does it; the others wait, and find it done."""
    segment = Segment.objects.get(pk=watch.segment_id)
    if broken := _broken(segment, now):
        log.warning("segment %s cannot be asked for: %s", segment.pk, broken)
        return
    inside = segments.people(segment, now, played=watch.played)
    open_stays = SegmentStay.objects.filter(watch=watch, left_at=None).order_by()
    came = inside.filter(~Exists(open_stays.filter(contact=OuterRef("pk"))))
    left = open_stays.filter(~Exists(inside.filter(pk=OuterRef("contact_id"))))
    leavers, comers = _portions(left), _portions(came)
    with transaction.atomic(), planner.room():
        mine = SegmentWatch.objects.select_for_update(no_key=True).filter(pk=watch.pk)
        before = mine.values_list("checked_at", flat=True).get()
        if before and before != watch.checked_at and before > now - every:
            return
        mine.update(checked_at=max(now, before or now))
        with planner.as_sets():
            for stays in leavers:
                stays.update(left_at=now, left_after=before or now)
        for people in comers:
            _note(people, watch, before or now, now)


def _broken(segment: Segment, now: datetime) -> str:
    """What is wrong with the rules, or with those of a segment in them: whoever is inside cannot be told then."""
    scope = query.scope_of(segment.rules, now)
    found = [said for tree in (segment.rules, *scope.rules.values()) for _line, said in rules.problems(tree, scope)]
    return found[0] if found else ""


def _portions(found: QuerySet[Any]) -> list[QuerySet[Any]]:
    """As it is; where there is one writer at a time, read now and written in portions later."""
    if connection.vendor == "postgresql":
        return [found]
    ids, rows = list(found.values_list("pk", flat=True)), found.model._default_manager.order_by()
    return [rows.filter(Among("id", ids[at : at + PORTION])) for at in range(0, len(ids), PORTION)]


def _note(people: QuerySet[Any], watch: SegmentWatch, before: datetime, now: datetime) -> None:
    at = {"entered_after": Value(before, _INSTANT), "entered_at": Value(now, _INSTANT)}
    rows = people.annotate(in_watch=Value(watch.pk, IntegerField()), **{f"is_{name}": at[name] for name in at})
    columns = ["contact_id", "watch_id", *at]
    bulk.insert_select(SegmentStay, columns, rows.values_list("pk", "in_watch", *(f"is_{name}" for name in at)))
