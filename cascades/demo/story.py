"""What happened in the demo shop: a cascade of last week played from start to end, one that begins in a moment, and a draft.

Nothing is faked: the story is told by the same functions that work in earnest, with the clock as their argument.
"""

from __future__ import annotations

import random
from collections.abc import Iterator
from datetime import datetime, timedelta
from uuid import uuid4
from zoneinfo import ZoneInfo

from django.db.models import OuterRef, Subquery
from django.utils.translation import gettext as _

from cascades import runner
from cascades.demo import shop as salon
from cascades.demo.people import SEED
from cascades.demo.shop import Shop
from channels import receipts, sandbox_play, sending
from channels.models import Delivery, SandboxMessage
from channels.sandbox_play import Act, Operator
from contacts.calendar import at_local

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
SOON = timedelta(seconds=15)
DEMO = Operator(None, "demo")
# What people do, in percent of those who got the message; the rest do nothing.
BY_EMAIL = ((Act.OPEN, 24), (Act.CLICK, 12), (Act.ORDER, 6), (Act.OPT_OUT, 2), (Act.BOUNCE, 3))
BY_SMS = ((Act.CLICK, 22), (Act.ANSWER, 6), (Act.ORDER, 5), (Act.OPT_OUT, 4))


def tell(shop: Shop, now: datetime) -> None:
    """Last week's cascade to its end, the one that begins in a moment, and the draft."""
    _last_week(shop, now)
    moved = salon.cascade(_("Closed on Friday"), shop.moved, shop.slow_email, shop.sms, wait=10 * MINUTE)
    zone = ZoneInfo("Europe/Madrid")
    soon = runner.WallTime((now + SOON).astimezone(zone).replace(tzinfo=None), zone.key)
    runner.start(uuid4(), moved, {"groups": [shop.regulars.pk]}, user=None, now=now, at=soon, unknown_goes_on=True)
    salon.cascade(_("Autumn colours"), shop.autumn, shop.email, shop.sms, wait=4 * HOUR)


def _last_week(shop: Shop, now: datetime) -> None:
    zone = ZoneInfo("Europe/Madrid")
    begin = at_local((now - 6 * DAY).astimezone(zone).date(), datetime.min.time().replace(hour=10), zone)
    season = salon.cascade(_("A new season"), shop.season, shop.email, shop.sms, wait=4 * HOUR)
    runner.start(uuid4(), season, {"groups": [shop.everyone.pk]}, user=None, now=begin)
    dice = random.Random(SEED)  # noqa: S311
    reacted: set[int] = set()
    for at in _clock(begin):
        _tick(at)
        _react(at, reacted, dice)
        _tick(at)
    kept = Delivery.objects.filter(token=OuterRef("key")).values("sent_at")[:1]
    SandboxMessage.objects.update(sent_at=Subquery(kept))


def _clock(begin: datetime) -> Iterator[datetime]:
    """Every few minutes while something is sent, then every hour, until the cascade is over for all."""
    yield from (begin + n * MINUTE for n in range(0, 20, 5))
    yield from (begin + n * HOUR for n in range(1, 36))


def _tick(at: datetime) -> None:
    runner.enroll_due(at)
    runner.wake(at)
    runner.advance(at)
    sending.send_due(clock=lambda: at)
    receipts.apply_inbound(now=at)
    runner.wake(at)


def _react(at: datetime, reacted: set[int], dice: random.Random) -> None:
    for message in SandboxMessage.objects.exclude(pk__in=reacted).select_related("channel").order_by("pk"):
        reacted.add(message.pk)
        act = _chosen(BY_EMAIL if message.kind == "email" else BY_SMS, dice.randrange(100))
        if act is not Act.BOUNCE:
            _play(message, Act.DELIVERED, at)
        if act is Act.ORDER:
            _play(message, Act.CLICK, at)
        if act:
            _play(message, act, at)


def _play(message: SandboxMessage, act: Act, at: datetime) -> None:
    text = _("Thank you, see you soon!") if act is Act.ANSWER else ""
    sandbox_play.play(message, act, now=at, operator=DEMO, text=text)


def _chosen(odds: tuple[tuple[Act, int], ...], drawn: int) -> Act | None:
    for act, share in odds:
        if drawn < share:
            return act
        drawn -= share
    return None
