"""What every transport must do, run over each registered one against a counterpart of its own (see `harness`)."""

from __future__ import annotations

import logging
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from django.conf import settings

from channels.transport import (
    BadSignature,
    Fault,
    RawCall,
    Receipt,
    Refused,
    Result,
    Transport,
    Unclear,
    transport_class,
)
from contacts import kinds
from tests.channels import bot_houses, harness
from tests.channels.harness import Harness, Mood

HARNESSES = (*harness.HARNESSES, *bot_houses.HARNESSES)

pytestmark = pytest.mark.django_db


@contextmanager
def opened(made: type[Harness], mood: Mood | None = None) -> Iterator[Harness]:
    """A counterpart. Time-outs are short only where one is waited for: a busy machine is not silent."""
    house = made()
    house.timeout = harness.HURRY if mood is Mood.SILENT else house.timeout
    with house:
        yield house


@pytest.fixture(params=HARNESSES, ids=lambda made: made.__name__)
def house(request: pytest.FixtureRequest) -> Iterator[Harness]:
    with opened(request.param) as one:
        yield one


def with_moods(*moods: Mood) -> pytest.MarkDecorator:
    cases = [(made, mood) for made in HARNESSES for mood in moods if mood in made.moods]
    return pytest.mark.parametrize(("made", "mood"), cases, ids=[f"{made.__name__}-{mood}" for made, mood in cases])


def send(transport: Transport, house: Harness, *numbers: int) -> dict[str, Result]:
    try:
        results = list(transport.send_many([house.message(number) for number in numbers]))
    finally:
        transport.close()
    assert sorted(key for key, _ in results) == sorted(house.message(number).key for number in numbers)
    return dict(results)


def only(results: dict[str, Result]) -> Result:
    (result,) = results.values()
    return result


def test_every_registered_transport_has_a_counterpart() -> None:
    assert {made.transport for made in HARNESSES} == set(settings.CHANNEL_TRANSPORTS)


@pytest.mark.parametrize("name", settings.CHANNEL_TRANSPORTS)
def test_a_transport_says_what_it_is(name: str) -> None:
    carrier = transport_class(name)
    assert carrier.name == name
    assert str(carrier.label)
    assert carrier.kinds
    for kind in carrier.kinds:
        assert kinds.get(kind.name) == kind
        assert carrier.reports_with(kind.name, {})
    assert len({field.name for field in carrier.fields}) == len(carrier.fields)


def test_each_message_gets_one_answer_and_is_taken_once(house: Harness) -> None:
    results = send(house.open(), house, *range(25))
    assert all(isinstance(result, Receipt) and result.provider_id for result in results.values())
    assert [house.taken(house.address(number)) for number in range(25)] == [1] * 25


def test_one_message_to_several_addresses_gets_one_answer_and_says_which_of_them_are_gone(house: Harness) -> None:
    if kinds.get(house.kind).at_once == 1 or Mood.NOBODY not in house.moods:
        return  # such a message never comes its way, or nobody is ever gone there
    house.treat(house.address(1), Mood.NOBODY)
    house.treat(house.address(4), Mood.NOBODY)
    some = house.message(0, also=(house.address(1), house.address(2)))
    none = house.message(4, also=(house.address(1),))
    transport = house.open()
    results = dict(transport.send_many([some, none]))
    transport.close()
    taken, refused = results[some.key], results[none.key]
    assert isinstance(taken, Receipt)
    assert taken.gone == (house.address(1),)
    assert [house.taken(house.address(number)) for number in (0, 1, 2)] == [1, 0, 1]
    assert isinstance(refused, Refused)
    assert (refused.address_dead, set(refused.gone)) == (True, {house.address(4), house.address(1)})


def test_an_empty_wave_is_nothing(house: Harness) -> None:
    assert send(house.open(), house) == {}


@with_moods(Mood.BUSY)
def test_not_now_is_temporary(made: type[Harness], mood: Mood) -> None:
    with opened(made, mood) as house:
        house.treat(house.address(0), mood)
        result = only(send(house.open(), house, 0))
        assert isinstance(result, Refused)
        assert result.fault is Fault.TEMPORARY
        assert not result.address_dead
        assert result.retry_after in (None, 7.0)
        assert house.taken(house.address(0)) == 0


@with_moods(Mood.UNREACHABLE, Mood.NOBODY)
def test_a_person_who_cannot_be_reached_moves_on_alone(made: type[Harness], mood: Mood) -> None:
    with opened(made, mood) as house:
        house.treat(house.address(1), mood)
        results = send(house.open(), house, 0, 1, 2)
        refused = results.pop(house.message(1).key)
        assert isinstance(refused, Refused)
        assert refused.fault is Fault.PERSON
        assert refused.reason
        assert all(isinstance(result, Receipt) for result in results.values())


@with_moods(Mood.UNREACHABLE)
def test_an_address_is_not_given_up_for_a_refusal_that_is_not_about_it(made: type[Harness], mood: Mood) -> None:
    with opened(made, mood) as house:
        house.treat(house.address(0), mood)
        result = only(send(house.open(), house, 0))
        assert isinstance(result, Refused)
        assert not result.address_dead


@with_moods(Mood.SILENT, Mood.CUT, Mood.GARBAGE)
def test_what_may_have_been_taken_is_unclear_and_never_tried_twice(made: type[Harness], mood: Mood) -> None:
    with opened(made, mood) as house:
        house.treat(house.address(1), mood)
        results = send(house.open(), house, 0, 1, 2)
        assert isinstance(results.pop(house.message(1).key), Unclear)
        shared = Unclear if house.together else Receipt
        assert all(isinstance(result, shared) for result in results.values())
        assert house.taken(house.address(1)) <= 1


def test_a_provider_that_is_not_there_is_a_reason_to_wait(house: Harness) -> None:
    if not house.moods:
        assert not transport_class(house.transport).live  # only what never leaves the house cannot be away
        return
    account = house.account()
    away = {**account.settings, "port": "9", "host": "127.0.0.1", "api_url": "http://127.0.0.1:9/"}
    results = send(house.open(settings=away), house, *range(6))
    for result in results.values():
        assert isinstance(result, Refused)
        assert result.fault is Fault.TEMPORARY


def test_calls_of_the_provider_are_believed_only_with_its_signature(house: Harness) -> None:
    transport = house.open()
    message = house.message()
    receipt = only(dict(transport.send_many([message])))
    assert isinstance(receipt, Receipt)
    unsigned = {"content-type": "application/json"}
    for call in house.calls(message, receipt.provider_id):
        transport.verify(call)
        for forged in (house.tampered(call), replace(call, headers=unsigned, body=b"{}"), replace(call, body=b"")):
            with pytest.raises(BadSignature):
                transport.verify(forged)
        if house.transport != "sandbox":  # which is signed by the installation, not by an account
            with pytest.raises(BadSignature):
                house.open(secrets={}).verify(call)
    transport.close()


def house_call() -> RawCall:
    return RawCall("POST", "https://news.aurora.example/hooks/abc/", {"content-type": "application/json"}, b"")


def test_replayed_and_reordered_calls_tell_the_same_facts(house: Harness) -> None:
    transport = house.open()
    message = house.message()
    receipt = only(dict(transport.send_many([message])))
    assert isinstance(receipt, Receipt)
    calls = house.calls(message, receipt.provider_id)
    once = {fact.event_key: fact for call in calls for fact in transport.parse(call)}
    again = {fact.event_key: fact for call in [*reversed(calls), *calls] for fact in transport.parse(call)}
    assert again == once
    assert len(once) == len(calls)
    for fact in once.values():
        assert fact.key == message.key or fact.provider_id == receipt.provider_id
        assert len(fact.event_key) <= 120
    transport.close()


@pytest.mark.parametrize(
    "body", [b"", b"{}", b"[]", b"null", b"\xff\xfe", b"a=b", b'{"facts": 1}', b'{"event-data": []}', b"{" * 50]
)
def test_a_body_that_cannot_be_read_is_no_crash(house: Harness, body: bytes) -> None:
    transport = house.open()
    call = replace(house_call(), body=body)
    with pytest.raises(BadSignature):
        transport.verify(call)
    try:
        facts = transport.parse(call)
    except (ValueError, BadSignature):
        return
    assert facts == []


@pytest.mark.parametrize("made", HARNESSES)
def test_secrets_never_show(made: type[Harness], caplog: pytest.LogCaptureFixture) -> None:
    """Neither in what an account or an answer looks like, nor in what anything logs on the way, nor in an exception."""
    caplog.set_level(logging.DEBUG)
    with opened(made, Mood.SILENT) as house:
        account = house.account()
        shown = [repr(account), str(account)]
        for number, mood in enumerate(house.moods):
            house.treat(house.address(number), mood)
        transport = house.open()
        for _key, result in transport.send_many([house.message(number) for number in range(len(house.moods) + 1)]):
            shown.append(repr(result) + str(result) + str(getattr(result, "__dict__", "")))
        transport.close()
        for secrets in (
            dict.fromkeys(account.secrets, "wrong-" + next(iter(account.secrets.values()))),
            account.secrets,
        ):
            away = {**account.settings, "port": "9", "api_url": "http://127.0.0.1:9/"}
            for known in (account.settings, away):
                try:
                    house.open(secrets=secrets, settings=known).check()
                except (Refused, Unclear) as error:
                    shown += [str(error), repr(error.__dict__), "".join(traceback.format_exception(error))]
        shown += [record.getMessage() + repr(record.__dict__) for record in caplog.records]
        for secret in account.secrets.values():
            assert secret not in "".join(shown)
