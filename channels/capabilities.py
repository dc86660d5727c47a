"""What can be learned of a message on a channel: what its transport tells, and what our own pixel, links and page tell."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from django.utils.translation import gettext_lazy as _

from channels.models import Channel
from channels.transport import Fact, Transport, names, transport_class
from contacts import kinds

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

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


def takes_stop(channel_kind: str) -> bool:
    """Whether people can end messages of this kind by answering STOP."""
    carriers = (transport_class(name) for name in names())
    return any(carrier.live and Fact.STOPPED in carrier.reports.get(channel_kind, ()) for carrier in carriers)


# What staff are told of a channel: can it be known that a message ...
TOLD = (
    (Fact.ACCEPTED, _("was taken by the provider")),
    (Fact.DELIVERED, _("arrived")),
    (Fact.OPENED, _("was opened")),
    (Fact.READ, _("was read")),
    (Fact.CLICKED, _("was clicked")),
    (Fact.REPLIED, _("was answered")),
    (Fact.CLOSED, _("was closed unread")),
)


def matrix(channel: Channel) -> list[tuple[StrOrPromise, bool]]:
    """Each of `TOLD` with whether it can become known on the channel."""
    told = of_channel(channel)
    return [(words, fact in told) for fact, words in TOLD]


def of_channel(channel: Channel) -> frozenset[Fact]:
    """The same for a configured channel."""
    return reports(channel.kind, channel.carrier, channel.settings)
