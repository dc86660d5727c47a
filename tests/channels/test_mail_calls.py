"""What mail services say of a mail, in calls of their own shape: understood, proven, and harmless when they are not what they should be."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from django.utils import timezone

from channels import receipts, webhooks
from channels.models import Channel, Delivery, DeliveryEvent, Grade, InboundCall, InboundState
from channels.transport import BadSignature, Fact, RawCall, transport_class
from channels.transports.email import bounces, hooks, providers, sns
from contacts.models import Suppression
from tests.channels import mail_calls as calls
from tests.channels.test_public_pages import sent
from tests.factories import NOW

# Services that say "not yet" of a full mailbox; the others have given up by then.
GO_ON = {"mailgun", "unisender_go", "sendgrid", "mailjet", "mailtrap", "postal"}
FACTS = {
    "delivered": Fact.DELIVERED, "hard": Fact.BOUNCED, "complained": Fact.COMPLAINED, "opened": Fact.OPENED, "clicked": Fact.CLICKED,
    "unsubscribed": Fact.UNSUBSCRIBED, "machine": Fact.OPENED,
}  # fmt: skip
SAID = [(service, what) for service, (_, says) in calls.SAYS.items() for what in says]


@pytest.fixture(autouse=True)
def _amazons_certificate(monkeypatch: pytest.MonkeyPatch) -> None:
    """What lies at Amazon's address, which no test may fetch."""
    monkeypatch.setattr(sns, "certificate", {calls.CERTIFICATE: calls.certificate()}.__getitem__)


@pytest.mark.parametrize(("service", "what"), SAID)
def test_what_a_service_says_is_understood(service: str, what: str) -> None:
    call = calls.call(service, what)
    hooks.verify(calls.account(service), call)
    (fact,) = hooks.parse(calls.account(service), call)
    soft = Fact.DEFERRED if service in GO_ON else Fact.FAILED
    expected = soft if what == "soft" else FACTS[what]
    if (service, what) == ("postal", "hard"):
        expected = Fact.FAILED  # it does not tell whether the address was at fault
    assert (fact.fact, fact.address_dead) == (expected, expected is Fact.BOUNCED)
    assert fact.machine == (what == "machine")
    assert (fact.key, fact.address) == (calls.KEY, calls.TO)
    if what == "clicked":
        assert fact.url == calls.LINK
    if what in ("opened", "clicked") and service not in ("mailersend", "resend", "postal", "sendgrid"):
        assert fact.user_agent == calls.AGENT
    assert fact.fact in providers.tells(service) or (service, what) == ("mandrill", "delivered")


@pytest.mark.parametrize("service", calls.SAYS)
def test_a_call_that_is_not_proven_is_refused(service: str) -> None:
    good, known = calls.call(service, "delivered"), calls.account(service)
    stranger = {name: value for name, value in good.headers.items() if name == "content-type"}
    spoilt = (
        good.body.replace(b'"token": "', b'"token": "x')
        if service == "mailgun"
        else good.body.replace(b"mail.example", b"evil.example")
    )
    wrong = {
        name: value.replace(value[-6:], "AAAAA=") if name != "content-type" else value
        for name, value in good.headers.items()
    }
    bad = [replace(good, body=spoilt), replace(good, body=b""), replace(good, body=b"\xff\xfe{")]
    if service in ("brevo", "postmark", "mailjet", "sparkpost"):
        bad = [replace(good, headers=wrong)]
    if service not in ("mailgun", "unisender_go", "amazon_ses"):
        bad += [replace(good, headers=stranger), replace(good, headers=wrong)]
    for call in bad:
        with pytest.raises(BadSignature):
            hooks.verify(known, call)
    nothing = replace(known, secrets={"api_key": ""}, settings={**known.settings, "topic": ""})
    with pytest.raises(BadSignature):
        hooks.verify(nothing, good)


@pytest.mark.parametrize("service", [name for name, rules in bounces.RULES.items() if rules])
def test_a_bounce_in_words_that_nobody_knows_keeps_the_address(service: str) -> None:
    odd: list[dict[str, Any]] = [
        {},
        {"event": "news", "Type": "New", "type": "?", "data": {"type": "?", "bounce": {"type": "?"}}},
        {"msys": {"x": {}}},
    ]
    for raw in odd:
        assert bounces.verdict(service, raw, "") is bounces.Verdict.GIVEN_UP


def test_the_mailboxs_own_words_weigh_more_than_the_services_label() -> None:
    hard = {"event": "hard_bounce"}
    told = {
        words: bounces.verdict("brevo", hard, words)
        for words in ("550 5.1.1 unknown", "550 5.7.1 blocked", "552 5.2.2 full", "")
    }
    assert [verdict.value for verdict in told.values()] == ["dead", "given up", "given up", "dead"]
    assert bounces.verdict("mailgun", {}, "550 5.1.1 no such user") is bounces.Verdict.DEAD


def test_every_service_has_a_table_of_bounces_and_says_what_it_tells() -> None:
    assert set(bounces.RULES) == {name for name, service in providers.SERVICES.items() if service.view}
    carrier = transport_class("email")
    assert Fact.DELIVERED not in carrier.reports_with("email", {"service": "mandrill"}) | carrier.reports_with(
        "email", {"service": "scaleway"}
    )
    assert Fact.UNSUBSCRIBED not in carrier.reports_with("email", {"service": "amazon_ses"})
    assert Fact.OPENED not in carrier.reports_with("email", {"service": "postal"})
    assert Fact.DELIVERED in carrier.reports_with("email", {"service": "unisender_go"})


# --- through the one door ---


def house(service: str) -> tuple[Channel, Delivery]:
    """A channel at the service, and a mail that it carries for us."""
    delivery = sent(token=calls.KEY, status="sent", delivered_at=None, provider_id=calls.ID, sandbox=False)
    channel, known = delivery.channel, calls.account(service)
    channel.transport, channel.settings = "email", dict(known.settings)
    channel.keep_secrets(known.secrets)
    channel.save()
    return channel, delivery


def taken(channel: Channel, call: RawCall) -> int:
    status = webhooks.accept(channel, call, now=timezone.now()).status
    receipts.apply_inbound(now=timezone.now())
    return status


def odd(service: str) -> list[RawCall]:
    """Calls that are proven where that can be, and are nothing that the service would say."""
    bodies: list[Any] = [
        [],
        {},
        None,
        7,
        "x",
        {"events": [], "events_by_user": [], "Type": "Notification", "TopicArn": calls.TOPIC},
    ]
    broken = (b"", b"{", b"\xff\xfe\x00", b"[" * 50_000)
    return [calls.signed(service, body) for body in bodies] + [calls.raw(service, data) for data in broken]


@pytest.mark.parametrize("service", calls.SAYS)
def test_what_no_service_says_is_refused_or_told_as_unreadable(service: str) -> None:
    known = calls.account(service)
    for call in odd(service):
        with suppress(BadSignature):
            hooks.verify(known, call)
        with suppress(ValueError):
            assert hooks.parse(known, call) == []


# One for each way of proof: of the body within it, a certificate, the address and form, the headers, user and password.
@pytest.mark.django_db
@pytest.mark.parametrize("service", ["unisender_go", "amazon_ses", "mandrill", "resend", "postmark"])
def test_reordered_repeated_broken_and_oversized_calls_do_no_harm(service: str) -> None:
    channel, delivery = house(service)
    assert taken(channel, calls.call(service, "clicked")) == 200
    for what in ("soft", "delivered", "clicked", "delivered"):
        assert webhooks.accept(channel, calls.call(service, what), now=timezone.now()).status == 200
    receipts.apply_inbound(now=timezone.now())
    assert DeliveryEvent.objects.filter(delivery=delivery).count() == 3
    delivery.refresh_from_db()
    assert (delivery.status, delivery.clicked_at is not None) == ("delivered", True)

    known = InboundCall.objects.count()
    assert {webhooks.accept(channel, call, now=timezone.now()).status for call in odd(service)} <= {200, 403}
    assert webhooks.accept(channel, calls.raw(service, b" " * 1_000_001), now=timezone.now()).status == 413
    receipts.apply_inbound(now=timezone.now())
    states = set(InboundCall.objects.filter(pk__gt=known).values_list("state", flat=True))
    assert states <= {InboundState.UNREADABLE, InboundState.APPLIED}
    assert DeliveryEvent.objects.filter(delivery=delivery).count() == 3


@pytest.mark.django_db
@pytest.mark.parametrize("service", ["unisender_go", "amazon_ses"])
def test_only_a_hard_bounce_suppresses_the_address(service: str) -> None:
    channel, delivery = house(service)
    taken(channel, calls.call(service, "soft"))
    assert not Suppression.objects.exists()
    taken(channel, calls.call(service, "hard"))
    delivery.refresh_from_db()
    assert delivery.status == "bounced"
    assert Suppression.objects.exists()


@pytest.mark.django_db
@pytest.mark.parametrize("service", ["brevo", "sparkpost"])
def test_an_opening_that_the_service_calls_a_programs_is_a_programs(service: str) -> None:
    channel, delivery = house(service)
    taken(channel, calls.call(service, "machine"))
    event = DeliveryEvent.objects.get(delivery=delivery)
    assert (event.fact, event.grade, event.data["grade_reasons"]) == (Fact.OPENED, Grade.MACHINE, ["provider"])
    taken(channel, calls.call(service, "opened"))
    delivery.refresh_from_db()
    # SendGrid's and Brevo's events of the same second look alike but for that word; a person's later one counts.
    assert delivery.opened_grade == Grade.HUMAN


# --- Amazon's SNS ---


def subscription(**changes: str) -> dict[str, Any]:
    return {
        "Type": "SubscriptionConfirmation", "MessageId": "s", "Token": "t", "TopicArn": calls.TOPIC, "Message": "confirm",
        "SubscribeURL": "https://sns.eu-west-1.amazonaws.com/?Action=ConfirmSubscription&Token=t", "Timestamp": "2026-11-22T10:00:00.000Z",
        "SignatureVersion": "1", "SigningCertURL": calls.CERTIFICATE, **changes,
    }  # fmt: skip


@pytest.mark.parametrize(
    "address",
    [
        "http://sns.eu-west-1.amazonaws.com/a.pem", "https://sns.eu-west-1.amazonaws.com.evil.example/a.pem",
        "https://evil.example/sns.eu-west-1.amazonaws.com/a.pem", "https://sns.eu-west-1.amazonaws.com@127.0.0.1/a.pem",
        "https://user:word@sns.eu-west-1.amazonaws.com/a.pem", "https://sns.eu-west-1.amazonaws.com:8443/a.pem",
        "https://bucket.s3.amazonaws.com/a.pem", "https://169.254.169.254/latest/meta-data/a.pem", "file:///etc/passwd.pem", "", "https://[::1",
    ],
)  # fmt: skip
def test_amazon_leads_us_to_no_address_but_its_own(address: str) -> None:
    assert not sns.is_amazons(address)
    with pytest.raises(BadSignature):
        hooks.verify(calls.account("amazon_ses"), calls.signed("amazon_ses", subscription(SigningCertURL=address)))
    with pytest.raises(ValueError, match="not Amazon's"):
        sns.confirm(subscription(SubscribeURL=address))


def test_somebody_elses_topic_is_refused_although_amazon_signed() -> None:
    other = subscription(TopicArn="arn:aws:sns:eu-west-1:999999999999:theirs")
    with pytest.raises(BadSignature):
        hooks.verify(calls.account("amazon_ses"), calls.signed("amazon_ses", other))


class Proxy(BaseHTTPRequestHandler):
    asked: list[str]

    def do_CONNECT(self) -> None:
        self.asked.append(self.path)
        self.send_error(502)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""


@pytest.fixture
def way_out(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Where our process wants to go, seen by a proxy that lets nobody through."""
    Proxy.asked = []
    server = HTTPServer(("127.0.0.1", 0), Proxy)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    for name in ("HTTPS_PROXY", "https_proxy"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{server.server_address[1]}")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    yield Proxy.asked
    server.shutdown()
    server.server_close()


def test_a_proven_subscription_is_confirmed_at_amazon_and_nowhere_else(way_out: list[str]) -> None:
    call, known = calls.signed("amazon_ses", subscription()), calls.account("amazon_ses")
    hooks.verify(known, call)
    with pytest.raises(ValueError, match="could not be confirmed"):  # the proxy lets nobody through
        hooks.parse(known, call)
    assert way_out == ["sns.eu-west-1.amazonaws.com:443"]
    assert hooks.parse(known, calls.signed("amazon_ses", subscription(Type="UnsubscribeConfirmation"))) == []
    assert way_out == ["sns.eu-west-1.amazonaws.com:443"]


def test_an_old_call_of_resends_is_refused() -> None:
    call = calls.call("resend", "delivered")
    late = replace(call, headers={**call.headers, "svix-timestamp": str(int(NOW.timestamp()) - 3600)})
    with pytest.raises(BadSignature):
        hooks.verify(calls.account("resend"), late)


def test_one_call_tells_of_many_mails() -> None:
    body = [calls.mandrill(what)[0] for what in ("hard", "opened")]
    facts = hooks.parse(calls.account("mandrill"), calls.signed("mandrill", body))
    assert [fact.fact for fact in facts] == [Fact.BOUNCED, Fact.OPENED]
    assert len({fact.event_key for fact in facts}) == 2
    assert json.loads(json.dumps([fact.key for fact in facts])) == [calls.KEY] * 2


@pytest.mark.django_db
def test_a_click_that_a_service_tells_of_is_timed_like_ours() -> None:
    channel, delivery = house("mailgun")
    clicked = datetime.fromtimestamp(calls.AT + 0.5, UTC)
    for seconds, (grade, reasons) in {
        1: (Grade.MACHINE, ["too_soon"]),
        5: (Grade.UNSURE, ["soon"]),
        60: (Grade.HUMAN, None),
    }.items():
        Delivery.objects.filter(pk=delivery.pk).update(sent_at=clicked - timedelta(seconds=seconds))
        DeliveryEvent.objects.all().delete()
        receipts.apply(
            channel, hooks.parse(calls.account("mailgun"), calls.call("mailgun", "clicked")), now=timezone.now()
        )
        event = DeliveryEvent.objects.get(delivery=delivery)
        assert (event.grade, event.data.get("grade_reasons")) == (grade, reasons)
