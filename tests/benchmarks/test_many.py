"""Something done to half a million people whom a filter shows: into a group, out of it, and their consent."""

from __future__ import annotations

import time
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.utils import timezone

from contacts.many import runs
from contacts.models import Act, BulkRun, Contact, Group
from tests.benchmarks.crowd import settle
from tests.benchmarks.rounds import mood, sized
from tests.factories import make_business

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]


def test_half_a_million_people_at_once() -> None:
    make_business()
    people = sized(500_000)
    settle(people)
    measure({"city": ["Madrid"]}, User.objects.create_superuser("owner"))
    assert Group.objects.get(name="Gathered").contacts.count() == 0
    assert BulkRun.objects.filter(state="done", total=people).count() == 3


def measure(query: dict[str, list[str]], user: User) -> None:
    """Of people who are there already."""
    group, _made = Group.objects.get_or_create(name="Gathered")
    now = timezone.now()
    said = {
        "kind": "email",
        "purpose": "tracking",
        "basis": "express",
        "wording": "Yes.",
        "source": "list",
        "language": "en",
    }
    asked: dict[Act, dict[str, Any]] = {
        Act.ADD: {"group": group},
        Act.CONSENT: {"details": {**said, "at": now.isoformat()}},
        Act.REMOVE: {"group": group},
    }
    print(f"\n\n### One act for the people of {query}\n| act | people | people/s |\n| --- | ---: | ---: |")
    for act, more in asked.items():
        run = runs.ask(act, {"query": query}, words="", user=user, now=now, **more)
        begun = time.perf_counter()
        runs.work(clock=timezone.now, only=run.pk)
        run.refresh_from_db()
        assert run.seen == run.total, run.problem
        print(f"| {act.label} | {run.seen:,} | {run.seen / (time.perf_counter() - begun):,.0f} |")
    print(f"({Contact.objects.count():,} contacts; a fixed Python loop took {mood():.0f} ms)")
