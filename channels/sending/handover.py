"""Calling the provider, with nothing locked and no transaction open."""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta

from django.conf import settings
from django.db import Error

from channels.contention import insist
from channels.models import Channel, Delivery, DeliveryStatus
from channels.sending.look import Going
from channels.sending.record import Attempt
from channels.sending.talking import talking
from channels.transport import Outgoing, Result, Transport, Unclear

_log = logging.getLogger(__name__)

MARGIN = timedelta(seconds=settings.LEASE_SECONDS)


def lease_of(transport: Transport) -> timedelta:
    """How long a wave may stay silent before it counts as lost: longer than its time-outs."""
    return transport.timeout * 3 + MARGIN


def hand_over(
    channel: Channel, transport: Transport, going: Sequence[Going], token: uuid.UUID, clock: Callable[[], datetime]
) -> list[Attempt]:
    """Try each message once. What the provider does not answer, for whatever reason, may have left: it is unclear."""
    now = clock()
    by_key = {fate.prepared.job.token: fate for fate in going}
    wrote = talking(channel, transport, {fate.prepared.job.contact_id for fate in going}, now)
    messages = [
        fate.prepared.outgoing(fate.address, now, answered=fate.prepared.job.contact_id in wrote, also=fate.also)
        for fate in going
    ]
    lease = _Lease(transport, [fate.prepared.job.id for fate in going], token, clock)
    attempts = []
    for key, result in _answers(channel, transport, messages):
        lease.renew()
        if fate := by_key.pop(key, None):
            text = fate.prepared.rendered
            templated = bool(text and text.template) and fate.prepared.job.contact_id not in wrote
            attempts.append(Attempt(fate, result, clock(), templated))
    return attempts + [Attempt(fate, Unclear("no_answer"), clock()) for fate in by_key.values()]


def _answers(channel: Channel, transport: Transport, messages: Sequence[Outgoing]) -> Iterator[tuple[str, Result]]:
    try:
        yield from transport.send_many(messages)
    except Exception:  # noqa: BLE001 - a transport must not raise; if it does, nobody knows what has left
        _log.exception("the transport of channel %s broke off in the middle of a wave", channel.pk)


class _Lease:
    """The lease of a wave that is being handed over: while answers come it is renewed, a dead worker's is not."""

    def __init__(
        self, transport: Transport, ids: Sequence[int], token: uuid.UUID, clock: Callable[[], datetime]
    ) -> None:
        self.transport, self.ids, self.token, self.clock = transport, ids, token, clock
        self.begun = clock()

    def renew(self) -> None:
        now = self.clock()
        if now - self.begun > self.transport.timeout:
            self.begun = now
            mine = Delivery.objects.filter(pk__in=self.ids, claim_token=self.token, status=DeliveryStatus.SENDING)
            try:
                insist(lambda: mine.update(lease_until=now + lease_of(self.transport)))
            except Error:  # the answers are worth more than the lease: what the provider said is still to be recorded
                _log.warning("the lease of a wave could not be renewed", exc_info=True)
