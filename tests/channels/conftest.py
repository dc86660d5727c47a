"""The fixtures of this room's tests, for all of them."""

from tests.channels.inbox_desk import desk
from tests.channels.outbox import registered, scripted, sms

__all__ = ["desk", "registered", "scripted", "sms"]
