"""Something done to half a million people whom a filter shows: into a group, to another, out of it, their consent, and their export."""

from __future__ import annotations

import resource
import time
from pathlib import Path
from typing import Any

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.utils import timezone

from contacts.many import files, runs
from contacts.models import Act, BulkRun, Consent, Group
from tests.benchmarks.crowd import settle
from tests.benchmarks.rounds import mood, sized
from tests.factories import make_business

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]
QUERY = {"city": ["Madrid"]}
SAID = {"basis": "express", "wording": "Yes, write to me about offers.", "source": "paper list", "language": "en"}


def test_half_a_million_people_at_once() -> None:
    make_business()
    people = sized(500_000)
    settle(people)
    measure(QUERY, User.objects.create_superuser("owner"))
    assert Group.objects.get(name="Gathered").contacts.count() == Group.objects.get(name="Others").contacts.count() == 0
    assert Consent.objects.filter(purpose="tracking").count() == people
    assert BulkRun.objects.filter(state="done", total=people, done=people).count() == 6
    for run in BulkRun.objects.exclude(file=""):
        run.file.delete()


def asked() -> list[tuple[str, Act, dict[str, Any]]]:
    """From a group that is empty to one that is empty again."""
    gathered, others = (Group.objects.get_or_create(name=name)[0] for name in ("Gathered", "Others"))
    said = {**SAID, "kind": "email", "purpose": "tracking", "at": timezone.now().isoformat()}
    return [
        ("add to a group, empty before", Act.ADD, {"group": gathered}),
        ("move to another group", Act.MOVE, {"group": others, "from_group": gathered}),
        ("remove from it", Act.REMOVE, {"group": others}),
        ("record consent, none before", Act.CONSENT, {"details": said}),
        ("export as CSV", Act.EXPORT, {}),
        ("export for Excel", Act.EXPORT, {"details": {"form": files.XLSX}}),
    ]


def measure(query: dict[str, list[str]], user: User) -> None:
    """Of people who are there already. Processor: ours and the database's for each person, in millionths of a second."""
    print(f"\n\n### One act for the people of {query}\n| act | people | people/s | µs ours | µs PostgreSQL | peak MB |")
    print("| --- | ---: | ---: | ---: | ---: | ---: |")
    for name, act, more in asked():
        run = runs.ask(act, {"query": query}, words=name, user=user, now=timezone.now(), **more)
        begun, ours, theirs = time.perf_counter(), time.process_time(), database()
        runs.work(clock=timezone.now, only=run.pk)
        took, ours, theirs = time.perf_counter() - begun, time.process_time() - ours, database() - theirs
        run.refresh_from_db()
        assert run.state == "done", run.problem
        each = 1e6 / max(run.done, 1)
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        row = f"{run.done:,} | {run.done / took:,.0f} | {ours * each:.0f} | {theirs * each:.0f} | {peak:,.0f}"
        print(f"| {name} | {row} |", flush=True)
    print(f"(a fixed Python loop took {mood():.0f} ms)")


def database() -> float:
    """Seconds that the database has used of a processor for this connection."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        fields = Path(f"/proc/{cursor.fetchone()[0]}/stat").read_text("ascii").rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / 100
