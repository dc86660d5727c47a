"""A real mail server on loopback: it takes mail, counts it, and misbehaves as told (refuses, hangs, drops the line).

In a test: `with SmtpPeer() as peer: peer.on("ana@example.com", refuse(550))`. As a process of its own, for runs that
kill workers and for benchmarks: `python -m tests.peers.smtp --port 2525 --log taken.tsv`.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Self

from tests.peers.certificate import write_certificate
from tests.peers.smtp_session import Act, House, Mail, Session, drop, hang, refuse

__all__ = ["Act", "Mail", "SmtpPeer", "drop", "hang", "refuse"]


class SmtpPeer:
    """The server in a thread of the test. `messages` as they were accepted; `counts` per recipient in lower case."""

    def __init__(
        self,
        *,
        login: tuple[str, str] | None = None,
        tls: bool = False,
        pipelining: bool = True,
        gullible: bool = False,
    ) -> None:
        self.host, self.port = "127.0.0.1", 0
        self.messages: list[Mail] = []
        self.counts: Counter[str] = Counter()
        self._arrived = threading.Condition()
        self._house = House(self._take, login=login, pipelining=pipelining, gullible=gullible)
        self._folder = TemporaryDirectory() if tls else None
        self.certificate = Path(self._folder.name, "peer.pem") if self._folder else None
        if self.certificate:
            self._house.tls = write_certificate(self.certificate)

    def __enter__(self) -> Self:
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="smtp-peer", daemon=True)
        self._thread.start()
        opened = self._loop.create_server(lambda: Session(self._house), self.host, 0)
        self._server = asyncio.run_coroutine_threadsafe(opened, self._loop).result(10)
        self.port = self._server.sockets[0].getsockname()[1]
        return self

    def __exit__(self, *_: object) -> None:
        asyncio.run_coroutine_threadsafe(self._close(), self._loop).result(10)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(10)
        self._loop.close()
        if self._folder:
            self._folder.cleanup()

    def on(self, recipient: str | None, act: Act, times: int | None = None) -> None:
        """Treat a recipient (a pattern; None is everyone) in this way, always or so many times."""
        self._house.script.add(recipient, act, times)

    def behave(self) -> None:
        """Forget every scripted act; what hangs goes on hanging until `release()`."""
        self._house.script.clear()

    def release(self) -> None:
        """Answer all that hang."""
        for session in list(self._house.sessions):
            self._loop.call_soon_threadsafe(session.release)

    @property
    def connections(self) -> int:
        """How many connections were ever opened."""
        return self._house.connections

    @property
    def writes(self) -> int:
        """How often it answered: once for all commands that came together."""
        return self._house.writes

    def to(self, recipient: str) -> list[Mail]:
        """What a recipient got, first first."""
        return [mail for mail in list(self.messages) if recipient.lower() in map(str.lower, mail.recipients)]

    def wait_for(self, count: int, timeout: float = 10) -> list[Mail]:
        """The accepted mails once there are so many; AssertionError if they do not come in time (seconds)."""
        with self._arrived:
            arrived = self._arrived.wait_for(lambda: len(self.messages) >= count, timeout)
        assert arrived, f"{len(self.messages)} of {count} mails came"
        return list(self.messages)

    def _take(self, mail: Mail) -> None:
        with self._arrived:
            self.messages.append(mail)
            self.counts.update(address.lower() for address in mail.recipients)
            self._arrived.notify_all()

    async def _close(self) -> None:
        self._server.close()
        for session in list(self._house.sessions):
            session.transport.abort()
        await asyncio.sleep(0)


def _logger(path: Path, header: str) -> Callable[[Mail], None]:
    """Appends `recipient TAB Message-ID TAB header TAB seconds since 1970` before the sender gets its yes."""
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def take(mail: Mail) -> None:
        tail = f"{mail.header('Message-ID')}\t{mail.header(header) if header else ''}\t{time.time():.3f}\n"
        os.write(file, "".join(f"{address}\t{tail}" for address in mail.recipients).encode())

    return take


async def _serve(options: argparse.Namespace) -> None:
    house = House(_logger(options.log, options.header))
    for rule in options.refuse:
        pattern, _, code = rule.rpartition("=")
        house.script.add(pattern, refuse(int(code)), None)
    if options.delay:
        house.script.add(None, hang("body", seconds=options.delay), None)
    server = await asyncio.get_running_loop().create_server(lambda: Session(house), "127.0.0.1", options.port)
    sys.stdout.write(f"listening on 127.0.0.1:{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


def main(arguments: list[str] | None = None) -> None:
    """The standalone server, until it is killed."""
    parser = argparse.ArgumentParser(prog="python -m tests.peers.smtp", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 chooses a free one; the first line printed names it")
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--header", default="", help="a header of ours to log beside the Message-ID")
    parser.add_argument("--refuse", action="append", default=[], metavar="PATTERN=CODE", help="e.g. bounce*=550")
    parser.add_argument("--delay", type=float, default=0, help="seconds before each mail is answered")
    asyncio.run(_serve(parser.parse_args(arguments)))


if __name__ == "__main__":
    main()
