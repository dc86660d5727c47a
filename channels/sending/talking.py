"""Who wrote to us lately: on some channels free text may go only to them (`Transport.window`)."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from channels.models import Channel, DeliveryEvent
from channels.transport import Fact, Transport
from contacts import bulk

# What only a person's own message can tell.
_WROTE = (Fact.REPLIED, Fact.JOINED, Fact.RESUMED, Fact.STOPPED)


def talking(channel: Channel, transport: Transport, contacts: Collection[int], now: datetime) -> frozenset[int]:
    """Contacts who wrote on this channel within its window; one statement, or none where the channel has no window."""
    window = transport.window.get(channel.kind)
    if window is None or not contacts:
        return frozenset()
    wrote = DeliveryEvent.objects.filter(
        bulk.Among("contact_id", contacts), channel=channel, fact__in=_WROTE, at__gt=now - window
    )
    return frozenset(wrote.order_by().values_list("contact_id", flat=True).distinct())
