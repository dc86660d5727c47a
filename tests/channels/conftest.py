"""The fixtures of this room's tests, for all of them."""

from tests.channels.outbox import registered, scripted, sms

__all__ = ["registered", "scripted", "sms"]
