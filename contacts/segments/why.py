"""Why a person is in a segment, or is not: the tree of rules, each line with a sentence and whether it holds. Asked of the same query."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from itertools import count
from typing import Any

from django.db.models import BooleanField, Case, When
from django.utils.translation import gettext as _

from contacts.models import Contact
from contacts.segments import condition, rules
from contacts.segments.query import build, scope_of
from contacts.segments.scope import Scope


@dataclass(frozen=True, slots=True)
class Reason:
    """A line for people: what is asked, whether it holds, what is known of the person, and the lines below. broken: it finds nobody,
    because what it names is gone. number: of a condition, as the page numbers them; 0 for a group."""

    sentence: str
    holds: bool
    known: str = ""
    broken: bool = False
    number: int = 0
    below: tuple[Reason, ...] = ()


def why(tree: Any, contact: Contact, now: datetime, *, played: bool = False) -> Reason:
    """The rules as they stand for this person, with a fixed handful of statements."""
    scope = scope_of(tree, now, among=[contact.pk], played=played)
    return _Told(tree, contact, scope).tell(tree or {"all": []})[0]


def headline(group: Mapping[str, Any]) -> str:
    """What a group asks of its lines."""
    if "all" in group:
        return _("Not all of these hold") if group.get("not") else _("All of these hold")
    return _("None of these holds") if group.get("not") else _("At least one of these holds")


def describe(tree: Any, now: datetime) -> str:
    """The rules in one line, for lists and letters."""
    scope = scope_of(tree, now)
    return _described(tree, scope) or _("nobody")


def sayings(tree: Any, scope: Scope) -> list[str]:
    """Every line as a sentence; what is wrong with it, where it finds nobody."""
    return [rules.trouble(line, scope) or _say(line, scope) for line in rules.lines(tree)]


def _say(line: Any, scope: Scope) -> str:
    kind = condition.get(line["kind"])
    return kind.say(kind.clean(line), scope)


def _described(node: Any, scope: Scope, inner: bool = False) -> str:
    if not rules.is_group(node):
        return (sayings(node, scope) or [""])[0]
    said = [_described(child, scope, inner=True) for child in rules.children(node)]
    text = (_(" and ") if "all" in node else _(" or ")).join(said)
    if node.get("not") and text:
        return _("not (%(what)s)") % {"what": text}
    return f"({text})" if inner and len(said) > 1 else text


class _Told:
    """The walk through one tree for one person."""

    def __init__(self, tree: Any, contact: Contact, scope: Scope) -> None:
        self.contact, self.scope = contact, scope
        self.number = count(1)
        self.answers = iter(_answers(tree, scope))

    def tell(self, node: Any) -> tuple[Reason, bool]:
        """The node as staff wrote it, and whether its opposite holds: of what finds nobody, neither does."""
        return self.group(node) if rules.is_group(node) else self.line(node)

    def group(self, node: Any) -> tuple[Reason, bool]:
        told = [self.tell(child) for child in rules.children(node)]
        every = bool(told) and all(reason.holds for reason, _opposite in told)
        some = any(reason.holds for reason, _opposite in told)
        no_one = bool(told) and all(opposite for _reason, opposite in told)
        not_all = any(opposite for _reason, opposite in told)
        held, opposite = (every, not_all) if "all" in node else (some, no_one)
        if node.get("not"):
            held, opposite = opposite, held
        return Reason(headline(node), held, below=tuple(reason for reason, _opposite in told)), opposite

    def line(self, node: Any) -> tuple[Reason, bool]:
        (held, opposite), number = next(self.answers), next(self.number)
        if said := rules.trouble(node, self.scope):
            return Reason(said, holds=False, broken=True, number=number), False
        kind = condition.get(node["kind"])
        kept = kind.clean(node)
        told, known = kind.say(kept, self.scope), kind.known(kept, self.contact, self.scope)
        return Reason(told, held, known, number=number), opposite


def _answers(tree: Any, scope: Scope) -> list[tuple[bool, bool]]:
    """For every line whether it finds the person, and whether its opposite does. One statement."""
    asked = {}
    for number, line in enumerate(rules.lines(tree)):
        for turned in (False, True):
            found = build(line, scope, opposite=turned).found
            asked[f"line_{number}_{turned}"] = Case(When(found, then=True), default=False, output_field=BooleanField())
    row = scope.everyone().values_list(*asked.values()).first() if asked else ()
    held = list(row or [False] * len(asked))
    return list(zip(held[::2], held[1::2], strict=True))


def sentences(tree: Any, now: datetime) -> list[str]:
    """The rules line by line, for who may only read them."""
    scope = scope_of(tree, now)
    return list(_outlined(tree, scope)) if rules.lines(tree) else []


def _outlined(node: Any, scope: Scope, depth: int = 0) -> Iterator[str]:
    space = "\N{NO-BREAK SPACE}" * 4 * depth
    if not rules.is_group(node):
        yield f"{space}{''.join(sayings(node, scope))}"
        return
    yield f"{space}{headline(node)}:"
    for child in rules.children(node):
        yield from _outlined(child, scope, depth + 1)
