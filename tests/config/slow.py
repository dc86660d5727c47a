"""A worker with one slow task, to see that an ending worker finishes what it began."""

import os
import time
from pathlib import Path

from config.celery import app


@app.task(name="tests.slow")
def slow(folder: str) -> None:
    (Path(folder) / "begun").touch()
    time.sleep(float(os.environ.get("SLOW_SECONDS", "2")))
    (Path(folder) / "finished").touch()
