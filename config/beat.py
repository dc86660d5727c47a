"""Beat's scheduler: the rows that staff see, and an end that waits for the tick in hand."""

import signal
from types import FrameType
from typing import Any

from celery.beat import Service
from django_celery_beat.schedulers import DatabaseScheduler


class Scheduler(DatabaseScheduler):
    """Asked to end, it ends between two ticks, and at once where it only waits for the next.

    Celery's own handler writes to the database from inside the signal. Where that interrupts a query, psycopg's connection is locked by the
    very thread that now waits for it, for ever.
    """

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        self.asked = False
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self.ask)
        super().__init__(*args, **kwargs)  # type: ignore[no-untyped-call]

    def ask(self, _number: int, frame: FrameType | None) -> None:
        """The signal's handler: it may stand anywhere in the program, so only the loop's own frame is left from here."""
        self.asked = True
        if frame is not None and frame.f_code is Service.start.__code__:
            raise SystemExit

    def tick(self, *args: Any, **kwargs: Any) -> Any:
        """Send what is due; returns how many seconds to wait."""
        interval = None if self.asked else super().tick(*args, **kwargs)
        if self.asked:
            raise SystemExit
        return interval
