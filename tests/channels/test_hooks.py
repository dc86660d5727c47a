"""Other programs are told what happens here: signed, once, again until it is taken, and never into the house."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from standardwebhooks import Webhook, WebhookVerificationError

from channels import hooks
from channels.hooks import posting
from channels.models import HookCall, OutgoingHook, Topic
from contacts import consent, events
from contacts.models import Basis, Contact, Event
from tests.contacts.staff import said_of, sign_in
from tests.factories import NOW, make_business, make_contact

pytestmark = pytest.mark.django_db


class Other:
    """Another program, that takes calls or does not."""

    def __init__(self) -> None:
        self.status, self.heard = 200, list[tuple[dict[str, str], bytes]]()
        other = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                other.heard.append(({name.lower(): value for name, value in self.headers.items()}, body))
                self.send_response(other.status)
                if other.status == 302:
                    self.send_header("Location", "http://127.0.0.1:1/")
                self.end_headers()
                self.wfile.write(b"thanks")

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/in"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()


@pytest.fixture(scope="module")
def listening() -> Iterator[Other]:
    other = Other()
    yield other
    other.server.shutdown()
    other.server.server_close()


@pytest.fixture
def other(listening: Other, settings: Any) -> Other:
    settings.HOOKS_TO_PRIVATE_ADDRESSES = True
    listening.status, listening.heard = 200, []
    make_business()
    return listening


@pytest.fixture
def ana(other: Other) -> Contact:
    return make_contact("Ana Ruiz", email="ana@example.com", external_id="7", consent=())


def told_of(other: Other, *topics: str) -> OutgoingHook:
    hook = OutgoingHook.objects.create(name="CRM", url=other.url, topics=list(topics or Topic.values))
    hooks.begin(hook)
    return hook


def happen(ana: Contact, name: str = "order", **data: Any) -> None:
    events.record(ana.pk, name, at=NOW, now=NOW, data=data, source="till")


def states() -> list[tuple[str, int, int | None]]:
    return list(HookCall.objects.order_by("id").values_list("state", "attempts", "status"))


def test_what_happens_is_told_once_signed_and_without_addresses(other: Other, ana: Contact) -> None:
    happen(ana)
    hook = told_of(other)
    happen(ana, "visit", note="cut")
    consent.grant(ana.pk, "email", basis=Basis.EXPRESS, source="form", now=NOW)
    assert [hooks.notice(NOW), hooks.notice(NOW)] == [2, 0]
    assert [hooks.tell(NOW), hooks.tell(NOW)] == [2, 0]
    assert states() == [("done", 1, 200)] * 2
    told = {json.loads(body)["type"]: json.loads(body) for _headers, body in other.heard}
    assert set(told) == {"event.visit", "consent.given"}
    assert told["event.visit"]["data"]["contact"] == {"id": ana.pk, "external_id": "7"}
    assert told["event.visit"]["data"]["details"] == {"note": "cut"}
    assert b"ana@example.com" not in b"".join(body for _headers, body in other.heard)
    with time_machine.travel(NOW, tick=False):
        for headers, body in other.heard:
            Webhook(hook.secret).verify(body, headers)
            with pytest.raises(WebhookVerificationError):
                Webhook(hook.secret).verify(body + b" ", headers)
    assert len({headers["webhook-id"] for headers, _body in other.heard}) == 2


def test_a_program_hears_only_of_what_it_was_given(other: Other, ana: Contact) -> None:
    told_of(other, Topic.CONSENT)
    happen(ana)
    assert hooks.notice(NOW) == 0


def test_a_fact_that_is_committed_late_is_told_though_its_number_is_lower(other: Other, ana: Contact) -> None:
    hook = told_of(other, Topic.EVENT)
    for name in ("first", "late", "third"):
        happen(ana, name)
    hooks.notice(NOW)
    HookCall.objects.filter(payload__type="event.late").delete()  # as if it had not been there yet
    assert hooks.notice(NOW + timedelta(minutes=5)) == 1
    hooks.notice(NOW + timedelta(minutes=11))
    hook.refresh_from_db()
    assert hook.settled["event"] == Event.objects.latest("id").pk
    HookCall.objects.all().delete()
    assert hooks.notice(NOW + timedelta(minutes=12)) == 0


def test_a_call_that_is_not_taken_comes_again_for_a_day_and_then_is_given_up(other: Other, ana: Contact) -> None:
    told_of(other, Topic.EVENT)
    happen(ana)
    hooks.notice(NOW)
    other.status, now = 500, NOW
    attempts = [now]
    for _ in range(20):
        hooks.tell(now)
        call = HookCall.objects.get()
        if call.state != "waiting":
            break
        assert hooks.tell(call.next_attempt - timedelta(seconds=1)) == 0
        now = call.next_attempt
        attempts.append(now)
    assert (call.state, len(attempts)) == ("failed", 8)
    assert timedelta(hours=24) < attempts[-1] - attempts[0] < timedelta(hours=36)
    assert {headers["webhook-id"] for headers, _body in other.heard} == {f"msg_{call.pk}"}
    assert call.response == "thanks"


def test_an_address_that_fails_for_days_is_switched_off_and_staff_read_why(other: Other, ana: Contact) -> None:
    hook = told_of(other, Topic.EVENT)
    other.status = 500
    for day in range(4):
        happen(ana)
        hooks.notice(NOW + timedelta(days=day))
        hooks.tell(NOW + timedelta(days=day))
    hook.refresh_from_db()
    assert (hook.active, hook.failing_since) == (False, NOW)
    assert "for three days" in said_of(sign_in("Owner").get(reverse("admin:channels_outgoinghook_changelist")))
    assert hooks.tell(NOW + timedelta(days=9)) == 0


def test_a_call_that_is_taken_ends_the_failing_and_gone_switches_off_at_once(other: Other, ana: Contact) -> None:
    hook = told_of(other, Topic.EVENT)
    for status in (500, 200, 410):
        other.status = status
        happen(ana)
        hooks.notice(NOW)
        hooks.tell(NOW)
        hook.refresh_from_db()
        assert (hook.failing_since is None) is (status == 200)
    assert not hook.active


def test_no_call_follows_a_redirect_or_leads_into_the_house(other: Other, ana: Contact, settings: Any) -> None:
    told_of(other, Topic.EVENT)
    happen(ana)
    hooks.notice(NOW)
    other.status = 302
    hooks.tell(NOW)
    assert states() == [("waiting", 1, 302)]
    settings.HOOKS_TO_PRIVATE_ADDRESSES = False
    inside = [
        "https://127.0.0.1/",
        "https://10.0.0.1/",
        "https://[::1]/",
        "https://localhost/",
        "http://example.com/",
        "https://a@b.example/",
    ]
    answers = posting.post_all([posting.Post(url, {}, b"") for url in inside])
    assert {answer.status for answer in answers} == {0}
    assert len(other.heard) == 1
    owner = sign_in("Owner")
    page = reverse("admin:channels_outgoinghook_add")
    text = said_of(owner.post(page, {"name": "X", "url": "https://10.0.0.1/", "topics": ["event"]}))
    assert "one of the open internet" in text


def test_staff_send_again_under_the_same_number(other: Other, ana: Contact) -> None:
    told_of(other, Topic.EVENT)
    happen(ana)
    hooks.notice(NOW)
    hooks.tell(NOW)
    owner, page = sign_in("Owner"), reverse("admin:channels_hookcall_changelist")
    with time_machine.travel(NOW + timedelta(hours=1), tick=False):
        owner.post(page, {"action": "again", "_selected_action": [HookCall.objects.get().pk]})
    hooks.tell(NOW + timedelta(hours=1))
    assert [headers["webhook-id"] for headers, _body in other.heard] == [f"msg_{HookCall.objects.get().pk}"] * 2
    assert sign_in("Viewer").get(page).status_code == 403


def test_many_facts_cost_as_many_statements_as_few(other: Other, ana: Contact) -> None:
    told_of(other, Topic.EVENT)

    def statements(count: int) -> int:
        events.record_many([events.Fact(ana.pk, "visit", NOW) for _ in range(count)], now=NOW)
        with CaptureQueriesContext(connection) as queries:
            hooks.notice(NOW)
            hooks.tell(NOW)
        return len(queries)

    assert statements(2) == statements(60)
