"""What the tests of the cascades share with those of the channels."""

from tests.channels.outbox import scripted

__all__ = ["scripted"]
