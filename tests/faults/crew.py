"""The processes of a fault test: the peers that count, the workers that are killed, the beat that goes on."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.conftest import ROOT
from tests.faults.nursery import READY

POLL = 0.005
THREADS = 4  # as in the Procfile


def until(what: str, done: Callable[[], object], seconds: float) -> None:
    """Poll until it is so; AssertionError when it does not come about in time."""
    assert comes(done, seconds), f"after {seconds} s still not: {what}"


def comes(done: Callable[[], object], seconds: float) -> bool:
    """Poll; whether it came about in time."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(POLL)
    return True


@dataclass(frozen=True, slots=True)
class Process:
    """A process with a group of its own."""

    pid: int
    log: Path

    @property
    def is_ready(self) -> bool:
        return self.log.with_suffix(READY).exists()

    @property
    def is_alive(self) -> bool:
        try:
            os.kill(self.pid, 0)
        except ProcessLookupError:
            return False
        return True

    def kill(self) -> None:
        """Without a warning, with all it has; returns when it is gone."""
        try:
            os.killpg(self.pid, signal.SIGKILL)
        except ProcessLookupError:
            return
        until(f"process {self.pid} is gone", lambda: not self.is_alive, 20)


class Crew:
    """Workers and a beat on this run's database. `kills` counts the workers that were killed."""

    def __init__(self, environment: Mapping[str, str], folder: Path, seed: int) -> None:
        self.environment, self.folder, self.chance = environment, folder, random.Random(seed)
        self.workers: list[Process] = []
        self.beat: Process | None = None
        self.kills = self.started = 0

    def __enter__(self) -> Self:
        self._nursery = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.nursery"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=dict(self.environment), cwd=ROOT, text=True,
        )  # fmt: skip
        return self

    def __exit__(self, *_: object) -> None:
        for process in self.everyone:
            process.kill()
        self._nursery.communicate(timeout=20)

    def begin(self, workers: int) -> None:
        """Start that many workers and a beat, and wait until they are at work."""
        self.beat = self._start("beat", "beat", "--schedule", str(self.folder / "schedule"))
        self.workers = [self._worker() for _ in range(workers)]
        until("workers and beat are at work", lambda: all(one.is_ready for one in self.everyone), 60)

    @property
    def everyone(self) -> list[Process]:
        return [*self.workers, *([self.beat] if self.beat else [])]

    def kill_one(self) -> None:
        """SIGKILL one of the workers that are at work, by chance, and start the next at once."""
        until("a worker is at work", lambda: any(one.is_ready for one in self.workers), 60)
        victim = self.chance.choice([one for one in self.workers if one.is_ready])
        assert victim.is_alive, f"a worker ended by itself: {victim.log.read_text()[-2000:]}"
        victim.kill()
        self.kills += 1
        self.workers[self.workers.index(victim)] = self._worker()

    def _worker(self) -> Process:
        name = f"w{self.started}"
        return self._start(
            name, "worker", "--pool", "threads", "--concurrency", str(THREADS), "--without-gossip", "--without-mingle", "-n", name
        )  # fmt: skip

    def _start(self, name: str, *arguments: str) -> Process:
        assert self._nursery.stdin is not None
        assert self._nursery.stdout is not None
        self.started += 1
        log = self.folder / f"{name}.log"
        argv = ["celery", "-q", "-A", "config", *arguments, "-l", "WARNING"]
        self._nursery.stdin.write(json.dumps({"argv": argv, "log": str(log)}) + "\n")
        self._nursery.stdin.flush()
        return Process(int(self._nursery.stdout.readline()), log)

    def said(self) -> str:
        """The last words of those that logged anything."""
        logs = sorted(self.folder.glob("*.log"))
        return "\n".join(f"{log.name}: {log.read_text()[-1500:]}" for log in logs if log.stat().st_size)


@dataclass(slots=True)
class Peer:
    """A counting server; what it took stands in its log before its sender knows."""

    port: int
    log: Path

    def count(self) -> int:
        return self.log.read_bytes().count(b"\n") if self.log.exists() else 0

    def lines(self) -> list[list[str]]:
        return [line.split("\t") for line in self.log.read_text().splitlines()] if self.log.exists() else []


@contextmanager
def peer(module: str, log: Path, *options: str) -> Iterator[Peer]:
    """`python -m tests.peers.<module>` on a port of its own choice."""
    command = [sys.executable, "-u", "-m", f"tests.peers.{module}", "--log", str(log), *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT, text=True, start_new_session=True) as process:
        assert process.stdout is not None
        try:
            yield Peer(int(process.stdout.readline().rpartition(":")[2]), log)
        finally:
            process.kill()
