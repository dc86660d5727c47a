"""What staff see of channels. One file per noun."""

from channels.admin import channel, delivery, inbound, inbox, message, sandbox

__all__ = ["channel", "delivery", "inbound", "inbox", "message", "sandbox"]
