"""The mail services that can carry our mail, as data: what each needs, how it proves its calls and tells hard bounces from soft.

Source: django-anymail 15.2 (backends, webhooks, docs) and the services' webhook descriptions named there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from importlib.util import find_spec
from typing import Any

SMTP = "smtp"

Event = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Service:
    """One service of anymail's.

    label: its name; module: of its backend and webhook; backend, view: class names (view "" when it cannot call back); options: our
    setting -> anymail's option for the backend; hook_options: the same for the webhook view; signs: the secret with which it signs
    its calls ("" = by user and password only); key_in: where our key travels, "metadata" or "tags"; hard: is this bounce final because
    the address is dead; soft: does the service go on trying; machine: does the service itself say that a program opened or clicked.
    """

    label: str
    module: str
    backend: str = "EmailBackend"
    view: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    hook_options: Mapping[str, str] = field(default_factory=dict)
    signs: str = ""
    key_in: str = "metadata"
    hard: Callable[[Event], bool] = lambda _: True
    soft: Callable[[Event], bool] = lambda _: False
    machine: Callable[[Event], bool] = lambda _: False


def _dig(event: Any, *path: str) -> Any:
    for name in path:
        event = event.get(name) if isinstance(event, Mapping) else None
    return event


def _sparkpost(event: Event) -> str:
    """The bounce class inside {"msys": {<class of event>: {...}}}; see SparkPost, "Bounce Classification Codes"."""
    inner: Any = next(iter(_dig(event, "msys").values()), None) if _dig(event, "msys") else None
    return str(_dig(inner, "bounce_class") or "")


_KEY = {"api_key": "api_key", "api_url": "api_url"}
_UNISENDER_DEAD = {"err_user_unknown", "err_user_inactive", "err_mailbox_discarded", "err_domain_inactive"}

SERVICES: dict[str, Service] = {
    "brevo": Service(
        "Brevo", "brevo", view="BrevoTrackingWebhookView", options=_KEY,
        hard=lambda e: e.get("event") in ("hard_bounce", "invalid_email"),
        soft=lambda e: e.get("event") == "soft_bounce",
        machine=lambda e: str(e.get("event", "")).endswith("proxy_open"),
    ),
    "mailersend": Service(
        "MailerSend", "mailersend", view="MailerSendTrackingWebhookView", key_in="tags", signs="signing_secret",
        options={"api_key": "api_token", "api_url": "api_url"}, hook_options={"signing_secret": "signing_secret"},
        hard=lambda e: _dig(e, "data", "type") == "hard_bounced",
        soft=lambda e: _dig(e, "data", "type") == "soft_bounced",
    ),
    "mailgun": Service(
        "Mailgun", "mailgun", view="MailgunTrackingWebhookView", signs="signing_secret",
        options={**_KEY, "sender_domain": "sender_domain"}, hook_options={"signing_secret": "webhook_signing_key"},
        hard=lambda e: _dig(e, "event-data", "severity") == "permanent",
        machine=lambda e: bool(_dig(e, "event-data", "client-info", "bot")),
    ),
    "mailjet": Service(
        "Mailjet", "mailjet", view="MailjetTrackingWebhookView",
        options={**_KEY, "secret_key": "secret_key"},
        hard=lambda e: bool(e.get("hard_bounce")), soft=lambda e: not e.get("hard_bounce"),
    ),
    "mailtrap": Service(
        "Mailtrap", "mailtrap", view="MailtrapTrackingWebhookView", signs="signing_secret",
        options={"api_key": "api_token", "api_url": "api_url"}, hook_options={"signing_secret": "tracking_secret"},
    ),
    "mandrill": Service(
        "Mandrill", "mandrill", view="MandrillCombinedWebhookView", signs="signing_secret", options=_KEY,
        hook_options={"signing_secret": "webhook_key"},
        hard=lambda e: e.get("event") == "hard_bounce", soft=lambda e: e.get("event") == "soft_bounce",
    ),
    "postal": Service(
        "Postal", "postal", view="PostalTrackingWebhookView", key_in="tags", signs="signing_secret", options=_KEY,
        hook_options={"signing_secret": "webhook_key"}, hard=lambda _: False,
    ),
    "postmark": Service(
        "Postmark", "postmark", view="PostmarkTrackingWebhookView",
        options={"api_key": "server_token", "api_url": "api_url", "message_stream": "message_stream"},
        hard=lambda e: "HardBounce" in (e.get("Type"), e.get("SuppressionReason")),
        soft=lambda e: e.get("Type") == "SoftBounce",
    ),
    "resend": Service(
        "Resend", "resend", view="ResendTrackingWebhookView", options=_KEY,
        hard=lambda e: _dig(e, "data", "bounce", "type") == "Permanent"
        or "hard bounce" in str(_dig(e, "data", "bounce", "message")),
        soft=lambda e: _dig(e, "data", "bounce", "type") == "Transient" or "inbox was full" in str(_dig(e, "data", "bounce", "message")),
    ),
    "scaleway": Service(
        "Scaleway", "scaleway",
        options={"secret_key": "secret_key", "project_id": "project_id", "api_url": "api_url"},
    ),
    "sparkpost": Service(
        "SparkPost", "sparkpost", view="SparkPostTrackingWebhookView", options=_KEY,
        hard=lambda e: _sparkpost(e) in ("10", "30", "90"),
        soft=lambda e: _sparkpost(e) in ("20", "21", "22", "23", "24", "40", "70"),
    ),
    "unisender_go": Service(
        "Unisender Go", "unisender_go", view="UnisenderGoTrackingWebhookView", options=_KEY, signs="api_key",
        hook_options={"api_key": "api_key"},
        hard=lambda e: _dig(e, "delivery_info", "delivery_status") in _UNISENDER_DEAD,
        soft=lambda e: _dig(e, "delivery_info", "delivery_status") == "err_mailbox_full",
    ),
}  # fmt: skip

SERVICES["sendgrid"] = Service(
    "SendGrid", "sendgrid", view="SendGridTrackingWebhookView", options=_KEY, signs="signing_secret",
    hook_options={"signing_secret": "tracking_webhook_verification_key"},
    hard=lambda e: e.get("event") == "bounce" and e.get("type") != "blocked",
    machine=lambda e: bool(e.get("sg_machine_open")),
)  # fmt: skip

if find_spec("boto3"):  # an optional package: the service is offered where it is installed
    SERVICES["amazon_ses"] = Service(
        "Amazon SES", "amazon_ses", view="AmazonSESTrackingWebhookView",
        options={"api_key": "aws_access_key_id", "secret_key": "aws_secret_access_key", "region": "region_name"},
        hard=lambda e: _dig(e, "bounce", "bounceType") == "Permanent",
        soft=lambda e: _dig(e, "bounce", "bounceType") != "Permanent",
    )  # fmt: skip


def choices() -> tuple[tuple[str, str], ...]:
    """For the account's form."""
    return ((SMTP, "SMTP"), *((name, service.label) for name, service in SERVICES.items()))


def wanting(option: str) -> tuple[str, tuple[str, ...]]:
    """The services whose accounts have this option."""
    return "service", tuple(name for name, service in SERVICES.items() if option in service.options)


def signing() -> tuple[str, tuple[str, ...]]:
    """The services that sign their calls with a key of its own."""
    return "service", tuple(name for name, service in SERVICES.items() if service.signs == "signing_secret")


def by_password() -> tuple[str, tuple[str, ...]]:
    """The services that call back and prove it by user and password alone."""
    return "service", tuple(name for name, service in SERVICES.items() if service.view and not service.signs)
