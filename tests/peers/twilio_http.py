"""The HTTP face of `TwilioPeer`: paths, login, JSON, and the ways in which an answer gets lost."""

from __future__ import annotations

import base64
import json
import re
import socket
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, ClassVar
from urllib.parse import parse_qsl, urlencode, urlsplit

from tests.peers.twilio_account import Message, Pairs, error_json, fault

if TYPE_CHECKING:
    from tests.peers.twilio import TwilioPeer

_PATH = re.compile(r"^/2010-04-01/Accounts/([^/]+)/Messages(?:/([^/]+))?\.json$")


class Handler(BaseHTTPRequestHandler):
    """One connection, kept alive."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True  # with Nagle and small writes every call takes 45 ms
    wbufsize = 65536
    server: Server
    sys_version: ClassVar[str] = ""  # type: ignore[misc]

    def do_POST(self) -> None:
        form = parse_qsl(self.rfile.read(int(self.headers.get("Content-Length", 0))).decode(), keep_blank_values=True)
        sid = self._allowed()
        if sid is None:
            return
        if sid:
            self._update(sid, dict(form))
        else:
            self._create(form)

    def do_GET(self) -> None:
        if urlsplit(self.path).path == f"/2010-04-01/Accounts/{self.server.peer.account.sid}/Balance.json":
            self._say(200, self.server.peer.account.balance)
            return
        sid = self._allowed()
        if sid is None:
            return
        account = self.server.peer.account
        if not sid:
            self._list(account.found(dict(parse_qsl(urlsplit(self.path).query))))
        elif sid in account.messages:
            self._say(200, account.messages[sid].json())
        else:
            self._refuse(20404)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""

    def _allowed(self) -> str | None:
        """The message named by the path, "" for the whole list, None if the answer was a refusal."""
        account = self.server.peer.account
        login = base64.b64encode(f"{account.sid}:{account.token}".encode()).decode()
        found = _PATH.match(urlsplit(self.path).path)
        if self.headers.get("Authorization") != f"Basic {login}":
            self._refuse(20003)
        elif not found or found[1] != account.sid:
            self._refuse(20404)
        else:
            return found[2] or ""
        return None

    def _create(self, form: Pairs) -> None:
        peer = self.server.peer
        peer.account.requests.append(form)
        if (code := fault(form, peer.account.talking)) is not None:
            self._refuse(code)
            return
        act = peer.account.act_for(dict(form)["To"])
        if act and act.kind == "refuse":
            self._refuse(act.code, act.retry_after)
            return
        if peer.delay:
            time.sleep(peer.delay)
        message = peer.take(form, act) if act is None or act.taken else None
        if act is None or act.kind == "later":
            assert message is not None
            self._say(201, message.json())
            peer.report_later(message)
        elif act.kind == "garbage":
            self._send(200, b"<html><body>Welcome to the Wi-Fi</body></html>", "text/html")
        else:
            if act.kind == "hang":
                peer.gate.wait()
            self._cut()

    def _update(self, sid: str, form: dict[str, str]) -> None:
        message = self.server.peer.account.messages.get(sid)
        if message is None:
            self._refuse(20404)
            return
        if form.get("Status") == "canceled":
            message.status = "canceled"
        elif form.get("Body") == "":
            message.body = ""
        self._say(200, message.json())

    def _list(self, messages: list[Message]) -> None:
        query = dict(parse_qsl(urlsplit(self.path).query))
        page, size = int(query.get("Page", 0)), int(query.get("PageSize", 50))
        shown = messages[page * size : (page + 1) * size]
        path = urlsplit(self.path).path

        def uri(number: int) -> str:
            return f"{path}?{urlencode({**query, 'Page': number, 'PageSize': size})}"

        more = uri(page + 1) if messages[(page + 1) * size :] else None
        self._say(200, {
            "messages": [message.json() for message in shown], "page": page, "page_size": size, "uri": self.path,
            "first_page_uri": uri(0), "previous_page_uri": uri(page - 1) if page else None, "next_page_uri": more,
            "start": page * size, "end": page * size + max(len(shown) - 1, 0),
        })  # fmt: skip

    def _refuse(self, code: int, retry_after: int | None = None) -> None:
        status, body = error_json(code)
        self._say(status, body, {} if retry_after is None else {"Retry-After": str(retry_after)})

    def _say(self, status: int, body: dict[str, Any], headers: dict[str, str] | None = None) -> None:
        self._send(status, json.dumps(body).encode(), "application/json", headers or {})

    def _send(self, status: int, body: bytes, kind: str, headers: dict[str, str] | None = None) -> None:
        self.send_response(status)
        for name, value in {"Content-Type": kind, "Content-Length": str(len(body)), **(headers or {})}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)
        self.wfile.flush()

    def _cut(self) -> None:
        self.close_connection = True
        self.connection.shutdown(socket.SHUT_RDWR)


class Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 256
    peer: TwilioPeer

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away while we were silent is part of the game; anything else is our fault and is shown."""
        if not isinstance(sys.exc_info()[1], ConnectionError | OSError):
            super().handle_error(request, client_address)
