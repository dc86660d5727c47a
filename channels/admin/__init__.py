"""What staff see of channels. One file per noun."""

from channels.admin import channel, delivery, form, form_answer, hooks, inbound, inbox, invitation, message, sandbox

__all__ = [
    "channel",
    "delivery",
    "form",
    "form_answer",
    "hooks",
    "inbound",
    "inbox",
    "invitation",
    "message",
    "sandbox",
]
