"""Starts worker and beat processes quickly: it has loaded the program once, and each of them is a fork of it.

Fifty starts of a worker from nothing are three minutes of loading alone. A fork is a process of its own, with its own process group and
its own connections (none is open here), and runs Celery's own command line. `python -m tests.faults.nursery`: each line on stdin is
`{"argv": [...], "log": path}`, answered by a line with the process id. It ends with its stdin.
"""

from __future__ import annotations

import json
import os
import signal
import sys
from importlib import import_module
from pathlib import Path

READY = ".ready"
LOADED = (
    "celery.apps.beat", "celery.apps.worker", "celery.bin.beat", "celery.bin.worker", "celery.concurrency.thread",
    "celery.worker.consumer", "channels.transports.email", "channels.transports.twilio.api", "django_celery_beat.schedulers",
    "kombu.transport.redis",
)  # fmt: skip


def _load() -> None:
    import django

    django.setup()
    for part in LOADED:
        import_module(part)
    from config.celery import app

    app.loader.import_default_modules()
    app.finalize()


def _become(argv: list[str], log: Path) -> None:
    """In the child: what a shell would have started."""
    from celery.signals import beat_init, worker_ready

    os.setsid()
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    output = os.open(log, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)
    empty = os.open(os.devnull, os.O_RDONLY)
    for number, file in ((0, empty), (1, output), (2, output)):
        os.dup2(file, number)

    def tell(**_: object) -> None:
        log.with_suffix(READY).touch()

    worker_ready.connect(tell, weak=False)
    beat_init.connect(tell, weak=False)
    sys.argv = argv
    from celery.__main__ import main

    sys.exit(main())


def main() -> None:
    _load()
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for the dead
    for line in sys.stdin:
        wanted = json.loads(line)
        sys.stdout.flush()
        pid = os.fork()
        if pid == 0:
            _become(wanted["argv"], Path(wanted["log"]))
        sys.stdout.write(f"{pid}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
