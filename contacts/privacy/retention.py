"""Forgetting by itself: each room says what it holds too long, and a task deletes it a portion at a time, oldest first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import takewhile
from typing import Any

from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from contacts.bulk import Among
from contacts.models import Retention, Segment
from contacts.segments import rules

PORTION = 2000
# Kinds of condition that ask about events.
EVENT_KINDS = ("event", "purchases", "bought", "spent", "last_purchase", "best")


@dataclass(frozen=True, slots=True, kw_only=True)
class Purge:
    """What is forgotten of a table. period: the field of `Retention`; at: the column that says how old a row is.

    empty: what is written into rows that stay, field -> value; without it they are deleted. only: the rows that may be forgotten at all.
    by_id: whether rows that are older have smaller numbers, so that nobody has to look further than the first that is too young;
    otherwise `at` needs an index. each: what no single update can do with the rows that stay; how many it changed.
    """

    name: str
    model: type[Model]
    period: str
    at: str
    empty: Mapping[str, Any] | None = None
    only: Callable[[], Q] | None = None
    by_id: bool = True
    each: Callable[[QuerySet[Any]], int] | None = None


_purges: list[Purge] = []


def register(*purges: Purge) -> None:
    """Make known what a room holds too long; called when the room is ready."""
    known = {one.name for one in _purges}
    _purges.extend(one for one in purges if one.name not in known)


def purge(now: datetime) -> int:
    """One portion of each table; how many rows were deleted or emptied. 0 when nothing is left to do.

    Each portion is a transaction of its own; a worker that finds another one at it leaves it to that.
    """
    return sum(_portion(one, now) for one in _purges)


def _portion(one: Purge, now: datetime) -> int:
    with transaction.atomic():
        Retention.current()
        kept = Retention.objects.select_for_update(skip_locked=True).filter(pk=1).first()
        days = kept.days(one.period) if kept else None
        if kept is None or days is None:
            return 0
        before = now - timedelta(days=days)
        return _empty(one, kept, before, now) if one.empty is not None else _delete(one, before, kept, now)


def _delete(one: Purge, before: datetime, kept: Retention, now: datetime) -> int:
    rows: QuerySet[Any] = QuerySet(one.model).filter(one.only() if one.only else Q())
    if one.by_id:
        oldest = rows.order_by("pk").values_list("pk", one.at)[:PORTION]
        ids = [pk for pk, at in oldest if at < before]
    else:
        ids = list(rows.filter(**{f"{one.at}__lt": before}).order_by(one.at).values_list("pk", flat=True)[:PORTION])
    if not ids:
        return 0
    QuerySet(one.model).filter(Among("pk", ids)).delete()
    Retention.objects.filter(pk=kept.pk).update(purged_at=now)
    return len(ids)


def _empty(one: Purge, kept: Retention, before: datetime, now: datetime) -> int:
    """The rows stay, so how far it has come is kept. What may not be forgotten yet is waited for."""
    place = int(kept.places.get(one.name, 0))
    table: QuerySet[Any] = QuerySet(one.model)
    found = table.filter(pk__gt=place).order_by("pk").values_list("pk", one.at)[:PORTION]
    old = [pk for pk, _at in takewhile(lambda row: row[1] < before, found)]
    if not old:
        return 0
    last = old[-1]
    meant = table.filter(pk__gt=place, pk__lte=last).filter(one.only() if one.only else Q())
    changed = one.each(meant) if one.each else meant.update(**(one.empty or {}))
    Retention.objects.filter(pk=kept.pk).update(
        places={**kept.places, one.name: last}, **({"purged_at": now} if changed else {})
    )
    return len(old)


def gone(at: datetime, kept: Retention, now: datetime) -> str:
    """Why there are no words: a sentence where they were too old, else ""."""
    days = kept.days("texts")
    if days is None or at > now - timedelta(days=days):
        return ""
    told = {
        "day": date_format(timezone.localtime(at + timedelta(days=days)), "DATE_FORMAT"),
        "period": kept.get_texts_display(),
    }
    return _("The text was deleted on %(day)s, after %(period)s.") % told


def short_sighted(kept: Retention) -> list[str]:
    """A sentence for each segment that asks about more than is kept."""
    days = kept.days("events")
    if days is None:
        return []
    return [
        sentence
        for segment in Segment.objects.order_by("name")
        if (sentence := too_far(segment.rules, days, str(kept.get_events_display()), segment.name))
    ]


def too_far(tree: Any, days: int, period: str, name: str) -> str:
    """What to say of rules that look further back than that; "" where they do not."""
    looks = [line for line in rules.lines(tree) if _asks_events(line)]
    farthest = max((int(line.get("days") or 0) for line in looks), default=0)
    if farthest > days:
        told = ngettext(
            "“%(name)s” looks %(days)s day back, but purchases and other events are deleted after %(period)s.",
            "“%(name)s” looks %(days)s days back, but purchases and other events are deleted after %(period)s.",
            farthest,
        )
        return told % {"name": name, "days": farthest, "period": period}
    if any(not line.get("days") for line in looks):
        sentence = _(
            "“%(name)s” asks what ever happened. That is only what happened within %(period)s: what is older is deleted."
        )
        return sentence % {"name": name, "period": period}
    return ""


def _asks_events(line: Any) -> bool:
    return isinstance(line, Mapping) and line.get("kind") in EVENT_KINDS
