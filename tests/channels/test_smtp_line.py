"""The line to a mail server, with commands one by one and all at once: what each refusal, silence and cut means for the mail."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from channels.transport import Fault, Receipt, Refused, Unclear
from tests.channels.harness import HURRY, SmtpHarness, StepwiseSmtpHarness
from tests.channels.mails import mail
from tests.peers.smtp import Act, SmtpPeer, drop, hang, refuse


@pytest.fixture(params=[SmtpHarness, StepwiseSmtpHarness], ids=["pipelining", "step by step"])
def house(request: pytest.FixtureRequest) -> Iterator[SmtpHarness]:
    with request.param() as opened:
        yield opened


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
    house.timeout = HURRY
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
    house.timeout = HURRY if act is hang else house.timeout
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


STAGES = {"mail": Fault.TEXT, "rcpt": Fault.PERSON, "data": Fault.PERSON, "body": Fault.PERSON}


@pytest.mark.parametrize("kept", [False, True])
@pytest.mark.parametrize("code", [451, 550])
@pytest.mark.parametrize("at", STAGES)
def test_a_refusal_at_each_stage_concerns_that_mail_alone(house: SmtpHarness, at: Any, code: int, kept: bool) -> None:
    transport = house.open()
    if kept:
        list(transport.send_many([house.message(0)]))
    house.peer.on(None, refuse(code, at), times=1)
    results = dict(transport.send_many([house.message(1), house.message(2)]))
    transport.close()
    refused = results[house.message(1).key]
    assert isinstance(refused, Refused)
    assert (refused.fault, refused.reason) == (Fault.TEMPORARY if code == 451 else STAGES[at], str(code))
    assert isinstance(results[house.message(2).key], Receipt)
    assert house.peer.counts == {f"person{number}@example.com": 1 for number in ((0, 2) if kept else (2,))}
    assert house.peer.connections == 1


@pytest.mark.parametrize("at", ["mail", "rcpt", "data"])
def test_a_line_that_is_lost_before_the_mail_was_begun_is_temporary(house: SmtpHarness, at: Any) -> None:
    house.peer.on("person0@example.com" if at != "mail" else None, drop(at), times=1)
    transport = house.open()
    results = dict(transport.send_many([house.message(0), house.message(1)]))
    transport.close()
    lost = results[house.message(0).key]
    assert isinstance(lost, Refused)
    assert (lost.fault, lost.reason) == (Fault.TEMPORARY, "connection_lost")
    assert isinstance(results[house.message(1).key], Receipt)
    assert house.peer.counts == {"person1@example.com": 1}


@pytest.mark.parametrize("second", [drop("data"), refuse(421, "data"), refuse(421, "body")])
def test_what_was_refused_stays_refused_whatever_else_the_server_says_of_it(second: Act) -> None:
    with SmtpHarness(gullible=True) as house:
        house.peer.on("person0@example.com", refuse(550, text="5.1.1 user unknown"))
        house.peer.on(None, second, times=1)
        house.peer.on(None, refuse(550, "mail"), times=1)
        transport = house.open()
        first, again, fine = (dict(transport.send_many([house.message(n)])) for n in (5, 0, 1))
        transport.close()
    assert refused_with(first) == "550"
    assert refused_with(again) == "550 5.1.1"
    assert [type(result) for result in fine.values()] == [Receipt]
    assert house.peer.counts == {"person1@example.com": 1}


def refused_with(results: dict[str, Any]) -> str:
    (refused,) = results.values()
    assert isinstance(refused, Refused)
    return refused.reason


@pytest.mark.parametrize("at", ["mail", "rcpt"])
def test_a_server_that_waits_for_a_mail_without_recipient_gets_an_empty_one_which_counts_for_nobody(at: Any) -> None:
    with SmtpHarness(gullible=True) as house:
        house.peer.on(None, refuse(550, at), times=1)
        transport = house.open()
        results = dict(transport.send_many([house.message(0), house.message(1)]))
        transport.close()
        empty, whole = house.peer.messages
    assert isinstance(results[house.message(0).key], Refused)
    assert isinstance(results[house.message(1).key], Receipt)
    assert (empty.recipients, empty.raw) == ((), b"")
    assert whole.recipients == ("person1@example.com",)
    assert house.peer.connections == 1


def test_where_the_server_takes_commands_together_a_mail_waits_for_it_twice() -> None:
    waits = {}
    for made in (SmtpHarness, StepwiseSmtpHarness):
        with made() as house:
            transport = house.open()
            list(transport.send_many([house.message(0)]))
            before = house.peer.writes
            list(transport.send_many([house.message(number) for number in range(1, 11)]))
            waits[made] = house.peer.writes - before
            transport.close()
    assert waits == {SmtpHarness: 20, StepwiseSmtpHarness: 40}


def test_an_address_with_a_line_break_is_no_command(house: SmtpHarness) -> None:
    transport = house.open()
    ((_, result),) = transport.send_many([mail(to="ana@example.com>\r\nRCPT TO:<eva@example.com")])
    transport.close()
    assert isinstance(result, Refused)
    assert house.peer.counts == {}


def test_without_login_and_encryption_the_server_is_greeted_all_the_same(house: SmtpHarness) -> None:
    with SmtpPeer() as peer:
        settings = {**house.account().settings, "port": str(peer.port), "username": ""}
        transport = house.open(settings=settings, secrets={})
        before = peer.writes
        ((_, result),) = transport.send_many([house.message(0)])
        assert isinstance(result, Receipt)
        assert peer.writes - before == 4  # its greeting, its offers, the three commands, the mail
        transport.close()
