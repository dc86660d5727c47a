"""A push service on loopback: takes messages as RFC 8030 says, checks who sent them (RFC 8292), and can open them as a browser would."""

from __future__ import annotations

import base64
import json
import os
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Self

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import encode_dss_signature
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def unb64(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


@dataclass(slots=True)
class Browser:
    """A subscription with its private half."""

    endpoint: str
    private: ec.EllipticCurvePrivateKey = field(default_factory=lambda: ec.generate_private_key(ec.SECP256R1()))
    auth: bytes = field(default_factory=lambda: os.urandom(16))

    @property
    def told(self) -> dict[str, Any]:
        """As `PushSubscription.toJSON()` tells it."""
        point = self.private.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {
            "endpoint": self.endpoint,
            "expirationTime": None,
            "keys": {"p256dh": b64(point), "auth": b64(self.auth)},
        }

    def opens(self, body: bytes) -> dict[str, Any]:
        """What the message says, decrypted."""
        clear = http_ece.decrypt(body, private_key=self.private, auth_secret=self.auth, version="aes128gcm")
        told: dict[str, Any] = json.loads(clear)
        return told


@dataclass(frozen=True, slots=True)
class Taken:
    """One message that was posted. headers: names in lower case."""

    path: str
    headers: dict[str, str]
    body: bytes

    def claims(self) -> dict[str, Any]:
        """Who says to have sent it; ValueError or InvalidSignature unless the key in the header signed that."""
        scheme, _, rest = self.headers["authorization"].partition(" ")
        if scheme != "vapid":
            raise ValueError(scheme)
        parts = dict(part.split("=", 1) for part in rest.replace(" ", "").split(","))
        head, claims, signature = parts["t"].split(".")
        point, raw = unb64(parts["k"]), unb64(signature)
        if json.loads(unb64(head))["alg"] != "ES256" or len(raw) != 64:
            raise ValueError("not ES256")
        made = encode_dss_signature(int.from_bytes(raw[:32]), int.from_bytes(raw[32:]))
        key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        key.verify(made, f"{head}.{claims}".encode(), ec.ECDSA(SHA256()))
        return {**json.loads(unb64(claims)), "key": parts["k"]}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = 65536
    server: _Server

    def do_POST(self) -> None:
        peer = self.server.peer
        headers = {name.lower(): value for name, value in self.headers.items()}
        taken = Taken(self.path, headers, self.rfile.read(int(headers.get("content-length", 0))))
        act = peer.acts.get(self.path, 201)
        if act in (201, "cut", "hang", "drip", "garbage", "page"):
            peer.taken.append(taken)
        peer.connections.add(self.client_address)
        if isinstance(act, str):
            getattr(self, f"_{act}")()
            return
        status, more = act if isinstance(act, tuple) else (act, {})
        self._say(status, more)

    def _say(self, status: int, more: dict[str, str], body: bytes = b"") -> None:
        self.send_response(status)
        location = {"Location": f"{self.server.peer.url}/m/{len(self.server.peer.taken)}"} if status == 201 else {}
        for name, value in {"Content-Length": str(len(body)), **location, **more}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)

    def _cut(self) -> None:
        self.close_connection = True

    def _hang(self) -> None:
        self.server.peer.gate.wait(20)
        self.close_connection = True

    def _drip(self) -> None:
        """A letter now and then, for as long as somebody listens: no time-out between two of them ever ends this."""
        self.close_connection = True
        until = time.monotonic() + 20
        self.wfile.write(b"HTTP/1.1 201 Created\r\nX-Slow: ")
        while time.monotonic() < until and not self.server.peer.gate.wait(0.05):
            try:
                self.wfile.write(b"x")
                self.wfile.flush()
            except OSError:
                return

    def _garbage(self) -> None:
        self.wfile.write(b"220 mail.example ESMTP\r\n\r\n")
        self.close_connection = True

    def _page(self) -> None:
        self._say(200, {"Content-Type": "text/html"}, b"<html>Welcome to the Wi-Fi</html>")

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128  # else whoever comes sixth at once is not heard for a second
    peer: PushPeer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Whoever hung up hung up."""


class PushPeer:
    """A context. `acts`: path -> a status, (status, headers), or "cut", "hang", "drip", "garbage", "page"; `taken`: what was posted."""

    def __init__(self) -> None:
        self.acts: dict[str, Any] = {}
        self.taken: list[Taken] = []
        self.connections: set[Any] = set()
        self.browsers: dict[str, Browser] = {}
        self.gate = threading.Event()
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.peer = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True)
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.gate.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join(10)

    @property
    def counts(self) -> Counter[str]:
        """Messages taken per path."""
        return Counter(one.path for one in self.taken)

    def browser(self, name: str, url: str = "") -> Browser:
        """A browser that is subscribed here, the same for the same name."""
        return self.browsers.setdefault(name + url, Browser(f"{url or self.url}/s/{name}"))
