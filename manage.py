#!/usr/bin/env python3
"""The one command of the house. It needs nothing but Python and pip until its packages are there:

    python3 manage.py up [--port N]       start everything; prints the address and the login
    python3 manage.py test [arguments]    run the tests (arguments are pytest's)
    python3 manage.py bench               measure
Every other command is Django's.
"""

from __future__ import annotations

import sys

if sys.version_info < (3, 11):  # noqa: UP036  (the one line that an older Python must still understand)
    sys.exit("Cascada needs Python 3.11 or newer; this is {}.{}.".format(*sys.version_info[:2]))

import hashlib
import importlib.metadata
import os
import re
import shutil
import subprocess
import venv
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent
ENVIRONMENT = ROOT / ".venv"
RUNTIME, DEVELOPMENT = "requirements.txt", "requirements-dev.txt"
INSIDE = "CASCADA_BOOTSTRAPPED"


def main(arguments: list[str]) -> int:
    """Prepare the packages, then do what the command says. Returns the exit code."""
    command = arguments[1] if len(arguments) > 1 else "help"
    prepare(DEVELOPMENT if command in {"test", "bench"} else RUNTIME)
    sys.path.insert(0, str(ROOT))
    if command in {"test", "bench"}:
        from tests.run import run

        return run(command, arguments[2:])
    return django(arguments)


def django(arguments: list[str]) -> int:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "config.settings")
    from django.core.exceptions import ImproperlyConfigured
    from django.core.management import execute_from_command_line

    try:
        execute_from_command_line(arguments)
    except ImproperlyConfigured as error:
        return refuse(str(error))
    return 0


def refuse(reason: str) -> int:
    print(f"Cascada cannot start: {reason}", file=sys.stderr)
    return 1


def prepare(lock: str) -> None:
    """Go on where the locked packages can be imported; otherwise make .venv, install them, and start again inside."""
    if satisfied(lock):
        return
    if os.environ.get(INSIDE) == lock:
        sys.exit(
            refuse(f"the packages of {lock} are installed in {ENVIRONMENT}, but cannot be found. Remove that folder.")
        )
    try:
        with alone():
            python = interpreter()
            if stamp(lock) != digest(lock):
                install(python, lock)
    except OSError as error:
        sys.exit(refuse(f"{ENVIRONMENT} cannot be made: {error.strerror or error}."))
    sys.stdout.flush()
    os.environ[INSIDE] = lock
    os.execv(python, [str(python), *sys.argv])


def satisfied(lock: str) -> bool:
    """Say whether this Python has every package of the lock, in its version."""
    if Path(sys.prefix) == ENVIRONMENT and stamp(lock) == digest(lock):
        return True
    pinned = re.findall(r"^([\w.-]+)==([^ ;\\]+) *\\?$", (ROOT / lock).read_text("utf-8"), re.MULTILINE)
    try:
        return all(importlib.metadata.version(name) == version for name, version in pinned)
    except importlib.metadata.PackageNotFoundError:
        return False


def digest(lock: str) -> str:
    return hashlib.sha256((ROOT / lock).read_bytes()).hexdigest()


def stamp(lock: str) -> str:
    """What was installed last, from this lock or from the larger one that holds it."""
    try:
        return (ENVIRONMENT / f"{lock}.installed").read_text("utf-8")
    except OSError:
        return ""


@contextmanager
def alone() -> Iterator[None]:
    """Two commands started together: the second waits until the first has installed."""
    import fcntl

    with (ROOT / ".venv-lock").open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def interpreter() -> Path:
    """Return the Python of .venv, made anew where it is missing or does not start (half made, or its Python is gone)."""
    python = ENVIRONMENT / "bin" / "python"
    if ENVIRONMENT.exists():
        if starts(python):
            return python
        ours = ENVIRONMENT.is_dir() and ((ENVIRONMENT / "pyvenv.cfg").exists() or not any(ENVIRONMENT.iterdir()))
        if not ours:
            sys.exit(refuse(f"{ENVIRONMENT} is there, but is no Python environment. Move it away and start again."))
        shutil.rmtree(ENVIRONMENT)
    print("Preparing .venv; this happens once and takes about half a minute.", flush=True)
    venv.create(ENVIRONMENT, with_pip=False, symlinks=True)
    return python


def starts(python: Path) -> bool:
    check = "import sys; sys.exit(sys.version_info < (3, 11))"
    try:
        return subprocess.run([python, "-I", "-c", check], capture_output=True, check=False).returncode == 0
    except OSError:
        return False


def install(python: Path, lock: str) -> None:
    """Install exactly the locked files into .venv, by uv where it is at hand, else by the pip of the Python outside.

    CI takes pip always: that is the way that a machine with nothing else goes.
    """
    if os.environ.get("CI") or shutil.which("uv") is None:
        outside = Path(getattr(sys, "_base_executable", sys.executable))
        installer = [str(outside), "-m", "pip", "--python", str(python), "--disable-pip-version-check", "install", "-q"]
        if subprocess.run([*installer[:3], "--version"], capture_output=True, check=False).returncode:
            sys.exit(refuse(f"{outside} has no pip. Install pip (on Debian: apt install python3-pip) and start again."))
    else:
        installer = ["uv", "pip", "install", "-q", "--python", str(python)]
    for old in (RUNTIME, DEVELOPMENT):
        (ENVIRONMENT / f"{old}.installed").unlink(missing_ok=True)
    print(f"Installing the packages of {lock} into .venv.", flush=True)
    command = [*installer, "--require-hashes", "--no-deps", "-r", str(ROOT / lock)]
    if subprocess.run(command, check=False, stdin=subprocess.DEVNULL).returncode:
        sys.exit(refuse(f"the packages of {lock} could not be installed (see above). Start again to go on."))
    for done in {lock, RUNTIME}:
        (ENVIRONMENT / f"{done}.installed").write_text(digest(done), "utf-8")


if __name__ == "__main__":
    try:
        sys.exit(main(sys.argv))
    except KeyboardInterrupt:
        sys.exit(130)
