"""The stage: a copy of the draft and of its channels, so that whatever the engine claims there is the rehearsal's own and nobody else's."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django.db import transaction

from cascades import publishing
from cascades.models import Cascade, CascadeStatus, CascadeVersion, Enrollment, Outcome, Step, StepControl
from cascades.rehearsal import cast
from cascades.rehearsal.script import Script
from channels import accounts
from channels.models import Channel
from channels.models.channel import new_hook
from contacts import bulk
from contacts.models import Business, Contact

FAST = 10_000.0  # messages a second: how fast an account is says nothing about these few people
ADDRESS = "https://example.org"  # for links, while the house has no public address that was proven


@dataclass
class Stage:
    """cascade, version: the copies; channels: the real ones by the ids of their copies; people: contacts in the order of the script, None
    for one who is gone; before: rows of the copy that tell of earlier times; notes: what could not be played."""

    script: Script
    business: Business
    cascade: Cascade
    version: CascadeVersion
    channels: dict[int, Channel]
    steps: list[Step]
    people: list[int | None]
    before: frozenset[int] = frozenset()
    notes: list[str] = field(default_factory=list)

    @property
    def contacts(self) -> list[int]:
        return [one for one in self.people if one is not None]

    @property
    def accounts(self) -> list[int]:
        return list(self.channels)


@contextmanager
def taken_back() -> Iterator[None]:
    """Whatever is written within this is gone afterwards, and nothing leaves the house meanwhile."""
    with accounts.stand_ins(), transaction.atomic():
        bulk.give_way()
        yield
        transaction.set_rollback(True)


def built(script: Script) -> Stage:
    """The stage with everybody on it. `NotReady` where the draft could not be started either; `Cascade.DoesNotExist`."""
    real = Cascade.objects.get(pk=script.cascade)
    steps = publishing.draft_steps(real)
    channels = {_copied(step.channel): step.channel for step in {step.channel_id: step for step in steps}.values()}
    business = _with_address(channels, script.start)
    cascade = _copy(real, {real.pk: pk for pk, real in channels.items()})
    version = publishing.freeze(cascade, user=None, now=script.start)
    channel_kinds = sorted({channel.kind for channel in channels.values()})
    people = cast.gather(script.people, channel_kinds, business, script.start)
    stage = Stage(script, business, cascade, version, channels, steps, people)
    list(Contact.objects.filter(pk__in=stage.contacts).order_by("pk").select_for_update(no_key=True).values_list("pk"))
    stage.before = _were_in_before(real, stage)
    return stage


def _copied(channel: Channel) -> int:
    """The same account without its secrets, its pace and its counts."""
    copy = Channel.objects.get(pk=channel.pk)
    copy.pk, copy.hook, copy.name, copy.sealed = None, new_hook(), f"{channel.name[:40]} {new_hook()}"[:80], ""
    copy.rate, copy.spread_minutes, copy.daily_limit, copy.day_count, copy.day_ends = FAST, 0, None, 0, None
    copy.paced_until, copy.breaker_until, copy.breaker_count = None, None, 0
    copy.save(force_insert=True)
    return copy.pk


def _with_address(channels: dict[int, Channel], now: datetime) -> Business:
    """The house, with an address for its links; whether that is proven is asked at a real start."""
    business = Business.current()
    if not business.address_is_proven and (
        not business.public_address or any(_is_live(one) for one in channels.values())
    ):
        proven: dict[str, Any] = {
            "public_address": ADDRESS,
            "public_checked_address": ADDRESS,
            "public_checked_at": now,
        }
        Business.objects.filter(pk=business.pk).update(**proven)
        business = Business.current()
    return business


def _is_live(channel: Channel) -> bool:
    try:
        return not channel.is_sandbox
    except LookupError:
        return False


def _copy(real: Cascade, channels: dict[int, int]) -> Cascade:
    """The draft with its brakes; its steps keep their keys. channels: the copy's id by the real one's."""
    copy = Cascade.objects.get(pk=real.pk)
    copy.pk, copy.status, copy.version, copy.listens_since, copy.checked_at = (
        None,
        CascadeStatus.DRAFT,
        None,
        None,
        None,
    )
    budget, copy.budget = copy.budget_id, None
    copy.save(force_insert=True)
    steps = list(Step.objects.filter(cascade=real, version=None))
    for step in steps:
        step.pk, step.cascade, step.channel_id = None, copy, channels[step.channel_id]
    Step.objects.bulk_create(steps)
    brakes = list(StepControl.objects.filter(cascade=real))
    for brake in brakes:
        brake.pk, brake.cascade = None, copy
    StepControl.objects.bulk_create(brakes)
    _pays_from(copy, real, budget)
    return copy


def _pays_from(copy: Cascade, real: Cascade, budget: int | None) -> None:
    """The real one's budget, which belongs to one cascade at a time."""
    if budget is not None:
        Cascade.objects.filter(pk=real.pk).update(budget=None)
        Cascade.objects.filter(pk=copy.pk).update(budget=budget)
        copy.refresh_from_db()


def _were_in_before(real: Cascade, stage: Stage) -> frozenset[int]:
    """An automatic cascade asks who was in it before, so the copy must know. Those who are in it now count as through."""
    if real.trigger == "manual":
        return frozenset()
    there = list(Enrollment.objects.filter(cascade=real, contact__in=stage.contacts).order_by("id"))
    for one in there:
        one.pk, one.cascade, one.version, one.launch_id, one.next_due_at = (
            None,
            stage.cascade,
            stage.version,
            None,
            None,
        )
        one.outcome, one.ended_at = one.outcome or Outcome.STOPPED, one.ended_at or stage.script.start
    Enrollment.objects.bulk_create(there)
    return frozenset(one.pk for one in there)
