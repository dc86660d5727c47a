"""`manage.py test` and `manage.py bench`: the same tests on SQLite and on PostgreSQL.

PostgreSQL is the one at TEST_DATABASE_URL, else one started from an installed package. DATABASE_URL asks for one run on that
database alone. What could not be run, and why, is named in the last lines; so is what touches no database, and is run once.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryFile
from typing import IO

from config.catalogues import compile_catalogues
from tests.postgres import NoPostgres, own_postgres

ROOT = Path(__file__).resolve().parent.parent
# They measure, kill or wait: one after the other.
_SLOW = {"--browser", "--faults", "--volume"}
DATABASE_ONLY = "--database-only"  # see tests/conftest.py
_NOTHING_TO_RUN = 5  # pytest's code
_ENDED_BY_HAND = {2, 130}  # pytest's own code, and ours
_begun: list[subprocess.Popen[bytes]] = []


def run(command: str, arguments: list[str]) -> int:
    """Run pytest once per database. Returns the first exit code that is not 0."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # an ended run cleans up too
    compile_catalogues(ROOT / "locale")
    if command == "bench":
        arguments = ["--bench", "-s", *arguments]
    if os.environ.get("DATABASE_URL") or "--up" in arguments:  # `up` brings its own databases
        return _pytest(arguments, {})
    with _postgres() as (url, missing):
        runs = [] if command == "bench" and url else [{"CASCADA_TESTS_NOT_RUN": missing}]
        runs += [{"DATABASE_URL": url}] if url else []
        if len(runs) == 2 and not _SLOW & set(arguments):
            return _side_by_side(arguments, *runs)
        codes = [_pytest(arguments, one) for one in runs]
    return next((code for code in codes if code), 0)


@contextmanager
def _postgres() -> Iterator[tuple[str, str]]:
    """Yield the address of a PostgreSQL and "", or "" and the reason why there is none."""
    if given := os.environ.get("TEST_DATABASE_URL"):
        yield given, ""
        return
    cluster = own_postgres()
    try:
        url = cluster.__enter__()
    except (NoPostgres, OSError) as error:
        yield "", f"the tests on PostgreSQL: {error}. CI runs them."
        return
    try:
        yield url, ""
    finally:
        cluster.__exit__(None, None, None)


def _side_by_side(arguments: list[str], here: dict[str, str], later: dict[str, str]) -> int:
    """Two databases keep two processors busy; what touches neither is run with the first.

    What the second run says is shown when the first has ended.
    """
    with TemporaryFile("w+") as told, ThreadPoolExecutor(1) as pool:
        second = pool.submit(_pytest, [DATABASE_ONLY, *arguments], later, told)
        first = _pytest(arguments, here)
        if first in _ENDED_BY_HAND:
            for one in _begun:
                one.terminate()
        code = second.result()
        told.seek(0)
        sys.stdout.write(told.read())
        sys.stdout.flush()
    return first or (0 if code == _NOTHING_TO_RUN else code)


def _pytest(arguments: list[str], environment: dict[str, str], output: IO[str] | None = None) -> int:
    kind = environment.get("DATABASE_URL", os.environ.get("DATABASE_URL", "SQLite")).split(":", 1)[0]
    print(f"\n=== {kind} ===", flush=True, file=output)
    command = [sys.executable, "-m", "pytest", *arguments]
    done = subprocess.Popen(command, cwd=ROOT, env={**_keeping_bytecode(), **environment}, stdout=output)
    _begun.append(done)
    try:
        return done.wait()
    except KeyboardInterrupt:  # pytest has it too, and prints what it has
        try:
            return done.wait(30) or 130
        except (KeyboardInterrupt, subprocess.TimeoutExpired):
            done.kill()
            return 130


def _keeping_bytecode() -> dict[str, str]:
    """The environment of a run. Where Python may write nothing beside the sources, what it compiled is kept in .venv.

    Compiling everything anew, for pytest and for each process that a test starts, took a tenth of the run.
    """
    environment = dict(os.environ)
    folder = ROOT / ".venv"
    if environment.get("PYTHONDONTWRITEBYTECODE") and folder.is_dir():
        del environment["PYTHONDONTWRITEBYTECODE"]
        environment["PYTHONPYCACHEPREFIX"] = str(folder / "bytecode")
    return environment
