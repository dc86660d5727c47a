"""A channel's page: what its transport asks for, secrets that go in and never come out, buttons, and what it needs to be used."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Permission, User
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from channels.models import Channel, SandboxMessage
from channels.models.delivery import Delivery
from channels.readiness import obstacles
from contacts.models import Business
from tests.channels.harness import SmtpHarness, TwilioHarness
from tests.factories import make_business, make_channel, make_contact
from tests.peers.smtp import refuse

pytestmark = pytest.mark.django_db

SECRET = "s3cret-that-never-shows"


@pytest.fixture
def owner() -> Client:
    client = Client()
    client.force_login(User.objects.create_superuser("root", "owner@aurora.example"))
    return client


def form(channel: Channel, **changes: Any) -> dict[str, Any]:
    """What the change page posts when nothing is touched."""
    carrier = channel.carrier
    account = {f"account_{f.name}": "" if f.secret else channel.settings.get(f.name, f.default) for f in carrier.fields}
    names = (
        "name",
        "sender_name",
        "sender_address",
        "reply_to",
        "price",
        "price_unit",
        "rate",
        "position",
        "transport",
    )
    values = {name: getattr(channel, name) for name in names}
    return {**values, **account, **({"active": "on"} if channel.active else {}), **changes}


def page(channel: Channel) -> str:
    return reverse("admin:channels_channel_change", args=[channel.pk])


def do(channel: Channel, act: str) -> str:
    return reverse("admin:channels_channel_act", args=[channel.pk, act])


def smtp_channel(**fields: Any) -> Channel:
    channel = make_channel(
        "email", "email", **{"active": False, "settings": {"service": "smtp", "host": "mail.example"}, **fields}
    )
    channel.keep_secrets({"password": SECRET})
    channel.save()
    return channel


def test_adding_a_live_channel_leads_on_to_its_account_and_leaves_it_unused(owner: Client) -> None:
    make_business()
    answer = owner.post(
        reverse("admin:channels_channel_add"),
        {
            "name": "Mail",
            "kind": "email",
            "transport": "email",
            "price": "0",
            "price_unit": "message",
            "rate": "5",
            "position": "0",
        },
        follow=True,
    )
    channel = Channel.objects.get()
    assert not channel.active
    shown = answer.content.decode()
    assert answer.redirect_chain[-1][0] == page(channel)
    assert 'name="account_host"' in shown
    assert 'type="password" name="account_password"' in shown.replace("\n", "")


def test_adding_a_sandbox_channel_makes_it_usable_at_once(owner: Client) -> None:
    owner.post(
        reverse("admin:channels_channel_add"),
        {
            "name": "Try",
            "kind": "sms",
            "transport": "sandbox",
            "price": "0",
            "price_unit": "message",
            "rate": "5",
            "position": "0",
        },
    )
    assert Channel.objects.get().active


def test_a_transport_that_does_not_carry_the_kind_is_refused_with_a_sentence(owner: Client) -> None:
    answer = owner.post(
        reverse("admin:channels_channel_add"),
        {
            "name": "X",
            "kind": "email",
            "transport": "twilio",
            "price": "0",
            "price_unit": "message",
            "rate": "5",
            "position": "0",
        },
    )
    assert "Twilio does not carry Email." in answer.content.decode()
    assert not Channel.objects.exists()


def test_a_secret_goes_in_and_never_comes_out(owner: Client, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    make_business()
    channel = smtp_channel()
    shown = owner.get(page(channel)).content.decode()
    assert "Kept; type to replace." in shown
    shown += owner.post(
        page(channel), form(channel, account_password="another-" + SECRET, name=""), follow=True
    ).content.decode()
    answer = owner.post(page(channel), form(channel, account_password="another-" + SECRET), follow=True)
    shown += answer.content.decode() + owner.get(reverse("admin:channels_channel_changelist")).content.decode()
    shown += owner.get(reverse("admin:channels_channel_history", args=[channel.pk])).content.decode()
    shown += str([entry.change_message + entry.object_repr for entry in LogEntry.objects.all()]) + caplog.text
    channel.refresh_from_db()
    shown += repr(channel) + repr(channel.account("")) + channel.sealed + str(channel.settings)
    assert channel.secrets()["password"] == "another-" + SECRET
    assert SECRET not in shown


def test_an_untouched_secret_is_kept(owner: Client) -> None:
    make_business()
    channel = smtp_channel()
    owner.post(page(channel), form(channel, account_host="smtp.example", name="New name"))
    channel.refresh_from_db()
    assert (channel.name, channel.settings["host"]) == ("New name", "smtp.example")
    assert channel.secrets() == {"password": SECRET}


def test_a_hidden_setting_outlives_the_form(owner: Client) -> None:
    make_business()
    channel = smtp_channel(settings={"service": "smtp", "host": "a.example", "timeout": "3"})
    owner.post(page(channel), form(channel, account_host="b.example"))
    channel.refresh_from_db()
    assert (channel.settings["host"], channel.settings["timeout"]) == ("b.example", "3")


def test_no_live_channel_is_used_before_the_public_address_is_proven(owner: Client, settings: Any) -> None:
    settings.CASCADA_REQUIRE_HTTPS = True
    make_business(public_address="https://news.aurora.example")
    channel = smtp_channel()
    shown = owner.post(page(channel), form(channel, active="on")).content.decode()
    assert "A live channel cannot be used before the public address" in shown
    assert not Channel.objects.get().active
    Business.objects.update(public_checked_at=timezone.now(), public_checked_address="https://news.aurora.example")
    owner.post(page(channel), form(channel, active="on"))
    assert Channel.objects.get().active
    Business.objects.update(public_address="https://elsewhere.example")
    assert obstacles(channel, Business.current())


def test_an_account_that_lacks_something_is_not_used(owner: Client) -> None:
    make_business()
    channel = make_channel("sms", "twilio", active=False)
    shown = owner.post(page(channel), form(channel, active="on", account_account_sid="AC1")).content.decode()
    assert "The account still needs: Auth token." in shown
    owner.post(page(channel), form(channel, active="on", account_account_sid="AC1", account_auth_token=SECRET))
    channel.refresh_from_db()
    assert channel.active


def test_a_mail_channel_needs_what_its_service_needs(owner: Client) -> None:
    make_business()
    channel = make_channel("email", "email", active=False)
    shown = owner.post(page(channel), form(channel, active="on")).content.decode()
    assert "The account still needs: server." in shown
    shown = owner.post(page(channel), form(channel, active="on", account_service="mailjet")).content.decode()
    assert "The account still needs: API key or token, second key." in shown
    owner.post(page(channel), form(channel, active="on", account_host="mail.example"))
    assert Channel.objects.get().active


def test_the_transport_may_change_until_the_first_delivery_and_takes_no_secrets_along(owner: Client) -> None:
    make_business()
    channel = smtp_channel()
    owner.post(page(channel), form(channel, transport="sandbox"))
    channel.refresh_from_db()
    assert (channel.transport, channel.settings, channel.sealed) == ("sandbox", {}, "")
    deliver(channel)
    owner.post(page(channel), form(channel, transport="email"))
    channel.refresh_from_db()
    assert channel.transport == "sandbox"
    assert 'name="transport"' not in owner.get(page(channel)).content.decode()


def deliver(channel: Channel) -> Delivery:
    from channels.models import MessageVersion
    from tests.factories import make_message

    version = MessageVersion.objects.create(message=make_message(), number=1, purpose="marketing", digest="1")
    now = timezone.now()
    return Delivery.objects.create(
        contact=make_contact(), channel=channel, message_version=version, kind=channel.kind, purpose="marketing",
        not_before=now, created_at=now,
    )  # fmt: skip


@pytest.fixture
def mail() -> Iterator[SmtpHarness]:
    with SmtpHarness() as house:
        yield house


def on(house: SmtpHarness | TwilioHarness) -> Channel:
    account = house.account()
    channel = make_channel(account.kind, house.transport, settings=dict(account.settings), active=False)
    channel.keep_secrets(account.secrets)
    channel.save()
    return channel


def test_a_test_message_goes_through_the_account_and_the_result_is_a_sentence(owner: Client, mail: SmtpHarness) -> None:
    make_business()
    channel = on(mail)
    assert 'value="owner@aurora.example"' in owner.get(page(channel)).content.decode()
    answer = owner.post(do(channel, "test"), {"to": "owner@aurora.example"}, follow=True)
    assert "The provider has taken the message" in answer.content.decode()
    assert mail.taken("owner@aurora.example") == 1
    mail.peer.on("owner@aurora.example", refuse(550, text="5.1.1 user unknown"))
    answer = owner.post(do(channel, "test"), {"to": "owner@aurora.example"}, follow=True)
    assert "This address cannot be reached: 550 5.1.1" in answer.content.decode()


@pytest.mark.parametrize("to", ["", "not an address", "a@b", "x" * 500 + "@example.com"])
def test_a_wrong_address_for_a_test_gives_a_sentence(owner: Client, mail: SmtpHarness, to: str) -> None:
    make_business()
    answer = owner.post(do(on(mail), "test"), {"to": to}, follow=True)
    assert answer.status_code == 200
    assert mail.peer.messages == []


def test_a_number_for_a_test_is_read_as_one_of_the_businesss_country(owner: Client) -> None:
    make_business(country="ES")
    with TwilioHarness() as house:
        owner.post(do(on(house), "test"), {"to": "600 11 22 33"})
        assert house.taken("+34600112233") == 1


def test_a_test_in_the_sandbox_stays_there(owner: Client) -> None:
    make_business()
    channel = make_channel("email", "sandbox")
    owner.post(do(channel, "test"), {"to": "owner@aurora.example"})
    assert SandboxMessage.objects.get().to == "owner@aurora.example"


def test_the_account_is_checked_and_a_wrong_password_is_told_without_it(owner: Client, mail: SmtpHarness) -> None:
    make_business()
    channel = on(mail)
    assert "The account answers." in owner.post(do(channel, "check"), follow=True).content.decode()
    channel.keep_secrets({"password": SECRET})
    channel.save()
    shown = owner.post(do(channel, "check"), follow=True).content.decode()
    assert "The account does not work: 535 5.7.8" in shown
    assert SECRET not in shown


def test_secrets_of_a_lost_key_are_a_sentence_and_no_crash(owner: Client) -> None:
    make_business()
    channel = smtp_channel()
    Channel.objects.update(sealed="gAAAAA-not-ours")
    assert "Enter them again" in owner.post(do(channel, "check"), follow=True).content.decode()
    assert owner.get(page(channel)).status_code == 200


def test_the_breaker_is_shown_with_its_reason_and_can_be_closed(owner: Client) -> None:
    make_business()
    until = timezone.now() + timedelta(minutes=9)
    channel = make_channel(
        "email", "sandbox", breaker_until=until, breaker_reason="535 wrong password", breaker_count=3
    )
    assert "535 wrong password" in owner.get(page(channel)).content.decode()
    owner.post(do(channel, "breaker"))
    channel.refresh_from_db()
    assert (channel.breaker_until, channel.breaker_reason, channel.breaker_count) == (None, "", 0)


def test_buttons_ask_for_permission_and_for_post(client: Client, mail: SmtpHarness) -> None:
    make_business()
    channel = on(mail)
    user = User.objects.create_user("olga", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_channel"))
    client.force_login(user)
    for act in ("test", "check", "breaker", "address"):
        assert client.post(do(channel, act), {"to": "a@example.com"}).status_code == 403
    user.user_permissions.add(Permission.objects.get(codename="test_channel"))
    client.get(do(channel, "test"), {"to": "a@example.com"})
    assert mail.peer.messages == []
    client.post(do(channel, "test"), {"to": "a@example.com"})
    assert mail.taken("a@example.com") == 1
    assert client.post(do(channel, "dance")).status_code == 403


def test_the_list_runs_the_same_number_of_queries_however_long_it_is(owner: Client) -> None:
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    make_business()
    counts = []
    for number in (3, 40):
        for n in range(number):
            make_channel("email", "sandbox", name=f"{number}-{n}")
        with CaptureQueriesContext(connection) as queries:
            assert owner.get(reverse("admin:channels_channel_changelist")).status_code == 200
        counts.append(len(queries))
    assert counts[0] == counts[1]


def test_the_address_is_checked_from_the_channels_page(owner: Client, settings: Any) -> None:
    settings.CASCADA_REQUIRE_HTTPS = True
    make_business(public_address="http://news.aurora.example")
    answer = owner.post(do(smtp_channel(), "address"), follow=True)
    assert "must begin with https://" in answer.content.decode()
