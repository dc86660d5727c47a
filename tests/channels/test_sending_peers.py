"""Sending against real counterparts: a mail server that misbehaves, and a Twilio that reports back."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlencode, urlsplit

import pytest
from django.test import Client

from channels import accounts, receipts
from channels.models import Channel, Delivery
from contacts.models import Suppression
from tests.channels.outbox import frozen, queue, reread, send
from tests.factories import NOW, make_business, make_channel, make_contact, make_message
from tests.peers import smtp, twilio

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _no_connection_is_left() -> Iterator[None]:
    yield
    accounts.let_go()


def mail_to(channel: Channel, *names: str) -> dict[str, Delivery]:
    version = frozen(make_message())
    return {name: queue(make_contact(name, email=f"{name}@example.com"), channel, version) for name in names}


def test_each_answer_of_a_mail_server_ends_where_it_should() -> None:
    make_business()
    with smtp.SmtpPeer() as peer:
        peer.on("later@example.com", smtp.refuse(451))
        peer.on("dead@example.com", smtp.refuse(550, text="5.1.1 user unknown"))
        peer.on("cut@example.com", smtp.drop())
        settings = {"service": "smtp", "host": peer.host, "port": str(peer.port), "security": "none"}
        channel = make_channel("email", "email", settings=settings)
        sent = mail_to(channel, "ana", "later", "dead", "cut", "eva")
        send()
        accounts.let_go()
    fates = {name: (reread(delivery).status, reread(delivery).reason) for name, delivery in sent.items()}
    assert fates["ana"] == fates["eva"] == ("sent", "")
    assert fates["later"] == ("queued", "try_again")
    assert fates["dead"] == ("bounced", "address_dead")
    assert fates["cut"] == ("unknown", "unclear")
    assert peer.counts["ana@example.com"] == peer.counts["eva@example.com"] == 1


def post(call: twilio.Call) -> int:
    address = urlsplit(call.url)
    headers = {"X-Twilio-Signature": call.signature}
    body = urlencode(call.form)
    url = f"{address.path}?{address.query}" if address.query else address.path
    return Client().post(url, body, content_type="application/x-www-form-urlencoded", headers=headers).status_code


def test_an_sms_is_reported_by_a_signed_call_and_stop_closes_the_phone() -> None:
    make_business(public_address="https://news.aurora.example")
    with twilio.TwilioPeer() as peer:
        peer.on("+34600000002", twilio.refuse(21610))
        channel = make_channel(
            "sms",
            "twilio",
            settings={"account_sid": peer.account.sid, "api_url": peer.url},
            sender_address="+15005550006",
        )
        channel.keep_secrets({"auth_token": peer.account.token})
        channel.save()
        version = frozen(make_message())
        people = [make_contact(f"P{n}", phone=f"+3460000000{n}") for n in (1, 2)]
        deliveries = [queue(one, channel, version) for one in people]
        send()
        accounts.let_go()
        assert [reread(one).status for one in deliveries] == ["sent", "failed"]
        assert reread(deliveries[1]).reason == "opted_out"

        sid = reread(deliveries[0]).provider_id
        delivered = peer.signed_callback(sid, "delivered")
        peer.inbound_url = f"https://news.aurora.example/hooks/{channel.hook}/"
        stop = peer.signed_inbound("+34600000001", "+15005550006", "STOP", OptOutType="STOP")
    assert [post(call) for call in (delivered, delivered, stop)] == [200, 200, 200]
    assert receipts.apply_inbound(now=NOW) == 2
    assert reread(deliveries[0]).status == "delivered"
    assert set(Suppression.objects.values_list("reason", flat=True)) == {"stop", "provider"}
    forged = twilio.Call(delivered.url, delivered.form, "x" * 28)
    assert post(forged) == 403
