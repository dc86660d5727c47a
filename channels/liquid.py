"""Liquid, as a message may use it: strict limits, no files, no clock, and a missing field that is noticed.

A blank field is left out of the context. `default`, `if` and `== blank` see it as blank; showing it raises `MissingField`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import lru_cache, wraps
from typing import Any, NoReturn

from django.utils.translation import gettext as _
from liquid import Environment
from liquid.exceptions import LiquidError, LiquidSyntaxError, UndefinedError, UnknownFilterError
from liquid.template import BoundTemplate
from liquid.undefined import Undefined, is_undefined

from channels import liquid_plain, wording

LONGEST_SOURCE = 200_000  # characters
LONGEST_TEXT = 400_000  # bytes
LONGEST_VALUE = 100_000  # characters
MOST_ROUNDS = 1_000

# What Liquid's filters let through when a value is of another sort than they expect.
_UNFIT = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError, RecursionError)
# They load files or count across loops; `safe` would switch the escaping off for what people typed.
_NO_TAGS = ("include", "render", "increment", "decrement")
_NO_FILTERS = ("safe", "escapejs", "base64_decode", "base64_url_safe_decode")


class MissingField(Exception):
    """The text needs a field which is not known of this person."""

    def __init__(self, field: str) -> None:
        super().__init__(field)
        self.field = field


class BadTemplate(ValueError):
    """A text that cannot be used, for anybody. str() is a sentence for staff; `line` counts from 1, 0 if it is not known."""

    def __init__(self, sentence: str, line: int = 0) -> None:
        super().__init__(_("Line %(line)s: %(what)s") % {"line": line, "what": sentence} if line else sentence)
        self.line = line


class _Missing(Undefined):
    """What stands for a field that is not there: false and blank when asked, an error when shown, counted or walked over."""

    __slots__ = ()
    force_liquid_default = True

    def _refuse(self, *_args: object) -> NoReturn:
        raise UndefinedError(str(self.hint or self.name), token=None)

    def __bool__(self) -> bool:
        return False

    __str__ = __len__ = __iter__ = __int__ = __contains__ = __getitem__ = __reversed__ = _refuse

    def poke(self) -> bool:
        self._refuse()


class _Limited(Environment):
    loop_iteration_limit = MOST_ROUNDS
    output_stream_limit = LONGEST_TEXT
    local_namespace_limit = LONGEST_VALUE


def _guarded(name: str, called: Callable[..., Any]) -> Callable[..., Any]:
    """A filter that hands a missing field on (to a `default` further right, or to its end) and lets nothing grow without end."""

    @wraps(called)
    def guarded(value: object, *args: Any, **kwargs: Any) -> Any:
        if is_undefined(value) and name != "default":
            return value
        found = called(value, *args, **kwargs)
        if isinstance(found, str | list) and len(found) > LONGEST_VALUE:
            raise LiquidError("a value grows too long", token=None)
        return found

    return guarded


def _environment(*, escape: bool, lenient: bool) -> Environment:
    environment = _Limited(undefined=Undefined if lenient else _Missing, autoescape=escape)
    for tag in _NO_TAGS:
        del environment.tags[tag]
    for name in _NO_FILTERS:
        del environment.filters[name]
    environment.filters["date"] = wording.date
    environment.filters = {name: _guarded(name, called) for name, called in environment.filters.items()}
    return environment


_environments = {
    (escape, lenient): _environment(escape=escape, lenient=lenient)
    for escape in (True, False)
    for lenient in (True, False)
}

# `x != blank`: the library holds a missing field for nil, which is not blank; here both are.
_BLANK = re.compile(r"([\w.\-]+(?:\[[^\]]*\])?)\s*(==|!=|<>)\s*(?:blank|empty)\b")
_MARKUP = re.compile(r"\{%.*?%\}", re.DOTALL)


def _with_blanks(source: str) -> str:
    def both(found: re.Match[str]) -> str:
        if found[2] == "==":
            return f"{found[0]} or {found[1]} == nil"
        return f"{found[0]} and {found[1]} != nil"

    return (
        _MARKUP.sub(lambda found: _BLANK.sub(both, found[0]), source)
        if "blank" in source or "empty" in source
        else source
    )


@lru_cache(maxsize=1024)
def compiled(source: str, *, escape: bool, lenient: bool = False) -> BoundTemplate:
    """The template, parsed once per process; `BadTemplate` when its syntax is wrong."""
    if len(source) > LONGEST_SOURCE:
        raise BadTemplate(_("the text is too long."))
    try:
        return _environments[escape, lenient].from_string(_with_blanks(source))
    except LiquidError as error:
        raise _explained(error) from error
    except (RecursionError, IndexError, ValueError) as error:
        raise BadTemplate(_("this cannot be read as Liquid.")) from error


@lru_cache(maxsize=1024)
def _plain(source: str, *, escape: bool) -> liquid_plain.Plain | None:
    return liquid_plain.read(compiled(source, escape=escape))


def render(source: str, context: Mapping[str, Any], *, escape: bool) -> str:
    """The text for one person. `MissingField` for whatever goes wrong with this person's data, `BadTemplate` for a wrong text."""
    if "{" not in source:
        return source
    plain = _plain(source, escape=escape)
    if plain and (text := plain.fill(context)) is not None:
        return text
    try:
        return compiled(source, escape=escape).render(context)
    except UndefinedError as error:
        raise MissingField(_field_of(error)) from error
    except LiquidError as error:
        raise MissingField(_around(error)) from error
    except _UNFIT as error:
        raise MissingField(_("a value that fits")) from error


def try_out(source: str, context: Mapping[str, Any], *, escape: bool) -> str:
    """The text for an invented person, of whom any field may be missing; `BadTemplate` for what goes wrong."""
    template = compiled(source, escape=escape, lenient=True)
    try:
        return template.render(context)
    except LiquidError as error:
        raise _explained(error) from error
    except _UNFIT as error:
        raise BadTemplate(_("a value does not fit what is done with it.")) from error


def fields(source: str) -> Iterator[tuple[str, ...]]:
    """Every field that the text takes from its context, as a path: ("contact", "first_name")."""
    for used in compiled(source, escape=False).analyze().globals.values():
        for variable in used:
            yield tuple(str(segment) for segment in variable.segments if isinstance(segment, str))


def used(sources: Iterable[str], name: str) -> set[str]:
    """The name itself where one of the texts takes it from its context. `BadTemplate`."""
    return {name for source in sources if name in source for path in fields(source) if path[0] == name}


def named_in(sources: Iterable[str], first: str) -> set[str]:
    """The names after `<first>.` in these texts. `BadTemplate`."""
    paths = (path for source in sources if first in source for path in fields(source))
    return {path[1] for path in paths if len(path) > 1 and path[0] == first}


def _field_of(error: UndefinedError) -> str:
    return str(error.message).removesuffix(" is undefined").strip("'\"")


def _around(error: LiquidError) -> str:
    """The piece of the text in which a value did not fit: `contact.birthday | date: "%d"`."""
    if error.token is None:
        return _("a value that fits")
    source, at = error.token.source, error.token.start_index
    start = max(source.rfind("{{", 0, at), source.rfind("{%", 0, at)) + 2
    return re.split(r"[%}]\}", source[start:], maxsplit=1)[0].strip()[:80]


def _explained(error: LiquidError) -> BadTemplate:
    """Where the text is wrong and how, in words that staff understand."""
    where = error.context() if error.token is not None else None
    return BadTemplate(_sentence(error), where[0] if where else 0)


def _sentence(error: LiquidError) -> str:
    said = str(error.message)
    named = re.search(r"'([^']*)'|endings? (\w+)|expected tag (\w+)", said)
    thing = next((part for part in named.groups() if part), "") if named else ""
    if isinstance(error, UnknownFilterError):
        return _("there is no filter “%(name)s”.") % {"name": thing}
    if "iteration limit" in said or "stream limit" in said or "namespace limit" in said or "too long" in said:
        return _("the text grows too long; a loop may take at most %(rounds)s rounds.") % {"rounds": MOST_ROUNDS}
    if said.startswith("expected tag"):
        return _("“{%% %(tag)s %%}” is missing.") % {"tag": thing}
    if said.startswith("unexpected tag"):
        return _("“{%% %(tag)s %%}” has no place here.") % {"tag": thing}
    if "found end of file" in said:
        return _("“%(mark)s” is missing.") % {"mark": thing}
    if isinstance(error, LiquidSyntaxError):
        return _("this cannot be read as Liquid (%(what)s).") % {"what": said}
    return _("this does not work (%(what)s).") % {"what": said}
