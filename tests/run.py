"""`manage.py test` and `manage.py bench`: the same tests on SQLite and on PostgreSQL.

PostgreSQL is the one at TEST_DATABASE_URL, else one started from an installed package. DATABASE_URL asks for one run on that
database alone. What could not be run, and why, is named in the last lines.
"""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from config.catalogues import compile_catalogues
from tests.postgres import NoPostgres, own_postgres

ROOT = Path(__file__).resolve().parent.parent


def run(command: str, arguments: list[str]) -> int:
    """Run pytest once per database. Returns the first exit code that is not 0."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # an ended run cleans up too
    compile_catalogues(ROOT / "locale")
    if command == "bench":
        arguments = ["--bench", "-s", *arguments]
    if os.environ.get("DATABASE_URL") or "--up" in arguments:  # `up` brings its own databases
        return _pytest(arguments, {})
    with _postgres() as (url, missing):
        codes = [] if command == "bench" and url else [_pytest(arguments, {"CASCADA_TESTS_NOT_RUN": missing})]
        if url:
            codes.append(_pytest(arguments, {"DATABASE_URL": url}))
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
        yield "", f"the tests on PostgreSQL: {error}. CI runs them on two versions."
        return
    try:
        yield url, ""
    finally:
        cluster.__exit__(None, None, None)


def _pytest(arguments: list[str], environment: dict[str, str]) -> int:
    kind = environment.get("DATABASE_URL", os.environ.get("DATABASE_URL", "SQLite")).split(":", 1)[0]
    print(f"\n=== {kind} ===", flush=True)  # noqa: T201
    command = [sys.executable, "-m", "pytest", *arguments]
    done = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment})
    try:
        return done.wait()
    except KeyboardInterrupt:  # pytest has it too, and prints what it has
        try:
            return done.wait(30) or 130
        except (KeyboardInterrupt, subprocess.TimeoutExpired):
            done.kill()
            return 130
