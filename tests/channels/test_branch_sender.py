"""A branch that has a sender of its own writes to its people under it, as the bytes say."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from django.urls import reverse

from channels import accounts
from channels.models import Channel
from contacts.models import Branch, Contact
from tests.channels.outbox import ScriptedTransport, frozen, queue, send
from tests.contacts.staff import said_of, sign_in
from tests.factories import make_business, make_channel, make_contact, make_message
from tests.peers import smtp, twilio

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _house() -> Iterator[None]:
    make_business()
    Branch.objects.create(
        name="Norte", sender_name="Aurora Norte", reply_to="norte@aurora.example", sms_sender="AuroraNorte"
    )
    Branch.objects.create(name="Sur")
    yield
    accounts.let_go()


def people(**ways: Any) -> list[Contact]:
    """One of a branch with a sender, one of a branch without, one of no branch."""
    branches = [Branch.objects.get(name="Norte"), Branch.objects.get(name="Sur"), None]
    found = []
    for n, branch in enumerate(branches):
        found.append(make_contact(f"P{n}", **{kind: str(way).format(n) for kind, way in ways.items()}))  # type: ignore[arg-type]
        Contact.objects.filter(pk=found[-1].pk).update(branch=branch)
    return found


def test_a_mail_bears_the_branchs_name_and_its_reply_address_and_keeps_the_accounts_mailbox() -> None:
    with smtp.SmtpPeer() as peer:
        settings = {"service": "smtp", "host": peer.host, "port": str(peer.port), "security": "none"}
        channel = make_channel("email", "email", settings=settings, reply_to="office@aurora.example")
        version = frozen(make_message())
        for one in people(email="p{}@example.com"):
            queue(one, channel, version)
        send()
        accounts.let_go()
        mails = [peer.to(f"p{n}@example.com")[0].parsed for n in range(3)]
    assert [str(mail["From"]) for mail in mails] == [
        "Aurora Norte <hello@aurora.example>", *["Salon Aurora <hello@aurora.example>"] * 2,
    ]  # fmt: skip
    assert [str(mail["Reply-To"]) for mail in mails] == ["norte@aurora.example", *["office@aurora.example"] * 2]


@pytest.mark.parametrize("service", ["", "MG0123456789abcdef0123456789abcdef"])
def test_an_sms_bears_the_branchs_number_or_name(service: str) -> None:
    with twilio.TwilioPeer() as peer:
        settings = {"account_sid": peer.account.sid, "api_url": peer.url, "messaging_service_sid": service}
        channel = make_channel("sms", "twilio", settings=settings, sender_address="+15005550006")
        channel.keep_secrets({"auth_token": peer.account.token})
        channel.save()
        version = frozen(make_message())
        for one in people(phone="+3460000000{}"):
            queue(one, channel, version)
        send()
        accounts.let_go()
        asked = {form["To"]: form.get("From") for form in map(dict, peer.requests)}
    others = None if service else "+15005550006"
    assert asked == {"+34600000000": "AuroraNorte", "+34600000001": others, "+34600000002": others}


@pytest.mark.usefixtures("scripted")
def test_a_branch_without_a_sender_of_sms_leaves_it_to_the_channel(
    scripted: type[ScriptedTransport], sms: Channel
) -> None:
    Branch.objects.update(sms_sender="")
    for one in people(phone="+3460000000{}"):
        queue(one, sms, frozen(make_message()))
    send()
    assert [message.sender.address for message in scripted.handed] == ["", "", ""]


def test_staff_enter_the_sender_on_the_branchs_page_and_nonsense_is_refused() -> None:
    owner, page = sign_in("Owner"), reverse("admin:contacts_branch_add")
    bad = said_of(owner.post(page, {"name": "Este", "reply_to": "nobody", "sms_sender": "Aurora Norte XX"}))
    assert "valid email address" in bad
    assert "at most 11 letters and digits" in bad
    assert (
        owner.post(page, {"name": "Este", "sender_name": "Aurora Este", "sms_sender": "+34600111222"}).status_code
        == 302
    )
    assert Branch.objects.get(name="Este").sms_sender == "+34600111222"
