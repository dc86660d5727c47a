"""Processes that load, say "ready", wait for "go", and say how much they did and how long they computed: loading is not measured."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, NamedTuple

ROOT = Path(__file__).resolve().parents[2]


class Work(NamedTuple):
    """How many each process did, seconds until the last was done, and the seconds of a processor that they took together."""

    done: list[int]
    seconds: float
    busy: float


@contextmanager
def mail_server(log: Path) -> Iterator[int]:
    """The counting mail server as a process of its own; yields its port."""
    command = [sys.executable, "-m", "tests.peers.smtp", "--log", str(log)]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    try:
        yield int(_line(server.stdout).rpartition(":")[2])
    finally:
        _end(server)


def together(commands: Sequence[Sequence[str]], environment: Mapping[str, str]) -> Work:
    """Run `python -m <command>` for each, all from the same moment."""
    workers = [
        subprocess.Popen(
            [sys.executable, "-m", *command], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=dict(environment)
        )
        for command in commands
    ]  # fmt: skip
    try:
        for worker in workers:
            assert _line(worker.stdout) == "ready"
        begun = time.perf_counter()
        for worker in workers:
            assert worker.stdin
            worker.stdin.write("go\n")
            worker.stdin.flush()
        told = [_line(worker.stdout).split() for worker in workers]
        return Work([int(done) for done, _ in told], time.perf_counter() - begun, sum(float(busy) for _, busy in told))
    finally:
        for worker in workers:
            _end(worker)


def _end(process: subprocess.Popen[str]) -> None:
    process.kill()
    process.wait(10)
    for pipe in (process.stdin, process.stdout):
        if pipe:
            with suppress(BrokenPipeError):
                pipe.close()


def _line(output: IO[str] | None) -> str:
    assert output
    line = output.readline().strip()
    assert line, "a process ended without a word"
    return line


def wait_for_go() -> None:
    """In the process: ready."""
    print("ready", flush=True)
    sys.stdin.readline()
