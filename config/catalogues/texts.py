"""Every text that people may see, read from the sources: Python through its syntax tree, templates as Django reads them."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path

from babel.messages.extract import extract
from django.utils.translation.template import templatize

# Which of a call's arguments are the text, its plural and its context.
_PARTS: dict[str, tuple[str, ...]] = {
    "gettext": ("text",),
    "ngettext": ("text", "plural"),
    "pgettext": ("context", "text"),
    "npgettext": ("context", "text", "plural"),
}
CALLS = {f"{name}{ending}": parts for name, parts in _PARTS.items() for ending in ("", "_lazy", "_noop")}
# The same for Babel: positions from one, the context marked.
_IN_TEMPLATES = {
    "_": None,
    "gettext": None,
    "ngettext": (1, 2),
    "pgettext": ((1, "c"), 2),
    "npgettext": ((1, "c"), 2, 3),
}
_UNSEEN = {"migrations", "management", "tests", "contrib"}  # contrib: parts that are installed by a name of their own


@dataclass(frozen=True, order=True)
class Text:
    """A text as the sources hold it; `plural` and `context` are empty where the call gives none."""

    text: str
    plural: str = ""
    context: str = ""


def texts_of(folder: Path) -> Iterator[tuple[Text, Path]]:
    """Yield each text below `folder` with its file, in the order of paths. Migrations, commands and tests show none."""
    for path in sorted(folder.rglob("*")):
        if _UNSEEN & set(path.relative_to(folder).parts):
            continue
        if path.suffix == ".py":
            found = in_python(path.read_text("utf-8"))
        elif path.suffix in {".html", ".txt"} and "templates" in path.parts:
            found = in_template(path.read_text("utf-8"))
        else:
            continue
        for text in found:
            yield text, path


def in_python(source: str) -> Iterator[Text]:
    """Yield the texts of gettext's calls, under whatever name a module imports them."""
    if "gettext" not in source:
        return
    tree = ast.parse(source)
    names = {**CALLS, **_aliases(tree)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and (parts := names.get(_name(node.func))):
            given = dict(zip(parts, map(_literal, node.args), strict=False))
            if given.get("text") and None not in given.values():
                yield Text(**{part: value for part, value in given.items() if value})


def _aliases(tree: ast.Module) -> dict[str, tuple[str, ...]]:
    return {
        alias.asname: CALLS[alias.name]
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "django.utils.translation"
        for alias in node.names
        if alias.asname and alias.name in CALLS
    }


def _name(function: ast.expr) -> str:
    return function.id if isinstance(function, ast.Name) else getattr(function, "attr", "")


def _literal(node: ast.expr) -> str | None:
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else None


def in_template(source: str) -> Iterator[Text]:
    """Yield the texts of translate, blocktranslate and _() in a Django template."""
    # What Django leaves of a template is for a reader of words, not of Python: its indentation means nothing.
    words = "\n".join(line.strip() for line in templatize(source).splitlines())
    for _line, found, _comments, context in extract(
        "python", BytesIO(words.encode()), keywords=_IN_TEMPLATES, options={"encoding": "utf-8"}
    ):
        text, plural = found if isinstance(found, tuple) else (found, "")
        yield Text(text, plural, context or "")
