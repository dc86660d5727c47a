"""What staff see of channels. One file per noun."""

from channels.admin import channel, message, sandbox

__all__ = ["channel", "message", "sandbox"]
