"""A mail service on loopback, as far as a client sees it: takes API calls, answers as told. Speaks Mailgun's answers."""

from __future__ import annotations

import json
import re
import threading
from base64 import b64decode
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Self
from urllib.parse import unquote_plus


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 65536
    server: Server

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode("utf-8", "replace")
        peer, text = self.server.peer, unquote_plus(body)
        peer.calls.append((self.path, body))
        act = next((act for address, act in peer.acts.items() if address in _readable(body)), peer.answer)
        if callable(act):
            act = act(body)
        if act == "close":
            peer.bodies.append(text)
            self.close_connection = True
            return
        if act == "hang":
            peer.gate.wait(20)
            self.close_connection = True
            return
        status, told, headers = act if isinstance(act, tuple) else (200, act, {})
        if 200 <= status < 300:
            peer.bodies.append(text)
        self._say(status, told, headers)

    def _say(self, status: int, told: object, headers: Mapping[str, str]) -> None:
        data = told.encode() if isinstance(told, str) else json.dumps(told).encode()
        self.send_response(status)
        for name, value in {"Content-Type": "application/json", "Content-Length": str(len(data)), **headers}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(data)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""


def _readable(body: str) -> str:
    """The body with what is in it in base64, as Amazon is sent whole mails."""
    told = re.search(r'"Data": ?"([A-Za-z0-9+/=]+)"', body)
    return unquote_plus(body) + (b64decode(told[1]).decode("utf-8", "replace") if told else "")


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    peer: ServicePeer


class ServicePeer:
    """`acts`: part of a request -> "hang", "close", a body for 200, (status, body, headers), or what makes one of these of the request.
    `bodies`: what was taken; `calls`: path and body of each request."""

    answer: object = {"id": "<20261122.1@mg.aurora.example>", "message": "Queued. Thank you."}

    def __init__(self, answer: object = None) -> None:
        if answer is not None:
            self.answer = answer
        self.acts: dict[str, object] = {}
        self.bodies: list[str] = []
        self.calls: list[tuple[str, str]] = []
        self.gate = threading.Event()
        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.peer = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/v3/"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.gate.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)
