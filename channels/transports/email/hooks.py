"""Calls of mail services: verified and read by anymail's webhook views with the account's own secrets, then told as our facts."""

from __future__ import annotations

import hashlib
import io
import warnings
from typing import Any
from urllib.parse import urlsplit

from anymail.exceptions import AnymailConfigurationError, AnymailError, AnymailWarning, AnymailWebhookValidationFailure
from django.core.exceptions import SuspiciousOperation
from django.core.handlers.wsgi import WSGIRequest
from django.utils.module_loading import import_string

from channels.transport import Account, BadSignature, Fact, Inbound, RawCall
from channels.transports.email import bounces, providers, sns
from channels.transports.email.bounces import Verdict
from channels.transports.email.providers import SERVICES, Service

_FACTS = {
    "queued": Fact.ACCEPTED, "sent": Fact.SENT, "delivered": Fact.DELIVERED, "deferred": Fact.DEFERRED, "failed": Fact.FAILED,
    "rejected": Fact.FAILED, "opened": Fact.OPENED, "clicked": Fact.CLICKED, "complained": Fact.COMPLAINED,
    "unsubscribed": Fact.UNSUBSCRIBED,
}  # fmt: skip
_BOUNCES = {Verdict.DEAD: Fact.BOUNCED, Verdict.RETRIED: Fact.DEFERRED, Verdict.GIVEN_UP: Fact.FAILED}


def verify(account: Account, call: RawCall) -> None:
    """Raise `BadSignature` unless the service's own proof holds: its signature, or else the account's user and password."""
    service = _service(account)
    if service.module == providers.SES:
        sns.verify(call, account.settings.get("topic", ""))
        return
    if not account.secrets.get(service.signs or "webhook_secret"):
        raise BadSignature("the account has no secret to prove calls with")
    try:
        view = _view(account, service, call)
        view.run_validators(_request(call))
    except (AnymailWebhookValidationFailure, SuspiciousOperation, AnymailError) as error:
        raise BadSignature(type(error).__name__) from None
    except (AnymailConfigurationError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise BadSignature("unreadable") from None


def parse(account: Account, call: RawCall) -> list[Inbound]:
    """The facts in a call; `ValueError` for what cannot be read."""
    service = _service(account)
    if service.module == providers.SES and (message := sns.read(call.body))["Type"] != "Notification":
        if message["Type"] == "SubscriptionConfirmation":
            sns.confirm(message)
        return []
    try:
        events = _view(account, service, call).parse_events(_request(call))
        return [fact for event in events if (fact := _fact(service, event))]
    except RecursionError:
        raise ValueError(f"{service.label} sent something too deep") from None
    except (AnymailError, AnymailConfigurationError, SuspiciousOperation) as error:
        raise ValueError(f"not an event of {service.label}: {type(error).__name__}") from None
    except (KeyError, TypeError, AttributeError, AssertionError, IndexError) as error:
        raise ValueError(f"{service.label} sent something unknown: {type(error).__name__}") from None


def _service(account: Account) -> Service:
    service = SERVICES.get(account.settings.get("service", ""))
    if service is None or not service.view:
        raise BadSignature("this mail service makes no calls")
    return service


def _view(account: Account, service: Service, call: RawCall) -> Any:
    secrets = account.secrets
    options: dict[str, Any] = {
        theirs: secrets[ours] for ours, theirs in service.hook_options.items() if secrets.get(ours)
    }
    if secrets.get("webhook_secret") and not service.signs:
        options["webhook_secret"] = [secrets["webhook_secret"]]
    if service.module == "mandrill":
        options["webhook_url"] = call.url
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", AnymailWarning)
        return import_string(f"anymail.webhooks.{service.module}.{service.view}")(**options)


def _request(call: RawCall) -> WSGIRequest:
    """The call as anymail's views want it: a request of Django's."""
    url = urlsplit(call.url)
    environ: dict[str, Any] = {
        "REQUEST_METHOD": call.method,
        "PATH_INFO": url.path,
        "QUERY_STRING": url.query,
        "SERVER_NAME": url.hostname or "",
        "SERVER_PORT": str(url.port or (443 if url.scheme == "https" else 80)),
        "wsgi.url_scheme": url.scheme,
        "wsgi.input": io.BytesIO(call.body),
        "CONTENT_TYPE": call.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(len(call.body)),
    }
    environ |= {f"HTTP_{name.upper().replace('-', '_')}": value for name, value in call.headers.items()}
    return WSGIRequest(environ)


def _fact(service: Service, event: Any) -> Inbound | None:
    raw = event.esp_event if hasattr(event.esp_event, "get") else {}
    words = " ".join(str(part) for part in (event.mta_response, event.description) if part)
    fact, dead = _judge(service, event, raw, words)
    if fact is None:
        return None
    return Inbound(
        fact,
        _event_key(fact, event, raw),
        key=_our_key(service, event),
        provider_id=str(event.message_id or ""),
        address=event.recipient or "",
        at=event.timestamp,
        url=event.click_url or "",
        user_agent=str(event.user_agent or raw.get("user_agent") or ""),
        reason=str(event.reject_reason or "")[:60],
        detail=words[:240],
        machine=service.machine(raw),
        address_dead=dead,
    )


def _judge(service: Service, event: Any, raw: Any, words: str) -> tuple[Fact | None, bool]:
    """Anymail calls soft and hard bounces alike "bounced": only the service's own words tell whether the address is dead."""
    if event.event_type == "bounced":
        verdict = bounces.verdict(service.module, raw, words)
        return _BOUNCES[verdict], verdict is Verdict.DEAD
    fact = _FACTS.get(event.event_type) or service.also.get(providers.raw_name(raw))
    return fact, False


def _our_key(service: Service, event: Any) -> str:
    if service.key_in == "metadata":
        return str((event.metadata or {}).get("delivery", ""))
    return next((str(tag) for tag in event.tags or [] if tag), "")


def _event_key(fact: Fact, event: Any, raw: Any) -> str:
    """The service's id of the event with what tells apart the facts in it; a hash where it gives none."""
    at = event.timestamp.isoformat() if event.timestamp else ""
    parts = (
        [event.event_id, fact, event.recipient]
        if event.event_id
        else [event.message_id, fact, event.recipient, at, event.click_url, providers.raw_name(raw)]
    )
    return hashlib.sha256("\n".join(str(part or "") for part in parts).encode()).hexdigest()
