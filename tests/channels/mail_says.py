"""What mail services say of one mail, written after their own descriptions; the bodies of their calls."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

KEY, TO, ID = "Ab-_0123456789ab", "ana@mail.example", "id-of-the-service"
AGENT = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/142.0.0.0 Safari/537.36"
)
LINK = "https://shop.example/autumn"
TOPIC = "arn:aws:sns:eu-west-1:123456789012:ses"
CERTIFICATE = "https://sns.eu-west-1.amazonaws.com/SimpleNotificationService-1.pem"
AT = 1_795_000_000

Body = Any


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
