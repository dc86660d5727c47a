"""Playing a person in a rehearsal: it comes in by the doors by which it would come in earnest."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from cascades.models import StepRun
from cascades.rehearsal.script import Play
from cascades.rehearsal.stage import Stage
from channels import receipts, sandbox_play
from channels.models import SandboxMessage
from channels.sandbox_play import Act, CannotPlay, Operator
from channels.transport import Fact
from contacts import bookings, events
from contacts.models import Booking
from contacts.models.booking import AHEAD

if TYPE_CHECKING:
    from django_stubs_ext import StrOrPromise

GOAL, BOOKING, MOVE = "goal", "booking", "move"
NOBODY = Operator(None, "")
OF_BOOKINGS = {"confirm": bookings.confirm, "cancel": bookings.cancel, "attend": bookings.attend, "miss": bookings.miss}
# What was played, in few words; the person's name stands before it.
SAID: dict[str, StrOrPromise] = {
    Act.DELIVERED: gettext_lazy("played: it arrived"),
    Act.OPEN: gettext_lazy("played: opened"),
    Act.CLICK: gettext_lazy("played: clicked a link"),
    Act.ANSWER: gettext_lazy("played: answered “%(text)s”"),
    Act.PRESS: gettext_lazy("played: pressed a button"),
    Act.BOUNCE: gettext_lazy("played: the address does not exist"),
    Act.OPT_OUT: gettext_lazy("played: opted out"),
    GOAL: gettext_lazy("played: %(text)s"),
    "confirm": gettext_lazy("played: confirmed the booking"),
    "cancel": gettext_lazy("played: cancelled the booking"),
    "attend": gettext_lazy("played: came to what was booked"),
    "miss": gettext_lazy("played: did not come to what was booked"),
    MOVE: gettext_lazy("played: the booking was moved to %(text)s"),
}


def say(play: Play) -> str:
    """What was played, in the language in force."""
    words = SAID.get(play.text if play.act == BOOKING else play.act, play.act)
    text = str(events.GOALS.get(play.text, play.text)) if play.act == GOAL else play.text
    return str(words) % {"text": text} if "%(" in str(words) else str(words)


def offered(message: SandboxMessage) -> list[str]:
    """What can be played on a message; an order is the person's own act."""
    return [str(act) for act in sandbox_play.acts_for(message) if act != Act.ORDER]


def perform(stage: Stage, play: Play, now: datetime) -> None:
    """Play it. `CannotPlay` with a sentence where that cannot be, as its message has not left or its booking is no more."""
    contact = stage.people[play.person] if play.person < len(stage.people) else None
    if contact is None:
        raise CannotPlay(_("This person is not here any more."))
    if play.act == GOAL:
        key = f"played-{stage.script.plays.index(play)}"
        events.record(contact, play.text, at=now, now=now, key=key, source="rehearsal")
    elif play.act in (BOOKING, MOVE):
        _on_booking(contact, play, now)
    else:
        _on_message(_message(stage, contact, play.step), play, now)
        receipts.apply_inbound(now=now, only=stage.accounts)


def _message(stage: Stage, contact: int, step: str) -> SandboxMessage:
    runs = StepRun.objects.filter(enrollment__cascade=stage.cascade, enrollment__contact=contact, step_key=step)
    tokens = list(runs.exclude(delivery=None).values_list("delivery__token", flat=True))
    found = SandboxMessage.objects.select_related("channel").filter(key__in=tokens).order_by("-id").first()
    if found is None:
        raise CannotPlay(_("This message has not left by then."))
    return found


def _on_message(message: SandboxMessage, play: Play, now: datetime) -> None:
    """An opening by our picture and a click on our link are told by our own pages, the rest by the provider."""
    own = _own(message, play)
    if own is None:
        sandbox_play.play(message, play.act, now=now, operator=NOBODY, text=play.text, link=play.link)
    elif play.act not in offered(message):
        raise CannotPlay(_("This cannot happen to this message."))
    else:
        fact, data = own
        receipts.record_own(message.key, fact, now=now, data=data)


def _own(message: SandboxMessage, play: Play) -> tuple[Fact, dict[str, object]] | None:
    if play.act == Act.OPEN and sandbox_play.is_tracked(message):
        return Fact.OPENED, {}
    links = sandbox_play.links(message)
    if play.act == Act.CLICK and play.link < len(links):
        return Fact.CLICKED, {"n": play.link, "url": links[play.link]}
    if play.act == Act.PRESS and play.link < len(message.buttons) and message.buttons[play.link].get("url"):
        return Fact.CLICKED, {"n": play.link, "url": message.buttons[play.link]["url"]}
    return None


def _on_booking(contact: int, play: Play, now: datetime) -> None:
    """The person's next booking, or their last one."""
    theirs = Booking.objects.filter(contact=contact)
    found = theirs.filter(status__in=AHEAD, starts_at__gt=now).order_by("starts_at").first()
    found = found or theirs.order_by("-starts_at").first()
    if found is None:
        raise CannotPlay(_("This person has no booking."))
    if play.act == MOVE:
        starts = datetime.fromisoformat(play.text)
        ends = found.ends_at + (starts - found.starts_at) if found.ends_at else None
        slot = bookings.Slot(
            title=found.title, starts_at=starts, ends_at=ends, zone=found.zone, kind=found.kind, branch_id=found.branch_id,
            place=found.place,
        )  # fmt: skip
        bookings.move(found.pk, slot, now=now)
    elif play.text in OF_BOOKINGS:
        OF_BOOKINGS[play.text](found.pk, now=now)
