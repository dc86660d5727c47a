"""The one door for providers: proven, stored once, answered; never an error for what strangers send."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels import receipts, webhooks
from channels.models import Channel, InboundCall
from channels.transport import Fact, Inbound, RawCall
from channels.transports.sandbox import signed_call
from contacts.models import Business
from tests.channels.outbox import ScriptedTransport, frozen, queue, reread, send
from tests.factories import NOW, make_business, make_channel, make_contact, make_message

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("scripted")]
WORD = {"x-word": "sesame", "content-type": "text/plain"}


@pytest.fixture
def channel() -> Channel:
    make_business(public_address="https://news.aurora.example")
    return make_channel("sms", "scripted")


def knock(channel: Channel, body: bytes = b"hello", *, word: str = "sesame", **more: str) -> int:
    given = {"X-Word": word, **more}
    return Client().post(f"/hooks/{channel.hook}/?a=1", body, content_type="text/plain", headers=given).status_code


def test_a_call_is_stored_as_it_came_with_the_public_address_and_without_passwords(channel: Channel) -> None:
    assert knock(channel, b"\x00raw \xff", Authorization="Basic secret", Cookie="a=b") == 200
    call = InboundCall.objects.get()
    assert (bytes(call.body), call.method, call.state) == (b"\x00raw \xff", "POST", "stored")
    assert call.url == f"https://news.aurora.example/hooks/{channel.hook}/?a=1"
    assert call.headers["x-word"] == "sesame"
    assert not {"authorization", "cookie"} & set(call.headers)


def test_a_replayed_call_is_answered_the_same_and_stored_once(channel: Channel) -> None:
    assert [knock(channel) for _ in range(3)] == [200, 200, 200]
    assert InboundCall.objects.count() == 1


def test_a_call_that_is_not_proven_is_refused_and_not_stored(channel: Channel) -> None:
    assert knock(channel, word="guess") == 403
    assert not InboundCall.objects.exists()


def test_a_check_that_breaks_proves_nothing(
    channel: Channel, scripted: type[ScriptedTransport], monkeypatch: Any
) -> None:
    def confused(self: Any, call: RawCall) -> None:
        raise KeyError("signature")

    monkeypatch.setattr(scripted, "verify", confused)
    assert knock(channel) == 403


def test_a_huge_call_is_refused_before_it_is_read(channel: Channel) -> None:
    assert knock(channel, b"x" * (webhooks.LARGEST_BODY + 1)) == 413
    assert knock(channel, b"x" * 3_000_000) == 413
    call = RawCall("POST", "https://a.example/", WORD, b"x" * (webhooks.LARGEST_BODY + 1))
    assert webhooks.accept(channel, call, now=NOW).status == 413
    assert knock(channel, b"x" * webhooks.LARGEST_BODY) == 200


def test_an_address_that_was_never_given_out_leads_nowhere(channel: Channel) -> None:
    assert Client().post("/hooks/guessed/", b"x", content_type="text/plain").status_code == 404
    assert Client().delete(f"/hooks/{channel.hook}/").status_code == 405


def test_without_a_public_address_the_request_s_own_is_taken(channel: Channel) -> None:
    Business.objects.update(public_address="")
    knock(channel)
    assert InboundCall.objects.get().url == f"http://testserver/hooks/{channel.hook}/?a=1"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=200),
    st.text(st.characters(codec="latin-1", exclude_characters="\r\n\0"), max_size=10),
    st.booleans(),
)
def test_garbage_is_never_an_error(channel: Channel, body: bytes, word: str, signed: bool) -> None:
    assert knock(channel, body, word="sesame" if signed else word) in {200, 403}
    receipts.apply_inbound(now=NOW)
    assert not InboundCall.objects.filter(state="stored").exists()


def test_a_sandbox_click_goes_through_the_door_to_the_delivery() -> None:
    """The whole way, with the sandbox's own signature."""
    make_business()
    channel = make_channel("email", "sandbox")
    delivery = queue(make_contact(email="ana@example.com"), channel, frozen(make_message()))
    send()
    told = Inbound(Fact.CLICKED, "played:1", key=delivery.token, played=True)
    call = signed_call(channel.account("http://127.0.0.1:8000"), [told])
    headers = {name: value for name, value in call.headers.items() if name != "content-type"}
    answer = Client().post(f"/hooks/{channel.hook}/", call.body, content_type="application/json", headers=headers)
    assert answer.status_code == 200
    receipts.apply_inbound(now=NOW)
    assert reread(delivery).clicked_grade == "human"
    forged = {**headers, "x-sandbox-signature": "0" * 64}
    assert (
        Client().post(f"/hooks/{channel.hook}/", call.body, content_type="application/json", headers=forged).status_code
        == 403
    )
