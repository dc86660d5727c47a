"""Several imports at the same time, each in a thread and over connections of its own, that bring the same people."""

from __future__ import annotations

import contextlib
import threading
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from contacts import turns
from contacts.importing import loading, newcomers, runs
from contacts.models import Address, Contact, ImportRun, ImportState
from tests.contacts.importing_desk import check, staff, table
from tests.factories import make_business

pytestmark = pytest.mark.django_db(transaction=True)
ROWS = 60


def checked(client: Client, first: int) -> ImportRun:
    return check(client, table(*(f",P{n},p{n}@example.com," for n in range(first, first + ROWS))))


def work() -> None:
    try:
        runs.work(clock=timezone.now)
    finally:
        connection.close()


def test_two_imports_that_bring_the_same_people_at_the_same_time_make_each_of_them_once(monkeypatch: Any) -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer")
    monkeypatch.setattr(loading, "PORTION", 20)
    add, both = newcomers.add, threading.Barrier(4)  # two portions of each

    def at_once(stage: Any, numbers: Any, *args: Any, **more: Any) -> Any:
        """Both have found out who is new, and neither has written them."""
        if numbers and not both.broken:
            with contextlib.suppress(threading.BrokenBarrierError):
                both.wait(5)
        return add(stage, numbers, *args, **more)

    make_business(country="ES")
    client = staff()
    one, other = checked(client, 0), checked(client, 30)
    assert all(runs.confirm(run) for run in (one, other))
    monkeypatch.setattr(loading, "add", at_once)
    threads = [threading.Thread(target=work) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    for run in (one, other):
        run.refresh_from_db()
        assert (run.state, run.position, run.refused) == (ImportState.DONE, ROWS, 0)
    assert one.new + other.new == Contact.objects.count() == Address.objects.count() == 90
    assert one.unchanged + other.unchanged == 30


def test_what_is_planned_row_by_row_waits_for_people_who_are_being_added() -> None:
    if connection.vendor != "postgresql":
        pytest.skip("SQLite has one writer")
    from django.db import transaction

    took: list[str] = []

    def alone() -> None:
        try:
            with transaction.atomic():
                turns.alone()
                took.append("alone")
        finally:
            connection.close()

    with transaction.atomic():
        turns.side_by_side()
        thread = threading.Thread(target=alone)
        thread.start()
        thread.join(0.3)
        took.append("side by side")
    thread.join(20)
    assert took == ["side by side", "alone"]
