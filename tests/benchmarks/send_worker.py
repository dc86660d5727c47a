"""A worker process that sends what is due: `python -m tests.benchmarks.send_worker`, by DATABASE_URL.

CASCADA_BENCH_PROFILE names a file beside which each leaves a profile.
"""

from __future__ import annotations

import cProfile
import os
import time
from contextlib import nullcontext

import django

from tests.benchmarks.crew import wait_for_go


def main() -> None:
    django.setup()
    from django.utils import timezone

    from channels import sending
    from channels.models import Channel
    from channels.transport import transport_class
    from config.celery import app

    transport_class("email")
    with app.producer_or_acquire():
        pass  # the connection to the broker is there, as in a worker that runs
    list(Channel.objects.all()[:1])  # the connection to the database is there
    wait_for_go()
    profile = cProfile.Profile() if (kept := os.environ.get("CASCADA_BENCH_PROFILE")) else nullcontext()
    sent, begun = 0, time.process_time()
    with profile:
        while handed := sending.send_due(clock=timezone.now):
            sent += handed
    if isinstance(profile, cProfile.Profile):
        profile.dump_stats(f"{kept}.{os.getpid()}")
    print(f"{sent} {time.process_time() - begun}", flush=True)


if __name__ == "__main__":
    main()
