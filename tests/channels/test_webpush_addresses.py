"""Which subscriptions are taken as addresses of web push, and which lead somewhere that a visitor has no business in."""

from __future__ import annotations

import json
from typing import Any

import pytest

from channels.outside import is_public
from channels.transports.webpush import doors, subscription
from channels.transports.webpush.subscription import BadSubscription
from tests.peers.push import Browser

CHROME = (
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0.0.0 Safari/537.36"
)

PRIVATE = [
    "127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "192.0.2.1", "198.18.0.1",
    "224.0.0.1", "240.0.0.1", "255.255.255.255", "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1",
    "64:ff9b::7f00:1", "64:ff9b::a00:1", "2002:7f00:1::", "2001:0:7f00:1::", "2001:db8::1", "::127.0.0.1", "nonsense", "",
]  # fmt: skip


@pytest.mark.parametrize("number", PRIVATE)
def test_a_number_that_is_not_of_the_open_internet_is_known_as_such(number: str) -> None:
    assert not is_public(number)


@pytest.mark.parametrize(
    "number", ["8.8.8.8", "142.250.74.10", "2a00:1450:4003:80c::200a", "::ffff:8.8.8.8", "64:ff9b::808:808"]
)
def test_a_public_number_is_let_through(number: str) -> None:
    assert is_public(number)


BAD_URLS = [
    "http://push.example/1", "ftp://push.example/1", "file:///etc/passwd", "//push.example/1", "push.example/1", "", "https://",
    "https:///1", "https://push.example:80/1", "https://push.example:8443/1", "https://push.example:0/1", "https://push.example:99999/",
    "https://user@push.example/1", "https://user:pw@push.example/1", "https://push.example/1#x", "https://push.example\\@127.0.0.1/",
    "https://127.0.0.1/1", "https://[::1]/1", "https://[::ffff:127.0.0.1]/1", "https://[fe80::1%25eth0]/", "https://10.0.0.1/1",
    "https://169.254.169.254/latest/meta-data/", "https://2130706433/1", "https://0x7f000001/1", "https://0x7f.1/1", "https://127.1/1",
    "https://017700000001/1", "https://0177.0.0.1/", "https://push.example.0x1/", "https://push example/1",
    "https://push.example/1\r\nX: y",
    "https://пуш.example/1", "https://push.example/ы", "https://%31%32%37.0.0.1/1", "https://[::1/1", "https://push..example/1",
    "https://" + "a" * 1300,
]  # fmt: skip


@pytest.mark.parametrize("url", BAD_URLS)
def test_an_address_that_may_lead_inside_is_taken_neither_at_the_page_nor_at_sending(url: str) -> None:
    with pytest.raises(doors.NotPublic):
        doors.check(url)
    with pytest.raises(BadSubscription):
        subscription.given(Browser(url).told, CHROME)


@pytest.mark.parametrize(
    "url", ["https://fcm.googleapis.com/fcm/send/abc:def-_", "https://web.push.apple.com:443/Q", "https://8.8.8.8/1"]
)
def test_what_browsers_have_is_taken(url: str) -> None:
    doors.check(url)
    assert subscription.given(Browser(url).told, CHROME).endpoint == url


def test_only_makers_of_browsers_are_known() -> None:
    assert doors.is_known("fcm.googleapis.com")
    assert doors.is_known("wns2-par02p.notify.windows.com.")
    assert not doors.is_known("fcm.googleapis.com.evil.example")
    assert not doors.is_known("evilfcm.googleapis.com")


def test_a_subscription_is_one_address_however_its_keys_are_spelt() -> None:
    browser = Browser("https://push.example/1")
    plain = subscription.given(browser.told, CHROME)
    padded = {
        "endpoint": browser.endpoint,
        "keys": {name: key + "=" * (-len(key) % 4) for name, key in browser.told["keys"].items()},
    }
    assert subscription.given(padded, CHROME.replace("140", "141")) == plain
    assert subscription.read(plain.normal) == plain
    assert plain.normal == json.dumps(json.loads(plain.normal), separators=(",", ":"))
    assert plain.normal.startswith(subscription.start_of(browser.endpoint))


@pytest.mark.parametrize(
    "change",
    [
        {"keys": None}, {"keys": {}}, {"keys": {"p256dh": 1, "auth": 2}}, {"keys": {"p256dh": "AAAA", "auth": "AAAA"}}, {"endpoint": None},
        {"endpoint": "https://push.example/" + "a" * 1190},
    ],
)  # fmt: skip
def test_what_is_no_subscription_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(BadSubscription):
        subscription.given({**Browser("https://push.example/1").told, **change}, CHROME)


def test_a_key_that_is_no_point_of_the_curve_is_refused() -> None:
    browser = Browser("https://push.example/1").told
    browser["keys"]["p256dh"] = "B" + "A" * 86
    with pytest.raises(BadSubscription, match="curve"):
        subscription.given(browser, CHROME)


@pytest.mark.parametrize(
    ("user_agent", "shown"),
    [
        (CHROME, "Chrome on Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Version/18.0 Mobile/15E148 Safari/604.1",
         "Safari on iPhone"),
        ("Mozilla/5.0 (Linux; Android 15; SM-S921) AppleWebKit/537.36 SamsungBrowser/27.0 Chrome/125.0 Mobile Safari/537.36",
         "Samsung Internet on Android"),
        (CHROME + " Edg/140.0.0.0", "Edge on Windows"), ("curl/8", "a browser"), ("", "a browser"),
    ],
)  # fmt: skip
def test_staff_read_which_browser_it_is(user_agent: str, shown: str) -> None:
    normal = subscription.given(Browser("https://push.example/1").told, user_agent).normal
    assert subscription.shown(normal) == shown
    assert subscription.shown("nonsense") == "a browser"
