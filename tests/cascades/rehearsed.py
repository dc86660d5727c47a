"""What the tests of rehearsals share: a cascade of three steps, a small town, and scripts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from cascades.models import Cascade
from cascades.rehearsal import Script
from contacts.models import Contact
from tests.cascades.story import ana
from tests.factories import NOW, make_cascade, make_channel, make_contact, make_message

EVENING = NOW + timedelta(hours=5)  # 18:00 in Madrid
SOON = timedelta(hours=1)


def three_steps(**channel: Any) -> Cascade:
    text = make_message()
    email, sms = make_channel("email", **channel), make_channel("sms", price="0.05", **channel)
    steps: list[dict[str, Any]] = [
        {"channel": email, "message": text, "seen": "opened"},
        {"channel": sms, "message": text, "seen": "clicked", "wait": timedelta(hours=4)},
        {"channel": email, "message": make_message("Last"), "seen": "opened", "wait": timedelta(days=1)},
    ]
    return make_cascade("Three", steps, goal=["order"], final_wait=timedelta(days=2))


def town() -> list[Contact]:
    """Who opens, who never reacts, who agreed to nothing, who has a phone only, who lives far away, who buys."""
    return [
        ana(),
        make_contact("Bea Sol", email="bea@example.org", phone="+34600111333"),
        make_contact("Cleo Paz", email="cleo@example.org", consent=()),
        make_contact("Dora Gil", phone="+34600111444"),
        make_contact("Eva Lin", email="eva@example.org", phone="+34600111555", time_zone="Asia/Tokyo"),
        make_contact("Fay Roe", email="fay@example.org", phone="+34600111666"),
    ]


def key(cascade: Cascade, number: int) -> str:
    return list(cascade.steps.filter(version=None).order_by("position").values_list("key", flat=True))[number]


def script_of(cascade: Cascade, people: Sequence[Contact | str], start: datetime = NOW, **more: Any) -> Script:
    cast = tuple(one if isinstance(one, str) else one.pk for one in people)
    return Script(cascade.pk, start, cast, **more)
