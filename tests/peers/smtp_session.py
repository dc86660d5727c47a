"""The talk of a mail server, one connection at a time, and the script of its moods. Started by `smtp`."""

from __future__ import annotations

import asyncio
import base64
import re
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from fnmatch import fnmatchcase
from typing import Literal

Stage = Literal["connect", "auth", "mail", "rcpt", "data", "body"]

_PATH = re.compile(rb"<([^>]*)>")
_END, _EMPTY_END = b"\r\n.\r\n", b".\r\n"


@dataclass(frozen=True, slots=True)
class Act:
    """What happens instead of a yes, and when: `data` is before the go-ahead, `body` after the mail's last line.

    `taken`: the mail was accepted and counts before the line is dropped or goes silent, so its sender cannot know.
    """

    kind: Literal["refuse", "hang", "drop"]
    at: Stage
    code: int = 0
    text: str = "scripted"
    taken: bool = False
    seconds: float | None = None


def refuse(code: int, at: Stage = "rcpt", text: str = "scripted") -> Act:
    """Answer with a 4xx or 5xx code; 421 also hangs up."""
    return Act("refuse", at, code, text)


def hang(at: Stage = "body", *, taken: bool = True, seconds: float | None = None) -> Act:
    """No answer until `release()`, or for some seconds; then all goes on as if nothing had been."""
    return Act("hang", at, taken=taken and at == "body", seconds=seconds)


def drop(at: Stage = "body", *, taken: bool = True) -> Act:
    """The connection is cut without a word."""
    return Act("drop", at, taken=taken and at == "body")


@dataclass(frozen=True, slots=True)
class Mail:
    """One accepted mail: its envelope and its bytes as they came over the wire, dots unstuffed."""

    sender: str
    recipients: tuple[str, ...]
    raw: bytes

    @property
    def parsed(self) -> EmailMessage:
        message = message_from_bytes(self.raw, policy=policy.default)
        assert isinstance(message, EmailMessage)
        return message

    def header(self, name: str) -> str:
        """A header's value, unfolded, without parsing the mail; empty if absent. Cheap enough for benchmarks."""
        head = self.raw.partition(b"\r\n\r\n")[0]
        found = re.search(rb"(?im)^" + re.escape(name.encode()) + rb":[ \t]*(.*(?:\r\n[ \t].*)*)", head)
        return re.sub(r"\s+", " ", found[1].decode("utf-8", "replace")).strip() if found else ""


class Script:
    """Who is treated how. Patterns are shell-like and match recipients in lower case; the first that fits acts."""

    def __init__(self) -> None:
        self._rules: list[tuple[str | None, Act, list[int] | None]] = []
        self._lock = threading.Lock()

    def add(self, pattern: str | None, act: Act, times: int | None) -> None:
        with self._lock:
            self._rules.append((pattern.lower() if pattern else None, act, None if times is None else [times]))

    def clear(self) -> None:
        with self._lock:
            self._rules.clear()

    def find(self, at: Stage, recipients: list[str]) -> Act | None:
        """The act for this moment, used up once if it is counted."""
        if not self._rules:
            return None
        with self._lock:
            for pattern, act, left in self._rules:
                fits = pattern is None or any(fnmatchcase(address.lower(), pattern) for address in recipients)
                if act.at == at and fits and left != [0]:
                    if left:
                        left[0] -= 1
                    return act
        return None


@dataclass(slots=True)
class House:
    """What all connections of one server share."""

    take: Callable[[Mail], None]
    script: Script = field(default_factory=Script)
    login: tuple[str, str] | None = None
    tls: ssl.SSLContext | None = None
    pipelining: bool = True
    gullible: bool = False  # says "go on" to DATA though there is nobody to take the mail, as RFC 2920 lets a server do
    sessions: set[Session] = field(default_factory=set)
    connections: int = 0
    writes: int = 0


class Session(asyncio.Protocol):
    """One connection. Reads whatever has come, answers in one write, so that pipelining clients are served fast."""

    transport: asyncio.Transport

    def __init__(self, house: House) -> None:
        self.house = house
        self.buffer = bytearray()
        self.replies: list[bytes] = []
        self.silent = self.in_body = self.secure = self.known = False
        self.sender: str | None = None
        self.recipients: list[str] = []
        self.held: Callable[[], None] | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        self.house.sessions.add(self)
        self.house.connections += 1
        self._answer("connect", b"220 peer ESMTP")
        self._flush()

    def connection_lost(self, exc: Exception | None) -> None:
        self.house.sessions.discard(self)

    def data_received(self, data: bytes) -> None:
        self.buffer += data
        self._work()

    def release(self) -> None:
        """Say what a hang held back, and go on."""
        held, self.held = self.held, None
        if held:
            self.silent = False
            held()
            self._work()

    def _work(self) -> None:
        while not self.silent and (self._body() if self.in_body else self._command()):
            pass
        self._flush()

    def _flush(self) -> None:
        if self.replies and not self.transport.is_closing():
            self.house.writes += 1
            self.transport.write(b"\r\n".join(self.replies) + b"\r\n")
        self.replies.clear()

    def _command(self) -> bool:
        end = self.buffer.find(b"\n")
        if end < 0:
            return False
        line = bytes(self.buffer[:end]).rstrip(b"\r")
        del self.buffer[: end + 1]
        verb = _VERBS.get(line[:4].upper())
        if verb:
            verb(self, line)
        else:
            self.replies.append(b"500 what?")
        return True

    def _body(self) -> bool:
        end = 0 if self.buffer.startswith(_EMPTY_END) else self.buffer.find(_END)
        if end < 0:
            return False
        raw = bytes(self.buffer[: end + 2]) if end else b""
        del self.buffer[: end + (len(_END) if end else len(_EMPTY_END))]
        raw = (b"\r\n" + raw).replace(b"\r\n.", b"\r\n")[2:] if b"\r\n." in raw or raw[:1] == b"." else raw
        mail = Mail(self.sender or "", tuple(self.recipients), raw)
        self.in_body = False
        self._answer("body", b"250 taken", lambda: self.house.take(mail))
        self._reset()
        return True

    def _reset(self) -> None:
        self.sender, self.recipients = None, []

    def _answer(self, at: Stage, yes: bytes, then: Callable[[], None] | None = None, whom: str = "") -> None:
        """Do what belongs to a yes and say it, unless the script wants something else at this point."""
        act = self.house.script.find(at, [whom] if whom else self.recipients)
        if then and (act is None or act.taken):
            then()
        if act is None:
            self.replies.append(yes)
        elif act.kind == "refuse":
            self.replies.append(f"{act.code} {act.text}".encode())
            if act.code == 421:
                self._hang_up()
        elif act.kind == "drop":
            self._flush()
            self.silent = True
            self.transport.abort()
        else:
            self._hold(act, yes, None if act.taken else then)

    def _hold(self, act: Act, yes: bytes, then: Callable[[], None] | None) -> None:
        def go_on() -> None:
            if then:
                then()
            self.replies.append(yes)

        self._flush()
        self.silent, self.held = True, go_on
        if act.seconds is not None:
            asyncio.get_running_loop().call_later(act.seconds, self.release)

    def _hang_up(self) -> None:
        self._flush()
        self.silent = True
        self.transport.close()

    # The verbs, by their first four letters.

    def ehlo(self, line: bytes) -> None:
        offers = ["peer", "8BITMIME", "SIZE 33554432"]
        offers += ["PIPELINING"] if self.house.pipelining else []
        offers += ["STARTTLS"] if self.house.tls and not self.secure else []
        offers += ["AUTH PLAIN"] if self.house.login else []
        self._reset()
        lines = [f"250{'-' if offer is not offers[-1] else ' '}{offer}" for offer in offers]
        self.replies.append("\r\n".join(lines).encode())

    def helo(self, line: bytes) -> None:
        self._reset()
        self.replies.append(b"250 peer")

    def auth(self, line: bytes) -> None:
        login = self.house.login
        given = base64.b64decode(line.split()[-1]) if len(line.split()) == 3 else b""
        if login is None or given.split(b"\0")[1:] != [part.encode() for part in login]:
            self.replies.append(b"535 5.7.8 wrong user name or password")
        else:
            self._answer("auth", b"235 welcome", lambda: setattr(self, "known", True))

    def starttls(self, line: bytes) -> None:
        if self.house.tls is None or self.secure:
            self.replies.append(b"502 no")
            return
        self.replies.append(b"220 go ahead")
        self._flush()
        self.silent = True
        self.upgrade = asyncio.ensure_future(self._to_tls(self.house.tls))

    async def _to_tls(self, tls: ssl.SSLContext) -> None:
        loop = asyncio.get_running_loop()
        transport = await loop.start_tls(self.transport, self, tls, server_side=True)
        assert isinstance(transport, asyncio.Transport)
        self.transport, self.secure, self.silent = transport, True, False
        self._work()

    def mail(self, line: bytes) -> None:
        if self.house.login and not self.known:
            self.replies.append(b"530 5.7.0 log in first")
            return
        found = _PATH.search(line)
        sender = found[1].decode() if found else ""
        self.recipients = []
        self._answer("mail", b"250 ok", lambda: setattr(self, "sender", sender))

    def rcpt(self, line: bytes) -> None:
        found = _PATH.search(line)
        if self.sender is None or not found:
            self.replies.append(b"503 5.5.1 not now")
            return
        address = found[1].decode()
        self._answer("rcpt", b"250 ok", lambda: self.recipients.append(address), address)

    def data(self, line: bytes) -> None:
        if not self.recipients and not self.house.gullible:
            self.replies.append(b"503 5.5.1 nobody to take it")
        else:
            self._answer("data", b"354 go on", lambda: setattr(self, "in_body", True))

    def rset(self, line: bytes) -> None:
        self._reset()
        self.replies.append(b"250 ok")

    def noop(self, line: bytes) -> None:
        self.replies.append(b"250 ok")

    def quit(self, line: bytes) -> None:
        self.replies.append(b"221 bye")
        self._hang_up()


_VERBS: dict[bytes, Callable[[Session, bytes], None]] = {
    b"EHLO": Session.ehlo, b"HELO": Session.helo, b"AUTH": Session.auth, b"STAR": Session.starttls,
    b"MAIL": Session.mail, b"RCPT": Session.rcpt, b"DATA": Session.data, b"RSET": Session.rset,
    b"NOOP": Session.noop, b"QUIT": Session.quit,
}  # fmt: skip
