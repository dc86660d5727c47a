"""What a step can be set to, given what its channel and the channels before it can tell; for the browser and for the server."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any

from django.utils.translation import gettext as _

from cascades import plan
from cascades.models import Mode, Seen, Step, WaitFrom, Who
from channels import capabilities
from channels.models import Channel
from channels.transport import Fact
from contacts import kinds

Facts = frozenset[Fact]


def told(channel: Channel) -> Facts:
    """What can be learned on the channel; nothing where its transport is no longer installed."""
    try:
        return capabilities.of_channel(channel)
    except LookupError:
        return frozenset()


def tells_opening(channel: Channel) -> bool:
    return bool(told(channel) & {Fact.OPENED, Fact.READ})


def icon(kind: str) -> str:
    """A symbol of the admin's own font for a kind of channel."""
    try:
        known = kinds.get(kind)
    except LookupError:
        return "help"
    return "mail" if known.rich else "sms" if known.segmented else "chat"


def for_browser(channels: Iterable[Channel], texts: Mapping[int, Mapping[str, Sequence[str]]]) -> dict[str, Any]:
    """What builder.js needs: per channel what it tells, per message the kinds of channel that it has a text for, with the answers of the
    buttons there."""
    return {
        "channels": {
            str(channel.pk): {
                "kind": channel.kind, "icon": icon(channel.kind), "price": float(channel.price),
                "opening": tells_opening(channel), "replies": Fact.REPLIED in told(channel),
            }
            for channel in channels
        },
        "texts": {str(pk): list(found) for pk, found in texts.items()},
        "answers": {str(pk): {kind: codes for kind, codes in found.items() if codes} for pk, found in texts.items()},
        "words": {
            "up": _("Move up"), "down": _("Move down"), "step": _("Step %(number)s"), "drag": _("Drag to change the order"),
            "changed": _("Set to “%(value)s”, because the other choice cannot be known here."),
            "text": _("This message has no text for this channel yet."),
            "dearer": _("Usually the cheaper channel comes first: the next step costs less than this one."),
        },
    }  # fmt: skip


def asks_for_whom(mode: str) -> bool:
    """Whether in this mode it counts for whom a step says that it is."""
    return plan.Mode(mode).asks_for_whom


def seen_problem(seen: str, channel: Channel) -> str:
    """Why the step cannot end by that reaction, or ""."""
    if seen == Seen.OPENED and not tells_opening(channel):
        return _("“%(channel)s” cannot tell whether a message was opened. Choose “%(other)s”.") % {
            "channel": channel, "other": Seen.CLICKED.label,
        }  # fmt: skip
    if seen == Seen.REPLIED and Fact.REPLIED not in told(channel):
        return _("“%(channel)s” cannot take answers. Choose “%(other)s”.") % {
            "channel": channel,
            "other": Seen.CLICKED.label,
        }
    return ""


def answers_problem(seen: str, channel: Channel) -> str:
    """Why answers can mean nothing there, or ""."""
    if Fact.REPLIED not in told(channel):
        return _("“%(channel)s” cannot take answers, so nothing can follow from them.") % {"channel": channel}
    if seen == Seen.OPENED:
        return _("The step ends by being opened, before anybody can answer. Let it end by “%(other)s”.") % {
            "other": Seen.REPLIED.label
        }
    return ""


def wait_problem(wait_from: str, before: Channel | None) -> str:
    """Why the waiting time cannot count from there, or "". before: the channel of the step before, None for the first step."""
    if wait_from in (WaitFrom.START, WaitFrom.SENT, WaitFrom.BEFORE, WaitFrom.AFTER):
        return ""
    if before is None:
        return _("The first step has no message before it. Let it count from the start.")
    if wait_from == WaitFrom.OPENED and not tells_opening(before):
        return _("The message before goes out by “%(channel)s”, which cannot tell whether it was opened.") % {
            "channel": before
        }
    return ""


def who_problem(who: str, before: Sequence[Channel]) -> str:
    """Why the step cannot be for them, or "". before: the channels of all earlier steps."""
    if who == Who.EVERYONE:
        return ""
    if not before:
        return _("The first step has no message before it. Let it be for everyone.")
    if who == Who.NOT_OPENED and not any(tells_opening(channel) for channel in before):
        return _("No channel before this step can tell whether a message was opened.")
    return ""


def _unknowns(step: Step, before: Sequence[Step], number: int) -> Iterator[str]:
    """What a step then does whose condition the channels before it cannot always answer."""
    blind = {str(earlier.channel) for earlier in before if not tells_opening(earlier.channel)}
    if step.who == Who.NOT_OPENED and blind:
        yield _(
            "Whether a message by %(channels)s was opened cannot be known. At the start you are asked whether step %(number)s goes to "
            "the people concerned."
        ) % {"channels": ", ".join(sorted(blind)), "number": number}  # fmt: skip
    if step.wait_from == WaitFrom.DELIVERED and before and Fact.DELIVERED not in told(before[-1].channel):
        yield _("“%(channel)s” does not tell when a message arrives: step %(number)s counts from when the provider takes it.") % {
            "channel": before[-1].channel, "number": number,
        }  # fmt: skip


def hints(steps: Sequence[Step], mode: str = Mode.SERIES) -> list[str]:
    """Gentle remarks on the order, and what happens where something cannot be known: nothing that forbids a start."""
    said = (
        [sentence for number, step in enumerate(steps) for sentence in _unknowns(step, steps[:number], number + 1)]
        if asks_for_whom(mode)
        else []
    )
    if mode == Mode.PARALLEL:
        return said
    for number, (earlier, later) in enumerate(pairwise(steps), start=1):
        if earlier.channel.price > later.channel.price and earlier.channel_id != later.channel_id:
            said.append(
                _(
                    "Step %(number)s (%(dear)s) costs more than the step after it (%(cheap)s). Usually the cheaper channel comes first."
                )
                % {"number": number, "dear": earlier.channel, "cheap": later.channel}
            )
    return said
