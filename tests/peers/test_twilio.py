"""The Twilio of the tests speaks as the published description says, and loses answers as told."""

from __future__ import annotations

import importlib
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl

import pytest
import requests
from twilio.base.exceptions import TwilioRestException

from tests.peers.twilio import Act, TwilioPeer, close, garbage, hang, later, refuse, sign
from tests.peers.twilio_account import SID, TOKEN, error_json, fault, segments
from tests.peers.twilio_description import Description, description

ANA, SHOP = "+34600000001", "+34930000000"
# Twilio's own library, which has no types.
Client: Any = importlib.import_module("twilio.rest").Client
RequestValidator: Any = importlib.import_module("twilio.request_validator").RequestValidator
FORM = {"To": ANA, "From": SHOP, "Body": "Hola"}


@pytest.fixture
def peer() -> Iterator[TwilioPeer]:
    with TwilioPeer() as running:
        yield running


def post(peer: TwilioPeer, /, *, timeout: float = 5, **changes: Any) -> requests.Response:
    form = {name: value for name, value in {**FORM, **changes}.items() if value is not None}
    url = f"{peer.url}/2010-04-01/Accounts/{SID}/Messages.json"
    return requests.post(url, form, auth=(SID, TOKEN), timeout=timeout)


class Ear(HTTPServer):
    """Hears what is posted to it."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _EarHandler)
        self.heard: list[tuple[str, str, dict[str, str]]] = []
        self.more = threading.Condition()
        self.url = f"http://127.0.0.1:{self.server_address[1]}"

    def wait_for(self, count: int) -> list[str]:
        with self.more:
            assert self.more.wait_for(lambda: len(self.heard) >= count, 10)
        return [form.get("MessageStatus", form.get("Body", "")) for _, _, form in self.heard]


class _EarHandler(BaseHTTPRequestHandler):
    server: Ear

    def do_POST(self) -> None:
        form = parse_qsl(self.rfile.read(int(self.headers["Content-Length"])).decode(), keep_blank_values=True)
        with self.server.more:
            self.server.heard.append(
                (f"http://{self.headers['Host']}{self.path}", self.headers["X-Twilio-Signature"], dict(form))
            )
            self.server.more.notify_all()
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        pass


@pytest.fixture
def ear() -> Iterator[Ear]:
    with Ear() as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_what_twilio_published_fits_what_the_peer_says(peer: TwilioPeer) -> None:
    published: Description = description()
    url = f"{peer.url}/2010-04-01/Accounts/{SID}/Messages"
    for changes in (
        {},
        {"From": None, "MessagingServiceSid": "MG" + "a" * 32},
        {"MediaUrl": "https://example.com/a.png"},
    ):
        assert published.faults_in_message(post(peer, **changes).json()) == []
    one = peer.messages[0]
    peer.signed_callback(one.sid, "undelivered", 30003)
    assert published.faults_in_message(requests.get(f"{url}/{one.sid}.json", auth=(SID, TOKEN), timeout=5).json()) == []
    assert published.faults_in_list(requests.get(f"{url}.json", auth=(SID, TOKEN), timeout=5).json()) == []
    assert [published.faults_in_create(form) for form in peer.requests] == [[], [], []]


def test_the_description_finds_what_is_wrong_with_a_request() -> None:
    published = description()
    for form, fault_found in [
        ([("From", SHOP)], "To is missing"),
        ([("To", ANA), ("Text", "hi")], "Text is not described"),
        ([("To", ANA), ("ValidityPeriod", "1h")], "is no integer"),
        ([("To", ANA), ("ForceDelivery", "1")], "is no boolean"),
        ([("To", ANA), ("MessagingServiceSid", "MG1")], "breaks pattern"),
        ([("To", ANA), ("RiskCheck", "perhaps")], "breaks enum"),
    ]:
        assert any(fault_found in found for found in published.faults_in_create(form)), form
    assert published.faults_in_create([("To", ANA), ("MediaUrl", "http://a/1"), ("MediaUrl", "http://a/2")]) == []
    assert published.faults_in_message({"sid": "SM1", "num_segments": 1, "status": "gone"})


def test_twilios_own_library_can_send_list_and_fetch(peer: TwilioPeer) -> None:
    client = Client(SID, TOKEN)
    client.api.base_url = peer.url
    sent = client.messages.create(to=ANA, from_=SHOP, body="Hola 👋", validity_period=600)
    assert (sent.status, sent.num_segments, sent.price, sent.error_code) == ("queued", "1", None, None)
    other = client.messages.create(to="+34600000002", from_=SHOP, body="Hola")
    assert [message.sid for message in client.messages.list(to=ANA)] == [sent.sid]
    assert {message.sid for message in client.messages.list(page_size=1)} == {sent.sid, other.sid}
    assert client.messages(sent.sid).fetch().body == "Hola 👋"
    assert dict(peer.requests[0])["ValidityPeriod"] == "600"
    assert peer.counts == {ANA: 1, "+34600000002": 1}
    with pytest.raises(TwilioRestException) as missing:
        client.messages("SM" + "0" * 32).fetch()
    assert (missing.value.status, missing.value.code) == (404, 20404)


def test_a_wrong_password_is_refused(peer: TwilioPeer) -> None:
    url = f"{peer.url}/2010-04-01/Accounts/{SID}/Messages.json"
    answer = requests.post(url, FORM, auth=(SID, "wrong"), timeout=5)
    assert (answer.status_code, answer.json()["code"]) == (401, 20003)
    assert peer.requests == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"To": None}, 21604),
        ({"From": None}, 21603),
        ({"Body": None}, 21602),
        ({"Body": "x" * 1601}, 21617),
        ({"To": "600000001"}, 21211),
        ({"To": "12345"}, 21265),
        ({"From": "A name that is too long"}, 21212),
        ({"StatusCallback": "https://my_shop.example.com/sms"}, 21609),
        ({"StatusCallback": "example.com/sms"}, 21609),
        ({"ValidityPeriod": "0"}, 21624),
        ({"ValidityPeriod": "36001"}, 21624),
    ],
)
def test_a_request_outside_the_limits_is_refused_with_twilios_code(
    peer: TwilioPeer, changes: dict[str, Any], code: int
) -> None:
    answer = post(peer, **changes)
    assert answer.status_code == 400
    assert answer.json() == error_json(code)[1]
    assert answer.json().keys() == {"code", "message", "more_info", "status"}
    assert not peer.counts


def test_requests_on_the_limits_pass() -> None:
    for changes in ({"Body": "x" * 1600}, {"ValidityPeriod": "36000"}, {"From": "My Salon"}, {"From": "12345"}):
        assert fault(list({**FORM, **changes}.items())) is None


@pytest.mark.parametrize(
    ("act", "status", "retry_after"),
    [
        (refuse(21610), 400, None),
        (refuse(21614), 400, None),
        (refuse(20003), 401, None),
        (refuse(20429), 429, None),
        (refuse(20429, retry_after=3), 429, "3"),
        (refuse(20500), 500, None),
    ],
)
def test_a_scripted_recipient_is_refused_as_often_as_told(
    peer: TwilioPeer, act: Act, status: int, retry_after: str | None
) -> None:
    peer.on(ANA, act, times=1)
    answer = post(peer)
    assert (answer.status_code, answer.headers.get("Retry-After")) == (status, retry_after)
    assert answer.json()["code"] == act.code
    assert post(peer).status_code == 201
    assert peer.counts[ANA] == 1


@pytest.mark.parametrize("taken", [True, False])
def test_an_answer_that_got_lost_leaves_the_sender_in_doubt_and_a_look_up_knows(peer: TwilioPeer, taken: bool) -> None:
    peer.on(ANA, close(taken=taken), times=1)
    peer.on(ANA, hang(taken=taken), times=1)
    peer.on(ANA, garbage(taken=taken), times=1)
    with pytest.raises(requests.ConnectionError):
        post(peer)
    with pytest.raises(requests.Timeout):
        post(peer, timeout=0.2)
    peer.release()
    with pytest.raises(requests.JSONDecodeError):
        post(peer).json()
    url = f"{peer.url}/2010-04-01/Accounts/{SID}/Messages.json"
    listed = requests.get(url, {"To": ANA}, auth=(SID, TOKEN), timeout=5).json()["messages"]
    assert len(listed) == peer.counts[ANA] == (3 if taken else 0)


def test_a_callback_carries_a_signature_that_twilios_own_validator_accepts(ear: Ear) -> None:
    with TwilioPeer(via=ear.url) as peer:
        post(peer, StatusCallback="http://shop.example.com/hooks/sms?key=1")
        (message,) = peer.messages
        assert peer.callback(message.sid, "undelivered", 30003) == 204
    ((url, signature, form),) = ear.heard
    assert url == "http://shop.example.com/hooks/sms?key=1"
    assert RequestValidator(TOKEN).validate(url, form, signature)
    assert not RequestValidator("other").validate(url, form, signature)
    assert (form["MessageSid"], form["MessageStatus"], form["ErrorCode"]) == (message.sid, "undelivered", "30003")
    assert message.status == "undelivered"


def test_statuses_follow_by_themselves_where_asked(ear: Ear) -> None:
    with TwilioPeer(auto=["sent", "delivered"]) as peer:
        peer.on("+34600000002", later(30005))
        post(peer, StatusCallback=ear.url)
        post(peer, To="+34600000002", StatusCallback=ear.url)
        assert ear.wait_for(4) == ["sent", "delivered", "sent", "undelivered"]


def test_what_a_person_writes_comes_in_signed(ear: Ear) -> None:
    with TwilioPeer(inbound_url=f"{ear.url}/in") as peer:
        assert peer.inbound(ANA, SHOP, "STOP", OptOutType="STOP") == 204
    ((url, signature, form),) = ear.heard
    assert (form["From"], form["To"], form["Body"], form["OptOutType"]) == (ANA, SHOP, "STOP", "STOP")
    assert RequestValidator(TOKEN).validate(url, form, signature)


def test_the_signature_is_the_published_one() -> None:
    """Vectors of twilio-python's own tests (tests/unit/test_request_validator.py, MIT)."""
    url = "https://mycompany.com/myapp.php?foo=1&bar=2"
    form = {"CallSid": "CA1234567890ABCDE", "Digits": "1234", "From": "+14158675309", "To": "+18005551212"}
    assert sign("12345", url, {**form, "Caller": "+14158675309"}.items()) == "RSOYDt4T1cUTdK1PDd93/VVr8B8="
    twice = parse_qsl("Sid=CA123&SidAccount=AC123&Digits=5678&Digits=1234&Digits=1234")
    assert sign("12345", url, twice) == "IK+Dwps556ElfBT0I3Rgjkr1wJU="


@pytest.mark.parametrize(
    ("text", "count"),
    [("", 1), ("a" * 160, 1), ("a" * 161, 2), ("я" * 70, 1), ("я" * 71, 2), ("€" * 81, 2), ("👋" * 36, 2)],
)
def test_a_text_counts_its_segments(text: str, count: int) -> None:
    assert segments(text) == count


def test_the_server_of_its_own_logs_each_message_before_it_answers(tmp_path: Path) -> None:
    log = tmp_path / "taken.tsv"
    command: list[Any] = [sys.executable, "-m", "tests.peers.twilio", "--log", log, "--refuse", "*99=21610"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[2]) as process:
        try:
            assert process.stdout is not None
            url = f"{process.stdout.readline().split()[-1]}/2010-04-01/Accounts/{SID}/Messages.json"
            callback = "https://shop.example.com/sms?key=7"
            taken = requests.post(f"http://{url}", {**FORM, "StatusCallback": callback}, auth=(SID, TOKEN), timeout=5)
            assert (
                requests.post(f"http://{url}", {**FORM, "To": "+34600000099"}, auth=(SID, TOKEN), timeout=5).status_code
                == 400
            )
            (line,) = log.read_text(encoding="utf-8").splitlines()
        finally:
            process.kill()
    assert line.split("\t")[:3] == [ANA, taken.json()["sid"], callback]
