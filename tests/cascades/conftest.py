"""What the tests of the cascades share with those of the channels."""

from tests.channels.outbox import scripted
from tests.chat import chat_kind

__all__ = ["chat_kind", "scripted"]
