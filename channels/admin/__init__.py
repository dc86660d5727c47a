"""What staff see of channels. One file per noun."""

from channels.admin import (
    channel,
    confirmation,
    delivery,
    form,
    form_answer,
    hooks,
    inbound,
    inbox,
    invitation,
    message,
    sandbox,
    site,
)

__all__ = [
    "channel", "confirmation", "delivery", "form", "form_answer", "hooks", "inbound", "inbox", "invitation", "message", "sandbox", "site",
]  # fmt: skip
