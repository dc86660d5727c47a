"""The fixtures of this room's tests that several of them use."""

from tests.chat import chat_kind

__all__ = ["chat_kind"]
