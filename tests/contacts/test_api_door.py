"""Who may call the API, how often, and that the same call twice is done once."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from contacts import integrations
from contacts.models import AnsweredCall, Contact, Event, Integration, Scope
from tests.contacts.api_caller import Caller, error
from tests.factories import NOW, make_business, make_contact

pytestmark = pytest.mark.django_db
VISIT = {"events": [{"event": "visit", "person": {"email": "ana@example.com"}}]}


@pytest.fixture
def shop() -> Caller:
    make_business()
    make_contact("Ana Ruiz", email="ana@example.com")
    return Caller()


def test_a_key_is_kept_as_a_hash_only_and_opens_what_it_was_given(shop: Caller) -> None:
    row = Integration.objects.values().get()
    assert shop.token not in str(row)
    assert row["hint"] == shop.token[-4:]
    till = Caller("Till", scopes=[Scope.CONTACTS_WRITE])
    assert error(till.say("events", VISIT)) == (403, "not_allowed")
    assert "events:write" in till.say("events", VISIT).json()["error"]["message"]
    assert shop.say("events", VISIT).status_code == 200


@pytest.mark.parametrize("token", ["", "csc_nonsense", "csc_\x85é"])
def test_a_key_that_is_not_known_is_refused_in_the_common_shape(shop: Caller, token: str) -> None:
    answer = shop.say("events", VISIT, token=token)
    assert error(answer) == (401, "unknown_key")
    assert answer["WWW-Authenticate"] == "Bearer"


def test_a_renewed_key_ends_the_old_one_and_a_revoked_one_opens_nothing(shop: Caller) -> None:
    new = integrations.rotate(shop.integration.pk, now=NOW)
    assert error(shop.say("events", VISIT)) == (401, "unknown_key")
    assert shop.say("events", VISIT, token=new).status_code == 200
    integrations.revoke(shop.integration.pk)
    assert error(shop.say("events", VISIT, token=new)) == (401, "unknown_key")


def test_calls_are_counted_and_too_many_in_a_minute_are_asked_to_wait(shop: Caller) -> None:
    Integration.objects.update(per_minute=2)
    with time_machine.travel(NOW + timedelta(seconds=20), tick=False) as clock:
        assert [shop.say("events", VISIT).status_code for _ in range(3)] == [200, 200, 429]
        late = shop.say("events", VISIT)
        assert (error(late), late["Retry-After"]) == ((429, "too_many_calls"), "40")
        clock.shift(40)
        assert shop.say("events", VISIT).status_code == 200
    seen = shop.fresh()
    assert (seen.day_calls, seen.last_used_at) == (5, NOW + timedelta(minutes=1))
    assert Event.objects.count() == 3


def test_the_same_key_and_body_get_the_same_answer_and_nothing_is_done_twice(shop: Caller) -> None:
    first, again = (shop.say("events", VISIT, key="call-1") for _ in range(2))
    assert first.content == again.content
    assert Event.objects.count() == 1
    other = shop.say("events", {"events": [{"event": "visit", "person": {"id": 1}}]}, key="call-1")
    assert error(other) == (422, "key_used")
    assert Caller("Till").say("events", VISIT, key="call-1").status_code == 200
    assert Event.objects.count() == 2


def test_a_key_is_forgotten_after_a_day(shop: Caller) -> None:
    with time_machine.travel(NOW, tick=False) as clock:
        shop.say("events", {"events": [{**VISIT["events"][0], "key": "a"}]}, key="call-1")
        clock.shift(timedelta(hours=24, seconds=1))
        assert shop.say("events", VISIT, key="call-1").status_code == 200
        clock.shift(timedelta(hours=25))
        assert integrations.forget(clock_now()) == 1
    assert not AnsweredCall.objects.exists()


def clock_now() -> Any:
    from django.utils import timezone

    return timezone.now()


def test_a_call_that_is_still_at_work_is_not_done_beside_itself_and_a_cut_off_one_counts_once(shop: Caller) -> None:
    shop.say("events", VISIT, key="call-1")
    with time_machine.travel(NOW, tick=False) as clock:
        AnsweredCall.objects.update(status=None, at=NOW)
        busy = shop.say("events", VISIT, key="call-1")
        assert (error(busy), busy["Retry-After"]) == ((409, "at_work"), "2")
        clock.shift(timedelta(minutes=3))
        assert shop.say("events", VISIT, key="call-1").json()["results"][0]["status"] == "known"
    assert Event.objects.count() == 1


@pytest.mark.parametrize(
    "body",
    [
        b"{", b"\xff", b'{"events": [{"event": "visit\\u0000"}]}', b'{"events": [{"event": "\\ud800"}]}', b'{"events": NaN}',
        b'{"events": 1e999}', b'{"events": 99999999999999999999999}', b'{"events":' + b"[" * 50 + b"]" * 50 + b"}", b"[" * 5000,
    ],
)  # fmt: skip
def test_a_body_that_nobody_could_keep_is_refused_with_a_sentence(shop: Caller, body: bytes) -> None:
    assert error(shop.say("events", body)) == (400, "unreadable")


def test_a_body_beyond_two_megabytes_and_a_list_beyond_a_thousand_are_refused(shop: Caller) -> None:
    assert error(shop.say("events", b" " * 2_000_001)) == (413, "too_large")
    assert error(shop.say("events", b" " * 2_600_000)) == (413, "too_large")
    many = shop.say("events", {"events": [{}] * 1001})
    assert (error(many), many.json()["error"]["field"]) == ((422, "invalid"), "events")
    assert error(shop.say("events", {"evnts": []})) == (422, "invalid")


def test_the_page_for_programmers_is_made_of_files_of_this_house() -> None:
    page = Client().get(reverse("api-1:openapi-view"))
    text = page.content.decode()
    assert "swagger-ui-bundle.js" in text
    assert "://" not in text.replace("http://www.w3.org", "")
    assert "script-src 'self'" in page["Content-Security-Policy"]
    schema = Client().get(reverse("api-1:openapi-json")).json()
    assert "/api/v1/events" in schema["paths"]


@pytest.mark.django_db(transaction=True)
def test_calls_with_one_key_at_one_moment_are_done_once() -> None:
    make_business()
    make_contact("Ana Ruiz", email="ana@example.com")
    shop = Caller()
    codes: list[int] = []
    gate = threading.Barrier(3)

    def call() -> None:
        from django.db import connection

        gate.wait()
        codes.append(shop.say("events", VISIT, key="call-1").status_code)
        connection.close()

    workers = [threading.Thread(target=call) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert set(codes) <= {200, 409}
    assert 200 in codes
    assert Event.objects.count() == 1
    assert Contact.objects.count() == 1
