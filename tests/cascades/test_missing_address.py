"""S17 by the public doors: people without an email get a link on a channel they have, leave it, confirm it, and are asked no more."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest
import time_machine
from django.test import Client

from cascades.models import Seen, WaitFrom
from channels.models import SandboxMessage
from channels.sending import send_due
from contacts import timeline
from tests.cascades.story import Story, last, messages, outcome, way
from tests.factories import make_business, make_cascade, make_channel, make_contact, make_message

pytestmark = pytest.mark.django_db
ASKS = "Leave your email here: {{ address_page }} Choose: {{ preferences_url }}"


@pytest.fixture
def story() -> Story:
    make_business()
    make_channel("email")
    return Story()


def test_an_email_that_is_left_and_confirmed_ends_the_asking(story: Story, client: Client) -> None:
    contact, other = make_contact("Ana Ruiz", phone="+34600111222"), make_contact("Eva Sol", phone="+34600111333")
    sms, message = make_channel("sms"), make_message(texts={("sms", "en"): ASKS})
    again = make_message("Again", {("sms", "en"): f"Please. {ASKS}"})
    steps = [
        {"channel": sms, "message": message, "seen": Seen.REPLIED},
        {"channel": sms, "message": again, "wait": timedelta(days=2), "wait_from": WaitFrom.SENT},
    ]  # fmt: skip
    story.start(make_cascade(steps=steps, goal=["address_left"]))
    token = last(contact).token
    text = SandboxMessage.objects.get(key=token).text
    link = re.search(r"/c/[\w-]+/\d+", text)
    assert link
    assert f"/p/{token}" in text
    with time_machine.travel(story.now + timedelta(hours=1), tick=False):
        story.now += timedelta(hours=1)
        assert client.get(link[0])["Location"].split("?")[0].endswith(f"/a/{token}")
        assert client.post(f"/a/{token}", {"email": "ana@mail.example", "language": "en"}).status_code == 200
        story.tick()
        send_due(clock=lambda: story.now)
        mail = SandboxMessage.objects.get(to="ana@mail.example")
        confirm = re.search(r"/confirm/[\w-]+", mail.text)
        assert confirm
        assert way(contact).outcome == ""
        assert client.post(confirm[0]).status_code == 200
    story.later(days=3)
    assert [kind for kind, _ in messages(contact)] == ["sms", "email"]
    assert outcome(contact) == ("reached", "goal_address_left")
    assert messages(other) == [("sms", "sent"), ("sms", "sent")]
    assert "left an address" in {entry.title.lower() for entry in timeline.story(contact, limit=20)}
