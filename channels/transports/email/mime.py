"""A mail as bytes for the wire: text, perhaps with HTML, built 10 times quicker than by Django, which gets the odd cases."""

from __future__ import annotations

import binascii
import re
from base64 import b64encode
from email.utils import formatdate
from functools import lru_cache
from time import time
from typing import Any

from django.core.mail import EmailMultiAlternatives

from channels.transport import Outgoing, Sender

# A header line may hold 998 octets (RFC 5322, 2.1.1); longer ones must be folded, which is Django's business.
_LINE = 990
_BREAKS = re.compile(r"[\r\n]+")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]*")
_NAME = re.compile(r"[A-Za-z][A-Za-z0-9-]*")
_OWN = {
    "from",
    "to",
    "subject",
    "date",
    "message-id",
    "mime-version",
    "content-type",
    "content-transfer-encoding",
    "reply-to",
}


def message_id(message: Outgoing, sender: Sender) -> str:
    """`<key@domain of the sender>`: our key comes back in bounces, and the provider's id is known before the sending."""
    return f"<{message.key}@{sender.address.rpartition('@')[2] or 'localhost'}>"


def build(message: Outgoing, sender: Sender, identifier: str) -> bytes:
    """The whole mail with CRLF line ends; dots are not yet stuffed."""
    lines = _headers(message, sender, identifier)
    if any(len(line) > _LINE for line in lines):
        return by_django(message, sender, identifier)
    text = _part("plain", message.text)
    if not message.html:
        return "\r\n".join(lines).encode("ascii") + b"\r\n" + text
    fence = f"=_{message.key or 'cascada'}_="  # "=_" stands in no quoted-printable or base64 text
    lines.append(f'Content-Type: multipart/alternative; boundary="{fence}"\r\n')
    edge = f"\r\n--{fence}".encode()
    head = "\r\n".join(lines).encode("ascii")
    return b"".join((head, edge, b"\r\n", text, edge, b"\r\n", _part("html", message.html), edge, b"--\r\n"))


def by_django(message: Outgoing, sender: Sender, identifier: str) -> bytes:
    """The same mail by Django's classes."""
    headers = {**message.headers, "Message-ID": identifier}
    mail = as_django(message, sender, headers)
    whole: Any = mail.message()
    built: bytes = whole.as_bytes(linesep="\r\n")
    return built


def as_django(message: Outgoing, sender: Sender, headers: dict[str, str]) -> EmailMultiAlternatives:
    """Django's object for the mail."""
    mail = EmailMultiAlternatives(
        _one_line(message.subject),
        message.text,
        _mailbox(sender.name, sender.address),
        [_mailbox(message.recipient_name, message.to)],
        headers={name: _one_line(value) for name, value in headers.items()},
        reply_to=[sender.reply_to] if sender.reply_to else None,
    )
    if message.html:
        mail.attach_alternative(message.html, "text/html")
    return mail


def _headers(message: Outgoing, sender: Sender, identifier: str) -> list[str]:
    lines = [
        _sender_lines(sender),
        f"To: {_mailbox(message.recipient_name, message.to)}",
        f"Subject: {_words(_one_line(message.subject))}",
        f"Date: {_date(int(time()))}",
        f"Message-ID: {identifier}",
        "MIME-Version: 1.0",
    ]
    for name, value in message.headers.items():
        if name.lower() not in _OWN and _NAME.fullmatch(name):
            lines.append(f"{name}: {_words(_one_line(value))}")
    return lines


@lru_cache(maxsize=64)
def _sender_lines(sender: Sender) -> str:
    line = f"From: {_mailbox(sender.name, sender.address)}"
    return f"{line}\r\nReply-To: {_mailbox('', sender.reply_to)}" if sender.reply_to else line


@lru_cache(maxsize=2)
def _date(second: int) -> str:
    return formatdate(second)


def _one_line(value: str) -> str:
    return _BREAKS.sub(" ", value) if "\n" in value or "\r" in value else value


def _mailbox(name: str, address: str) -> str:
    """`Name <address>` as RFC 5322 wants it, international domains as IDNA."""
    address = _one_line(address) if address.isascii() else ascii_address(_one_line(address))
    name = _one_line(name).strip()
    if not name:
        return address
    if not name.isascii():
        return f"{_words(name)} <{address}>"
    if not _ATOMS.fullmatch(name):
        escaped = name.replace("\\", "\\\\").replace('"', '\\"')
        return f'"{escaped}" <{address}>'
    return f"{name} <{address}>"


def ascii_address(address: str) -> str:
    """The address with its domain as IDNA; `UnicodeError` where the part before the @ cannot be written in ASCII."""
    local, _, domain = address.rpartition("@")
    return f"{local.encode('ascii').decode()}@{domain.encode('idna').decode()}"


def _words(value: str) -> str:
    """As it is, or in encoded words (RFC 2047) of at most 75 characters, each holding whole characters."""
    if value.isascii():
        return value
    words, chunk = [], b""
    for letter in value:
        octets = letter.encode()
        if len(chunk) + len(octets) > 45:
            words.append(chunk)
            chunk = b""
        chunk += octets
    return "\r\n ".join(f"=?utf-8?b?{b64encode(word).decode()}?=" for word in [*words, chunk])


def _part(subtype: str, content: str) -> bytes:
    """A text part with its headers: ASCII as it is, mostly ASCII as quoted-printable, the rest as base64."""
    data = content.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n").encode("utf-8", "replace")
    if not data.endswith(b"\r\n"):
        data += b"\r\n"
    if data.isascii() and max(map(len, data.split(b"\r\n"))) < _LINE:
        encoding, body = "7bit", data
    elif len(data) - len(content) < len(data) // 6:
        encoding, body = "quoted-printable", quoted_printable(data)
    else:
        encoding, body = "base64", _base64(data)
    head = f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: {encoding}\r\n\r\n'
    return head.encode() + body


def quoted_printable(data: bytes) -> bytes:
    """Text with CRLF line ends as quoted-printable. Lines stand by themselves in it, and most are the same in all mails of a message."""
    return b"".join([_quoted(line) if len(line) < _LINE else _quote(line) for line in data.splitlines(keepends=True)])


def _quote(line: bytes) -> bytes:
    return binascii.b2a_qp(line, istext=True)  # by the line's end it knows that soft breaks are CRLF too


_quoted = lru_cache(maxsize=1024)(_quote)


def _base64(data: bytes) -> bytes:
    """In lines of 76 characters."""
    whole = b64encode(data)
    return b"\r\n".join([whole[start : start + 76] for start in range(0, len(whole), 76)]) + b"\r\n"
