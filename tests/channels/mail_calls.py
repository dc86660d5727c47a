"""Calls of mail services, written after their own descriptions, signed as they sign them; for tests of what is made of them."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from collections.abc import Callable, Mapping
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

HOOK = "https://news.aurora.example/hooks/abc/"
KEY, TO, ID = "Ab-_0123456789ab", "ana@mail.example", "id-of-the-service"
AGENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)
LINK = "https://shop.example/autumn"
SECRET = "s3cret-of-the-calls"
SVIX = "whsec_" + base64.b64encode(b"a secret of thirty-two bytes ...").decode()
TOPIC = "arn:aws:sns:eu-west-1:123456789012:ses"
CERTIFICATE = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem"
AT = 1_795_000_000

Body = Any


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


# --- what each says of one mail; the last part of a name is a variant ---


def mailgun(what: str) -> Body:
    event: dict[str, Any] = {
        "event": what, "timestamp": AT + 0.5, "recipient": TO, "user-variables": {"delivery": KEY}, "id": what,
        "message": {"headers": {"message-id": ID, "to": TO}}, "delivery-status": {"code": 250, "message": "OK", "description": ""},
    }  # fmt: skip
    failed = {"code": 550, "message": "5.1.1 user unknown", "description": ""}
    if what == "hard":
        event |= {"event": "failed", "severity": "permanent", "reason": "bounce", "delivery-status": failed}
    if what == "soft":
        full = {"code": 452, "message": "4.2.2 mailbox full", "description": ""}
        event |= {"event": "failed", "severity": "temporary", "reason": "generic", "delivery-status": full}
    if what in ("opened", "clicked", "machine"):
        event |= {
            "event": "opened" if what == "machine" else what,
            "ip": "198.51.100.7",
            "url": LINK if what == "clicked" else None,
        }
        event["client-info"] = {
            "user-agent": AGENT,
            "client-type": "browser",
            "bot": "apple" if what == "machine" else "",
        }
    return {"signature": {}, "event-data": event}


def unisender_go(what: str) -> Body:
    status = {"hard": "hard_bounced", "soft": "soft_bounced", "complained": "spam"}.get(what, what)
    info: dict[str, Any] = {"delivery_status": "ok_delivered", "destination_response": "250 OK"}
    if what == "hard":
        info = {"delivery_status": "err_user_unknown", "destination_response": "550 no such user"}
    if what == "soft":
        info = {"delivery_status": "err_will_retry", "destination_response": "451 later"}
    if what in ("opened", "clicked"):
        info = {"user_agent": AGENT, "ip": "198.51.100.7"}
    event = {
        "job_id": "1jn", "metadata": {"delivery": KEY, "anymail_id": ID}, "email": TO, "status": status,
        "event_time": "2026-11-22 10:00:00", "delivery_info": info, **({"url": LINK} if what == "clicked" else {}),
    }  # fmt: skip
    told = {"event_name": "transactional_email_status", "event_data": event}
    return {"auth": "", "events_by_user": [{"user_id": 1, "project_id": "5", "events": [told]}]}


def amazon_ses(what: str) -> Body:
    name = {
        "hard": "Bounce",
        "soft": "Bounce",
        "complained": "Complaint",
        "delivered": "Delivery",
        "opened": "Open",
        "clicked": "Click",
    }
    kind = name[what]
    headers = [{"name": "X-Metadata", "value": json.dumps({"delivery": KEY})}]
    event: dict[str, Any] = {"eventType": kind, "mail": {"messageId": ID, "destination": [TO], "headers": headers}}
    details: dict[str, dict[str, Any]] = {
        "hard": {
            "bounceType": "Permanent", "bounceSubType": "General",
            "bouncedRecipients": [{"emailAddress": TO, "diagnosticCode": "smtp; 550 5.1.1 user unknown"}],
        },
        "soft": {"bounceType": "Transient", "bounceSubType": "MailboxFull", "bouncedRecipients": [{"emailAddress": TO}]},
        "complained": {"complainedRecipients": [{"emailAddress": TO}], "complaintFeedbackType": "abuse"},
        "delivered": {"recipients": [TO], "smtpResponse": "250 OK", "timestamp": "2026-11-22T10:00:00.000Z"},
        "opened": {"ipAddress": "198.51.100.7", "userAgent": AGENT},
        "clicked": {"ipAddress": "198.51.100.7", "userAgent": AGENT, "link": LINK},
    }  # fmt: skip
    event[kind.lower()] = details[what]
    return {
        "Type": "Notification", "MessageId": f"m-{what}", "TopicArn": TOPIC, "Message": json.dumps(event), "SignatureVersion": "2",
        "Timestamp": "2026-11-22T10:00:00.000Z", "SigningCertURL": CERTIFICATE,
    }  # fmt: skip


def brevo(what: str) -> Body:
    name = {
        "hard": "hard_bounce", "soft": "soft_bounce", "complained": "spam", "machine": "unique_proxy_open", "clicked": "click",
        "unsubscribed": "unsubscribe",
    }.get(what, what)  # fmt: skip
    return {
        "event": name, "email": TO, "id": 9, "message-id": ID, "ts_epoch": AT * 1000, "subject": "News", "tag": "",
        "X-Mailin-custom": json.dumps({"delivery": KEY}), **({"link": LINK} if what == "clicked" else {}),
        **({"reason": "550 5.1.1 unknown"} if what == "hard" else {}), **({"user_agent": AGENT} if what in ("opened", "clicked") else {}),
    }  # fmt: skip


def postmark(what: str) -> Body:
    common: dict[str, Any] = {
        "MessageID": ID,
        "Metadata": {"delivery": KEY},
        "Tag": "",
        "ServerID": 1,
        "MessageStream": "broadcast",
    }
    bounce = {"RecordType": "Bounce", "ID": 42, "Email": TO, "BouncedAt": "2026-11-22T10:00:00Z", "Inactive": True}
    seen = {"Recipient": TO, "ReceivedAt": "2026-11-22T10:00:00Z", "UserAgent": AGENT, "Geo": {"IP": "198.51.100.7"}}
    said: dict[str, dict[str, Any]] = {
        "delivered": {"RecordType": "Delivery", "Recipient": TO, "DeliveredAt": "2026-11-22T10:00:00Z", "Details": "250 OK"},
        "hard": {**bounce, "Type": "HardBounce", "TypeCode": 1, "Details": "smtp;550 5.1.1 unknown"},
        "soft": {**bounce, "Type": "SoftBounce", "TypeCode": 4096, "Details": "smtp;452 4.2.2 full"},
        "complained": {**bounce, "RecordType": "SpamComplaint", "Type": "SpamComplaint"},
        "opened": {"RecordType": "Open", "FirstOpen": True, **seen},
        "clicked": {"RecordType": "Click", "OriginalLink": LINK, "ClickLocation": "HTML", **seen},
        "unsubscribed": {
            "RecordType": "SubscriptionChange", "Recipient": TO, "SuppressSending": True, "SuppressionReason": "ManualSuppression",
            "ChangedAt": "2026-11-22T10:00:00Z",
        },
    }  # fmt: skip
    return common | said[what]


def mandrill(what: str) -> Body:
    name = {
        "hard": "hard_bounce", "soft": "soft_bounce", "complained": "spam", "opened": "open", "clicked": "click", "unsubscribed": "unsub",
    }.get(what, what)  # fmt: skip
    message = {
        "_id": ID,
        "email": TO,
        "metadata": {"delivery": KEY},
        "tags": [],
        "diag": "smtp;550 5.1.1 x" if what == "hard" else "",
    }
    seen = {"user_agent": AGENT, "ip": "198.51.100.7", "url": LINK} if what in ("opened", "clicked") else {}
    return [{"event": name, "_id": ID, "ts": AT, "msg": message, **seen}]


def mailersend(what: str) -> Body:
    name = {"hard": "hard_bounced", "soft": "soft_bounced", "complained": "spam_complaint"}.get(what, what)
    morph = {
        "clicked": {"object": "click", "url": LINK},
        "hard": {"object": "recipient_bounce", "reason": "550 5.1.1 unknown"},
    }
    email = {"message": {"id": ID}, "recipient": {"email": TO}, "tags": [KEY]}
    data = {"object": "activity", "id": f"a-{what}", "type": name, "created_at": "2026-11-22T10:00:00Z", "email": email}
    return {"type": f"activity.{name}", "domain_id": "d", "data": {**data, "morph": morph.get(what)}}


def resend(what: str) -> Body:
    data: dict[str, Any] = {
        "email_id": ID, "to": [TO], "created_at": "2026-11-22T09:59:00Z",
        "headers": [{"name": "X-Metadata", "value": json.dumps({"delivery": KEY})}],
    }  # fmt: skip
    if what == "hard":
        data["bounce"] = {"type": "Permanent", "subType": "General", "message": "sent a hard bounce message"}
    if what == "soft":
        data["bounce"] = {
            "type": "Transient",
            "subType": "MailboxFull",
            "message": "sent a bounce message because the inbox was full",
        }
    if what == "clicked":
        data["click"] = {"link": LINK, "userAgent": AGENT, "ipAddress": "198.51.100.7"}
    name = "bounced" if what in ("hard", "soft") else what
    return {"type": f"email.{name}", "created_at": "2026-11-22T10:00:00Z", "data": data}


def sendgrid(what: str) -> Body:
    name = {
        "hard": "bounce",
        "soft": "deferred",
        "complained": "spamreport",
        "opened": "open",
        "machine": "open",
        "clicked": "click",
    }
    event: dict[str, Any] = {
        "event": name.get(what, {"unsubscribed": "unsubscribe"}.get(what, what)), "email": TO, "timestamp": AT, "sg_event_id": f"e-{what}",
        "sg_message_id": "x", "anymail_id": ID, "delivery": KEY, "useragent": AGENT, "sg_machine_open": what == "machine",
    }  # fmt: skip
    more: dict[str, Any] = {
        "hard": {"type": "bounce", "reason": "550 5.1.1 unknown"},
        "clicked": {"url": LINK},
        "soft": {"response": "451 later"},
    }
    return [event | more.get(what, {})]


def sparkpost(what: str) -> Body:
    name = {"delivered": "delivery", "hard": "bounce", "soft": "bounce", "complained": "spam_complaint", "opened": "open",
            "machine": "initial_open", "clicked": "click", "unsubscribed": "list_unsubscribe"}[what]  # fmt: skip
    event: dict[str, Any] = {
        "type": name, "timestamp": str(AT), "event_id": f"e-{what}", "transmission_id": ID, "raw_rcpt_to": TO,
        "rcpt_meta": {"delivery": KEY}, "user_agent": AGENT, "target_link_url": LINK,
    }  # fmt: skip
    more: dict[str, Any] = {
        "hard": {"bounce_class": "10", "raw_reason": "550 5.1.1 x"},
        "soft": {"bounce_class": "22", "raw_reason": "452 4.2.2 full"},
    }
    kind = "track_event" if what in ("opened", "machine", "clicked") else "message_event"
    return [{"msys": {kind: event | more.get(what, {})}}]


def mailjet(what: str) -> Body:
    name = {
        "delivered": "sent",
        "hard": "bounce",
        "soft": "bounce",
        "complained": "spam",
        "opened": "open",
        "clicked": "click",
    }
    event: dict[str, Any] = {
        "event": name.get(what, "unsub"), "time": AT, "MessageID": 1, "email": TO, "Payload": json.dumps({"delivery": KEY}),
        "agent": AGENT, "ip": "198.51.100.7",
    }  # fmt: skip
    more: dict[str, Any] = {
        "hard": {"hard_bounce": True, "error": "user unknown"}, "soft": {"hard_bounce": False, "error": "quota exceeded"},
        "clicked": {"url": LINK},
    }  # fmt: skip
    return [event | more.get(what, {})]


def mailtrap(what: str) -> Body:
    name = {"delivered": "delivery", "hard": "bounce", "soft": "soft bounce", "complained": "spam", "opened": "open", "clicked": "click",
            "unsubscribed": "unsubscribe"}[what]  # fmt: skip
    event = {
        "event": name, "message_id": ID, "email": TO, "timestamp": AT, "event_id": f"e-{what}", "custom_variables": {"delivery": KEY},
        "user_agent": AGENT, "url": LINK, "response": "550 5.1.1 x" if what == "hard" else "",
    }  # fmt: skip
    return {"events": [event]}


def postal(what: str) -> Body:
    message = {"id": 7, "token": "t", "direction": "outgoing", "to": TO, "tag": KEY}
    payload: dict[str, Any] = {"message": message, "output": "250 OK", "details": ""}
    status = {"delivered": "Sent", "hard": "HardFail", "soft": "SoftFail"}
    payload |= {"status": status[what]} if what in status else {"url": LINK, "user_agent": AGENT, "token": "x"}
    return {"event": "MessageX", "timestamp": AT, "uuid": f"u-{what}", "payload": payload}


_ALL = ("delivered", "hard", "soft", "complained", "opened", "clicked", "unsubscribed")
# What each service is able to say.
SAYS: Mapping[str, tuple[Callable[[str], Body], tuple[str, ...]]] = {
    "unisender_go": (unisender_go, _ALL),
    "mailgun": (mailgun, (*_ALL, "machine")),
    "amazon_ses": (amazon_ses, _ALL[:-1]),
    "brevo": (brevo, (*_ALL, "machine")),
    "postmark": (postmark, _ALL),
    "mandrill": (mandrill, _ALL),
    "mailersend": (mailersend, _ALL),
    "resend": (resend, _ALL[:-1]),
    "sendgrid": (sendgrid, (*_ALL, "machine")),
    "sparkpost": (sparkpost, (*_ALL, "machine")),
    "mailjet": (mailjet, _ALL),
    "mailtrap": (mailtrap, _ALL),
    "postal": (postal, ("delivered", "hard", "soft", "clicked")),
}


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
