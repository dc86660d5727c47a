"""A kind of channel with buttons, for tests: a chat by telephone number. The sandbox carries it like any other."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from contacts import kinds
from contacts.kinds import Kind

CHAT = Kind("chat", "phone", "Chat", "Phone", dear_rank=40, buttons=3, longest=1000)


@pytest.fixture
def chat_kind() -> Iterator[Kind]:
    """Registered while the test runs."""
    kinds.register(CHAT)
    yield CHAT
    del kinds._kinds[CHAT.name]
