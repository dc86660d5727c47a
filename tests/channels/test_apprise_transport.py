"""Services behind Apprise: which addresses may be used, what a no means, and that neither hosts within nor secrets are given away."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from django.core.exceptions import ValidationError

from channels.transport import Fault, Receipt, Refused, Result, Unclear
from channels.transports.apprise import APPRISE, AppriseTransport, must_be_public, names_host, opened, refusal
from contacts.forms.person import normalise
from tests.channels.bot_houses import AppriseHarness
from tests.channels.harness import HURRY, Mood
from tests.peers.bots import Said


@pytest.fixture
def house() -> Iterator[AppriseHarness]:
    with AppriseHarness() as opened:
        yield opened


def sent(house: AppriseHarness, settings: dict[str, str] | None = None, **fields: Any) -> Result:
    transport = house.open(**({} if settings is None else {"settings": settings}))
    ((_, result),) = transport.send_many([house.message(**fields)])
    transport.close()
    return result


def test_a_text_goes_out_under_its_title(house: AppriseHarness) -> None:
    assert isinstance(sent(house, subject="Open on Sunday"), Receipt)
    (told,) = house.peer.messages
    assert (told["topic"], told["title"], told["message"]) == ("person0", "Open on Sunday", "Hello 0")
    (_, _, headers) = house.peer.requests[0]
    assert headers["user-agent"] == "Salon Aurora"


@pytest.mark.parametrize(
    "address",
    [
        "ntfys://ntfy.sh/topic", "ntfys://topic", "discord://123456789012345678/abcdefghijklmnop", "gotifys://g.example/AbCdEfGhIjKlMnO",
        "mmosts://mm.example/abcdefghijklmnopqrstuvwxyz", "nctalks://user:pass@nc.example/room",
    ],
)  # fmt: skip
def test_an_address_of_a_service_can_be_entered(address: str) -> None:
    assert normalise("apprise", f" {address} ", "ES") == address


@pytest.mark.parametrize(
    "address",
    [
        "", "ana@example.com", "https://shop.example/", "file:///etc/passwd", "syslog://localhost", "rsyslog://localhost", "dbus://", "gnome://",
        "windows://", "macosx://", "mailto://user:pass@example.com", "json://localhost", "jsons://shop.example", "form://localhost",
        "apprises://host/token", "ntfy://ntfy.sh/topic", "gotify://g.example/AbCdEfGhIjKlMnO", "smpp://u:p@host/1/2", "mqtt://localhost/t",
        "ntfys://ntfy.sh/one/two", "discord://short", "tgram://123456789:ABCdefghijklmnopqrstuvwxyz123456789/12345/12346", "ntfys://",
    ],
)  # fmt: skip
def test_what_is_no_safe_address_of_one_service_is_refused_with_a_sentence(house: AppriseHarness, address: str) -> None:
    with pytest.raises(ValidationError) as refused:
        normalise("apprise", address, "ES")
    assert str(refused.value.messages[0]).endswith(".")
    result = sent(house, {}, to=address)
    assert isinstance(result, Refused)
    assert (result.fault, result.address_dead) == (Fault.PERSON, True)


def test_phones_and_emails_are_read_as_before() -> None:
    assert normalise("phone", "600 000 001", "ES") == "+34600000001"
    with pytest.raises(ValidationError):
        normalise("email", "nobody", "ES")


def test_an_address_decides_neither_on_second_tries_nor_on_redirects_nor_on_certificates() -> None:
    service = opened("ntfys://ntfy.sh/topic?retry=5&redirect=yes&verify=no&rto=600&cto=600")
    assert (service.retry, service.redirects, service.verify_certificate) == (0, False, True)


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1", "localhost", "10.0.0.1", "192.168.1.1", "169.254.169.254", "0.0.0.0", "2130706433", "127.1", "::1", "fd00::1",
        "::ffff:127.0.0.1", "2002:7f00:1::", "224.0.0.1", "100.64.0.1",
    ],
)  # fmt: skip
def test_no_request_goes_to_a_host_within_our_walls(host: str) -> None:
    with pytest.raises(Refused) as refused:
        must_be_public(host)
    assert (refused.value.fault, refused.value.reason) == (Fault.PERSON, "private_host")


def test_public_hosts_pass_and_names_that_are_none_do_not() -> None:
    for host in ("8.8.8.8", "2606:4700:4700::1111"):
        must_be_public(host)
    for host in ("", "a" * 300):
        with pytest.raises(Refused):
            must_be_public(host)


def test_a_service_that_the_address_places_within_our_walls_is_not_called(house: AppriseHarness) -> None:
    result = sent(house, {"timeout": "0.4"}, to=f"ntfys://127.0.0.1:{house.peer.port}/person0")
    assert isinstance(result, Refused)
    assert result.reason == "private_host"
    assert not house.peer.requests


def test_the_librarys_own_hosts_need_no_check() -> None:
    cloud, hosted = "ntfys://topic", "ntfys://ntfy.example/topic"
    assert not names_host(cloud, opened(cloud))
    assert names_host(hosted, opened(hosted))
    discord = "discord://123456789012345678/abcdefghijklmnop"
    assert not names_host(discord, opened(discord))


@pytest.mark.parametrize(
    ("status", "fault"),
    [(400, Fault.PERSON), (403, Fault.PERSON), (404, Fault.PERSON), (410, Fault.PERSON), (429, Fault.TEMPORARY)],
)
def test_a_no_with_a_status_is_sorted_and_keeps_the_address(house: AppriseHarness, status: int, fault: Fault) -> None:
    house.peer.on("person0", Said(status, []))
    result = sent(house)
    assert isinstance(result, Refused)
    assert (result.fault, result.reason, result.address_dead) == (fault, str(status), False)


@pytest.mark.parametrize("act", [Said(500, {}), Said(503, {}), "hang", "close"])
def test_a_no_that_may_be_a_lost_yes_is_unclear(house: AppriseHarness, act: Any) -> None:
    house.timeout = HURRY if act == "hang" else house.timeout
    house.peer.on("person0", act)
    assert isinstance(sent(house), Unclear)


def test_a_no_without_a_reason_is_unclear() -> None:
    assert isinstance(refusal("something went wrong"), Unclear)
    assert isinstance(refusal(""), Unclear)


def test_a_redirect_is_not_followed(house: AppriseHarness) -> None:
    house.peer.on("person0", Said(307, {}, {"Location": f"http://127.0.0.1:{house.peer.port}/elsewhere"}))
    assert not isinstance(sent(house), Receipt)
    assert len(house.peer.requests) == 1


def test_secrets_in_an_address_reach_no_log_and_no_answer(
    house: AppriseHarness, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    caplog.set_level(logging.DEBUG)
    shown = []
    for number, mood in enumerate(house.moods):
        house.timeout = HURRY if mood is Mood.SILENT else house.timeout
        house.treat(house.address(number), mood)
        result = sent(house, to=house.address(number))
        shown.append(repr(result) + str(getattr(result, "__dict__", "")))
    shown += [record.getMessage() for record in caplog.records] + list(capfd.readouterr())
    assert house.moods[0] is Mood.BUSY
    assert "tk_secret" not in "".join(shown)


def test_staff_see_the_service_and_not_the_secret() -> None:
    one, two = (APPRISE.show(f"discord://123456789012345678/secret{number}") for number in (1, 2))
    assert one.startswith("discord •••")
    assert one != two
    assert "secret" not in one + two
    assert replace(APPRISE).show("x" * 500)


def test_the_channels_page_says_what_cannot_be_learned() -> None:
    assert "took a message" in str(AppriseTransport.fields[0].help_text)
    assert APPRISE.titled
    assert APPRISE.typed
