"""Import: a file checked and written by the room's own work, beside a bare COPY of the very rows that it made, and beside the loop of
django-import-export, which saves one row after the other."""

from __future__ import annotations

import resource
import time
from typing import Any

import pytest
import tablib  # type: ignore[import-untyped]
from django.db import connection, transaction
from import_export.resources import ModelResource

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

    title = file.rows[0]
    loop = tablib.Dataset(*[row for row in file.rows[1:501] if len(row) == len(title)], headers=title)

    def by_loop(watch: Watch) -> None:
        """Names, number and notes only: no addresses, groups or consent, and no duplicates but by number."""
        empty("contacts_contact")
        loop.headers = ["external_id", "first_name", "last_name", *title[3:7], "city", title[8], "notes", title[10]]
        with watch(len(loop)):
            plain: Any = _Plain
            plain().import_data(loop, dry_run=False, raise_errors=False, use_transactions=False)

    def by_import(watch: Watch) -> None:
        empty("contacts_contact")
        assert upload(client, data).status_code == 302
        run = newest()
        client.post(f"{LIST}{run.pk}/change/", columns(run, **STATEMENT, new_group="Everyone"))
        begun = time.perf_counter()
        with watch(rows, ": the check before"):
            work_imports()
        checked = time.perf_counter() - begun
        client.post(f"{LIST}{run.pk}/confirm/")
        begun = time.perf_counter()
        with watch(rows, ": the writing"):
            work_imports()
        watch.took(rows, checked + time.perf_counter() - begun, ": both, from end to end")
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
        {"bare COPY of the same contacts, addresses, memberships and consents": by_copy, "import": by_import,
         f"django-import-export's loop over the contacts alone, {len(loop):,} rows": by_loop},
    )  # fmt: skip
    print(f"(peak memory of the process: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:,.0f} MB)")


class _Plain(ModelResource):
    """The package's own way: each row is looked up, compared, and saved by itself."""

    class Meta:
        model = Contact
        fields = ("external_id", "first_name", "last_name", "city", "notes")
        import_id_fields = ("external_id",)
        skip_unchanged = True


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
