"""The mail services that can carry our mail, as data: what each needs, how it proves its calls, what it can tell afterwards.

Source: django-anymail 15.2 (backends, webhooks, docs) and the services' webhook descriptions named there.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from channels.transport import Fact

SMTP = "smtp"
SES = "amazon_ses"

Event = Mapping[str, Any]

# What each service's calls tell, as anymail reads them. ACCEPTED and what an answer refuses at once is told by all.
_ANSWERS = frozenset({Fact.ACCEPTED, Fact.SENT, Fact.FAILED, Fact.BOUNCED})
_ALL = _ANSWERS | {Fact.DELIVERED, Fact.DEFERRED, Fact.OPENED, Fact.CLICKED, Fact.COMPLAINED, Fact.UNSUBSCRIBED}


@dataclass(frozen=True, slots=True)
class Service:
    """One service of anymail's.

    label: its name; module: of its backend and webhook; view: class name of the webhook's ("" when it cannot call back); options: our
    setting -> anymail's option for the backend; hook_options: the same for the webhook view; signs: the secret with which it signs
    its calls ("" = by user and password only); key_in: where our key travels, "metadata" or "tags"; hushed: is it told with each mail
    not to track openings and clicks, which our own pixel and links do where the person agreed; tells: the facts that can become known
    by it; machine: does the service itself say that a program opened or clicked; also: facts in events that anymail has no word
    for, by the event's own name.
    """

    label: str
    module: str
    backend: str = "EmailBackend"
    view: str = ""
    options: Mapping[str, str] = field(default_factory=dict)
    hook_options: Mapping[str, str] = field(default_factory=dict)
    signs: str = ""
    key_in: str = "metadata"
    hushed: bool = False
    tells: frozenset[Fact] = _ALL
    machine: Callable[[Event], bool] = lambda _: False
    also: Mapping[str, Fact] = field(default_factory=dict)


def _dig(event: Any, *path: str) -> Any:
    for name in path:
        event = event.get(name) if isinstance(event, Mapping) else None
    return event


def _sparkpost(event: Event) -> Event:
    """What stands inside {"msys": {<class of event>: {...}}}."""
    inner: Any = next(iter(_dig(event, "msys").values()), None) if _dig(event, "msys") else None
    return inner if isinstance(inner, Mapping) else {}


_KEY = {"api_key": "api_key", "api_url": "api_url"}

SERVICES: dict[str, Service] = {
    # SNS is verified by its own signature, see `sns`; an opening names all recipients, of which our mails have one.
    SES: Service(
        "Amazon SES", "amazon_ses", view="AmazonSESTrackingWebhookView", signs="topic", tells=_ALL - {Fact.UNSUBSCRIBED},
        options={
            "api_key": "aws_access_key_id", "secret_key": "aws_secret_access_key", "region": "region_name", "api_url": "endpoint_url",
        },
        also={"DeliveryDelay": Fact.DEFERRED},
    ),
    "brevo": Service(
        "Brevo", "brevo", view="BrevoTrackingWebhookView", options=_KEY,
        machine=lambda e: str(e.get("event", "")).endswith("proxy_open"),
    ),
    "mailersend": Service(
        "MailerSend", hushed=True, module="mailersend", view="MailerSendTrackingWebhookView", key_in="tags", signs="signing_secret",
        options={"api_key": "api_token", "api_url": "api_url"}, hook_options={"signing_secret": "signing_secret"},
        tells=_ALL - {Fact.DEFERRED},
    ),
    "mailgun": Service(
        "Mailgun", hushed=True, module="mailgun", view="MailgunTrackingWebhookView", signs="signing_secret",
        options={**_KEY, "sender_domain": "sender_domain"}, hook_options={"signing_secret": "webhook_signing_key"},
        machine=lambda e: bool(_dig(e, "event-data", "client-info", "bot")),
    ),
    "mailjet": Service(
        "Mailjet", hushed=True, module="mailjet", view="MailjetTrackingWebhookView",
        options={**_KEY, "secret_key": "secret_key"},
    ),
    "mailtrap": Service(
        "Mailtrap", "mailtrap", view="MailtrapTrackingWebhookView", signs="signing_secret",
        options={"api_key": "api_token", "api_url": "api_url"}, hook_options={"signing_secret": "tracking_secret"},
    ),
    # "send" is all that anymail 15.2 knows of a mail that went well.
    "mandrill": Service(
        "Mandrill", hushed=True, module="mandrill", view="MandrillCombinedWebhookView", signs="signing_secret", options=_KEY,
        hook_options={"signing_secret": "webhook_key"}, tells=_ALL - {Fact.DELIVERED}, also={"delivered": Fact.DELIVERED},
    ),
    # Openings (MessageLoaded) are not read by anymail 15.2, complaints and unsubscriptions are no events of Postal's.
    "postal": Service(
        "Postal", "postal", view="PostalTrackingWebhookView", key_in="tags", signs="signing_secret", options=_KEY,
        hook_options={"signing_secret": "webhook_key"}, tells=_ANSWERS | {Fact.DELIVERED, Fact.DEFERRED, Fact.CLICKED},
    ),
    "postmark": Service(
        "Postmark", hushed=True, module="postmark", view="PostmarkTrackingWebhookView",
        options={"api_key": "server_token", "api_url": "api_url", "message_stream": "message_stream"},
    ),
    "resend": Service(
        "Resend", "resend", view="ResendTrackingWebhookView", options=_KEY, signs="signing_secret",
        hook_options={"signing_secret": "signing_secret"}, tells=_ALL - {Fact.UNSUBSCRIBED},
    ),
    # No webhooks yet.
    "scaleway": Service(
        "Scaleway", "scaleway", options={"secret_key": "secret_key", "project_id": "project_id", "api_url": "api_url"}, tells=_ANSWERS,
    ),
    "sendgrid": Service(
        "SendGrid", hushed=True, module="sendgrid", view="SendGridTrackingWebhookView", options=_KEY, signs="signing_secret",
        hook_options={"signing_secret": "tracking_webhook_verification_key"},
        machine=lambda e: bool(e.get("sg_machine_open")),
    ),
    # "initial_open" is a picture at the top that prefetchers load, too; a person who reads loads the other one as well.
    "sparkpost": Service(
        "SparkPost", hushed=True, module="sparkpost", view="SparkPostTrackingWebhookView", options=_KEY,
        machine=lambda e: str(_sparkpost(e).get("type", "")).endswith("initial_open") or bool(_sparkpost(e).get("is_prefetched")),
        also={"initial_open": Fact.OPENED, "amp_initial_open": Fact.OPENED},
    ),
    "unisender_go": Service(
        "Unisender Go", hushed=True, module="unisender_go", view="UnisenderGoTrackingWebhookView", options=_KEY, signs="api_key",
        hook_options={"api_key": "api_key"},
    ),
}  # fmt: skip


def tells(service: str) -> frozenset[Fact]:
    """What can become known of a mail by this service (or by a mail server of one's own) without our own links and pixel."""
    return SERVICES[service].tells if service in SERVICES else _ANSWERS


def raw_name(event: Event) -> str:
    """What the service itself calls the event."""
    for name in (
        event.get("eventType"),
        event.get("notificationType"),
        event.get("event"),
        _sparkpost(event).get("type"),
    ):
        if isinstance(name, str) and name:
            return name
    return ""


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
