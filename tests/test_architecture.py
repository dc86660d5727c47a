"""The shape of the house, as design and style state it: who imports whom, how long things get, what is never written."""

import ast
import re
import subprocess
import sys
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import ROOT

ROOMS = ("contacts", "channels", "cascades", "config")
PURE = (
    "contacts/calendar.py",
    *(f"cascades/{name}.py" for name in ("conditions", "due", "engine", "intents", "plan", "replies")),
)
FORBIDDEN_NAMES = {"services", "utils", "helpers", "managers", "constants", "misc", "common"}
# `channels` is also the import name of another project: these would be taken for parts of it.
FORBIDDEN_IN_CHANNELS = {"http", "layers", "auth", "db", "routing"}
MANUALS = {"manage.py", "channels/transport.py", "cascades/trigger.py"}  # their opening is the manual itself
LONGEST_FUNCTION, LONGEST_MODULE, LONGEST_OPENING = 50, 350, 5
# Of a tracked file; the words are put together here so that this file does not hold them.
NEVER = [
    re.compile(pattern, re.IGNORECASE)
    for pattern in (
        r"/wo" + r"rk/(main|shared)",
        r"/ro" + r"ot/",
        r"(?-i:\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b)",  # "todo" is a word in Spanish
        r"\bNotImplemented" + r"Error\b",
        r"files\.python" + r"hosted\.org",
        r"\bpypi\." + r"org",
        r"registry\." + r"npmjs",
        r"deb\.deb" + r"ian\.org",
    )
]


def _tracked() -> list[Path]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        pytest.fail("the sources are no git checkout: what is committed cannot be listed")
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


@cache
def _modules() -> list[tuple[str, ast.Module, int]]:
    """Return path, syntax tree and number of lines of each of our modules, tests included, migrations not."""
    rooms = (found for room in (*ROOMS, "tests") for found in sorted((ROOT / room).rglob("*.py")))
    texts = {path: path.read_text("utf-8") for path in (ROOT / "manage.py", *rooms) if "migrations" not in path.parts}
    return [(str(path.relative_to(ROOT)), ast.parse(text), len(text.splitlines())) for path, text in texts.items()]


def _functions(statements: Iterable[ast.AST]) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function below these statements. Expressions hold none, and are most of a tree."""
    for node in statements:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
        if not isinstance(node, ast.expr):
            yield from _functions(child for child in ast.iter_child_nodes(node) if not isinstance(child, ast.expr))


def test_rooms_import_only_in_the_direction_of_the_design() -> None:
    program = [sys.executable, "-c", "from importlinter.cli import lint_imports_command; lint_imports_command()"]
    done = subprocess.run([*program, "--no-cache"], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout[done.stdout.find("Contracts\n") :]


@pytest.mark.parametrize("path", PURE)
def test_the_pure_parts_know_nothing_but_the_standard_library(path: str) -> None:
    imported = set()
    for node in ast.walk(ast.parse((ROOT / path).read_text("utf-8"))):
        if isinstance(node, ast.Import):
            imported |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            imported.add(node.module or "")
    foreign = {name for name in imported if name.split(".")[0] not in sys.stdlib_module_names}
    assert not foreign - {other.removesuffix(".py").replace("/", ".") for other in PURE}


def test_no_function_is_longer_than_a_screen() -> None:
    long = [
        f"{path}:{node.lineno} {node.name} ({(node.end_lineno or 0) - node.lineno + 1} lines)"
        for path, tree, _length in _modules()
        for node in _functions(tree.body)
        if (node.end_lineno or 0) - node.lineno + 1 > LONGEST_FUNCTION
    ]
    assert not long


def test_no_module_outgrows_its_room() -> None:
    assert not [f"{path} ({length} lines)" for path, _tree, length in _modules() if length > LONGEST_MODULE]


def test_a_module_opens_with_what_lives_in_it() -> None:
    silent = []
    for path, tree, _length in _modules():
        opening = ast.get_docstring(tree)
        if (tree.body and not opening) or (path not in MANUALS and len((opening or "").splitlines()) > LONGEST_OPENING):
            silent.append(path)
    assert not silent


def test_no_module_has_a_name_that_says_nothing() -> None:
    stems = {path: set(Path(path).with_suffix("").parts) for path, _tree, _length in _modules()}
    assert not [path for path, parts in stems.items() if parts & FORBIDDEN_NAMES]
    assert not [path for path, parts in stems.items() if path.startswith("channels/") and parts & FORBIDDEN_IN_CHANNELS]


def test_the_top_level_holds_only_what_the_design_names() -> None:
    folders = {path.relative_to(ROOT).parts[0] for path in _tracked() if len(path.relative_to(ROOT).parts) > 1}
    assert folders <= {*ROOMS, "templates", "tests", "docs", "locale", ".ci"}
    assert not [path for path in _tracked() if path.suffix == ".py" and path.relative_to(ROOT).parts[0] == "templates"]


def test_nothing_unfinished_no_path_of_a_machine_and_no_registry_is_committed() -> None:
    found = []
    for path in _tracked():
        try:
            text = path.read_text("utf-8")
        except UnicodeDecodeError:
            continue  # a picture
        found += [f"{path.relative_to(ROOT)}: {hit.group()}" for pattern in NEVER if (hit := pattern.search(text))]
    assert not found
