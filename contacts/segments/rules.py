"""Rules as data: a tree of groups and conditions, its checks, and what it refers to. Nothing here asks who is found.

A group is `{"all": [...]}` or `{"any": [...]}`, with `"not": true` where its opposite is meant; a condition is
`{"kind": ..., "op": ..., ...}`. Rules that say nothing find nobody.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from django.db.models import Model
from django.utils.translation import gettext as _

from contacts.models import Business, Segment
from contacts.segments import condition
from contacts.segments.scope import Scope

Rules = Mapping[str, Any]
MOST_LINES, DEEPEST = 40, 6


def is_group(node: Any) -> bool:
    return isinstance(node, Mapping) and ("all" in node or "any" in node)


def children(group: Rules) -> list[Any]:
    """The nodes of a group; none for what is no list."""
    found = group["all"] if "all" in group else group["any"]
    return list(found) if isinstance(found, list) else []


def lines(rules: Any) -> list[Any]:
    """Every condition, in the order in which they are read and numbered."""
    if is_group(rules):
        return [line for node in children(rules) for line in lines(node)]
    return [rules] if rules else []


def clean(rules: Any, *, own: int | None = None) -> dict[str, Any]:
    """The rules as they are kept; `ValueError` with a sentence that names the line. own: the id of the segment that they are for."""
    if not rules:
        return {"all": []}
    if not is_group(rules):
        raise ValueError(_("These rules cannot be read."))
    number = iter(range(1, 10_000))
    kept = _group(rules, number, 1)
    if next(number) > MOST_LINES + 1:
        raise ValueError(_("More than %(count)s conditions are too many for one segment.") % {"count": MOST_LINES})
    _check_rows(kept, own)
    return kept


def _group(group: Rules, number: Iterator[int], depth: int) -> dict[str, Any]:
    if depth > DEEPEST:
        raise ValueError(_("The groups of conditions are nested too deep."))
    word = "all" if "all" in group else "any"
    kept = [
        _group(node, number, depth + 1) if is_group(node) else _line(node, next(number)) for node in children(group)
    ]
    said = {word: [node for node in kept if not is_group(node) or children(node)]}
    return {**said, "not": True} if group.get("not") else said


def _line(node: Any, number: int) -> dict[str, Any]:
    given = node if isinstance(node, Mapping) else {}
    try:
        kind = condition.get(given.get("kind"))
    except ValueError as error:
        raise ValueError(_line_said(number, "", error)) from None
    try:
        return kind.clean(given)
    except ValueError as error:
        raise ValueError(_line_said(number, str(kind.label), error)) from None


def _line_said(number: int, label: str, error: object) -> str:
    if label:
        return _("Line %(number)s (%(kind)s): %(trouble)s") % {"number": number, "kind": label, "trouble": error}
    return _("Line %(number)s: %(trouble)s") % {"number": number, "trouble": error}


def _check_rows(kept: Rules, own: int | None) -> None:
    """That all rows exist to which the rules refer, and that no segment stands in itself, by whatever way."""
    scope = known(kept, Scope(datetime.min.replace(tzinfo=UTC), Business()))
    for number, line in enumerate(lines(kept), start=1):
        kind = condition.get(line["kind"])
        if trouble := missing(kind, line, scope) or (own is not None and circle(line, scope, own)):
            raise ValueError(_line_said(number, str(kind.label), trouble))


def circle(line: Mapping[str, Any], scope: Scope, own: int) -> str:
    """A sentence if the line leads back to the segment in which it stands; else ""."""
    ahead, seen = [pk for model, pk in _refers(line) if model is Segment], set[int]()
    while ahead:
        pk = ahead.pop()
        if pk == own:
            return _("A segment cannot be part of itself, nor of one that it needs.")
        if pk not in seen:
            seen.add(pk)
            ahead += [
                other for inner in lines(scope.rules.get(pk)) for model, other in _refers(inner) if model is Segment
            ]
    return ""


def missing(kind: condition.Condition, line: condition.Params, scope: Scope) -> str:
    """A sentence if the line refers to what was deleted; else ""."""
    for model, pk in kind.refers(line):
        if pk not in scope.names.get(model, {}):
            what = model._meta.verbose_name
            return _("The %(what)s that was chosen here was deleted.") % {"what": what}
    return ""


def problems(rules: Any, scope: Scope) -> list[tuple[int, str]]:
    """(line, sentence) of everything that keeps a line from finding anybody."""
    found = [
        (number, trouble(line, scope) or condition.get(line["kind"]).gone(line))
        for number, line in enumerate(lines(rules), start=1)
    ]
    return [(number, _line_said(number, "", said)) for number, said in found if said]


def trouble(line: Any, scope: Scope) -> str:
    """Why this line finds nobody whatever the others say: it cannot be read, or what it names is gone; else ""."""
    try:
        kind = condition.get(line.get("kind") if isinstance(line, Mapping) else None)
        return missing(kind, kind.clean(line), scope)
    except ValueError as error:
        return str(error)


def known(rules: Any, scope: Scope) -> Scope:
    """The scope with all rows to which the rules refer, and the rules of the segments among them: a statement for each table."""
    names: dict[type[Model], dict[int, str]] = defaultdict(dict)
    kept: dict[int, Any] = {}
    ahead: Sequence[Any] = lines(rules)
    while ahead:
        wanted: dict[type[Model], set[int]] = defaultdict(set)
        for line in ahead:
            for model, pk in _refers(line):
                if pk not in names[model]:
                    wanted[model].add(pk)
        ahead = []
        for model, pks in wanted.items():
            for row in model._default_manager.filter(pk__in=pks):
                names[model][row.pk] = str(row)
                if isinstance(row, Segment):
                    kept[row.pk] = row.rules
                    ahead = [*ahead, *lines(row.rules)]
    return replace(scope, names=names, rules=kept)


def _refers(line: Any) -> list[tuple[type[Model], int]]:
    try:
        kind = condition.get(line.get("kind") if isinstance(line, Mapping) else None)
        return kind.refers(kind.clean(line))
    except ValueError:
        return []
