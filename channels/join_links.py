"""Where an invitation leads on each channel: into a bot or a chat by the transport's own link, else to our page for email and phone."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from channels import accounts
from channels.models import Channel, Invitation
from channels.transport import Transport, names, transport_class
from contacts import kinds
from contacts.models import Business

_log = logging.getLogger(__name__)
_SAMPLE = "A" * 22  # as long as a token
_BY_PAGE = ("email", "sms")  # kinds whose addresses people type on our page


@dataclass(frozen=True, slots=True)
class Way:
    """A channel that people can join. link: the absolute address for an invitation's token."""

    channel: Channel
    link: Callable[[str], str]


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
    channels = Channel.objects.filter(active=True)
    if invitation.channel_id:
        channels = channels.filter(pk=invitation.channel_id)
    found = _ways(channels.order_by("position", "id"), business)
    return [JoinLink(way.channel, way.link(invitation.token)) for way in found.values()]


def ways(business: Business) -> dict[str, Way]:
    """Every kind of channel that people can join now, with the channel that they join; one statement."""
    return _ways(Channel.objects.filter(active=True).order_by("position", "id"), business)


def joinable() -> set[str]:
    """Kinds of channel for which there can be a link to join, whether or not one is in use."""
    own = [
        kind.name
        for cls in map(transport_class, names())
        if cls.join_url is not Transport.join_url
        for kind in cls.kinds
    ]
    return {*own, *_BY_PAGE}


def _ways(channels: Iterable[Channel], business: Business) -> dict[str, Way]:
    found: dict[str, Way] = {}
    for channel in channels:
        if channel.kind not in found and (link := _link(channel, business)):
            found[channel.kind] = Way(channel, link)
    return found


def _link(channel: Channel, business: Business) -> Callable[[str], str] | None:
    try:
        own = accounts.kept(channel, business.public_address).join_url
        if own(_SAMPLE):
            return own
        typed = kinds.get(channel.kind).typed
    except Exception:  # noqa: BLE001 - an account that is set up wrongly hides itself and no other
        _log.exception("channel %s has no join link", channel.pk)
        return None
    page, kind = f"{business.public_address}/join", channel.kind
    by_page = typed and kind in _BY_PAGE and business.public_address
    return (lambda token: f"{page}/{token}?by={kind}") if by_page else None
