"""A bare client: the same bytes to so many people over one kept connection. `python -m tests.benchmarks.bare_client port file count`."""

from __future__ import annotations

import smtplib
import sys
import time
from pathlib import Path

from tests.benchmarks.crew import wait_for_go


def main(port: str, file: str, count: str) -> None:
    mail = Path(file).read_bytes()
    with smtplib.SMTP("127.0.0.1", int(port)) as client:
        client.ehlo()
        wait_for_go()
        begun = time.process_time()
        for number in range(int(count)):
            client.sendmail("hello@aurora.example", [f"bare{number}@example.org"], mail)
        print(f"{count} {time.process_time() - begun}", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
