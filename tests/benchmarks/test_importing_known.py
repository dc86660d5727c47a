"""Import of last month's file again: all the same, a fifth of it changed, all of it changed; beside a bare COPY of the same rows and an
UPDATE by them."""

from __future__ import annotations

import random
import time
from itertools import count
from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection, transaction
from django.utils import timezone

from contacts.importing import runs, uploads
from contacts.models import ImportRun
from tests.benchmarks.crowd import empty
from tests.benchmarks.rounds import Watch, compare, sized
from tests.contacts import csv_files
from tests.contacts.importing_desk import STATEMENT
from tests.factories import make_business

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]
Rows = list[list[str]]
CITY, GROUPS, NOTES, PHONE = 7, 8, 9, 4


def test_import_of_people_who_are_known() -> None:
    make_business(country="ES")
    number = sized(10_000)
    file = csv_files.people(number, bad_every=0)
    empty("contacts_contact")
    assert _imported(file, Watch()).new == number
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    rounds = count(1)

    def bare(watch: Watch) -> None:
        rows = _edited(file.rows, 0.2, next(rounds))
        with watch(number):
            _update(rows)

    def again(watch: Watch, changed: float) -> None:
        """The same people, some with another town or note, and a quarter of those with another phone or group instead."""
        edition = next(rounds)
        run = _imported(csv_files.File(_edited(file.rows, changed, edition), frozenset()), watch)
        assert (run.new, run.refused) == (0, 0)
        assert run.changed + run.unchanged + run.conflict == number

    _imported(file, Watch())  # so that the first of the rounds finds all as the file has it
    compare(
        f"Import of {number:,} people who are known", "rows/s",
        {"bare COPY into a table, and UPDATE of the contacts that differ": bare,
         "nothing has changed": lambda watch: _same(file, watch),
         "20 % have changed": lambda watch: again(watch, 0.2), "all have changed": lambda watch: again(watch, 1.0)},
    )  # fmt: skip


def _same(file: csv_files.File, watch: Watch) -> None:
    _imported(file, Watch())  # what the round before has changed is as it was
    run = _imported(file, watch)
    assert run.unchanged == len(file.rows) - 1


def _imported(file: csv_files.File, watch: Watch) -> ImportRun:
    run = uploads.begin(SimpleUploadedFile("clients.csv", file.text(";").encode("utf-8-sig")), "clients.csv", None)
    run.options = run.options | {"consent": STATEMENT, "language": "en"}
    run.save()
    runs.ask_for_check(run)
    begun, number = time.perf_counter(), len(file.rows) - 1
    with watch(number, ": the check"):
        runs.work(clock=timezone.now)
    checked = time.perf_counter() - begun
    run.refresh_from_db()
    runs.confirm(run)
    begun = time.perf_counter()
    with watch(number, ": the writing"):
        runs.work(clock=timezone.now)
    watch.took(number, checked + time.perf_counter() - begun, ": both, from end to end")
    run.refresh_from_db()
    assert run.state == "done"
    return run


def _edited(rows: Rows, share: float, edition: int) -> Rows:
    dice = random.Random(edition)
    found = [rows[0]]
    for n, old in enumerate(rows[1:]):
        row, chance = list(old), dice.random()
        if chance < share * 3 / 4:
            row[dice.choice((CITY, NOTES))] = f"Leeds {edition}"
        elif chance < share:
            column, value = dice.choice(((PHONE, f"+34 6{edition % 10}{n:06d}9"), (GROUPS, f"Autumn {edition}")))
            row[column] = value
        found.append(row)
    return found


def _update(rows: Rows) -> None:
    names = ", ".join(f"c{n}" for n in range(len(rows[0])))
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMP TABLE given ({names.replace(',', ' text,')} text) ON COMMIT DROP")
        writer: Any = cursor.copy("COPY given FROM STDIN")
        with writer as copy:
            for row in rows[1:]:
                copy.write_row(row)
        cursor.execute(
            f"UPDATE contacts_contact AS c SET city = g.c{CITY}, notes = g.c{NOTES}, updated_at = now() FROM given AS g "
            f"WHERE g.c0 = c.external_id AND (g.c{CITY}, g.c{NOTES}) IS DISTINCT FROM (c.city, c.notes)"
        )
