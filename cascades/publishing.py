"""From a draft to a frozen version: what must be right before anything is sent, said in sentences, and the freezing itself."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from hashlib import sha256
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from django.db import transaction
from django.db.models import Max
from django.utils.translation import gettext as _

from cascades import plan
from cascades.models import Cascade, CascadeVersion, GoalAbout, Mode, Reentry, Seen, Step, WaitFrom, Who
from cascades.trigger import BadParameters, trigger
from channels import capabilities, freezing
from channels.liquid import BadTemplate
from channels.models import Message, Purpose
from channels.rendering import unsubscribe_fits
from channels.transport import Fact
from contacts import events, kinds
from contacts.models import Business, Group, Segment

if TYPE_CHECKING:
    from django.contrib.auth.models import AbstractBaseUser

# Beyond this a cascade is a mistake in a field, and dates would soon overflow.
LONGEST = timedelta(days=730)
_ON_PREVIOUS = (WaitFrom.DELIVERED, WaitFrom.OPENED, WaitFrom.CLICKED)
ASKED = re.compile(r"\[\[(.+?)\]\]")
_ASKS_FOR = {WaitFrom.OPENED.value: Fact.OPENED, WaitFrom.CLICKED.value: Fact.CLICKED}


class NotReady(Exception):
    """Why something cannot be started; `problems` are sentences for staff, at least one."""

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__(" ".join(problems))
        self.problems = list(problems)


@dataclass(frozen=True, slots=True)
class _Draft:
    cascade: Cascade
    steps: list[Step]
    business: Business


def draft_steps(cascade: Cascade) -> list[Step]:
    """The steps that staff are editing, in their order, with channel, message and its texts."""
    steps = Step.objects.filter(cascade=cascade, version=None).select_related("channel", "message")
    return list(steps.prefetch_related("message__variants").order_by("position", "id"))


def steps_of(cascade: Cascade, *, published: bool) -> list[Step]:
    """The steps as they were published last, with their frozen messages; or as staff are editing them."""
    if not published:
        return draft_steps(cascade)
    steps = Step.objects.filter(version=cascade.version_id) if cascade.version_id else Step.objects.none()
    return list(steps.select_related("channel", "message", "message_version").order_by("position", "id"))


def problems(cascade: Cascade, *, business: Business) -> list[str]:
    """Everything that stands against a start, in the order of the steps; empty when it may start."""
    return _problems(_Draft(cascade, draft_steps(cascade), business))


def freeze(cascade: Cascade, *, user: AbstractBaseUser | None, now: datetime) -> CascadeVersion:
    """The draft as an immutable version, with frozen messages; a draft that has not changed gives the version that is there.

    Raises `NotReady`. The cascade is locked to the end of the caller's transaction, so that two starts freeze one after the other.
    """
    with transaction.atomic():
        locked = Cascade.objects.select_for_update(no_key=True).get(pk=cascade.pk)
        draft = _Draft(locked, draft_steps(locked), Business.current())
        if found := _problems(draft):
            raise NotReady(found)
        frozen = _freeze_messages(draft.steps, now)
        digest = _digest(draft, frozen)
        version = CascadeVersion.objects.filter(cascade=locked, digest=digest).order_by("-number").first()
        version = version or _write(draft, frozen, digest, user, now)
        Cascade.objects.filter(pk=locked.pk).update(version=version)
        cascade.version = version
        return version


def _freeze_messages(steps: Iterable[Step], now: datetime) -> dict[int, int]:
    """Frozen message by message id; a text that cannot be read is a sentence for staff."""
    try:
        return {
            message_id: freezing.freeze(message, now=now).pk
            for message_id, message in {s.message_id: s.message for s in steps}.items()
        }
    except BadTemplate as error:
        raise NotReady([str(error)]) from error


def _write(
    draft: _Draft, frozen: dict[int, int], digest: str, user: AbstractBaseUser | None, now: datetime
) -> CascadeVersion:
    cascade = draft.cascade
    newest = cascade.versions.aggregate(newest=Max("number"))["newest"] or 0
    version = CascadeVersion.objects.create(
        cascade=cascade, number=newest + 1, digest=digest, created_by_id=user.pk if user else None, created_at=now, **_whole(cascade),
    )  # fmt: skip
    copies = [_copy(step, version, position, frozen[step.message_id]) for position, step in enumerate(draft.steps)]
    Step.objects.bulk_create(copies)
    return version


def _copy(step: Step, version: CascadeVersion, position: int, message_version_id: int) -> Step:
    kept = {name: getattr(step, name) for name in _KEPT}
    return Step(version=version, position=position, message_version_id=message_version_id, **kept)


_KEPT = (
    "cascade_id", "key", "channel_id", "message_id", "wait", "wait_from", "longest_wait", "who", "seen", "validity",
    "only_if", "answers", "at_time", "weekdays",
)  # fmt: skip


def _whole(cascade: Cascade) -> dict[str, Any]:
    """What a version fixes beside its steps; the way in with its settings complete."""
    plain = {
        name: getattr(cascade, name)
        for name in (
            "mode", "preferred_first", "goal", "goal_where", "goal_about", "goal_key", "exits", "at_end", "final_wait", "trigger",
            "reentry", "reentry_after", "deadline",
        )
    }  # fmt: skip
    return {**plain, "trigger_params": trigger(cascade.trigger).clean(cascade.trigger_params)}


def _digest(draft: _Draft, frozen: dict[int, int]) -> str:
    """The hash of everything that a version fixes."""
    steps = [
        {**{name: str(getattr(step, name)) for name in _KEPT}, "text": frozen[step.message_id]} for step in draft.steps
    ]
    whole: dict[str, Any] = {"steps": steps, **_whole(draft.cascade)}
    return sha256(json.dumps(whole, sort_keys=True, default=str).encode()).hexdigest()


def _problems(draft: _Draft) -> list[str]:
    if not draft.steps:
        return [_("The cascade has no steps yet.")]
    found = list(_problems_of_the_whole(draft))
    for number, step in enumerate(draft.steps, start=1):
        found += [
            _("Step %(number)s: %(problem)s") % {"number": number, "problem": said}
            for said in _problems_of(step, draft)
        ]
    found += _problems_of_conditions(draft)
    for number, (earlier, later) in (
        enumerate(pairwise(draft.steps), start=2) if draft.cascade.mode != Mode.PARALLEL else ()
    ):
        found += [
            _("Step %(number)s: %(problem)s") % {"number": number, "problem": said} for said in _waits(earlier, later)
        ]
    return found


def _problems_of_conditions(draft: _Draft) -> Iterator[str]:
    """Steps that are only for some: what they ask about must be there. One statement where a segment is asked for."""
    asked = {row["segment"] for step in draft.steps for row in step.only_if if row.get("segment")}
    there = set(Segment.objects.filter(pk__in=asked).values_list("pk", flat=True)) if asked else set()
    keys = [step.key for step in draft.steps]
    for number, step in enumerate(draft.steps, start=1):
        others = set(keys) - {step.key} if draft.cascade.mode == Mode.PARALLEL else set(keys[: number - 1])
        if any(row.get("step") not in others for row in step.only_if if not row.get("segment")):
            said = _("It asks what became of a step that is not before it.")
            yield _("Step %(number)s: %(problem)s") % {"number": number, "problem": said}
        if any(row["segment"] not in there for row in step.only_if if row.get("segment")):
            said = _("It asks for a segment that no longer exists.")
            yield _("Step %(number)s: %(problem)s") % {"number": number, "problem": said}


def _problems_of_the_whole(draft: _Draft) -> Iterator[str]:
    first, mode = draft.steps[0], plan.Mode(draft.cascade.mode)
    if first.who == Who.FAILED and mode.asks_for_whom:
        yield _("The first step is only for those whom an earlier message did not reach, so nobody would get it.")
    if first.wait_from in _ON_PREVIOUS and mode is not plan.Mode.PARALLEL:
        yield _("The first step cannot wait for an earlier message: there is none.")
    longest = sum(
        (step.wait + (step.longest_wait or timedelta(0)) + step.validity for step in draft.steps),
        draft.cascade.final_wait,
    )
    if longest > LONGEST:
        yield _("The cascade would take longer than two years. Please check the waiting times.")
    yield from _problems_of_the_end(draft)
    if strange := [name for name in (*draft.cascade.goal, *draft.cascade.exits) if name not in events.GOALS]:
        yield _("The goal “%(name)s” is not known.") % {"name": strange[0]}
    yield from _problems_of_the_way_in(draft)


def _problems_of_the_end(draft: _Draft) -> Iterator[str]:
    """One statement where groups are named."""
    cascade = draft.cascade
    if cascade.goal_about != GoalAbout.ANY and not cascade.goal_key:
        yield _("Say which detail names what the goal is about, for example: cart")
    if cascade.mode == Mode.GOAL and not cascade.goal:
        yield _("Nothing but the goal is to end it, but no goal is chosen.")
    named = {pk for row in cascade.at_end for pk in (row.get("group"), row.get("from_group")) if pk}
    if named and named - set(Group.objects.filter(pk__in=named).values_list("pk", flat=True)):
        yield _("At the end people come into a group that no longer exists.")


def _problems_of_the_way_in(draft: _Draft) -> Iterator[str]:
    cascade = draft.cascade
    try:
        way_in = trigger(cascade.trigger)
    except LookupError:
        yield _("The way in “%(name)s” is no longer installed.") % {"name": cascade.trigger}
        return
    try:
        way_in.clean(cascade.trigger_params)
    except BadParameters as error:
        yield from error.problems.values()
    dated = [n for n, step in enumerate(draft.steps, start=1) if step.wait_from in (WaitFrom.BEFORE, WaitFrom.AFTER)]
    if dated and not way_in.dated:
        yield _("Step %(number)s counts from a date, but nothing here is about a date.") % {"number": dated[0]}
    if cascade.reentry == Reentry.AFTER and not cascade.reentry_after:
        yield _("Say how long it is before the same person may come in again.")


def _problems_of(step: Step, draft: _Draft) -> Iterator[str]:
    """What stands against one step, by itself."""
    channel, message = step.channel, step.message
    try:
        live, kind = channel.carrier.live, kinds.get(channel.kind)
    except LookupError:
        yield _("The channel “%(channel)s” is no longer installed.") % {"channel": channel}
        return
    if not channel.active:
        yield _("The channel “%(channel)s” is switched off.") % {"channel": channel}
    if live and not draft.business.address_is_proven:
        yield _("The business's public address must be set and checked before “%(channel)s” can send.") % {
            "channel": channel
        }
    if (
        live
        and kind.rich
        and message.purpose == Purpose.MARKETING
        and not unsubscribe_fits(draft.business.public_address)
    ):
        yield _("The business's public address is too long for the unsubscribe button of mailboxes.")
    series = draft.cascade.mode == Mode.SERIES
    if series and step.seen == Seen.REPLIED and Fact.REPLIED not in capabilities.of_channel(channel):
        yield _("It ends by an answer, but “%(channel)s” cannot tell whether someone answers.") % {"channel": channel}
    if step.answers:
        yield from _problems_of_answers(step)
    languages = {
        variant.language for variant in message.variants.all() if variant.kind == channel.kind and variant.body.strip()
    }
    if draft.business.language not in languages:
        said = {"message": message, "kind": kind.label, "language": draft.business.language}
        yield _("The message “%(message)s” has no text for %(kind)s in the business's language (%(language)s).") % said
    if asked := next(_still_to_write(message, channel.kind), ""):
        said = {"message": message, "words": asked}
        yield _("The message “%(message)s” still asks for words of your own: “%(words)s”.") % said
    if message.urgent and message.purpose != Purpose.TRANSACTIONAL:
        yield _("Only a message about an order, a booking or a contract can be urgent.")


def _still_to_write(message: Message, kind: str) -> Iterator[str]:
    """What a ready cascade's texts leave to staff stands in double brackets; nobody should get such a mail."""
    for variant in message.variants.all():
        if variant.kind == kind:
            yield from ASKED.findall(f"{variant.subject}\n{variant.preheader}\n{variant.body}")


def _problems_of_answers(step: Step) -> Iterator[str]:
    """One statement; only for steps whose answers mean something."""
    if Fact.REPLIED not in capabilities.of_channel(step.channel):
        yield _("“%(channel)s” cannot tell whether someone answers, so nothing can follow from answers.") % {
            "channel": step.channel
        }
    named = {pk for row in step.answers for pk in (row.get("group"), row.get("from_group")) if pk}
    if named - set(Group.objects.filter(pk__in=named).values_list("pk", flat=True)):
        yield _("An answer brings people into a group that no longer exists.")


def _waits(earlier: Step, later: Step) -> Iterable[str]:
    """A step can only wait for what the channel before it can tell. Where delivery is not told, accepted counts."""
    fact = _ASKS_FOR.get(later.wait_from)
    try:
        told = capabilities.of_channel(earlier.channel)
    except LookupError:
        return
    if fact and fact not in told and not (fact is Fact.OPENED and Fact.READ in told):
        yield _("It waits for something that “%(channel)s” cannot tell: %(what)s.") % {
            "channel": earlier.channel,
            "what": later.get_wait_from_display(),
        }
