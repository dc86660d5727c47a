"""Plain SMTP over a kept connection: opened by Django's mail backend, talked to step by step, so that it is known how far a mail came."""

from __future__ import annotations

import re
import smtplib
import ssl
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from time import monotonic
from typing import NamedTuple, cast

from django.core.mail.backends.smtp import EmailBackend

from channels.redaction import redact
from channels.transport import Account, Fault, Outgoing, Receipt, Refused, Result, Sender, Unclear
from channels.transports.email import mime

# RFC 3463: 5.1.1 bad mailbox, 5.1.2 bad system, 5.1.3 bad syntax, 5.1.6 moved, 5.1.10 null MX (RFC 7505).
# 5.2.1, mailbox disabled, is left out: it may come back.
_DEAD = re.compile(r"\b5\.1\.(?:1|2|3|6|10)\b")
_ENHANCED = re.compile(r"\b[245]\.\d{1,3}\.\d{1,3}\b")
_UNKNOWN_USER = re.compile(
    r"user (?:is )?unknown|unknown (?:user|recipient|mailbox|address)|no such (?:user|recipient|mailbox|address|person)|"
    r"(?:user|mailbox|recipient|address|account) (?:does not|doesn't) exist|(?:user|mailbox|recipient|address) not found|"
    r"invalid (?:recipient|mailbox)",
    re.IGNORECASE,
)
_CONTENT = re.compile(
    r"\b5\.(?:6\.\d+|3\.4)\b|spam|content|virus|malware|phish|message size|too (?:large|big)", re.IGNORECASE
)
_GO_AHEAD, _GOODBYE = 354, 421
_OVER = (_GOODBYE, -1)  # smtplib's -1: an answer that is none, after which nobody knows which answer belongs to what
_BREAK = re.compile(r"[\r\n]")
# After so many lost lines in a row the server counts as away.
_PATIENCE = 3
_ACCOUNT_CODES = {454, 530, 534, 535, 538}  # RFC 4954: log in first, wrong password, mechanism too weak ...


def is_dead_address(code: int, words: str) -> bool:
    """True only where an SMTP answer says that this mailbox does not exist; policy, full and unknown answers keep the address."""
    if enhanced := _ENHANCED.search(words):
        return bool(_DEAD.match(enhanced[0]))
    return code in (550, 551, 553) and bool(_UNKNOWN_USER.search(words))


def refusal(code: int, words: str, *, stage: str, secrets: Mapping[str, str]) -> Refused:
    """What a 4xx or 5xx answer at "login", "sender", "recipient" or "body" means."""
    found = _ENHANCED.search(words)
    reason, detail = (f"{code} {found[0]}" if found else str(code)), redact(words, secrets)
    if code in _ACCOUNT_CODES or (stage == "login" and code >= 500):
        return Refused(Fault.ACCOUNT, reason, detail)
    if code < 500:
        return Refused(Fault.TEMPORARY, reason, detail)
    if "relay" in words.lower():  # this server does not carry our mail at all
        return Refused(Fault.ACCOUNT, reason, detail)
    if stage == "sender" or (stage == "body" and code in (552, 554) and _CONTENT.search(words)):
        return Refused(Fault.TEXT, reason, detail)
    return Refused(Fault.PERSON, reason, detail, address_dead=stage == "recipient" and is_dead_address(code, words))


class _Step(NamedTuple):
    """A command before the mail. stage: whom a no concerns; yes: the codes that let it go on."""

    stage: str
    command: str
    yes: tuple[int, ...]


class Line:
    """One connection to one server, kept from mail to mail and opened again when it was lost between two."""

    def __init__(self, account: Account, timeout: float) -> None:
        self.account = account
        self.timeout = timeout
        self._backend: EmailBackend | None = None

    def send_many(self, messages: Sequence[Outgoing]) -> Iterator[tuple[str, Result]]:
        """One after the other. When the server is away, the rest do not wait for it one by one but come again later."""
        losses = 0
        reason = ""
        for message in messages:
            if losses >= _PATIENCE:
                yield message.key, Refused(Fault.TEMPORARY, reason)
                continue
            result = self.send(message, message.sender if message.sender.address else self.account.sender)
            losses = losses + 1 if isinstance(result, _Lost | Unclear) else 0
            reason = result.reason if isinstance(result, _Lost | Unclear) else ""
            yield message.key, result

    def send(self, message: Outgoing, sender: Sender) -> Result:
        """Hand over one mail; never takes longer than the time-out, give or take one answer."""
        try:
            recipient = message.to if message.to.isascii() else mime.ascii_address(message.to)
        except UnicodeError:
            return Refused(Fault.PERSON, "unsupported_address", "letters outside ASCII before the @")
        if _BREAK.search(recipient + sender.address):  # it would be read as a command of its own
            return Refused(Fault.PERSON, "unsupported_address", "a line break in the address")
        identifier = mime.message_id(message, sender)
        body = mime.build(message, sender, identifier)
        kept = self._backend is not None
        result = self._try(sender.address, recipient, body)
        if (
            kept and isinstance(result, _Lost) and result.reason != "timeout"
        ):  # the server had closed the idle line: nothing was said yet
            result = self._try(sender.address, recipient, body)
        return Receipt(identifier) if result is None else result

    def check(self) -> None:
        """Connect, log in and say hello; raises `Refused`."""
        self._drop()
        deadline = monotonic() + self.timeout
        try:
            smtp = self._open(deadline)
            smtp.noop()
        except (OSError, smtplib.SMTPException) as error:
            raise self._cannot_open(error) from None
        finally:
            self.close()

    def close(self) -> None:
        """Say goodbye and hang up; safe to call at any time."""
        if self._backend is not None and self._backend.connection is not None:
            with suppress(OSError, smtplib.SMTPException):
                self._wait_at_most(self._backend.connection, 2)
                self._backend.connection.docmd("QUIT")
        self._drop()

    def _drop(self) -> None:
        backend, self._backend = self._backend, None
        if backend is not None and backend.connection is not None:
            backend.connection.close()

    def _wait_at_most(self, smtp: smtplib.SMTP, seconds: float) -> None:
        if smtp.sock is not None:
            smtp.sock.settimeout(max(0.05, seconds))

    def _open(self, deadline: float) -> smtplib.SMTP:
        if self._backend is None:
            settings, secrets = self.account.settings, self.account.secrets
            backend = EmailBackend(
                host=settings.get("host", ""),
                port=int(settings.get("port") or 587),
                username=settings.get("username", ""),
                password=secrets.get("password", ""),
                use_tls=settings.get("security") == "starttls",
                use_ssl=settings.get("security") == "tls",
                timeout=max(0.05, deadline - monotonic()),
            )
            try:
                backend.open()
                # Without encryption and login nobody has said hello yet, and only after it is known what the server offers.
                cast(smtplib.SMTP, backend.connection).ehlo_or_helo_if_needed()
            except BaseException:
                backend.fail_silently = True
                backend.close()
                raise
            self._backend = backend
        connection = self._backend.connection
        assert isinstance(connection, smtplib.SMTP)
        return connection

    def _cannot_open(self, error: Exception) -> Refused:
        secrets = self.account.secrets
        if isinstance(error, smtplib.SMTPResponseException):
            words = (
                error.smtp_error.decode("utf-8", "replace")
                if isinstance(error.smtp_error, bytes)
                else str(error.smtp_error)
            )
            return refusal(error.smtp_code, words, stage="login", secrets=secrets)
        if isinstance(error, ssl.SSLCertVerificationError | smtplib.SMTPNotSupportedError | ValueError):
            return Refused(Fault.ACCOUNT, "cannot_connect", redact(error, secrets))
        return _Lost(Fault.TEMPORARY, "cannot_connect", redact(error, secrets))

    def _try(self, sender: str, recipient: str, body: bytes) -> Refused | Unclear | None:
        """One attempt; None for a yes. `_Lost` when the line broke before any of the mail was written."""
        deadline = monotonic() + self.timeout
        try:
            smtp = self._open(deadline)
        except (OSError, smtplib.SMTPException, ValueError) as error:
            self._drop()
            return self._cannot_open(error)
        try:
            refused = self._envelope(smtp, sender, recipient, deadline)
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            return _Lost(Fault.TEMPORARY, _how(error), redact(error, self.account.secrets))
        return self._hand_over(smtp, body, deadline) if refused is None else refused

    def _envelope(self, smtp: smtplib.SMTP, sender: str, recipient: str, deadline: float) -> Refused | None:
        """From whom and to whom; None when the server waits for the mail. Raises what a broken line raises."""
        steps = (
            _Step("sender", f"MAIL FROM:<{sender}>", (250,)),
            _Step("recipient", f"RCPT TO:<{recipient}>", (250, 251, 252)),
            _Step("recipient", "DATA", (354,)),
        )
        if smtp.has_extn("pipelining"):
            return self._all_at_once(smtp, steps, deadline)
        for step in steps:
            smtp.putcmd(step.command)
            code, words = self._answer(smtp, deadline)
            if code not in step.yes:
                return self._no(smtp, code, words, step.stage)
        return None

    def _all_at_once(self, smtp: smtplib.SMTP, steps: Sequence[_Step], deadline: float) -> Refused | None:
        """Three commands in one write, each answer checked (RFC 2920): a server far away is waited for once and not three times."""
        self._wait_at_most(smtp, deadline - monotonic())
        smtp.send("".join([f"{step.command}\r\n" for step in steps]))
        first: tuple[int, str, str] | None = None
        code = 0
        for step in steps:
            try:
                code, words = self._answer(smtp, deadline)
            except (OSError, smtplib.SMTPException):
                if first is None:
                    raise
                self._drop()  # what was refused before stays refused
                break
            if code not in step.yes and first is None:
                first = (code, words, step.stage)
            if code in _OVER:
                break
        if first is None:
            return None
        if code == _GO_AHEAD:
            self._end_empty(smtp, deadline)
        return self._no(smtp, *first, over=code in _OVER)

    def _end_empty(self, smtp: smtplib.SMTP, deadline: float) -> None:
        """The server took DATA for a mail that has no recipient: it is ended without a word in it (RFC 2920, 3.1)."""
        try:
            smtp.send(".\r\n")
            self._answer(smtp, deadline)
        except (OSError, smtplib.SMTPException):
            self._drop()

    def _answer(self, smtp: smtplib.SMTP, deadline: float) -> tuple[int, str]:
        self._wait_at_most(smtp, deadline - monotonic())
        code, words = smtp.getreply()
        return code, words.decode("utf-8", "replace")

    def _no(self, smtp: smtplib.SMTP, code: int, words: str, stage: str, *, over: bool = False) -> Refused:
        """over: a later answer ended the connection."""
        refused = refusal(code, words, stage=stage, secrets=self.account.secrets)
        if over or code in _OVER:
            self._drop()
        if code == _GOODBYE:
            return _Lost(refused.fault, refused.reason, refused.detail)
        if self._backend is None:
            return refused
        try:
            smtp.docmd("RSET")
        except (OSError, smtplib.SMTPException):
            self._drop()
        return refused

    def _hand_over(self, smtp: smtplib.SMTP, body: bytes, deadline: float) -> Refused | Unclear | None:
        """After the first byte of the mail only the server's answer says whether it has it."""
        try:
            smtp.send(_stuffed(body))
            code, words = self._answer(smtp, deadline)
        except (OSError, smtplib.SMTPException) as error:
            self._drop()
            return Unclear(_how(error), redact(error, self.account.secrets))
        if 200 <= code < 300:
            return None
        if not 400 <= code < 600:
            self._drop()
            return Unclear("unreadable_answer", str(code))
        if code == _GOODBYE:
            self._drop()
        return refusal(code, words, stage="body", secrets=self.account.secrets)


def _how(error: Exception) -> str:
    """smtplib wraps a time-out into a disconnection and keeps only its words."""
    return "timeout" if isinstance(error, TimeoutError) or "timed out" in str(error) else "connection_lost"


class _Lost(Refused):
    """Refused for now because there is no line; the mail was not begun."""


def _stuffed(body: bytes) -> bytes:
    """RFC 5321, 4.5.2: a leading dot is doubled; the mail ends with a line of one dot."""
    return body.replace(b"\r\n.", b"\r\n..") + (b".\r\n" if body.endswith(b"\r\n") else b"\r\n.\r\n")
