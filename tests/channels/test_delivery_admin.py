"""What staff see of messages and calls, and what they decide."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from channels import receipts
from channels.models import Channel, Delivery, InboundCall
from channels.transport import Fact, Fault, Inbound, Refused, Unclear
from tests.channels.outbox import ScriptedTransport, frozen, queue, reread, send
from tests.factories import NOW, make_business, make_channel, make_contact, make_message

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("scripted")]
LIST = "admin:channels_delivery_changelist"


def staff(*permissions: str) -> Client:
    user = User.objects.create_user(f"staff{User.objects.count()}", is_staff=True)
    for name in permissions:
        app, codename = name.split(".")
        user.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    client = Client()
    client.force_login(user)
    return client


def fill(number: int, channel: Channel) -> None:
    version = frozen(make_message(f"Offer {number}"))
    for n in range(number):
        queue(make_contact(f"José{n} Núñez", phone=f"+34{600_000_000 + Delivery.objects.count()}"), channel, version)


def queries(client: Client, url: str) -> int:
    with CaptureQueriesContext(connection) as captured:
        assert client.get(url).status_code == 200
    return len(captured)


def test_the_list_takes_the_same_statements_for_few_and_for_many(scripted: type[ScriptedTransport]) -> None:
    make_business()
    channel = make_channel("sms", "scripted")
    client = staff("channels.view_delivery")
    fill(3, channel)
    queries(client, reverse(LIST))
    few = queries(client, reverse(LIST))
    fill(120, channel)
    assert queries(client, reverse(LIST)) == few


def test_the_list_says_why_and_finds_people_without_accents(scripted: type[ScriptedTransport]) -> None:
    make_business()
    channel = make_channel("sms", "scripted")
    scripted.answer = lambda message: Refused(Fault.PERSON, "30006", "landline")
    fill(1, channel)
    queue(
        make_contact("Eva", phone="+34611111111"), channel, frozen(make_message()), not_before=NOW + timedelta(days=1)
    )
    send()
    client = staff("channels.view_delivery")
    page = client.get(reverse(LIST)).content.decode()
    assert "The provider refused it: 30006 landline" in page
    found = client.get(reverse(LIST), {"q": "nunez"}).content.decode()
    assert "José0 Núñez" in found
    assert "Eva" not in found
    assert "José0 Núñez" not in client.get(reverse(LIST), {"q": "+34611111111"}).content.decode()
    assert "Eva" not in client.get(reverse(LIST), {"status__exact": "failed"}).content.decode()


def test_what_waits_for_its_channel_says_so() -> None:
    make_business()
    channel = make_channel("sms", "scripted", active=False)
    fill(1, channel)
    page = staff("channels.view_delivery").get(reverse(LIST)).content.decode()
    assert "the channel is switched off" in page


def test_the_page_tells_what_was_heard_and_changes_nothing(scripted: type[ScriptedTransport]) -> None:
    make_business()
    channel = make_channel("sms", "scripted")
    fill(1, channel)
    send()
    delivery = Delivery.objects.get()
    receipts.apply(channel, [Inbound(Fact.REPLIED, "in1", key=delivery.token, text="See you <b>Sunday</b>")], now=NOW)
    client = staff("channels.view_delivery")
    url = reverse("admin:channels_delivery_change", args=[delivery.pk])
    page = client.get(url).content.decode()
    assert "It was sent." in page
    assert "See you &lt;b&gt;Sunday&lt;/b&gt;" in page
    assert "Did it arrive?" not in page
    assert client.post(url, {"status": "failed"}).status_code == 403
    assert reread(delivery).status == "sent"


@pytest.mark.parametrize(("what", "status"), [("arrived", "delivered"), ("resend", "queued")])
def test_who_may_decide_about_unclear_messages_decides_once(
    scripted: type[ScriptedTransport], what: str, status: str
) -> None:
    make_business()
    scripted.answer = lambda _: Unclear("timeout", "no answer in 20 s")
    fill(1, make_channel("sms", "scripted"))
    send()
    delivery = Delivery.objects.get()
    url, decide = (reverse(f"admin:channels_delivery_{page}", args=[delivery.pk]) for page in ("change", "decide"))

    looker = staff("channels.view_delivery")
    assert "Did it arrive?" not in looker.get(url).content.decode()
    assert looker.post(decide, {"what": what}).status_code == 403

    decider = staff("channels.view_delivery", "channels.resolve_delivery")
    assert "timeout no answer in 20 s" in decider.get(url).content.decode()
    assert "Did it arrive?" in decider.get(url).content.decode()
    assert decider.get(decide).status_code == 405
    assert decider.post(decide, {"what": what}).status_code == 302
    assert reread(delivery).status == status
    assert "nothing to decide" in decider.post(decide, {"what": what}, follow=True).content.decode()
    assert "Decided by staff" in decider.get(url).content.decode()


def test_calls_are_shown_as_they_came_and_cannot_be_changed() -> None:
    make_business()
    channel = make_channel("sms", "scripted")
    call = InboundCall.objects.create(
        channel=channel, call_key="k", method="POST", url="https://a.example/", body=b"<i>\xff</i>", headers={"a": "b"}, received_at=NOW,
        state="unreadable", problem="not a call",
    )  # fmt: skip
    client = staff("channels.view_inboundcall")
    page = client.get(reverse("admin:channels_inboundcall_changelist")).content.decode()
    assert "not a call" in page
    url = reverse("admin:channels_inboundcall_change", args=[call.pk])
    assert "&lt;i&gt;" in client.get(url).content.decode()
    assert client.post(url, {}).status_code == 403
