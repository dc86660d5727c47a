"""What our own pixel, links and unsubscribe page tell of a message."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from hashlib import sha256
from typing import Any

from channels import tracking
from channels.contention import insist
from channels.models import Delivery, Grade
from channels.receipts.apply import Item, take_in
from channels.transport import Fact, Inbound


def record_own(
    token: str,
    fact: Fact,
    *,
    now: datetime,
    grade: str = Grade.HUMAN,
    reasons: Sequence[str] = (),
    data: Mapping[str, Any] | None = None,
) -> bool:
    """Record that a message was opened or clicked, or that the person unsubscribed by it; False for a token that is not ours.

    grade, reasons: see `channels.tracking`; data: what else is known ("n", "url", "user_agent", "ip"). The same fact of the same link and
    grade is written down once an hour, so that a picture that is fetched all day long fills no table; an opt-out is taken each time, and
    who followed the hidden link is written down for each visitor.
    """
    delivery = Delivery.objects.select_related("channel").filter(token=token).first()
    if delivery is None:
        return False
    known = dict(data or {})
    hour = f"{now:%Y%m%d%H%M%S}" if fact == Fact.UNSUBSCRIBED else f"{now:%Y%m%d%H}"
    whose = visitor(known) if tracking.HIDDEN in reasons else ""
    key = f"own:{token}:{fact}:{grade}:{known.get('n', '')}:{hour}{whose}"
    told = Inbound(
        fact, key, key=token, at=now, url=str(known.pop("url", "")), user_agent=str(known.pop("user_agent", ""))[:500],
        ip=str(known.pop("ip", "")), played=delivery.sandbox,
    )  # fmt: skip
    seen = grade if fact in (Fact.OPENED, Fact.CLICKED, Fact.READ) else ""
    item = Item(told, grade=seen, data={**known, **({"grade_reasons": list(reasons)} if reasons else {})})
    insist(lambda: take_in(delivery.channel, [item], now))
    return True


def visitor(data: Mapping[str, Any]) -> str:
    """Who it was, as far as that can be told, in few letters."""
    return sha256(f"{data.get('ip', '')} {data.get('user_agent', '')}".encode()).hexdigest()[:12]
