"""Email over SMTP and over services: bytes on the wire, what each refusal means, and hard bounces told from soft ones."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from dataclasses import replace
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from urllib.parse import urlencode

import pytest

from channels.transport import (
    Account,
    BadSignature,
    Fact,
    Fault,
    Outgoing,
    RawCall,
    Receipt,
    Refused,
    Sender,
    Unclear,
    transport_class,
)
from channels.transports.email import mime, providers
from channels.transports.email.esp import Desk
from channels.transports.email.smtp import is_dead_address, refusal
from tests.channels.harness import HOOK, SECRET, ServiceHarness, SmtpHarness
from tests.peers.smtp import SmtpPeer, drop, hang, refuse

AURORA = Sender("Salon Aurora", "hello@aurora.example", "desk@aurora.example")
LINK = "https://news.our-very-long-salon-name.example/u/" + "k" * 60
ONE_CLICK = {"List-Unsubscribe": f"<{LINK}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}


def mail(**fields: Any) -> Outgoing:
    values = {
        "key": "Ab-_0123456789ab",
        "kind": "email",
        "to": "ana@example.com",
        "text": "Hello",
        "html": "<p>Hello</p>",
        **fields,
    }
    return Outgoing(**values)


def parsed(raw: bytes) -> EmailMessage:
    message = message_from_bytes(raw, policy=policy.default)
    assert isinstance(message, EmailMessage)
    return message


def text_of(message: EmailMessage, kind: str) -> str:
    part = message.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n").strip("\n")


@pytest.fixture
def house() -> Iterator[SmtpHarness]:
    with SmtpHarness() as opened:
        yield opened


MAILS = [
    mail(),
    mail(html=""),
    mail(
        subject="Ваша запись на завтра: стрижка и окрашивание, мастер Ольга, ждём вас 💇 в салоне на улице Садовой",
        text="Привет, Иван!\n",
    ),
    mail(
        subject="Ñandú, señora",
        recipient_name="José Núñez",
        text="Mañana, ¿verdad?  \ntrailing \n.\n..dots\nFrom the start\n",
    ),
    mail(recipient_name='Ana "La Jefa" Ruiz, S.L.', subject="a" * 250, text="x" * 3000 + "\n" + "y = z" * 400),
    mail(subject="two\nlines", text="one\r\ntwo\rthree\n", html="<p>" + "é" * 5 + "a" * 2000 + "</p>"),
    mail(recipient_name="Иван", html="<p>" + "Очень длинный текст. " * 300 + "</p>", headers=ONE_CLICK),
    mail(text="\n", html="<p>tab\there =3D and = signs \t\n</p>\n\n"),
]


@pytest.mark.parametrize("message", MAILS, ids=range(len(MAILS)))
def test_our_own_mail_reads_like_one_that_django_built(message: Outgoing) -> None:
    identifier = mime.message_id(message, AURORA)
    ours, djangos = parsed(mime.build(message, AURORA, identifier)), parsed(mime.by_django(message, AURORA, identifier))
    for name in ("From", "To", "Subject", "Reply-To", "Message-ID", "MIME-Version", *message.headers):
        assert str(ours[name]).strip() == str(djangos[name]).strip(), name  # Django may fold before the first word
    assert not ours.defects
    assert [part.get_content_type() for part in ours.walk()] == [part.get_content_type() for part in djangos.walk()]
    for kind in ("plain", "html") if message.html else ("plain",):
        assert text_of(ours, kind) == text_of(djangos, kind)


@pytest.mark.parametrize("message", MAILS, ids=range(len(MAILS)))
def test_no_line_is_longer_than_the_standard_allows_and_every_line_ends_with_crlf(message: Outgoing) -> None:
    raw = mime.build(message, AURORA, mime.message_id(message, AURORA))
    assert raw.isascii()
    assert raw.endswith(b"\r\n")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert raw.count(b"\n") == raw.count(b"\r\n") == raw.count(b"\r")


def test_one_click_unsubscribe_reaches_the_wire_as_it_was_written(house: SmtpHarness) -> None:
    """Django 6 makes an encoded word of an address longer than 72 characters, and mailbox providers then show no button."""
    transport = house.open()
    list(transport.send_many([mail(headers=ONE_CLICK)]))
    transport.close()
    (taken,) = house.peer.messages
    assert f"\r\nList-Unsubscribe: <{LINK}>\r\n".encode() in taken.raw
    assert b"\r\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\r\n" in taken.raw


def test_a_header_cannot_be_smuggled_in() -> None:
    message = mail(
        subject="Hello\r\nBcc: x@example.com",
        recipient_name="A\nBcc: y@example.com",
        headers={"X-One": "1\r\nBcc: z@example.com"},
    )
    read = parsed(mime.build(message, replace(AURORA, name="N\r\nBcc: q@example.com"), "<1@example.com>"))
    assert read["Bcc"] is None


def test_a_header_too_long_for_one_line_goes_to_django() -> None:
    raw = mime.build(mail(headers={"X-Long": "word " * 300}), AURORA, "<1@example.com>")
    assert max(map(len, raw.split(b"\r\n"))) <= 998
    assert parsed(raw)["X-Long"].split() == ["word"] * 300


def test_dots_at_the_start_of_a_line_arrive_as_they_are(house: SmtpHarness) -> None:
    transport = house.open()
    list(transport.send_many([mail(text=".\n..two\n.end", html="")]))
    transport.close()
    assert text_of(house.peer.messages[0].parsed, "plain") == ".\n..two\n.end"


def test_the_providers_id_is_the_message_id_with_our_key(house: SmtpHarness) -> None:
    transport = house.open()
    ((key, result),) = transport.send_many([mail()])
    transport.close()
    assert result == Receipt(f"<{key}@aurora.example>")
    assert house.peer.messages[0].header("Message-ID") == f"<{key}@aurora.example>"


def test_one_connection_carries_all_mails(house: SmtpHarness) -> None:
    transport = house.open()
    for start in (0, 50):
        list(transport.send_many([house.message(number) for number in range(start, start + 50)]))
    transport.close()
    assert (len(house.peer.messages), house.peer.connections) == (100, 1)


@pytest.mark.parametrize("at", ["mail", "rcpt", "data"])
def test_a_kept_line_that_was_lost_between_two_mails_is_opened_again(house: SmtpHarness, at: Any) -> None:
    transport = house.open()
    list(transport.send_many([house.message(0)]))
    house.peer.on(None, drop(at), times=1)
    ((_, result),) = transport.send_many([house.message(1)])
    transport.close()
    assert isinstance(result, Receipt)
    assert house.peer.counts == {"person0@example.com": 1, "person1@example.com": 1}
    assert house.peer.connections == 2


def test_a_server_that_ends_its_connections_with_421_gets_a_new_one(house: SmtpHarness) -> None:
    transport = house.open()
    list(transport.send_many([house.message(0)]))
    house.peer.on(None, refuse(421, "mail"), times=1)
    ((_, result),) = transport.send_many([house.message(1)])
    transport.close()
    assert isinstance(result, Receipt)


@pytest.mark.parametrize("at", ["mail", "rcpt", "data"])
def test_a_hang_before_the_mail_was_begun_is_temporary(house: SmtpHarness, at: Any) -> None:
    house.peer.on(None, hang(at), times=1)
    transport = house.open()
    ((_, result),) = transport.send_many([house.message(0)])
    transport.close()
    assert isinstance(result, Refused)
    assert (result.fault, result.reason) == (Fault.TEMPORARY, "timeout")
    assert house.peer.counts == {}


@pytest.mark.parametrize("taken", [True, False])
@pytest.mark.parametrize("act", [hang, drop])
def test_after_the_mail_was_written_only_the_answer_tells(house: SmtpHarness, act: Any, taken: bool) -> None:
    house.peer.on("person0@example.com", act("body", taken=taken))
    transport = house.open()
    results = dict(transport.send_many([house.message(0), house.message(1)]))
    transport.close()
    assert isinstance(results[house.message(0).key], Unclear)
    assert isinstance(results[house.message(1).key], Receipt)
    assert house.peer.counts["person0@example.com"] == int(taken)


def test_when_the_server_is_away_the_rest_of_the_wave_does_not_wait_for_it(house: SmtpHarness) -> None:
    house.peer.on(None, hang("mail"))
    transport = house.open(settings={**house.account().settings, "timeout": "0.1"})
    results = [result for _, result in transport.send_many([house.message(number) for number in range(40)])]
    transport.close()
    assert all(isinstance(result, Refused) and result.fault is Fault.TEMPORARY for result in results)
    assert house.peer.connections <= 3


@pytest.mark.parametrize(
    ("code", "words", "stage", "fault", "dead"),
    [
        (421, "4.7.0 too many connections", "recipient", Fault.TEMPORARY, False),
        (450, "4.2.1 mailbox busy", "recipient", Fault.TEMPORARY, False),
        (452, "4.2.2 mailbox full", "recipient", Fault.TEMPORARY, False),
        (550, "5.1.1 no mailbox here by that name", "recipient", Fault.PERSON, True),
        (550, "5.1.10 domain takes no mail", "recipient", Fault.PERSON, True),
        (550, "No such user here", "recipient", Fault.PERSON, True),
        (553, "sorry, user does not exist", "recipient", Fault.PERSON, True),
        (550, "5.7.1 no such user, says our policy", "recipient", Fault.PERSON, False),
        (550, "5.2.1 mailbox disabled", "recipient", Fault.PERSON, False),
        (552, "5.2.2 mailbox full", "recipient", Fault.PERSON, False),
        (550, "scripted", "recipient", Fault.PERSON, False),
        (554, "5.7.1 relay access denied", "recipient", Fault.ACCOUNT, False),
        (530, "5.7.0 must issue STARTTLS first", "sender", Fault.ACCOUNT, False),
        (535, "5.7.8 bad credentials", "login", Fault.ACCOUNT, False),
        (553, "5.1.8 sender not allowed", "sender", Fault.TEXT, False),
        (554, "5.7.1 message looks like spam", "body", Fault.TEXT, False),
        (552, "5.3.4 message too big", "body", Fault.TEXT, False),
        (554, "5.0.0 transaction failed", "body", Fault.PERSON, False),
    ],
)
def test_each_answer_of_a_server_is_sorted_by_whose_fault_it_is(
    code: int, words: str, stage: str, fault: Fault, dead: bool
) -> None:
    found = refusal(code, words, stage=stage, secrets={})
    assert (found.fault, found.address_dead) == (fault, dead)


def test_a_wrong_password_is_the_accounts_fault(house: SmtpHarness) -> None:
    transport = house.open(secrets={"password": "wrong"})
    ((_, result),) = transport.send_many([house.message(0)])
    assert isinstance(result, Refused)
    assert (result.fault, result.reason) == (Fault.ACCOUNT, "535 5.7.8")
    with pytest.raises(Refused):
        transport.check()
    house.open().check()


def test_over_starttls_a_certificate_that_nobody_vouches_for_is_refused() -> None:
    with SmtpPeer(tls=True) as peer:
        settings = {
            "service": "smtp",
            "host": peer.host,
            "port": str(peer.port),
            "security": "starttls",
            "timeout": "2",
        }
        transport = transport_class("email")(Account(1, "email", AURORA, settings))
        ((_, result),) = transport.send_many([mail()])
        assert isinstance(result, Refused)
        assert result.fault is Fault.ACCOUNT
        assert peer.messages == []


def test_an_international_domain_is_written_as_idna_and_other_letters_before_the_at_are_refused(
    house: SmtpHarness,
) -> None:
    transport = house.open()
    results = dict(
        transport.send_many([mail(key="one", to="ana@пример.example"), mail(key="two", to="иван@example.com")])
    )
    transport.close()
    assert isinstance(results["one"], Receipt)
    assert house.peer.messages[0].recipients == ("ana@xn--e1afmkfd.example",)
    two = results["two"]
    assert isinstance(two, Refused)
    assert two.fault is Fault.PERSON


def test_over_smtp_nobody_can_call_us(house: SmtpHarness) -> None:
    with pytest.raises(BadSignature):
        house.open().verify(RawCall("POST", HOOK, {}, b"{}"))


# Services


def account(service: str, **secrets: str) -> Account:
    """An account with every key that any service wants."""
    every = {"api_key": SECRET, "secret_key": SECRET, "webhook_secret": "hook:word", **secrets}
    settings = {"service": service, "api_url": "http://127.0.0.1:9/", "sender_domain": "mg.example", "project_id": "p"}
    return Account(3, "email", AURORA, settings, every, HOOK)


@pytest.mark.parametrize("name", [name for name in providers.SERVICES if name != "amazon_ses"])
def test_every_service_opens_with_the_accounts_own_keys(name: str) -> None:
    Desk(account(name), 1).check()


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
    ("brevo", {"event": "soft_bounce", "email": "a@example.com"}, Fact.DEFERRED, False),
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
        Fact.DEFERRED,
        False,
    ),
    (
        "mailgun",
        {"event-data": {"event": "failed", "severity": "permanent", "delivery-status": {}}, "signature": {}},
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
    ("postmark", {"RecordType": "Bounce", "Type": "SoftBounce", "Email": "a@example.com"}, Fact.DEFERRED, False),
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
        Fact.DEFERRED,
        False,
    ),
    (
        "resend",
        {"type": "email.bounced", "data": {"bounce": {"message": "was suppressed sending"}}},
        Fact.FAILED,
        False,
    ),
    ("sparkpost", [{"msys": {"message_event": {"type": "bounce", "bounce_class": "10"}}}], Fact.BOUNCED, True),
    ("sparkpost", [{"msys": {"message_event": {"type": "bounce", "bounce_class": "22"}}}], Fact.DEFERRED, False),
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
    assert told == [Fact.BOUNCED, Fact.DEFERRED, Fact.BOUNCED, Fact.DEFERRED, Fact.FAILED]


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


def test_a_dead_address_is_recognised_by_its_enhanced_code_first() -> None:
    assert is_dead_address(550, "5.1.1 whatever")
    assert not is_dead_address(550, "5.7.1 user unknown to our policy")
    assert not is_dead_address(450, "user unknown")
