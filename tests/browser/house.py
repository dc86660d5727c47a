"""The whole program in processes of its own, as `manage.py up` starts it, on a scratch folder and a database of this run."""

from __future__ import annotations

import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import psycopg
from psycopg import sql

from tests.conftest import ROOT

LONG = 120.0
# What the settings of the tests put there for themselves.
_OURS = ("DATABASE_URL", "CELERY_BROKER_URL", "DJANGO_SETTINGS_MODULE", "CASCADA_REQUIRE_HTTPS", "PORT")


class House:
    """A context. `address`, `name`, `password`: as the program printed them; `ready_at`: when it did, by time.monotonic()."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.log = folder, folder.with_suffix(".log")
        self.address = self.name = self.password = ""
        self.ready_at = 0.0
        self._database = _Database(os.environ.get("DATABASE_URL", ""))

    def __enter__(self) -> Self:
        inherited = {name: value for name, value in os.environ.items() if name not in _OURS}
        environment = self._environment = {**inherited, "CASCADA_DATA": str(self.folder), **self._database.make()}
        with self.log.open("wb") as output:
            self._process = subprocess.Popen(
                [sys.executable, "manage.py", "up", "--port", str(_free_port())], cwd=ROOT, env=environment,
                stdout=output, stderr=output, start_new_session=True,
            )  # fmt: skip
        try:
            self._read_welcome()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGINT)
        try:
            self._process.wait(LONG)
        finally:
            self._database.drop()

    def said(self) -> str:
        return self.log.read_text("utf-8")

    def ask(self, program: str) -> str:
        """What a few lines of Python in the program's own shell print: for what no page of it shows or does."""
        command = [sys.executable, "manage.py", "shell", "--no-imports", "-c", program]
        done = subprocess.run(command, cwd=ROOT, env=self._environment, capture_output=True, text=True, check=True)
        return done.stdout.strip()

    def _read_welcome(self) -> None:
        wait_until(lambda: "Password" in self.said() or self._process.poll() is not None, "the start of the program")
        found = re.search(r"Address +(\S+)/\s+Login +(\S+)\s+Password +(\S+)", self.said())
        assert found, self.said()
        self.address, self.name, self.password = found[1], found[2], found[3]
        self.ready_at = time.monotonic()


class _Database:
    """Beside the run's own on PostgreSQL; on SQLite it is a file in the house's folder."""

    def __init__(self, server: str) -> None:
        self._server = server if server.startswith("postgres") else ""
        self._name = f"cascada_browser_{os.getpid()}"

    def make(self) -> dict[str, str]:
        if not self._server:
            return {}
        self._tell("DROP DATABASE IF EXISTS {} WITH (FORCE)")
        self._tell("CREATE DATABASE {}")
        return {"DATABASE_URL": urlsplit(self._server)._replace(path=f"/{self._name}").geturl()}

    def drop(self) -> None:
        if self._server:
            self._tell("DROP DATABASE IF EXISTS {} WITH (FORCE)")

    def _tell(self, statement: str) -> None:
        with psycopg.connect(self._server, autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(sql.Identifier(self._name)))


def wait_until(condition: Callable[[], object], what: str, seconds: float = LONG) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds:.0f} s"
        time.sleep(0.1)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
