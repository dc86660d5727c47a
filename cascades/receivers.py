"""Nudges received: a hint to the worker that there is something to do before the next tick. A lost one costs seconds."""

from __future__ import annotations

import logging
import time
from typing import Any

from celery import Task

from cascades import signals, tasks
from contacts.signals import facts_recorded

log = logging.getLogger(__name__)

# In a storm of facts one hint does for all of them.
QUIET_SECONDS = 0.2
EXPIRES_SECONDS = 5
_last: dict[str, float] = {}


def connect() -> None:
    """Called once, when the room is ready."""
    signals.launch_planned.connect(on_launch_planned)
    signals.people_entered.connect(on_people_entered)
    facts_recorded.connect(on_facts)


def on_launch_planned(**_: Any) -> None:
    _nudge(tasks.launch)


def on_people_entered(**_: Any) -> None:
    _nudge(tasks.advance)


def on_facts(**_: Any) -> None:
    _nudge(tasks.wake)


def _nudge(task: Task[Any, Any]) -> None:
    """Never the caller's trouble: whether the broker answers or not, the caller's work is committed."""
    name, moment = str(task.name), time.monotonic()
    if moment - _last.get(name, -QUIET_SECONDS) < QUIET_SECONDS:
        return
    _last[name] = moment
    try:
        task.apply_async(expires=EXPIRES_SECONDS, retry=False)
    except Exception as error:  # noqa: BLE001 - every broker has its own
        log.debug("no hint given: %s", error)
