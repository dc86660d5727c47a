"""Mail by services, against a peer on loopback: what each is told, what its answers mean, and many mails in one call."""

from __future__ import annotations

import json
import re
from base64 import b64decode
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import parse_qs, unquote_plus

import pytest

from channels.transport import Account, Fault, Outgoing, Receipt, Refused, Result, Transport, Unclear, transport_class
from channels.transports.email import batches, providers
from channels.transports.email.answers import seconds
from tests.channels.harness import HOOK
from tests.channels.mail_answers import NO_SUCH_PERSON, REFUSES_US, TAKES, recipient_variables
from tests.channels.mail_provider import ServicePeer
from tests.channels.mails import AURORA
from tests.factories import NOW

SECRET = "s3cret-of-the-account"
SERVICES = list(providers.SERVICES)
UNREAD = {"sendgrid", "mailersend"}  # the status alone is their receipt


@pytest.fixture
def peer(request: pytest.FixtureRequest) -> Iterator[ServicePeer]:
    with ServicePeer() as peer:
        yield peer


def account(service: str, peer: ServicePeer, **settings: str) -> Account:
    keys = {"api_key": SECRET, "secret_key": SECRET}
    own = {
        "service": service, "api_url": peer.url, "sender_domain": "mg.example", "project_id": "p", "region": "eu-west-1", "timeout": "3",
        **settings,
    }  # fmt: skip
    return Account(3, "email", AURORA, own, keys, HOOK)


def mail(number: int = 0, to: str = "", **fields: Any) -> Outgoing:
    url = f"https://news.aurora.example/u/key-{number:012d}"
    headers = {"List-Unsubscribe": f"<{url}>", "List-Unsubscribe-Post": "List-Unsubscribe=One-Click"}
    values: dict[str, Any] = {
        "key": f"key-{number:012d}", "kind": "email", "to": to or (f"person{number}@mail.example" if number else "ana@mail.example"),
        "text": f"Hello {number}, {{{{ and }}}} %s", "subject": f"News {number}", "html": f"<p>Hello <b>{number}</b> {url}</p>",
        "headers": headers, "recipient_name": f"Ana {number}", **fields,
    }  # fmt: skip
    return Outgoing(**values)


def send(known: Account, *messages: Outgoing) -> dict[str, Result]:
    transport = transport_class("email")(known)
    try:
        return through(transport, *messages)
    finally:
        transport.close()


def through(transport: Transport, *messages: Outgoing) -> dict[str, Result]:
    results = list(transport.send_many(messages))
    assert sorted(key for key, _ in results) == sorted(message.key for message in messages)
    return dict(results)


def asked(peer: ServicePeer) -> str:
    """All that the service was sent, as one text; Amazon is sent the whole mail in base64."""
    text = " ".join(body if body.startswith(("{", "[")) else unquote_plus(body) for _, body in peer.calls)
    raw = re.search(r'"Data": ?"([A-Za-z0-9+/=]+)"', text)
    return b64decode(raw[1]).decode() if raw else text


@pytest.mark.parametrize("service", SERVICES)
def test_a_service_is_told_all_of_a_mail_and_its_receipt_is_kept(service: str, peer: ServicePeer) -> None:
    peer.answer = TAKES[service]
    (result,) = send(account(service, peer), mail()).values()
    assert isinstance(result, Receipt)
    assert result.provider_id
    text = asked(peer)
    for part in ("key-000000000000", "ana", "hello", "/u/key-", "One-Click"):
        assert part in text, part


@pytest.mark.parametrize("service", [name for name, service in providers.SERVICES.items() if service.hushed])
def test_a_service_is_told_not_to_track_by_itself(service: str, peer: ServicePeer) -> None:
    peer.answer = TAKES[service]
    send(account(service, peer), mail())
    (_, body), *_ = peer.calls
    hushed = {
        "mailersend": '"track_opens": false', "mailgun": "o%3Atracking-opens=no", "mailjet": '"TrackOpens": "disabled"',
        "mandrill": '"track_opens": false', "postmark": '"TrackOpens": false', "sendgrid": '"open_tracking": {"enable": false}',
        "sparkpost": '"open_tracking": false', "unisender_go": '"track_read": 0',
    }  # fmt: skip
    assert hushed[service] in body


@pytest.mark.parametrize("service", SERVICES)
def test_the_answers_of_a_service_are_sorted_into_the_four_kinds(service: str, peer: ServicePeer) -> None:
    transport = transport_class("email")(account(service, peer))
    throttled = {"x-amzn-errortype": "TooManyRequestsException"}
    answers: list[tuple[object, Fault | None]] = [
        (NO_SUCH_PERSON[service], Fault.PERSON),
        (REFUSES_US.get(service, (401, {"message": "who are you"}, {})), Fault.ACCOUNT),
        ((429, {"message": "slow down"}, {**throttled, "Retry-After": "7"}), Fault.TEMPORARY),
        ((429, {"message": "slow down"}, throttled), Fault.TEMPORARY),
        ((400, {"message": "the text is bad"}, {"x-amzn-errortype": "MessageRejected"}), Fault.TEXT),
        ((500, {"message": "oops"}, {"x-amzn-errortype": "InternalServiceErrorException"}), None),
        ((502, "<html>Bad gateway</html>", {}), None),
        ("close", None),
        *([] if service in UNREAD else [("<html>Welcome to the Wi-Fi</html>", None), ({"what": "else"}, None)]),
    ]
    told: list[Result] = []
    for answer, _ in answers:
        peer.answer = answer
        told += through(transport, mail()).values()
    transport.close()
    assert [result.fault if isinstance(result, Refused) else None for result in told] == [fault for _, fault in answers]
    assert all(isinstance(result, Refused | Unclear) for result in told)
    waits = [result.retry_after for result in told if isinstance(result, Refused) and result.fault is Fault.TEMPORARY]
    assert waits == ([None, None] if service == "amazon_ses" else [7.0, None])
    assert not any(SECRET in f"{result.reason}{result.detail}" for result in told if not isinstance(result, Receipt))
    # Nothing was asked again by itself; a call that was refused as a whole may be, and here had one mail only.
    assert len(peer.calls) == len(answers)


@pytest.mark.parametrize("service", ["amazon_ses", "brevo", "mailgun", "postmark", "unisender_go"])
def test_a_service_that_hangs_or_is_away_is_told_apart(service: str, peer: ServicePeer) -> None:
    peer.answer = "hang"
    (silent,) = send(account(service, peer, timeout="0.15"), mail()).values()
    assert isinstance(silent, Unclear)
    assert silent.reason == "timeout"
    (away,) = send(account(service, peer, api_url="http://127.0.0.1:9/"), mail()).values()
    assert isinstance(away, Refused)
    assert (away.fault, away.reason) == (Fault.TEMPORARY, "cannot_connect")
    assert len(peer.calls) == 1


def test_the_time_to_wait_is_understood_in_seconds_and_as_a_date() -> None:
    told = ("12", "Sun, 01 Nov 2026 10:01:00 GMT", "soon", "", None, "-3")
    now = NOW.replace(year=2026, month=11, day=1, hour=10, minute=0, second=0, microsecond=0)
    assert [seconds(header, now) for header in told] == [12.0, 60.0, None, None, None, 0.0]


# --- many mails in one call ---


def test_every_service_takes_batches_or_says_why_not() -> None:
    assert set(batches.BATCHES) | set(batches.ONE_BY_ONE) == set(providers.SERVICES)
    assert not set(batches.BATCHES) & set(batches.ONE_BY_ONE)
    assert all(batches.ONE_BY_ONE.values())


def parts(service: str, body: str) -> list[tuple[str, str, str, str, str, str]]:
    """To whom, subject, text, html, our key and the way out of each mail in a call."""
    if service == "mailgun":
        own = recipient_variables(body)
        form = {name: values[0] for name, values in parse_qs(body).items()}
        marks = {"subject": "%recipient.subject%", "text": "%recipient.text%", "html": "%recipient.html%"}
        assert {name: form[name] for name in marks} == marks
        assert (form["v:delivery"], form["h:List-Unsubscribe"]) == (
            "%recipient.v:delivery%",
            "%recipient.h:List-Unsubscribe%",
        )
        return [
            (to, one["subject"], one["text"], one["html"], one["v:delivery"], one["h:List-Unsubscribe"]) for to, one in own.items()
        ]  # fmt: skip
    data = json.loads(body)
    match service:
        case "postmark":
            return [
                (one["To"], one["Subject"], one["TextBody"], one["HtmlBody"], one["Metadata"]["delivery"], one["Headers"][0]["Value"])
                for one in data
            ]  # fmt: skip
        case "resend":
            return [
                (one["to"][0], one["subject"], one["text"], one["html"], one["headers"]["X-Metadata"], one["headers"]["List-Unsubscribe"])
                for one in data
            ]  # fmt: skip
        case "mailjet":
            return [
                (
                    one["To"][0]["Email"], one["Subject"], one["TextPart"], one["HTMLPart"], one["EventPayload"],
                    one["Headers"]["List-Unsubscribe"],
                )
                for one in data["Messages"]
            ]  # fmt: skip
        case "mailtrap":
            return [
                (
                    one["to"][0]["email"], one["subject"], one["text"], one["html"], one["custom_variables"]["delivery"],
                    one["headers"]["List-Unsubscribe"],
                )
                for one in data["requests"]
            ]  # fmt: skip
    return [
        (
            one["to"][0]["email"], one["subject"], one["textContent"], one["htmlContent"], one["headers"]["X-Mailin-custom"],
            one["headers"]["List-Unsubscribe"],
        )
        for one in data["messageVersions"]
    ]  # fmt: skip


@pytest.mark.parametrize("service", batches.BATCHES)
def test_each_person_in_a_batch_gets_exactly_their_own(service: str, peer: ServicePeer) -> None:
    peer.answer = TAKES[service]
    messages = [mail(number) for number in range(1, 31)]
    results = send(account(service, peer), *messages)
    assert len({result.provider_id for result in results.values() if isinstance(result, Receipt)}) == 30
    ((_, body),) = peer.calls
    for found, wanted in zip(parts(service, body), messages, strict=True):
        to, subject, text, html, key, way_out = found
        assert wanted.to in to
        assert (subject, text, html, way_out) == (
            wanted.subject,
            wanted.text,
            wanted.html,
            wanted.headers["List-Unsubscribe"],
        )
        assert wanted.key in key


def test_mailguns_mails_go_alone_where_a_batch_would_change_them(peer: ServicePeer) -> None:
    peer.answer = TAKES["mailgun"]
    odd = [
        mail(1, text="Write %recipient.name% for a name"), mail(2, to="ana@señal.example"), mail(3, html=""),
        mail(4, to="same@mail.example"), mail(5, to="Same@mail.example"), mail(6, headers={}),
        mail(7, headers={"List-Unsubscribe": "%recipient.x%"}),
    ]  # fmt: skip
    results = send(account("mailgun", peer), *odd)
    assert len(peer.calls) == len(odd)
    assert all(isinstance(result, Receipt) and result.provider_id == "<g0@mg.example>" for result in results.values())


def test_a_batch_is_neither_too_many_nor_too_large() -> None:
    sizes = {
        name: [len(call) for call in batches.calls(name, [mail(n) for n in range(1, 121)])]
        for name in ("mailjet", "resend", "mandrill")
    }
    assert sizes == {"mailjet": [50, 50, 20], "resend": [100, 20], "mandrill": [1] * 120}
    large = [mail(n, html="x" * 1_500_000) for n in range(1, 6)]
    assert [len(call) for call in batches.calls("postmark", large)] == [2, 2, 1]


@pytest.mark.parametrize("service", ["mailgun", "resend", "brevo"])
def test_who_is_refused_for_somebody_elses_sake_is_asked_for_alone(service: str, peer: ServicePeer) -> None:
    peer.answer, peer.acts["person3@"] = TAKES[service], (422, {"message": "person3@mail.example is not valid"}, {})
    results = send(account(service, peer), *[mail(number) for number in range(1, 6)])
    refused = results.pop("key-000000000003")
    assert isinstance(refused, Refused)
    assert refused.fault is Fault.PERSON
    assert all(isinstance(result, Receipt) for result in results.values())
    assert len(peer.calls) == 1 + 5
    assert sum("person1@" in text for text in peer.bodies) == 1  # taken once


def mailjets(part: str) -> dict[str, Any]:
    """A mail that Mailjet refuses for the sake of one part of it."""
    error = {"ErrorCode": "mj-0013", "StatusCode": 400, "ErrorMessage": "is invalid", "ErrorRelatedTo": [part]}
    return {"Status": "error", "Errors": [error]}


PARTLY: Sequence[tuple[str, object]] = [
    (
        "postmark",
        [
            {"ErrorCode": 0, "Message": "OK", "MessageID": "p1"},
            {"ErrorCode": 300, "Message": "Invalid 'To' address: 'x'."},
            {"ErrorCode": 300, "Message": "Invalid metadata content."},
        ],
    ),
    (
        "mailjet",
        (
            400,
            {
                "Messages": [
                    {"Status": "success", "To": [{"Email": "x", "MessageID": 1}]},
                    mailjets("To[0].Email"),
                    mailjets("HTMLPart"),
                ]
            },
            {},
        ),
    ),
    (
        "mailtrap",
        {
            "success": True,
            "responses": [
                {"success": True, "message_ids": ["t"]},
                {"success": False, "errors": ["person2@mail.example is wrong"]},
                {"success": False, "errors": ["subject is wrong"]},
            ],
        },
    ),
]


@pytest.mark.parametrize(("service", "answer"), PARTLY, ids=[name for name, _ in PARTLY])
def test_a_partial_refusal_is_told_by_person(service: str, answer: object, peer: ServicePeer) -> None:
    peer.answer = answer
    results = send(account(service, peer), mail(1), mail(2), mail(3))
    first, second, third = (results[f"key-{n:012d}"] for n in (1, 2, 3))
    assert isinstance(first, Receipt)
    assert isinstance(second, Refused)
    assert isinstance(third, Refused)
    assert (second.fault, third.fault) == (Fault.PERSON, Fault.TEXT)


@pytest.mark.parametrize("answer", ["close", (500, {}, {}), "<html>", {"data": [{"id": "only one"}]}, []])
@pytest.mark.parametrize("service", ["resend", "postmark"])
def test_an_unclear_call_makes_exactly_its_own_people_unclear(service: str, answer: object, peer: ServicePeer) -> None:
    peer.answer, peer.acts["person7@"] = TAKES[service], answer
    others = mail(1, sender=AURORA.__class__("Other", "other@aurora.example"))  # a call of its own
    results = send(account(service, peer), others, mail(6), mail(7), mail(8))
    assert isinstance(results.pop(others.key), Receipt)
    assert all(isinstance(result, Unclear) for result in results.values())
    assert len(peer.calls) == 2


def test_a_whole_batch_waits_where_the_service_asks_for_it(peer: ServicePeer) -> None:
    peer.answer = (429, {"message": "slow down"}, {"Retry-After": "9"})
    results = send(account("brevo", peer), mail(1), mail(2))
    told = [(result.fault, result.retry_after) for result in results.values() if isinstance(result, Refused)]
    assert told == [(Fault.TEMPORARY, 9.0)] * 2
    assert len(peer.calls) == 1
