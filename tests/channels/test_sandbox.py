"""The sandbox keeps what would have gone out, shows it as the person would see it, and lets staff play the person through the one door."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from html import unescape
from typing import Any

import pytest
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from pytest_django import DjangoAssertNumQueries

from channels import sandbox_play
from channels.models import Channel, InboundCall, SandboxMessage
from channels.sandbox_play import Act, CannotPlay, Operator, acts_for, links, play, play_all
from channels.transport import BadSignature, Fact, Inbound, Outgoing, Receipt, transport_class
from channels.transports.sandbox import signed_call
from tests.factories import make_business, make_channel

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
OPERATOR = Operator(None, "olga")
TOKEN = "Ab-_0123456789ab"
HTML = (
    "<html><head><style>p {color: red}</style></head><body><div style='display:none'>Only today &amp; tomorrow</div>"
    f'<p>Hello <a href="https://n.example/c/{TOKEN}/0">one</a> <a href="https://n.example/c/{TOKEN}/1">two</a></p>'
    f'<a href="https://n.example/u/{TOKEN}">no more</a><img src="https://n.example/o/{TOKEN}.gif" alt="" /></body></html>'
)


def hand_over(channel: Channel, *messages: Outgoing) -> list[SandboxMessage]:
    transport = channel.carrier(channel.account(""))
    assert all(isinstance(result, Receipt) for _, result in transport.send_many(messages))
    return list(SandboxMessage.objects.order_by("id"))


@pytest.fixture
def mail() -> SandboxMessage:
    make_business()
    outgoing = Outgoing(
        key=TOKEN,
        kind="email",
        to="ana@example.com",
        text="Hello",
        subject="Offer",
        html=HTML,
        recipient_name="Ana Ruiz",
    )
    (kept,) = hand_over(make_channel("email"), outgoing)
    return kept


@pytest.fixture
def sms() -> SandboxMessage:
    make_business()
    outgoing = Outgoing(key=TOKEN, kind="sms", to="+34600000001", text=f"Hello, see https://n.example/c/{TOKEN}/0")
    return hand_over(make_channel("sms"), outgoing)[-1]


def staff(*codenames: str) -> Client:
    user = User.objects.create_user("olga", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codenames))
    client = Client()
    client.force_login(user)
    return client


def told(call: InboundCall) -> list[Inbound]:
    """What the stored call says, read by the transport as a worker will read it."""
    from channels.transport import RawCall

    raw = RawCall(call.method, call.url, call.headers, bytes(call.body))
    return call.channel.carrier(call.channel.account("")).parse(raw)


def test_what_would_have_gone_out_is_kept_with_one_statement(django_assert_num_queries: DjangoAssertNumQueries) -> None:
    channel = make_channel("email", sender_name="Salon Aurora", sender_address="hello@aurora.example")
    wave = [
        Outgoing(key=f"key-{n}", kind="email", to=f"p{n}@example.com", text="Hi", headers={"X-A": "1"})
        for n in range(200)
    ]
    transport = channel.carrier(channel.account(""))
    with django_assert_num_queries(1):
        results = dict(transport.send_many(wave))
    assert len(results) == SandboxMessage.objects.count() == 200
    kept = SandboxMessage.objects.get(key="key-7")
    assert (kept.to, kept.sender, kept.headers) == (
        "p7@example.com",
        "Salon Aurora <hello@aurora.example>",
        {"X-A": "1"},
    )
    assert kept.provider_id == results["key-7"].provider_id  # type: ignore[union-attr]


def test_a_key_that_was_given_before_is_kept_once() -> None:
    channel = make_channel("email")
    message = Outgoing(key=TOKEN, kind="email", to="ana@example.com", text="Hello")
    transport = channel.carrier(channel.account(""))
    first, again = dict(transport.send_many([message])), dict(transport.send_many([message]))
    assert first == again
    assert SandboxMessage.objects.count() == 1


def test_the_sandbox_carries_whatever_others_bring() -> None:
    assert {"email", "sms"} <= {kind.name for kind in transport_class("sandbox").kinds}


def test_a_call_of_one_channel_is_not_believed_by_another() -> None:
    one, two = make_channel("email"), make_channel("sms")
    call = signed_call(one.account(""), [Inbound(Fact.OPENED, "e1", key=TOKEN)])
    one.carrier(one.account("")).verify(call)
    for account, changed in (
        (two.account(""), call),
        (one.account(""), replace(call, body=call.body.replace(b"opened", b"bounced"))),
    ):
        with pytest.raises(BadSignature):
            one.carrier(account).verify(changed)


def test_whatever_a_call_of_the_sandbox_says_counts_as_played() -> None:
    channel = make_channel("email")
    body = json.dumps({"facts": [{"fact": "opened", "event_key": "1", "played": False}]}).encode()
    call = replace(signed_call(channel.account(""), []), body=body)
    (fact,) = channel.carrier(channel.account("")).parse(call)
    assert fact.played


@pytest.mark.parametrize(
    ("act", "fact"),
    [
        (Act.DELIVERED, Fact.DELIVERED), (Act.OPEN, Fact.OPENED), (Act.CLICK, Fact.CLICKED), (Act.ANSWER, Fact.REPLIED),
        (Act.BOUNCE, Fact.BOUNCED), (Act.OPT_OUT, Fact.UNSUBSCRIBED),
    ],
)  # fmt: skip
def test_what_is_played_comes_in_by_the_door_of_the_providers(mail: SandboxMessage, act: Act, fact: Fact) -> None:
    play(mail, act, now=NOW, operator=OPERATOR, text="Yes please", link=1)
    (fact_told,) = told(InboundCall.objects.get())
    assert (fact_told.fact, fact_told.key, fact_told.provider_id, fact_told.played) == (
        fact,
        TOKEN,
        mail.provider_id,
        True,
    )
    assert fact_told.at == NOW
    assert fact_told.url == (f"https://n.example/c/{TOKEN}/1" if act is Act.CLICK else "")
    assert fact_told.text == ("Yes please" if act is Act.ANSWER else "")
    assert fact_told.address_dead is (act is Act.BOUNCE)
    mail.refresh_from_db()
    assert [(each["act"], each["by"]) for each in mail.played] == [(act, "olga")]


def test_on_a_phone_opting_out_is_a_stop(sms: SandboxMessage) -> None:
    play(sms, Act.OPT_OUT, now=NOW, operator=OPERATOR)
    (fact,) = told(InboundCall.objects.get())
    assert (fact.fact, fact.address, fact.text) == (Fact.STOPPED, "+34600000001", "STOP")


def test_only_what_could_happen_can_be_played(mail: SandboxMessage, sms: SandboxMessage) -> None:
    assert set(acts_for(mail)) == set(Act) - {Act.PRESS, Act.REDEEM}
    assert set(acts_for(sms)) == set(Act) - {Act.OPEN, Act.PRESS, Act.REDEEM}
    mail.html = mail.html.replace("/o/", "/p/")
    assert Act.OPEN not in acts_for(mail)
    with pytest.raises(CannotPlay, match="no tracking picture"):
        play(mail, Act.OPEN, now=NOW, operator=OPERATOR)
    for act, more in ((Act.CLICK, {"link": 9}), (Act.ANSWER, {"text": " "}), ("dance", {})):
        with pytest.raises(CannotPlay):
            play(sms, act, now=NOW, operator=OPERATOR, **more)
    assert not InboundCall.objects.exists()


def test_the_way_out_is_no_link_to_click(mail: SandboxMessage, sms: SandboxMessage) -> None:
    assert links(mail) == [f"https://n.example/c/{TOKEN}/0", f"https://n.example/c/{TOKEN}/1"]
    assert links(sms) == [f"https://n.example/c/{TOKEN}/0"]


def test_the_same_act_on_many_is_one_call_per_channel() -> None:
    make_business()
    mails = hand_over(
        make_channel("email"), *(Outgoing(key=f"k{n}", kind="email", to=f"p{n}@x.example", text="") for n in range(30))
    )
    play_all(mails, Act.DELIVERED, now=NOW, operator=OPERATOR)
    (call,) = InboundCall.objects.all()
    assert {fact.key for fact in told(call)} == {f"k{n}" for n in range(30)}


# The pages


def page_of(message: SandboxMessage, client: Client) -> str:
    response = client.get(reverse("admin:channels_sandboxmessage_change", args=[message.pk]))
    assert response.status_code == 200
    return str(response.content.decode())


def test_a_mail_is_shown_in_a_frame_without_rights_and_without_our_pixel(mail: SandboxMessage) -> None:
    """Staff who look at a mail are not the person who opens it."""
    shown = page_of(mail, staff("view_sandboxmessage", "play_sandbox"))
    assert '<iframe sandbox="" srcdoc="' in shown
    inside = unescape(shown.split('srcdoc="')[1].split('"')[0])
    assert "<p>Hello" in inside
    assert ".gif" not in inside
    for words in ("Offer", "ana@example.com", "Salon Aurora", "Only today &amp; tomorrow Hello"):
        assert words in shown
    assert "<p>Hello <a" not in shown.replace(shown.split('srcdoc="')[1].split('"')[0], "")


def test_short_messages_are_bubbles_with_the_answers_between_them(sms: SandboxMessage) -> None:
    play(sms, Act.ANSWER, now=NOW, operator=OPERATOR, text="<b>Tomorrow?</b>")
    hand_over(sms.channel, Outgoing(key="second", kind="sms", to=sms.to, text="The second"))
    shown = page_of(sms, staff("view_sandboxmessage"))
    assert shown.count("sandbox-bubble") >= 3
    assert "&lt;b&gt;Tomorrow?&lt;/b&gt;" in shown
    assert "The second" in shown


def test_without_the_permission_there_are_no_buttons_and_no_play(mail: SandboxMessage) -> None:
    client = staff("view_sandboxmessage")
    play_url = reverse("admin:channels_sandboxmessage_play", args=[mail.pk])
    assert play_url not in page_of(mail, client)
    assert client.post(play_url, {"act": "open"}).status_code == 403
    assert not InboundCall.objects.exists()


def test_a_button_plays_and_says_what_was_played(mail: SandboxMessage) -> None:
    client = staff("view_sandboxmessage", "play_sandbox")
    play_url = reverse("admin:channels_sandboxmessage_play", args=[mail.pk])
    assert client.get(play_url).status_code == 302
    assert not InboundCall.objects.exists()
    response = client.post(play_url, {"act": "click", "link": "0"}, follow=True)
    assert "Played: a link was clicked." in response.content.decode()
    assert InboundCall.objects.count() == 1
    for wrong in ({"act": "dance"}, {}, {"act": "click", "link": "x"}, {"act": "answer"}):
        assert client.post(play_url, wrong, follow=True).status_code == 200
    assert InboundCall.objects.count() == 1


def test_playing_needs_the_csrf_token(mail: SandboxMessage) -> None:
    user = User.objects.create_superuser("root")
    client = Client(enforce_csrf_checks=True)
    client.force_login(user)
    assert (
        client.post(reverse("admin:channels_sandboxmessage_play", args=[mail.pk]), {"act": "open"}).status_code == 403
    )


def test_several_are_played_from_the_list(mail: SandboxMessage, sms: SandboxMessage) -> None:
    client = staff("view_sandboxmessage", "play_sandbox")
    answer = client.post(
        reverse("admin:channels_sandboxmessage_changelist"),
        {"action": "play_open", "_selected_action": [str(mail.pk), str(sms.pk)]},
        follow=True,
    )
    shown = answer.content.decode()
    assert "Played: the message was opened." in shown
    assert "1 message cannot be played so." in shown


def test_the_list_runs_the_same_number_of_queries_however_long_it_is(
    django_assert_num_queries: Callable[..., Any],
) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    client, channel = staff("view_sandboxmessage", "play_sandbox"), make_channel("email")
    counts = []
    for number in (10, 60):
        hand_over(
            channel,
            *(Outgoing(key=f"k{number}-{n}", kind="email", to=f"p{n}@x.example", text="Hi") for n in range(number)),
        )
        with CaptureQueriesContext(
            connection,
        ) as queries:
            assert client.get(reverse("admin:channels_sandboxmessage_changelist")).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_nothing_can_be_written_or_changed_by_hand(mail: SandboxMessage) -> None:
    client = Client()
    client.force_login(User.objects.create_superuser("root"))
    assert client.get(reverse("admin:channels_sandboxmessage_add")).status_code == 403
    client.post(reverse("admin:channels_sandboxmessage_change", args=[mail.pk]), {"text": "other"})
    mail.refresh_from_db()
    assert mail.text == "Hello"


def test_every_act_has_its_sentence() -> None:
    assert set(sandbox_play.PLAYED) == set(Act)
