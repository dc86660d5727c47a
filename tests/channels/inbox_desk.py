"""Shared by the tests of the inbox: somebody writes, and somebody at the front desk answers on the page."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
import time_machine
from django.test import Client
from django.urls import reverse

from channels import receipts
from channels.models import Channel, Conversation, DeliveryEvent
from channels.transport import Fact, Inbound
from tests.contacts.staff import sign_in
from tests.factories import NOW

PHONE, OTHER = "+34600000001", "+34600000002"


def says(channel: Channel, text: str = "Hello?", address: str = PHONE, **more: Any) -> Conversation:
    """Somebody writes, one minute after the last time."""
    fact, number = more.pop("fact", Fact.REPLIED), DeliveryEvent.objects.count()
    at = more.pop("at", NOW + timedelta(minutes=number))
    told = Inbound(fact, f"told-{number}", address=address, at=at, text=text, **more)
    receipts.apply(channel, [told], now=at)
    return Conversation.objects.select_related("channel").get(channel=channel, address=address)


def url(conversation: Conversation, page: str = "change") -> str:
    return reverse(f"admin:channels_conversation_{page}", args=[conversation.pk])


def answer(client: Client, conversation: Conversation, text: str, key: str = "") -> Any:
    """Write an answer on the page, as the page has it."""
    key = key or key_of(client, conversation)
    return client.post(url(conversation, "reply"), {"text": text, "key": key}, follow=True)


def key_of(client: Client, conversation: Conversation) -> str:
    found = re.search(r'name="key" value="([^"]+)"', client.get(url(conversation)).content.decode())
    assert found
    return found[1]


@pytest.fixture
def desk() -> Iterator[Client]:
    """Somebody at the front desk, at noon."""
    with time_machine.travel(NOW, tick=False):
        yield sign_in("Front desk")
