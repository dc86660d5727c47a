"""What the loopback servers of Telegram, Viber, VK and the services behind Apprise share: HTTP, counting, and how an answer gets lost."""

from __future__ import annotations

import json
import socket
import sys
import threading
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar, Literal, Self
from urllib.parse import parse_qsl

Act = Literal["hang", "close", "garbage", "huge"]


@dataclass(frozen=True, slots=True)
class Said:
    """An answer: HTTP status, JSON, headers."""

    status: int
    told: Any
    headers: Mapping[str, str] = field(default_factory=dict)


class BotPeer(ABC):
    """The server in a thread of the test. `on(to, ...)` treats a recipient in this way; `requests`: (method's name, fields, headers)."""

    def __init__(self) -> None:
        self.requests: list[tuple[str, dict[str, Any], dict[str, str]]] = []
        self.counts: Counter[str] = Counter()
        self.acts: dict[str, Act | Said] = {}
        self.gate, self.lock = threading.Event(), threading.Lock()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.peer = self
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.gate.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    @abstractmethod
    def answer(self, path: str, fields: dict[str, Any], headers: dict[str, str]) -> Said:
        """What the provider says to this request."""

    @abstractmethod
    def recipient(self, path: str, fields: dict[str, Any]) -> str:
        """To whom this request sends a message; "" if it sends none."""

    def on(self, to: str, act: Act | Said) -> None:
        self.acts[to] = act

    def asked(self, method: str) -> list[dict[str, Any]]:
        """The fields of all requests for this method, first first."""
        return [fields for name, fields, _ in self.requests if name == method]

    def take(self, path: str, fields: dict[str, Any], headers: dict[str, str]) -> Said | Act:
        """One request: recorded, and refused, taken or lost."""
        to = self.recipient(path, fields)
        act = self.acts.get(to) if to else None
        with self.lock:
            self.requests.append((path.rpartition("/")[2], fields, headers))
            if isinstance(act, Said):
                return act
            said = self.answer(path, fields, headers)
            if to and self.took(said):
                self.counts[to] += 1
        return act or said

    def took(self, said: Said) -> bool:
        """Whether this answer means that the message was taken."""
        return said.status == 200


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    peer: BotPeer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away while we were silent is part of the game; anything else is our fault and is shown."""
        if not isinstance(sys.exc_info()[1], ConnectionError | OSError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # with Nagle and small writes every call takes 45 ms
    wbufsize = 65536
    server: _Server
    sys_version: ClassVar[str] = ""  # type: ignore[misc]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        kind = self.headers.get("Content-Type", "")
        fields = json.loads(body) if kind.startswith("application/json") else dict(parse_qsl(body.decode()))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self._say(self.server.peer.take(self.path, fields, headers))

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""

    def _say(self, said: Said | Act) -> None:
        if isinstance(said, Said):
            self._send(said.status, json.dumps(said.told).encode(), "application/json", said.headers)
        elif said == "garbage":
            self._send(200, b"<html><body>Welcome to the Wi-Fi</body></html>", "text/html", {})
        elif said == "huge":
            self._send(200, b'{"a": "' + b"x" * 1_100_000 + b'"}', "application/json", {})
        else:
            if said == "hang":
                self.server.peer.gate.wait()
            self.close_connection = True
            self.connection.shutdown(socket.SHUT_RDWR)

    def _send(self, status: int, body: bytes, kind: str, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
