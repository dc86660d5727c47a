"""What came in, noticed: goals and opt-outs end the cascade for a person, and news of a message is judged at once.

Facts are claimed, applied and marked as handled in one transaction, and queued messages called back in it. The last look of every wave
comes here too, for its own contacts, so that what was committed before it stops the sending.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import CharField, Exists, F, OuterRef, Q, QuerySet, Value
from django.db.models.functions import Cast, Concat, Left

from cascades.engine import Ending, Stop
from cascades.models import CascadeStatus, Enrollment, GoalAbout, Outcome, StepControl, StepRun
from cascades.parameters import fulfils
from cascades.reasons import SENTENCES
from cascades.runner import inbox, plans, progress
from cascades.runner.deciding import Way, look
from cascades.runner.enroll import ENDS_BOOKING
from cascades.runner.guardians import let_go_of
from cascades.runner.inbox import Fact
from cascades.runner.moving import move
from cascades.runner.progress import Message
from cascades.runner.writing import write
from cascades.trigger import OCCASION_LENGTH, trigger
from channels.transport import Fact as Told
from contacts.bulk import Among
from contacts.compiled import Compiled
from contacts.models import Consent, Event

BATCH = 1000
ROUNDS = 20
HELD = "paused"
MOVED = ("booking_moved", "date_moved")

_OPT_OUTS = {Told.UNSUBSCRIBED.value: "opt_out", Told.STOPPED.value: "opt_out", Told.COMPLAINED.value: "complained"}


def wake(now: datetime, contact_ids: Collection[int] | None = None) -> int:
    """Apply unhandled facts, all of them or those of the given contacts; returns how many."""
    if contact_ids is not None:
        return _batch(now, contact_ids)
    handled = 0
    for _ in range(ROUNDS):
        taken = _batch(now, None)
        handled += taken
        if taken < BATCH:
            break
    return handled


def run_state(
    delivery_ids: Sequence[int], contact_ids: Sequence[int], now: datetime
) -> Mapping[int, tuple[str, Mapping[str, Any]]]:
    """The cascades' word at the last look (see `channels.sending.checks`): the contacts' facts first, then what must not go, and why."""
    wake(now, contact_ids)
    said = {delivery_id or 0: _objection(*state) for delivery_id, *state in _STATES.rows(delivery_ids)}
    return {delivery_id: objection for delivery_id, objection in said.items() if objection}


def _states(delivery_ids: Sequence[int]) -> QuerySet[Any, Any]:
    brake = StepControl.objects.filter(
        cascade_id=OuterRef("enrollment__cascade_id"), step_key=OuterRef("step_key"), paused_at__isnull=False
    )
    runs = StepRun.objects.filter(Among("delivery_id", delivery_ids)).annotate(
        held=Exists(brake), let_go=let_go_of("enrollment__")
    )
    return runs.values_list(
        "delivery_id",
        "enrollment__outcome",
        "enrollment__reason",
        "enrollment__reason_params",
        "enrollment__cascade__status",
        "held",
        "let_go",
    )


_STATES = Compiled(_states)


def _objection(
    outcome: str, reason: str, params: dict[str, Any], status: str, held: bool, let_go: bool
) -> tuple[str, Mapping[str, Any]] | None:
    if outcome != Outcome.OPEN:
        return reason, params
    if let_go:
        return "guardian_no_more", {}
    if status == CascadeStatus.STOPPED:
        return "cascade_stopped", {}
    return (HELD, {}) if held or status != CascadeStatus.RUNNING else None


def _batch(now: datetime, contact_ids: Collection[int] | None) -> int:
    if inbox.is_empty(contact_ids):
        return 0
    with transaction.atomic():
        facts = inbox.claim(BATCH, contact_ids)
        if ways := _ways({fact.contact_id for fact in facts if fact.contact_id}):
            concerned = _concerned(ways, facts, now)
            write(concerned, now=now)
            _free_occasions([way.row.id for way in concerned if _is_moved(way)])
        move(facts, now)
        inbox.done(facts, now)
    return len(facts)


def _ways(contact_ids: Collection[int]) -> list[Way]:
    """The open ways of these contacts, locked in the order of their ids: a tick that holds one is waited for."""
    if not contact_ids:
        return []
    theirs = Q(Among("contact_id", contact_ids)) | Q(Among("on_behalf_of_id", contact_ids))
    return _loaded(Enrollment.objects.filter(theirs, outcome=Outcome.OPEN))


def _loaded(still_open: QuerySet[Enrollment]) -> list[Way]:
    rows = progress.rows(still_open.order_by("id").select_for_update(no_key=True).values_list(*progress.COLUMNS))
    if not rows:
        return []
    frozen = plans.load({row.version_id for row in rows})
    known = progress.load(row.id for row in rows)
    return [Way.of(row, frozen[row.version_id], known[row.id]) for row in rows]


def _concerned(ways: Sequence[Way], facts: Sequence[Fact], now: datetime) -> list[Way]:
    """Those whom the facts say something about, with what the engine makes of it."""
    by_contact: dict[int, list[Way]] = defaultdict(list)
    for way in ways:
        for contact in {way.row.contact_id, way.row.about}:
            by_contact[contact].append(way)
    concerned: dict[int, Way] = {}
    for fact in sorted(facts, key=lambda fact: fact.at):
        for way in _apply(fact, by_contact.get(fact.contact_id or 0, ())):
            concerned[way.row.id] = way
    for way in concerned.values():
        look(way, now)
    return [*concerned.values(), *_siblings(concerned, now)]


def _siblings(concerned: Mapping[int, Way], now: datetime) -> list[Way]:
    """The other guardians' ways for the same student and occasion, over with the one that was answered or came to its goal."""
    done = [way for way in concerned.values() if way.row.on_behalf_of_id and _is_for_all(way)]
    if not done:
        return []
    over = {(way.row.cascade_id, way.row.about, way.row.own_occasion) for way in done}
    theirs = Enrollment.objects.filter(Among("on_behalf_of_id", {way.row.about for way in done}), outcome=Outcome.OPEN)
    found = [
        way
        for way in _loaded(theirs.exclude(pk__in=list(concerned)))
        if (way.row.cascade_id, way.row.about, way.row.own_occasion) in over
    ]
    for way in found:
        way.end(Ending.REACHED, "other_guardian", {})
        look(way, now)
    return found


def _is_for_all(way: Way) -> bool:
    """An answer or a goal is the student's; that one guardian opened a message says nothing of the other."""
    if not isinstance(way.intent, Stop) or way.intent.outcome is not Ending.REACHED:
        return False
    return way.intent.reason.startswith(("goal", "answered")) or way.intent.reason == "seen_replied"


def _apply(fact: Fact, ways: Sequence[Way]) -> list[Way]:
    """The ways of this contact that the fact concerns, ended where it ends them."""
    if fact.source is Event:
        return [*_reach_goal(fact, ways), *_exit(fact, ways), *_of_no_booking(fact, ways), *_of_other_date(fact, ways)]
    opt_out = "opt_out" if fact.source is Consent and fact.what == inbox.WITHDRAWN else _OPT_OUTS.get(fact.what, "")
    if fact.source is Consent and not (opt_out and fact.token):
        return []
    ways = [way for way in ways if way.row.contact_id == fact.contact_id]  # whoever says it, says it for themselves
    carriers = [way for way in ways if any(_is_of(fact, message) for message in way.known.messages)]
    if opt_out and not carriers:
        carriers = _last_on_channel(fact, ways)
    if opt_out:
        carriers = [way for way in carriers if _counts(fact, way)]
        for way in carriers:
            way.end(Ending.STOPPED, opt_out, {"when": fact.at.isoformat()})
    return carriers


def _reach_goal(fact: Fact, ways: Sequence[Way]) -> list[Way]:
    """An order, a visit, an answer since the start ends each cascade that has it as its goal."""
    reached = [
        way
        for way in ways
        if fact.what in way.frozen.goal and _happened_in(fact, way) and fulfils(fact.data, way.frozen.ends.where)
    ]
    for way in reached:
        _end_by(fact, way, Ending.REACHED)
    return reached


def _exit(fact: Fact, ways: Sequence[Way]) -> list[Way]:
    """What ends it too and is no success, as a cancelled order. A goal comes before: the same news is never both."""
    left = [
        way
        for way in ways
        if fact.what in way.frozen.exits and fact.what not in way.frozen.goal and _happened_in(fact, way)
    ]
    for way in left:
        _end_by(fact, way, Ending.STOPPED)
    return left


def _happened_in(fact: Fact, way: Way) -> bool:
    """Since the person came in, in the same world (played or not), and about what the person is in for."""
    return fact.at >= way.row.started_at and _counts(fact, way) and _is_about(fact, way)


def _end_by(fact: Fact, way: Way, outcome: Ending) -> None:
    reason = f"goal_{fact.what}" if f"goal_{fact.what}" in SENTENCES else "goal"
    way.end(outcome, reason, {"name": fact.what, "when": fact.at.isoformat()})


def _is_about(fact: Fact, way: Way) -> bool:
    """A fact about another booking than the one this way is about, or a voucher that another way carried, does not concern it; nor does
    one about another cart, where staff say so."""
    if fact.data.get("way", way.row.id) != way.row.id:
        return False
    mine, told = way.row.context.get("booking"), fact.data.get("booking")
    return (mine is None or told is None or mine == told) and _names_the_same(fact, way)


def _names_the_same(fact: Fact, way: Way) -> bool:
    """Whether the fact is about the same cart (or what the cascade is about), as staff want it."""
    ends, told = way.frozen.ends, fact.data.get(way.frozen.ends.key)
    if ends.about == GoalAbout.ANY:
        return True
    mine = way.row.context.get(ends.key)
    if told in (None, "") or (mine is None and not ends.occasion):
        return ends.about == GoalAbout.NOT_OTHER
    return (
        str(mine) == str(told) if mine is not None else f"{ends.occasion}{told}"[:OCCASION_LENGTH] == way.row.occasion
    )


def _of_no_booking(fact: Fact, ways: Sequence[Way]) -> list[Way]:
    """What is about a booking ends when that is cancelled, or moved: for the new time the trigger takes the person in anew."""
    if fact.what not in ENDS_BOOKING or not fact.data.get("booking"):
        return []
    theirs = [way for way in ways if way.row.context.get("booking") == fact.data["booking"]]
    theirs = [
        way for way in theirs if way.row.context.get("event") != fact.id
    ]  # those who are in because of this very fact
    if fact.what == "booking_moved":  # not those who are in for the new time already
        theirs = [way for way in theirs if way.row.started_at < fact.at or _stood_then(way, fact)]
    for way in theirs:
        _end_occasion(way, fact.what, fact)
    return theirs


def _of_other_date(fact: Fact, ways: Sequence[Way]) -> list[Way]:
    """What is about a date that an event told ends when the same thing is told with another date, or cancelled."""
    ended = []
    for way in ways:
        if "told" not in way.row.context or fact.id <= way.row.context["event"] or not _counts(fact, way):
            continue
        way_in, params = trigger(way.frozen.trigger), way.frozen.trigger_params
        if fact.what in way_in.heeds(params) and (
            reason := way_in.ended_by(params, way.row.context, fact.what, fact.data)
        ):
            _end_occasion(way, reason, fact)
            ended.append(way)
    return ended


def _is_moved(way: Way) -> bool:
    return isinstance(way.intent, Stop) and way.intent.outcome is Ending.MOVED


def _free_occasions(ids: Collection[int]) -> None:
    """Who goes on for another date may come in for the same occasion again, and once in a lifetime is not over by it."""
    if ids:
        freed = Concat(Value("moved:"), Cast("pk", CharField()), Value(":"), F("occasion"), output_field=CharField())
        Enrollment.objects.filter(Among("id", ids)).update(occasion=Left(freed, OCCASION_LENGTH))


def _end_occasion(way: Way, reason: str, fact: Fact) -> None:
    """Whoever is in for a date that was moved goes on: the trigger takes them in anew, for the date or for the very news, and they are
    counted there. What only mentions a booking is over, for nothing would take them in for its new time."""
    anew = trigger(way.frozen.trigger).dated or way.frozen.trigger_params.get("event") == fact.what
    goes_on = reason in MOVED and anew
    reason = reason if goes_on or reason != "booking_moved" else "booking_has_moved"
    way.end(Ending.MOVED if goes_on else Ending.STOPPED, reason, {"when": fact.at.isoformat()})


def _stood_then(way: Way, fact: Fact) -> bool:
    """Whether the way is about the time that the booking had before."""
    return way.row.anchor_at is not None and way.row.anchor_at.isoformat() == fact.data.get("was")


def _counts(fact: Fact, way: Way) -> bool:
    """What was played in the sandbox ends nothing real."""
    return not fact.played or way.known.all_in_sandbox


def _is_of(fact: Fact, message: Message) -> bool:
    return message.id == fact.delivery_id if fact.delivery_id else bool(fact.token) and message.token == fact.token


def _last_on_channel(fact: Fact, ways: Sequence[Way]) -> list[Way]:
    """A STOP that names no message answers the last one that went out on its channel."""
    if fact.channel_id is None or fact.delivery_id:
        return []
    sent = [
        (message.went_out_at, way.row.id, way)
        for way in ways
        for message in way.known.messages
        if message.channel_id == fact.channel_id and message.went_out_at
    ]
    return [max(sent, key=lambda one: one[:2])[2]] if sent else []
