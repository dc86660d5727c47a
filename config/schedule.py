"""The periodic tasks, made once as rows that staff see and switch in the admin; what they changed is never written over.

A row that was deleted comes back at the next `migrate`: to stop a task, switch it off.
"""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_noop


@dataclass(frozen=True)
class Periodic:
    """`every` is in seconds. A tick that waited longer than its own period has no more use, so it expires."""

    name: str
    task: str
    every: int


PERIODIC = (
    Periodic(gettext_noop("Cascades: next steps of those who are due"), "cascades.tasks.advance", 5),
    Periodic(gettext_noop("Cascades: launches whose time has come"), "cascades.tasks.launch", 5),
    Periodic(gettext_noop("Cascades: who is to enter by itself"), "cascades.tasks.trigger", 30),
    Periodic(gettext_noop("Cascades: react to what came in"), "cascades.tasks.wake", 5),
    Periodic(gettext_noop("Cascades: check that nobody was lost"), "cascades.tasks.check_invariant", 300),
    Periodic(gettext_noop("Channels: send what is queued"), "channels.tasks.send", 2),
    Periodic(gettext_noop("Channels: apply what providers reported"), "channels.tasks.apply_inbound", 2),
    Periodic(gettext_noop("Channels: sweep what is stuck"), "channels.tasks.sweep", 30),
    Periodic(
        gettext_noop("Channels: remind and forget those who have not confirmed"), "channels.tasks.confirmations", 300
    ),
    Periodic(gettext_noop("Channels: tell other programs what happened"), "channels.tasks.tell_programs", 10),
    Periodic(gettext_noop("Channels: ask what is left on the accounts"), "channels.tasks.balances", 3600),
    Periodic(
        gettext_noop("Contacts: take in what shops and booking programs called"), "contacts.tasks.apply_received", 10
    ),
    Periodic(gettext_noop("Contacts: find what is bought together"), "contacts.tasks.find_bought_together", 21_600),
    Periodic(gettext_noop("Contacts: find possible duplicates"), "contacts.tasks.find_duplicates", 21_600),
    Periodic(
        gettext_noop("Contacts: go through what may still hold people who were erased"),
        "contacts.tasks.forget_people",
        60,
    ),
    Periodic(gettext_noop("Contacts: delete what is older than it is kept"), "contacts.tasks.purge", 3600),
    Periodic(gettext_noop("Contacts: work on imports"), "contacts.tasks.work_imports", 10),
    Periodic(gettext_noop("Contacts: go on with bulk actions"), "contacts.tasks.work_many", 10),
)


def create_missing(**_: Any) -> None:
    """Receiver of post_migrate."""
    from django_celery_beat.models import IntervalSchedule, PeriodicTask  # the app registry must be ready

    there = set(PeriodicTask.objects.values_list("name", flat=True))
    for periodic in PERIODIC:
        if periodic.name not in there:
            interval, _made = IntervalSchedule.objects.get_or_create(
                every=periodic.every, period=IntervalSchedule.SECONDS
            )
            PeriodicTask.objects.create(
                name=periodic.name, task=periodic.task, interval=interval, expire_seconds=periodic.every
            )
