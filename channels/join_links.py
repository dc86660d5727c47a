"""Where an invitation leads on each channel: into a bot or a chat by the transport's own link, else to our page for email and phone."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from channels import accounts
from channels.models import Channel, Invitation
from contacts import kinds
from contacts.models import Business

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class JoinLink:
    """One way in. kind: of the channel; url: absolute."""

    channel: Channel
    url: str

    @property
    def label(self) -> str:
        return str(kinds.label(self.channel.kind))


def landing(invitation: Invitation, business: Business) -> str:
    """The page that offers all ways in; "" while the business has no public address."""
    return f"{business.public_address}/j/{invitation.token}" if business.public_address else ""


def join_links(invitation: Invitation, business: Business) -> list[JoinLink]:
    """A link for each channel in use that people can join, in the order of the channels; of several of one kind the first."""
    channels = Channel.objects.filter(active=True).order_by("position", "id")
    if invitation.channel_id:
        channels = channels.filter(pk=invitation.channel_id)
    found: dict[str, JoinLink] = {}
    for channel in channels:
        if channel.kind not in found and (url := _url(channel, invitation, business)):
            found[channel.kind] = JoinLink(channel, url)
    return list(found.values())


def _url(channel: Channel, invitation: Invitation, business: Business) -> str:
    try:
        if own := accounts.kept(channel, business.public_address).join_url(invitation.token):
            return own
        typed = kinds.get(channel.kind).typed
    except Exception:  # noqa: BLE001 - an account that is set up wrongly hides itself and no other
        _log.exception("channel %s has no join link", channel.pk)
        return ""
    by_page = typed and channel.kind in ("email", "sms") and business.public_address
    return f"{business.public_address}/join/{invitation.token}?by={channel.kind}" if by_page else ""
