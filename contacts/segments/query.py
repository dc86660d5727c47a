"""Rules -> people, as one query. Sets are joined by the database: "all" by conditions side by side, "at least one" by UNION.

NOT is carried down to the single conditions, so that a line that finds nobody because what it names is gone finds nobody beneath a NOT too.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from django.db.models import Q, QuerySet

from contacts.models import Business, Contact, Segment
from contacts.planner import room
from contacts.segments import condition, rules
from contacts.segments.scope import NOBODY, Scope, others


def scope_of(tree: Any, now: datetime, *, among: Sequence[int] | None = None, played: bool = False) -> Scope:
    """What asking these rules needs to know: a few statements."""
    return rules.known(tree, Scope(now, Business.current(), among, played))


def people(
    segment: Segment | int, now: datetime, *, among: Sequence[int] | None = None, played: bool | None = None
) -> QuerySet[Contact]:
    """Each person of the segment once, unordered; nobody of one that was deleted.

    among: only these contacts are asked about, and only what is known of them is looked at, so that a few people cost little.
    played: whether what was played in the sandbox counts; by itself, what the segment says.
    """
    found = segment if isinstance(segment, Segment) else Segment.objects.filter(pk=segment).first()
    if found is None:
        return Contact.objects.none()
    counts = found.played if played is None else played
    return matching(found.rules, scope_of(found.rules, now, among=among, played=counts))


def matching(tree: Any, scope: Scope) -> QuerySet[Contact]:
    """The people whom the rules find."""
    return scope.everyone().filter(build(tree, scope).found)


def count(tree: Any, now: datetime, *, played: bool = False) -> int:
    """How many people the rules find; `ValueError` with a sentence for rules that cannot be read."""
    with room():
        return _asked(tree, now, played=played).count()


def sample(tree: Any, now: datetime, n: int, *, played: bool = False) -> list[Contact]:
    """The newest `n` of them."""
    with room():
        return list(_asked(tree, now, played=played).order_by("-id")[:n])


def _asked(tree: Any, now: datetime, *, played: bool) -> QuerySet[Contact]:
    cleaned = rules.clean(tree)
    return matching(cleaned, scope_of(cleaned, now, played=played))


class Part(NamedTuple):
    """A condition for the contacts. plain: of their own columns alone, so that OR is as good as UNION."""

    found: Q
    plain: bool


def build(node: Any, scope: Scope, *, opposite: bool = False, inside: tuple[int, ...] = ()) -> Part:
    """Whom a node finds, or its opposite. inside: the segments on the way down to it."""
    if rules.is_group(node):
        return _group(node, scope, opposite, inside)
    if rules.trouble(node, scope):
        return Part(NOBODY, plain=True)
    kind = condition.get(node["kind"])
    kept = kind.clean(node)
    if kind.name == "segment":
        return _segments(kept, scope, opposite, inside)
    found, guard = kind.q(kept, scope), kind.guard(kept)
    if opposite:
        found = ~found if kind.plain else others(found)
    return Part(guard & found, kind.plain and not guard)


def _group(node: Any, scope: Scope, opposite: bool, inside: tuple[int, ...]) -> Part:
    turned = opposite != bool(node.get("not"))
    parts = [build(child, scope, opposite=turned, inside=inside) for child in rules.children(node)]
    return _every(parts) if ("all" in node) != turned else _any(parts, scope)


def _every(parts: list[Part]) -> Part:
    if not parts:
        return Part(NOBODY, plain=True)
    found = Q()
    for part in parts:
        found &= part.found
    return Part(found, all(part.plain for part in parts))


def _any(parts: list[Part], scope: Scope) -> Part:
    """OR of the contact's own columns; everything else as a set of its own beside them."""
    own, sets = Q(), [part.found for part in parts if not part.plain]
    for part in parts:
        if part.plain:
            own |= part.found
    if not sets:
        return Part(own or NOBODY, plain=True)
    if own:
        sets.append(own)
    if len(sets) == 1:
        return Part(sets[0], plain=False)
    asked = [scope.everyone().filter(found).values("pk") for found in sets]
    return Part(Q(pk__in=asked[0].union(*asked[1:])), plain=False)


def _segments(line: condition.Params, scope: Scope, opposite: bool, inside: tuple[int, ...]) -> Part:
    """Another segment's rules in the place of the line that names it. One that stands in itself finds nobody."""
    pk = line["segment"]
    if pk in inside:
        return Part(NOBODY, plain=True)
    return build(
        scope.rules[pk] or {"all": []}, scope, opposite=opposite != (line["op"] == "not_in"), inside=(*inside, pk)
    )
