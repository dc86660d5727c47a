"""A real worker on a real broker, in a time that the test moves."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any

import pytest
import time_machine
from celery import signals
from celery.contrib.testing.worker import start_worker
from django.db import connections

from channels import accounts
from config.celery import app
from tests.chat import chat_kind
from tests.scenarios.staff import Staff

__all__ = ["chat_kind", "clock", "staff"]

# A Monday, ten in the morning in Madrid.
MONDAY = datetime.fromisoformat("2026-11-23T10:00:00+01:00")
TICK = (
    "cascades.tasks.launch",
    "cascades.tasks.wake",
    "cascades.tasks.advance",
    "channels.tasks.send",
    "channels.tasks.apply_inbound",
    "cascades.tasks.wake",
)


@app.task(name="tests.let_go")
def let_go() -> None:
    """Close the connections of the worker's own thread, with which the test database could not be dropped."""
    accounts.let_go()
    connections.close_all()


class Clock:
    """The hands of the clock, and the worker that is sent each periodic task as beat would."""

    def __init__(self, traveller: Any) -> None:
        self.traveller = traveller
        self.done: dict[str, threading.Event] = {}
        self.counted: dict[str, int] = {}
        signals.task_postrun.connect(self._finished)

    def _finished(self, task_id: str | None = None, retval: Any = None, **_: Any) -> None:
        if task_id in self.done:
            self.counted[task_id] = retval if isinstance(retval, int) else 0
            self.done[task_id].set()

    def run(self, name: str) -> int:
        """Have the worker do one task, and wait until it is done. Returns how much there was to do."""
        task_id = f"{name}-{os.urandom(4).hex()}"
        self.done[task_id] = threading.Event()
        app.send_task(name, task_id=task_id)
        assert self.done[task_id].wait(300), f"the worker did not finish {name}"
        return self.counted[task_id]

    def tick(self) -> int:
        """One round of the periodic tasks. Returns how much there was to do."""
        return sum([self.run(name) for name in TICK])

    def work(self) -> None:
        """Rounds until everything that is due now has happened."""
        for _ in range(12):
            if not self.tick():
                return

    def go(self, by: timedelta) -> None:
        """Let the worker finish what is due, move the hands, and let it work again."""
        self.tick()
        self.traveller.shift(by)
        self.work()


@pytest.fixture
def clock(transactional_db: None, broker_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    """The worker runs in a thread of its own with its own connection to the database, and takes its tasks from the broker."""
    app.conf.update(broker_url=broker_url, broker_read_url=broker_url, broker_write_url=broker_url)
    celery: Any = app
    celery._after_fork()  # forgets the connections that an earlier test opened to its own broker
    with (
        time_machine.travel(MONDAY, tick=False) as traveller,
        start_worker(
            app, pool="threads", concurrency=1, perform_ping_check=False, loglevel="ERROR", shutdown_timeout=20
        ),
    ):
        clock = Clock(traveller)
        yield clock
        clock.run("tests.let_go")


@pytest.fixture
def staff(clock: Clock) -> Staff:
    """Someone who may do everything, at the admin's pages."""
    return Staff()
