"""An HTTP server on loopback that behaves as Twilio's Messages API, and reports back as Twilio does, signed.

In a test: `with TwilioPeer() as peer: peer.on("+34600000001", refuse(21610))`; point a client at `peer.url` with
`peer.account.sid` and `peer.account.token`. As a process of its own: `python -m tests.peers.twilio --log taken.tsv`.
"""

from __future__ import annotations

import argparse
import os
import queue
import sys
import threading
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Self
from urllib.error import HTTPError
from urllib.parse import urlencode, urlsplit, urlunsplit
from urllib.request import ProxyHandler, Request, build_opener

from tests.peers.twilio_account import Account, Act, Message, Pairs, close, garbage, hang, later, refuse, sign
from tests.peers.twilio_http import Handler, Server

__all__ = ["Account", "Act", "Message", "TwilioPeer", "close", "garbage", "hang", "later", "refuse", "sign"]


@dataclass(frozen=True, slots=True)
class Call:
    """A request that Twilio makes to us: where to, the form, and its signature (header X-Twilio-Signature)."""

    url: str
    form: Pairs
    signature: str


class TwilioPeer:
    """The server in a thread of the test.

    `auto`: the statuses reported by themselves after each accepted message; a message scripted with `later` ends with
    that outcome in place of the last. `via`: where callbacks go in truth (scheme and host), while URL and signature
    stay those of the public address. `inbound_url`: where answers of people are posted.
    """

    def __init__(
        self, *, auto: Sequence[str] = (), via: str = "", inbound_url: str = "", port: int = 0, delay: float = 0
    ) -> None:
        self.account = Account()
        self.auto, self.via, self.inbound_url, self.delay = tuple(auto), via, inbound_url, delay
        self.gate = threading.Event()
        self.taken: Callable[[Message], None] = lambda message: None
        self._reports: queue.SimpleQueue[Message | None] = queue.SimpleQueue()
        self._server = Server(("127.0.0.1", port), Handler)
        self._server.peer = self
        self.port: int = self._server.server_address[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._opener = build_opener(ProxyHandler({}))

    def __enter__(self) -> Self:
        self._threads = [
            threading.Thread(target=self._server.serve_forever, args=(0.02,), name="twilio-peer", daemon=True),
            threading.Thread(target=self._report, name="twilio-peer-reports", daemon=True),
        ]
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.gate.set()
        self._reports.put(None)
        self._server.shutdown()
        self._server.server_close()
        for thread in self._threads:
            thread.join(10)

    @property
    def counts(self) -> Counter[str]:
        """Accepted messages per recipient."""
        return self.account.counts

    @property
    def messages(self) -> list[Message]:
        """Accepted messages, first first."""
        return list(self.account.messages.values())

    @property
    def requests(self) -> list[Pairs]:
        """The forms of all requests to create a message, refused ones too, as they came."""
        return self.account.requests

    def on(self, number: str, act: Act, times: int | None = None) -> None:
        """Treat a recipient (a shell-like pattern) in this way, always or so many times."""
        self.account.rules.append((number, act, None if times is None else [times]))

    def behave(self) -> None:
        """Forget every scripted act."""
        self.account.rules.clear()

    def release(self) -> None:
        """End all hanging requests, without an answer."""
        self.gate.set()
        self.gate = threading.Event()

    def to(self, number: str) -> list[Message]:
        """What a recipient got, first first."""
        return [message for message in self.messages if message.to == number]

    def wait_for(self, count: int, timeout: float = 10) -> list[Message]:
        """The accepted messages once there are so many; AssertionError if they do not come in time (seconds)."""
        with self.account.changed:
            arrived = self.account.changed.wait_for(lambda: len(self.account.messages) >= count, timeout)
        assert arrived, f"{len(self.account.messages)} of {count} messages came"
        return self.messages

    def take(self, form: Pairs, act: Act | None) -> Message:
        """Accept a message; `later` decides how it will end."""
        message = self.account.create(form)
        if act and act.kind == "later":
            message.ending = (act.outcome, act.code)
        self.taken(message)
        return message

    def signed_callback(self, sid: str, status: str, error_code: int | None = None) -> Call:
        """The message moves on; the call that reports it, not sent. For tests that knock with Django's own client."""
        message = self.account.messages[sid]
        self.account.record(message, status, error_code)
        return self._signed(message.callback, message.reported(status))

    def callback(self, sid: str, status: str, error_code: int | None = None) -> int:
        """Report a status to the StatusCallback of the message; the HTTP status of our answer."""
        return self.post(self.signed_callback(sid, status, error_code))

    def signed_inbound(self, sender: str, to: str, body: str, **more: str) -> Call:
        """The call that hands over what a person wrote, not sent."""
        sid = "SM" + os.urandom(16).hex()
        form = [("MessageSid", sid), ("SmsSid", sid), ("SmsMessageSid", sid), ("AccountSid", self.account.sid)]
        form += [("From", sender), ("To", to), ("Body", body), ("NumMedia", "0"), ("NumSegments", "1")]
        form += [("SmsStatus", "received"), ("ApiVersion", "2010-04-01"), *more.items()]
        return self._signed(self.inbound_url, form)

    def inbound(self, sender: str, to: str, body: str, **more: str) -> int:
        """A person writes to us; the HTTP status of our answer. `more`: fields such as OptOutType="STOP"."""
        return self.post(self.signed_inbound(sender, to, body, **more))

    def post(self, call: Call) -> int:
        """Make a call, as often as a test likes (providers repeat themselves); the HTTP status of the answer."""
        public, via = urlsplit(call.url), urlsplit(self.via)
        target = urlunsplit((via.scheme, via.netloc, *public[2:])) if self.via else call.url
        headers = {"X-Twilio-Signature": call.signature, "Host": public.netloc, "User-Agent": "TwilioProxy/1.1"}
        request = Request(target, urlencode(call.form).encode(), headers)
        try:
            with self._opener.open(request, timeout=10) as answer:
                return int(answer.status)
        except HTTPError as error:
            with error:
                return error.code

    def report_later(self, message: Message) -> None:
        """Queue the statuses that follow by themselves."""
        if self.auto and message.callback:
            self._reports.put(message)

    def _signed(self, url: str, form: Pairs) -> Call:
        return Call(url, form, sign(self.account.token, url, form))

    def _report(self) -> None:
        while (message := self._reports.get()) is not None:
            ending = message.ending if message.ending[1] else (self.auto[-1], None)
            for status, code in [*((status, None) for status in self.auto[:-1]), ending]:
                try:
                    self.callback(message.sid, status, code)
                except OSError as error:  # nobody listens (any more): Twilio gives up too
                    sys.stderr.write(f"callback {message.callback}: {error}\n")


def _logger(path: Path) -> Callable[[Message], None]:
    """Appends `To TAB sid TAB StatusCallback TAB seconds since 1970` before the sender gets its answer."""
    file = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o644)

    def taken(message: Message) -> None:
        os.write(file, f"{message.to}\t{message.sid}\t{message.callback}\t{time.time():.3f}\n".encode())

    return taken


def main(arguments: list[str] | None = None) -> None:
    """The standalone server, until it is killed."""
    parser = argparse.ArgumentParser(prog="python -m tests.peers.twilio", description=__doc__)
    parser.add_argument("--port", type=int, default=0, help="0 chooses a free one; the first line printed names it")
    parser.add_argument("--log", type=Path, required=True)
    parser.add_argument("--auto", default="", help="statuses to report by themselves, e.g. sent,delivered")
    parser.add_argument("--via", default="", help="scheme and host where callbacks go in truth")
    parser.add_argument("--refuse", action="append", default=[], metavar="PATTERN=CODE", help="e.g. *99=21610")
    parser.add_argument("--later", action="append", default=[], metavar="PATTERN=CODE", help="e.g. *98=30003")
    parser.add_argument("--delay", type=float, default=0, help="seconds before each answer")
    options = parser.parse_args(arguments)
    auto = [status for status in options.auto.split(",") if status]
    with TwilioPeer(auto=auto, via=options.via, port=options.port, delay=options.delay) as peer:
        peer.taken = _logger(options.log)
        for rules, act in ((options.refuse, refuse), (options.later, later)):
            for rule in rules:
                pattern, _, code = rule.rpartition("=")
                peer.on(pattern, act(int(code)))
        sys.stdout.write(f"listening on 127.0.0.1:{peer.port}\n")
        sys.stdout.flush()
        threading.Event().wait()


if __name__ == "__main__":
    main()
