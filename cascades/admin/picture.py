"""A draft's steps as a staircase: what goes out, when, to whom, by which channel, and what one message costs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TYPE_CHECKING

from django.utils.dates import WEEKDAYS
from django.utils.formats import number_format, time_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cascades.admin import answers, durations, endings, only_if, options
from cascades.models import Cascade, Mode, Step, WaitFrom, Who
from channels.models import PriceUnit

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

_AFTER: dict[str, StrOrPromise] = {
    WaitFrom.START: gettext_lazy("%(length)s after the start"),
    WaitFrom.SENT: gettext_lazy("%(length)s after the message before was sent"),
    WaitFrom.DELIVERED: gettext_lazy("%(length)s after the message before was delivered"),
    WaitFrom.OPENED: gettext_lazy("%(length)s after the message before was opened"),
    WaitFrom.CLICKED: gettext_lazy("%(length)s after a click in the message before"),
    WaitFrom.BEFORE: gettext_lazy("%(length)s before the date"),
    WaitFrom.AFTER: gettext_lazy("%(length)s after the date"),
}
_AT_ONCE: dict[str, StrOrPromise] = {
    WaitFrom.START: gettext_lazy("at the start"),
    WaitFrom.SENT: gettext_lazy("as soon as the message before was sent"),
    WaitFrom.DELIVERED: gettext_lazy("as soon as the message before was delivered"),
    WaitFrom.OPENED: gettext_lazy("as soon as the message before was opened"),
    WaitFrom.CLICKED: gettext_lazy("as soon as the message before was clicked"),
    WaitFrom.BEFORE: gettext_lazy("when the date comes"),
    WaitFrom.AFTER: gettext_lazy("when the date comes"),
}


@dataclass(frozen=True, slots=True)
class Stair:
    """One step in words."""

    number: int
    icon: str
    channel: str
    message: str
    message_id: int
    when: str
    whom: str
    price: str
    answers: tuple[str, ...] = ()
    only: tuple[str, ...] = ()


def stairs(steps: Sequence[Step], currency: str, mode: str = Mode.SERIES) -> list[Stair]:
    """steps: in order, with channel and message loaded. One statement where answers mean something, one where a segment is asked for."""
    known = dict(answers.groups()) if any(step.answers for step in steps) else {}
    asked = any("segment" in row for step in steps for row in step.only_if)
    segments, named = dict(only_if.segments()) if asked else {}, {step.key: str(step.message) for step in steps}
    for_all = not options.asks_for_whom(mode)
    return [
        Stair(
            number, options.icon(step.channel.kind), str(step.channel), str(step.message), step.message_id,
            _when(step, 1 if mode == Mode.PARALLEL else number),
            "" if step.who == Who.EVERYONE or for_all else step.get_who_display(), price(step, currency),
            tuple(answers.say(step.answers, known)), tuple(only_if.say(step.only_if, named, segments)),
        )
        for number, step in enumerate(steps, start=1)
    ]  # fmt: skip


def whole(cascade: Cascade) -> list[str]:
    """What ends the whole, in sentences, where it is not what goes without saying."""
    said = (
        []
        if cascade.mode == Mode.SERIES
        else [_("It goes like this: %(mode)s.") % {"mode": cascade.get_mode_display()}]
    )
    if cascade.preferred_first and cascade.mode != Mode.PARALLEL:
        said.append(_("Who prefers one of these channels gets its step first."))
    if cascade.at_end:
        said += endings.say(cascade.at_end, dict(answers.groups()))
    return said


def _when(step: Step, number: int) -> str:
    dated = step.wait_from in (WaitFrom.BEFORE, WaitFrom.AFTER)
    wait_from = WaitFrom.START.value if number == 1 and not dated else step.wait_from
    said = str(_AFTER[wait_from]) % {"length": durations.say(step.wait)} if step.wait else str(_AT_ONCE[wait_from])
    days = ", ".join(str(WEEKDAYS[day]) for day in step.weekdays)
    clock = _("not before %(time)s") % {"time": time_format(step.at_time)} if step.at_time else ""
    return ", ".join(part for part in (said, clock, days) if part)


def price(step: Step, currency: str) -> str:
    """What one message costs: "free", "0.05 EUR", "0.05 EUR per SMS segment"."""
    channel = step.channel
    if not channel.price:
        return _("free")
    said = money(channel.price, currency)
    return _("%(price)s per SMS segment") % {"price": said} if channel.price_unit == PriceUnit.SEGMENT else said


def money(amount: Decimal, currency: str) -> str:
    """With two decimals, or as many as a price below a cent needs."""
    decimals = 2 if amount == amount.quantize(Decimal("0.01")) else 4
    return f"{number_format(amount, decimals, use_l10n=True, force_grouping=True)} {currency}"
