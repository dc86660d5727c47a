"""Amazon's SNS, which carries the events of SES: its signature, the account's own topic, and the answer to its first call.

Source: Amazon SNS developer guide, "Verifying the signatures of Amazon SNS messages" and "HTTP/HTTPS endpoint subscription".
"""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Mapping
from functools import lru_cache
from hmac import compare_digest
from typing import Any
from urllib.parse import urlsplit

import requests
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256

from channels.transport import BadSignature, RawCall

# Nothing else is ever called, so nobody can send us anywhere.
_HOST = re.compile(r"sns\.[a-z]{2}(?:-[a-z]+)+-\d\.amazonaws\.com(?:\.cn)?")
_SIGNED = {
    "Notification": ("Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"),
    "SubscriptionConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
    "UnsubscribeConfirmation": ("Message", "MessageId", "SubscribeURL", "Timestamp", "Token", "TopicArn", "Type"),
}
_HASHES = {"1": SHA1, "2": SHA256}
_SECONDS = 5
_LARGEST = 64_000  # bytes of an answer


def read(body: bytes) -> dict[str, Any]:
    """The message around the event; `ValueError` for what is none."""
    try:
        message = json.loads(body)
    except RecursionError:
        raise ValueError("too deep") from None
    if not isinstance(message, dict) or message.get("Type") not in _SIGNED:
        raise ValueError("not a message of Amazon's SNS")
    return message


def verify(call: RawCall, topic: str) -> None:
    """Raise `BadSignature` unless Amazon signed the call and it comes from this topic (an ARN)."""
    try:
        message = read(call.body)
    except ValueError:
        raise BadSignature("unreadable") from None
    if not topic or not compare_digest(str(message.get("TopicArn", "")).encode(), topic.encode()):
        raise BadSignature("not the account's topic")
    address = str(message.get("SigningCertURL") or "")
    if not is_amazons(address) or not urlsplit(address).path.endswith(".pem"):
        raise BadSignature("the certificate is not Amazon's")
    try:
        _check(message, certificate(address))
    except (InvalidSignature, ValueError, KeyError, TypeError, requests.RequestException):
        raise BadSignature("signature") from None


def _check(message: Mapping[str, Any], pem: bytes) -> None:
    key = x509.load_pem_x509_certificate(pem).public_key()
    if not isinstance(key, rsa.RSAPublicKey):
        raise TypeError("not an RSA key")
    kind = _HASHES[str(message.get("SignatureVersion"))]
    key.verify(b64decode(message["Signature"], validate=True), canonical(message), padding.PKCS1v15(), kind())


def canonical(message: Mapping[str, Any]) -> bytes:
    """What Amazon signs: names and values of its fields, one to a line."""
    names = [name for name in _SIGNED[message["Type"]] if message.get(name) is not None]
    return "".join(f"{name}\n{message[name]}\n" for name in names).encode()


def confirm(message: Mapping[str, Any]) -> None:
    """Say yes to a subscription that was verified; `ValueError` where that cannot be done."""
    address = str(message.get("SubscribeURL") or "")
    if not is_amazons(address):
        raise ValueError("the subscription is not Amazon's")
    try:
        _fetch(address)
    except requests.RequestException:
        raise ValueError("the subscription could not be confirmed; ask Amazon to send it again") from None


def is_amazons(address: str) -> bool:
    """Whether an address is https at SNS itself, on the usual port, with nobody's name in it."""
    try:
        url = urlsplit(address)
        return url.scheme == "https" and url.netloc == url.hostname and bool(_HOST.fullmatch(url.netloc))
    except ValueError:
        return False


@lru_cache(maxsize=16)
def certificate(address: str) -> bytes:
    """The certificate at an address of Amazon's, fetched once per process."""
    return _fetch(address)


def _fetch(address: str) -> bytes:
    with requests.get(address, timeout=_SECONDS, allow_redirects=False, stream=True) as answer:
        answer.raise_for_status()
        if answer.is_redirect:
            raise requests.TooManyRedirects("Amazon leads elsewhere")
        return answer.raw.read(_LARGEST, decode_content=True) or b""
