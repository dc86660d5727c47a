"""Import: a file checked and written by the room's own work, beside a bare COPY of the very rows that it made."""

from __future__ import annotations

import pytest
from django.db import connection, transaction

from contacts.models import Address, Consent, Contact, ImportRun, Membership
from contacts.tasks import work_imports
from tests.benchmarks.crowd import empty
from tests.benchmarks.rounds import Watch, compare, sized
from tests.contacts import csv_files
from tests.contacts.importing_desk import LIST, STATEMENT, columns, newest, staff, upload
from tests.factories import make_business

pytestmark = [pytest.mark.bench, pytest.mark.django_db(transaction=True)]
TABLES = [model._meta.db_table for model in (Contact, Address, Membership, Consent)]


def test_import() -> None:
    make_business(country="ES")
    rows = sized(10_000)
    file = csv_files.people(rows)
    good = rows - len(file.bad)
    data = file.text(";").encode("utf-8-sig")
    client = staff()

    def by_import(watch: Watch) -> None:
        empty("contacts_contact")
        assert upload(client, data).status_code == 302
        run = newest()
        client.post(f"{LIST}{run.pk}/change/", columns(run, **STATEMENT, new_group="Everyone"))
        with watch(rows, ": the check before"):
            work_imports()
        client.post(f"{LIST}{run.pk}/confirm/")
        with watch(rows, ": the writing"):
            work_imports()
        assert ImportRun.objects.values_list("new", "refused").get(pk=run.pk) == (good, len(file.bad))

    by_import(Watch())
    copied = _taken_out()

    def by_copy(watch: Watch) -> None:
        empty("contacts_contact")
        with watch(rows):
            _put_in(copied)
        assert Contact.objects.count() == good

    compare(
        f"Import of a CSV of {rows:,} rows, 5 % of them bad: contacts, addresses, groups, consent", "rows/s",
        {"bare COPY of the same contacts, addresses, memberships and consents": by_copy, "import": by_import},
    )  # fmt: skip


def _taken_out() -> list[tuple[str, bytes]]:
    found = []
    with connection.cursor() as cursor:
        for table in TABLES:
            with cursor.copy(f"COPY {table} TO STDOUT") as copy:
                found.append((table, b"".join(bytes(part) for part in copy)))
    return found


def _put_in(tables: list[tuple[str, bytes]]) -> None:
    with transaction.atomic(), connection.cursor() as cursor:
        for table, data in tables:
            with cursor.copy(f"COPY {table} FROM STDIN") as copy:
                copy.write(data)
