"""Every way of leaving, by the public doors alone: the ledger says so, and no later step of the cascade goes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from cascades.models import Seen, WaitFrom
from channels import receipts
from channels.models import Channel, Delivery
from channels.transport import Fact, Fault, Inbound, Refused
from contacts import consent
from contacts.models import Contact
from tests.cascades.story import Story, ana, last, messages, outcome
from tests.channels.outbox import ScriptedTransport
from tests.factories import make_business, make_cascade, make_channel, make_message

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("scripted")]
PHONE = "+34600111222"
Act = Callable[[Client, Delivery, Story], None]


def calls(client: Client, delivery: Delivery, story: Story, *told: Inbound) -> None:
    """The provider calls our webhook, and what it says is taken in."""
    body = "+".join(one.event_key for one in told).encode()
    ScriptedTransport.calls[body] = list(told)
    path = f"/hooks/{delivery.channel.hook}/"
    answer = client.post(path, body, content_type="text/plain", headers={"X-Word": "sesame"})
    assert answer.status_code == 200
    receipts.apply_inbound(now=story.now)


def posts(path: str, **fields: object) -> Act:
    def act(client: Client, delivery: Delivery, story: Story) -> None:
        assert client.post(f"/{path}/{delivery.token}", fields).status_code == 200

    return act


def tells(fact: Fact, *, by_address: bool = False) -> Act:
    def act(client: Client, delivery: Delivery, story: Story) -> None:
        named = Inbound(fact, f"{fact}", key=delivery.token)
        calls(client, delivery, story, Inbound(fact, f"{fact}", address=delivery.address) if by_address else named)

    return act


SHOWN = ["email:marketing", "sms:marketing"]
WAYS: dict[str, tuple[str, str, Act]] = {
    "one click in the mailbox": ("email", "opt_out", posts("u", **{"List-Unsubscribe": "One-Click"})),
    "the unsubscribe page": ("email", "opt_out", posts("u", what="marketing")),
    "a tick taken away": ("email", "opt_out", posts("p", shown=SHOWN, wanted=["sms:marketing"])),
    "nothing at all": ("email", "opt_out", posts("p", what="nothing")),
    "the mailbox reports an unsubscription": ("email", "opt_out", tells(Fact.UNSUBSCRIBED)),
    "a complaint": ("email", "complained", tells(Fact.COMPLAINED)),
    "STOP by SMS": ("sms", "opt_out", tells(Fact.STOPPED, by_address=True)),
    "STOP that names its message": ("sms", "opt_out", tells(Fact.STOPPED)),
}


@pytest.fixture
def story(db: None) -> Story:
    make_business()
    return Story()


def started(story: Story, first: str) -> Contact:
    """The first message has gone out; the other channel would follow in four hours."""
    contact, message = ana(), make_message()
    others = {"email": "sms", "sms": "email"}
    steps = [
        {"channel": make_channel(first, "scripted"), "message": message, "seen": Seen.CLICKED},
        {
            "channel": make_channel(others[first], "scripted"), "message": message, "wait": timedelta(hours=4),
            "wait_from": WaitFrom.SENT,
        },
    ]  # fmt: skip
    story.start(make_cascade(steps=steps))
    return contact


def given(contact: Contact, kind: str) -> bool:
    return consent.newest([contact.pk])[contact.pk, kind, "marketing"].given


@pytest.mark.parametrize("way", WAYS)
def test_whoever_leaves_is_left_alone_and_the_ledger_says_so(story: Story, client: Client, way: str) -> None:
    first, reason, act = WAYS[way]
    contact = started(story, first)
    assert messages(contact) == [(first, "sent")]
    with time_machine.travel(story.now + timedelta(minutes=5), tick=False):
        story.now += timedelta(minutes=5)
        act(client, last(contact), story)
    story.later(hours=9)
    assert messages(contact) == [(first, "sent")]
    assert outcome(contact) == ("stopped", reason)
    assert not given(contact, first)


def test_without_leaving_the_next_step_goes(story: Story) -> None:
    contact = started(story, "email")
    story.later(hours=9)
    assert messages(contact) == [("email", "sent"), ("sms", "sent")]


@pytest.mark.parametrize("way", ["the mailbox reports an unsubscription", "STOP by SMS"])
def test_a_call_between_the_plan_and_the_sending_still_counts(story: Story, client: Client, way: str) -> None:
    """The next message waits in the outbox already when the news comes."""
    first, _reason, act = WAYS[way]
    contact = started(story, first)
    Channel.objects.exclude(kind=first).update(breaker_until=story.now + timedelta(hours=5))
    story.later(hours=4)
    assert messages(contact)[1][1] == "queued"
    act(client, contact.deliveries.select_related("channel").get(kind=first), story)
    Channel.objects.update(breaker_until=None)
    story.later(hours=5)
    assert messages(contact)[1][1] == "cancelled"


def test_the_provider_s_own_opt_out_ends_it_too(story: Story) -> None:
    ScriptedTransport.answer = staticmethod(lambda _: Refused(Fault.PERSON, "21610", opted_out=True))
    contact = started(story, "sms")
    ScriptedTransport.answer = staticmethod(AssertionError)  # type: ignore[assignment]
    story.later(hours=9)
    assert [kind for kind, _ in messages(contact)] == ["sms"]
    assert outcome(contact) == ("stopped", "opt_out")
    assert not given(contact, "sms")


def test_start_opens_the_channel_again_and_restores_neither_consent_nor_cascade(story: Story, client: Client) -> None:
    contact = started(story, "sms")
    delivery = last(contact)
    calls(client, delivery, story, Inbound(Fact.STOPPED, "stop", address=PHONE))
    assert consent.is_suppressed("phone", PHONE)
    story.tick()
    calls(client, delivery, story, Inbound(Fact.RESUMED, "start", address=PHONE))
    assert not consent.is_suppressed("phone", PHONE)
    assert not given(contact, "sms")
    story.later(hours=9)
    assert messages(contact) == [("sms", "sent")]


def test_of_stop_and_start_in_one_call_the_last_one_counts(story: Story, client: Client) -> None:
    delivery = last(started(story, "sms"))
    told = [Inbound(Fact.RESUMED, "start", address=PHONE), Inbound(Fact.STOPPED, "stop", address=PHONE)]
    calls(client, delivery, story, *told)
    assert consent.is_suppressed("phone", PHONE)


def test_who_takes_back_tracking_alone_still_gets_the_rest(story: Story, client: Client) -> None:
    contact = started(story, "email")
    consent.grant(contact.pk, "email", basis="express", source="test", now=story.now, purpose="tracking")
    assert client.post(f"/u/{last(contact).token}", {"what": "tracking"}).status_code == 200
    assert not consent.newest([contact.pk])[contact.pk, "email", "tracking"].given
    story.later(hours=9)
    assert messages(contact) == [("email", "sent"), ("sms", "sent")]


def test_taking_away_another_channel_closes_that_channel_alone(story: Story, client: Client) -> None:
    contact = started(story, "email")
    client.post(f"/p/{last(contact).token}", {"shown": SHOWN, "wanted": ["email:marketing"]})
    assert (given(contact, "email"), given(contact, "sms")) == (True, False)
    story.later(hours=9)
    assert messages(contact) == [("email", "sent")]
