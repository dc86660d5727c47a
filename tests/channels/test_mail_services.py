"""Email over mail services: each opens with its own keys, and its calls tell hard bounces from soft ones."""

from __future__ import annotations

import base64
import json
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import pytest

from channels.transport import (
    Account,
    BadSignature,
    Fact,
    Fault,
    RawCall,
    Receipt,
    Refused,
    Unclear,
    transport_class,
)
from channels.transports.email import providers
from channels.transports.email.esp import Desk
from tests.channels.harness import HOOK, SECRET, ServiceHarness
from tests.channels.mails import AURORA, LINK, ONE_CLICK, mail


def account(service: str, **secrets: str) -> Account:
    """An account with every key that any service wants."""
    every = {"api_key": SECRET, "secret_key": SECRET, "webhook_secret": "hook:word", **secrets}
    settings = {
        "service": service,
        "api_url": "http://127.0.0.1:9/",
        "sender_domain": "mg.example",
        "project_id": "p",
        "region": "eu-west-1",
    }
    return Account(3, "email", AURORA, settings, every, HOOK)


@pytest.mark.parametrize("name", list(providers.SERVICES))
def test_every_service_opens_with_the_accounts_own_keys_and_not_without(name: str) -> None:
    Desk(account(name), 1).check()
    with pytest.raises(Refused) as refused:
        Desk(replace(account(name), secrets={}), 1).check()
    assert (refused.value.fault, refused.value.reason) == (Fault.ACCOUNT, "settings")


def test_a_service_without_its_key_is_the_accounts_fault_and_names_no_secret() -> None:
    transport = transport_class("email")(replace(account("brevo"), secrets={}))
    ((_, result),) = transport.send_many([mail()])
    assert isinstance(result, Refused)
    assert (result.fault, result.reason) == (Fault.ACCOUNT, "settings")


def test_a_services_own_id_is_kept_and_our_key_travels_along() -> None:
    with ServiceHarness() as house:
        transport = house.open()
        ((key, result),) = transport.send_many([mail(headers=ONE_CLICK, recipient_name="Ana")])
        transport.close()
        assert result == Receipt("<20261122.1@mg.aurora.example>")
        (body,) = house.peer.bodies
        assert key in body
        assert LINK in body


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (401, {}, Fault.ACCOUNT), (402, {}, Fault.ACCOUNT), (403, {}, Fault.ACCOUNT), (404, {}, Fault.ACCOUNT), (413, {}, Fault.TEXT),
        (422, {}, Fault.TEXT), (429, {}, Fault.TEMPORARY), (503, {"Retry-After": "3"}, Fault.TEMPORARY), (503, {}, None), (500, {}, None),
        (502, {}, None), (504, {}, None),
    ],
)  # fmt: skip
def test_a_services_answers_are_sorted_by_whose_fault_they_are(
    status: int, headers: dict[str, str], expected: Fault | None
) -> None:
    with ServiceHarness() as house:
        house.peer.acts["ana@example.com"] = (status, {"message": "no"}, headers)
        transport = house.open()
        ((_, result),) = transport.send_many([mail()])
        transport.close()
        assert (result.fault if isinstance(result, Refused) else None) == expected
        assert isinstance(result, Refused if expected else Unclear)


def basic(password: str = "hook:word") -> dict[str, str]:
    return {
        "content-type": "application/json",
        "authorization": "Basic " + base64.b64encode(password.encode()).decode(),
    }


def call(body: Any, headers: dict[str, str] | None = None) -> RawCall:
    return RawCall("POST", HOOK, headers or basic(), json.dumps(body).encode())


BOUNCES: list[tuple[str, Any, Fact | None, bool]] = [
    ("brevo", {"event": "hard_bounce", "email": "a@example.com"}, Fact.BOUNCED, True),
    ("brevo", {"event": "soft_bounce", "email": "a@example.com"}, Fact.FAILED, False),
    ("brevo", {"event": "blocked", "email": "a@example.com"}, Fact.FAILED, False),
    ("brevo", {"event": "spam", "email": "a@example.com"}, Fact.COMPLAINED, False),
    ("brevo", {"event": "list_addition", "email": "a@example.com"}, None, False),
    (
        "mailersend",
        {"type": "activity.hard_bounced", "data": {"type": "hard_bounced", "id": "1", "email": {}}},
        Fact.BOUNCED,
        True,
    ),
    (
        "mailersend",
        {"type": "activity.soft_bounced", "data": {"type": "soft_bounced", "id": "1", "email": {}}},
        Fact.FAILED,
        False,
    ),
    (
        "mailgun",
        {
            "event-data": {"event": "failed", "severity": "permanent", "reason": "bounce", "delivery-status": {}},
            "signature": {},
        },
        Fact.BOUNCED,
        True,
    ),
    (
        "mailgun",
        {"event-data": {"event": "failed", "severity": "temporary", "delivery-status": {}}, "signature": {}},
        Fact.DEFERRED,
        False,
    ),
    ("mailjet", [{"event": "bounce", "hard_bounce": True, "time": 1, "email": "a@example.com"}], Fact.BOUNCED, True),
    ("mailjet", [{"event": "bounce", "hard_bounce": False, "time": 1, "email": "a@example.com"}], Fact.DEFERRED, False),
    (
        "mailtrap",
        {"events": [{"event": "bounce", "timestamp": 1, "message_id": "1", "email": "a"}]},
        Fact.BOUNCED,
        True,
    ),
    (
        "mailtrap",
        {"events": [{"event": "soft bounce", "timestamp": 1, "message_id": "1", "email": "a"}]},
        Fact.DEFERRED,
        False,
    ),
    ("postal", {"payload": {"status": "HardFail", "message": {"id": 1, "to": "a@example.com"}}}, Fact.FAILED, False),
    ("postal", {"payload": {"status": "SoftFail", "message": {"id": 1, "to": "a@example.com"}}}, Fact.DEFERRED, False),
    ("postmark", {"RecordType": "Bounce", "Type": "HardBounce", "Email": "a@example.com"}, Fact.BOUNCED, True),
    ("postmark", {"RecordType": "Bounce", "Type": "SoftBounce", "Email": "a@example.com"}, Fact.FAILED, False),
    ("postmark", {"RecordType": "Bounce", "Type": "VirusNotification", "Email": "a@example.com"}, Fact.FAILED, False),
    (
        "postmark",
        {"RecordType": "SubscriptionChange", "SuppressSending": True, "SuppressionReason": "HardBounce"},
        Fact.BOUNCED,
        True,
    ),
    (
        "resend",
        {"type": "email.bounced", "data": {"bounce": {"type": "Permanent", "message": "hard"}}},
        Fact.BOUNCED,
        True,
    ),
    (
        "resend",
        {"type": "email.bounced", "data": {"bounce": {"type": "Transient", "message": "full"}}},
        Fact.FAILED,
        False,
    ),
    (
        "resend",
        {"type": "email.bounced", "data": {"bounce": {"message": "was suppressed sending"}}},
        Fact.FAILED,
        False,
    ),
    ("sparkpost", [{"msys": {"message_event": {"type": "bounce", "bounce_class": "10"}}}], Fact.BOUNCED, True),
    ("sparkpost", [{"msys": {"message_event": {"type": "bounce", "bounce_class": "22"}}}], Fact.FAILED, False),
    ("sparkpost", [{"msys": {"message_event": {"type": "bounce", "bounce_class": "51"}}}], Fact.FAILED, False),
    ("sparkpost", [{"msys": {}}], None, False),
    ("sendgrid", [{"event": "bounce", "type": "bounce", "timestamp": 1, "email": "a@example.com"}], Fact.BOUNCED, True),
    (
        "sendgrid",
        [{"event": "bounce", "type": "blocked", "timestamp": 1, "email": "a@example.com"}],
        Fact.FAILED,
        False,
    ),
]


@pytest.mark.parametrize(
    ("service", "body", "fact", "dead"), BOUNCES, ids=[f"{name}-{n}" for n, (name, *_) in enumerate(BOUNCES)]
)
def test_only_a_hard_bounce_gives_an_address_up(service: str, body: Any, fact: Fact | None, dead: bool) -> None:
    """Anymail says "bounced" for both at seven services; source of the events: anymail 15.2 and the services' pages."""
    key = KEY_FOR_POSTAL if service in ("postal", "sendgrid") else "abc"
    known = (
        account(service, signing_secret=key)
        if service != "sendgrid"
        else replace(account(service), secrets={"api_key": SECRET})
    )
    facts = transport_class("email")(known).parse(call(body))
    assert [(one.fact, one.address_dead) for one in facts] == ([(fact, dead)] if fact else [])


KEY_FOR_POSTAL = "MFwwDQYJKoZIhvcNAQEBBQADSwAwSAJBAK"


def test_mandrill_and_unisender_tell_hard_from_soft_too() -> None:
    told = []
    for name in ("hard_bounce", "soft_bounce"):
        form = urlencode(
            {"mandrill_events": json.dumps([{"event": name, "_id": "1", "msg": {"email": "a@example.com"}}])}
        ).encode()
        raw = RawCall("POST", HOOK, {"content-type": "application/x-www-form-urlencoded"}, form)
        told += [one.fact for one in transport_class("email")(account("mandrill", signing_secret="k")).parse(raw)]
    for words in ("err_user_unknown", "err_mailbox_full", "err_spam_rejected"):
        event = {
            "event_name": "transactional_email_status", "status": "hard_bounced", "email": "a@example.com",
            "event_time": "2026-11-22 10:00:00",
            "delivery_info": {"delivery_status": words},
        }  # fmt: skip
        told += [one.fact for one in transport_class("email")(account("unisender_go")).parse(call(event))]
    assert told == [Fact.BOUNCED, Fact.FAILED, Fact.BOUNCED, Fact.FAILED, Fact.FAILED]


def test_openings_by_a_services_own_proxies_are_marked_as_a_programs() -> None:
    transport = transport_class("email")(account("brevo"))
    events = [
        transport.parse(call({"event": name, "email": "a@example.com"}))[0] for name in ("opened", "unique_proxy_open")
    ]
    assert [(event.fact, event.machine) for event in events] == [(Fact.OPENED, False), (Fact.OPENED, True)]


def test_a_service_that_does_not_sign_proves_itself_by_user_and_password() -> None:
    transport = transport_class("email")(account("postmark"))
    body = {"RecordType": "Open", "Recipient": "a@example.com", "MessageID": "m1", "Metadata": {"delivery": "our-key"}}
    transport.verify(call(body))
    for headers in (basic("hook:wrong"), {"content-type": "application/json"}):
        with pytest.raises(BadSignature):
            transport.verify(call(body, headers))
    with pytest.raises(BadSignature):
        transport_class("email")(account("postmark", webhook_secret="")).verify(call(body))
    (fact,) = transport.parse(call(body))
    assert (fact.key, fact.provider_id, fact.address) == ("our-key", "m1", "a@example.com")


def test_a_services_event_without_an_id_is_recognised_by_what_it_says() -> None:
    transport = transport_class("email")(account("brevo"))
    body = {
        "event": "click",
        "email": "a@example.com",
        "message-id": "<1@x>",
        "ts_epoch": 1_795_000_000_000,
        "link": "https://a.example/",
    }
    first, again, other = (
        transport.parse(call(each))[0].event_key for each in (body, body, {**body, "link": "https://b.example/"})
    )
    assert first == again != other


def test_what_can_be_learned_depends_on_the_service() -> None:
    carrier = transport_class("email")
    assert Fact.DELIVERED not in carrier.reports_with("email", {"service": "smtp"})
    assert Fact.DELIVERED in carrier.reports_with("email", {"service": "mailgun"})
