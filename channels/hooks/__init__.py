"""Telling other programs what happens here: `noticing` finds what is new, `telling` makes the calls, `posting` is the line out."""

from channels.hooks.noticing import begin, notice
from channels.hooks.telling import forget, send_again, tell

__all__ = ["begin", "forget", "notice", "send_again", "tell"]
