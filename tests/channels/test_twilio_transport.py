"""SMS over Twilio: requests against its published description, answers by whose fault they are, statuses and answers of people."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import islice
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
    Sender,
    Unclear,
    transport_class,
)
from channels.transports.twilio import calls, codes
from tests.channels.harness import HOOK, HURRY, TwilioHarness
from tests.peers.twilio import hang, later, refuse
from tests.peers.twilio_description import description


@pytest.fixture
def house() -> Iterator[TwilioHarness]:
    with TwilioHarness() as opened:
        yield opened


def sent_form(house: TwilioHarness, **changes: Any) -> dict[str, str]:
    transport = house.open(**changes)
    ((_, result),) = transport.send_many([house.message(valid_for=timedelta(hours=2))])
    transport.close()
    assert isinstance(result, Receipt)
    return dict(house.peer.requests[-1])


def test_requests_are_as_twilio_describes_them(house: TwilioHarness) -> None:
    published = description()
    sent_form(house)
    sent_form(house, settings={**house.account().settings, "messaging_service_sid": "MG" + "0" * 32})
    for form in house.peer.requests:
        assert published.faults_in_create(form) == []


def test_a_request_says_how_long_it_is_worth_delivering_and_where_to_report(house: TwilioHarness) -> None:
    form = sent_form(house)
    assert form == {
        "To": house.address(0), "From": "+34600000000", "Body": "Hello 0", "StatusCallback": HOOK, "ValidityPeriod": "7200",
    }  # fmt: skip


def test_a_messaging_service_replaces_the_sender_and_no_public_address_means_no_callback(house: TwilioHarness) -> None:
    form = sent_form(house, settings={**house.account().settings, "messaging_service_sid": "MG1"}, callback_url="")
    assert form["MessagingServiceSid"] == "MG1"
    assert "From" not in form
    assert "StatusCallback" not in form


@pytest.mark.parametrize(("valid_for", "period"), [(timedelta(seconds=1), "6"), (timedelta(days=3), "36000")])
def test_the_validity_stays_within_what_twilio_takes(house: TwilioHarness, valid_for: timedelta, period: str) -> None:
    transport = house.open()
    list(transport.send_many([house.message(valid_for=valid_for)]))
    transport.close()
    assert dict(house.peer.requests[0])["ValidityPeriod"] == period


def test_the_receipt_carries_the_sid_and_the_segments_once_they_are_known(house: TwilioHarness) -> None:
    transport = house.open()
    ((_, result),) = transport.send_many([house.message(text="ñ" * 161)])
    assert result == Receipt(house.peer.messages[0].sid, segments=2)
    with_service = house.open(settings={**house.account().settings, "messaging_service_sid": "MG1"})
    ((_, result),) = with_service.send_many([house.message(1)])
    assert isinstance(result, Receipt)
    assert result.segments is None
    transport.close()
    with_service.close()


@pytest.mark.parametrize(
    ("code", "fault", "dead", "opted_out"),
    [
        (21211, Fault.PERSON, True, False), (21614, Fault.PERSON, True, False), (21635, Fault.PERSON, True, False),
        (21265, Fault.PERSON, True, False), (21610, Fault.PERSON, False, True), (20429, Fault.TEMPORARY, False, False),
        (21611, Fault.TEMPORARY, False, False), (21606, Fault.ACCOUNT, False, False), (21408, Fault.ACCOUNT, False, False),
        (20003, Fault.ACCOUNT, False, False), (30034, Fault.ACCOUNT, False, False), (30007, Fault.TEXT, False, False),
        (21617, Fault.TEXT, False, False), (29999, Fault.PERSON, False, False),
    ],
)  # fmt: skip
def test_each_code_is_sorted_by_whose_fault_it_is_and_an_unknown_one_keeps_the_address(
    house: TwilioHarness, code: int, fault: Fault, dead: bool, opted_out: bool
) -> None:
    house.peer.on(house.address(0), refuse(code))
    transport = house.open()
    ((_, result),) = transport.send_many([house.message()])
    transport.close()
    assert isinstance(result, Refused)
    assert (result.fault, result.reason, result.address_dead, result.opted_out) == (fault, str(code), dead, opted_out)


def test_no_code_stands_in_two_lists() -> None:
    lists = [codes.DEAD, codes.OPTED_OUT, codes.TEMPORARY, codes.ACCOUNT, codes.TEXT, codes.EXPIRED]
    assert sum(map(len, lists)) == len(set().union(*lists))


@pytest.mark.parametrize("after", [None, 7])
def test_too_many_requests_are_temporary_with_the_wait_that_twilio_asks_for(
    house: TwilioHarness, after: int | None
) -> None:
    house.peer.on(house.address(0), refuse(20429, retry_after=after))
    transport = house.open()
    ((_, result),) = transport.send_many([house.message()])
    transport.close()
    assert isinstance(result, Refused)
    assert (result.fault, result.retry_after) == (Fault.TEMPORARY, after)


def test_an_internal_error_of_twilio_may_have_taken_the_message(house: TwilioHarness) -> None:
    house.peer.on(house.address(0), refuse(20500))
    transport = house.open()
    ((_, result),) = transport.send_many([house.message()])
    transport.close()
    assert isinstance(result, Unclear)


def test_several_messages_are_in_the_air_at_a_time_and_one_that_hangs_holds_up_none(house: TwilioHarness) -> None:
    house.peer.on(house.address(0), hang())
    transport = house.open(settings={**house.account().settings, "timeout": "60"})
    answers = transport.send_many([house.message(number) for number in range(40)])
    assert all(isinstance(result, Receipt) for _, result in islice(answers, 39))
    house.peer.release()
    ((key, last),) = answers
    transport.close()
    assert key == house.message(0).key
    assert isinstance(last, Unclear)


def test_what_became_of_an_unclear_message_is_looked_up(house: TwilioHarness) -> None:
    since = datetime.now(UTC)
    messages = [
        house.message(0),
        house.message(1),
        house.message(2, to=house.address(9)),
        house.message(3, to=house.address(9)),
    ]
    messages[3] = house.message(3, to=house.address(9), text=messages[2].text)
    house.timeout = HURRY
    house.peer.on("*", hang(taken=True))
    transport = house.open()
    assert all(isinstance(result, Unclear) for _, result in transport.send_many([messages[0], *messages[2:]]))
    taken = house.peer.to(house.address(0))[0]
    house.peer.account.record(taken, "undelivered", 30003)
    found = dict(transport.reconcile(messages, since))
    transport.close()
    assert set(found) == {messages[0].key}  # the second was never taken, the twins cannot be told apart
    fact = found[messages[0].key]
    assert (fact.fact, fact.provider_id, fact.reason) == (Fact.FAILED, taken.sid, "30003")


def test_a_message_from_before_is_not_taken_for_ours(house: TwilioHarness) -> None:
    transport = house.open()
    list(transport.send_many([house.message()]))
    assert dict(transport.reconcile([house.message()], datetime.now(UTC) + timedelta(seconds=5))) == {}
    transport.close()


def test_the_accounts_settings_are_proven_by_one_request(house: TwilioHarness) -> None:
    house.open().check()
    with pytest.raises(Refused) as refused:
        house.open(secrets={"auth_token": "wrong"}).check()
    assert (refused.value.fault, refused.value.reason) == (Fault.ACCOUNT, "20003")


# Calls


def verified(token: str, url: str, body: str, signature: str, **headers: str) -> bool:
    transport = transport_class("twilio")(Account(1, "sms", Sender(), {}, {"auth_token": token}))
    try:
        transport.verify(RawCall("POST", url, {"x-twilio-signature": signature, **headers}, body.encode()))
    except BadSignature:
        return False
    return True


MYCOMPANY = "https://mycompany.com/myapp.php?foo=1&bar=2"
FORM = urlencode(
    {
        "CallSid": "CA1234567890ABCDE",
        "Digits": "1234",
        "From": "+14158675309",
        "To": "+18005551212",
        "Caller": "+14158675309",
    }
)


@pytest.mark.parametrize(
    ("url", "body", "signature"),
    [
        (MYCOMPANY, FORM, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        (MYCOMPANY, FORM, "kvajT1Ptam85bY51eRf/AJRuM3w="),
        (MYCOMPANY.replace(".com", ".com:443"), FORM, "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
        (MYCOMPANY.replace("https", "http"), FORM, "0ZXoZLH/DfblKGATFgpif+LLRf4="),
        (MYCOMPANY, "Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234", "IK+Dwps556ElfBT0I3Rgjkr1wJU="),
        (
            MYCOMPANY + "&bodySHA256=0a1ff7634d9ab3b95db5c9a2dfe9416e41502b283a80c7cf19632632f96e6620",
            '{"property": "value", "boolean": true}',
            "a9nBmqA0ju/hNViExpshrM61xv4=",
        ),
    ],
)
def test_signatures_are_checked_as_twilios_own_tests_do(url: str, body: str, signature: str) -> None:
    """Vectors: twilio-python, tests/unit/test_request_validator.py (MIT)."""
    assert verified("12345", url, body, signature)
    assert not verified("12346", url, body, signature)
    assert not verified("12345", url.replace("bar=2", "bar=3"), body, signature)
    assert not verified("12345", url, body.replace("1", "2").replace("true", "false"), signature)
    assert not verified("12345", url, body, "")


def test_an_account_without_a_token_believes_nobody() -> None:
    assert not verified("", "https://a.example/", "", "")


def read(house: TwilioHarness, **form: str) -> list[Any]:
    return house.open().parse(RawCall("POST", HOOK, {}, urlencode(form).encode()))


@pytest.mark.parametrize(
    ("status", "code", "fact", "dead"),
    [
        ("queued", "", Fact.ACCEPTED, False), ("sent", "", Fact.SENT, False), ("delivered", "", Fact.DELIVERED, False),
        ("undelivered", "30003", Fact.FAILED, False), ("undelivered", "30005", Fact.FAILED, False),
        ("failed", "21614", Fact.BOUNCED, True), ("undelivered", "30036", Fact.EXPIRED, False),
        ("failed", "99999", Fact.FAILED, False), ("canceled", "", Fact.FAILED, False),
    ],
)  # fmt: skip
def test_a_status_is_told_as_a_fact(house: TwilioHarness, status: str, code: str, fact: Fact, dead: bool) -> None:
    (told,) = read(
        house, MessageSid="SM1", MessageStatus=status, ErrorCode=code, To="+34600000001", RawDlrDoneDate="2611221200"
    )
    assert (told.fact, told.provider_id, told.reason, told.address_dead, told.at) == (fact, "SM1", code, dead, None)
    assert told.event_key == f"SM1:{status}"


def test_fields_and_statuses_of_the_future_are_no_trouble(house: TwilioHarness) -> None:
    assert read(house, MessageSid="SM1", MessageStatus="teleported", Anything="new") == []
    with pytest.raises(ValueError):
        read(house, CallSid="CA1")


@pytest.mark.parametrize(
    ("body", "opt_out_type", "fact"),
    [
        ("STOP", "", Fact.STOPPED), (" stop \n", "", Fact.STOPPED), ("Unsubscribe", "", Fact.STOPPED), ("OptOut", "", Fact.STOPPED),
        ("please stop texting me", "", Fact.REPLIED), ("stop!", "", Fact.STOPPED),
        ("Baja", "", Fact.STOPPED), ("СТОП", "", Fact.STOPPED), ("Start", "", Fact.RESUMED), ("YES", "", Fact.RESUMED),
        ("Yes, at five", "", Fact.REPLIED), ("Parar", "STOP", Fact.STOPPED), ("Seguir", "START", Fact.RESUMED),
        ("HELP", "HELP", Fact.REPLIED), ("", "", Fact.REPLIED),
    ],
)  # fmt: skip
def test_a_keyword_counts_when_it_is_the_whole_message(
    house: TwilioHarness, body: str, opt_out_type: str, fact: Fact
) -> None:
    house.peer.inbound_url = HOOK
    more = {"OptOutType": opt_out_type} if opt_out_type else {}
    call = house.call(house.peer.signed_inbound("+34600000001", "+34600000000", body, **more))
    transport = house.open()
    transport.verify(call)
    (told,) = transport.parse(call)
    assert (told.fact, told.address, told.text, told.key) == (fact, "+34600000001", body, "")


def test_twilios_keywords_are_all_known() -> None:
    """twilio.com/docs: default opt-out and opt-in keywords for long codes."""
    assert {"STOP", "UNSUBSCRIBE", "END", "QUIT", "STOPALL", "REVOKE", "OPTOUT", "CANCEL"} <= calls.STOP_WORDS
    assert {"START", "YES", "UNSTOP"} <= calls.START_WORDS


def test_a_message_that_fails_later_comes_back_as_a_signed_call(house: TwilioHarness) -> None:
    house.peer.on(house.address(0), later(30003))
    transport = house.open()
    ((_, result),) = transport.send_many([house.message()])
    assert isinstance(result, Receipt)
    call = house.call(house.peer.signed_callback(result.provider_id, "undelivered", 30003))
    transport.verify(call)
    (told,) = transport.parse(call)
    transport.close()
    assert (told.fact, told.reason, told.address_dead) == (Fact.FAILED, "30003", False)
