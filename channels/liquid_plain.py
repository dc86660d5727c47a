"""The quick way for plain Liquid: text, `{{ a.b }}`, `{{ a.b | default: "text" }}` and `{% if a.b %}..{% else %}..{% endif %}`.

Made of what the library parsed, some fifteen times quicker than it; for all else, and for any value that is not a text, the answer is
None and the library does the work, so that its meaning and its errors stay the only ones.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from liquid import escape
from liquid.ast import BlockNode, Node
from liquid.builtin.content import ContentNode
from liquid.builtin.expressions import BooleanExpression, FilteredExpression, Path, PositionalArgument, StringLiteral
from liquid.builtin.output import OutputNode
from liquid.builtin.tags.if_tag import IfNode
from liquid.expression import Expression
from liquid.template import BoundTemplate

# The library counts 400,000 bytes, and a filter 100,000 characters: shorter texts are within both.
LONGEST = 100_000
_LATER = ("now", "today", "partial")  # names that the library itself gives a meaning to
_COUNTED = ("size", "first", "last")  # and those that it finds in any value


class _Unplain(Exception):
    """Only the library can tell."""


class _Piece(Protocol):
    def put(self, values: Mapping[str, Any], out: list[str]) -> None: ...


class Plain:
    """A template that is plain."""

    def __init__(self, pieces: Sequence[_Piece]) -> None:
        self._pieces = pieces

    def fill(self, values: Mapping[str, Any]) -> str | None:
        """The text for these values, or None where the library must be asked."""
        out: list[str] = []
        try:
            for piece in self._pieces:
                piece.put(values, out)
        except _Unplain:
            return None
        text = "".join(out)
        return text if len(text) <= LONGEST and "\r" not in text else None


def read(template: BoundTemplate) -> Plain | None:
    """The plain way to fill a template, or None if it has anything in it that is not plain."""
    try:
        return Plain(_pieces(template.nodes, escaped=bool(template.env.autoescape)))
    except _Unplain:
        return None


def _pieces(nodes: Sequence[Node], *, escaped: bool) -> list[_Piece]:
    return [_piece(node, escaped=escaped) for node in nodes]


def _piece(node: Node, *, escaped: bool) -> _Piece:
    if type(node) is ContentNode:
        return _Text(node.text)
    if type(node) is OutputNode and type(node.expression) is FilteredExpression:
        return _Value(_path(node.expression.left), _default(node.expression), escaped=escaped)
    if type(node) is IfNode and not node.alternatives and type(node.condition) is BooleanExpression:
        path = _path(node.condition.expression)
        return _Either(path, _block(node.consequence, escaped=escaped), _block(node.default, escaped=escaped))
    raise _Unplain


def _block(block: BlockNode | None, *, escaped: bool) -> list[_Piece]:
    """What stands between two tags; the library leaves out what is nothing but space."""
    return _pieces(block.nodes, escaped=escaped) if block and not block.blank else []


def _path(expression: Expression) -> list[str]:
    if type(expression) is not Path:
        raise _Unplain
    names = [name for name in expression.path if isinstance(name, str)]
    if len(names) < len(expression.path) or names[0] in _LATER or not {*names[1:]}.isdisjoint(_COUNTED):
        raise _Unplain
    return names


def _default(expression: FilteredExpression) -> str | None:
    """The text after `default:`, None without that filter."""
    if not expression.filters:
        return None
    (first, *more), arguments = expression.filters, expression.filters[0].args
    if more or first.name != "default" or len(arguments) != 1 or type(arguments[0]) is not PositionalArgument:
        raise _Unplain
    literal = arguments[0].value
    if type(literal) is not StringLiteral:
        raise _Unplain
    return literal.value


class _Text:
    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text

    def put(self, values: Mapping[str, Any], out: list[str]) -> None:
        out.append(self.text)


class _Value:
    __slots__ = ("default", "escaped", "path")

    def __init__(self, path: list[str], default: str | None, *, escaped: bool) -> None:
        self.path, self.default, self.escaped = path, default, escaped

    def put(self, values: Mapping[str, Any], out: list[str]) -> None:
        found = _find(self.path, values)
        if found is not None:
            out.append(escape(found) if self.escaped else found)
        elif self.default is not None:
            out.append(self.default)
        else:
            raise _Unplain


class _Either:
    __slots__ = ("no", "path", "yes")

    def __init__(self, path: list[str], yes: list[_Piece], no: list[_Piece]) -> None:
        self.path, self.yes, self.no = path, yes, no

    def put(self, values: Mapping[str, Any], out: list[str]) -> None:
        for piece in self.no if _find(self.path, values) is None else self.yes:
            piece.put(values, out)


def _find(path: list[str], values: Mapping[str, Any]) -> str | None:
    """The text at the path, None where there is nothing."""
    found: Any = values
    for name in path:
        if type(found) is not dict:
            raise _Unplain
        if name not in found:
            return None
        found = found[name]
    if type(found) is not str or not found:
        raise _Unplain
    return found
