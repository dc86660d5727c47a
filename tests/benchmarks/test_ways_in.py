"""All ways in asked once who is to enter, over a crowd with its events and appointments; each by itself, and all together."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from django.utils import timezone

from cascades import runner
from cascades.models import Cascade, CascadeStatus, Enrollment, SegmentStay, SegmentWatch
from channels.models import Channel, Message
from contacts.models import Group, Membership, Segment
from tests.benchmarks.crowd import empty, settle
from tests.benchmarks.happenings import happen, prepare_ways_in
from tests.benchmarks.rounds import Watch, compare, sized
from tests.factories import make_business, make_cascade, make_channel, make_message

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]

BEFORE = timedelta(minutes=1)  # so long ago all of them were asked before


def _ways(now: datetime, group: Group, segment: Segment) -> dict[str, dict[str, Any]]:
    clock = now.astimezone(ZoneInfo("Europe/Madrid"))
    at = f"{clock:%H:%M}"
    return {
        "event": {"event": "cart_changed", "key": "cart", "quiet": 3600, "unless": ["order"]},
        "event, on any visit": {"event": "visit"},
        "booking, a day before": {"by": 86_400},
        "booking, two hours after": {"by": 7200, "when": "after"},
        "event_date": {"event": "order", "field": "pickup_on", "by": 86_400},
        "yearly": {"at": at},
        "silence, 15 days": {"days": 15},
        "silence, 90 days without an order": {"days": 90, "event": "order"},
        "schedule": {"group": group.pk, "weekday": str(clock.weekday()), "at": at},
        "segment": {"segment": segment.pk, "every": 60},
    }


def _listening(name: str, params: dict[str, Any], now: datetime) -> Cascade:
    text, sms = (
        Message.objects.first() or make_message(texts={("sms", "en"): "Hello"}),
        Channel.objects.first() or make_channel("sms"),
    )
    step = {"channel": sms, "message": text, "seen": "nothing"}
    cascade = make_cascade(name, [step], trigger=name.partition(",")[0], trigger_params=params)
    runner.switch_on(cascade, user=None, now=now - timedelta(days=2))
    return cascade


def _at_the_minute(cascades: list[Cascade], now: datetime) -> None:
    """As if all of them had been asked a minute ago, and nobody had come in since."""
    empty("cascades_enrollment")
    Cascade.objects.filter(pk__in=[one.pk for one in cascades]).update(
        status=CascadeStatus.RUNNING, checked_at=now - BEFORE
    )
    Cascade.objects.exclude(pk__in=[one.pk for one in cascades]).update(status=CascadeStatus.PAUSED)
    SegmentWatch.objects.update(checked_at=now - BEFORE)
    SegmentStay.objects.filter(pk__in=SegmentStay.objects.order_by("pk").values("pk")[:500]).delete()


def test_asking_every_way_in_once() -> None:
    people = sized(100_000)
    make_business()
    settle(people)
    happen(people * 2)
    group = Group.objects.create(name="Digest")
    prepare_ways_in(group.pk)
    found = measure(people, group)
    assert found["schedule"] == Membership.objects.filter(group=group).count()
    assert found["yearly"] > 0


def measure(people: int, group: Group) -> dict[str, int]:
    """Of a crowd that is there already, with what it did; returns how many came in by each way."""
    rules = {"all": [{"kind": "event", "op": "at_least", "event": "visit", "times": 3, "days": 60}]}
    segment = Segment.objects.create(name="Three visits", rules=rules)
    now = timezone.now()
    cascades = {name: _listening(name, params, now) for name, params in _ways(now, group, segment).items()}

    def asked(*which: Cascade) -> Any:
        def variant(watch: Watch) -> None:
            _at_the_minute(list(which), now)
            with watch(people):
                runner.listen(now)

        return variant

    together = {f"all {len(cascades)} together": asked(*cascades.values())}
    watch = compare(
        f"Asking the ways in over {people:,} people, their events and their appointments", "people/s",
        {**together, **{name: asked(cascade) for name, cascade in cascades.items()}},
    )  # fmt: skip
    for name, rates in watch.rates.items():
        print(f"{name}: {people / min(rates):.2f} s at worst")
    _at_the_minute(list(cascades.values()), now)
    runner.listen(now)
    found = dict.fromkeys(cascades, 0)
    for name, cascade in cascades.items():
        found[name] = Enrollment.objects.filter(cascade=cascade).count()
    print("came in:", ", ".join(f"{name} {count:,}" for name, count in found.items()))
    return found
