"""What this room moves when two contacts are made one: their ways through cascades. Of one cascade and occasion one way goes on, at the
further step; what either was sent is not sent again."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _

from cascades import runner
from cascades.models import Enrollment, Launch, LaunchState, Outcome, SegmentStay, StepRun, ToldDate
from cascades.trigger import OCCASION_LENGTH
from channels import sending
from channels.models import DeliveryStatus
from contacts.bulk import Among
from contacts.merging import Moved, Pair, Part, register, tables

_MODELS = frozenset({Enrollment, SegmentStay, ToldDate})
MERGED = "merged"
# After these nothing more is to come: whoever was reached, stopped or sent everything as one of the two, was so as the person.
_FINAL = (Outcome.REACHED, Outcome.STOPPED, Outcome.EXHAUSTED)
_SAYS_MOST = (*_FINAL, Outcome.MOVED, Outcome.FAILED, Outcome.UNREACHABLE)
_WENT_OUT = (DeliveryStatus.SENT, DeliveryStatus.DELIVERED, DeliveryStatus.UNKNOWN)
_STATE = ("outcome", "reason", "reason_params", "next_due_at", "ended_at", "occasion")


def ready(pair: Pair) -> list[str]:
    """Applies what was heard of either, then holds their ways: a tick that has one in hand is waited for, a later one passes it by."""
    taking_in = Launch.objects.filter(state=LaunchState.ENROLLING, lease_until__gt=pair.now)
    if taking_in.exists():
        return [_("A cascade is just taking its people in. Try again in a moment.")]
    runner.wake(pair.now, pair.ids)
    list(Enrollment.objects.filter(Among("contact_id", pair.ids)).order_by("pk").select_for_update(of=("self",)))
    return []


def settle(pair: Pair) -> Moved:
    moved: Moved = {
        "stays": _drop_stays(pair),
        "launches": _name_in_starts(pair),
        "states": [],
        "runs": [],
        "called_back": [],
    }
    for one, other in _clashes(pair):
        moved["states"] += _states([one, other])
        _unite(*_further(one, other), moved, pair.now)
    return moved


def restore(pair: Pair, moved: Moved) -> None:
    """Each on their own way again. A message that was called back is decided on anew; it had not left."""
    StepRun.objects.filter(pk__in=moved["called_back"]).delete()
    for number, (pk, _enrollment, _key) in enumerate(moved["runs"]):
        StepRun.objects.filter(pk=pk).update(step_key=f"~{number}")
    for pk, enrollment, key in moved["runs"]:
        StepRun.objects.filter(pk=pk).update(enrollment_id=enrollment, step_key=key)
    columns = {field.attname: field for field in Enrollment._meta.concrete_fields}
    for state in moved["states"]:
        values = {name: columns[name].to_python(state[name]) for name in _STATE}
        if values["outcome"] == Outcome.OPEN:
            values["next_due_at"] = pair.now
        Enrollment.objects.filter(pk=state["pk"]).update(**values)
    for stay in moved["stays"]:
        tables.revive(SegmentStay, [stay["row"]])
        Enrollment.objects.filter(pk__in=stay["ways"]).update(occasion=f"segment:{stay['row']['id']}")
    for launch in Launch.objects.filter(pk__in=moved["launches"], state=LaunchState.PLANNED):
        launch.selection["contacts"] = [*launch.selection["contacts"], pair.gone.pk]
        launch.save(update_fields=["selection"])


def foresee(pair: Pair) -> list[str]:
    """What becomes of the ways that both are on, in words."""
    found = []
    for one, other in _clashes(pair):
        _on, ends = _further(one, other)
        if ends.outcome == Outcome.OPEN:
            said = _(
                "“%(cascade)s”: both are in it. %(name)s's part ends, the other goes on, and nothing is sent twice."
            )
            found.append(
                said % {"cascade": one.cascade, "name": pair.gone if ends.contact_id == pair.gone.pk else pair.kept}
            )
        else:
            found.append(_("“%(cascade)s”: both were in it. Both stay in the history.") % {"cascade": one.cascade})
    clashing = {way.pk for ways in _clashes(pair) for way in ways}
    alone = Enrollment.objects.filter(contact=pair.gone.pk, outcome=Outcome.OPEN).exclude(pk__in=clashing)
    found += [
        _("“%(cascade)s” goes on with the addresses of both.") % {"cascade": way.cascade}
        for way in alone.select_related("cascade")
    ]
    return found


def since(kept_id: int, moved: Moved) -> list[str]:
    """Their ways went on: whose step it was cannot be told."""
    found = []
    if tables.came_since(Enrollment, kept_id, moved["newest"]).exists():
        found.append(_("They came into a cascade since."))
    before = {state["pk"]: state for state in moved["ways_after"]}
    if any(state != before[state["pk"]] for state in ways(kept_id) if state["pk"] in before):
        found.append(_("A cascade went on for them since."))
    return found


def ways(contact_id: int) -> list[dict[str, Any]]:
    """Where the ways of a contact stand, for comparing."""
    rows = Enrollment.objects.filter(contact=contact_id).order_by("pk").prefetch_related("runs")
    return [{"pk": way.pk, "outcome": way.outcome, "runs": sorted(run.pk for run in way.runs.all())} for way in rows]


def after(kept_id: int) -> Moved:
    return {"ways_after": ways(kept_id)}


def _clashes(pair: Pair) -> list[tuple[Enrollment, Enrollment]]:
    """(the kept one's, the other's) ways through one cascade for one occasion."""
    rows = Enrollment.objects.filter(contact__in=pair.ids).select_related("cascade").order_by("pk")
    kept = {(way.cascade_id, way.occasion): way for way in rows if way.contact_id == pair.kept.pk}
    theirs = [way for way in rows if way.contact_id == pair.gone.pk]
    return [(kept[key], way) for way in theirs if (key := (way.cascade_id, way.occasion)) in kept]


def _further(one: Enrollment, other: Enrollment) -> tuple[Enrollment, Enrollment]:
    """(which keeps the occasion, which yields it). An open way goes on unless the person is through; of two, the further one."""
    if one.outcome == other.outcome == Outcome.OPEN:
        return (other, one) if _distance(other) > _distance(one) else (one, other)
    if Outcome.OPEN in (one.outcome, other.outcome):
        running, ended = (one, other) if one.outcome == Outcome.OPEN else (other, one)
        return (ended, running) if ended.outcome in _FINAL else (running, ended)
    ranks = [_SAYS_MOST.index(Outcome(way.outcome)) for way in (one, other)]
    return (other, one) if ranks[1] < ranks[0] else (one, other)


def _distance(way: Enrollment) -> tuple[int, int]:
    """(messages that went out, steps that were decided)."""
    return way.runs.filter(delivery__status__in=_WENT_OUT).count(), way.runs.count()


def _unite(on: Enrollment, yields: Enrollment, moved: Moved, now: datetime) -> None:
    if on.outcome == Outcome.OPEN:
        moved["runs"] += _take_over(on, yields)
    freed: dict[str, Any] = {"occasion": f"{MERGED}:{yields.pk}:{yields.occasion}"[:OCCASION_LENGTH]}
    if yields.outcome == Outcome.OPEN:
        freed |= {
            "outcome": Outcome.STOPPED, "reason": MERGED, "reason_params": {}, "next_due_at": None, "ended_at": now, "claim_token": None,
        }  # fmt: skip
    Enrollment.objects.filter(pk=yields.pk).update(**freed)
    waiting = list(yields.runs.filter(delivery__status=DeliveryStatus.QUEUED).values_list("pk", "delivery_id"))
    sending.cancel([delivery for _run, delivery in waiting if delivery], reason=MERGED, now=now)
    moved["called_back"] += [run for run, _delivery in waiting]
    if on.outcome == Outcome.OPEN:
        Enrollment.objects.filter(pk=on.pk).update(next_due_at=now)


def _take_over(on: Enrollment, yields: Enrollment) -> list[tuple[int, int, str]]:
    """What went out on the way that ends counts on the one that goes on, in place of what was not sent there. Returns where they were."""
    mine = {run.step_key: run for run in on.runs.select_related("delivery")}
    was: list[tuple[int, int, str]] = []
    for run in yields.runs.filter(delivery__status__in=_WENT_OUT).order_by("pk"):
        own = mine.get(run.step_key)
        if own and own.delivery and own.delivery.status in _WENT_OUT:
            continue
        if own:
            was.append((own.pk, on.pk, own.step_key))
            StepRun.objects.filter(pk=own.pk).update(step_key="~")
        was.append((run.pk, yields.pk, run.step_key))
        StepRun.objects.filter(pk=run.pk).update(enrollment_id=on.pk)
        if own:
            StepRun.objects.filter(pk=own.pk).update(enrollment_id=yields.pk, step_key=run.step_key)
    return was


def _states(found: list[Enrollment]) -> list[dict[str, Any]]:
    rows = tables.values(Enrollment.objects.filter(pk__in=[way.pk for way in found]))
    return [{"pk": row["id"], **{name: row[name] for name in _STATE}} for row in rows]


def _drop_stays(pair: Pair) -> list[dict[str, Any]]:
    """Both are inside one segment: the person came in once, and what began with it is one occasion."""
    inside = SegmentStay.objects.filter(contact__in=pair.ids, left_at=None).order_by("pk")
    kept = {stay.watch_id: stay for stay in inside if stay.contact_id == pair.kept.pk}
    dropped = []
    for stay in inside:
        if stay.contact_id == pair.gone.pk and stay.watch_id in kept:
            [row] = tables.values(SegmentStay.objects.filter(pk=stay.pk))
            begun = list(
                Enrollment.objects.filter(contact=pair.gone.pk, occasion=f"segment:{stay.pk}").values_list(
                    "pk", flat=True
                )
            )
            Enrollment.objects.filter(pk__in=begun).update(occasion=f"segment:{kept[stay.watch_id].pk}")
            dropped.append({"row": row, "ways": begun})
            stay.delete()
    return dropped


def _name_in_starts(pair: Pair) -> list[str]:
    """Starts to come that name the one name the other; returns those that did."""
    named = []
    for launch in Launch.objects.filter(state=LaunchState.PLANNED).select_for_update():
        chosen = launch.selection.get("contacts") or []
        if pair.gone.pk in chosen:
            launch.selection["contacts"] = sorted({pair.kept.pk if pk == pair.gone.pk else pk for pk in chosen})
            launch.save(update_fields=["selection"])
            named.append(str(launch.pk))
    return named


PART = Part("cascades", _MODELS, ready=ready, settle=settle, restore=restore, foresee=foresee, since=since, after=after)


def connect() -> None:
    """Called once, when the room is ready."""
    register(PART)
