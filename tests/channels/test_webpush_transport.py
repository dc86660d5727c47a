"""Web push against a push service on loopback: what is posted and who signs it, what each answer means, and where nothing is posted."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import override_settings

from channels.transport import Button, Fault, Outgoing, Receipt, Refused, Result, Transport, Unclear
from channels.transports.webpush import doors, payload, subscription, vapid
from tests.channels.harness import HURRY, PushHarness
from tests.peers.push import Browser, unb64

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)
# RFC 8291, appendix A.
VECTOR = {
    "private": "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94", "auth": "BTBZMqHH6r4Tts7J_aSIgg",
    "body": "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cV"
    "PTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN",
}  # fmt: skip


@pytest.fixture
def house() -> Iterator[PushHarness]:
    with PushHarness() as opened:
        yield opened


def send(house: PushHarness, **fields: Any) -> Result:
    transport = house.open()
    return over(transport, house.message(**fields))


def over(transport: Transport, message: Outgoing) -> Result:
    try:
        ((_, result),) = transport.send_many([message])
    finally:
        transport.close()
    return result


def told(house: PushHarness, **fields: Any) -> dict[str, Any]:
    assert isinstance(send(house, **fields), Receipt)
    return house.peer.browser("0").opens(house.peer.taken[-1].body)


def test_the_browser_reads_what_was_written(house: PushHarness) -> None:
    buttons = (Button("Book", url="https://news.aurora.example/c/abc/1"), Button("No, thanks", reply="no"))
    found = told(
        house, subject="Новости", text="Скидка 20 %! https://news.aurora.example/c/abc/0", language="ru", buttons=buttons,
        topic="launch:7",
    )  # fmt: skip
    assert found == {
        "title": "Новости", "body": "Скидка 20 %!", "url": "https://news.aurora.example/c/abc/0", "key": "key-000000000000",
        "icon": "https://news.aurora.example/push/icon", "language": "ru", "dir": "ltr", "tag": payload.topic("launch:7"),
        "buttons": [
            {"label": "Book", "reply": "", "url": "https://news.aurora.example/c/abc/1"}, {"label": "No, thanks", "reply": "no", "url": ""},
        ],
    }  # fmt: skip


def test_what_is_sealed_is_sealed_as_the_standard_shows() -> None:
    key = ec.derive_private_key(int.from_bytes(unb64(VECTOR["private"])), ec.SECP256R1())
    clear = http_ece.decrypt(
        unb64(VECTOR["body"]), private_key=key, auth_secret=unb64(VECTOR["auth"]), version="aes128gcm"
    )
    assert clear == b"When I grow up, I want to be a watermelon"
    from channels.transports.webpush.api import _encrypted

    browser = Browser("https://push.example/1", key, unb64(VECTOR["auth"]))
    assert browser.opens(_encrypted(subscription.given(browser.told, CHROME), b'{"a":1}')) == {"a": 1}


def test_a_push_service_sees_who_sends_and_how_long_it_is_worth_keeping(house: PushHarness) -> None:
    send(house, valid_for=timedelta(minutes=30), topic="launch:7")
    taken = house.peer.taken[-1]
    claims = taken.claims()
    assert claims["aud"] == house.peer.url
    assert time.time() + 3600 < claims["exp"] <= time.time() + 24 * 3600
    assert claims["sub"] == "https://news.aurora.example"
    assert claims["key"] == vapid.public_key()
    assert len(unb64(vapid.public_key())) == 65
    assert {name: taken.headers[name] for name in ("ttl", "urgency", "topic", "content-encoding", "content-type")} == {
        "ttl": "1800", "urgency": "high", "topic": payload.topic("launch:7"), "content-encoding": "aes128gcm",
        "content-type": "application/octet-stream",
    }  # fmt: skip
    assert len(taken.headers["topic"]) == 32
    assert "cookie" not in taken.headers


@pytest.mark.parametrize(
    ("valid_for", "ttl"), [(None, 3 * 86_400), (timedelta(milliseconds=5), 1), (timedelta(days=90), 28 * 86_400)]
)
def test_a_message_never_vanishes_because_the_browser_is_away_for_a_moment(
    house: PushHarness, valid_for: timedelta | None, ttl: int
) -> None:
    send(house, valid_for=valid_for)
    assert house.peer.taken[-1].headers["ttl"] == str(ttl)
    assert "topic" not in house.peer.taken[-1].headers


def test_each_push_service_is_told_its_own_audience(house: PushHarness) -> None:
    """pywebpush writes the audience of the first service into the claims that it is given."""
    with PushHarness() as other:
        theirs = other.message(number=5)
        transport = house.open()
        list(transport.send_many([house.message(), theirs]))
        transport.close()
        assert [one.claims()["aud"] for one in (*house.peer.taken, *other.peer.taken)] == [
            house.peer.url,
            other.peer.url,
        ]


def test_many_go_over_few_connections_that_are_kept(house: PushHarness) -> None:
    transport = house.open(settings={})
    for wave in range(2):
        results = list(transport.send_many([house.message(number) for number in range(wave * 60, wave * 60 + 60)]))
        assert all(isinstance(result, Receipt) for _, result in results)
    transport.close()
    assert len(house.peer.taken) == 120
    assert len(house.peer.connections) <= 32


@pytest.mark.parametrize("letter", ["a", "ы", "😀", '"'])
def test_a_long_text_is_cut_where_it_fits(house: PushHarness, letter: str) -> None:
    found = told(house, text=letter * 5000 + " https://shop.example/c/abc/0")
    assert found["body"].endswith("…")
    assert set(found["body"][:-1]) == {letter}
    assert found["url"] == "https://shop.example/c/abc/0"
    size = len(json.dumps(found, ensure_ascii=False, separators=(",", ":")).encode())
    assert payload.MOST_BYTES - 8 <= size <= payload.MOST_BYTES
    assert len(house.peer.taken[-1].body) <= 4096


def test_what_is_too_large_without_any_text_is_refused_as_a_text(house: PushHarness) -> None:
    result = send(house, buttons=(Button("Book", url="https://shop.example/" + "a" * 4000),))
    assert isinstance(result, Refused)
    assert result.fault is Fault.TEXT
    assert house.peer.taken == []


@pytest.mark.parametrize(
    ("text", "url", "body"),
    [
        ("Hello", "", "Hello"),
        ("See https://a.example/c/1/0.", "https://a.example/c/1/0", "See"),
        ("Book: https://a.example/c/1/0", "https://a.example/c/1/0", "Book"),
        ("https://a.example/c/1/0", "https://a.example/c/1/0", "https://a.example/c/1/0"),
        ("Go https://a.example/1 or https://a.example/2", "https://a.example/1", "Go https://a.example/1 or https://a.example/2"),
    ],
)  # fmt: skip
def test_a_touch_leads_to_the_first_link(house: PushHarness, text: str, url: str, body: str) -> None:
    found = told(house, text=text, subject="")
    assert (found["url"], found["body"], found["title"]) == (url, body, "Salon Aurora")


@pytest.mark.parametrize(
    ("act", "fault", "dead"),
    [
        (404, Fault.PERSON, True), (410, Fault.PERSON, True), (400, Fault.PERSON, False), (401, Fault.ACCOUNT, False),
        (403, Fault.ACCOUNT, False), (413, Fault.TEXT, False), (429, Fault.TEMPORARY, False), (503, Fault.TEMPORARY, False),
        ((301, {"Location": "/s/1"}), Fault.PERSON, False), ((307, {"Location": "/s/1"}), Fault.PERSON, False),
    ],
)  # fmt: skip
def test_each_answer_says_whose_fault_it_is(house: PushHarness, act: Any, fault: Fault, dead: bool) -> None:
    house.peer.acts["/s/0"] = act
    result = send(house)
    assert isinstance(result, Refused)
    assert (result.fault, result.address_dead) == (fault, dead)
    assert house.peer.taken == []  # a redirect is not followed


@pytest.mark.parametrize("act", [200, 500, 502, "garbage", "page", "cut", "hang", "drip"])
def test_what_may_have_been_taken_is_unclear(house: PushHarness, act: Any) -> None:
    """Also from a server that answers a letter at a time, so that no time-out between two letters would ever end."""
    house.timeout = HURRY if act in ("hang", "drip") else house.timeout
    house.peer.acts["/s/0"] = act
    assert isinstance(send(house), Unclear)


@pytest.mark.parametrize(
    ("said", "seconds"), [("7", 7.0), ("999999", 3600.0), ("soon", None), ("nan", None), ("", None)]
)
def test_a_push_service_may_ask_to_wait(house: PushHarness, said: str, seconds: float | None) -> None:
    house.peer.acts["/s/0"] = (429, {"Retry-After": said})
    result = send(house)
    assert isinstance(result, Refused)
    assert result.retry_after == seconds


def test_a_date_to_wait_for_is_understood(house: PushHarness) -> None:
    house.peer.acts["/s/0"] = (503, {"Retry-After": "Wed, 21 Oct 2015 07:28:00 GMT"})
    result = send(house)
    assert isinstance(result, Refused)
    assert result.retry_after == 0.0


@pytest.mark.parametrize("act", [401, 403, 413, (429, {"Retry-After": "3000"})])
def test_a_server_that_some_visitor_named_stops_nobody_else(house: PushHarness, act: Any) -> None:
    """Neither the account nor the step, and it makes nobody wait."""
    house.peer.acts["/s/0"] = act
    with override_settings(PUSH_SERVICES=("push.example",)):
        result = send(house)
    assert isinstance(result, Refused)
    assert result.fault in (Fault.PERSON, Fault.TEMPORARY)
    assert result.retry_after is None


@pytest.mark.parametrize(
    "to",
    ["", "{}", "[]", "null", "ana@example.com", '{"endpoint":"https://a.example/","keys":{"p256dh":"AA","auth":"AA"}}'],
)
def test_an_address_that_is_no_subscription_is_given_up(house: PushHarness, to: str) -> None:
    result = send(house, to=to)
    assert isinstance(result, Refused)
    assert result.address_dead


def test_the_key_is_proved_without_asking_anybody(house: PushHarness) -> None:
    house.open().check()
    with override_settings(PUSH_KEY="AAAA"), pytest.raises(Refused) as refused:
        house.open().check()
    assert refused.value.fault is Fault.ACCOUNT


def test_the_way_to_join_is_our_own_page(house: PushHarness) -> None:
    assert house.open().join_url("abc") == "https://news.aurora.example/push/abc"
    assert house.open(callback_url="").join_url("abc") == ""


@pytest.mark.parametrize("url", ["https://localhost/1", "https://127.0.0.1/1", "https://[::1]/"])
def test_nothing_is_posted_inside_whatever_name_it_has(house: PushHarness, url: str) -> None:
    """A name may lead elsewhere by the time that a message goes out, so it is looked up once, and that number is connected to."""
    stored = subscription.given(Browser("https://push.example/1").told, CHROME)
    message = house.message(to=stored.normal.replace("https://push.example/1", url))
    with override_settings(PUSH_TO_PRIVATE_ADDRESSES=False):
        result = over(house.open(), message)
        with pytest.raises(OSError, match="public"):
            doors.look_up("localhost")
    assert isinstance(result, Refused)
    assert (result.fault, result.reason) == (Fault.PERSON, "not_public")
