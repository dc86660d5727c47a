"""A hint to the worker that there is something to do before the next tick. A lost one costs seconds, and nothing else."""

from __future__ import annotations

import logging
import time
from typing import Any

from celery import Task

log = logging.getLogger(__name__)

# In a storm of hints one does for all of them.
QUIET_SECONDS = 0.2
EXPIRES_SECONDS = 5
_last: dict[str, float] = {}


def give(task: Task[Any, Any]) -> None:
    """Never the caller's trouble: whether the broker answers or not, the caller's work is committed."""
    name, moment = str(task.name), time.monotonic()
    if moment - _last.get(name, -QUIET_SECONDS) < QUIET_SECONDS:
        return
    _last[name] = moment
    try:
        task.apply_async(expires=EXPIRES_SECONDS, retry=False)
    except Exception as error:  # noqa: BLE001 - every broker has its own
        log.debug("no hint given: %s", error)
