"""What can be learned of a message on a channel: what its transport tells, and what our own pixel, links and page tell."""

from __future__ import annotations

from collections.abc import Mapping

from channels.models import Channel
from channels.transport import Fact, Transport
from contacts import kinds

# A link leads through our own /c/, a picture through our own /o/, the unsubscribe page is ours: no provider is asked.
_ALWAYS = frozenset({Fact.SENT, Fact.CLICKED})
_RICH = frozenset({Fact.OPENED, Fact.UNSUBSCRIBED})


def reports(
    channel_kind: str, carrier: type[Transport], account_settings: Mapping[str, str] | None = None
) -> frozenset[Fact]:
    """Every fact that can become known of a message of this kind ("email", "sms") over this transport.

    account_settings: the channel's settings, for a transport whose providers differ in what they tell; without them, what all of them tell.
    """
    told = carrier.reports_with(channel_kind, account_settings or {})
    return told | _ALWAYS | (_RICH if kinds.get(channel_kind).rich else frozenset())


def of_channel(channel: Channel) -> frozenset[Fact]:
    """The same for a configured channel."""
    return reports(channel.kind, channel.carrier, channel.settings)
