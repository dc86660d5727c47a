"""A long file is cleaned in a process beside the worker: what comes of it is the same, and a process that dies costs nothing."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from typing import Any

import pytest

from contacts.importing import chunks, cleaners, filling, runs
from contacts.models import Contact
from tests.contacts import csv_files
from tests.contacts.importing_desk import LIST, STATEMENT, check, columns, counts, newest, staff, upload
from tests.factories import NOW, make_business

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    make_business(country="ES")
    monkeypatch.setattr(filling, "STAGED", 20)


@pytest.fixture
def every_file_is_long(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The processes that were started."""
    started = []
    begin = subprocess.Popen

    def watched(*args: Any, **kwargs: Any) -> Any:
        started.append(begin(*args, **kwargs))
        return started[-1]

    monkeypatch.setattr(cleaners, "LONG", 0)
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    monkeypatch.setattr(subprocess, "Popen", watched)
    return started


def test_a_process_beside_finds_the_same_people_and_refuses_the_same_rows(every_file_is_long: list[Any]) -> None:
    data = csv_files.people(90).text(";").encode()
    client = staff()
    beside = check(client, data, **STATEMENT)
    assert [process.poll() for process in every_file_is_long] == [0]
    cleaners.LONG = 1 << 40
    here = check(client, data, **STATEMENT)
    assert len(every_file_is_long) == 1
    assert (beside.state, counts(beside), beside.given) == (here.state, counts(here), here.given)
    assert _kept(beside) == _kept(here)
    assert beside.refused > 0
    client.post(f"{LIST}{beside.pk}/confirm/")
    runs.work(clock=lambda: NOW)
    assert Contact.objects.count() == beside.new > 0


def test_a_process_that_dies_is_followed_by_another(
    every_file_is_long: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    client = staff()
    assert upload(client, csv_files.people(90).text(";").encode()).status_code == 302
    run = newest()
    client.post(f"{LIST}{run.pk}/change/", columns(run, **STATEMENT))
    portions = chunks.chunks

    def deadly(rows: Iterator[Any], size: int) -> Iterator[Any]:
        for portion in portions(rows, size):
            yield portion
            every_file_is_long[0].kill()

    monkeypatch.setattr(filling, "chunks", deadly)
    with pytest.raises((EOFError, OSError)):
        runs.work(clock=lambda: NOW)
    monkeypatch.setattr(filling, "chunks", portions)
    runs.work(clock=lambda: NOW)
    run.refresh_from_db()
    assert (run.state, len(every_file_is_long), every_file_is_long[0].poll()) == ("checked", 2, -9)
    assert run.new + run.refused == 90


def _kept(run: Any) -> list[Any]:
    return list(run.rows.order_by("line").values_list("line", "outcome", "reason", "cells"))
