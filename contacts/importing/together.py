"""Portions that have nothing to do with each other, written over two connections at once, so that both processors are busy."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor

from django.db import connection

AT_ONCE = 2


def together(items: Sequence[int], act: Callable[[int], None]) -> None:
    """Call `act` for each item. What one of them raises stops the rest. Within a transaction, and on SQLite, one after the other."""
    if connection.vendor != "postgresql" or connection.in_atomic_block or len(items) < 2:
        for item in items:
            act(item)
        return
    todo, lock, stopped = iter(items), threading.Lock(), threading.Event()

    def work() -> None:
        try:
            while not stopped.is_set():
                with lock:
                    item = next(todo, None)
                if item is None:
                    return
                act(item)
        except BaseException:
            stopped.set()
            raise
        finally:
            connection.close()

    with ThreadPoolExecutor(AT_ONCE) as pool:
        for done in [pool.submit(work) for _ in range(AT_ONCE)]:
            done.result()
