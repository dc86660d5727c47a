"""The fixtures of this room's tests, for all of them."""

from tests.channels.inbox_desk import desk
from tests.channels.outbox import registered, scripted, sms
from tests.chat import chat_kind

__all__ = ["chat_kind", "desk", "registered", "scripted", "sms"]
