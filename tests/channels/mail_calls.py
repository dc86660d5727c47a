"""Calls of mail services, written after their own descriptions, signed as they sign them; for tests of what is made of them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from urllib.parse import urlencode

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from svix.webhooks import Webhook

from channels.transport import Account, RawCall, Sender
from channels.transports.email import sns
from tests.channels.mail_says import AGENT, AT, CERTIFICATE, ID, KEY, LINK, SAYS, TO, TOPIC, Body, mandrill

__all__ = [
    "AGENT",
    "AT",
    "CERTIFICATE",
    "HOOK",
    "ID",
    "KEY",
    "LINK",
    "SAYS",
    "TO",
    "TOPIC",
    "account",
    "call",
    "certificate",
    "mandrill",
    "raw",
    "signed",
]

HOOK = "https://news.aurora.example/hooks/abc/"
SECRET = "s3cret-of-the-calls"
SVIX = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes ...").decode()


@cache
def rsa_key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(65537, 2048)


@cache
def ec_key() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def _public(key: Any) -> str:
    pem = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()
    return "".join(line for line in pem.splitlines() if "-----" not in line)


@cache
def certificate() -> bytes:
    """A certificate for our own key, as Amazon publishes one for its."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "sns.amazonaws.com")])
    start = datetime(2026, 1, 1, tzinfo=UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(rsa_key().public_key())
    made = made.serial_number(1).not_valid_before(start).not_valid_after(start + timedelta(days=999))
    return made.sign(rsa_key(), SHA256()).public_bytes(Encoding.PEM)


def account(service: str) -> Account:
    """An account with everything that proves this service's calls."""
    signing = {"resend": SVIX, "sendgrid": _public(ec_key()) if service == "sendgrid" else "", "postal": ""}
    if service == "postal":
        signing["postal"] = _public(rsa_key())
    secrets = {
        "api_key": SECRET,
        "secret_key": "x",
        "webhook_secret": "hook:word",
        "signing_secret": signing.get(service, SECRET),
    }
    settings = {"service": service, "topic": TOPIC, "region": "eu-west-1", "api_url": "http://127.0.0.1:9/"}
    return Account(3, "email", Sender("Salon Aurora", "hello@aurora.example"), settings, secrets, HOOK)


def call(service: str, what: str) -> RawCall:
    """A signed call in which the service says this of our mail."""
    return signed(service, SAYS[service][0](what))


def signed(service: str, body: Body) -> RawCall:
    """A call with this body, proven as the service proves its calls."""
    if service == "mandrill":
        return _mandrill(body)
    if service == "amazon_ses" and isinstance(body, dict) and "SignatureVersion" in body:
        body = {**body, "Signature": _sns(body)}
    if service == "mailgun" and isinstance(body, dict):
        told = hmac.new(SECRET.encode(), f"{AT}{body}".encode(), hashlib.sha256).hexdigest()[:20]
        proof = hmac.new(SECRET.encode(), f"{AT}{told}".encode(), hashlib.sha256).hexdigest()
        body = {**body, "signature": {"timestamp": str(AT), "token": told, "signature": proof}}
    if service == "unisender_go" and isinstance(body, dict):
        whole = json.dumps({**body, "auth": SECRET})
        body = {**body, "auth": hashlib.md5(whole.encode()).hexdigest()}
    return raw(service, json.dumps(body).encode())


def raw(service: str, data: bytes) -> RawCall:
    """A call with these very bytes, proven where the service signs bytes; else by user and password."""
    headers = {"content-type": "application/json", "authorization": "Basic " + base64.b64encode(b"hook:word").decode()}
    if service in ("mailersend", "mailtrap"):
        proof = hmac.new(SECRET.encode(), data, hashlib.sha256).hexdigest()
        headers |= {"signature": proof, "mailtrap-signature": proof}
    if service == "resend":
        now = datetime.now(UTC)
        text = data.decode("utf-8", "replace")
        proof = Webhook(SVIX).sign("msg-" + hashlib.sha256(data).hexdigest()[:8], now, text)
        headers |= {
            "svix-id": "msg-" + hashlib.sha256(data).hexdigest()[:8],
            "svix-timestamp": str(int(now.timestamp())),
            "svix-signature": proof,
        }
    if service == "sendgrid":
        proof = base64.b64encode(ec_key().sign(str(AT).encode() + data, ec.ECDSA(SHA256()))).decode()
        headers |= {"x-twilio-email-event-webhook-signature": proof, "x-twilio-email-event-webhook-timestamp": str(AT)}
    if service == "postal":
        headers["x-postal-signature"] = base64.b64encode(rsa_key().sign(data, padding.PKCS1v15(), SHA1())).decode()
    if service == "amazon_ses":
        headers["content-type"] = "text/plain; charset=UTF-8"
        headers["x-amz-sns-message-type"] = "Notification"
    return RawCall("POST", HOOK, headers, data)


def _mandrill(body: Body) -> RawCall:
    told = json.dumps(body)
    data = f"{HOOK}mandrill_events{told}".encode()
    proof = base64.b64encode(hmac.new(SECRET.encode(), data, hashlib.sha1).digest()).decode()
    headers = {"content-type": "application/x-www-form-urlencoded", "x-mandrill-signature": proof}
    return RawCall("POST", HOOK, headers, urlencode({"mandrill_events": told}).encode())


def _sns(body: Mapping[str, Any]) -> str:
    kind = SHA256() if body.get("SignatureVersion") == "2" else SHA1()
    return base64.b64encode(rsa_key().sign(sns.canonical(body), padding.PKCS1v15(), kind)).decode()
